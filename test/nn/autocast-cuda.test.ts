/** What autocast gives on CUDA, by PyTorch's lists for it: those for the CPU (test/autocast.test.ts) differ. */
import { amp, cdist, cuda, nn, ones, type Tensor } from 'tenon';

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
