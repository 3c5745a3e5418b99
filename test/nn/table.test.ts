import { inspect } from 'util';
import { Tensor, arange, autograd, type DType } from 'tenon';
import { expectTensor, makeTensor, type EncodedTensor } from '../ops/table';
import { CASES, build, call, flat, stateOf, title, type Encoded, type ModuleCase } from './table';

type Tolerance = readonly [number, number];
const DOUBLE: Tolerance = [1e-9, 1e-10];
const SINGLE: Tolerance = [1e-3, 1e-4];

function expectLike(actual: unknown, want: EncodedTensor, dtype: DType, tolerance: Tolerance): void {
  if (!(actual instanceof Tensor)) throw new Error(`expected a Tensor, got ${inspect(actual)}`);
  if (want.dtype === 'float64') expectTensor(actual, want, tolerance, dtype);
  else expectTensor(actual, want, [0, 0]);
}

function expectResult(actual: unknown, want: Encoded, dtype: DType, tolerance: Tolerance): void {
  if (want === null) expect(actual).toBeNull();
  else if (!Array.isArray(want)) expectLike(actual, want, dtype, tolerance);
  else {
    const list = Array.from(actual as readonly unknown[]);
    expect(list.length).toBe(want.length);
    want.forEach((w, i) => expectResult(list[i], w, dtype, tolerance));
  }
}

/** Runs all calls of a case in a dtype, and compares all that it left. */
function check(c: ModuleCase, dtype: 'float32' | 'float64', tolerance: Tolerance): void {
  const net = build(c).to(dtype);
  net.loadStateDict(stateOf(c));
  const inputs = c.inputs.map((t, i) => {
    const x = makeTensor(t);
    return c.fixed.includes(i) ? x : x.to(dtype).requiresGrad_(c.grads !== undefined);
  });
  const results: Tensor[] = [];
  c.modes.forEach((mode, i) => {
    net.train(mode === 'train');
    const out = call(c, net, inputs);
    expectResult(out, c.results[i]!, dtype, tolerance);
    results.push(...flat(out).filter((t) => t.requiresGrad));
  });
  if (c.grads !== undefined) {
    const weights = results.map((t) =>
      arange(t.numel(), { dtype }).remainder(7).sub(2.5).div(2).reshape(t.shape),
    );
    autograd.backward(results, weights);
    c.grads.forEach((g, i) => expectResult(inputs[i]!.grad, g, dtype, tolerance));
    const parameters = net.namedParameters();
    expect(parameters.map(([key]) => key)).toEqual(c.parameterGrads!.map(([key]) => key));
    c.parameterGrads!.forEach(([, g], i) => expectResult(parameters[i]![1].grad, g, dtype, tolerance));
  }
  const buffers = net.namedBuffers();
  expect(buffers.map(([key]) => key)).toEqual(c.buffers.map(([key]) => key));
  c.buffers.forEach(([, t], i) => expectLike(buffers[i]![1], t, dtype, tolerance));
}

describe.each(CASES.map((c, i) => [title(c, i), c] as const))('%s', (_, c) => {
  test('prints, and names its state, as in PyTorch', () => {
    const net = build(c);
    expect(inspect(net)).toBe(c.text);
    expect(Object.keys(net.stateDict())).toEqual(c.state.map(([key]) => key));
  });
  test('float64', () => check(c, 'float64', DOUBLE));
  test('float32', () => check(c, 'float32', SINGLE));
});
