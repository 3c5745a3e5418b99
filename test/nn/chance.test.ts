/** Layers that draw random numbers: shares, means and gradients. */
import { manualSeed, nn, ones, randn, zeros, type Tensor } from 'tenon';

const { functional: F } = nn;

beforeEach(() => void manualSeed(1));

/** The share of elements that are not zero. */
const share = (t: Tensor): number => t.ne(0).to('float32').mean().item();

test.each([0.1, 0.5, 0.9])('dropout with p = %d', (p) => {
  const x = ones(200, 200).requiresGrad_();
  const y = F.dropout(x, p);
  expect(Math.abs(share(y) - (1 - p))).toBeLessThan(0.01);
  expect(y.max().item()).toBeCloseTo(1 / (1 - p), 5);
  y.sum().backward();
  expect(x.grad!.equal(y.detach())).toBe(true);
  const z = ones(200, 200);
  expect(F.dropout(z, p, true, true)).toBe(z);
  expect(Math.abs(share(z) - (1 - p))).toBeLessThan(0.01);
});

test('dropout draws anew, and the same again for the same seed', () => {
  const layer = new nn.Dropout();
  const [first, second] = [layer.forward(ones(64)), layer.forward(ones(64))];
  expect(first.equal(second)).toBe(false);
  manualSeed(1);
  expect(layer.forward(ones(64)).equal(first)).toBe(true);
  const x = ones(3);
  expect(layer.eval().forward(x)).toBe(x);
});

test.each(['dropout1d', 'dropout2d', 'dropout3d', 'featureAlphaDropout'] as const)(
  '%s drops whole channels',
  (name) => {
    const shape = { dropout1d: [40, 50, 3], dropout2d: [40, 50, 2, 2] }[name as string] ?? [40, 50, 1, 2, 2];
    const y = F[name](ones(shape), 0.25, true).reshape(40, 50, -1);
    expect(y.amax(2).equal(y.amin(2))).toBe(true);
    const dropped = y.select(2, 0).eq(y.min().item()).to('float32').mean().item();
    expect(Math.abs(dropped - 0.25)).toBeLessThan(0.04);
  },
);

test('alphaDropout keeps mean and variance', () => {
  const y = F.alphaDropout(randn(300, 300), 0.3, true);
  expect(Math.abs(y.mean().item())).toBeLessThan(0.02);
  expect(Math.abs(y.var().item() - 1)).toBeLessThan(0.02);
});

test('rrelu draws slopes in training, which are the gradients', () => {
  const x = ones(100, 100).neg().requiresGrad_();
  const y = F.rrelu(x, 0.25, 0.75, true);
  const slopes = y.detach().neg();
  expect([slopes.min().item() >= 0.25, slopes.max().item() < 0.75]).toEqual([true, true]);
  expect(slopes.mean().item()).toBeCloseTo(0.5, 1);
  y.sum().backward();
  expect(x.grad!.equal(slopes)).toBe(true);
});

test('gumbelSoftmax samples the distribution', () => {
  const logits = zeros(4000, 2).add(ones(2).mul(0)).requiresGrad_();
  const soft = F.gumbelSoftmax(logits);
  expect(soft.sum(1).sub(1).abs().max().item()).toBeLessThan(1e-5);
  const hard = F.gumbelSoftmax(logits, 0.5, true);
  expect(hard.detach().sum().item()).toBeCloseTo(4000, 1);
  expect(Math.abs(hard.detach().mean(0).select(0, 0).item() - 0.5)).toBeLessThan(0.03);
  hard.select(1, 0).sum().backward();
  expect(logits.grad!.abs().sum().item()).toBeGreaterThan(0);
});
