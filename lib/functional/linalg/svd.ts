/** Singular values, and what they are made of: A = U diag(S) Vh. */
import { gradEnabled, withGradMode } from '../../autograd/mode';
import { requiresGrad } from '../../autograd/node';
import { defineGradients, recordSeveral } from '../../autograd/several';
import { ArgumentError } from '../../errors';
import type { Tensor } from '../../tensor';
import { booleanArgument, named } from '../arguments';
import { add, div, mul, sub } from '../arithmetic';
import { inFloat32 } from '../autocast';
import { zeros } from '../creation';
import { matmul } from '../matmul';
import { narrow, unsqueeze } from '../view';
import {
  batchOf,
  checkMatrices,
  decompose,
  diagonalMatrix,
  results,
  transposed,
  withDiagonal,
  type Results,
} from './matrices';

type Triple = readonly [U: Tensor, S: Tensor, Vh: Tensor];

const plus = (a: Tensor | null, b: Tensor): Tensor => (a === null ? b : add(a, b));
const skew = (x: Tensor): Tensor => sub(x, transposed(x));

/**
 * gA = U [(skew(Uᵀ gU) / E) S + S (skew(Vᵀ gV) / E) + diag(gS)] Vᵀ, with E[i, j] = S[j]² - S[i]², and what of gU and gV is
 * at right angles to U and V (https://j-towns.github.io/papers/svd-derivative.pdf).
 */
const Svd = defineGradients('LinalgSvd', ([gu = null, gs = null, gvh = null], node) => {
  const s = node.input(1);
  const k = s.shape[s.shape.length - 1]!;
  const u = narrow(node.input(0), -1, 0, k);
  const vh = narrow(node.input(2), -2, 0, k);
  if (gu === null && gvh === null) return [gs === null ? null : matmul(mul(u, unsqueeze(gs, -2)), vh)];
  const [rows, columns] = [unsqueeze(s, -2), unsqueeze(s, -1)];
  const squares = mul(s, s);
  const apart = withDiagonal(sub(unsqueeze(squares, -2), unsqueeze(squares, -1)), 1);
  let inner: Tensor | null = gs === null ? null : diagonalMatrix(gs);
  const gradU = gu === null ? null : narrow(gu, -1, 0, k);
  const gradVh = gvh === null ? null : narrow(gvh, -2, 0, k);
  if (gradU !== null) inner = plus(inner, mul(div(skew(matmul(transposed(u), gradU)), apart), rows));
  if (gradVh !== null) inner = plus(inner, mul(columns, div(skew(matmul(vh, transposed(gradVh))), apart)));
  let grad = matmul(u, matmul(inner!, vh));
  if (gradU !== null && u.shape[u.shape.length - 2]! > k) {
    const scaled = div(gradU, rows);
    grad = add(grad, matmul(sub(scaled, matmul(u, matmul(transposed(u), scaled))), vh));
  }
  if (gradVh !== null && vh.shape[vh.shape.length - 1]! > k) {
    const scaled = div(gradVh, columns);
    grad = add(grad, matmul(u, sub(scaled, matmul(matmul(scaled, transposed(vh)), vh))));
  }
  return [grad];
});

/** U, S and Vh, with all columns and rows of U and Vh or as many as there are values. */
export function decomposed(x: Tensor, full: boolean): Triple {
  const [m, n] = x.shape.slice(-2) as [number, number];
  const batch = batchOf(x);
  const k = Math.min(m, n);
  const shapes = [
    [...batch, m, full ? m : k],
    [...batch, k],
    [...batch, full ? n : k, n],
  ];
  const codes = [x.code, x.code, x.code];
  const outs = decompose('svd', shapes, codes, [x], [full ? 1 : 0]) as unknown as Triple;
  recordSeveral(outs, Svd, [x], outs, null);
  return outs;
}

/** The singular values, the largest first. */
export function valuesOf(x: Tensor): Tensor {
  // The derivative needs the vectors.
  if (gradEnabled() && requiresGrad(x)) return decomposed(x, false)[1];
  const [m, n] = x.shape.slice(-2) as [number, number];
  return decompose('svd', [[...batchOf(x), Math.min(m, n)]], [x.code], [x], [0])[0]!;
}

function checkDriver(op: string, driver: unknown): void {
  if (driver !== undefined && driver !== null)
    throw new ArgumentError(
      `${op}: a driver can only be chosen on CUDA, by libraries that are not used here`,
    );
}

/** U, S and Vh of A = U diag(S) Vh (https://pytorch.org/docs/stable/generated/torch.linalg.svd.html). */
export const linalgSvd = inFloat32(
  named<
    [fullMatrices?: boolean, driver?: null],
    { fullMatrices?: boolean; driver?: null },
    Results<readonly ['U', 'S', 'Vh']>
  >('linalg.svd', ['fullMatrices', 'driver'], (x, fullMatrices, driver) => {
    checkMatrices('linalg.svd', x);
    checkDriver('linalg.svd', driver);
    return results(
      ['U', 'S', 'Vh'],
      decomposed(x, booleanArgument('linalg.svd', 'fullMatrices', fullMatrices, true)),
    );
  }),
  'cpu',
);

/** The singular values, the largest first (https://pytorch.org/docs/stable/generated/torch.linalg.svdvals.html). */
export const svdvals = inFloat32(
  named<[driver?: null], { driver?: null }, Tensor>('linalg.svdvals', ['driver'], (x, driver) => {
    checkMatrices('linalg.svdvals', x);
    checkDriver('linalg.svdvals', driver);
    return valuesOf(x);
  }),
  'cpu',
);

/** U, S and V of A = U diag(S) Vᵀ; `some` false gives all columns, `computeUv` false only S (https://pytorch.org/docs/stable/generated/torch.svd.html). */
export const svd = inFloat32(
  named<
    [some?: boolean, computeUv?: boolean],
    { some?: boolean; computeUv?: boolean },
    Results<readonly ['U', 'S', 'V']>
  >('svd', ['some', 'computeUv'], (x, some, computeUv) => {
    checkMatrices('svd', x);
    const full = !booleanArgument('svd', 'some', some, true);
    if (booleanArgument('svd', 'computeUv', computeUv, true)) {
      const [u, s, vh] = decomposed(x, full);
      return results(['U', 'S', 'V'], [u, s, transposed(vh)]);
    }
    const square = (n: number): Tensor => zeros([...batchOf(x), n, n], { dtype: x.dtype, device: x.device });
    const [m, n] = x.shape.slice(-2) as [number, number];
    return results(['U', 'S', 'V'], [square(m), valuesOf(x), square(n)]);
  }),
  'cpu',
);

/** U, S and Vh, without recording. */
export function plainSvd(op: string, x: Tensor): Triple {
  return withGradMode(op, false, () => decomposed(x, false));
}
