import {
  arange,
  fromNumpy,
  nn,
  ones,
  stack,
  tensor,
  testing,
  zeros,
  type DType,
  type NestedNumbers,
  type Tensor,
} from 'tenon';

// @types/jest does not know it.
(expect as unknown as { addEqualityTesters(testers: unknown[]): void }).addEqualityTesters([
  testing.tensorEquality,
]);

const VALUES = [0, 1, 2, 100];
const ARRAYS: readonly (readonly [DType, { from(v: readonly number[]): unknown }])[] = [
  ['float32', Float32Array],
  ['float64', Float64Array],
  ['float16', Float32Array],
  ['bfloat16', Float32Array],
  ['int8', Int8Array],
  ['uint8', Uint8Array],
  ['int16', Int16Array],
  ['int32', Int32Array],
  ['int64', { from: (v) => BigInt64Array.from(v, BigInt) }],
  ['bool', { from: (v) => Uint8Array.from(v, (n) => (n === 0 ? 0 : 1)) }],
];

describe('typed arrays', () => {
  test.each(ARRAYS)('of %s', (dtype, array) => {
    const t = tensor(VALUES, { dtype }).reshape(2, 2);
    const expected = array.from(VALUES);
    expect(t.toTypedArray()).toEqual(expected);
    expect(t.numpy()).toEqual(expected);
    // Strided ones come row major.
    expect(t.t().toTypedArray()).toEqual(array.from([0, 2, 1, 100]));
    expect(t.at(1).toTypedArray()).toEqual(array.from([2, 100]));
    expect(t.narrow(0, 0, 0).toTypedArray()).toEqual(array.from([]));
  });

  test('are copies, in and out', () => {
    const data = new Float32Array([1, 2]);
    const t = fromNumpy(data);
    data[0] = 9;
    const out = t.toTypedArray();
    out[1] = 9;
    expect(t.tolist()).toEqual([1, 2]);
  });

  test('that are parts of a buffer', () => {
    const bytes = new Float64Array([1, 2, 3, 4]).buffer;
    expect(fromNumpy(new Float64Array(bytes, 8, 2)).tolist()).toEqual([2, 3]);
    expect(tensor(new Float64Array(bytes, 8, 2), { dtype: 'int8' }).tolist()).toEqual([2, 3]);
  });

  test('halves round to the nearest, ties to even', () => {
    const third = tensor([1 / 3, 65504, 65520, 1e-8], { dtype: 'float16' }).toTypedArray();
    expect(Array.from(third as Float32Array)).toEqual([0.333251953125, 65504, Infinity, 0]);
    expect(tensor([1 + 1 / 256, 1 + 3 / 256], { dtype: 'bfloat16' }).tolist()).toEqual([1, 1.015625]);
  });
});

describe('lists and numbers', () => {
  test('tolist', () => {
    expect(arange(4).reshape(2, 2).tolist()).toEqual([
      [0, 1],
      [2, 3],
    ]);
    expect(arange(4).reshape(2, 2).t().tolist()).toEqual([
      [0, 2],
      [1, 3],
    ]);
    expect(tensor(3).tolist<number>()).toBe(3);
    expect(tensor([[true], [false]]).tolist()).toEqual([[true], [false]]);
    expect(zeros(2, 0, 3).tolist()).toEqual([[], []]);
    expect(tensor([NaN, -Infinity]).tolist()).toEqual([NaN, -Infinity]);
    expect(tensor([2n ** 53n - 1n]).tolist()).toEqual([2 ** 53 - 1]);
    const nested: NestedNumbers = ones(1).tolist();
    expect(nested).toEqual([1]);
  });

  test('item and itemBigInt', () => {
    expect([tensor([[5]]).item(), tensor(true).item(), tensor(-7n).item()]).toEqual([5, 1, -7]);
    expect(tensor(2n ** 62n).itemBigInt()).toBe(2n ** 62n);
    expect([tensor(true).itemBigInt(), tensor([3], { dtype: 'uint8' }).itemBigInt()]).toEqual([1n, 3n]);
    expect(arange(6).reshape(2, 3).t().at(2).at(1).item()).toBe(5);
  });

  test('what goes out comes back', () => {
    const t = tensor([
      [1.5, -2],
      [0, 1e30],
    ]);
    expect(tensor(t.tolist<number[][]>())).toEqual(t);
    expect(fromNumpy(t.toTypedArray()).to(t.device).reshape(2, 2)).toEqual(t);
    expect(stack([...t])).toEqual(t);
    expect(tensor(t)).toEqual(t);
    expect(tensor(t)).not.toBe(t);
  });

  test('to: itself where nothing changes', () => {
    const t = ones(2);
    expect([t.to('float32') === t, t.to(t.device) === t, t.to(ones(1)) === t, t.float() === t]).toEqual([
      true,
      true,
      true,
      true,
    ]);
    expect(t.to('float32', { copy: true })).not.toBe(t);
    expect(t.to('cpu', 'int8').dtype).toBe('int8');
    expect(t.to({ dtype: 'int64', device: 'cpu' }).dtype).toBe('int64');
    expect(tensor([0, 0.2, NaN]).bool().tolist()).toEqual([false, true, true]);
    expect(tensor([1.9, -1.9]).long().tolist()).toEqual([1, -1]);
  });
});

describe('JSON', () => {
  test('holds the elements, and what JSON has no number for as text', () => {
    expect(JSON.stringify({ t: tensor([[1, 2.5]]) })).toBe('{"t":[[1,2.5]]}');
    expect(JSON.stringify(tensor(4))).toBe('4');
    expect(JSON.stringify(tensor([NaN, Infinity, -Infinity]))).toBe('["NaN","Infinity","-Infinity"]');
    expect(JSON.stringify(tensor([2n ** 60n, 1n]))).toBe('["1152921504606846976",1]');
    expect(JSON.stringify(tensor([true, false]))).toBe('[true,false]');
    expect(JSON.stringify(zeros(0, 2))).toBe('[]');
    expect(JSON.stringify(tensor([0.1], { dtype: 'float64' }))).toBe('[0.1]');
    expect(JSON.stringify(new nn.Linear(1, 1, false).stateDict())).toMatch(
      /^\{"weight":\[\[-?[\d.e-]+\]\]\}$/,
    );
  });
});

describe('structuredClone', () => {
  test('refuses, and says what to do instead', () => {
    for (const t of [ones(2), tensor(1), new nn.Parameter(ones(1)), ones(2, { requiresGrad: true }).mul(2)]) {
      expect(() => structuredClone(t)).toThrow(
        /copy it with clone\(\), or its elements with toTypedArray\(\)/,
      );
      expect(() => structuredClone({ deep: [t] })).toThrow(/could not be cloned/);
    }
  });
});

describe('toEqual', () => {
  const x = (): Tensor =>
    tensor([
      [1, 2],
      [NaN, 4],
    ]);

  test('with the equality tester, by dtype, shape and elements', () => {
    expect(x()).toEqual(x());
    expect({ list: [x(), 1] }).toEqual({ list: [x(), 1] });
    expect(tensor(1)).toEqual(tensor(1));
    expect(zeros(0, 2)).toEqual(zeros(0, 2));
    expect(x().t()).toEqual(x().t().contiguous());
    expect(ones(2, { requiresGrad: true })).toEqual(ones(2));
    expect(x()).not.toEqual(x().add(1));
    expect(tensor(1)).not.toEqual(tensor(2));
    expect(ones(2)).not.toEqual(ones(3));
    expect(zeros(0, 2)).not.toEqual(zeros(0, 3));
    expect(ones(2)).not.toEqual(ones(2, { dtype: 'float64' }));
    expect(ones(2)).not.toEqual([1, 1]);
    expect(null).not.toEqual(ones(2));
    expect({ a: ones(1) }).toEqual({ a: expect.anything() as unknown });
    expect(new nn.Linear(2, 1).stateDict()).not.toEqual(new nn.Linear(2, 1).stateDict());
  });

  test('disposed tensors are equal to themselves', () => {
    const [a, b] = [ones(1), ones(1)];
    a.dispose();
    b.dispose();
    expect(testing.tensorEquality(a, a)).toBe(true);
    expect(testing.tensorEquality(a, b)).toBe(false);
    expect(testing.tensorEquality(1, 'x')).toBeUndefined();
  });
});
