import { readFileSync } from 'fs';
import { join } from 'path';
import { type Tensor, arange, autograd, nn, tensor } from 'tenon';
import { decode, expectClose, makeTensor, numbersOf, type EncodedTensor } from '../ops/table';
import { flat, type Encoded } from './table';

const { rnn } = nn.utils;
type Options = Record<string, unknown>;

interface PackCase {
  input: EncodedTensor;
  lengths: number[];
  options: Options;
  pad: Options;
  packed: Encoded[];
  padded: Encoded[];
  grad: EncodedTensor;
}
interface ListCase {
  sequences: EncodedTensor[];
  options: { batchFirst?: boolean };
  padded: EncodedTensor;
  packed: Encoded[];
  unpacked: Encoded[];
  unpadded: Encoded[];
  grads: EncodedTensor[];
}
interface LayerCase {
  module: 'RNN' | 'LSTM' | 'GRU';
  options: Options;
  lengths: number[];
  enforceSorted: boolean;
  state: [string, EncodedTensor][];
  input: EncodedTensor;
  states: EncodedTensor[];
  out: Encoded[];
  last: Encoded;
  grads: EncodedTensor[];
  parameterGrads: [string, EncodedTensor][];
}

const CASES = JSON.parse(readFileSync(join(__dirname, '../fixtures/packed.json'), 'utf8')) as {
  packs: PackCase[];
  lists: ListCase[];
  layers: LayerCase[];
};

function expectSame(actual: unknown, want: Encoded): void {
  if (want === null) expect(actual).toBeNull();
  else if (Array.isArray(want)) {
    expect(actual).toHaveLength(want.length);
    want.forEach((w, i) => expectSame((actual as unknown[])[i], w));
  } else {
    const t = actual as Tensor;
    expect([t.shape, t.dtype]).toEqual([want.shape, want.dtype]);
    expectClose(numbersOf(t), decode(want), want.dtype === 'float64' ? [1e-9, 1e-10] : [0, 0]);
  }
}

function backward(results: unknown): void {
  const roots = flat(results).filter((t) => t.requiresGrad);
  const weights = roots.map((t) =>
    arange(t.numel(), { dtype: 'float64' }).remainder(7).sub(2.5).div(2).reshape(t.shape),
  );
  autograd.backward(roots, weights);
}

const input = (t: EncodedTensor): Tensor => makeTensor(t).requiresGrad_();
const title = (c: object, i: number): string => `${i} ${JSON.stringify(c)}`;

describe.each(CASES.packs.map((c, i) => [title([c.lengths, c.options, c.pad], i), c] as const))(
  '%s',
  (_, c) => {
    test.each(['a list', 'a tensor'])('packed and padded again, with lengths as %s', (kind) => {
      const x = input(c.input);
      const lengths = kind === 'a list' ? c.lengths : tensor(c.lengths, { dtype: 'int64' });
      const packed = rnn.packPaddedSequence(x, lengths, c.options);
      expectSame(packed, c.packed);
      const padded = rnn.padPackedSequence(packed, c.pad);
      expectSame(padded, c.padded);
      backward([packed.data, padded]);
      expectSame(x.grad, c.grad);
    });
  },
);

test.each(CASES.lists.map((c, i) => [title(c.options, i), c] as const))('a list of sequences %s', (_, c) => {
  const sequences = c.sequences.map(input);
  const padded = rnn.padSequence(sequences, c.options);
  expectSame(padded, c.padded);
  const packed = rnn.packSequence(sequences, { enforceSorted: false });
  expectSame(packed, c.packed);
  const unpacked = rnn.unpackSequence(packed);
  expectSame(unpacked, c.unpacked);
  const lengths = c.sequences.map((t) => t.shape[0]!);
  expectSame(rnn.unpadSequence(padded, lengths, c.options.batchFirst ?? false), c.unpadded);
  backward([padded, packed.data, unpacked]);
  expectSame(
    sequences.map((t) => t.grad),
    c.grads,
  );
});

test.each(CASES.layers.map((c, i) => [title([c.options, c.lengths, c.states.length], i), c] as const))(
  'a layer on packed sequences %s',
  (_, c) => {
    const net = new nn[c.module](3, 4, c.options).double();
    net.loadStateDict(Object.fromEntries(c.state.map(([key, t]) => [key, makeTensor(t)])));
    const x = input(c.input);
    const states = c.states.map(input);
    const packed = rnn.packPaddedSequence(x, c.lengths, { enforceSorted: c.enforceSorted });
    const hx = states.length === 0 ? null : c.module === 'LSTM' ? states : states[0];
    const [out, last] = (net as nn.GRU).forward(packed, hx as Tensor | null);
    expect(out).toBeInstanceOf(rnn.PackedSequence);
    expectSame(out, c.out);
    expectSame(last, c.last);
    backward([out.data, last]);
    expectSame(
      [x, ...states].map((t) => t.grad),
      c.grads,
    );
    const grads = net.namedParameters().map(([key, p]) => [key, p.grad] as const);
    expect(grads.map(([key]) => key)).toEqual(c.parameterGrads.map(([key]) => key));
    grads.forEach(([, g], i) => expectSame(g, c.parameterGrads[i]![1]));
  },
);

test('a packed sequence is an array with names; it converts as tensors do', () => {
  const packed = rnn.packSequence([tensor([1.5, 2]), tensor([3])]);
  const [data, batchSizes, sortedIndices, unsortedIndices] = packed;
  expect([data === packed.data, batchSizes === packed.batchSizes]).toEqual([true, true]);
  expect([sortedIndices, unsortedIndices, packed.isCuda]).toEqual([null, null, data!.isCuda]);
  expect(packed.double().data.dtype).toBe('float64');
  expect(packed.double().batchSizes.dtype).toBe('int64');
  expect(packed.to('float32')).toBe(packed);
  expect(packed.long().data.tolist()).toEqual([1, 3, 2]);
  expect(rnn.invertPermutation(tensor([2, 0, 1], { dtype: 'int64' })).tolist()).toEqual([1, 2, 0]);
  expect(packed.map((t) => t?.dtype ?? null)).toEqual(['float32', 'int64', null, null]);
});
