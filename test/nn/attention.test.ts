/** Attention under a mask and the causal one: as under one mask that says both. */
import { autograd, nn, ones, randn, where, type Tensor } from 'tenon';

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
