/** Quantiles: elements, or what lies between two of them, by their rank in a sorted dimension. */
import { Code } from '../dtype';
import { ArgumentError, DTypeError, DeviceError, ShapeError, describe } from '../errors';
import { showShape, wrapDim } from '../shape';
import { Tensor, checkTensor } from '../tensor';
import { gather } from './scatter';
import { add, mul, sub } from './arithmetic';
import { inFloat32 } from './autocast';
import { bindArguments, booleanArgument } from './arguments';
import { cast } from './cast';
import { isnan, logicalNot, lt } from './compare';
import { ceil, floor } from './elementary';
import { fullOf } from './kernel';
import { amax, amin, any, sum } from './reduce';
import { item } from './convert';
import { maximum } from './pointwise';
import { round } from './rounding';
import { sorted } from './sort';
import { expand, movedim, reshape, squeeze, transpose, unsqueeze } from './view';
import { where } from './where';

const INTERPOLATIONS = ['linear', 'lower', 'higher', 'midpoint', 'nearest'] as const;
/** What is taken between two elements. */
export type Interpolation = (typeof INTERPOLATIONS)[number];

export interface QuantileOptions {
  dim?: number | null;
  keepdim?: boolean;
  interpolation?: Interpolation;
}

export interface QuantileFunction {
  (x: Tensor, q: number | Tensor, dim?: number | null, keepdim?: boolean, options?: QuantileOptions): Tensor;
  (x: Tensor, q: number | Tensor, dim: number | null, options: QuantileOptions): Tensor;
  (x: Tensor, q: number | Tensor, options: QuantileOptions): Tensor;
  (x: Tensor, options: QuantileOptions & { q: number | Tensor }): Tensor;
}

function inRange(q: number): boolean {
  return q >= 0 && q <= 1;
}

/** The quantiles as a 1-d tensor of x's dtype. */
function quantilesOf(op: string, x: Tensor, q: unknown): Tensor {
  if (typeof q === 'number') {
    if (!inRange(q)) throw new ArgumentError(`${op}: expected q from 0 to 1, got ${q}`);
    return fullOf([1], x.code, x.place, q);
  }
  if (!(q instanceof Tensor))
    throw new ArgumentError(`${op}: expected q to be a number or a Tensor, got ${describe(q)}`);
  if (q.shape.length > 1)
    throw new ShapeError(`${op}: expected q to be a number or 1-d, got shape ${showShape(q.shape)}`);
  if (q.code !== x.code) throw new DTypeError(`${op}: expected q of dtype ${x.dtype}, got ${q.dtype}`);
  if (q.place !== x.place)
    throw new DeviceError(
      `${op}: expected q on ${x.device}, got ${q.device}: move it with .to('${x.device}')`,
    );
  if (q.count > 0 && !(inRange(item(amin(q))) && inRange(item(amax(q)))))
    throw new ArgumentError(`${op}: expected all of q from 0 to 1`);
  return reshape(q, [q.count]);
}

/** a + weight (b - a), from the nearer end. */
function between(a: Tensor, b: Tensor, weight: Tensor): Tensor {
  const distance = sub(b, a);
  return where(lt(weight, 0.5), add(a, mul(weight, distance)), sub(b, mul(distance, sub(1, weight))));
}

/** The elements of lanes (the last dimension) at ranks, which may be fractions. */
function atRanks(lanes: Tensor, ranks: Tensor, interpolation: Interpolation): Tensor {
  const last = lanes.shape.length - 1;
  const at = (t: Tensor): Tensor => gather(lanes, last, cast(t, Code.int64));
  switch (interpolation) {
    case 'lower':
      return at(floor(ranks.detach()));
    case 'higher':
      return at(ceil(ranks.detach()));
    case 'nearest':
      return at(round(ranks.detach()));
    default: {
      const below = floor(ranks.detach());
      const weight =
        interpolation === 'midpoint' ? fullOf(ranks.shape, ranks.code, ranks.place, 0.5) : sub(ranks, below);
      return between(at(below), at(ceil(ranks.detach())), weight);
    }
  }
}

function quantileOp(name: 'quantile' | 'nanquantile'): QuantileFunction {
  return (x: Tensor, ...given: readonly unknown[]) => {
    checkTensor(name, x);
    const [q, dim = null, keepGiven, interpolation = 'linear'] = bindArguments(
      name,
      ['q', 'dim', 'keepdim', 'interpolation'],
      given,
    );
    if (x.code !== Code.float32 && x.code !== Code.float64)
      throw new DTypeError(`${name}: expected float32 or float64, got ${x.dtype}`);
    const d = dim === null ? null : wrapDim(name, dim, x.shape.length);
    const keepdim = booleanArgument(name, 'keepdim', keepGiven, false);
    if (!(INTERPOLATIONS as readonly unknown[]).includes(interpolation))
      throw new ArgumentError(
        `${name}: expected interpolation to be one of ${INTERPOLATIONS.join(', ')}, got ${describe(interpolation)}`,
      );
    if (x.count === 0) throw new ShapeError(`${name}: expected elements, got shape ${showShape(x.shape)}`);
    const quantiles = quantilesOf(name, x, q);

    // The lanes come last, and where they were is a dimension of size 1.
    const lanes =
      x.shape.length === 0
        ? reshape(x, [1])
        : d === null
          ? reshape(x, [...x.shape.map(() => 1), x.count])
          : transpose(unsqueeze(x, -1), d, -1);
    const last = lanes.shape.length - 1;
    const [inOrder] = sorted(lanes, last, false);
    const kept = lanes.shape.slice(0, -1);
    const m = quantiles.count;
    const end = lanes.shape[last]! - 1;
    let ranks: Tensor;
    if (name === 'quantile') {
      // NaN is at the end, and with one in a lane all of its quantiles are.
      const spoiled = any(isnan(lanes.detach()), last, true);
      ranks = where(spoiled, end, mul(quantiles, end));
    } else {
      const count = cast(sum(logicalNot(isnan(lanes.detach())), last, true), x.code);
      const zero = fullOf([], x.code, x.place, 0);
      ranks = mul(quantiles, maximum(sub(count, 1), zero));
    }
    const found = atRanks(inOrder, expand(ranks, [...kept, m]), interpolation as Interpolation);
    const ahead = q instanceof Tensor && q.shape.length > 0 ? 1 : 0;
    const out = ahead > 0 ? movedim(found, -1, 0) : squeeze(found, -1);
    if (x.shape.length === 0 || keepdim) return out;
    return squeeze(out, d === null ? kept.map((_, i) => i + ahead) : d + ahead);
  };
}

/** Quantiles of all elements or along `dim` (https://pytorch.org/docs/stable/generated/torch.quantile.html); NaN where there is one. */
export const quantile = inFloat32(quantileOp('quantile'), 'cpu');
/** `quantile` of what is not NaN. */
export const nanquantile = inFloat32(quantileOp('nanquantile'), 'cpu');
