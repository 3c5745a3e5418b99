/**
 * The backward pass: from the newest node to the oldest, so that a node runs when all of its gradient has arrived.
 * Iterative; gradients and graph are released as it goes. Without `createGraph` what the pass makes for itself never
 * meets the garbage collector: every gradient counts the places that wait for it and is freed with the last.
 */
import { stepEnd } from '../backend/memory';
import { inSpan, spansKept } from '../backend/spans';
import { Scope, enterScope, expose, release } from '../backend/scope';
import { AutogradError, DeviceError, ShapeError, describe } from '../errors';
import { broadcastsTo, sameShape, showShape } from '../shape';
import { Tensor, setGradient } from '../tensor';
import { arithmetic } from './arithmetic';
import { runChecked } from './anomaly';
import { currentModes, setRecording, unusualModes } from './mode';
import { edgeOf, prunedMark, setPruned, type InputGrads, type Node } from './node';

export interface PassOptions {
  readonly retainGraph: boolean;
  readonly createGraph: boolean;
  /** Only what leads to these runs; null: everything. */
  readonly inputs: readonly Tensor[] | null;
  /** Return the inputs' gradients instead of accumulating any. */
  readonly capture: boolean;
}

/** A heap of nodes, the newest on top. */
class Queue {
  readonly nodes: Node[] = [];

  get size(): number {
    return this.nodes.length;
  }

  push(node: Node): void {
    const nodes = this.nodes;
    let i = nodes.length;
    nodes.push(node);
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (nodes[parent]!.sequence >= node.sequence) break;
      nodes[i] = nodes[parent]!;
      i = parent;
    }
    nodes[i] = node;
  }

  pop(): Node {
    const nodes = this.nodes;
    const top = nodes[0]!;
    const last = nodes.pop()!;
    const n = nodes.length;
    if (n === 0) return top;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= n) break;
      if (child + 1 < n && nodes[child + 1]!.sequence > nodes[child]!.sequence) child++;
      if (nodes[child]!.sequence <= last.sequence) break;
      nodes[i] = nodes[child]!;
      i = child;
    }
    nodes[i] = last;
    return top;
  }
}

/** What one pass has set a node up with, while another pass runs inside of it. */
interface Displaced {
  readonly node: Node;
  readonly grad: Tensor | null;
  readonly further: (Tensor | null)[] | null;
}

interface Capture {
  readonly index: number;
  readonly slot: number;
}

const NONE: (Tensor | null)[] = [];

/** The holds of a gradient that a leaf has taken over: more than a pass ever counts. */
const KEPT = 1 << 20;

/** A 0-d one of each dtype on each device, the seed of most passes: never handed out, only copied. */
const units: (Tensor | undefined)[] = [];

/** Where in `units` the one for a tensor is. */
function unitIndex(t: Tensor): number {
  return t.code + 16 * t.place;
}

/** Drops every hold that a failed pass had on g. */
function discard(g: Tensor | null): void {
  if (g === null || g.holds >= KEPT) return;
  g.holds = 0;
  if (g.owned) release(g);
}

let running: Pass | null = null;
let passes = 0;

class Pass {
  private readonly queue = new Queue();
  /** Leaves come last: then every contribution is in, and hooks see the sum. */
  private readonly leaves: Node[] = [];
  private leafCount = 0;
  /** Tensors made by the node that runs; null under createGraph, where they are the user's. */
  scope: Scope | null = null;
  private readonly ownScope = new Scope();
  private captures: Map<Node, Capture[]> | null = null;
  private captured: (Tensor | null)[] = NONE;
  private options!: PassOptions;
  /** Whether every leaf's gradient is wanted. */
  private all = true;
  /** The gradients that the running rule was given. */
  private visiting: Tensor | null = null;
  private visitingAll: readonly (Tensor | null)[] = NONE;
  /** Inside of another pass: nodes that this one has marked, with their marks before. */
  private marked: [node: Node, mark: number][] | null = null;

  /** `inside`: of another pass. */
  prepare(options: PassOptions, inside: boolean): void {
    this.options = options;
    this.marked = inside ? [] : null;
    this.all = options.inputs === null;
    this.scope = options.createGraph ? null : this.ownScope;
    this.captures = null;
    this.captured = options.inputs === null ? NONE : [];
  }

  run(roots: readonly Tensor[], seeds: readonly (Tensor | null)[]): (Tensor | null)[] {
    if (this.options.inputs !== null) setPruned(this.prune(roots, this.options.inputs));
    for (let i = 0; i < roots.length; i++) {
      const root = roots[i]!;
      const node = edgeOf(root);
      if (prunedMark() !== 0 && node.mark !== prunedMark()) continue;
      const seed = seeds[i] ?? this.one(root);
      seed.holds++;
      this.deliver(node, root.nodeIndex, seed);
    }
    this.releaseScope();
    while (this.queue.size > 0) this.visit(this.queue.pop());
    for (let i = 0; i < this.leafCount; i++) this.visit(this.leaves[i]!);
    this.leafCount = 0;
    this.visiting = null;
    return this.captured;
  }

  /** The gradient of a root with respect to itself. */
  private one(root: Tensor): Tensor {
    if (root.shape.length > 0 || this.scope === null)
      return arithmetic.full(root.shape, root.code, root.place, 1);
    return (units[unitIndex(root)] ??= outside(() => arithmetic.full([], root.code, root.place, 1)));
  }

  /** Gives the nodes that `prune` has marked their marks back: a pass around this one needs them. */
  unmark(): void {
    for (const [node, mark] of this.marked ?? []) node.mark = mark;
  }

  /** Marks the nodes through which gradients reach `inputs`; returns the mark. */
  private prune(roots: readonly Tensor[], inputs: readonly Tensor[]): number {
    const seen = 2 * ++passes;
    const needed = seen + 1;
    const targets = new Set<Node>();
    this.captures = new Map();
    inputs.forEach((t, slot) => {
      const node = edgeOf(t);
      targets.add(node);
      this.captured.push(null);
      if (!this.options.capture) return;
      const list = this.captures!.get(node);
      const capture = { index: t.nodeIndex, slot };
      if (list) list.push(capture);
      else this.captures!.set(node, [capture]);
    });
    const see = (node: Node): void => {
      this.marked?.push([node, node.mark]);
      node.mark = seen;
    };
    // Depth first without recursion: a node is decided when all behind it are.
    const stack: { node: Node; at: number }[] = [];
    for (const root of roots) {
      const start = edgeOf(root);
      if (start.mark >= seen) continue;
      see(start);
      stack.push({ node: start, at: 0 });
      while (stack.length > 0) {
        const top = stack[stack.length - 1]!;
        if (top.at < top.node.next.length) {
          const next = top.node.next[top.at++];
          if (next && next.mark < seen) {
            see(next);
            stack.push({ node: next, at: 0 });
          }
          continue;
        }
        stack.pop();
        if (targets.has(top.node) || top.node.next.some((n) => n !== null && n.mark === needed))
          top.node.mark = needed;
      }
    }
    return needed;
  }

  /** Adds a contribution to the gradient of a node's output, and takes over one hold on it. */
  private deliver(node: Node, index: number, grad: Tensor): void {
    const output = index === 0 ? node : node.further![index - 1]!;
    let g = grad;
    if (!sameShape(g.shape, output.shape)) {
      if (!broadcastsTo(output.shape, g.shape))
        throw new ShapeError(
          `backward: ${node.name} expected a gradient of shape ${showShape(output.shape)}, got ${showShape(g.shape)}`,
        );
      g = this.instead(g, arithmetic.sumTo(g, output.shape));
    }
    if (g.code !== output.code || g.place !== output.place)
      g = this.instead(g, arithmetic.cast(g, output.code, output.place));
    const leaf = node.leaf;
    if (leaf !== null && leaf.gradient === null && node.hooks === null && !node.queued && this.all) {
      // What most leaves get: one gradient, that nobody looks at on its way.
      this.accumulate(leaf, g);
      return;
    }
    const old = output.grad;
    if (old === null) output.grad = g;
    else if (this.exclusive(old)) {
      arithmetic.accumulate(old, g);
      this.drop(g);
    } else {
      output.grad = arithmetic.add(old, g);
      output.grad.holds++;
      this.drop(old);
      this.drop(g);
    }
    if (!node.queued) {
      node.queued = true;
      if (leaf !== null) this.leaves[this.leafCount++] = node;
      else this.queue.push(node);
    }
  }

  /** The hold on g goes to another tensor. */
  private instead(g: Tensor, other: Tensor): Tensor {
    other.holds++;
    this.drop(g);
    return other;
  }

  /** Whether one place alone waits for g, on storage that nothing else looks at. */
  private exclusive(g: Tensor): boolean {
    return (
      this.scope !== null && g.owned && g.holds === 1 && g.base === null && !g.shared && g.layout === null
    );
  }

  /** One place fewer waits for g. */
  private drop(g: Tensor): void {
    if (--g.holds === 0 && g.owned) release(g);
  }

  /** Frees what the last node made and nobody waits for. */
  private releaseScope(): void {
    const scope = this.scope;
    if (scope === null) return;
    const tensors = scope.tensors as Tensor[];
    for (let i = 0; i < scope.count; i++) {
      const t = tensors[i]!;
      if (t.holds === 0 && t.owned) release(t);
    }
    scope.count = 0;
  }

  private visit(node: Node): void {
    const arrived = node.grad;
    node.grad = null;
    node.queued = false;
    this.visiting = null;
    if (node.further !== null) this.visitAll(node, arrived);
    else {
      const grad = this.taken(node, 0, arrived!);
      this.visiting = grad;
      if (node.leaf !== null) {
        if (this.options.capture) this.drop(grad);
        else this.accumulate(node.leaf, grad);
      } else if (this.leadsOn(node)) {
        const results = isObserved()
          ? observedRule(node, [grad])
          : node.rule.backward(grad, node, node.context);
        // The rule is done with it: what it passed on may be taken over.
        grad.holds--;
        this.passOn(node, results);
        if (grad.holds === 0 && grad.owned) release(grad);
      } else this.drop(grad);
    }
    this.releaseScope();
  }

  /** `visit`, for an operation of several outputs. */
  private visitAll(node: Node, first: Tensor | null): void {
    const grads: (Tensor | null)[] = [first === null ? null : this.taken(node, 0, first)];
    node.further!.forEach((output, i) => {
      const g = output.grad;
      output.grad = null;
      grads.push(g === null ? null : this.taken(node, i + 1, g));
    });
    this.visitingAll = grads;
    if (this.leadsOn(node))
      this.passOn(
        node,
        isObserved() ? observedRule(node, grads) : node.rule.backwardAll!(grads, node, node.context),
      );
    this.visitingAll = NONE;
    for (const g of grads) if (g !== null) this.drop(g);
  }

  /** Whether any gradient is wanted behind a node. */
  private leadsOn(node: Node): boolean {
    return this.all || node.next.some((_, i) => node.needs(i));
  }

  /**
   * A gradient that has arrived as its hooks leave it. What was asked for is kept as in PyTorch: as it came, if the pass
   * goes on behind the node, and as the hooks leave it, if it ends there.
   */
  private taken(node: Node, index: number, grad: Tensor): Tensor {
    const { captures } = this;
    if (node.hooks === null) {
      if (captures !== null) this.capture(node, index, grad);
      return grad;
    }
    const first = captures !== null && this.leadsOn(node);
    if (first) this.capture(node, index, grad);
    const g = this.callHooks(node, index, grad);
    if (captures !== null && !first) this.capture(node, index, g);
    return g;
  }

  /** Keeps a gradient that was asked for. */
  private capture(node: Node, index: number, grad: Tensor): void {
    for (const wanted of this.captures!.get(node) ?? []) {
      if (wanted.index !== index) continue;
      const own = grad === units[unitIndex(grad)] ? arithmetic.clone(grad) : grad;
      own.holds++;
      this.captured[wanted.slot] = own;
    }
  }

  /** Delivers the gradients of a node's inputs. Held first: none may be taken over while another is still to go. */
  private passOn(node: Node, results: InputGrads): void {
    const { next, nextIndex } = node;
    const n = next.length;
    if (n > 1)
      for (let i = 0; i < n; i++) {
        const g = results[i];
        if (g && node.needs(i)) g.holds++;
      }
    else if (results[0]) results[0].holds++;
    for (let i = 0; i < n; i++) {
      const g = results[i];
      if (g && node.needs(i)) this.deliver(next[i]!, nextIndex[i]!, g);
    }
    if (!this.options.retainGraph) node.free();
  }

  /** Into `leaf.grad`, with one hold on g: taken over when it is ours alone, else copied or added. */
  private accumulate(leaf: Tensor, g: Tensor): void {
    const old = leaf.gradient;
    if (!leaf.needsGrad) {
      // It was told so since.
    } else if (old === null) {
      if (this.exclusive(g)) {
        g.holds = KEPT;
        setGradient(leaf, g);
        return;
      }
      const own = arithmetic.clone(g);
      own.holds = KEPT;
      setGradient(leaf, own);
    } else if (this.scope === null) setGradient(leaf, arithmetic.add(old, g));
    else arithmetic.accumulate(old, g);
    this.drop(g);
  }

  /** Hooks are user code: what they see and make belongs to the collector. */
  private callHooks(node: Node, index: number, grad: Tensor): Tensor {
    let g = grad;
    for (const hook of node.hooks!.slice()) {
      if (hook.index !== index) continue;
      if (g === units[unitIndex(g)]) g = this.instead(g, arithmetic.clone(g));
      const result = outside(() => {
        expose(g);
        return hook.call(g);
      });
      if (result === undefined || result === null) continue;
      if (!(result instanceof Tensor) || !sameShape(result.shape, g.shape) || result.code !== g.code)
        throw new AutogradError(
          `hook: expected a ${g.dtype} tensor of shape ${showShape(g.shape)} in place of the gradient (or nothing), got ${describe(result)}`,
        );
      if (result.place !== g.place)
        throw new DeviceError(
          `hook: expected a tensor on ${g.device} in place of the gradient, got one on ${result.device}`,
        );
      this.drop(g);
      g = result;
      g.holds++;
    }
    return g;
  }

  /** Puts what waits in queued nodes aside, for a pass inside of this one. */
  displace(): Displaced[] {
    const leaves = this.leaves.slice(0, this.leafCount).filter((n) => n.queued);
    return [...this.queue.nodes, ...leaves].map((node) => {
      const further = node.further?.map((o) => o.grad) ?? null;
      const displaced = { node, grad: node.grad, further };
      node.grad = null;
      node.further?.forEach((o) => (o.grad = null));
      node.queued = false;
      return displaced;
    });
  }

  restore(displaced: readonly Displaced[]): void {
    for (const { node, grad, further } of displaced) {
      node.grad = grad;
      node.further?.forEach((o, i) => (o.grad = further![i]!));
      node.queued = true;
    }
  }

  /** After an error: leaves no gradient behind, neither in the graph nor in memory. */
  cleanUp(): void {
    for (const { grad, further } of this.displace()) {
      discard(grad);
      further?.forEach(discard);
    }
    discard(this.visiting);
    this.visitingAll.forEach(discard);
    this.visitingAll = NONE;
    const tensors = this.ownScope.tensors as Tensor[];
    for (let i = 0; i < this.ownScope.count; i++) discard(tensors[i]!);
    this.ownScope.count = 0;
    this.queue.nodes.length = 0;
    this.leafCount = 0;
  }

  /** The captured gradients, given to the user. */
  surrender(): void {
    for (const g of this.captured) {
      if (g === null) continue;
      g.holds = 0;
      expose(g);
    }
  }
}

/** Whether somebody looks at each rule that runs. */
function isObserved(): boolean {
  return spansKept || (unusualModes && currentModes().anomaly);
}

function observedRule(node: Node, grads: (Tensor | null)[]): InputGrads {
  const { rule, context } = node;
  const run = (): InputGrads =>
    node.further === null ? rule.backward(grads[0]!, node, context) : rule.backwardAll!(grads, node, context);
  return inSpan('gradient', node.name, currentModes().anomaly ? () => runChecked(node, grads, run) : run);
}

/** Passes outside of any other, one at a time, share their lists. */
const outermost = new Pass();

/** Runs user code from inside of a pass: tensors made there are the user's, as is the grad mode. */
export function outside<T>(f: () => T): T {
  const scope = enterScope(null);
  try {
    return f();
  } finally {
    enterScope(scope);
  }
}

/** Differentiates `roots` (weighted with `seeds`; null: ones). Returns the captured gradients, in the inputs' order. */
export function runBackward(
  roots: readonly Tensor[],
  seeds: readonly (Tensor | null)[],
  options: PassOptions,
): (Tensor | null)[] {
  const outer = running;
  const displaced = outer === null ? null : outer.displace();
  const pass = outer === null ? outermost : new Pass();
  pass.prepare(options, outer !== null);
  const modes = currentModes();
  const { grad, inference } = modes;
  const mark = setPruned(0);
  running = pass;
  const scope = enterScope(pass.scope);
  setRecording(modes, options.createGraph, false);
  let done = false;
  try {
    const captured = spansKept
      ? inSpan('backward', 'backward', pass.run.bind(pass, roots, seeds))
      : pass.run(roots, seeds);
    done = true;
    return captured;
  } finally {
    if (!done) pass.cleanUp();
    setRecording(modes, grad, inference);
    enterScope(scope);
    setPruned(mark);
    pass.unmark();
    running = outer;
    if (displaced !== null) outer!.restore(displaced);
    pass.surrender();
    if (outer === null) stepEnd();
  }
}
