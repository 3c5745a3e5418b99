/** Attention under a mask and the causal one: as under one mask that says both. */
import { autograd, manualSeed, nn, ones, randn, where, type Tensor } from 'tenon';

const { functional: F } = nn;
const causal = ones(3, 3, { dtype: 'bool' }).tril();
const draw = (requiresGrad = false): Tensor => randn(3, 4, { dtype: 'float64', requiresGrad });

type Attention = (q: Tensor, k: Tensor, v: Tensor, mask: Tensor) => Tensor;
const both: Attention = (q, k, v, attnMask) =>
  F.scaledDotProductAttention(q, k, v, { attnMask, isCausal: true });
const one: Attention = (q, k, v, mask) =>
  F.scaledDotProductAttention(q, k, v, {
    attnMask: mask.dtype === 'bool' ? mask.logicalAnd(causal) : where(causal, mask, -Infinity),
  });

const boolean = ones(3, 3, { dtype: 'bool' });
boolean.at(2).at(1).fill_(false);
test.each([
  ['booleans', boolean],
  ['numbers', randn(3, 3, { dtype: 'float64' })],
  ['numbers that require gradients', randn(3, 3, { dtype: 'float64', requiresGrad: true })],
])('a mask of %s', (_, mask) => {
  const inputs: Tensor[] = [draw(true), draw(true), draw(true)];
  const weights = draw();
  const wanted = mask.requiresGrad ? [...inputs, mask] : inputs;
  const results = [both, one].map((f) => {
    const out = f(inputs[0]!, inputs[1]!, inputs[2]!, mask);
    return [out, ...autograd.grad(out.mul(weights).sum(), wanted)];
  });
  results[0]!.forEach((t, i) => {
    expect(t.sub(results[1]![i]!).abs().max().item()).toBeLessThan(1e-12);
  });
  expect(autograd.gradgradcheck((q, k, v) => both(q, k, v, mask), inputs)).toBe(true);
});

describe('multiHeadAttentionForward', () => {
  const [queries, keys] = [randn(3, 2, 4), randn(5, 2, 4)];
  const layer = new nn.MultiheadAttention(4, 2, { dropout: 0.5, addBiasKv: true, addZeroAttn: true });
  const weights = {
    embedDimToCheck: 4,
    numHeads: 2,
    inProjWeight: layer.in_proj_weight,
    inProjBias: layer.in_proj_bias,
    biasK: layer.bias_k,
    biasV: layer.bias_v,
    addZeroAttn: true,
    dropoutP: 0.5,
    outProjWeight: layer.out_proj.weight,
    outProjBias: layer.out_proj.bias,
  };
  const options = { attnMask: randn(3, 5) };

  test.each([true, false])('is what the layer does, training %s', (training) => {
    layer.train(training);
    const [one, other] = [
      () => layer.forward(queries, keys, keys, options),
      () => F.multiHeadAttentionForward(queries, keys, keys, { ...weights, ...options, training }),
    ].map((f) => (manualSeed(3), f())) as [Outcome, Outcome];
    expect(other.map((t) => t!.tolist())).toEqual(one.map((t) => t!.tolist()));
  });

  test('without probabilities', () => {
    const given = { ...weights, ...options, training: false };
    const [out] = F.multiHeadAttentionForward(queries, keys, keys, given);
    const [same, none] = F.multiHeadAttentionForward(queries, keys, keys, { ...given, needWeights: false });
    expect(none).toBeNull();
    expect(same.sub(out).abs().max().item()).toBeLessThan(1e-6);
  });
});

type Outcome = [output: Tensor, weights: Tensor | null];
