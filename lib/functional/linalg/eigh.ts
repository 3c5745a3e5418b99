/** Eigenvalues and eigenvectors of symmetric matrices. */
import { gradEnabled } from '../../autograd/mode';
import { requiresGrad } from '../../autograd/node';
import { defineGradients, recordSeveral } from '../../autograd/several';
import { ArgumentError, describe } from '../../errors';
import type { Tensor } from '../../tensor';
import { named } from '../arguments';
import { add, div, mul, sub } from '../arithmetic';
import { inFloat32 } from '../autocast';
import { matmul } from '../matmul';
import { unsqueeze } from '../view';
import { batchOf, checkSquare, decompose, results, transposed, withDiagonal, type Results } from './matrices';

/**
 * Of A = V diag(L) Vᵀ: V [(Vᵀ gV) / E + diag(gL)] Vᵀ, with E[i, j] = L[j] - L[i] (https://people.maths.ox.ac.uk/gilesm/files/NA-08-01.pdf).
 * A is symmetric, whatever is in its other triangle, and so is the gradient.
 */
const Eigh = defineGradients('LinalgEigh', ([gl = null, gv = null], node) => {
  if (gl === null && gv === null) return [null];
  const [values, vectors] = [node.input(0), node.input(1)];
  if (gv === null) return [matmul(mul(vectors, unsqueeze(gl!, -2)), transposed(vectors))];
  const apart = withDiagonal(sub(unsqueeze(values, -2), unsqueeze(values, -1)), 1);
  const inner = withDiagonal(div(matmul(transposed(vectors), gv), apart), gl ?? 0);
  const whole = matmul(vectors, matmul(inner, transposed(vectors)));
  return [mul(add(whole, transposed(whole)), 0.5)];
});

type Uplo = 'L' | 'U' | 'l' | 'u';

function isUpper(op: string, uplo: unknown): boolean {
  if (typeof uplo === 'string' && /^[lu]$/i.test(uplo)) return uplo.toLowerCase() === 'u';
  throw new ArgumentError(`${op}: expected UPLO to be 'L' or 'U', got ${describe(uplo)}`);
}

export function decomposed(x: Tensor, upper: boolean): [values: Tensor, vectors: Tensor] {
  const shapes = [x.shape.slice(0, -1), x.shape];
  const outs = decompose('eigh', shapes, [x.code, x.code], [x], [upper ? 1 : 0]) as [Tensor, Tensor];
  recordSeveral(outs, Eigh, [x], outs, null);
  return outs;
}

export function valuesOf(x: Tensor, upper: boolean): Tensor {
  // The derivative needs the vectors.
  if (gradEnabled() && requiresGrad(x)) return decomposed(x, upper)[0];
  const n = x.shape[x.shape.length - 1]!;
  return decompose('eigh', [[...batchOf(x), n]], [x.code], [x], [upper ? 1 : 0])[0]!;
}

/**
 * The eigenvalues, the smallest first, and eigenvectors of a symmetric matrix, of which one triangle is looked at
 * (https://pytorch.org/docs/stable/generated/torch.linalg.eigh.html).
 */
export const eigh = inFloat32(
  named<[UPLO?: Uplo], { UPLO?: Uplo }, Results<readonly ['eigenvalues', 'eigenvectors']>>(
    'linalg.eigh',
    ['UPLO'],
    (x, uplo = 'L') => {
      checkSquare('linalg.eigh', x);
      return results(['eigenvalues', 'eigenvectors'], decomposed(x, isUpper('linalg.eigh', uplo)));
    },
  ),
  'cpu',
);

/** The eigenvalues of a symmetric matrix, the smallest first. */
export const eigvalsh = inFloat32(
  named<[UPLO?: Uplo], { UPLO?: Uplo }, Tensor>('linalg.eigvalsh', ['UPLO'], (x, uplo = 'L') => {
    checkSquare('linalg.eigvalsh', x);
    return valuesOf(x, isUpper('linalg.eigvalsh', uplo));
  }),
  'cpu',
);
