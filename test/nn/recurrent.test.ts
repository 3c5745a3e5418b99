import { autograd, getNumThreads, nn, noGrad, randn, setNumThreads, zeros, type Tensor } from 'tenon';

const double = (...shape: number[]): Tensor => randn(shape, { dtype: 'float64', requiresGrad: true });
const KINDS = ['RNN', 'LSTM', 'GRU'] as const;

/** A layer of any kind; its states are one tensor or two. */
function make(kind: (typeof KINDS)[number], ...args: unknown[]): nn.GRU {
  return new nn[kind](...args) as unknown as nn.GRU;
}

describe('second derivatives', () => {
  /** Of a module's results for its inputs and parameters together. */
  const check = (net: nn.Module, inputs: Tensor[], call: (...inputs: Tensor[]) => unknown): void => {
    const leaves = (value: unknown): Tensor[] =>
      Array.isArray(value) ? value.flatMap(leaves) : [value as Tensor];
    net.double();
    const names = net.namedParameters().map(([name]) => name);
    const all = [...inputs, ...net.parameters()];
    const f = (...given: Tensor[]): Tensor[] => {
      names.forEach((name, i) => Object.assign(net, { [name]: given[inputs.length + i] }));
      return leaves(call(...given));
    };
    expect(autograd.gradcheck(f, all)).toBe(true);
    expect(autograd.gradgradcheck(f, all)).toBe(true);
  };

  test('of cells', () => {
    const rnn = new nn.RNNCell(2, 2);
    check(rnn, [double(2, 2), double(2, 2)], (x, h) => rnn.forward(x, h));
    const lstm = new nn.LSTMCell(2, 2);
    check(lstm, [double(1, 2), double(1, 2), double(1, 2)], (x, h, c) => lstm.forward(x, [h, c]));
    const gru = new nn.GRUCell(2, 2, { bias: false });
    check(gru, [double(2), double(2)], (x, h) => gru.forward(x, h));
  });

  test('of layers in both directions, with a projection', () => {
    const lstm = new nn.LSTM(1, 2, { bias: false, bidirectional: true, projSize: 1 });
    check(lstm, [double(2, 1, 1)], (x) => lstm.forward(x));
    const gru = new nn.GRU(1, 1, 2);
    check(gru, [double(2, 1, 1), double(2, 1, 1)], (x, h) => gru.forward(x, h));
  });

  test('of packed sequences', () => {
    const gru = new nn.GRU(1, 2, { bias: false, bidirectional: true });
    check(gru, [double(3, 2, 1)], (x) => {
      const packed = nn.utils.rnn.packPaddedSequence(x, [3, 1]);
      const [out, h] = gru.forward(packed);
      return [out.data, h];
    });
  });
});

describe.each(KINDS)('%s', (kind) => {
  test("starts uniform within ±1/√hidden; parameters in PyTorch's order", () => {
    const net = make(kind, 3, 16, { bidirectional: true });
    for (const p of net.parameters()) {
      expect(p.abs().max().item()).toBeLessThanOrEqual(0.25);
      expect(p.abs().max().item()).toBeGreaterThan(0.15);
    }
    expect(net.namedParameters().map(([name]) => name)).toEqual([
      'weight_ih_l0',
      'weight_hh_l0',
      'bias_ih_l0',
      'bias_hh_l0',
      'weight_ih_l0_reverse',
      'weight_hh_l0_reverse',
      'bias_ih_l0_reverse',
      'bias_hh_l0_reverse',
    ]);
    expect(net.allWeights.map((list) => list.length)).toEqual([4, 4]);
    expect(net.flattenParameters()).toBeUndefined();
  });

  test('gives the same bits on any number of threads', () => {
    const net = make(kind, 20, 40, { numLayers: 2, bidirectional: true });
    const x = randn(7, 70, 20);
    const run = (): number[][] => {
      net.zeroGrad();
      const [out, last] = net.forward(x) as [Tensor, Tensor | Tensor[]];
      const states = Array.isArray(last) ? last : [last];
      states.reduce((sum, t) => sum.add(t.sum()), out.sum()).backward();
      return [out, ...net.parameters().map((p) => p.grad!)].map((t) => t.flatten().tolist<number[]>());
    };
    const before = getNumThreads();
    try {
      setNumThreads(1);
      const one = run();
      setNumThreads(3);
      expect(run()).toEqual(one);
    } finally {
      setNumThreads(before);
    }
  });

  test.each(['float16', 'bfloat16'] as const)('in %s is close to float32', (dtype) => {
    const net = make(kind, 5, 6);
    const x = randn(4, 3, 5).to(dtype).float();
    net.to(dtype).float();
    const [want] = net.forward(x);
    want.sum().backward();
    const slope = net.weight_hh_l0!.grad!.clone();
    net.zeroGrad();
    net.to(dtype);
    const [got] = net.forward(x.to(dtype));
    expect(got.dtype).toBe(dtype);
    got.sum().backward();
    const atol = dtype === 'float16' ? 2e-3 : 2e-2;
    expect(got.float().allclose(want, { atol, rtol: 0 })).toBe(true);
    expect(net.weight_hh_l0!.grad!.float().allclose(slope, { atol: 4 * atol, rtol: 4 * atol })).toBe(true);
  });

  test('of frozen weights, of an empty batch, without gradients', () => {
    const net = make(kind, 2, 3).requiresGrad_(false);
    const x = randn(2, 1, 2, { requiresGrad: true });
    net.forward(x)[0].sum().backward();
    expect(x.grad!.shape).toEqual([2, 1, 2]);
    expect(net.forward(zeros(2, 0, 2))[0].shape).toEqual([2, 0, 3]);
    noGrad(() => expect(net.forward(x)[0].requiresGrad).toBe(false));
    expect(net.forward(x, { hx: null })[0].shape).toEqual([2, 1, 3]);
  });
});

test('dropout falls between layers, in training', () => {
  const net = new nn.GRU(2, 3, { numLayers: 2, dropout: 0.5 });
  const x = randn(5, 4, 2);
  const [a] = net.forward(x);
  expect(a.allclose(net.forward(x)[0])).toBe(false);
  net.eval();
  expect(net.forward(x)[0].equal(net.forward(x)[0])).toBe(true);
});
