/** What autocast gives on CUDA, by PyTorch's lists for it: those for the CPU (test/autocast.test.ts) differ. */
import { amp, cdist, cuda, linalg, nn, ones, type Tensor } from 'tenon';

const { functional: F } = nn;
const onCuda = cuda.isAvailable() ? describe : describe.skip;

onCuda('on CUDA', () => {
  const half = (...shape: number[]): Tensor => ones(shape, { dtype: 'bfloat16', device: 'cuda' });
  const full = (...shape: number[]): Tensor => ones(shape, { device: 'cuda' });
  const cases: [string, () => Tensor, string][] = [
    ['linear', () => F.linear(full(3, 4), full(2, 4)), 'float16'],
    ['mv', () => full(3, 4).mv(full(4)), 'float16'],
    ['addmv', () => full(3).addmv(full(3, 4), full(4)), 'float16'],
    ['addr', () => full(3, 4).addr(full(3), full(4)), 'float16'],
    ['prelu', () => F.prelu(full(3, 4), full(1)), 'float16'],
    ['softmax', () => half(3, 4).softmax(1), 'float32'],
    ['softmax with a dtype', () => half(3, 4).softmax(1, { dtype: 'bfloat16' }), 'bfloat16'],
    ['logSoftmax', () => half(3, 4).logSoftmax(1), 'float32'],
    ['layerNorm', () => F.layerNorm(half(3, 4), [4]), 'float32'],
    ['rmsNorm', () => F.rmsNorm(half(3, 4), [4]), 'float32'],
    ['groupNorm', () => F.groupNorm(half(3, 4), 2), 'float32'],
    ['cosineSimilarity', () => F.cosineSimilarity(half(3, 4), half(3, 4)), 'float32'],
    ['cdist', () => cdist(half(3, 4), half(2, 4)), 'float32'],
    ['exp', () => half(3).exp(), 'float32'],
    ['log', () => half(3).log(), 'float32'],
    ['rsqrt', () => half(3).rsqrt(), 'float32'],
    ['acos', () => half(3).acos(), 'float32'],
    ['erfinv', () => half(3).erfinv(), 'float32'],
    ['sqrt', () => half(3).sqrt(), 'bfloat16'],
    ['sigmoid', () => half(3).sigmoid(), 'bfloat16'],
    ['pow', () => half(3).pow(2), 'float32'],
    ['sum', () => half(3).sum(), 'float32'],
    ['sum over a dimension', () => half(3, 4).sum(1), 'float32'],
    ['sum with a dtype', () => half(3).sum({ dtype: 'bfloat16' }), 'bfloat16'],
    ['mean', () => half(3).mean(), 'bfloat16'],
    ['prod', () => half(3).prod(), 'float32'],
    ['cumsum', () => half(3).cumsum(0), 'float32'],
    ['cumprod with a dtype', () => half(3).cumprod(0, { dtype: 'bfloat16' }), 'bfloat16'],
    ['norm', () => half(3).norm(), 'float32'],
    ['vectorNorm', () => linalg.vectorNorm(half(3)), 'float32'],
    ['dist', () => half(3).dist(half(3)), 'float32'],
    ['renorm', () => half(3, 4).renorm(2, 0, 1), 'float32'],
    ['logsumexp', () => half(3).logsumexp(0), 'float32'],
    ['softplus', () => F.softplus(half(3)), 'float32'],
    ['mseLoss', () => F.mseLoss(half(3, 4), half(3, 4)), 'float32'],
    ['avgPool3d', () => F.avgPool3d(half(1, 2, 2, 2), 2), 'bfloat16'],
    ['add', () => half(3, 4).add(full(3, 4)), 'float32'],
    ['matmul of float64', () => full(3, 4).double().matmul(full(4, 2).double()), 'float64'],
  ];
  test.each(cases)('%s', (_, f, dtype) => {
    expect(amp.autocast('cuda', f).dtype).toBe(dtype);
  });

  test.each(['RNN', 'LSTM', 'GRU', 'RNNCell', 'LSTMCell', 'GRUCell'] as const)('%s', (kind) => {
    const net = new nn[kind](3, 4, { device: 'cuda' }) as nn.LSTM;
    const outs = [amp.autocast('cuda', () => net.forward(full(2, 3)))].flat(2);
    expect(new Set(outs.map((t) => t.dtype))).toEqual(new Set(['float16']));
  });
});
