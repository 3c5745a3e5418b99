import {
  Generator,
  bernoulli,
  defaultGenerator,
  empty,
  full,
  getNumThreads,
  getRngState,
  initialSeed,
  manualSeed,
  multinomial,
  noGrad,
  ones,
  rand,
  setNumThreads,
  setRngState,
  tensor,
  zeros,
  type DType,
  type Tensor,
} from 'tenon';

const N = 200_000;
const FLOATING = ['float32', 'float64', 'float16', 'bfloat16'] as const;

/** Within five standard errors. */
function expectNear(got: number, expected: number, standardError: number): void {
  expect(Math.abs(got - expected)).toBeLessThan(5 * standardError);
}

/** Kolmogorov and Smirnov's distance from a distribution function; 1.95 / sqrt(n) is passed once in a thousand times. */
function expectDistribution(x: Tensor, cdf: (v: number) => number): void {
  const sorted = Float64Array.from(x.double().reshape(-1).toTypedArray() as Float64Array).sort();
  let distance = 0;
  sorted.forEach((v, i) => {
    const p = cdf(v);
    distance = Math.max(distance, p - i / sorted.length, (i + 1) / sorted.length - p);
  });
  expect(distance).toBeLessThan(1.95 / Math.sqrt(sorted.length));
}

/** The normal distribution function: Abramowitz and Stegun 7.1.26, good to 1e-7. */
function normalCdf(z: number): number {
  const x = Math.abs(z) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * x);
  const poly =
    t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  const half = (1 - poly * Math.exp(-x * x)) / 2;
  return z > 0 ? 0.5 + half : 0.5 - half;
}

const WEIGHTS = [1, 0, 2, 3, 0.5, 0];

const DRAWS: Record<string, () => Tensor> = {
  bernoulli: () => full([N], 0.3).bernoulli(),
  bernoulli_: () =>
    zeros(N / 100, 100, { dtype: 'uint8' })
      .t()
      .bernoulli_(0.7),
  exponential_: () => empty(N).exponential_(2),
  'exponential_ float64': () => empty(N, { dtype: 'float64' }).exponential_(),
  logNormal_: () => empty(N).logNormal_(),
  cauchy_: () =>
    empty(N / 100, 100)
      .t()
      .cauchy_(),
  geometric_: () => empty(N).geometric_(0.3),
  'multinomial with replacement': () => tensor(WEIGHTS).multinomial(N, true),
  multinomial: () => rand(300, 200).multinomial(50),
};

beforeEach(() => {
  manualSeed(77);
});

describe.each(Object.entries(DRAWS))('%s', (_, draw) => {
  const threads = getNumThreads();
  afterEach(() => setNumThreads(threads));

  test('the same seed, the same numbers, on any number of threads', () => {
    const results = [1, 2, 5].map((n) => {
      setNumThreads(n);
      manualSeed(3);
      return draw();
    });
    for (const result of results) expect(result.equal(results[0]!)).toBe(true);
    expect(draw().equal(results[0]!)).toBe(false);
  });
});

describe('bernoulli', () => {
  test('ones with the given probabilities', () => {
    const p = tensor([0, 0.1, 0.5, 1]).unsqueeze(1).expand(4, N);
    const shares = bernoulli(p).mean(1).tolist<number[]>();
    expect([shares[0], shares[3]]).toEqual([0, 1]);
    expectNear(shares[1]!, 0.1, Math.sqrt(0.09 / N));
    expectNear(shares[2]!, 0.5, Math.sqrt(0.25 / N));
    expectNear(zeros(N).bernoulli(0.25).mean().item(), 0.25, Math.sqrt(0.1875 / N));
    expectNear(bernoulli(zeros(N), { p: 0.25 }).mean().item(), 0.25, Math.sqrt(0.1875 / N));
  });

  test('of the dtype and shape of the input', () => {
    for (const dtype of FLOATING)
      expect([full([2, 3], 0.5, { dtype }).bernoulli().dtype, bernoulli(rand(0)).shape]).toEqual([
        dtype,
        [0],
      ]);
    expect(zeros(4, { dtype: 'int64' }).bernoulli(1).tolist()).toEqual([1, 1, 1, 1]);
    expect(zeros(2, { dtype: 'bool' }).bernoulli(1).dtype).toBe('bool');
  });

  test('in place, with a number or a tensor', () => {
    expectNear(empty(N).bernoulli_().mean().item(), 0.5, Math.sqrt(0.25 / N));
    const p = tensor([[0], [1]], { dtype: 'float64' });
    expect(zeros(2, 3, { dtype: 'int32' }).bernoulli_(p).tolist()).toEqual([
      [0, 0, 0],
      [1, 1, 1],
    ]);
    expect(zeros(2).bernoulli_({ p: 1 }).tolist()).toEqual([1, 1]);
  });

  test('has zero gradients', () => {
    const x = full([3], 0.5, { requiresGrad: true });
    const y = x.bernoulli();
    expect(y.gradFn!.name).toBe('BernoulliBackward');
    y.sum().backward();
    expect(x.grad!.tolist()).toEqual([0, 0, 0]);
    const z = x.mul(2);
    expect(z.bernoulli_(0.5).gradFn!.name).toBe('BernoulliBackward');
    noGrad(() => x.bernoulli_());
  });
});

describe('continuous distributions', () => {
  test.each(['float32', 'float64'] as const)('exponential_, %s', (dtype) => {
    const x = empty(N, { dtype }).exponential_(2);
    expectDistribution(x, (v) => 1 - Math.exp(-2 * v));
    expectNear(x.mean().item(), 0.5, 0.5 / Math.sqrt(N));
    expectNear(x.double().var().item(), 0.25, 0.25 * Math.sqrt(8 / N));
    expect(x.min().item()).toBeGreaterThan(0);
  });

  test.each(['float32', 'float64'] as const)('cauchy_, %s', (dtype) => {
    const x = empty(N, { dtype }).cauchy_(3, 0.5);
    expectDistribution(x, (v) => 0.5 + Math.atan((v - 3) / 0.5) / Math.PI);
    expect(x.isfinite().all().item()).toBe(1);
  });

  test('logNormal_', () => {
    const x = empty(N).logNormal_(0.5, 0.25);
    expectDistribution(x, (v) => normalCdf((Math.log(v) - 0.5) / 0.25));
    expectNear(x.log().mean().item(), 0.5, 0.25 / Math.sqrt(N));
    const y = empty(N, { dtype: 'float64' }).logNormal_();
    expectNear(y.log().mean().item(), 1, 2 / Math.sqrt(N));
  });

  test.each(['exponential_', 'cauchy_', 'logNormal_'] as const)('%s of half types', (name) => {
    for (const dtype of ['float16', 'bfloat16'] as const) {
      const fill: Record<typeof name, () => Tensor> = empty(1000, { dtype });
      const x = fill[name]();
      expect([x.dtype, x.isnan().any().item()]).toEqual([dtype, 0]);
    }
  });
});

test('geometric_ counts trials', () => {
  const p = 0.3;
  for (const dtype of ['float32', 'float64', 'int64', 'int16'] as const) {
    const x = empty(N, { dtype }).geometric_(p).double();
    expect(x.min().item()).toBe(1);
    expectNear(x.mean().item(), 1 / p, Math.sqrt((1 - p) / (p * p) / N));
    for (let k = 1; k < 6; k++) {
      const share = p * (1 - p) ** (k - 1);
      expectNear(x.eq(k).double().mean().item(), share, Math.sqrt(share / N));
    }
  }
});

describe('multinomial', () => {
  const total = WEIGHTS.reduce((a, b) => a + b);

  test.each(FLOATING)('with replacement: each category by its weight, %s', (dtype) => {
    const x = tensor(WEIGHTS, { dtype }).multinomial(N, true);
    expect([x.dtype, x.shape]).toEqual(['int64', [N]]);
    WEIGHTS.forEach((w, i) => {
      const share = w / total;
      expectNear(x.eq(i).double().mean().item(), share, Math.sqrt(share / N) + 1e-12);
    });
  });

  test('without replacement: each once, the heavy ones first', () => {
    const rows = 20_000;
    const x = tensor([1, 2, 4]).expand(rows, 3).multinomial(3);
    expect(x.sum(1).eq(3).all().item()).toBe(1);
    [1, 2, 4].forEach((w, i) => {
      const p = w / 7;
      expectNear(x.select(1, 0).eq(i).double().mean().item(), p, Math.sqrt(p / rows));
    });
    // Second place: by the weights of what is left.
    const second = (i: number): number =>
      [1, 2, 4].reduce((sum, w, j, all) => (j === i ? sum : sum + ((w / 7) * all[i]!) / (7 - w)), 0);
    for (let i = 0; i < 3; i++)
      expectNear(x.select(1, 1).eq(i).double().mean().item(), second(i), Math.sqrt(second(i) / rows));
  });

  test('categories without weight come last', () => {
    const x = tensor([[0, 1, 0, 5]])
      .expand(500, 4)
      .multinomial(2);
    expect(x.remainder(2).eq(1).all().item()).toBe(1);
    expect(tensor([0, 1, 0]).multinomial(3).tolist<number[]>()[0]).toBe(1);
  });

  test('of rows, strided ones, and none', () => {
    const weights = tensor([
      [0, 1],
      [1, 0],
      [0, 0],
    ]);
    expect(weights.t().narrow(1, 0, 2).multinomial(2, { replacement: true }).tolist()).toEqual([
      [1, 1],
      [0, 0],
    ]);
    expect(multinomial(ones(0, 3), 2).shape).toEqual([0, 2]);
    expect(multinomial(ones(3), { numSamples: 2, replacement: true }).shape).toEqual([2]);
  });

  test('each pair of categories is drawn equally often of many', () => {
    const x = ones(5000, 20).multinomial(5).reshape(-1);
    for (let i = 0; i < 20; i++) expectNear(x.eq(i).double().mean().item(), 0.05, Math.sqrt(0.05 / 25_000));
  });
});

describe('generators', () => {
  test('of draws can be given', () => {
    const draws: ((generator: Generator) => Tensor)[] = [
      (generator) => full([9], 0.5).bernoulli({ generator }),
      (generator) => empty(9).bernoulli_(0.5, { generator }),
      (generator) => empty(9).exponential_(1, { generator }),
      (generator) => empty(9).geometric_(0.5, { generator }),
      (generator) => ones(9).multinomial(5, false, { generator }),
      (generator) => ones(9).multinomial(5, { generator }),
    ];
    for (const draw of draws) {
      const before = defaultGenerator.getState();
      const g = new Generator().manualSeed(5);
      expect(draw(g).equal(draw(new Generator().manualSeed(5)))).toBe(true);
      expect(g.getState().offset).toBeGreaterThan(0);
      expect(defaultGenerator.getState()).toEqual(before);
    }
  });

  test('the state of the default one', () => {
    manualSeed(8);
    rand(5);
    const state = getRngState();
    const expected = rand(3);
    setRngState(state);
    expect(rand(3).equal(expected)).toBe(true);
    expect(initialSeed()).toBe(8n);
    expect(() => setRngState(3 as never)).toThrow(/^setState: expected what getState\(\) returned/);
  });

  test('seed themselves and have a device', () => {
    const g = new Generator();
    const seed = g.seed();
    expect([g.initialSeed(), g.device]).toEqual([seed, 'cpu']);
    rand(4, { generator: g });
    expect(rand(3, { generator: g.cloneState() }).equal(rand(3, { generator: g }))).toBe(true);
    expect(() => new Generator('gpu' as never)).toThrow(/^Generator: /);
  });
});

test('wrong arguments', () => {
  const integers = zeros(2, { dtype: 'int64' as DType });
  const rows: [() => unknown, RegExp][] = [
    [() => integers.bernoulli(), /^bernoulli: expected probabilities of floating point, got int64/],
    [() => tensor([0.5, 2]).bernoulli(), /^bernoulli: expected probabilities from 0 to 1/],
    [() => tensor([NaN]).bernoulli(), /^bernoulli: expected probabilities from 0 to 1/],
    [() => ones(2).bernoulli(-1), /^bernoulli: expected 0 <= p <= 1, got -1/],
    [() => ones(2).bernoulli_(NaN), /^bernoulli_: expected 0 <= p <= 1, got NaN/],
    [
      () => ones(2).bernoulli_(ones(3)),
      /^bernoulli_: probabilities of shape \[3\] do not broadcast to \[2\]/,
    ],
    [() => ones(2).bernoulli_('x' as never), /^bernoulli_: expected p to be a number, got "x"/],
    [() => integers.exponential_(), /^exponential_: expected floating point, got int64/],
    [() => ones(2).exponential_(0), /^exponential_: expected lambd > 0, got 0/],
    [() => ones(2).logNormal_(0, 0), /^logNormal_: expected std > 0, got 0/],
    [() => ones(2).cauchy_(0, -1), /^cauchy_: expected sigma > 0, got -1/],
    [() => ones(2).geometric_(1), /^geometric_: expected 0 < p < 1, got 1/],
    [() => ones(2).geometric_(undefined as never), /^geometric_: expected p to be a number, got undefined/],
    [() => integers.multinomial(1), /^multinomial: expected weights of floating point, got int64/],
    [() => ones([]).multinomial(1), /^multinomial: expected 1 or 2 dimensions, got shape \[\]/],
    [() => ones(2).multinomial(0), /^multinomial: expected numSamples > 0, got 0/],
    [() => ones(2).multinomial(3), /^multinomial: can't draw 3 of 2 categories without replacement/],
    [() => ones(2).multinomial(1.5), /^multinomial: expected numSamples to be an integer, got 1.5/],
    [
      () => tensor([1, -1]).multinomial(1).tolist(),
      /^multinomial: expected weights that are finite and not negative, got -1/,
    ],
    [() => tensor([1, NaN]).multinomial(1).tolist(), /^multinomial: expected weights that are finite/],
    [() => zeros(3).multinomial(1).tolist(), /^multinomial: expected weights with a sum above 0/],
    [() => ones(2, { requiresGrad: true }).exponential_(), /^exponential_: a leaf/],
    [() => ones(1).expand(3).cauchy_(), /^cauchy_: elements of an expanded tensor/],
  ];
  for (const [call, message] of rows) expect(call).toThrow(message);
});
