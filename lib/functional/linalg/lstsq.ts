/** Least squares. */
import { withGradMode } from '../../autograd/mode';
import { defineGradients, recordSeveral } from '../../autograd/several';
import { Code } from '../../dtype';
import { ArgumentError, ShapeError, describe } from '../../errors';
import { showShape } from '../../shape';
import { checkTensor, type Tensor } from '../../tensor';
import { named, numberArgument } from '../arguments';
import { add, mul, sub } from '../arithmetic';
import { inFloat32 } from '../autocast';
import { eq, gt } from '../compare';
import { empty } from '../creation';
import { fullOf } from '../kernel';
import { matmul } from '../matmul';
import { square } from '../pointwise';
import { all, sum } from '../reduce';
import { reciprocal } from '../elementary';
import { narrow, unsafeView, unsqueeze } from '../view';
import { where } from '../where';
import {
  batchOf,
  batchedTogether,
  checkFloating,
  checkMatrices,
  paired,
  results,
  transposed,
  type Results,
} from './matrices';
import { pinvGradient, plainPinv } from './pinv';
import { plainSvd } from './svd';

type Driver = 'gels' | 'gelsy' | 'gelsd' | 'gelss';
const DRIVERS: readonly unknown[] = ['gels', 'gelsy', 'gelsd', 'gelss'];

const Lstsq = defineGradients<boolean>('LinalgLstsq', ([gx = null, gl = null], node, vector) => {
  const asMatrix = (t: Tensor): Tensor => (vector ? unsqueeze(t, -1) : t);
  const [a, b, x] = [node.input(0), node.input(1), asMatrix(node.input(2))];
  let [gradA, gradB]: [Tensor | null, Tensor | null] = [null, null];
  if (gx !== null) {
    const p = plainPinv('linalg.lstsq', a);
    const g = asMatrix(gx);
    gradA = pinvGradient(matmul(g, transposed(b)), p, a);
    gradB = matmul(transposed(p), g);
  }
  if (gl !== null && gl.count > 0) {
    const scaled = mul(mul(sub(matmul(a, x), b), unsqueeze(gl, -2)), 2);
    const ofA = matmul(scaled, transposed(x));
    gradA = gradA === null ? ofA : add(gradA, ofA);
    gradB = gradB === null ? mul(scaled, -1) : sub(gradB, scaled);
  }
  return [gradA, gradB];
});

/** The solution of least norm, the rank, and the singular values, without recording. */
function minimised(a: Tensor, b: Tensor, rcond: number, driver: Driver): [Tensor, Tensor, Tensor] {
  return withGradMode('linalg.lstsq', false, () => {
    const [u, s, vh] = plainSvd('linalg.lstsq', a);
    const k = s.shape[s.shape.length - 1]!;
    if (k === 0) {
      const rank = fullOf(batchOf(a), Code.int64, a.place, 0);
      const n = a.shape[a.shape.length - 1]!;
      return [fullOf([...batchOf(a), n, b.shape[b.shape.length - 1]!], a.code, a.place, 0), rank, s];
    }
    // A driver that takes the rank for full divides by whatever is there.
    const counts = driver === 'gels' ? gt(s, -1) : gt(s, mul(narrow(s, -1, 0, 1), rcond));
    const inverse = where(counts, reciprocal(s), 0);
    const x = matmul(transposed(vh), mul(unsqueeze(inverse, -1), matmul(transposed(u), b)));
    return [x, sum(counts, -1), s];
  });
}

/**
 * X with the least |A X - B|², and the least |X| among those: solution, residuals, rank, singularValues
 * (https://pytorch.org/docs/stable/generated/torch.linalg.lstsq.html). All drivers use singular values here; as in PyTorch
 * 'gelsy' (the default) gives no residuals, 'gels' no rank, and only 'gelsd' and 'gelss' give singular values.
 */
export const lstsq = inFloat32(
  named<
    [B: Tensor, rcond?: number | null, driver?: Driver | null],
    { B?: Tensor; rcond?: number | null; driver?: Driver | null },
    Results<readonly ['solution', 'residuals', 'rank', 'singularValues']>
  >('linalg.lstsq', ['B', 'rcond', 'driver'], (given, right, rcond, driver) => {
    const op = 'linalg.lstsq';
    checkMatrices(op, given, 'A');
    checkTensor(op, right, 'B');
    checkFloating(op, right);
    const way = driver ?? 'gelsy';
    if (!DRIVERS.includes(way))
      throw new ArgumentError(
        `${op}: expected driver to be 'gels', 'gelsy', 'gelsd' or 'gelss', got ${describe(driver)}`,
      );
    // One dimension less than A's, not its size, makes B vectors.
    const rank = given.shape.length;
    const vector = right.shape.length === rank - 1;
    const rows = right.shape[right.shape.length - (vector ? 1 : 2)];
    if ((!vector && right.shape.length !== rank) || rows !== given.shape[rank - 2])
      throw new ShapeError(`${op}: sizes differ: A ${showShape(given.shape)}, B ${showShape(right.shape)}`);
    const [m, n] = given.shape.slice(-2) as [number, number];
    const epsilon = given.code === Code.float64 ? 2 ** -52 : 2 ** -23;
    const limit = numberArgument(op, 'rcond', rcond ?? epsilon * Math.max(m, n));
    const [first, second] = paired(op, given, right);
    const [a, b] = batchedTogether(op, first, vector ? unsqueeze(second, -1) : second);
    const matrix = b.detach();
    const [x, ranks, s] = minimised(a.detach(), matrix, limit, way);
    const solution = vector ? unsafeView(x, x.shape.slice(0, -1)) : x;
    const none = (dtype: Tensor['dtype']): Tensor => empty(0, { dtype, device: a.device });
    const full = way === 'gels' || all(eq(ranks, n)).item() !== 0;
    const residuals =
      way !== 'gelsy' && m > n && full
        ? withGradMode(op, false, () => sum(square(sub(matmul(a, x), matrix)), -2))
        : none(a.dtype);
    recordSeveral([solution, residuals], Lstsq, [a, b], [a, b, solution], vector);
    return results(
      ['solution', 'residuals', 'rank', 'singularValues'],
      [
        solution,
        residuals,
        way === 'gels' ? none('int64') : ranks,
        way === 'gelsd' || way === 'gelss' ? s : none(a.dtype),
      ],
    );
  }),
  'cpu',
);
