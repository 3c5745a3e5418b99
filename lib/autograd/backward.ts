/** What users call to differentiate: `Tensor.backward`, `autograd.backward`, `autograd.grad`, hooks on tensors. */
import { ArgumentError, AutogradError, DeviceError, ShapeError, describe } from '../errors';
import { sameShape, showShape } from '../shape';
import { Tensor, checkTensor, setGradient } from '../tensor';
import { arithmetic } from './arithmetic';
import { runBackward, type PassOptions } from './engine';
import { edgeOf, requiresGrad, type GradHook } from './node';
import { isRetained, retain } from './retained';

/** The options of `backward`. */
export interface BackwardOptions {
  /** The gradient of the tensor; needed unless it has one element. Of the tensor's shape. */
  gradient?: Tensor | null;
  /** Keep the graph for another pass; `createGraph` unless given. */
  retainGraph?: boolean;
  /** Record the pass itself, for higher derivatives. */
  createGraph?: boolean;
  /** Accumulate into these only; one tensor stands for a list of it. */
  inputs?: Tensor | readonly Tensor[] | null;
}

/** The options of `autograd.grad`. */
export interface GradOptions {
  /** The gradients of the outputs; ones for outputs of one element. */
  gradOutputs?: Gradients;
  retainGraph?: boolean;
  createGraph?: boolean;
  /** Allow inputs that the outputs don't depend on: their gradient is null. */
  allowUnused?: boolean;
  /** Zeros instead of null for such inputs. */
  materializeGrads?: boolean;
}

/** @internal Throws unless `options` is an object without other names than the known ones. */
export function checkNames(
  op: string,
  options: unknown,
  known: readonly string[],
): asserts options is object {
  if (typeof options !== 'object' || options === null || Array.isArray(options) || options instanceof Tensor)
    throw new ArgumentError(`${op}: expected an object of options, got ${describe(options)}`);
  for (const key of Object.keys(options))
    if (!known.includes(key))
      throw new ArgumentError(`${op}: unknown option ${describe(key)}; expected one of ${known.join(', ')}`);
}

function checkOutput(op: string, t: unknown, gradient: unknown): void {
  checkTensor(op, t, 'what is differentiated');
  if (t.isDisposed) throw new ArgumentError(`${op}: the tensor was disposed`);
  if (!requiresGrad(t))
    throw new AutogradError(
      `${op}: the tensor does not require a gradient and has no gradFn: nothing to differentiate`,
    );
  if (gradient === null || gradient === undefined) {
    if (t.numel() !== 1)
      throw new AutogradError(
        `${op}: a gradient can be left out only for tensors of one element, got shape ${showShape(t.shape)}`,
      );
    return;
  }
  checkTensor(op, gradient, 'the gradient');
  if (!sameShape(gradient.shape, t.shape))
    throw new ShapeError(
      `${op}: expected a gradient of shape ${showShape(t.shape)}, got ${showShape(gradient.shape)}`,
    );
  if (gradient.place !== t.place)
    throw new DeviceError(`${op}: expected a gradient on ${t.device}, got one on ${gradient.device}`);
}

function checkInputs(op: string, inputs: unknown): asserts inputs is readonly Tensor[] {
  if (!Array.isArray(inputs))
    throw new ArgumentError(`${op}: expected a list of inputs, got ${describe(inputs)}`);
  if (inputs.length === 0) throw new ArgumentError(`${op}: expected at least one input`);
  for (const t of inputs as readonly unknown[]) {
    checkTensor(op, t, 'each of inputs');
    if (!requiresGrad(t)) throw new AutogradError(`${op}: one of the inputs does not require a gradient`);
  }
}

/** @internal */
export function flag(op: string, name: string, value: unknown, otherwise: boolean): boolean {
  if (value === undefined) return otherwise;
  if (typeof value !== 'boolean')
    throw new ArgumentError(`${op}: expected ${name} to be a boolean, got ${describe(value)}`);
  return value;
}

type Gradients = Tensor | null | readonly (Tensor | null)[];

/** Whether an argument is one gradient or several rather than options. */
function isGradients(value: unknown): value is Gradients {
  return value === null || value instanceof Tensor || Array.isArray(value);
}

function listOf<T>(value: T | readonly T[]): readonly T[] {
  return Array.isArray(value) ? (value as readonly T[]) : [value as T];
}

/**
 * Adds the gradients of `tensors` with respect to the graph's leaves to their `grad`
 * (https://pytorch.org/docs/stable/generated/torch.autograd.backward.html).
 */
export function backward(
  tensors: Tensor | readonly Tensor[],
  gradTensors?: Gradients,
  options?: Omit<BackwardOptions, 'gradient'>,
): void;
export function backward(
  tensors: Tensor | readonly Tensor[],
  options: Omit<BackwardOptions, 'gradient'> & { gradTensors?: Gradients },
): void;
export function backward(
  tensors: Tensor | readonly Tensor[],
  second: Gradients | (Omit<BackwardOptions, 'gradient'> & { gradTensors?: Gradients }) = null,
  third: Omit<BackwardOptions, 'gradient'> = {},
): void {
  const [{ gradTensors = null }, options] = isGradients(second)
    ? [{ gradTensors: second }, third]
    : [second, second];
  checkNames('backward', options, ['gradTensors', 'retainGraph', 'createGraph', 'inputs']);
  const roots = listOf(tensors);
  const seeds = gradTensors === null ? [] : listOf(gradTensors);
  if (seeds.length > 0 && seeds.length !== roots.length)
    throw new ArgumentError(`backward: got ${roots.length} tensors and ${seeds.length} gradients`);
  for (let i = 0; i < roots.length; i++) checkOutput('backward', roots[i], seeds[i]);
  const createGraph = flag('backward', 'createGraph', options.createGraph, false);
  const retainGraph = flag('backward', 'retainGraph', options.retainGraph, createGraph);
  if (options.inputs === undefined || options.inputs === null) {
    runBackward(roots, seeds, { createGraph, retainGraph, inputs: null, capture: false });
    return;
  }
  const inputs = options.inputs instanceof Tensor ? [options.inputs] : options.inputs;
  checkInputs('backward', inputs);
  const kept = [...new Set(inputs)].filter((t) => !t.isLeaf && !isRetained(t)).map(keepGradient);
  try {
    runBackward(roots, seeds, { createGraph, retainGraph, inputs, capture: false });
  } finally {
    for (const handle of kept) handle.remove();
  }
}

/**
 * The gradients of `outputs` with respect to `inputs`, in their order; nothing is accumulated
 * (https://pytorch.org/docs/stable/generated/torch.autograd.grad.html).
 */
export function grad(
  outputs: Tensor | readonly Tensor[],
  inputs: Tensor | readonly Tensor[],
  options?: GradOptions & { allowUnused?: false },
): Tensor[];
export function grad(
  outputs: Tensor | readonly Tensor[],
  inputs: Tensor | readonly Tensor[],
  options: GradOptions,
): (Tensor | null)[];
export function grad(
  outputs: Tensor | readonly Tensor[],
  inputs: Tensor | readonly Tensor[],
  gradOutputs: Gradients,
  options?: GradOptions & { allowUnused?: false },
): Tensor[];
export function grad(
  outputs: Tensor | readonly Tensor[],
  inputs: Tensor | readonly Tensor[],
  gradOutputs: Gradients,
  options: GradOptions,
): (Tensor | null)[];
export function grad(
  outputs: Tensor | readonly Tensor[],
  inputs: Tensor | readonly Tensor[],
  third: Gradients | GradOptions = {},
  fourth: GradOptions = {},
): (Tensor | null)[] {
  const options: GradOptions = isGradients(third) ? { gradOutputs: third, ...fourth } : third;
  checkNames('grad', options, [
    'gradOutputs',
    'retainGraph',
    'createGraph',
    'allowUnused',
    'materializeGrads',
  ]);
  const roots = listOf(outputs);
  const wanted = listOf(inputs);
  const { gradOutputs = null } = options;
  const createGraph = flag('grad', 'createGraph', options.createGraph, false);
  const retainGraph = flag('grad', 'retainGraph', options.retainGraph, createGraph);
  const materializeGrads = flag('grad', 'materializeGrads', options.materializeGrads, false);
  const allowUnused = flag('grad', 'allowUnused', options.allowUnused, materializeGrads);
  const seeds = gradOutputs === null ? [] : listOf(gradOutputs);
  if (seeds.length > 0 && seeds.length !== roots.length)
    throw new ArgumentError(`grad: got ${roots.length} outputs and ${seeds.length} gradOutputs`);
  for (let i = 0; i < roots.length; i++) checkOutput('grad', roots[i], seeds[i]);
  checkInputs('grad', wanted);
  const results = runBackward(roots, seeds, { createGraph, retainGraph, inputs: wanted, capture: true });
  return results.map((g, i) => {
    if (g !== null) return g;
    if (!allowUnused)
      throw new AutogradError(
        `grad: the outputs do not depend on input ${i}; pass { allowUnused: true } if that is meant`,
      );
    return materializeGrads ? arithmetic.full(wanted[i]!.shape, wanted[i]!.code, wanted[i]!.place, 0) : null;
  });
}

/** What `registerHook` returns. */
export interface HookHandle {
  remove(): void;
}

declare module '../tensor' {
  interface Tensor {
    /**
     * Adds this tensor's gradient with respect to the graph's leaves to their `grad`
     * (https://pytorch.org/docs/stable/generated/torch.Tensor.backward.html). A graph serves one pass unless
     * `retainGraph` is set.
     * @throws AutogradError when nothing requires a gradient, or the graph was freed or its tensors changed in place.
     */
    backward(gradient?: Tensor | null, options?: Omit<BackwardOptions, 'gradient'>): void;
    backward(options: BackwardOptions): void;
    /** Calls `hook` with this tensor's gradient whenever it is computed; what it returns replaces the gradient. */
    registerHook(hook: GradHook): HookHandle;
    /** Makes a non-leaf keep its gradient in `grad`. */
    retainGrad(): void;
    /** Whether this non-leaf keeps its gradient. */
    readonly retainsGrad: boolean;
  }
}

const NO_SEEDS: readonly (Tensor | null)[] = [];
const PLAIN: PassOptions = { createGraph: false, retainGraph: false, inputs: null, capture: false };

Tensor.prototype.backward = function (
  this: Tensor,
  gradient?: Tensor | null | BackwardOptions,
  options?: Omit<BackwardOptions, 'gradient'>,
) {
  if (gradient === undefined && options === undefined) {
    checkOutput('backward', this, null);
    runBackward([this], NO_SEEDS, PLAIN);
    return;
  }
  if (gradient === undefined || gradient === null || gradient instanceof Tensor) {
    backward(this, gradient ?? null, options);
    return;
  }
  if (typeof gradient !== 'object')
    throw new ArgumentError(`backward: expected a gradient (a Tensor) or options, got ${describe(gradient)}`);
  const { gradient: seed = null, ...rest } = gradient;
  backward(this, seed, rest);
};

Tensor.prototype.registerHook = function (this: Tensor, call: GradHook) {
  if (typeof call !== 'function')
    throw new ArgumentError(`registerHook: expected a function, got ${describe(call)}`);
  if (!requiresGrad(this)) throw new AutogradError('registerHook: the tensor does not require a gradient');
  return addHook(this, call, false);
};

function addHook(t: Tensor, call: GradHook, last: boolean): HookHandle {
  const node = edgeOf(t);
  const hook = { index: t.nodeIndex, call, last };
  const hooks = (node.hooks ??= []);
  const end = hooks.findIndex((h) => h.last && !last);
  hooks.splice(end < 0 ? hooks.length : end, 0, hook);
  return {
    remove() {
      node.hooks = node.hooks?.filter((h) => h !== hook) ?? null;
      if (node.hooks?.length === 0) node.hooks = null;
    },
  };
}

/** Keeps a non-leaf's gradient, as the other hooks leave it. */
function keepGradient(t: Tensor): HookHandle {
  const keep = (g: Tensor): void => setGradient(t, t.gradient === null ? g : arithmetic.add(t.gradient, g));
  return addHook(t, keep, true);
}

Tensor.prototype.retainGrad = function (this: Tensor) {
  if (!requiresGrad(this)) throw new AutogradError('retainGrad: the tensor does not require a gradient');
  if (this.isLeaf || isRetained(this)) return;
  retainGradient(this, null);
};

/** Has t's gradient kept where t is now in the graph, as `hook` did so far. */
function retainGradient(t: Tensor, hook: HookHandle | null): void {
  hook?.remove();
  const self = new WeakRef(t);
  const here = keepGradient(t);
  retain(t, () => {
    const again = self.deref();
    if (again !== undefined) retainGradient(again, here);
  });
}

Object.defineProperty(Tensor.prototype, 'retainsGrad', {
  configurable: true,
  get(this: Tensor): boolean {
    return isRetained(this);
  },
});
