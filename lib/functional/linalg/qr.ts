/** QR decompositions. */
import { defineGradients, recordSeveral } from '../../autograd/several';
import { ArgumentError, AutogradError, ShapeError, describe } from '../../errors';
import { showShape } from '../../shape';
import { checkTensor, type Tensor } from '../../tensor';
import { booleanArgument, named } from '../arguments';
import { add, mul, neg, sub } from '../arithmetic';
import { inFloat32 } from '../autocast';
import { empty } from '../creation';
import { cat } from '../join';
import { matmul } from '../matmul';
import { gradEnabled } from '../../autograd/mode';
import { requiresGrad } from '../../autograd/node';
import { tril, triu } from '../triangle';
import { expand, narrow } from '../view';
import {
  batchOf,
  checkMatrices,
  decompose,
  diagonalOf,
  identity,
  paired,
  results,
  transposed,
  withDiagonal,
  type Results,
} from './matrices';
import { solveTriangular } from './triangular';

type Mode = 'reduced' | 'complete' | 'r';

/** Of A = Q R with a square R: [gQ + Q sym(triu(gR Rᵀ - Qᵀ gQ))] R⁻ᵀ, where sym mirrors the upper triangle (https://arxiv.org/abs/2009.10071). */
function squareGradient(q: Tensor, r: Tensor, gradQ: Tensor | null, gradR: Tensor | null): Tensor {
  const ofR = gradR === null ? null : matmul(gradR, transposed(r));
  const ofQ = gradQ === null ? null : neg(matmul(transposed(q), gradQ));
  const inner = triu(ofR === null ? ofQ! : ofQ === null ? ofR : add(ofR, ofQ));
  const mirrored = add(inner, transposed(inner));
  const within = matmul(q, withDiagonal(mirrored, diagonalOf(inner)));
  const sum = gradQ === null ? within : add(gradQ, within);
  return solveTriangular(transposed(r), sum, { upper: false, left: false });
}

const Qr = defineGradients<Mode>('LinalgQr', ([gradQ = null, gradR = null], node, mode) => {
  if (mode === 'r')
    throw new AutogradError("linalg.qr: with mode 'r' there is no Q, which the derivative needs");
  if (gradQ === null && gradR === null) return [null];
  const [q, r] = [node.input(0), node.input(1)];
  const [m, n] = [q.shape[q.shape.length - 2]!, r.shape[r.shape.length - 1]!];
  if (mode === 'complete' && m > n)
    throw new AutogradError(
      "linalg.qr: mode 'complete' has no derivative when there are more rows than columns",
    );
  if (m >= n) return [squareGradient(q, r, gradQ, gradR)];
  // A = [X Y] and R = [U V]: X = Q U is square, and V = Qᵀ Y.
  const first = narrow(r, -1, 0, m);
  if (gradR === null)
    return [cat([squareGradient(q, first, gradQ, null), mul(matmul(q, narrow(r, -1, m, n - m)), 0)], -1)];
  const gradV = narrow(gradR, -1, m, n - m);
  const y = matmul(q, narrow(r, -1, m, n - m));
  const throughY = matmul(y, transposed(gradV));
  const all = gradQ === null ? throughY : add(gradQ, throughY);
  return [cat([squareGradient(q, first, all, narrow(gradR, -1, 0, m)), matmul(q, gradV)], -1)];
});

function decomposed(x: Tensor, mode: Mode): readonly [Tensor, Tensor] {
  const [m, n] = x.shape.slice(-2) as [number, number];
  const batch = batchOf(x);
  const k = mode === 'complete' ? m : Math.min(m, n);
  const [r, q] = decompose(
    'qr',
    mode === 'r'
      ? [[...batch, k, n]]
      : [
          [...batch, m, k],
          [...batch, k, n],
        ],
    [x.code, x.code],
    [x],
  ).reverse() as [Tensor, Tensor?];
  const outs = [q ?? empty(0, { dtype: x.dtype, device: x.device }), r] as const;
  if (gradEnabled() && requiresGrad(x)) recordSeveral(outs, Qr, [x], outs, mode);
  return outs;
}

type QR = Results<readonly ['Q', 'R']>;

/**
 * Q and R of A = Q R; mode 'complete' gives all columns of Q, 'r' an empty Q
 * (https://pytorch.org/docs/stable/generated/torch.linalg.qr.html).
 */
export const linalgQr = inFloat32(
  named<[mode?: Mode], { mode?: Mode }, QR>('linalg.qr', ['mode'], (x, mode = 'reduced') => {
    checkMatrices('linalg.qr', x);
    if (mode !== 'reduced' && mode !== 'complete' && mode !== 'r')
      throw new ArgumentError(
        `linalg.qr: expected mode to be 'reduced', 'complete' or 'r', got ${describe(mode)}`,
      );
    return results(['Q', 'R'], decomposed(x, mode));
  }),
  'cpu',
);

/** `linalg.qr`; `some` false gives all columns of Q. */
export const qr = inFloat32(
  named<[some?: boolean], { some?: boolean }, QR>('qr', ['some'], (x, some) => {
    checkMatrices('qr', x);
    return results(
      ['Q', 'R'],
      decomposed(x, booleanArgument('qr', 'some', some, true) ? 'reduced' : 'complete'),
    );
  }),
  'cpu',
);

/** The first columns of the product of I - tau v vᵀ, made of operations that are differentiated. */
function multipliedOut(x: Tensor, tau: Tensor): Tensor {
  const [m, n] = x.shape.slice(-2) as [number, number];
  const k = tau.shape[tau.shape.length - 1]!;
  const below = tril(x, -1);
  let out = expand(narrow(identity(m, x), 1, 0, n), x.shape);
  for (let i = k - 1; i >= 0; i--) {
    const v = add(narrow(below, -1, i, 1), narrow(identity(m, x), 1, i, 1));
    const scaled = mul(v, narrow(tau, -1, i, 1).unsqueeze(-1));
    out = sub(out, matmul(scaled, matmul(transposed(v), out)));
  }
  return out;
}

/** The first columns of a product of Householder reflections (https://pytorch.org/docs/stable/generated/torch.linalg.householder_product.html). */
export const householderProduct = inFloat32(
  named<[tau: Tensor], { tau?: Tensor }, Tensor>('linalg.householderProduct', ['tau'], (x, tau) => {
    const op = 'linalg.householderProduct';
    checkMatrices(op, x);
    checkTensor(op, tau, 'tau');
    const [m, n] = x.shape.slice(-2) as [number, number];
    const k = tau.shape[tau.shape.length - 1] ?? 0;
    if (m < n || k > n || String(tau.shape) !== String([...batchOf(x), k]))
      throw new ShapeError(
        `${op}: expected input [..., m, n] and tau [..., k] with m >= n >= k, got ${showShape(x.shape)} and ${showShape(tau.shape)}`,
      );
    const [a, scales] = paired(op, x, tau);
    if (gradEnabled() && (requiresGrad(a) || requiresGrad(scales))) return multipliedOut(a, scales);
    return decompose('householderProduct', [a.shape], [a.code], [a, scales])[0]!;
  }),
  'cpu',
);
