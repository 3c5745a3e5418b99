import {
  Generator,
  defaultGenerator,
  empty,
  getNumThreads,
  manualSeed,
  normal,
  ones,
  rand,
  randLike,
  randint,
  randn,
  randnLike,
  randperm,
  seed,
  setNumThreads,
  zeros,
  type DType,
  type Tensor,
} from 'tenon';

const N = 200_000;

/** Moments of the first to the fourth order about the mean, in double precision. */
function momentsOf(t: Tensor): [mean: number, variance: number, skewness: number, kurtosis: number] {
  const x = t.double();
  const centered = x.sub(x.mean());
  const variance = centered.pow(2).mean().item();
  const standardised = centered.div(Math.sqrt(variance));
  return [x.mean().item(), variance, standardised.pow(3).mean().item(), standardised.pow(4).mean().item()];
}

/** Within five standard errors, which the caller knows. */
function expectNear(got: number, expected: number, standardError: number): void {
  expect(Math.abs(got - expected)).toBeLessThan(5 * standardError);
}

/** The same draws, one after the other, from one seed. */
const DRAWS: Record<string, () => Tensor> = {
  rand: () => rand(N),
  'rand float64': () => rand(N, { dtype: 'float64' }),
  randn: () => randn(N),
  'randn float64': () => randn([100, N / 100], { dtype: 'float64' }),
  'randn bfloat16': () => randn(N, { dtype: 'bfloat16' }),
  normal: () => normal(3, 0.5, [N]),
  randint: () => randint(-5, 100, [N]),
  'randint int8': () => randint(-100, 100, [N], { dtype: 'int8' }),
  randperm: () => randperm(N),
  uniform_: () => empty(N).uniform_(-2, 2),
  'normal_ strided': () =>
    empty(N / 100, 100)
      .t()
      .normal_(),
  random_: () => empty(N).random_(1000),
};

describe('seeds', () => {
  test.each(Object.entries(DRAWS))('%s: the same seed, the same numbers', (_, draw) => {
    manualSeed(5);
    const first = draw();
    const second = draw();
    manualSeed(5);
    expect(draw().equal(first)).toBe(true);
    expect(draw().equal(second)).toBe(true);
    expect(first.equal(second)).toBe(false);
    manualSeed(6);
    expect(draw().equal(first)).toBe(false);
  });

  test('may have 64 bits', () => {
    const of = (n: number | bigint): number => {
      manualSeed(n);
      return rand(1, { dtype: 'float64' }).item();
    };
    const values = [0, 1, -1, 2n ** 32n, 2n ** 63n, 2 ** 40].map(of);
    expect(new Set(values).size).toBe(values.length);
    expect(of(-1)).toBe(of(2n ** 64n - 1n));
    expect(of(2n ** 64n + 7n)).toBe(of(7));
    expect(manualSeed(9)).toBe(defaultGenerator);
    expect(defaultGenerator.initialSeed()).toBe(9n);
    const drawn = seed();
    expect(defaultGenerator.initialSeed()).toBe(drawn);
    expect(seed()).not.toBe(drawn);
  });
});

/** Philox 4x32-10 by its definition (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011). */
function philox(counter: bigint, seed: bigint): bigint[] {
  const low = (x: bigint): bigint => x & 0xffffffffn;
  const c = [low(counter), counter >> 32n, 0n, 0n] as [bigint, bigint, bigint, bigint];
  let [k0, k1] = [low(seed), seed >> 32n];
  for (let round = 0; round < 10; round++) {
    const [p, q] = [0xd2511f53n * c[0], 0xcd9e8d57n * c[2]];
    [c[0], c[1], c[2], c[3]] = [(q >> 32n) ^ c[1] ^ k0, low(q), (p >> 32n) ^ c[3] ^ k1, low(p)];
    [k0, k1] = [low(k0 + 0x9e3779b9n), low(k1 + 0xbb67ae85n)];
  }
  return c;
}

describe('the numbers of a seed are those of Philox, on every instruction set', () => {
  const SEED = 0x123456789abcdefn;
  /** Two words of each of the first 16 counters. */
  const pairs = (first: 0 | 2): bigint[] =>
    Array.from({ length: 16 }, (_, i) => {
      const words = philox(BigInt(i), SEED);
      return words[first]! | (words[first + 1]! << 32n);
    });
  const unit = (bits: bigint): number => Number(bits >> 11n) * 2 ** -53;
  beforeEach(() => {
    manualSeed(SEED);
  });

  test('the generator itself gives the published answer', () => {
    expect(philox(0n, 0n).map((word) => word.toString(16))).toEqual([
      '6627e8d5',
      'e169c58d',
      'bc57ac4c',
      '9b00dbd8',
    ]);
  });

  test('rand', () => {
    const words = Array.from({ length: 16 }, (_, i) => philox(BigInt(i), SEED)[0]!);
    expect(rand(16).tolist()).toEqual(words.map((word) => Number(word >> 8n) * 2 ** -24));
    manualSeed(SEED);
    expect(rand(16, { dtype: 'float64' }).tolist()).toEqual(pairs(0).map(unit));
  });

  test('randn', () => {
    const [radius, angle] = [pairs(0), pairs(2)];
    const expected = radius.map((r, i) => {
      const length = Math.sqrt(-2 * Math.log(unit(r) + 2 ** -54));
      return length * Math.cos((2 * Math.PI * Number(angle[i]!)) / 2 ** 64);
    });
    const got = randn(16, { dtype: 'float64' }).tolist<number[]>();
    expected.forEach((v, i) => expect(Math.abs(got[i]! - v)).toBeLessThan(1e-14));
    // To the last bit, in both widths.
    expect(got.slice(0, 3)).toEqual([-0.7134796508792696, -0.4867052061911889, 0.9241647063542324]);
    manualSeed(SEED);
    expect(randn(3).tolist()).toEqual([0.110069140791893, -0.381040096282959, -0.2546996474266052]);
  });

  test('randint and randperm', () => {
    const below = (bits: bigint, range: number): number => Number((bits * BigInt(range)) >> 64n);
    expect(randint(-3, 1000, [16]).tolist()).toEqual(pairs(0).map((bits) => below(bits, 1003) - 3));
    manualSeed(SEED);
    const shuffled = Array.from({ length: 16 }, (_, i) => i);
    pairs(0).forEach((bits, i) => {
      const j = i + below(bits, 16 - i);
      [shuffled[i], shuffled[j]] = [shuffled[j]!, shuffled[i]!];
    });
    expect(randperm(16).tolist()).toEqual(shuffled);
  });
});

describe('generators', () => {
  test('have sequences of their own', () => {
    const [a, b] = [new Generator().manualSeed(1), new Generator().manualSeed(1)];
    manualSeed(1);
    const expected = rand(3);
    expect(rand(3, { generator: a }).equal(expected)).toBe(true);
    rand(100);
    expect(rand(3, { generator: b }).equal(expected)).toBe(true);
    expect(randn(2, { generator: a }).equal(randn(2, { generator: b }))).toBe(true);
    expect(
      zeros(3)
        .uniform_({ generator: a })
        .equal(zeros(3).uniform_(0, 1, { generator: b })),
    ).toBe(true);
  });

  test('states can be kept and put back', () => {
    const g = new Generator().manualSeed(8);
    randn(17, { generator: g });
    const state = g.getState();
    const next = randperm(20, { generator: g });
    expect(g.getState()).not.toEqual(state);
    expect(randperm(20, { generator: g.setState(state) }).equal(next)).toBe(true);
    expect(new Generator().setState(state).getState()).toEqual(state);
  });

  test('move on by as many places as elements are drawn', () => {
    const g = new Generator().manualSeed(3);
    rand(10, { generator: g });
    expect(g.getState()).toEqual({ seed: 3n, offset: 10 });
    randn([2, 3], { generator: g });
    randperm(5, { generator: g });
    expect(g.getState().offset).toBe(21);
    rand(0, { generator: g });
    expect(g.getState().offset).toBe(21);
  });
});

describe('distributions', () => {
  beforeEach(() => {
    manualSeed(123);
  });

  test.each(['float32', 'float64', 'float16'] as const)('uniform, %s', (dtype) => {
    const x = rand(N, { dtype });
    const [mean, variance, skewness, kurtosis] = momentsOf(x);
    expectNear(mean, 0.5, Math.sqrt(1 / 12 / N));
    expectNear(variance, 1 / 12, Math.sqrt(1 / 180 / N));
    expectNear(skewness, 0, Math.sqrt(6 / N));
    expectNear(kurtosis, 1.8, Math.sqrt(24 / N));
    expect([x.min().item() >= 0, x.max().item() < 1]).toEqual([true, true]);
    // No interval of a tenth gets more than its share.
    for (let i = 0; i < 10; i++) {
      const share =
        x
          .ge(i / 10)
          .logicalAnd(x.lt((i + 1) / 10))
          .sum()
          .item() / N;
      expectNear(share, 0.1, Math.sqrt(0.09 / N) + (dtype === 'float16' ? 1e-3 : 0));
    }
  });

  test.each(['float32', 'float64'] as const)('normal, %s', (dtype) => {
    const x = randn(N, { dtype });
    const [mean, variance, skewness, kurtosis] = momentsOf(x);
    expectNear(mean, 0, 1 / Math.sqrt(N));
    expectNear(variance, 1, Math.sqrt(2 / N));
    expectNear(skewness, 0, Math.sqrt(6 / N));
    expectNear(kurtosis, 3, Math.sqrt(24 / N));
    for (const [z, p] of [
      [1, 0.1586552539],
      [2, 0.0227501319],
      [3, 0.001349898],
    ] as const)
      expectNear(x.gt(z).sum().item() / N, p, Math.sqrt(p / N));
    expect(x.abs().max().item()).toBeLessThan(7);
  });

  test('normal with mean and deviation', () => {
    const [mean, variance] = momentsOf(normal(-3, 0.25, [N]));
    expectNear(mean, -3, 0.25 / Math.sqrt(N));
    expectNear(variance, 1 / 16, Math.sqrt(2 / N) / 16);
    expect(normal(2, 0, [3]).tolist()).toEqual([2, 2, 2]);
  });

  test('whole numbers', () => {
    const x = randint(-2, 5, [N]);
    for (let v = -2; v < 5; v++) expectNear(x.eq(v).sum().item() / N, 1 / 7, Math.sqrt(6 / 49 / N));
    expect([x.min().item(), x.max().item(), x.dtype]).toEqual([-2, 4, 'int64']);
    const wide = randint(-(2 ** 52), 2 ** 52, [1000]);
    expectNear(wide.double().mean().item() / 2 ** 52, 0, Math.sqrt(1 / 3 / 1000));
    expect(randint(7, 8, [3]).tolist()).toEqual([7, 7, 7]);
    expect(randint(2, [100], { dtype: 'bool' }).any().item()).toBe(1);
  });

  test('permutations', () => {
    const x = randperm(5000);
    const sorted = x.tolist<number[]>().sort((a, b) => a - b);
    expect(sorted.every((v, i) => v === i)).toBe(true);
    expect([randperm(0).shape, randperm(1).tolist()]).toEqual([[0], [0]]);
    // Each of three comes first equally often.
    const firsts = [0, 0, 0];
    for (let i = 0; i < 3000; i++) firsts[randperm(3).at(0).item()]!++;
    for (const n of firsts) expectNear(n / 3000, 1 / 3, Math.sqrt(2 / 9 / 3000));
  });

  test('neighbours are not correlated', () => {
    const x = randn(N, { dtype: 'float64' });
    for (const lag of [1, 2, 3, 4, 8, 16])
      expectNear(
        x
          .narrow(0, 0, N - lag)
          .mul(x.narrow(0, lag, N - lag))
          .mean()
          .item(),
        0,
        1 / Math.sqrt(N),
      );
  });

  test('like another tensor', () => {
    const like = ones(2, 3, { dtype: 'float64' as DType });
    expect([randLike(like).shape, randLike(like).dtype]).toEqual([[2, 3], 'float64']);
    expect(randnLike(like, { dtype: 'float32' }).dtype).toBe('float32');
    expect(rand(2, { requiresGrad: true }).requiresGrad).toBe(true);
  });
});

describe('threads', () => {
  const before = getNumThreads();
  afterEach(() => setNumThreads(before));

  test.each(Object.entries(DRAWS))('%s does not depend on their number', (_, draw) => {
    const results = [1, 2, 3, 7].map((threads) => {
      setNumThreads(threads);
      manualSeed(11);
      return draw();
    });
    for (const result of results) expect(result.equal(results[0]!)).toBe(true);
  });
});
