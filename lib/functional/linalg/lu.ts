/** LU decompositions with partial pivoting: A = P L U. */
import { gradEnabled } from '../../autograd/mode';
import { defineGradient, record } from '../../autograd/node';
import { defineGradients, recordSeveral } from '../../autograd/several';
import { Code } from '../../dtype';
import { ArgumentError, DTypeError, ShapeError } from '../../errors';
import { showShape } from '../../shape';
import { checkTensor, type Tensor } from '../../tensor';
import { bindArguments, booleanArgument, named } from '../arguments';
import { add, mul, neg, sub } from '../arithmetic';
import { arange } from '../creation';
import { cat } from '../join';
import { matmul } from '../matmul';
import { tril, triu } from '../triangle';
import { expand, narrow } from '../view';
import {
  batchOf,
  batchedTogether,
  checkMatrices,
  checkSquareShape,
  decompose,
  identity,
  paired,
  results,
  transposed,
  transposedCopy,
  withDiagonal,
  type Results,
} from './matrices';
import { solveTriangular } from './triangular';

/** Who asks for a decomposition, and fails when a pivot is 0; numbered as in native/linalg/lu.cpp. */
export enum Asked {
  nobody,
  inv,
  solve,
  luFactor,
}

/** LU, the pivots (int32, from 1), and for each matrix its first zero pivot or 0; nothing is recorded. */
export function factored(x: Tensor, asked: Asked): [LU: Tensor, pivots: Tensor, info: Tensor] {
  const [m, n] = x.shape.slice(-2) as [number, number];
  const batch = batchOf(x);
  return decompose(
    'luFactor',
    [x.shape, [...batch, Math.min(m, n)], batch],
    [x.code, Code.int32, Code.int32],
    [x],
    [asked],
  ) as [Tensor, Tensor, Tensor];
}

/** The solution of A X = B (or of X A = B), of A or of its transpose; nothing is recorded. */
export function solvedBy(lu: Tensor, pivots: Tensor, b: Tensor, left = true, transpose = false): Tensor {
  if (!left) return transposedCopy(solvedBy(lu, pivots, transposedCopy(b), true, !transpose));
  return decompose('luSolve', [b.shape], [b.code], [lu, pivots, b], [transpose ? 1 : 0])[0]!;
}

/** The matrix P of A = P L U, of `m` rows. */
function permutation(lu: Tensor, pivots: Tensor): Tensor {
  const m = lu.shape[lu.shape.length - 2]!;
  const k = pivots.shape[pivots.shape.length - 1]!;
  const batch = batchOf(lu);
  const eye = expand(identity(m, lu), [...batch, m, m]);
  const rest = arange(k + 1, m + 1, { dtype: 'int32', device: lu.device });
  const all = m === k ? pivots : cat([pivots, expand(rest, [...batch, m - k])], -1);
  return solvedBy(eye, all, eye, true, true);
}

/**
 * The gradient of A = P L U (https://arxiv.org/abs/1110.1111 has the square case): for square and wide matrices
 * P L⁻ᵀ [tril₋₁(Lᵀ gL - gU₂ U₂ᵀ) + triu(gU₁ U₁ᵀ)] U₁⁻ᵀ beside P L⁻ᵀ gU₂, for tall ones what is the same of their transposes.
 */
function gradientOf(
  p: Tensor,
  lower: Tensor,
  upper: Tensor,
  gradL: Tensor | null,
  gradU: Tensor | null,
): Tensor {
  const [m, k] = lower.shape.slice(-2) as [number, number];
  const n = upper.shape[upper.shape.length - 1]!;
  const zero = (like: Tensor): Tensor => mul(like, 0);
  const gl = tril(gradL ?? zero(lower), -1);
  const gu = triu(gradU ?? zero(upper));
  const byLower = (x: Tensor, l: Tensor): Tensor =>
    solveTriangular(transposed(l), x, { upper: true, unitriangular: true });
  const byUpper = (x: Tensor, u: Tensor): Tensor =>
    solveTriangular(transposed(u), x, { upper: false, left: false });
  if (m <= n) {
    const [u1, gu1] = [narrow(upper, -1, 0, m), narrow(gu, -1, 0, m)];
    let below = matmul(transposed(lower), gl);
    const [u2, gu2] = [narrow(upper, -1, m, n - m), narrow(gu, -1, m, n - m)];
    if (n > m) below = sub(below, matmul(gu2, transposed(u2)));
    const inner = add(tril(below, -1), triu(matmul(gu1, transposed(u1))));
    const first = byUpper(byLower(inner, lower), u1);
    return matmul(p, n > m ? cat([first, byLower(gu2, lower)], -1) : first);
  }
  const [l1, gl1] = [narrow(lower, -2, 0, k), narrow(gl, -2, 0, k)];
  const [l2, gl2] = [narrow(lower, -2, k, m - k), narrow(gl, -2, k, m - k)];
  const above = sub(matmul(gu, transposed(upper)), matmul(transposed(l2), gl2));
  const inner = add(tril(matmul(transposed(l1), gl1), -1), triu(above));
  const first = byLower(byUpper(inner, upper), l1);
  return matmul(p, cat([first, byUpper(gl2, upper)], -2));
}

/** L with its ones, of LU. */
function lowerOf(lu: Tensor): Tensor {
  const [m, n] = lu.shape.slice(-2) as [number, number];
  const k = Math.min(m, n);
  const below = tril(narrow(lu, -1, 0, k), -1);
  return m === k
    ? withDiagonal(below, 1)
    : cat([withDiagonal(narrow(below, -2, 0, k), 1), narrow(below, -2, k, m - k)], -2);
}

function upperOf(lu: Tensor): Tensor {
  const k = Math.min(...lu.shape.slice(-2));
  return triu(narrow(lu, -2, 0, k));
}

const LuFactor = defineGradient('LinalgLuFactorEx', (grad, node) => {
  const [lu, pivots] = [node.input(0), node.input(1)];
  const k = pivots.shape[pivots.shape.length - 1]!;
  const gradL = narrow(grad, -1, 0, k);
  const gradU = narrow(grad, -2, 0, k);
  return [gradientOf(permutation(lu, pivots), lowerOf(lu), upperOf(lu), gradL, gradU)];
});

function checkPivot(op: string, pivot: unknown): void {
  if (!booleanArgument(op, 'pivot', pivot, true))
    throw new ArgumentError(`${op}: pivot false is not supported on the CPU`);
}

function factor(x: Tensor, asked: Asked): [Tensor, Tensor, Tensor] {
  const all = factored(x, asked);
  record(all[0], LuFactor, [x], [all[0], all[1]], null);
  return all;
}

type Factors = Results<readonly ['LU', 'pivots']>;

/**
 * LU in one matrix, and its pivots (https://pytorch.org/docs/stable/generated/torch.linalg.lu_factor.html).
 * @throws LinAlgError when a pivot is 0.
 */
export const luFactor = named<[pivot?: boolean], { pivot?: boolean }, Factors>(
  'linalg.luFactor',
  ['pivot'],
  (x, pivot) => {
    checkMatrices('linalg.luFactor', x);
    checkPivot('linalg.luFactor', pivot);
    return results(['LU', 'pivots'], factor(x, Asked.luFactor).slice(0, 2));
  },
);

/** `luFactor`, with the number of the first zero pivot of each matrix (0: none) instead of an error. */
export const luFactorEx = named<
  [pivot?: boolean, checkErrors?: boolean],
  { pivot?: boolean; checkErrors?: boolean },
  Results<readonly ['LU', 'pivots', 'info']>
>('linalg.luFactorEx', ['pivot', 'checkErrors'], (x, pivot, checkErrors) => {
  checkMatrices('linalg.luFactorEx', x);
  checkPivot('linalg.luFactorEx', pivot);
  const check = booleanArgument('linalg.luFactorEx', 'checkErrors', checkErrors, false);
  return results(['LU', 'pivots', 'info'], factor(x, check ? Asked.luFactor : Asked.nobody));
});

const Lu = defineGradients('LinalgLu', (grads, node) => {
  const [p, lower, upper] = [node.input(0), node.input(1), node.input(2)];
  return [gradientOf(p, lower, upper, grads[0] ?? null, grads[1] ?? null)];
});

/** P, L and U of A = P L U (https://pytorch.org/docs/stable/generated/torch.linalg.lu.html). */
export const lu = named<[pivot?: boolean], { pivot?: boolean }, Results<readonly ['P', 'L', 'U']>>(
  'linalg.lu',
  ['pivot'],
  (x, pivot) => {
    checkMatrices('linalg.lu', x);
    checkPivot('linalg.lu', pivot);
    const [both, pivots] = factored(x, Asked.nobody);
    const all = [permutation(both, pivots), lowerOf(both), upperOf(both)] as const;
    recordSeveral([all[1], all[2]], Lu, [x], all, null);
    return results(['P', 'L', 'U'], all);
  },
);

interface Side {
  readonly left: boolean;
  readonly adjoint: boolean;
}

const LuSolve = defineGradient<Side>('LinalgLuSolve', (grad, node, { left, adjoint }) => {
  const [both, pivots, x] = [node.input(0), node.input(1), node.input(2)];
  const gradB =
    node.needs(1) || node.needs(0) ? solveWith(both, pivots, grad, { left, adjoint: !adjoint }) : null;
  if (!node.needs(0)) return [null, gradB];
  // Of A = P L U: from its gradient to those of L and U.
  const outer = left ? neg(matmul(gradB!, transposed(x))) : neg(matmul(transposed(x), gradB!));
  const gradA = adjoint ? transposed(outer) : outer;
  const within = matmul(transposed(permutation(both, pivots)), gradA);
  const [lower, upper] = [lowerOf(both), upperOf(both)];
  const gradLU = add(tril(matmul(within, transposed(upper)), -1), triu(matmul(transposed(lower), within)));
  return [gradLU, gradB];
});

function solveWith(both: Tensor, pivots: Tensor, b: Tensor, side: Side): Tensor {
  const out = solvedBy(both, pivots, b, side.left, side.adjoint);
  return gradEnabled() ? record(out, LuSolve, [both, b], [both, pivots, out], side) : out;
}

/**
 * The solution of A X = B, or of X A = B without `left`, by what luFactor made of A
 * (https://pytorch.org/docs/stable/generated/torch.linalg.lu_solve.html).
 */
export function luSolve(LU: Tensor, pivots: Tensor, B: Tensor, left?: boolean, adjoint?: boolean): Tensor;
export function luSolve(LU: Tensor, pivots: Tensor, B: Tensor, options: Partial<Side>): Tensor;
export function luSolve(
  LU: Tensor,
  options: { pivots: Tensor; B: Tensor; left?: boolean; adjoint?: boolean },
): Tensor;
export function luSolve(both: Tensor, ...given: readonly unknown[]): Tensor {
  const op = 'linalg.luSolve';
  const [pivots, b, left, adjoint] = bindArguments(op, ['pivots', 'B', 'left', 'adjoint'], given);
  checkMatrices(op, both, 'LU');
  checkSquareShape(op, both, 'LU');
  checkTensor(op, pivots, 'pivots');
  checkMatrices(op, b, 'B');
  if (pivots.code !== Code.int32) throw new DTypeError(`${op}: expected int32 pivots, got ${pivots.dtype}`);
  const side = {
    left: booleanArgument(op, 'left', left, true),
    adjoint: booleanArgument(op, 'adjoint', adjoint, false),
  };
  const n = both.shape[both.shape.length - 1]!;
  const wanted = both.shape.slice(0, -1);
  if (String(pivots.shape) !== String(wanted))
    throw new ShapeError(
      `${op}: expected pivots of shape ${showShape(wanted)}, got ${showShape(pivots.shape)}`,
    );
  if (b.shape[b.shape.length - (side.left ? 2 : 1)] !== n)
    throw new ShapeError(`${op}: sizes differ: LU ${showShape(both.shape)}, B ${showShape(b.shape)}`);
  const [p, q] = batchedTogether(op, ...paired(op, both, b));
  return solveWith(p, expand(pivots, p.shape.slice(0, -1)), q, side);
}
