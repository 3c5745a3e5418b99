import { readFileSync } from 'fs';
import { join } from 'path';
import {
  ArgumentError,
  DTypeError,
  amp,
  cat,
  cdist,
  einsum,
  linalg,
  nn,
  noGrad,
  ones,
  optim,
  profiler,
  randn,
  tensor,
  zeros,
  type DType,
  type NestedList,
  type Tensor,
} from 'tenon';
import { expectError } from './errors/table';
import { decode, expectClose, makeTensor, numbersOf, type EncodedTensor } from './ops/table';

const { autocast, autocastAsync, isAutocastEnabled } = amp;
const { functional: F } = nn;

type Operation = (...inputs: Tensor[]) => Tensor | readonly Tensor[];

/** What is decomposed is so up to signs. */
const signless = (tensors: readonly Tensor[]): Tensor[] => tensors.map((t) => t.abs());
const places = (values: NestedList): Tensor => tensor(values, { dtype: 'int64' });

const PADDED = (['constant', 'reflect', 'replicate', 'circular'] as const).flatMap((mode) =>
  [1, 2, 3].map((dims): [string, Operation] => [
    `pad ${mode} ${dims}`,
    (x) => F.pad(x, Array<number>(2 * dims).fill(1), mode),
  ]),
);

const OPS: Record<string, Operation> = {
  linear: (x, w) => F.linear(x, w),
  matmul: (x, w) => x.matmul(w),
  mm: (x, w) => x.mm(w),
  bmm: (x, w) => x.bmm(w),
  addmm: (b, x, w) => b.addmm(x, w),
  baddbmm: (b, x, w) => b.baddbmm(x, w),
  conv2d: (x, w) => F.conv2d(x, w),
  convTranspose2d: (x, w) => F.convTranspose2d(x, w),
  scaledDotProductAttention: (q, k, v) => F.scaledDotProductAttention(q, k, v),
  mseLoss: (x, y) => F.mseLoss(x.to('bfloat16'), y),
  add: (x, y) => x.to('bfloat16').add(y),
  cat: (x, y) => cat([x.to('bfloat16'), y]),
  softmax: (x) => x.to('bfloat16').softmax(1),
  layerNorm: (x) => F.layerNorm(x, [4]),
  float64: (x, w) => x.to('float64').matmul(w.to('float64')),
  mv: (x, y) => x.mv(y),
  addmv: (b, x, y) => b.addmv(x, y),
  prelu: (x, w) => F.prelu(x, w),
  cdist: (x, y) => cdist(x.to('bfloat16'), y.to('bfloat16')),
  avgPool3d: (x) => F.avgPool3d(x.to('bfloat16'), 2),
  gridSample: (x, grid) => F.gridSample(x.to('bfloat16'), grid, { alignCorners: true }),
  logSoftmax: (x) => x.to('bfloat16').logSoftmax(1),
  layerNormOfHalf: (x) => F.layerNorm(x.to('bfloat16'), [4]),
  groupNorm: (x) => F.groupNorm(x.to('bfloat16'), 2),
  cosineSimilarity: (x, y) => F.cosineSimilarity(x.to('bfloat16'), y.to('bfloat16')),
  'linalg.solve': (a, b) => linalg.solve(a, b),
  'linalg.inv': (x) => linalg.inv(x),
  'linalg.invEx': (x) => linalg.invEx(x),
  'linalg.cholesky': (x) => linalg.cholesky(x),
  'linalg.choleskyEx': (x) => linalg.choleskyEx(x),
  'linalg.eigh': (x) => signless(linalg.eigh(x)),
  'linalg.eigvalsh': (x) => linalg.eigvalsh(x),
  'linalg.svd': (x) => signless(linalg.svd(x)),
  'linalg.svdvals': (x) => linalg.svdvals(x),
  'linalg.qr': (x) => signless(linalg.qr(x)),
  'linalg.lstsq': (a, b) => linalg.lstsq(a, b).solution,
  'linalg.cond': (x) => linalg.cond(x),
  'linalg.cond nuc': (x) => linalg.cond(x, 'nuc'),
  'linalg.matrixRank': (x) => linalg.matrixRank(x),
  'linalg.householderProduct': (x, tau) => linalg.householderProduct(x, tau),
  'linalg.tensorinv': (x) => linalg.tensorinv(x),
  'linalg.tensorsolve': (a, b) => linalg.tensorsolve(a, b),
  'linalg.matrixPower': (x) => linalg.matrixPower(x, -1),
  cholesky: (x) => x.cholesky(),
  choleskyInverse: (x) => x.choleskyInverse(),
  choleskySolve: (b, x) => b.choleskySolve(x),
  inverse: (x) => x.inverse(),
  pinverse: (x) => x.pinverse(),
  svd: (x) => signless(x.svd()),
  qr: (x) => signless(x.qr()),
  quantile: (x) => x.quantile(0.3, 1),
  'quantile of a tensor': (x, q) => x.quantile(q, 1),
  nanquantile: (x) => x.nanquantile(0.3, 1),
  prod: (x) => x.prod(),
  'prod over a dimension': (x) => x.prod(1),
  'prod with a dtype': (x) => x.prod(1, { dtype: 'bfloat16' }),
  sum: (x) => x.sum(),
  trace: (x) => x.trace(),
  maxPool2d: (x) => F.maxPool2d(x, 2),
  maxPool3d: (x) => F.maxPool3d(x, 2),
  'maxPool3d with indices': (x) => F.maxPool3d(x, 2, { returnIndices: true }),
  lpPool2d: (x) => F.lpPool2d(x, 2, 2),
  lpPool3d: (x) => F.lpPool3d(x, 2, 2),
  adaptiveAvgPool2d: (x) => F.adaptiveAvgPool2d(x, 2),
  adaptiveAvgPool3d: (x) => F.adaptiveAvgPool3d(x, 2),
  'adaptiveAvgPool3d to one': (x) => F.adaptiveAvgPool3d(x, 1),
  adaptiveMaxPool2d: (x) => F.adaptiveMaxPool2d(x, 2),
  adaptiveMaxPool3d: (x) => F.adaptiveMaxPool3d(x, 2),
  'adaptiveMaxPool3d with indices': (x) => F.adaptiveMaxPool3d(x, 2, { returnIndices: true }),
  fractionalMaxPool2d: (x, _randomSamples) => F.fractionalMaxPool2d(x, 2, { outputSize: 2, _randomSamples }),
  maxUnpool1d: (x) => F.maxUnpool1d(x, places([[1, 2]]), 2),
  maxUnpool2d: (x) => F.maxUnpool2d(x, places([[[1, 6]]]), 2),
  maxUnpool3d: (x) => F.maxUnpool3d(x, places([[[[1, 6]]]]), 2),
  ...Object.fromEntries(PADDED),
  'localResponseNorm 3': (x) => F.localResponseNorm(x, 2, 0.5),
  'localResponseNorm 4': (x) => F.localResponseNorm(x, 2, 0.5),
  'localResponseNorm 5': (x) => F.localResponseNorm(x, 2, 0.5),
  'cdist of many': (x, y) => cdist(x, y),
  'linalg.vecdot': (x, y) => linalg.vecdot(x, y),
  bilinear: (x, y, w) => F.bilinear(x, y, w),
  'bilinear with a bias': (x, y, w, b) => F.bilinear(x, y, w, b),
  gaussianNllLoss: (x, y, v) => F.gaussianNllLoss(x, y, v),
  'gaussianNllLoss of a number': (x, y) => F.gaussianNllLoss(x, y, 2),
  tripletMarginLoss: (x, y, z) => F.tripletMarginLoss(x, y, z),
  tripletMarginWithDistanceLoss: (x, y, z) => F.tripletMarginWithDistanceLoss(x, y, z),
  'tripletMarginWithDistanceLoss by another': (x, y, z) =>
    F.tripletMarginWithDistanceLoss(x, y, z, {
      distanceFunction: (a, b) => F.cosineSimilarity(a, b).neg().add(1),
    }),
  'tripletMarginWithDistanceLoss by products': (x, y, z) =>
    F.tripletMarginWithDistanceLoss(x, y, z, { distanceFunction: (a, b) => a.matmul(b) }),
  multilabelSoftMarginLoss: (x, y) => F.multilabelSoftMarginLoss(x, y),
  indexCopy: (x, y) => x.indexCopy(0, places([0, 2]), y),
  'indexCopy by name': (x, y) => x.indexCopy({ dim: 0, index: places([0, 2]), source: y }),
  einsum: (x, y) => einsum('ij,jk->ik', x, y),
  'einsum in batches': (x, y) => einsum('bij,bjk->bik', x, y),
  'einsum of vectors': (x, y) => einsum('i,i->', x, y),
  'einsum of three': (x, y, z) => einsum('ij,jk,kl->il', x, y, z),
  'einsum without sums': (x, y) => einsum('i,j->ij', x, y),
};

interface Case {
  name: string;
  inputs: EncodedTensor[];
  outs: EncodedTensor[];
  /** Null: nothing is differentiated. */
  grads: (EncodedTensor | null)[];
}
interface LayerCase {
  layer: 'RNN' | 'LSTM' | 'GRU' | 'RNNCell' | 'LSTMCell' | 'GRUCell';
  options: { num_layers?: number; proj_size?: number; bidirectional?: boolean; nonlinearity?: 'relu' };
  dtype: DType;
  states: DType | null;
  packed: boolean;
  parameters: [string, EncodedTensor][];
  inputs: EncodedTensor[];
  outs: EncodedTensor[];
  grad: EncodedTensor;
  grads: [string, EncodedTensor][];
}
const ROWS = JSON.parse(readFileSync(join(__dirname, 'fixtures/autocast.json'), 'utf8')) as (
  Case | LayerCase
)[];
const CASES = ROWS.filter((c): c is Case => 'name' in c);
const LAYERS = ROWS.filter((c): c is LayerCase => 'layer' in c);

const titleOf = (c: Case): string => `${c.name} of ${c.inputs.map((x) => x.dtype).join(', ')}`;

/** PyTorch rounds to the lower precision on the way, although the result is float32. */
const isLessExact = (name: string): boolean => /^(bilinear|multilabelSoftMarginLoss)/.test(name);

test.each(CASES.map((c) => [titleOf(c), c] as const))('%s', (_, c) => {
  const inputs = c.inputs.map((x) => makeTensor(x).requiresGrad_());
  const outs = [autocast('cpu', () => OPS[c.name]!(...inputs))].flat();
  expect(outs.map((t) => [t.dtype, t.shape])).toEqual(c.outs.map((t) => [t.dtype, t.shape]));
  outs.forEach((t, i) => {
    const isExact = t.dtype === 'float32' && !isLessExact(c.name);
    expectClose(numbersOf(t), decode(c.outs[i]!), isExact ? [1e-4, 1e-5] : [2e-2, 2e-2]);
  });
  outs
    .filter((t) => t.requiresGrad)
    .map((t) => t.float().square().sum())
    .reduce<Tensor | null>((a, b) => a?.add(b) ?? b, null)
    ?.backward();
  inputs.forEach((x, i) => {
    const want = c.grads[i]!;
    expect(x.grad?.dtype).toBe(want?.dtype);
    if (want !== null) expectClose(numbersOf(x.grad!), decode(want), [4e-2, 6e-2]);
  });
});

/** Sums of terms that were rounded: near, as measured by the largest. */
function expectNear(t: Tensor, want: EncodedTensor): void {
  const numbers = decode(want);
  const largest = numbers.reduce((most, n) => Math.max(most, Math.abs(n)), 1);
  expectClose(numbersOf(t), numbers, [0, 6e-2 * largest]);
}

test.each(
  LAYERS.map((c) => [`${c.layer} ${JSON.stringify([c.options, c.dtype, c.states, c.packed])}`, c] as const),
)('%s', (_, c) => {
  const { num_layers: numLayers, proj_size: projSize, ...others } = c.options;
  const options = { ...others, ...(numLayers && { numLayers }), ...(projSize && { projSize }) };
  const net = new nn[c.layer](3, 4, options) as nn.LSTM;
  net.loadStateDict(Object.fromEntries(c.parameters.map(([key, t]) => [key, makeTensor(t)])));
  const [x, ...given] = c.inputs.map((t) => makeTensor(t)) as [Tensor, ...Tensor[]];
  const states = given.map((t) => t.to(c.states!));
  const hx = (states.length > 1 ? states : (states[0] ?? null)) as [Tensor, Tensor] | null;
  x.requiresGrad_();
  const outs = autocast('cpu', () => {
    const cast = x.to(c.dtype);
    const { packPaddedSequence } = nn.utils.rnn;
    const result = c.packed ? net.forward(packPaddedSequence(cast, [3, 2]), hx) : net.forward(cast, hx);
    const [first, ...rest] = [result].flat(2) as unknown as [Tensor, ...Tensor[]];
    return c.packed
      ? [(result[0] as nn.utils.rnn.PackedSequence).data, ...rest.slice(-c.outs.length + 1)]
      : [first, ...rest];
  });
  expect(outs.map((t) => [t.dtype, t.shape])).toEqual(c.outs.map((t) => [t.dtype, t.shape]));
  outs.forEach((t, i) => expectClose(numbersOf(t), decode(c.outs[i]!), [2e-2, 2e-2]));
  outs
    .map((t) => t.float().square().sum())
    .reduce((a, b) => a.add(b))
    .backward();
  expectNear(x.grad!, c.grad);
  net.namedParameters().forEach(([key, p], i) => {
    expect([key, p.grad!.dtype]).toEqual([c.grads[i]![0], 'float32']);
    expectNear(p.grad!, c.grads[i]![1]);
  });
});

test('a network trains in bfloat16 with its parameters in float32', () => {
  const net = new nn.Sequential(new nn.Linear(4, 16), new nn.ReLU(), new nn.Linear(16, 1));
  const optimizer = new optim.SGD(net.parameters(), { lr: 0.05 });
  const x = randn(32, 4);
  const y = x.sum(1, { keepdim: true });
  const losses: number[] = [];
  for (let i = 0; i < 60; i++) {
    optimizer.zeroGrad();
    const loss = autocast({ deviceType: 'cpu' }, () => {
      const out = net.forward(x);
      expect(out.dtype).toBe('bfloat16');
      return F.mseLoss(out, y);
    });
    expect(loss.dtype).toBe('float32');
    loss.backward();
    optimizer.step();
    losses.push(loss.item());
  }
  expect(net.parameters().every((p) => p.dtype === 'float32' && p.grad!.dtype === 'float32')).toBe(true);
  expect(losses.at(-1)!).toBeLessThan(losses[0]! / 4);
});

test('scopes: nested, off inside, asynchronous, and ended by an error', async () => {
  const [x, w] = [ones(2, 2), ones(2, 2)];
  const dtype = (): string => x.matmul(w).dtype;
  expect([dtype(), isAutocastEnabled()]).toEqual(['float32', false]);
  autocast('cpu', () => {
    expect([dtype(), isAutocastEnabled(), isAutocastEnabled('cuda')]).toEqual(['bfloat16', true, false]);
    autocast({ enabled: false }, () => expect(dtype()).toBe('float32'));
    autocast({ dtype: 'float16' }, () => expect(dtype()).toBe('float16'));
    autocast('cuda', () => expect(dtype()).toBe('float32'));
    expect(dtype()).toBe('bfloat16');
  });
  expect(() =>
    autocast('cpu', () => {
      throw new RangeError('mine');
    }),
  ).toThrow('mine');
  const inside = autocastAsync('cpu', async () => {
    await Promise.resolve();
    return dtype();
  });
  expect(dtype()).toBe('float32');
  expect(await inside).toBe('bfloat16');
});

describe('leaves', () => {
  const x = ones(1, 2);
  const casts = (f: () => void): number =>
    profiler
      .profile(f)
      .keyAverages()
      .filter((row) => row.key === 'copy' && row.phase === 'forward')
      .reduce((sum, row) => sum + row.count, 0);

  test('are cast once in a scope, unless it keeps nothing', () => {
    const w = ones(2, 2).requiresGrad_();
    const y = x.to('bfloat16');
    const twice = (cacheEnabled: boolean): number =>
      casts(() => autocast({ cacheEnabled }, () => void [y.matmul(w), y.matmul(w)]));
    expect([twice(true), twice(false)]).toEqual([1, 2]);
  });

  test('are cast anew where they have changed', () => {
    const w = ones(2, 2).requiresGrad_();
    autocast('cpu', () => {
      x.matmul(w);
      noGrad(() => w.fill_(3));
      expect(x.matmul(w).tolist()).toEqual([[6, 6]]);
    });
  });

  test('get their gradients though they were used without recording before', () => {
    const w = ones(2, 2).requiresGrad_();
    autocast('cpu', () => {
      noGrad(() => x.matmul(w));
      x.matmul(w).sum().backward();
      x.matmul(w).sum().backward();
    });
    expect(w.grad!.tolist()).toEqual([
      [2, 2],
      [2, 2],
    ]);
  });
});

// PyTorch's dtypes.
test('attention with masks keeps its probabilities in the lower precision', () => {
  const attention = new nn.MultiheadAttention(4, 2, { batchFirst: true });
  const x = randn(1, 3, 4);
  for (const options of [{}, { attnMask: zeros(3, 3) }, { keyPaddingMask: zeros(1, 3).to('bool') }]) {
    const [out, weights] = autocast('cpu', () => attention.forward(x, x, x, options));
    expect([out.dtype, weights!.dtype]).toEqual(['bfloat16', 'bfloat16']);
  }
});

test('wrong arguments', () => {
  expectError(() => autocast('gpu' as never, () => 1), ArgumentError, /expected deviceType/);
  expectError(() => autocast({ dtype: 'float32' }, () => 1), DTypeError, /expected float16 or bfloat16/);
  expectError(() => autocast('cpu', 3 as never), ArgumentError, /expected a function/);
  expectError(() => autocast('cpu', () => Promise.resolve(1)), ArgumentError, /autocastAsync/);
});
