/** Backward hooks of one call of a module: what it takes and gives is led past them. */
import { gradEnabled } from '../autograd/mode';
import { requiresGrad } from '../autograd/node';
import { passThrough } from '../autograd/passage';
import { AutogradError, describe } from '../errors';
import { sameShape, showShape } from '../shape';
import { Tensor } from '../tensor';

/** Gradients in the order of a module's arguments or results; null where there is none. */
export type Gradients = readonly (Tensor | null)[];

/** A hook of either kind; `second`: the gradients of the results, for hooks that see those of the arguments first. */
export type AnyBackwardHook = (module: object, first: Gradients, second?: Gradients) => unknown;

/** A list of values, some of them tensors that require gradients. */
interface Values {
  readonly places: readonly number[];
  readonly tensors: readonly Tensor[];
  readonly count: number;
}

function tensorsOf(values: readonly unknown[]): Values {
  const places: number[] = [];
  const tensors: Tensor[] = [];
  values.forEach((value, i) => {
    if (!(value instanceof Tensor) || !requiresGrad(value)) return;
    places.push(i);
    tensors.push(value);
  });
  return { places, tensors, count: values.length };
}

/** The gradients of the tensors, at their places among all values. */
function spread({ places, count }: Values, grads: Gradients): Gradients {
  const all = new Array<Tensor | null>(count).fill(null);
  places.forEach((place, k) => (all[place] = grads[k]!));
  return all;
}

/** What a hook returned in place of gradients; throws for what can't be such. */
function replaced(op: string, result: unknown, { places, tensors, count }: Values): Gradients {
  const list = result instanceof Tensor && count === 1 ? [result] : (result as readonly unknown[]);
  if (!Array.isArray(list) || list.length !== count)
    throw new AutogradError(
      `${op}: expected the hook to return ${count} gradients (a Tensor or null each) or nothing, got ${describe(result)}`,
    );
  list.forEach((g: unknown, place) => {
    if (g === null) return;
    const t = tensors[places.indexOf(place)];
    if (g instanceof Tensor && (t === undefined || (g.code === t.code && sameShape(g.shape, t.shape))))
      return;
    const wanted = t === undefined ? 'null' : `a ${t.dtype} tensor of shape ${showShape(t.shape)} or null`;
    const got = g instanceof Tensor ? `${g.dtype} of shape ${showShape(g.shape)}` : describe(g);
    throw new AutogradError(`${op}: expected ${wanted} as gradient ${place}, got ${got}`);
  });
  return list as Gradients;
}

/** Leads one call's arguments and results past the hooks that the module has now. */
export class BackwardPassage {
  private inputs: Values = { places: [], tensors: [], count: 0 };
  /** The results' gradients, until the arguments' have come. */
  private gradOutput: Gradients | null = null;

  constructor(
    private readonly module: object,
    private readonly hooks: readonly AnyBackwardHook[],
    private readonly preHooks: readonly AnyBackwardHook[],
  ) {}

  /** To be called with the arguments; what it returns takes their place. */
  enter(values: readonly unknown[]): readonly unknown[] {
    if (!gradEnabled()) return values;
    const inputs = (this.inputs = tensorsOf(values));
    if (inputs.tensors.length === 0 || this.hooks.length === 0) return values;
    const outs = passThrough(inputs.tensors, (grads) => {
      const gradInput = this.callHooks(spread(inputs, grads));
      return inputs.places.map((place) => gradInput[place]!);
    });
    const led = values.slice();
    inputs.places.forEach((place, k) => (led[place] = outs[k]));
    return led;
  }

  /** To be called with the result: a tensor, or an array with tensors; of anything else there are no gradients. */
  leave(result: unknown): unknown {
    if (!gradEnabled()) return result;
    const outputs = tensorsOf(Array.isArray(result) ? result : [result]);
    if (outputs.tensors.length === 0) return result;
    const outs = passThrough(outputs.tensors, (grads) => {
      const gradOutput = this.callPreHooks(spread(outputs, grads), outputs);
      if (this.hooks.length > 0) this.gradOutput = gradOutput;
      if (this.hooks.length > 0 && this.inputs.tensors.length === 0) this.callHooks(spread(this.inputs, []));
      return outputs.places.map((place) => gradOutput[place]!);
    });
    if (!Array.isArray(result)) return outs[0];
    const led = result.slice() as unknown[];
    outputs.places.forEach((place, k) => (led[place] = outs[k]));
    // Results may have names besides their numbers.
    const named = Object.entries(result).slice(result.length) as [string, unknown][];
    const names = named.map(([name, value]) => [
      name,
      result.includes(value) ? led[result.indexOf(value)] : value,
    ]);
    return Object.assign(led, Object.fromEntries(names)) as unknown;
  }

  private callPreHooks(grads: Gradients, outputs: Values): Gradients {
    let gradOutput = grads;
    for (const hook of this.preHooks) {
      const result = hook(this.module, gradOutput);
      if (result !== undefined && result !== null)
        gradOutput = replaced('registerFullBackwardPreHook', result, outputs);
    }
    return gradOutput;
  }

  private callHooks(grads: Gradients): Gradients {
    const { gradOutput, inputs } = this;
    if (gradOutput === null)
      throw new AutogradError(
        'registerFullBackwardHook: gradients reached the arguments of a module on a way that does not lead through its results',
      );
    this.gradOutput = null;
    let gradInput = grads;
    for (const hook of this.hooks) {
      const result = hook(this.module, gradInput, gradOutput);
      if (result === undefined || result === null) continue;
      gradInput = replaced('registerFullBackwardHook', result, inputs);
      if (inputs.tensors.length === 0 && gradInput.some((g) => g !== null))
        throw new AutogradError(
          'registerFullBackwardHook: expected null for every gradient, as no argument requires one',
        );
    }
    return gradInput;
  }
}
