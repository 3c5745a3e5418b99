/** The norm of all elements, or of those along some dimensions, taken as a vector. */
import { Op } from '../backend/ops.generated';
import { autocastUsed, withGradMode } from '../autograd/mode';
import { defineGradient, record } from '../autograd/node';
import { COMPUTE, Code, DTYPES, isFloatingCode, promoteCodes } from '../dtype';
import { CPU } from '../device';
import { DTypeError, IndexError } from '../errors';
import { SCALAR_SHAPE, showShape } from '../shape';
import { alias, type Tensor } from '../tensor';
import { div, mul } from './arithmetic';
import { widened } from './autocast';
import { cast } from './cast';
import { eq, isnan, logicalOr, ne } from './compare';
import { abs, sign, sqrt } from './elementary';
import { NONE, launch } from './kernel';
import { pow } from './pointwise';
import { type Reduction, amax, amin, kept, reduction, sum } from './reduce';
import { where } from './where';

interface Norm extends Reduction {
  readonly p: number;
}

/** @internal |x|^e, with 0 where x is 0, also for negative e; so are its derivatives. */
export function powerOrZero(x: Tensor, e: number): Tensor {
  const zero = eq(x, 0);
  return where(zero, 0, pow(where(zero, 1, abs(x)), e));
}

/** The gradient of a norm with respect to x; where the norm is 0 it is 0, as a subgradient. */
function normGrad(grad: Tensor, x: Tensor, norm: Tensor, p: number, dims: readonly number[]): Tensor {
  if (p === 1) return mul(sign(x), grad);
  if (p === 2) return mul(grad, where(eq(norm, 0), 0, div(x, norm)));
  if (Math.abs(p) === Infinity) {
    // Equal ones share it; if there are NaNs, the norm is one of them.
    const won = logicalOr(eq(abs(x), norm), isnan(x));
    return mul(sign(x), mul(div(grad, sum(won, dims.slice(), true)), won));
  }
  if (p < 1) return mul(mul(mul(sign(x), powerOrZero(x, p - 1)), grad), pow(norm, 1 - p));
  const scale = where(eq(norm, 0), 0, div(grad, pow(norm, p - 1)));
  // Below 2 the power is infinite at 0, and the gradient 0.
  return mul(p < 2 ? mul(sign(x), powerOrZero(x, p - 1)) : mul(x, pow(abs(x), p - 2)), scale);
}

// The number of elements that are not 0 has no gradient at all.
const LinalgVectorNorm = defineGradient<Norm>('LinalgVectorNorm', (grad, node, r) => [
  r.p === 0 ? null : normGrad(kept(grad, r), node.input(0), kept(node.input(1), r), r.p, r.dims),
]);

/** @internal x, which is floating point, as the floating dtype of a code, if there is one, which must hold its values. */
export function asDtype(op: string, x: Tensor, code: number | null): Tensor {
  if (!isFloatingCode(x.code)) throw new DTypeError(`${op}: expected floating point, got ${x.dtype}`);
  if (code === null) return autocastUsed ? widened([x] as const, 'cuda')[0] : x;
  if (!isFloatingCode(code) || promoteCodes(x.code, code) !== code)
    throw new DTypeError(`${op}: expected a floating dtype that holds ${x.dtype}, got ${DTYPES[code]}`);
  return cast(x, code);
}

function checkHasNorm(op: string, x: Tensor, p: number, dims: readonly number[]): void {
  if ((p < 0 || p === Infinity) && dims.some((d) => x.shape[d] === 0))
    throw new IndexError(
      `${op}: the norm of order ${p} of no elements has no value: shape ${showShape(x.shape)}`,
    );
}

/** The 2-norm of all elements of a tensor on the CPU in one pass; null for others. */
function euclidean(x: Tensor, dims: readonly number[], keepdim: boolean): Tensor | null {
  if (x.place !== CPU || dims.length < x.shape.length || x.count === 0) return null;
  const norm = launch(Op.totalNorm, COMPUTE[x.code]!, SCALAR_SHAPE, x.code, [x], NONE);
  const shape = keepdim ? x.shape.map(() => 1) : SCALAR_SHAPE;
  return shape.length === 0 ? norm : alias(norm, shape, null, norm.offset);
}

/** @internal The value alone: half types are summed as float32. */
export function normValue(x: Tensor, p: number, dims: readonly number[], keepdim: boolean): Tensor {
  const wide = x.code === Code.float64 ? x : cast(x, Code.float32);
  const over = (f: typeof amax, t: Tensor): Tensor =>
    x.shape.length === 0 ? t : f(t, dims.slice(), keepdim);
  const total = (t: Tensor): Tensor => sum(t, { dim: dims.slice(), keepdim, dtype: DTYPES[wide.code] });
  const value = (): Tensor => {
    if (p === Infinity) return over(amax, abs(wide));
    if (p === -Infinity) return over(amin, abs(wide));
    if (p === 0) return total(ne(wide, 0));
    if (p === 1) return total(abs(wide));
    if (p === 2) return euclidean(wide, dims, keepdim) ?? sqrt(total(mul(wide, wide)));
    return pow(total(pow(abs(wide), p)), 1 / p);
  };
  return cast(value(), x.code);
}

/**
 * @internal The p-norm over `dims` (sorted, all of them named), as the dtype of a code if there is one: what `norm` and
 * `linalg.vectorNorm` are made of (https://pytorch.org/docs/stable/generated/torch.linalg.vector_norm.html).
 */
export function vectorNorm(
  op: string,
  x: Tensor,
  p: number,
  dims: readonly number[],
  keepdim: boolean,
  code: number | null,
): Tensor {
  const y = asDtype(op, x, code);
  checkHasNorm(op, y, p, dims);
  const out = withGradMode(op, false, () => normValue(y, p, dims, keepdim));
  return record(out, LinalgVectorNorm, [y], [y, out], { ...reduction(y, dims), p });
}
