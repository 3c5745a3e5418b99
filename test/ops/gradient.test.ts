import { type Tensor, autograd } from 'tenon';
import { CASES, expectTensor, laidOut, layoutsOf, makeTensor, run, title, type Case } from './table';

const DIFFERENTIABLE = CASES.map((c, i) => [title(c, i), c] as const).filter(
  ([, c]) => c.grads !== undefined,
);

const elements = (c: Case): number => c.inputs.reduce((n, t) => n + t.shape.reduce((a, b) => a * b, 1), 0);

const FULL = Boolean(process.env.TENON_TEST_FULL);
const SMALL = new Set(
  DIFFERENTIABLE.filter(([, c]) => elements(c) <= 24 && c.numeric !== false).map(([, c]) => c.op),
);

/** Difference quotients are taken of cases with this many elements at most: their time grows by the square. */
const most = (c: Case): number => (FULL || !SMALL.has(c.op) ? 64 : 24);

function leaves(c: Case): Tensor[] {
  return c.inputs.map((t, i) => {
    const x = makeTensor(t);
    return c.fixed.includes(i) && t.dtype !== 'float64' ? x : x.requiresGrad_();
  });
}

/** The outputs that gradients flow from, with the weights that the fixtures were made with. */
function outputs(c: Case, inputs: readonly Tensor[]): [Tensor[], Tensor[]] {
  const outs = run(c, inputs).filter((t) => t.requiresGrad);
  const weights = outs.map((out) => {
    const values = Float64Array.from({ length: out.numel() }, (_, k) => ((k % 7) - 2.5) / 2);
    return makeTensor({
      shape: [...out.shape],
      dtype: 'float64',
      data: Buffer.from(values.buffer).toString('base64'),
    });
  });
  return [outs, weights];
}

describe.each(DIFFERENTIABLE)('%s', (_, c) => {
  test.each(layoutsOf(c))('gradients, %s', (layout) => {
    const inputs = leaves(c);
    const [outs, weights] = outputs(
      c,
      inputs.map((t) => laidOut(t, layout)),
    );
    const wanted = inputs.filter((t) => t.requiresGrad);
    const grads = autograd.grad(outs, wanted, { gradOutputs: weights, allowUnused: true });
    grads.forEach((g, i) => {
      const want = c.grads![i]!;
      if (want === null) return expect(g).toBeNull();
      expectTensor(g!, want, [1e-10, 1e-10]);
    });
  });

  if (elements(c) > most(c) || c.numeric === false) return;
  test('gradcheck', () => {
    expect(autograd.gradcheck((...inputs) => run(c, inputs), leaves(c))).toBe(true);
  });
  if (c.second)
    test('gradgradcheck', () => {
      expect(autograd.gradgradcheck((...inputs) => run(c, inputs), leaves(c))).toBe(true);
    });
});
