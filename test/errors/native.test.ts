/**
 * What native code checks by itself. JavaScript has looked at all of it before, so these calls first make it believe
 * something false: a tensor's shape and dtype are plain fields, and whoever overwrites them must get an error, never a
 * look at other memory.
 */
import {
  ArgumentError,
  DTypeError,
  IndexError,
  ShapeError,
  TenonError,
  collect,
  matmul,
  memoryStats,
  nn,
  noGrad,
  ones,
  optim,
  rand,
  tensor,
  where,
  zeros,
  type Tensor,
} from 'tenon';
import { errorOf, failures } from './table';

const { functional: F } = nn;

/** t, whose fields now say something else. */
function lie(
  t: Tensor,
  fields: { shape?: number[]; code?: number; layout?: number[]; offset?: number; id?: number },
): Tensor {
  const { shape } = fields;
  const count = shape?.reduce((n, size) => n * size, 1);
  return Object.assign(t, fields, count === undefined ? {} : { count });
}
const INT64 = 8;
const BOOL = 9;
const index = (...values: number[]): Tensor => tensor(values, { dtype: 'int64' });

describe('shapes', () => {
  failures([
    [() => lie(ones(3), { shape: [4] }).exp(), ShapeError, /^exp: an input does not broadcast to the output/],
    [() => lie(ones(3), { shape: [4] }).add(ones(4)), ShapeError, /^add: an input does not broadcast/],
    [() => ones(4).eq(lie(ones(3), { shape: [4] })), ShapeError, /^eq: an input does not broadcast/],
    [() => lie(ones(3), { shape: [4] }).isnan(), ShapeError, /^isnan: an input/],
    [() => lie(ones(3), { shape: [4] }).clone(), ShapeError, /^copy: an input/],
    [() => zeros(2).copy_(lie(ones(3), { shape: [2] })), ShapeError, /^copy: an input/],
    [() => where(tensor([true]), lie(ones(3), { shape: [2] }), 1), ShapeError, /^where: an input/],
    [
      () => lie(ones(2, 3), { shape: [2, 4] }).sum(0),
      ShapeError,
      /^sum: the output does not fit the dimensions that stay/,
    ],
    [
      () => lie(ones(6), { shape: [2, 3] }).sum(1),
      IndexError,
      /^sum: reduced dimensions out of range, doubled or out of order/,
    ],
    [() => lie(zeros(0), { shape: [2] }).amax(), ShapeError, /^amax: an empty reduction has no value/],
    [() => lie(ones(2, 3), { shape: [3, 2] }).max(1), ShapeError, /^max: the output does not fit/],
    [() => lie(ones(2, 3), { shape: [4, 4] }).tril(), ShapeError, /^tril: matrices or batches of them/],
    [() => matmul(lie(ones(2, 3), { shape: [2, 4] }), ones(4, 2)), ShapeError, /^matmul: sizes differ/],
    [() => matmul(lie(ones(6), { shape: [2, 3] }), ones(3, 2)), ShapeError, /^matmul: operands are matrices/],
    [
      () => matmul(lie(ones(2, 2, 3), { shape: [3, 2, 3] }), ones(3, 3, 2)),
      ShapeError,
      /^matmul: batch dimensions do not broadcast/,
    ],
    [() => F.linear(lie(ones(2, 3), { shape: [2, 4] }), ones(5, 4)), ShapeError, /^linear: sizes differ/],
    [
      () => F.linear(ones(2, 4), lie(ones(20), { shape: [5, 4] })),
      ShapeError,
      /^linear: input \[..., k\], weight \[n, k\]/,
    ],
    [() => F.linear(ones(2, 4), ones(5, 4), lie(ones(4), { shape: [5] })), ShapeError, /^linear: bias \[n\]/],
    [
      () => F.softmax(lie(ones(3), { shape: [4] }), 0),
      ShapeError,
      /^softmax: input and output differ in shape/,
    ],
    [
      () => F.nllLoss(lie(ones(2, 3), { shape: [4, 3] }), index(0, 1, 2, 0)),
      ShapeError,
      /^nllLoss: input and target differ in size/,
    ],
    [
      () => F.nllLoss(lie(ones(6), { shape: [2, 3] }), index(0, 1)),
      ShapeError,
      /^nllLoss: input \[n, c, d...\], target \[n, d...\]/,
    ],
    [
      () => F.nllLoss(ones(2, 3), index(0, 1), { weight: lie(ones(2), { shape: [3] }) }),
      ShapeError,
      /^nllLoss: weight \[c\]/,
    ],
    [
      () => F.mseLoss(lie(ones(3), { shape: [4] }), ones(4)),
      ShapeError,
      /^mseLoss: input and target differ in shape/,
    ],
    [
      () => ones(3, 2).indexSelect(1, lie(index(0), { shape: [2] })),
      ShapeError,
      /^indexSelect: sizes differ/,
    ],
    [
      () => lie(ones(6), { shape: [3, 2] }).indexSelect(1, index(0)),
      IndexError,
      /^indexSelect: dimension out of range/,
    ],
    [
      () => zeros(3).indexAdd_(0, index(0), lie(ones(2), { shape: [1] })),
      ShapeError,
      /^indexAdd: sizes differ/,
    ],
    [
      () => {
        const p = new nn.Parameter(ones(3));
        p.grad = lie(ones(2), { shape: [3] });
        new optim.SGD([p]).step();
      },
      ShapeError,
      /^sgd: parameter and gradient differ in shape/,
    ],
  ]);
});

describe('dtypes', () => {
  failures([
    [() => where(lie(ones(2), { code: BOOL }), 1, 2), DTypeError, /^where: the condition is bool/],
    [
      () => where(tensor([true]), lie(ones(1), { code: 1 }), ones(1, { dtype: 'float64' })),
      DTypeError,
      /^where: x, y and out are of one dtype/,
    ],
    [
      () => matmul(lie(ones(2, 2), { code: 1 }), ones(2, 2, { dtype: 'float64' })),
      DTypeError,
      /^matmul: operands are of one dtype/,
    ],
    [
      () => F.linear(lie(ones(2, 2), { code: 1 }), ones(2, 2, { dtype: 'float64' })),
      DTypeError,
      /^linear: operands are of one dtype/,
    ],
    [
      () => F.linear(ones(2, 2), ones(2, 2), lie(ones(2, { dtype: 'float64' }), { code: 0 })),
      DTypeError,
      /^linear: operands are of one dtype/,
    ],
    [() => F.nllLoss(ones(1, 3), lie(ones(1), { code: INT64 })), DTypeError, /^nllLoss: the target is int64/],
    [
      () => F.nllLoss(lie(ones(1, 3), { code: 1 }), index(0)),
      DTypeError,
      /^nllLoss: floating point only, of one dtype/,
    ],
    [
      () => ones(3).indexSelect(0, lie(ones(1), { code: INT64 })),
      DTypeError,
      /^indexSelect: the index is int64/,
    ],
    [() => lie(ones(2, 2), { code: 1 }).tril(), DTypeError, /^tril: input and output are of one dtype/],
    [
      () => lie(zeros(2, { dtype: 'int32' }), { code: 0 }).uniform_(),
      DTypeError,
      /^uniform: floating point only/,
    ],
    [
      () => {
        const p = new nn.Parameter(ones(3));
        p.grad = lie(ones(3, { dtype: 'float64' }), { code: 0 });
        new optim.SGD([p]).step();
      },
      DTypeError,
      /^sgd: parameter and gradient differ in dtype/,
    ],
  ]);
});

describe('views', () => {
  failures([
    [() => lie(ones(3), { shape: [4] }).at(3), ShapeError, /^view: it reaches outside of its storage/],
    [() => lie(ones(3), { shape: [5] }).detach(), ShapeError, /^view: it reaches outside/],
    [() => lie(ones(3), { offset: 1 }).detach(), ShapeError, /^view: it reaches outside/],
    [() => lie(ones(3), { offset: -1 }).detach(), ShapeError, /^view: it reaches outside/],
    [() => lie(ones(3), { layout: [2] }).detach(), ShapeError, /^view: it reaches outside/],
    [() => lie(ones(3), { layout: [-1] }).detach(), ShapeError, /^view: it reaches outside/],
    [() => lie(ones(3), { layout: [NaN] }).detach(), ShapeError, /^a stride is no integer/],
    [() => lie(ones(3), { shape: [-1] }).detach(), ShapeError, /^view: a size is negative/],
    [() => lie(ones(3), { code: 1 }).detach(), ShapeError, /^view: it reaches outside/],
    [
      () => lie(ones(3), { shape: new Array<number>(65).fill(1) }).detach(),
      ShapeError,
      /^a tensor has at most 64 dimensions/,
    ],
    [
      () => lie(ones(3), { shape: new Array<number>(65).fill(1) }).exp(),
      ShapeError,
      /^a tensor has at most 64 dimensions/,
    ],
    [
      () => lie(ones(3), { shape: [-3] }).exp(),
      ShapeError,
      /^a size is negative or the number of elements exceeds 2\^53/,
    ],
    [() => lie(ones(3), { shape: [2 ** 40, 2 ** 40] }).exp(), ShapeError, /exceeds 2\^53/],
  ]);
});

describe('ids', () => {
  failures([
    [
      () => lie(ones(3), { id: 1e6 }).exp(),
      ArgumentError,
      /^exp: no tensor has the id 1000000: it was disposed or belongs to another thread/,
    ],
    [() => lie(ones(3), { id: -5 }).add(1), ArgumentError, /^add: no tensor has the id -5/],
    [() => lie(ones(3), { id: NaN }).sum(), ArgumentError, /^sum: no tensor has the id -?nan/],
    [() => lie(ones(3), { id: 2 ** 40 }).detach(), ArgumentError, /^view: no tensor has the id/],
    [() => lie(ones(1), { id: 1e9 }).item(), ArgumentError, /^item: a tensor was disposed/],
    [() => lie(ones(3), { id: 1e9 }).toTypedArray(), ArgumentError, /^toTypedArray: a tensor was disposed/],
  ]);

  test('an id of a freed tensor is not that of the next one in its slot', () => {
    const t = ones(3);
    const { id } = t;
    t.dispose();
    const next = zeros(3);
    const stale = lie(ones(3), { id });
    const error = errorOf(() => stale.exp());
    expect(error).toBeInstanceOf(ArgumentError);
    expect(next.tolist()).toEqual([0, 0, 0]);
  });
});

test('failed launches leave nothing behind', () => {
  collect();
  const before = memoryStats().liveTensors;
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  for (let i = 0; i < 2000; i++) {
    expect(errorOf(() => lie(ones(3), { shape: [4] }).exp())).toBeInstanceOf(TenonError);
    expect(errorOf(() => F.nllLoss(rand(2, 3), index(0, 7)))).toBeInstanceOf(IndexError);
    expect(errorOf(() => ones(1, { dtype: 'int64' }).floorDivide(0))).toBeInstanceOf(ArgumentError);
  }
  Error.stackTraceLimit = stackTraceLimit;
  collect();
  collect();
  expect(memoryStats().liveTensors - before).toBeLessThan(50);
});

test('bad targets write nothing, and the next pass is right', () => {
  const x = rand(2, 3, { requiresGrad: true });
  expect(errorOf(() => F.crossEntropy(x, index(0, 3)).backward())).toBeInstanceOf(IndexError);
  expect(x.grad).toBeNull();
  F.crossEntropy(x, index(0, 2), { reduction: 'sum' }).backward();
  const p = noGrad(() =>
    F.softmax(x, 1).sub(
      tensor([
        [1, 0, 0],
        [0, 0, 1],
      ]),
    ),
  );
  expect(x.grad!.allclose(p)).toBe(true);
});
