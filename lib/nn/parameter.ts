/** Tensors that a module owns. */
import { isInferenceModeEnabled } from '../autograd';
import { AutogradError } from '../errors';
import { bindArguments, booleanArgument } from '../functional/arguments';
import { isFloatingCode } from '../dtype';
import { CONSTRUCTOR_SECRET, Tensor, aliasInto, checkTensor } from '../tensor';

/**
 * A tensor that a module learns: modules list it in `parameters()` (https://pytorch.org/docs/stable/generated/torch.nn.parameter.Parameter.html).
 * Shares the storage of `data`.
 */
export class Parameter extends Tensor {
  /** No other Tensor passes for one. */
  declare readonly isParameter: true;

  constructor(data: Tensor, options: boolean | { requiresGrad?: boolean } = true) {
    checkTensor('Parameter', data, 'data');
    const [given] = bindArguments('Parameter', ['requiresGrad'], [options]);
    const requiresGrad = booleanArgument('Parameter', 'requiresGrad', given, true);
    if (requiresGrad && !isFloatingCode(data.code))
      throw new AutogradError(
        `Parameter: only floating-point tensors can require gradients, got ${data.dtype}`,
      );
    if (requiresGrad && data.isInference() && !isInferenceModeEnabled())
      throw new AutogradError(
        "Parameter: an inference tensor can't require a gradient outside of inference mode; use a clone() of it",
      );
    super(CONSTRUCTOR_SECRET, data.shape, data.code, data.count, data.place);
    aliasInto(this, data, data.layout, data.offset);
    this.needsGrad = requiresGrad;
  }
}
Object.defineProperty(Parameter.prototype, 'isParameter', { value: true });

/** Not to be taken for a parameter: `Buffer` marks a tensor so. */
const buffers = new WeakSet<Tensor>();

/**
 * A tensor that belongs to a module's state but isn't learned: `this.mean = nn.Buffer(zeros(3))`. A module lists it in
 * `buffers()` and saves it with its state.
 */
export function Buffer(data: Tensor): Tensor {
  checkTensor('Buffer', data, 'data');
  buffers.add(data);
  return data;
}

/** @internal */
export function isBuffer(t: Tensor): boolean {
  return buffers.has(t);
}
