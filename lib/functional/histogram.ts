/** Counting: how many elements are in each of several bins. */
import { Op } from '../backend/ops.generated';
import { record, type GradRule } from '../autograd/node';
import { withGradMode } from '../autograd/mode';
import { COMPUTE, Code, isFloatingCode } from '../dtype';
import { ArgumentError, AutogradError, DTypeError, ShapeError } from '../errors';
import { sameShape, showShape } from '../shape';
import { type Tensor, checkTensor, cudaInUse } from '../tensor';
import { bindArguments, integerArgument, numberArgument } from './arguments';
import { cast, copied } from './cast';
import { item } from './convert';
import { gathered } from './devices';
import { launch } from './kernel';
import { amax, amin } from './reduce';

export interface HistcOptions {
  bins?: number;
  min?: number;
  max?: number;
}

export interface HistcFunction {
  (x: Tensor, bins?: number, min?: number, max?: number): Tensor;
  (x: Tensor, options: HistcOptions): Tensor;
  (x: Tensor, bins: number, options: HistcOptions): Tensor;
}

/** The ends of the bins: those of the elements where none are given, never one number. */
function rangeOf(x: Tensor, min: number, max: number): [number, number] {
  const [low, high] = min === max && x.count > 0 ? [item(amin(x)), item(amax(x))] : [min, max];
  if (!Number.isFinite(low) || !Number.isFinite(high))
    throw new ArgumentError(`histc: expected a finite range, got ${low} to ${high}`);
  if (low > high) throw new ArgumentError(`histc: expected min <= max, got ${low} and ${high}`);
  return low === high ? [low - 1, high + 1] : [low, high];
}

const Histc: GradRule<null> = {
  name: 'HistcBackward',
  backward() {
    throw new AutogradError('backward: the derivative of histc is not implemented');
  },
};

/**
 * How many elements are in each of `bins` (100) bins of one width between `min` and `max`, by default those of the elements
 * (https://pytorch.org/docs/stable/generated/torch.histc.html).
 */
export const histc = ((x: Tensor, ...given: readonly unknown[]) => {
  checkTensor('histc', x);
  const [bins = 100, min = 0, max = 0] = bindArguments('histc', ['bins', 'min', 'max'], given);
  const count = integerArgument('histc', 'bins', bins);
  if (count <= 0) throw new ArgumentError(`histc: expected bins > 0, got ${count}`);
  const ends = [numberArgument('histc', 'min', min), numberArgument('histc', 'max', max)] as const;
  if (!isFloatingCode(x.code)) throw new DTypeError(`histc: expected floating point, got ${x.dtype}`);
  // Row major: an expanded tensor may have more elements than anybody can wait for, but they don't fit the memory.
  const row = x.layout === null ? x : copied(x, x.code);
  const range = withGradMode('histc', false, () => rangeOf(row, ...ends));
  return record(launch(Op.histc, COMPUTE[x.code]!, [count], x.code, [row], range), Histc, [x], [], null);
}) as HistcFunction;

export interface BincountOptions {
  weights?: Tensor | null;
  minlength?: number;
}

export interface BincountFunction {
  (x: Tensor, weights?: Tensor | null, minlength?: number): Tensor;
  (x: Tensor, options: BincountOptions): Tensor;
  (x: Tensor, weights: Tensor | null, options: { minlength?: number }): Tensor;
}

/**
 * How often each whole number from 0 on is there, or the sum of the weights where it is
 * (https://pytorch.org/docs/stable/generated/torch.bincount.html). Waits for the largest to be known.
 */
export const bincount = ((x: Tensor, ...given: readonly unknown[]) => {
  checkTensor('bincount', x);
  const [weightsGiven, minlength = 0] = bindArguments('bincount', ['weights', 'minlength'], given);
  const least = integerArgument('bincount', 'minlength', minlength);
  if (least < 0) throw new ArgumentError(`bincount: expected minlength >= 0, got ${least}`);
  if (isFloatingCode(x.code) || x.code === Code.bool)
    throw new DTypeError(`bincount: expected integers, got ${x.dtype}`);
  if (x.shape.length !== 1)
    throw new ShapeError(`bincount: expected 1 dimension, got shape ${showShape(x.shape)}`);
  let weights: Tensor | null = null;
  if (weightsGiven !== undefined && weightsGiven !== null) {
    checkTensor('bincount', weightsGiven, 'weights');
    if (!sameShape(weightsGiven.shape, x.shape))
      throw new ShapeError(
        `bincount: expected weights of shape ${showShape(x.shape)}, got ${showShape(weightsGiven.shape)}`,
      );
    weights = weightsGiven;
  }
  if (cudaInUse && weights !== null) [x, weights] = gathered<[Tensor, Tensor]>('bincount', x, weights);
  // Nothing has no weights either.
  if (x.count === 0) weights = null;
  const lowest = x.count === 0 ? 0 : item(amin(x));
  if (lowest < 0) throw new ArgumentError(`bincount: expected numbers of at least 0, got ${lowest}`);
  const size = x.count === 0 ? least : Math.max(item(amax(x)) + 1, least);
  return withGradMode('bincount', false, () => {
    const places = cast(x, Code.int64);
    if (weights === null) return launch(Op.bincount, COMPUTE[Code.int64]!, [size], Code.int64, [places], []);
    const code = weights.code === Code.float32 ? Code.float32 : Code.float64;
    return launch(Op.bincount, COMPUTE[code]!, [size], code, [places, cast(weights, code)], []);
  });
}) as BincountFunction;
