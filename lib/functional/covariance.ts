/** Covariance and correlation of variables, which are rows. */
import { Code, isFloatingCode } from '../dtype';
import { ArgumentError, DTypeError, ShapeError } from '../errors';
import { showShape } from '../shape';
import { type Tensor, checkTensor } from '../tensor';
import { bindArguments, integerArgument } from './arguments';
import { div, mul, sub } from './arithmetic';
import { cast } from './cast';
import { clamp } from './clamp';
import { sqrt } from './elementary';
import { diagonalOf } from './diagonal';
import { mm } from './matmul';
import { amin, sum } from './reduce';
import { reshape, squeeze, transpose, unsqueeze } from './view';

export interface CovOptions {
  /** Subtracted from the number of observations. */
  correction?: number;
  /** How often each observation was made. */
  fweights?: Tensor | null;
  /** How much each observation counts. */
  aweights?: Tensor | null;
}

function checkWeights(name: string, value: unknown, observations: number, floating: boolean): Tensor | null {
  if (value === undefined || value === null) return null;
  checkTensor('cov', value, name);
  if (value.shape.length > 1 || value.count !== observations)
    throw new ShapeError(
      `cov: expected ${name} for ${observations} observations, got shape ${showShape(value.shape)}`,
    );
  if (isFloatingCode(value.code) !== floating || value.code === Code.bool)
    throw new DTypeError(
      `cov: expected ${floating ? 'floating point' : 'integers'} for ${name}, got ${value.dtype}`,
    );
  if (observations > 0 && amin(value).item() < 0) throw new ArgumentError(`cov: expected ${name} >= 0`);
  return value;
}

/** The covariance matrix of x's rows (https://pytorch.org/docs/stable/generated/torch.cov.html). */
export function cov(x: Tensor, options?: CovOptions): Tensor {
  checkTensor('cov', x);
  const given = options === undefined ? [] : [options];
  const [c = 1, fweights, aweights] = bindArguments('cov', ['correction', 'fweights', 'aweights'], given);
  const correction = integerArgument('cov', 'correction', c);
  if (x.shape.length > 2)
    throw new ShapeError(`cov: expected at most 2 dimensions, got shape ${showShape(x.shape)}`);
  if (x.code === Code.bool) throw new DTypeError('cov: not defined for bool');
  const rows = x.shape.length < 2 ? reshape(x, [1, x.count]) : x;
  const observations = rows.shape[1]!;
  const f = checkWeights('fweights', fweights, observations, false);
  const a = checkWeights('aweights', aweights, observations, true);
  const weights = f === null ? a : a === null ? f : mul(f, a);
  const weighted = (t: Tensor): Tensor => (weights === null ? t : mul(t, weights));
  const total: Tensor | number = weights === null ? observations : sum(weights);
  if (typeof total !== 'number' && total.item() === 0)
    throw new ArgumentError('cov: expected weights that do not sum to 0');
  const average = div(sum(weighted(rows), 1), total);
  const centered = sub(rows, unsqueeze(average, 1));
  const products = mm(...sameCode(centered, transpose(weighted(centered), 0, 1)));
  const freedom = a !== null && correction !== 0 ? weightedFreedom(total, correction, weights!, a) : null;
  const divisor =
    freedom ?? positive(typeof total === 'number' ? total - correction : sub(total, correction));
  return squeeze(div(products, divisor));
}

/** The sum of weights less what the correction takes off it, or 0. */
function weightedFreedom(
  total: Tensor | number,
  correction: number,
  weights: Tensor,
  a: Tensor,
): Tensor | number {
  return positive(sub(total, mul(div(sum(mul(weights, a)), total), correction)));
}

/** Without freedom the divisor is 0. */
function positive(freedom: Tensor | number): Tensor | number {
  return (typeof freedom === 'number' ? freedom : freedom.item()) <= 0 ? 0 : freedom;
}

/** Weights may have raised the dtype of one. */
function sameCode(a: Tensor, b: Tensor): [Tensor, Tensor] {
  return [cast(a, b.code), b];
}

/** Pearson's correlation coefficients of x's rows (https://pytorch.org/docs/stable/generated/torch.corrcoef.html). */
export function corrcoef(x: Tensor): Tensor {
  checkTensor('corrcoef', x);
  if (x.shape.length > 2)
    throw new ShapeError(`corrcoef: expected at most 2 dimensions, got shape ${showShape(x.shape)}`);
  if (x.code === Code.bool) throw new DTypeError('corrcoef: not defined for bool');
  const c = cov(x);
  if (c.shape.length === 0) return div(c, c);
  const deviation = sqrt(diagonalOf(c, 0, [0, 1]));
  return clamp(div(div(c, unsqueeze(deviation, 1)), deviation), -1, 1);
}
