import {
  ArgumentError,
  AutogradError,
  DTypeError,
  IndexError,
  LinAlgError,
  ShapeError,
  eye,
  linalg,
  ones,
  rand,
  tensor,
  zeros,
  type Tensor,
} from 'tenon';
import { failures, wrong } from './table';

const long = (t: Tensor): Tensor => t.long();

describe('matrices that can not be worked on', () => {
  failures([
    [() => linalg.inv(zeros(2, 2)), LinAlgError, /^linalg\.inv: The diagonal element 1 is zero/],
    [() => linalg.inv(zeros(3, 2, 2)), LinAlgError, /^linalg\.inv: \(Batch element 0\): The diagonal/],
    [() => zeros(2, 2).inverse(), LinAlgError, /singular/],
    [() => linalg.solve(zeros(2, 2), ones(2)), LinAlgError, /^linalg\.solve: The solver failed/],
    [() => linalg.invEx(zeros(2, 2), { checkErrors: true }), LinAlgError, /singular/],
    [() => linalg.cholesky(eye(2).neg()), LinAlgError, /leading minor of order 1 is not positive-definite/],
    [
      () =>
        linalg.cholesky(
          tensor([
            [1, 2],
            [2, 1],
          ]).float(),
        ),
      LinAlgError,
      /order 2/,
    ],
    [() => linalg.cholesky(tensor([[NaN]])), LinAlgError, /order 1/],
    [() => linalg.luFactor(zeros(2, 2)), LinAlgError, /U\[1,1\] is zero/],
    [() => linalg.matrixPower(zeros(2, 2), -1), LinAlgError, /singular/],
    [() => linalg.svd(tensor([[NaN, 1]])), LinAlgError, /^linalg\.svd: The algorithm failed .* non-finite/],
    [() => linalg.svdvals(tensor([[[1]], [[Infinity]]]).float()), LinAlgError, /\(Batch element 1\)/],
  ]);
});

describe('operands that do not fit', () => {
  failures([
    [() => linalg.inv(ones(2, 3)), ShapeError, /linalg\.inv: expected input to be square/],
    [() => linalg.det(ones(2)), ShapeError, /at least 2 dimensions/],
    [() => linalg.inv(long(eye(2))), DTypeError, /expected floating point, got int64/],
    [() => linalg.inv(eye(2).half()), DTypeError, /expected float32 or float64, got float16/],
    [() => linalg.inv(wrong(3)), ArgumentError, /expected input to be a Tensor/],
    [() => linalg.solve(eye(3), ones(2)), ShapeError, /AX = B/],
    [() => linalg.solve(eye(3), ones(3, 2), { left: false }), ShapeError, /XA = B/],
    [() => linalg.solve(eye(3), wrong(undefined)), ArgumentError, /B to be a Tensor/],
    [() => linalg.solve(eye(3), ones(3).double()), DTypeError, /one dtype/],
    [() => linalg.solve(ones(2, 3, 3), ones(4, 3, 1)), ShapeError, /linalg\.solve/],
    [() => linalg.solveTriangular(eye(2), ones(2, 1), wrong(undefined)), ArgumentError, /upper/],
    [() => linalg.solveTriangular(eye(2), ones(2), { upper: true }), ShapeError, /B to have at least 2/],
    [() => linalg.qr(eye(2), wrong('all')), ArgumentError, /'reduced', 'complete' or 'r'/],
    [() => linalg.eigh(eye(2), wrong('X')), ArgumentError, /UPLO/],
    [() => linalg.svd(eye(2), wrong({ driver: 'gesvd' })), ArgumentError, /driver/],
    [() => linalg.svd(eye(2), wrong('yes')), ArgumentError, /fullMatrices to be a boolean/],
    [() => linalg.lstsq(eye(2), ones(3, 1)), ShapeError, /sizes differ/],
    [() => linalg.lstsq(eye(2), ones(2, 1), wrong({ driver: 'gelsx' })), ArgumentError, /driver/],
    [() => linalg.matrixPower(eye(2), 0.5), ArgumentError, /n to be an integer/],
    [() => linalg.matrixNorm(ones(3), 1), ShapeError, /at least 2 dimensions/],
    [() => linalg.matrixNorm(eye(2), 3), ArgumentError, /expected ord/],
    [() => linalg.matrixNorm(eye(2), 'fro', [0, 0]), ArgumentError, /two different/],
    [() => linalg.matrixNorm(eye(2), 1, [0, 5]), IndexError, /out of range/],
    [() => linalg.matrixNorm(eye(2).half(), 'nuc'), DTypeError, /float32 or float64/],
    [() => linalg.vectorNorm(long(ones(2))), DTypeError, /floating point/],
    [() => linalg.vectorNorm(ones(2), wrong('fro')), ArgumentError, /ord to be a number/],
    [() => linalg.vectorNorm(zeros(0), Infinity), IndexError, /the norm of order Infinity of no elements/],
    [
      () => linalg.vectorNorm(ones(2).double(), { dtype: 'float32' }),
      DTypeError,
      /holds float64, got float32/,
    ],
    [() => linalg.norm(ones(2, 2, 2), 2), ShapeError, /1 or 2 dimensions/],
    [() => linalg.norm(ones(2, 2, 2), { dim: [0, 1, 2] }), ArgumentError, /one or two dims/],
    [() => linalg.cross(ones(3), ones(2, 3)), ShapeError, /as many dimensions/],
    [() => linalg.cross(ones(4), ones(4)), ShapeError, /size 3 in dimension -1/],
    [() => linalg.multiDot([ones(2)]), ArgumentError, /at least two/],
    [() => linalg.multiDot([ones(2, 3), ones(2, 3)]), ShapeError, /factors 0 and 1/],
    [() => linalg.multiDot([ones(2, 3), ones(3, 2, 2)]), ShapeError, /factor 1/],
    [() => linalg.pinv(ones(2, 3), { hermitian: true }), ShapeError, /square/],
    [() => linalg.pinv(eye(2), wrong({ atol: 'small' })), ArgumentError, /atol/],
    [() => linalg.cond(ones(2, 3), 1), ShapeError, /square/],
    [() => linalg.vander(tensor(1)), ShapeError, /0-d/],
    [() => linalg.tensorinv(ones(2, 3)), ShapeError, /as many elements/],
    [() => linalg.tensorsolve(ones(2, 3), ones(2)), ShapeError, /sizes differ/],
    [() => linalg.luSolve(eye(2), tensor([1, 5], { dtype: 'int32' }), ones(2, 1)), IndexError, /pivot 5/],
    [() => linalg.luSolve(eye(2), tensor([1, 2]), ones(2, 1)), DTypeError, /int32 pivots/],
    [() => linalg.householderProduct(ones(2, 3), ones(2)), ShapeError, /tau/],
    [() => linalg.lu(eye(2), { pivot: false }), ArgumentError, /pivot/],
    [() => eye(2).choleskySolve(eye(3)), ShapeError, /sizes differ/],
    [() => eye(2).slogdet().logabsdet.backward(), AutogradError, /./],
    [() => linalg.qr(eye(2).requiresGrad_(), 'r').R.sum().backward(), AutogradError, /'r'/],
    [
      () => linalg.qr(rand(3, 2).requiresGrad_(), 'complete').R.sum().backward(),
      AutogradError,
      /'complete' has no derivative/,
    ],
  ]);
});

test('without an error, what was found', () => {
  expect(linalg.invEx(zeros(2, 2)).info.item()).toBe(1);
  expect(linalg.choleskyEx(eye(2).neg()).info.item()).toBe(1);
  expect(linalg.luFactorEx(zeros(2, 2)).info.item()).toBe(1);
});
