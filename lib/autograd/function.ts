/** Operations that users differentiate themselves: `class Exp extends autograd.Function`. */
import { ArgumentError, AutogradError, DeviceError, ShapeError, describe } from '../errors';
import { broadcastsTo, showShape, type Shape } from '../shape';
import { Tensor, alias, checkTensor } from '../tensor';
import { arithmetic } from './arithmetic';
import { outside } from './engine';
import { gradEnabled, synchronous, withGradMode } from './mode';
import { attach, requiresGrad, type GradRule, type InputGrads, type Node } from './node';
import { formOf } from './turned';
import { handOver, sameView } from './passage';
import { checkRecordable, recordInPlace } from './view';

/** What a tensor was, for checks of its gradient. */
interface Meta {
  readonly shape: Shape;
  readonly code: number;
  readonly place: number;
}

/** One call of a Function: what the engine knows of it. */
interface Call {
  readonly of: FunctionClass;
  readonly name: string;
  readonly ctx: FunctionCtx;
  /** The arguments that are tensors; null for others. */
  readonly inputs: readonly (Meta | null)[];
  /** What was returned, in order; null for what is no tensor. */
  readonly outputs: readonly (Meta | null)[];
}

/** @internal What `apply` keeps in a context and users don't see. */
interface Notes {
  saved: readonly (Tensor | null)[];
  dirty: readonly Tensor[];
  constants: readonly Tensor[];
  materialize: boolean;
  node: Node | null;
  needs: readonly boolean[];
}

const notes = new WeakMap<FunctionCtx, Notes>();

function notesOf(op: string, ctx: FunctionCtx): Notes {
  const own = notes.get(ctx);
  if (own === undefined)
    throw new ArgumentError(`${op}: expected a context that apply() made, got ${describe(ctx)}`);
  return own;
}

function checkTensors(op: string, list: readonly unknown[]): asserts list is readonly Tensor[] {
  for (const t of list) checkTensor(op, t, 'each argument');
}

/**
 * What `forward` and `backward` of a Function share (https://pytorch.org/docs/stable/autograd.html#context-method-mixins).
 * Other properties may be added to it.
 */
export class FunctionCtx {
  [name: string]: unknown;

  constructor() {
    notes.set(this, { saved: [], dirty: [], constants: [], materialize: true, node: null, needs: [] });
  }

  /** Keeps tensors (or null) for `backward`, which finds them in `savedTensors`. */
  saveForBackward(...tensors: readonly (Tensor | null)[]): void {
    for (const t of tensors) if (t !== null) checkTensor('saveForBackward', t, 'each argument');
    notesOf('saveForBackward', this).saved = tensors;
  }

  /**
   * What `saveForBackward` was given.
   * @throws AutogradError when one was changed in place since, or the graph was freed.
   */
  get savedTensors(): readonly Tensor[] {
    const { saved, node } = notesOf('savedTensors', this);
    return (node === null ? saved : saved.map((_, i) => node.optional(i))) as readonly Tensor[];
  }

  /** For each argument of `apply`: whether it is a tensor that requires a gradient. */
  get needsInputGrad(): readonly boolean[] {
    return notesOf('needsInputGrad', this).needs;
  }

  /** Says which inputs `forward` changed in place; it must return them. */
  markDirty(...tensors: readonly Tensor[]): void {
    checkTensors('markDirty', tensors);
    notesOf('markDirty', this).dirty = tensors;
  }

  /** Says which outputs have no gradient. Those that are not of floating point never have one. */
  markNonDifferentiable(...tensors: readonly Tensor[]): void {
    checkTensors('markNonDifferentiable', tensors);
    notesOf('markNonDifferentiable', this).constants = tensors;
  }

  /** Whether `backward` gets zeros (true, as it is at first) or null for the gradient of an output that nothing depended on. */
  setMaterializeGrads(value: boolean): void {
    if (typeof value !== 'boolean')
      throw new ArgumentError(`setMaterializeGrads: expected a boolean, got ${describe(value)}`);
    notesOf('setMaterializeGrads', this).materialize = value;
  }
}

/** The class, as `apply` sees it. */
interface FunctionClass {
  readonly name: string;
  forward(...args: never[]): unknown;
  backward(ctx: FunctionCtx, ...grads: never[]): unknown;
}

/**
 * The base of operations with derivatives of their own (https://pytorch.org/docs/stable/autograd.html#function): a subclass
 * has a static `forward(ctx, ...args)` that computes a tensor or an array of them, and a static `backward(ctx, ...grads)` that
 * makes the arguments' gradients from those of the outputs. `Subclass.apply(...args)` runs it. With a static
 * `setupContext(ctx, inputs, output)`, `forward` takes the arguments only.
 */
export class Function {
  static forward(...args: never[]): unknown {
    void args;
    throw new AutogradError(`${this.name}: a static method forward(ctx, ...args) must be there`);
  }

  /** The gradients of the arguments, null for those that have none; one alone needs no array. */
  static backward(ctx: FunctionCtx, ...grads: never[]): unknown {
    void [ctx, grads];
    throw new AutogradError(`${this.name}: a static method backward(ctx, ...grads) must be there`);
  }

  /** Computes `forward`, and records it so that `backward` is called in the backward pass. */
  static apply<Args extends readonly unknown[], Result>(
    this: {
      forward(...args: Args): Result;
      backward(ctx: FunctionCtx, ...grads: never[]): unknown;
      setupContext(ctx: FunctionCtx, inputs: Args, output: Result): void;
    },
    ...args: Args
  ): Result;
  static apply<Args extends readonly unknown[], Result>(
    this: {
      forward(ctx: FunctionCtx, ...args: Args): Result;
      backward(ctx: FunctionCtx, ...grads: never[]): unknown;
    },
    ...args: Args
  ): Result;
  static apply(...args: readonly unknown[]): unknown {
    return call(this, args);
  }
}

type SetupContext = (ctx: FunctionCtx, inputs: readonly unknown[], output: unknown) => unknown;

/** Runs `forward`, without recording what it does. */
function runForward(of: FunctionClass, ctx: FunctionCtx, args: readonly unknown[]): unknown {
  const setup = (of as { setupContext?: unknown }).setupContext;
  const forward = of.forward.bind(of) as (...given: readonly unknown[]) => unknown;
  return withGradMode(of.name, false, () => {
    const given = typeof setup === 'function' ? args : [ctx, ...args];
    const output = synchronous(of.name, forward(...given), 'make forward synchronous');
    if (typeof setup !== 'function') return output;
    (setup as SetupContext).call(of, ctx, args, output);
    return output;
  });
}

function checkClass(of: Partial<FunctionClass> | null | undefined): asserts of is FunctionClass {
  if (typeof of?.forward !== 'function' || typeof of.backward !== 'function')
    throw new ArgumentError('apply: expected to be called on a subclass of autograd.Function');
}

function call(of: FunctionClass, args: readonly unknown[]): unknown {
  checkClass(of);
  const ctx = new FunctionCtx();
  const own = notesOf('apply', ctx);
  const inputs = args.map((x) => (x instanceof Tensor ? x : null));
  own.needs = inputs.map((t) => t !== null && requiresGrad(t));
  const recording = gradEnabled() && own.needs.includes(true);
  const returned = runForward(of, ctx, args);
  const several = Array.isArray(returned);
  const outputs: readonly unknown[] = several ? (returned as unknown[]) : [returned];
  checkReturned(of, own.dirty, outputs);
  own.dirty = own.dirty.filter((t) => inputs.includes(t));
  if (recording) for (const t of own.dirty) checkDirty(of, t, inputs, outputs);
  const results = distinct(outputs, inputs, own.dirty);
  if (recording)
    recordCall(
      { of, name: `${of.name}Backward`, ctx, inputs: inputs.map(metaOf), outputs: results.map(metaOf) },
      own,
      inputs,
      outputs,
      results,
    );
  return several ? results : results[0];
}

function metaOf(t: unknown): Meta | null {
  return t instanceof Tensor ? { shape: t.shape, code: t.code, place: t.place } : null;
}

function checkReturned(of: FunctionClass, dirty: readonly Tensor[], outputs: readonly unknown[]): void {
  for (const t of dirty)
    if (!outputs.includes(t))
      throw new AutogradError(`${of.name}: what markDirty was given must be returned by forward`);
}

/** A change in place that autograd can't follow throws, as that of any operation. */
function checkDirty(
  of: FunctionClass,
  t: Tensor,
  inputs: readonly (Tensor | null)[],
  outputs: readonly unknown[],
): void {
  checkRecordable(of.name, t, inputs);
  if (t.viewInfo !== null && outputs.length > 1)
    throw new AutogradError(
      `${of.name}: of several outputs none may be a view that was changed in place; change a clone() of it instead`,
    );
}

/** The outputs, each its own tensor: an input that comes out unchanged is a view, and so is what comes out twice. */
function distinct(
  outputs: readonly unknown[],
  inputs: readonly (Tensor | null)[],
  dirty: readonly Tensor[],
): unknown[] {
  const met = new Set<unknown>();
  return outputs.map((t) => {
    if (!(t instanceof Tensor)) return t;
    const shown = met.has(t) || (inputs.includes(t) && !dirty.includes(t));
    met.add(t);
    // What requires a gradient already was not made by forward: it keeps its own history.
    return shown || (!dirty.includes(t) && requiresGrad(t)) ? aliasOf(t) : t;
  });
}

function aliasOf(t: Tensor): Tensor {
  const out = alias(t, t.shape, t.layout, t.offset);
  const root = t.viewInfo?.root ?? t;
  const { graphVersion } = root;
  out.viewInfo = {
    of: t,
    root,
    replay: sameView,
    form: formOf(t),
    graphVersion,
    siblings: null,
    recorded: true,
  };
  return out;
}

function isDifferentiable(t: Tensor, of: unknown, constants: readonly Tensor[]): boolean {
  return t.code <= 3 && !constants.includes(of as Tensor);
}

/** Makes the call the origin of its outputs. */
function recordCall(
  made: Call,
  own: Notes,
  inputs: readonly (Tensor | null)[],
  outputs: readonly unknown[],
  results: readonly unknown[],
): void {
  const tensors = results.filter((t) => t instanceof Tensor);
  const sources = outputs.filter((t) => t instanceof Tensor);
  const { constants } = own;
  if (!tensors.some((t, i) => isDifferentiable(t, sources[i], constants))) return;
  const rule = ruleOf(made, tensors.length > 1);
  const first = tensors[0]!;
  if (own.dirty.includes(first) && first.viewInfo !== null) {
    // A view: its base gets a node, which treats it as the first input.
    const at = inputs.indexOf(first);
    const order = [at, ...inputs.keys()].filter((k, i) => i === 0 || k !== at);
    const moved: GradRule<Call> = {
      name: rule.name,
      backward: (grad, node, context) => {
        const results = rule.backward(grad, node, context);
        return order.map((k) => results[k] ?? null);
      },
    };
    const { root } = first.viewInfo;
    const moving = order.map((k) => inputs[k]!);
    recordInPlace(first, moved, moving, own.saved, own.saved.indexOf(first), made);
    own.node = root.node;
    return;
  }
  const node = attach(first, rule, inputs, own.saved, made);
  own.node = node;
  if (tensors.length > 1)
    node.further = tensors.slice(1).map(({ shape, code, place }) => ({ shape, code, place, grad: null }));
  tensors.forEach((t, i) => {
    if (isDifferentiable(t, sources[i], constants)) {
      if (t.viewInfo !== null) {
        const { root } = t.viewInfo;
        t.viewInfo = { ...t.viewInfo, graphVersion: root.graphVersion, siblings: made.name };
      } else if (own.dirty.includes(t)) t.graphVersion++;
      t.node = node;
      t.nodeIndex = i;
      t.needsGrad = true;
    } else {
      t.node = null;
      t.nodeIndex = 0;
      t.needsGrad = false;
    }
  });
}

function ruleOf(made: Call, several: boolean): GradRule<Call> {
  const run = (grads: readonly (Tensor | null)[], context: Call): InputGrads =>
    outside(() => runBackwardOf(context, grads));
  const { name } = made;
  const backward: GradRule<Call>['backward'] = (grad, _, context) => run([grad], context);
  return several
    ? { name, backward, backwardAll: (grads, _, context) => run(grads, context) }
    : { name, backward };
}

/** Calls the user's `backward` and checks what it returns. */
function runBackwardOf(made: Call, given: readonly (Tensor | null)[]): InputGrads {
  const { of, name, ctx, inputs, outputs } = made;
  const { materialize } = notesOf(name, ctx);
  let next = 0;
  const grads = outputs.map((meta) => {
    if (meta === null) return null;
    const grad = handOver(given[next++] ?? null);
    return grad ?? (materialize ? arithmetic.full(meta.shape, meta.code, meta.place, 0) : null);
  });
  const backward = of.backward.bind(of) as (
    ctx: FunctionCtx,
    ...grads: readonly (Tensor | null)[]
  ) => unknown;
  const returned = synchronous(name, backward(ctx, ...grads), 'make backward synchronous');
  const results: readonly unknown[] = Array.isArray(returned) ? (returned as unknown[]) : [returned];
  // Surplus nulls at the end are allowed.
  if (
    results.length < inputs.length ||
    results.slice(inputs.length).some((g) => g !== null && g !== undefined)
  )
    throw new AutogradError(
      `${name}: returned an incorrect number of gradients: expected ${inputs.length}, got ${results.length}`,
    );
  return inputs.map((input, i) => checkGradient(name, results[i] ?? null, input, i));
}

function checkGradient(name: string, grad: unknown, input: Meta | null, i: number): Tensor | null {
  if (grad === null) return null;
  if (input === null)
    throw new AutogradError(
      `${name}: returned a gradient for argument ${i}, which is no Tensor; expected null, got ${describe(grad)}`,
    );
  if (!(grad instanceof Tensor))
    throw new AutogradError(
      `${name}: expected the gradient of argument ${i} to be a Tensor or null, got ${describe(grad)}`,
    );
  if (!broadcastsTo(input.shape, grad.shape))
    throw new ShapeError(
      `${name}: returned an invalid gradient for argument ${i}: expected shape ${showShape(input.shape)}, got ${showShape(grad.shape)}`,
    );
  if (grad.place !== input.place && grad.shape.length > 0)
    throw new DeviceError(`${name}: the gradient of argument ${i} is on ${grad.device}, its input is not`);
  return grad;
}

const NotDifferentiable = (name: string): GradRule<null> => ({
  name: 'NotDifferentiable',
  backward: () => {
    throw new AutogradError(
      `${name}: trying to differentiate twice a function that was marked with onceDifferentiable`,
    );
  },
});

/** A Function's `backward`. */
export type BackwardMethod<Grads extends readonly unknown[], Result> = (
  ctx: FunctionCtx,
  ...grads: Grads
) => Result;

/**
 * Marks a Function's `backward` as one that can't be differentiated itself: it runs without recording, and to differentiate
 * its results is an error (https://pytorch.org/docs/stable/generated/torch.autograd.function.once_differentiable.html).
 * To be used as a decorator, or around the function: `static backward = onceDifferentiable((ctx, grad) => …)`.
 */
export function onceDifferentiable<Grads extends readonly unknown[], Result>(
  backward: BackwardMethod<Grads, Result>,
  context?: { readonly name: string | symbol },
): BackwardMethod<Grads, Result> {
  void context;
  if (typeof backward !== 'function')
    throw new ArgumentError(`onceDifferentiable: expected a function, got ${describe(backward)}`);
  return function (this: unknown, ctx: FunctionCtx, ...grads: Grads): Result {
    const returned = withGradMode('backward', false, () => backward.call(this, ctx, ...grads));
    if (!gradEnabled() || !grads.some((g) => g instanceof Tensor && requiresGrad(g))) return returned;
    const name = (this as { name?: string } | undefined)?.name ?? 'backward';
    const sources = grads.filter((g) => g instanceof Tensor);
    const refuse = (t: unknown): unknown => {
      if (!(t instanceof Tensor) || t.code > 3) return t;
      const out = alias(t, t.shape, t.layout, t.offset);
      attach(out, NotDifferentiable(name), sources, [], null);
      return out;
    };
    return (Array.isArray(returned) ? (returned as unknown[]).map(refuse) : refuse(returned)) as Result;
  };
}
