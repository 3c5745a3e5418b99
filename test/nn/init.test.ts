/** Initial values: bounds exactly, moments within five standard errors, from a fixed seed. */
import { Generator, manualSeed, nn, ones, zeros, type Tensor } from 'tenon';

const { init, Linear } = nn;

beforeEach(() => {
  manualSeed(20);
});

interface Moments {
  readonly mean: number;
  readonly std: number;
  readonly least: number;
  readonly most: number;
}

function momentsOf(t: Tensor): Moments {
  const x = t.detach().double();
  return {
    mean: x.mean().item(),
    std: x.std().item(),
    least: x.min().item(),
    most: x.max().item(),
  };
}

/** A mean within 5 std / sqrt(n); a std within 5 std / sqrt(n), more than its own standard error. */
function expectMoments(t: Tensor, mean: number, std: number): Moments {
  const error = (5 * std) / Math.sqrt(t.numel());
  const got = momentsOf(t);
  expect(Math.abs(got.mean - mean)).toBeLessThan(error);
  expect(Math.abs(got.std - std)).toBeLessThan(error);
  return got;
}

/** Uniform within ±bound, and near it. */
function expectUniform(t: Tensor, bound: number): void {
  const { least, most } = expectMoments(t, 0, bound / Math.sqrt(3));
  expect(least).toBeGreaterThanOrEqual(-bound);
  expect(most).toBeLessThanOrEqual(bound);
  expect(least).toBeLessThan(-0.99 * bound);
  expect(most).toBeGreaterThan(0.99 * bound);
}

const weight = (): Tensor => zeros(200, 50);

test('constants', () => {
  const t = weight();
  expect(init.ones_(t)).toBe(t);
  expect(momentsOf(t)).toEqual({ mean: 1, std: 0, least: 1, most: 1 });
  expect(momentsOf(init.constant_(t, -2.5)).mean).toBe(-2.5);
  expect(momentsOf(init.zeros_(t)).most).toBe(0);
});

test('uniform and normal', () => {
  expectUniform(init.uniform_(weight(), -3, 3), 3);
  const unit = expectMoments(init.uniform_(weight()), 0.5, Math.sqrt(1 / 12));
  expect([unit.least >= 0, unit.most < 1]).toEqual([true, true]);
  expectMoments(init.normal_(weight()), 0, 1);
  const { most } = expectMoments(init.normal_(weight(), 5, 0.1), 5, 0.1);
  expect(most).toBeLessThan(5.6);
});

test('xavier', () => {
  expectUniform(init.xavierUniform_(weight()), Math.sqrt(6 / 250));
  expectUniform(init.xavierUniform_(weight(), { gain: 2 }), 2 * Math.sqrt(6 / 250));
  expectMoments(init.xavierNormal_(weight(), 3), 0, 3 * Math.sqrt(2 / 250));
});

test('kaiming', () => {
  expectUniform(init.kaimingUniform_(weight()), Math.sqrt(6 / 50));
  expectUniform(init.kaimingUniform_(weight(), { a: 1, mode: 'fanOut' }), Math.sqrt(3 / 200));
  expectMoments(init.kaimingNormal_(weight(), { nonlinearity: 'relu' }), 0, Math.sqrt(2 / 50));
  expectMoments(
    init.kaimingNormal_(weight(), { nonlinearity: 'tanh', mode: 'fanOut' }),
    0,
    5 / 3 / Math.sqrt(200),
  );
  expect(init.kaimingUniform_(zeros(0, 3)).shape).toEqual([0, 3]);
});

test('gains and fans', () => {
  expect(init.calculateGain('linear')).toBe(1);
  expect(init.calculateGain('sigmoid')).toBe(1);
  expect(init.calculateGain('tanh')).toBe(5 / 3);
  expect(init.calculateGain('relu')).toBe(Math.SQRT2);
  expect(init.calculateGain('leaky_relu', 2)).toBeCloseTo(Math.sqrt(2 / 5), 15);
  expect(init.calculateGain('leaky_relu')).toBeCloseTo(Math.sqrt(2 / 1.0001), 15);
  expect(init.calculateGain('selu')).toBe(0.75);
  expect(init.calculateFanInAndFanOut(ones(4, 3, 2, 5))).toEqual([30, 40]);
});

test('Linear starts within ±1/√inFeatures', () => {
  const layer = new Linear(64, 400);
  expectUniform(layer.weight, 1 / 8);
  expectUniform(layer.bias!, 1 / 8);
  const before = layer.weight.clone();
  layer.resetParameters();
  expect(layer.weight.equal(before)).toBe(false);
  expect(layer.weight.isLeaf && layer.weight.requiresGrad).toBe(true);
});

test('the seed decides, and a generator of its own', () => {
  const draw = (): number[] => init.normal_(zeros(4)).tolist<number[]>();
  manualSeed(3);
  const first = draw();
  expect(draw()).not.toEqual(first);
  manualSeed(3);
  expect(draw()).toEqual(first);
  const generator = new Generator().manualSeed(3);
  expect(init.normal_(zeros(4), 0, 1, { generator }).tolist()).toEqual(first);
  const [a, b] = [1, 1].map((seed) =>
    init.kaimingNormal_(weight(), { generator: new Generator().manualSeed(seed) }),
  );
  expect(a!.equal(b!)).toBe(true);
});

test('nothing is recorded', () => {
  const p = new nn.Parameter(zeros(3, 3));
  init.xavierNormal_(p);
  expect([p.isLeaf, p.gradFn]).toEqual([true, null]);
});

test('truncated normal', () => {
  const { least, most } = expectMoments(init.truncNormal_(weight()), 0, 0.8796);
  expect([least >= -2, most <= 2]).toEqual([true, true]);
  // Far out, where nearly all normal values would be drawn again: the mean of Z above 3 is 3.2831.
  const far = momentsOf(init.truncNormal_(weight(), { mean: 0, std: 1, a: 3, b: 9 }));
  expect(Math.abs(far.mean - 3.2831)).toBeLessThan(0.02);
  expect([far.least >= 3, far.most <= 9]).toEqual([true, true]);
});

test('identities of convolutions', () => {
  const t = init.dirac_(ones(4, 3, 3), 2);
  expect(t.sum().item()).toBe(4);
  expect(
    [0, 1, 2, 3].map((i) =>
      t
        .select(0, i)
        .select(0, i % 2)
        .tolist(),
    ),
  ).toEqual([0, 1, 2, 3].map(() => [0, 1, 0]));
  expect(
    init
      .dirac_(ones(2, 2, 3, 4, 5))
      .nonzero()
      .tolist(),
  ).toEqual([
    [0, 0, 1, 2, 2],
    [1, 1, 1, 2, 2],
  ]);
});

test('orthogonal matrices', () => {
  for (const shape of [
    [5, 3],
    [3, 5],
    [4, 2, 3],
  ]) {
    const m = init.orthogonal_(zeros(...shape), 2).reshape([shape[0]!, -1]);
    const product = m.shape[0]! < m.shape[1]! ? m.matmul(m.t()) : m.t().matmul(m);
    const error = product
      .sub(init.eye_(zeros(...product.shape)).mul(4))
      .abs()
      .max()
      .item();
    expect(error).toBeLessThan(1e-5);
  }
});

test('sparse matrices', () => {
  const t = init.sparse_(zeros(10, 7), 0.25, 2);
  expect(t.eq(0).sum(0).tolist()).toEqual(new Array(7).fill(3));
});
