import { inspect } from 'util';
import {
  Tensor,
  arange,
  bfloat16,
  collect,
  double,
  float,
  full,
  fullLike,
  getDefaultDtype,
  half,
  int,
  isTensor,
  linspace,
  logspace,
  long,
  memoryStats,
  nn,
  ones,
  promoteTypes,
  rand,
  scalarTensor,
  setDefaultDtype,
  short,
  tensor,
  zeros,
} from 'tenon';
import { DTYPES, type DType } from '../../lib/dtype';

test('0-d tensors stand for numbers', () => {
  const of = (value: number | boolean, dtype: DType): Tensor => tensor(value, { dtype });
  const seen = (...made: Tensor[]): unknown => made.map((t) => [t.dtype, ...t.tolist<number[]>()]);
  expect(seen(full([2], of(3, 'int16')), full([1], of(3, 'float64')), full([1], of(true, 'bool')))).toEqual([
    ['int64', 3, 3],
    ['float32', 3],
    ['bool', true],
  ]);
  expect(
    seen(fullLike(ones(1), of(4, 'int64')), ones(2, { dtype: 'int8' }).newFull([1], of(5, 'uint8'))),
  ).toEqual([
    ['float32', 4],
    ['int8', 5],
  ]);
  expect(scalarTensor(of(6, 'int32')).dtype).toBe('float32');
  expect(
    seen(arange(of(2, 'int32')), arange(of(2, 'float64')), arange(of(1.5, 'float32'), 4, of(1, 'int8'))),
  ).toEqual([
    ['int64', 0, 1],
    ['float32', 0, 1],
    ['float32', 1.5, 2.5, 3.5],
  ]);
  const end = tensor(3, { requiresGrad: true });
  expect(seen(linspace(of(2, 'int64'), end, of(3, 'uint8')), logspace(0, 2, 3, of(3, 'int64')))).toEqual([
    ['float32', 2, 2.5, 3],
    ['float32', 1, 3, 9],
  ]);
  expect(linspace(0, end, 2).requiresGrad).toBe(false);
});

describe('properties', () => {
  test('of a matrix', () => {
    const t = zeros(2, 3);
    expect([t.shape, t.size(), t.size(-1), t.dim(), t.ndim, t.numel()]).toEqual([[2, 3], [2, 3], 3, 2, 2, 6]);
    expect([t.dtype, t.elementSize(), t.isFloatingPoint(), t.device, t.isCuda]).toEqual([
      'float32',
      4,
      true,
      'cpu',
      false,
    ]);
    expect([t.stride(), t.stride(0), t.storageOffset(), t.isContiguous()]).toEqual([[3, 1], 3, 0, true]);
    expect([t.requiresGrad, t.isLeaf, t.grad, t.gradFn, t.isDisposed, t.isParameter]).toEqual([
      false,
      true,
      null,
      null,
      false,
      false,
    ]);
  });

  test('of views', () => {
    const t = arange(24).reshape(2, 3, 4).transpose(0, 2).narrow(1, 1, 2);
    expect([t.shape, t.stride(), t.storageOffset(), t.isContiguous()]).toEqual([
      [4, 2, 2],
      [1, 4, 12],
      4,
      false,
    ]);
    expect(t.T.shape).toEqual([2, 2, 4]);
    expect(t.mT.stride()).toEqual([1, 12, 4]);
    expect(t.contiguous().isContiguous()).toBe(true);
    expect(ones(3).expand(2, 3).stride()).toEqual([0, 1]);
    expect(ones(1, 3).t().isContiguous()).toBe(true);
  });

  test('sizes and strides that are handed out are copies', () => {
    const t = zeros(2, 3);
    (t.size() as number[])[0] = 9;
    (t.stride() as number[])[0] = 9;
    expect([t.shape, t.stride()]).toEqual([
      [2, 3],
      [3, 1],
    ]);
    const sizes = [2, 2];
    const made = zeros(sizes);
    sizes[0] = 7;
    expect(made.shape).toEqual([2, 2]);
  });

  test('element sizes', () => {
    expect(DTYPES.map((dtype) => zeros(1, { dtype }).elementSize())).toEqual([4, 8, 2, 2, 1, 1, 2, 4, 8, 1]);
  });

  test('isTensor', () => {
    expect([isTensor(ones(1)), isTensor(new nn.Parameter(ones(1)))]).toEqual([true, true]);
    expect([1, [1], null, { shape: [1] }, new Float32Array(1)].some(isTensor)).toBe(false);
  });
});

describe('dtypes', () => {
  afterEach(() => setDefaultDtype('float32'));

  test('have names', () => {
    expect([float, double, half, bfloat16, short, int, long]).toEqual([
      'float32',
      'float64',
      'float16',
      'bfloat16',
      'int16',
      'int32',
      'int64',
    ]);
  });

  test('of what tensors are made of', () => {
    expect(tensor(1).dtype).toBe('float32');
    expect(tensor([1, 2n, true]).dtype).toBe('float32');
    expect(tensor([1n, true]).dtype).toBe('int64');
    expect(tensor([[true], [false]]).dtype).toBe('bool');
    expect(tensor([]).dtype).toBe('float32');
    expect(tensor(new Uint16Array(2)).dtype).toBe('int32');
    expect(tensor(new Uint32Array([2 ** 32 - 1])).toTypedArray()).toEqual(BigInt64Array.of(2n ** 32n - 1n));
    expect(tensor(new Uint8ClampedArray(2)).dtype).toBe('uint8');
    expect(tensor([tensor(1n), tensor([2n])]).dtype).toBe('int64');
    expect(full([1], 2).dtype).toBe('float32');
    expect([full([1], 2n).dtype, full([1], true).dtype]).toEqual(['int64', 'bool']);
    expect([arange(3).dtype, arange(0, 1, 0.5).dtype, linspace(0, 1, 2).dtype]).toEqual([
      'int64',
      'float32',
      'float32',
    ]);
  });

  test('the default one can be changed', () => {
    setDefaultDtype('float64');
    expect(getDefaultDtype()).toBe('float64');
    const made = [tensor(1), zeros(1), rand(1), arange(0, 1, 0.5), full([1], 1), new nn.Linear(1, 1).weight];
    expect(new Set(made.map((t) => t.dtype))).toEqual(new Set(['float64']));
    expect(tensor([1n]).div(2).dtype).toBe('float64');
    expect(tensor([1n]).add(0.5).dtype).toBe('float64');
    expect(String(tensor([1]))).toBe('tensor([1.])');
    expect(String(tensor(new Float32Array([1])))).toBe('tensor([1.], dtype=torch.float32)');
    setDefaultDtype('bfloat16');
    expect(ones(2).dtype).toBe('bfloat16');
  });

  // https://pytorch.org/docs/stable/tensor_attributes.html, in the order of DTYPES
  test.each([
    ['float32', 'float32 float64 float32 float32 float32 float32 float32 float32 float32 float32'],
    ['float64', 'float64 float64 float64 float64 float64 float64 float64 float64 float64 float64'],
    ['float16', 'float32 float64 float16 float32 float16 float16 float16 float16 float16 float16'],
    ['bfloat16', 'float32 float64 float32 bfloat16 bfloat16 bfloat16 bfloat16 bfloat16 bfloat16 bfloat16'],
    ['int8', 'float32 float64 float16 bfloat16 int8 int16 int16 int32 int64 int8'],
    ['uint8', 'float32 float64 float16 bfloat16 int16 uint8 int16 int32 int64 uint8'],
    ['int16', 'float32 float64 float16 bfloat16 int16 int16 int16 int32 int64 int16'],
    ['int32', 'float32 float64 float16 bfloat16 int32 int32 int32 int32 int64 int32'],
    ['int64', 'float32 float64 float16 bfloat16 int64 int64 int64 int64 int64 int64'],
    ['bool', 'float32 float64 float16 bfloat16 int8 uint8 int16 int32 int64 bool'],
  ] as const)('promoteTypes of %s, and the results of operations', (a, row) => {
    const expected = row.split(' ');
    expect(DTYPES.map((b) => promoteTypes(a, b))).toEqual(expected);
    expect(DTYPES.map((b) => ones(2, { dtype: a }).mul(ones(2, { dtype: b })).dtype)).toEqual(expected);
  });
});

describe('iteration', () => {
  test('runs over the first dimension, with gradients', () => {
    const x = tensor(
      [
        [1, 2],
        [3, 4],
      ],
      { requiresGrad: true },
    );
    const [first, second] = x;
    expect([first!.tolist(), second!.tolist()]).toEqual([
      [1, 2],
      [3, 4],
    ]);
    let total = tensor(0);
    for (const row of x) for (const element of row) total = total.add(element.mul(element));
    total.backward();
    expect(x.grad!.tolist()).toEqual([
      [2, 4],
      [6, 8],
    ]);
    expect([...zeros(0, 3)]).toEqual([]);
    expect(Array.from(zeros(3, 0), (row) => row.shape)).toEqual([[0], [0], [0]]);
    expect(Math.max(...Array.from(arange(4), (t) => t.item()))).toBe(3);
  });

  test('stops early without looking at the rest', () => {
    let seen = 0;
    for (const row of ones(1).expand(2 ** 40)) {
      seen += row.item();
      if (seen === 3) break;
    }
    expect(seen).toBe(3);
  });
});

describe('disposal', () => {
  test('dispose frees at once, and only once', () => {
    collect();
    const before = memoryStats().liveTensors;
    const t = zeros(1000);
    expect(memoryStats().liveTensors).toBe(before + 1);
    t.dispose();
    t.dispose();
    expect([memoryStats().liveTensors, t.isDisposed]).toEqual([before, true]);
  });

  test('works with using: through Symbol.dispose', () => {
    const t = zeros(2);
    t[Symbol.dispose]();
    expect(t.isDisposed).toBe(true);
  });

  test('takes the gradient along', () => {
    collect();
    const before = memoryStats().liveTensors;
    const x = ones(4, { requiresGrad: true });
    x.mul(2).sum().backward();
    x.dispose();
    collect();
    expect(memoryStats().liveTensors - before).toBeLessThan(3);
    expect(x.grad).toBeNull();
  });
});

describe('in the console', () => {
  const t = tensor([
    [1, 2],
    [3, 4],
  ]);

  test('a tensor prints as itself wherever it is', () => {
    expect(inspect(tensor(1.5))).toBe('tensor(1.5000)');
    expect(inspect([tensor([1, 2])])).toBe('[ tensor([1., 2.]) ]');
    expect(inspect({ x: tensor(true) })).toBe('{ x: tensor(True) }');
    expect(inspect({ a: { b: tensor(1) } }, { depth: 1 })).toBe('{ a: { b: tensor(1.) } }');
    expect(inspect({ a: { b: { c: tensor(1) } } }, { depth: 1 })).toBe('{ a: { b: [Object] } }');
    expect(inspect(new Map([['k', tensor(2)]]))).toBe("Map(1) { 'k' => tensor(2.) }");
    expect(inspect(tensor(1), { colors: true })).toBe('tensor(1.)');
  });

  test('lines of a tensor within something else are indented', () => {
    expect(inspect([t])).toBe('[\n  tensor([[1., 2.],\n          [3., 4.]])\n]');
    expect(inspect(t)).toBe('tensor([[1., 2.],\n        [3., 4.]])');
    expect(inspect({ net: new nn.Sequential(new nn.ReLU()) })).toBe(
      '{\n  net: Sequential(\n    (0): ReLU()\n  )\n}',
    );
  });

  test('as text', () => {
    expect(`${String(tensor([1n]))} ${t.at(0).toString()}`).toBe('tensor([1]) tensor([1., 2.])');
    expect(Object.prototype.toString.call(t)).toBe('[object Object]');
    expect(t instanceof Tensor).toBe(true);
  });
});
