/** Second derivatives where activations and losses have kinks: PyTorch's values. */
import { autograd, fullLike, nn, tensor, zerosLike, type Tensor } from 'tenon';

const { functional: F } = nn;
const half = { reduction: 'none' } as const;
const fromZero = (f: (x: Tensor, zero: Tensor) => Tensor) => (x: Tensor) => f(x, zerosLike(x));

/** The function, points, and of the sum of 1.5 f the second derivative at each. */
const TABLE: readonly (readonly [string, (x: Tensor) => Tensor, number[], number[]])[] = [
  ['elu', (x) => F.elu(x), [0, -0, 1, NaN], [0, 0, 0, 0]],
  ['elu_', (x) => F.elu_(x.mul(1)), [0, -0, 1, NaN], [0, 0, 0, 0]],
  ['celu', (x) => F.celu(x, 2), [0, -0, 1, NaN], [0, 0, 0, 0]],
  ['selu', (x) => F.selu(x), [0, -0, 1, NaN], [0, 0, 0, 0]],
  ['softplus', (x) => F.softplus(x, 2, 3), [1.5, 2, NaN], [0, 0, NaN]],
  ['hardtanh', (x) => F.hardtanh(x), [-1, 1, 0], [0, 0, 0]],
  ['relu6', (x) => F.relu6(x), [0, 6, 3], [0, 0, 0]],
  ['hardswish', (x) => F.hardswish(x), [-3, 3, 0], [0, 0, 0.5]],
  [
    'smoothL1Loss',
    fromZero((x, zero) => F.smoothL1Loss(x, zero, { beta: 0.5, ...half })),
    [0.5, -0.5, 0.25, 1, NaN],
    [0, 0, 3, 0, 0],
  ],
  [
    'smoothL1Loss of the target',
    fromZero((x, zero) => F.smoothL1Loss(zero, x, { beta: 0.5, ...half })),
    [0.5, -0.5, 0.25],
    [0, 0, 3],
  ],
  [
    'huberLoss',
    fromZero((x, zero) => F.huberLoss(x, zero, { delta: 0.5, ...half })),
    [0.5, -0.5, 0.25, 1, NaN],
    [0, 0, 1.5, 0, 0],
  ],
];

test.each(TABLE)('%s', (_, f, points, expected) => {
  const x = tensor(points, { dtype: 'float64', requiresGrad: true });
  const y = f(x);
  const [first] = autograd.grad(y, x, fullLike(y, 1.5), { createGraph: true });
  const [second] = autograd.grad(first!.sum(), x);
  expect(second!.tolist<number[]>().map((n) => (n === 0 ? 0 : n))).toEqual(expected);
});
