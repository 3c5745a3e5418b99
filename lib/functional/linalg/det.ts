/** Determinants. */
import { gradEnabled } from '../../autograd/mode';
import { defineGradient, record } from '../../autograd/node';
import { defineGradients, recordSeveral } from '../../autograd/several';
import { Code } from '../../dtype';
import type { Tensor } from '../../tensor';
import { mul } from '../arithmetic';
import { eq } from '../compare';
import { expand, unsqueeze } from '../view';
import { where } from '../where';
import { Asked, factored, solvedBy } from './lu';
import {
  batchOf,
  checkSquare,
  decompose,
  diagonalMatrix,
  diagonalOf,
  results,
  transposed,
  withDiagonal,
  type Results,
} from './matrices';
import { solve } from './solve';

/** The determinant, its sign, the logarithm of its magnitude, LU and the pivots; nothing is recorded. */
function determinants(x: Tensor): [det: Tensor, sign: Tensor, log: Tensor, LU: Tensor, pivots: Tensor] {
  const [lu, pivots] = factored(x, Asked.nobody);
  const batch = batchOf(x);
  const all = decompose('luDet', [batch, batch, batch], [x.code, x.code, x.code], [lu, pivots]);
  return [...(all as [Tensor, Tensor, Tensor]), lu, pivots];
}

/** One number for each matrix, all along its diagonal. */
function alongDiagonal(values: Tensor, x: Tensor): Tensor {
  return diagonalMatrix(expand(unsqueeze(values, -1), x.shape.slice(0, -1)));
}

const EPSILON: Readonly<Record<number, number>> = { [Code.float32]: 2 ** -23, [Code.float64]: 2 ** -52 };

const Det = defineGradient('LinalgDet', (grad, node) => {
  const [x, det, lu, pivots] = [node.input(0), node.input(1), node.input(2), node.input(3)];
  // The gradient G solves Aᵀ G = det grad I. A singular matrix is taken for one close by, which differentiates once.
  const right = alongDiagonal(mul(grad, det), x);
  if (gradEnabled()) return [solve(transposed(x), right)];
  const pivot = diagonalOf(lu);
  const regular = withDiagonal(lu, where(eq(pivot, 0), EPSILON[x.code]!, pivot));
  return [solvedBy(regular, pivots, right, true, true)];
});

/** The determinant (https://pytorch.org/docs/stable/generated/torch.linalg.det.html). */
export function det(x: Tensor): Tensor {
  checkSquare('linalg.det', x);
  const [out, , , lu, pivots] = determinants(x);
  return record(out, Det, [x], [x, out, lu, pivots], null);
}

const Slogdet = defineGradients('LinalgSlogdet', ([, gradLog], node) => {
  if (!gradLog) return [null];
  const [x, lu, pivots] = [node.input(0), node.input(1), node.input(2)];
  const right = alongDiagonal(gradLog, x);
  return [gradEnabled() ? solve(transposed(x), right) : solvedBy(lu, pivots, right, true, true)];
});

/** The sign of the determinant, and the logarithm of its magnitude. */
export function slogdet(x: Tensor): Results<readonly ['sign', 'logabsdet']> {
  checkSquare('linalg.slogdet', x);
  const [, sign, log, lu, pivots] = determinants(x);
  recordSeveral([sign, log], Slogdet, [x], [x, lu, pivots], null);
  return results(['sign', 'logabsdet'], [sign, log]);
}

/** The logarithm of the determinant; NaN where that is negative. */
export function logdet(x: Tensor): Tensor {
  checkSquare('logdet', x);
  const [sign, log] = slogdet(x);
  return where(eq(sign, -1), NaN, log);
}
