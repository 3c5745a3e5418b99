/** How alike vectors are, how far apart, and vectors of length 1. */
import { widened } from './autocast';
import { autocastUsed, withGradMode } from '../autograd/mode';
import { defineGradient, record } from '../autograd/node';
import { isFloatingCode } from '../dtype';
import { DTypeError } from '../errors';
import { broadcastShapes, wrapDim, wrapDims } from '../shape';
import { type Tensor, checkTensor, cudaInUse } from '../tensor';
import { bindArguments, booleanArgument, numberArgument } from './arguments';
import { add, div, mul, sub } from './arithmetic';
import { cast } from './cast';
import { clampMin } from './clamp';
import { gathered } from './devices';
import { promotedCode } from './kinds';
import { underName } from './node-name';
import { sum } from './reduce';
import { vectorNorm } from './vector-norm';
import { expand } from './view';

interface PairOptions {
  eps?: number;
}

// As far as the derivative goes, a length that is too small is taken as it is.
const Clamped = defineGradient('Clone', (grad) => [grad]);

/** @internal x, but at least `least`, although its derivative is that of x. */
export function raisedTo(op: string, x: Tensor, least: number): Tensor {
  const clamped = withGradMode(op, false, () => clampMin(x, least));
  return record(clamped, Clamped, [x], [], null);
}

/** x over its length along `dim`, which counts as at least `eps`. */
function unit(op: string, x: Tensor, dim: number, eps: number): Tensor {
  const length = vectorNorm(op, x, 2, x.shape.length === 0 ? [] : [dim], true, null);
  return div(x, raisedTo(op, length, eps));
}

/**
 * The cosine of the angle between vectors along `dim` (1); tensors broadcast, lengths count as at least `eps` (1e-8)
 * (https://pytorch.org/docs/stable/generated/torch.nn.functional.cosine_similarity.html).
 */
export function cosineSimilarity(x1: Tensor, x2: Tensor, dim?: number, eps?: number): Tensor;
export function cosineSimilarity(x1: Tensor, x2: Tensor, dim: number, options: PairOptions): Tensor;
export function cosineSimilarity(x1: Tensor, x2: Tensor, options: PairOptions & { dim?: number }): Tensor;
export function cosineSimilarity(x1: Tensor, x2: Tensor, ...given: readonly unknown[]): Tensor {
  const op = 'cosineSimilarity';
  checkTensor(op, x1, 'x1');
  checkTensor(op, x2, 'x2');
  const [dim = 1, eps = 1e-8] = bindArguments(op, ['dim', 'eps'], given);
  if (autocastUsed) [x1, x2] = widened([x1, x2] as const, 'cuda');
  const least = numberArgument(op, 'eps', eps);
  if (cudaInUse) [x1, x2] = gathered(op, x1, x2);
  const code = promotedCode(op, x1, x2);
  if (!isFloatingCode(code))
    throw new DTypeError(`${op}: expected floating point, got ${x1.dtype} and ${x2.dtype}`);
  const shape = broadcastShapes(op, x1.shape, x2.shape);
  const d = wrapDim(op, dim, shape.length);
  // Floating ones keep their dtype, and promote as what they are once expanded.
  const [a, b] = [x1, x2].map((x) =>
    unit(op, expand(isFloatingCode(x.code) ? x : cast(x, code), shape), d, least),
  ) as [Tensor, Tensor];
  return sum(mul(a, b), d);
}

interface DistanceOptions extends PairOptions {
  p?: number;
  keepdim?: boolean;
}

/**
 * The p-norm (2) of differences along the last dimension, to which `eps` (1e-6) is added
 * (https://pytorch.org/docs/stable/generated/torch.nn.functional.pairwise_distance.html).
 */
export function pairwiseDistance(x1: Tensor, x2: Tensor, p?: number, eps?: number, keepdim?: boolean): Tensor;
export function pairwiseDistance(x1: Tensor, x2: Tensor, options: DistanceOptions): Tensor;
export function pairwiseDistance(x1: Tensor, x2: Tensor, p: number, options: DistanceOptions): Tensor;
export function pairwiseDistance(x1: Tensor, x2: Tensor, ...given: readonly unknown[]): Tensor {
  const op = 'pairwiseDistance';
  checkTensor(op, x1, 'x1');
  checkTensor(op, x2, 'x2');
  const [p = 2, eps = 1e-6, keepdim] = bindArguments(op, ['p', 'eps', 'keepdim'], given);
  const order = numberArgument(op, 'p', p);
  const bias = numberArgument(op, 'eps', eps);
  const keep = booleanArgument(op, 'keepdim', keepdim, false);
  broadcastShapes(op, x1.shape, x2.shape);
  const d = add(sub(x1, x2), bias);
  const last = d.shape.length === 0 ? [] : [d.shape.length - 1];
  return underName('Norm', vectorNorm(op, d, order, last, keep, null));
}

interface NormalizeOptions extends PairOptions {
  p?: number;
  dim?: number | readonly number[];
}

/**
 * x over its p-norm (2) along `dim` (1), which counts as at least `eps` (1e-12)
 * (https://pytorch.org/docs/stable/generated/torch.nn.functional.normalize.html).
 */
export function normalize(x: Tensor, p?: number, dim?: number | readonly number[], eps?: number): Tensor;
export function normalize(x: Tensor, options: NormalizeOptions): Tensor;
export function normalize(x: Tensor, p: number, options: Omit<NormalizeOptions, 'p'>): Tensor;
export function normalize(x: Tensor, ...given: readonly unknown[]): Tensor {
  checkTensor('normalize', x);
  const [p = 2, dim = 1, eps = 1e-12] = bindArguments('normalize', ['p', 'dim', 'eps'], given);
  const order = numberArgument('normalize', 'p', p);
  const least = numberArgument('normalize', 'eps', eps);
  const dims = wrapDims('normalize', dim, x.shape.length);
  return div(x, clampMin(vectorNorm('normalize', x, order, dims, true, null), least));
}
