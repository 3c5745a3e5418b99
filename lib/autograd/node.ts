/** The graph: one Node for each recorded operation, with edges to the nodes that made its inputs. */
import { AutogradError } from '../errors';
import { release } from '../backend/scope';
import { gradNode, type Tensor } from '../tensor';
import type { Shape } from '../shape';
import { rememberOrigin } from './anomaly';
import { currentModes, gradEnabled, unusualModes } from './mode';

/** Gradients of an op's inputs, in their order; null where there is none. */
export type InputGrads = readonly (Tensor | null)[];

/** How an op is differentiated. `C` is what it remembers besides tensors. */
export interface GradRule<C> {
  /** As PyTorch calls it, without its number: a tensor prints it as `gradFn`. */
  readonly name: string;
  /**
   * From the gradient of the output to those of the inputs. A gradient may have a shape that the input was broadcast to,
   * any floating dtype, and be on any device: the engine sums, casts and moves it.
   */
  backward(this: void, grad: Tensor, node: Node, context: C): InputGrads;
  /** Instead of `backward`, for an op of several outputs. */
  backwardAll?(this: void, grads: (Tensor | null)[], node: Node, context: C): InputGrads;
}

/** A tensor's hook: sees a gradient, may return another in its place. */
export type GradHook = (grad: Tensor) => Tensor | void | null;

/** An output beyond the first. */
interface FurtherOutput {
  readonly shape: Shape;
  readonly code: number;
  readonly place: number;
  grad: Tensor | null;
}

interface Hook {
  readonly index: number;
  readonly call: GradHook;
  /** WithOptions those that are added later. */
  readonly last: boolean;
}

/** Tensors that a node has handed over instead of keeping them, for as long as it may ask for them. */
export interface KeptElsewhere {
  get(i: number): Tensor | null;
  /** Nobody asks any more. */
  free(): void;
}

/** Takes over what a node has saved, or leaves it there: null. Other lists than those of nodes have none. */
export type Keep = (saved: readonly (Tensor | null)[], node: Node | null) => KeptElsewhere | null;

let sequence = 0;

const NO_VERSIONS: number[] = [];
const NOTHING: readonly (Tensor | null)[] = [];

function inferenceError(name: string): AutogradError {
  return new AutogradError(
    `${name}: an inference tensor can't be kept for the backward pass; make a clone() of it outside of inference mode`,
  );
}

function versionsOf(name: string, saved: readonly (Tensor | null)[]): number[] {
  const n = saved.length;
  const versions = new Array<number>(n);
  for (let i = 0; i < n; i++) {
    const t = saved[i]!;
    const version = t === null ? 0 : t.base === null ? t.changes : t.base.changes;
    if (version < 0) throw inferenceError(name);
    versions[i] = version;
  }
  return versions;
}

export class Node {
  rule: GradRule<unknown>;
  /** Grows with time: whatever uses a node's result has a higher one. */
  readonly sequence: number;
  /** The nodes of the inputs; null where none is wanted. */
  next: (Node | null)[];
  /** Which output of `next` an input is. */
  nextIndex: readonly number[];
  private saved: readonly (Tensor | null)[] | null;
  private versions: number[];
  /** Where the saved tensors are, if not here. */
  private elsewhere: KeptElsewhere | null;
  readonly context: unknown;
  /** Of the first output, as its gradient must be. */
  readonly shape: Shape;
  readonly code: number;
  readonly place: number;
  further: FurtherOutput[] | null;
  /** The leaf whose gradient this node accumulates; null for operations. */
  leaf: Tensor | null;
  hooks: Hook[] | null;
  /** Saved tensors that nobody else knows: freed with the graph. */
  privates: readonly Tensor[] | null;
  /** What a running pass has collected for the first output. */
  grad: Tensor | null;
  queued: boolean;
  /** 2p: looked at by the p-th pruned pass; 2p + 1: needed by it. */
  mark: number;

  constructor(
    rule: GradRule<unknown>,
    next: (Node | null)[],
    nextIndex: readonly number[],
    saved: readonly (Tensor | null)[],
    context: unknown,
    shape: Shape,
    code: number,
    place: number,
  ) {
    this.rule = rule;
    this.sequence = ++sequence;
    this.next = next;
    this.nextIndex = nextIndex;
    this.saved = saved;
    this.versions = saved.length === 0 ? NO_VERSIONS : versionsOf(rule.name, saved);
    this.elsewhere = null;
    this.context = context;
    this.shape = shape;
    this.code = code;
    this.place = place;
    this.further = null;
    this.leaf = null;
    this.hooks = null;
    this.privates = null;
    this.grad = null;
    this.queued = false;
    this.mark = 0;
    if (unusualModes && currentModes().anomaly) rememberOrigin(this);
  }

  get name(): string {
    return this.rule.name;
  }

  /** A saved tensor that may have been absent. */
  optional(i: number): Tensor | null {
    const saved = this.saved;
    if (saved === null)
      throw new AutogradError(
        `backward: the graph of ${this.name} was freed by an earlier backward pass: pass { retainGraph: true } to that one`,
      );
    if (this.elsewhere !== null) return this.elsewhere.get(i);
    const t = saved[i]!;
    if (t !== null && t.version !== this.versions[i])
      throw new AutogradError(
        `backward: a tensor that ${this.name} needs (${t.dtype}, shape [${t.shape.join(', ')}]) was changed in place: ` +
          `it is at version ${t.version}, expected ${this.versions[i]}`,
      );
    return t;
  }

  /** A tensor as it was when it was saved; throws when it was changed in place or freed since. */
  input(i: number): Tensor {
    return this.optional(i)!;
  }

  /** Takes the present version of a saved tensor for the right one. */
  renew(i: number): void {
    if (this.elsewhere === null) this.versions[i] = this.saved![i]!.version;
  }

  /** Has what was saved kept by `keep`, if that will. */
  handOver(keep: Keep): void {
    if (this.saved === null || this.saved.length === 0) return;
    this.elsewhere = keep(this.saved, this);
    if (this.elsewhere === null) return;
    this.saved = NOTHING;
    this.versions = NO_VERSIONS;
  }

  get nextFunctions(): readonly (Node | null)[] {
    return this.next;
  }

  /** Whether anybody wants the gradient of input i. */
  needs(i: number): boolean {
    const node = this.next[i]!;
    return node !== null && (pruned === 0 || node.mark === pruned);
  }

  /** Drops what was saved: after the one backward pass that a graph is good for. */
  free(): void {
    if (this.leaf !== null) return;
    this.saved = null;
    if (this.elsewhere !== null) {
      this.elsewhere.free();
      this.elsewhere = null;
    }
    if (this.privates !== null) {
      for (const t of this.privates) release(t);
      this.privates = null;
    }
  }
}

/** The mark of needed nodes when a pass wants some gradients only; 0 when it wants all. */
let pruned = 0;
export function setPruned(mark: number): number {
  const before = pruned;
  pruned = mark;
  return before;
}
export function prunedMark(): number {
  return pruned;
}

const ACCUMULATE: GradRule<unknown> = {
  name: 'AccumulateGrad',
  backward: () => [],
};

/** The node that a tensor's gradient flows to; for a leaf the one that accumulates. */
export function edgeOf(t: Tensor): Node {
  const node = gradNode(t);
  if (node !== null) return node;
  if (t.accumulator === null) {
    t.accumulator = new Node(ACCUMULATE, [], [], [], null, t.shape, t.code, t.place);
    t.accumulator.leaf = t;
  }
  return t.accumulator;
}

/** To be called when a leaf's dtype or device has changed: its gradient is another, its hooks are the same. */
export function renewLeaf(t: Tensor): void {
  const hooks = t.accumulator?.hooks ?? null;
  t.accumulator = null;
  if (hooks !== null) edgeOf(t).hooks = hooks;
}

/** Whether gradients can flow through t: a view finds out after a change of its base. */
export function requiresGrad(t: Tensor): boolean {
  if (t.viewInfo !== null) gradNode(t);
  return t.needsGrad;
}

/**
 * Records how `out` came of `inputs`, if grad mode is on and any of them requires a gradient. `saved` are the tensors
 * that the rule will ask for, `context` whatever else.
 */
export function record<C>(
  out: Tensor,
  rule: GradRule<C>,
  inputs: readonly (Tensor | null)[],
  saved: readonly (Tensor | null)[],
  context: C,
): Tensor {
  // A tensor of its own, though views of what nobody else sees may have led to it.
  if (out.viewInfo !== null) out.viewInfo = null;
  if (!gradEnabled()) return out;
  const n = inputs.length;
  let wanted = false;
  for (let i = 0; i < n; i++) {
    const t = inputs[i]!;
    if (t !== null && requiresGrad(t)) {
      wanted = true;
      break;
    }
  }
  if (!wanted) return out;
  attach(out, rule, inputs, saved, context);
  return out;
}

const FIRST_OUTPUT: readonly number[] = Object.freeze(new Array<number>(64).fill(0));

/** The node for an op on `inputs`, made the origin of `out`. */
export function attach<C>(
  out: Tensor,
  rule: GradRule<C>,
  inputs: readonly (Tensor | null)[],
  saved: readonly (Tensor | null)[],
  context: C,
): Node {
  const n = inputs.length;
  const next = new Array<Node | null>(n);
  let nextIndex = FIRST_OUTPUT;
  for (let i = 0; i < n; i++) {
    const t = inputs[i]!;
    if (t === null || !(t.viewInfo === null ? t.needsGrad : requiresGrad(t))) {
      next[i] = null;
      continue;
    }
    next[i] = t.node ?? t.accumulator ?? edgeOf(t);
    if (t.nodeIndex !== 0 || i >= FIRST_OUTPUT.length) {
      const own = inputs.map((_, k) => nextIndex[k] ?? 0);
      own[i] = t.nodeIndex;
      nextIndex = own;
    }
  }
  const node = new Node(rule, next, nextIndex, saved, context, out.shape, out.code, out.place);
  out.node = node;
  out.nodeIndex = 0;
  out.needsGrad = true;
  if (unusualModes) {
    const { keep } = currentModes();
    if (keep !== null) node.handOver(keep);
  }
  return node;
}

/** A rule of the name with `Backward` behind it; the third argument of `backward` is what `record` was given as context. */
export function defineGradient<C = null>(
  name: string,
  backward: (grad: Tensor, node: Node, context: C) => InputGrads,
): GradRule<C> {
  return { name: `${name}Backward`, backward };
}
