/** Pseudo-inverses, ranks and condition numbers: what singular values are looked at for. */
import { autocastUsed, withGradMode } from '../../autograd/mode';
import { defineGradient, record } from '../../autograd/node';
import { Code } from '../../dtype';
import { ArgumentError, describe } from '../../errors';
import { Tensor, checkTensor } from '../../tensor';
import { bindArguments, booleanArgument } from '../arguments';
import { add, div, mul, sub } from '../arithmetic';
import { inFloat32, widened } from '../autocast';
import { gt } from '../compare';
import { abs, reciprocal } from '../elementary';
import { fullOf } from '../kernel';
import { matmul } from '../matmul';
import { maximum } from '../pointwise';
import { amax, sum } from '../reduce';
import { select, unsqueeze } from '../view';
import { where } from '../where';
import { decomposed as eigenDecomposed, valuesOf as eigenvaluesOf } from './eigh';
import { batchOf, checkMatrices, checkSquareShape, transposed } from './matrices';
import { matrixNorm, type MatrixOrder } from './norms';
import { invEx } from './solve';
import { plainSvd, valuesOf } from './svd';

export type Tolerance = number | Tensor | null;
export interface ToleranceOptions {
  /** Singular values up to this one, or up to `rtol` times the largest, count as 0. */
  atol?: Tolerance;
  rtol?: Tolerance;
  /** The matrix is symmetric: its lower triangle is looked at. */
  hermitian?: boolean;
}

interface Tolerances {
  readonly atol: number | Tensor;
  readonly rtol: number | Tensor;
}

function toleranceArgument(op: string, name: string, value: unknown): number | Tensor | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'number' || value instanceof Tensor) return value;
  throw new ArgumentError(`${op}: expected ${name} to be a number or a Tensor, got ${describe(value)}`);
}

/** PyTorch's defaults: atol 0; rtol the larger size times epsilon, unless there is an atol. */
function tolerances(op: string, x: Tensor, atol: unknown, rtol: unknown): Tolerances {
  const absolute = toleranceArgument(op, 'atol', atol);
  const relative = toleranceArgument(op, 'rtol', rtol);
  const epsilon = (x.code === Code.float64 ? 2 ** -52 : 2 ** -23) * Math.max(...x.shape.slice(-2));
  const otherwise =
    absolute instanceof Tensor ? where(gt(absolute, 0), 0, epsilon) : (absolute ?? 0) > 0 ? 0 : epsilon;
  return { atol: absolute ?? 0, rtol: relative ?? otherwise };
}

/** Which of the magnitudes count, of at least one. */
function counted(magnitudes: Tensor, largest: Tensor, { atol, rtol }: Tolerances): Tensor {
  const wide = (t: number | Tensor): Tensor | number =>
    t instanceof Tensor && t.shape.length > 0 ? unsqueeze(t, -1) : t;
  const relative = mul(unsqueeze(largest, -1), wide(rtol));
  const absolute = wide(atol);
  const bound = maximum(
    relative,
    absolute instanceof Tensor ? absolute : fullOf([], relative.code, relative.place, absolute),
  );
  return gt(magnitudes, bound);
}

/** Singular values, or the magnitudes of eigenvalues. */
function magnitudesOf(x: Tensor, hermitian: boolean): Tensor {
  return hermitian ? abs(eigenvaluesOf(x, false)) : valuesOf(x);
}

/** @internal From the gradient of a's pseudo-inverse p to that of a (https://doi.org/10.1137/0710036), by the cheaper products. */
export function pinvGradient(grad: Tensor, p: Tensor, a: Tensor): Tensor {
  const [pt, g] = [transposed(p), transposed(grad)];
  const [m, n] = a.shape.slice(-2) as [number, number];
  if (m <= n) {
    const k = matmul(g, p);
    const kpt = matmul(k, pt);
    const within = sub(sub(kpt, transposed(matmul(p, k))), matmul(matmul(a, p), kpt));
    return add(within, matmul(matmul(pt, p), sub(g, matmul(k, a))));
  }
  const k = matmul(p, g);
  const ptk = matmul(pt, k);
  const within = sub(matmul(matmul(sub(g, matmul(a, k)), p), pt), transposed(matmul(k, p)));
  return add(within, sub(ptk, matmul(matmul(ptk, p), a)));
}

const Pinv = defineGradient('LinalgPinv', (grad, node) => [pinvGradient(grad, node.input(1), node.input(0))]);

/** The pseudo-inverse; nothing is recorded. */
function pseudoInverse(op: string, x: Tensor, hermitian: boolean, limits: Tolerances): Tensor {
  return withGradMode(op, false, () => {
    const [m, n] = x.shape.slice(-2) as [number, number];
    if (x.count === 0) return fullOf([...batchOf(x), n, m], x.code, x.place, 0);
    if (hermitian) {
      const [values, vectors] = eigenDecomposed(x, false);
      const magnitudes = abs(values);
      const inverse = where(counted(magnitudes, amax(magnitudes, -1), limits), reciprocal(values), 0);
      return matmul(mul(vectors, unsqueeze(inverse, -2)), transposed(vectors));
    }
    const [u, s, vh] = plainSvd(op, x);
    const inverse = where(counted(s, select(s, -1, 0), limits), reciprocal(s), 0);
    return matmul(mul(transposed(vh), unsqueeze(inverse, -2)), transposed(u));
  });
}

/** @internal The pseudo-inverse as it is differentiated. */
export function pinvOf(op: string, x: Tensor, hermitian: boolean, limits: Tolerances): Tensor {
  const out = pseudoInverse(op, x, hermitian, limits);
  return record(out, Pinv, [x], [x, out], null);
}

/** @internal The pseudo-inverse with the default tolerance. */
export function plainPinv(op: string, x: Tensor): Tensor {
  return pinvOf(op, x, false, tolerances(op, x, undefined, undefined));
}

function checkHermitian(op: string, x: Tensor, hermitian: unknown): boolean {
  const is = booleanArgument(op, 'hermitian', hermitian, false);
  if (is) checkSquareShape(op, x);
  return is;
}

/**
 * The pseudo-inverse of Moore and Penrose; `rcond` is an older name of `rtol`
 * (https://pytorch.org/docs/stable/generated/torch.linalg.pinv.html).
 */
export function pinv(x: Tensor, options?: ToleranceOptions & { rcond?: Tolerance }): Tensor;
export function pinv(x: Tensor, rcond: Tolerance, hermitian?: boolean): Tensor;
export function pinv(x: Tensor, rcond: Tolerance, options: { hermitian?: boolean }): Tensor;
export function pinv(x: Tensor, ...given: readonly unknown[]): Tensor {
  const op = 'linalg.pinv';
  checkMatrices(op, x);
  const [rcond, hermitian, atol, rtol] = bindArguments(op, ['rcond', 'hermitian', 'atol', 'rtol'], given);
  const isHermitian = checkHermitian(op, x, hermitian);
  return pinvOf(op, x, isHermitian, tolerances(op, x, atol, rcond ?? rtol));
}

/** In PyTorch's list for the CPU, unlike `pinv`, whose products are lowered though its decomposition takes no half types. */
const pinverseOf = inFloat32((x: Tensor, given: readonly unknown[]): Tensor => {
  checkMatrices('pinverse', x);
  const [rcond] = bindArguments('pinverse', ['rcond'], given);
  return pinvOf('pinverse', x, false, tolerances('pinverse', x, undefined, rcond ?? 1e-15));
}, 'cpu');

/** `linalg.pinv`, with a relative tolerance of 1e-15. */
export function pinverse(x: Tensor, options?: { rcond?: number }): Tensor;
export function pinverse(x: Tensor, rcond?: number): Tensor;
export function pinverse(x: Tensor, ...given: readonly unknown[]): Tensor {
  return pinverseOf(x, given);
}

/**
 * How many singular values are larger than a tolerance, as int64; `tol` is an older name of `atol`
 * (https://pytorch.org/docs/stable/generated/torch.linalg.matrix_rank.html).
 */
export function matrixRank(x: Tensor, options?: ToleranceOptions & { tol?: Tolerance }): Tensor;
export function matrixRank(x: Tensor, tol: Tolerance, hermitian?: boolean): Tensor;
export function matrixRank(x: Tensor, tol: Tolerance, options: { hermitian?: boolean }): Tensor;
export function matrixRank(x: Tensor, ...given: readonly unknown[]): Tensor {
  const op = 'linalg.matrixRank';
  checkTensor(op, x);
  if (autocastUsed) [x, given] = widened([x, given] as const, 'cpu');
  checkMatrices(op, x);
  const [tol, hermitian, atol, rtol] = bindArguments(op, ['tol', 'hermitian', 'atol', 'rtol'], given);
  const isHermitian = checkHermitian(op, x, hermitian);
  const old = toleranceArgument(op, 'tol', tol);
  const limits = old === undefined ? tolerances(op, x, atol, rtol) : { atol: old, rtol: 0 };
  return withGradMode(op, false, () => {
    if (x.count === 0) return fullOf(batchOf(x), Code.int64, x.place, 0);
    const magnitudes = magnitudesOf(x, isHermitian);
    return sum(counted(magnitudes, amax(magnitudes, -1), limits), -1);
  });
}

function condOf(x: Tensor, p: MatrixOrder | null): Tensor {
  if (p === null || p === 2 || p === -2) {
    const s = valuesOf(x);
    const [most, least] = [select(s, -1, 0), select(s, -1, s.shape[s.shape.length - 1]! - 1)];
    return p === -2 ? div(least, most) : div(most, least);
  }
  checkSquareShape('linalg.cond', x);
  const [inverse, info] = invEx(x);
  const product = mul(matrixNorm(x, p), matrixNorm(inverse, p));
  return where(gt(info, 0), Infinity, product);
}

/** The condition number: the norm of a matrix times that of its inverse (https://pytorch.org/docs/stable/generated/torch.linalg.cond.html). */
export function cond(x: Tensor, p?: MatrixOrder | null): Tensor;
export function cond(x: Tensor, options: { p?: MatrixOrder | null }): Tensor;
export function cond(x: Tensor, ...given: readonly unknown[]): Tensor {
  checkTensor('linalg.cond', x);
  if (autocastUsed) [x] = widened([x] as const, 'cpu');
  checkMatrices('linalg.cond', x);
  const [p = null] = bindArguments('linalg.cond', ['p'], given);
  if (x.count === 0) return fullOf(batchOf(x), x.code, x.place, 0);
  return condOf(x, p as MatrixOrder | null);
}
