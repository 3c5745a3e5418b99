/** Optimizers against PyTorch's numbers (scripts/fixtures/optimizers.py), and their state dicts. */
import { readFileSync } from 'fs';
import { join } from 'path';
import {
  ArgumentError,
  ShapeError,
  Tensor,
  cat,
  nn,
  noGrad,
  ones,
  optim,
  sin,
  tensor,
  zeros,
  type DType,
} from 'tenon';

/** A value of a state dict. */
type Value = number | null | { tensor: string; shape: number[] } | Value[];

interface Saved {
  state: Record<string, Record<string, Value>>;
  param_groups: Record<string, unknown>[];
}

interface Trace {
  kind: 'SGD' | 'Adam' | 'RMSprop' | 'LBFGS'; // and others
  dtype: DType;
  options: Record<string, unknown>;
  start: string[];
  /** Parameters after each step; null: not written down. */
  steps: (string[] | null)[];
  half: Saved;
  end: Saved;
  /** Of LBFGS: the loss at the start of each step, and how often the closure was called. */
  losses?: number[];
  calls?: number;
}

const TRACES = JSON.parse(readFileSync(join(__dirname, 'fixtures/optimizers.json'), 'utf8')) as Trace[];

const SHAPES = [[3, 4], [7], [], [0], [2, 3]];
const GROUP = [0, 0, 1, 1, 1];
const TRANSPOSED = 4;

function doubles(data: string): Float64Array {
  return new Float64Array(Uint8Array.from(Buffer.from(data, 'base64')).buffer);
}

function decoded(data: string, shape: readonly number[], dtype: DType): Tensor {
  return tensor(doubles(data), { dtype }).reshape(shape.slice());
}

/** A parameter: its shape and layout are those of the trace. */
function parameter(trace: Trace, data: string, i: number): Tensor {
  const isTransposed = i === TRANSPOSED;
  const shape = isTransposed ? SHAPES[i]!.slice().reverse() : SHAPES[i]!;
  const p = decoded(data, shape, trace.dtype);
  return (isTransposed && trace.kind !== 'LBFGS' ? p.t().contiguous().t() : p).requiresGrad_();
}

function decodedValue(value: Value, dtype: DType): unknown {
  if (Array.isArray(value)) return value.map((x) => decodedValue(x, dtype));
  if (value === null || typeof value === 'number') return value;
  return decoded(value.tensor, value.shape, dtype);
}

/** A state dict of PyTorch's as loadStateDict takes it. */
function stateDictOf({ state, param_groups }: Saved, dtype: DType): optim.OptimizerStateDict {
  const states = Object.entries(state).map(([i, entries]) => [
    i,
    Object.fromEntries(Object.entries(entries).map(([name, value]) => [name, decodedValue(value, dtype)])),
  ]);
  return { state: Object.fromEntries(states) as never, param_groups: param_groups as never };
}

function optionsOf({ options }: Trace): { lr?: number } {
  const camel = (name: string): string => name.replace(/_(.)/g, (_, c: string) => c.toUpperCase());
  return Object.fromEntries(Object.entries(options).map(([k, v]) => [camel(k), v]));
}

/** The trace's optimizer for parameters. */
function optimizerOf(trace: Trace, params: readonly Tensor[]): optim.Adam {
  const options = optionsOf(trace);
  const Kind = optim[trace.kind] as typeof optim.Adam;
  if (trace.kind === 'LBFGS') return new Kind(params, options);
  const of = (group: number): Tensor[] => params.filter((_, i) => GROUP[i] === group);
  return new Kind([{ params: of(0) }, { params: of(1), lr: 2 * (options.lr ?? 0.01) }], options);
}

const hasGradient = (i: number, step: number): boolean =>
  !((i === 1 && (step === 0 || step === 3)) || (i === 4 && step % 4 === 2));

function stepOnce(params: readonly Tensor[], optimizer: optim.Adam, step: number): void {
  params.forEach((p, i) => {
    p.grad = hasGradient(i, step)
      ? noGrad(() =>
          p
            .mul(0.2 * (9 - step))
            .add(sin(p.mul(3)).mul((step - 4) * 0.3))
            .add(0.05 * (i + 1)),
        )
      : null;
  });
  optimizer.step();
}

function rosenbrock(params: readonly Tensor[]): Tensor {
  const x = cat(params.map((p) => p.reshape(-1)));
  const [head, tail] = [x.narrow(0, 0, x.numel() - 1), x.narrow(0, 1, x.numel() - 1)];
  return tail.sub(head.square()).square().sum().mul(2).add(head.mul(-1).add(1).square().sum());
}

/** How far results may be off: LBFGS goes on from its own rounding errors. */
function slackOf({ kind, dtype }: Trace): number {
  if (kind === 'LBFGS') return dtype === 'float64' ? 1e-7 : 1e-3;
  return dtype === 'float64' ? 1e-12 : 2e-5;
}

function expectNear(got: ArrayLike<number>, want: ArrayLike<number>, slack: number): void {
  expect(got).toHaveLength(want.length);
  let worst = 0;
  for (let i = 0; i < want.length; i++)
    worst = Math.max(worst, Math.abs(got[i]! - want[i]!) / Math.max(Math.abs(want[i]!), 0.1));
  expect(worst).toBeLessThanOrEqual(slack);
}

const elements = (t: Tensor): ArrayLike<number> => t.toTypedArray() as Float32Array | Float64Array;

/** What a state dict holds is PyTorch's. */
function expectValue(got: unknown, want: Value, slack: number): void {
  if (Array.isArray(want)) {
    expect(got).toHaveLength(want.length);
    want.forEach((x, i) => expectValue((got as unknown[])[i], x, slack));
  } else if (want === null) expect(got).toBeNull();
  else if (typeof want === 'number')
    expectNear([got instanceof Tensor ? got.item() : (got as number)], [want], slack);
  else if (got instanceof Tensor) {
    expect(got.shape).toEqual(want.shape);
    expectNear(elements(got), doubles(want.tensor), slack);
  } else expectNear([got as number], doubles(want.tensor), slack);
}

function expectState(optimizer: optim.Adam, end: Saved, slack: number): void {
  const { state, param_groups: groups } = optimizer.stateDict();
  expect(Object.keys(state)).toEqual(Object.keys(end.state));
  for (const [i, entries] of Object.entries(end.state)) {
    const got = state[Number(i)]!;
    const names = Object.keys(entries).filter((name) => entries[name] !== null);
    // The order of LBFGS's tells when it first had a history.
    expect(entries.al === undefined ? Object.keys(got) : Object.keys(got).sort()).toEqual(
      entries.al === undefined ? names : names.sort(),
    );
    for (const name of Object.keys(got)) expectValue(got[name], entries[name]!, slack);
  }
  expect(groups).toHaveLength(end.param_groups.length);
  groups.forEach((group, i) => expect(end.param_groups[i]).toMatchObject(group));
}

const named = (lbfgs: boolean): (readonly [string, Trace])[] =>
  TRACES.filter((t) => (t.kind === 'LBFGS') === lbfgs).map((t) => [
    `${t.kind} ${t.dtype} ${JSON.stringify(t.options)}`,
    t,
  ]);

describe.each(named(false))('%s', (_, trace) => {
  const slack = slackOf(trace);
  const check = (params: readonly Tensor[], step: number): void =>
    trace.steps[step]?.forEach((data, k) => expectNear(elements(params[k]!), doubles(data), slack));

  test('takes the steps that PyTorch takes', () => {
    const params = trace.start.map((data, i) => parameter(trace, data, i));
    const optimizer = optimizerOf(trace, params);
    trace.steps.forEach((_expected, i) => {
      stepOnce(params, optimizer, i);
      check(params, i);
    });
    expectState(optimizer, trace.end, slack);
  });

  test("goes on from PyTorch's state dict", () => {
    const half = trace.steps.length / 2;
    const params = trace.steps[half - 1]!.map((data, i) => parameter(trace, data, i));
    const optimizer = optimizerOf(trace, params);
    // The options come with the state.
    for (const group of optimizer.paramGroups) group.lr = 123;
    optimizer.loadStateDict(stateDictOf(trace.half, trace.dtype));
    for (let i = half; i < trace.steps.length; i++) {
      stepOnce(params, optimizer, i);
      check(params, i);
    }
    expectState(optimizer, trace.end, slack);
  });
});

describe.each(named(true))('%s', (_, trace) => {
  const slack = slackOf(trace);
  const run = (params: readonly Tensor[], optimizer: optim.Adam, first: number): number => {
    let calls = 0;
    const closure = (): Tensor => {
      calls++;
      optimizer.zeroGrad();
      const loss = rosenbrock(params);
      loss.backward();
      return loss;
    };
    for (let i = first; i < trace.steps.length; i++) {
      expectNear([optimizer.step(closure).item()], [trace.losses![i]!], slack);
      trace.steps[i]!.forEach((data, k) => expectNear(elements(params[k]!), doubles(data), slack));
    }
    return calls;
  };

  test('takes the steps that PyTorch takes', () => {
    const params = trace.start.map((data, i) => parameter(trace, data, i));
    const optimizer = optimizerOf(trace, params);
    expect(run(params, optimizer, 0)).toBe(trace.calls);
    expectState(optimizer, trace.end, slack * 100);
  });

  test("goes on from PyTorch's state dict", () => {
    const half = trace.steps.length / 2;
    const params = trace.steps[half - 1]!.map((data, i) => parameter(trace, data, i));
    const optimizer = optimizerOf(trace, params);
    optimizer.paramGroups[0]!.lr = 123;
    optimizer.loadStateDict(stateDictOf(trace.half, trace.dtype));
    run(params, optimizer, half);
    expectState(optimizer, trace.end, slack * 100);
  });
});

describe('state dicts', () => {
  const parameter = (): nn.Parameter => new nn.Parameter(ones(2));
  const trained = (Kind: typeof optim.Adam | typeof optim.SGD, ...options: object[]): optim.Adam => {
    const p = parameter();
    const optimizer = new (Kind as typeof optim.Adam)([p], ...options);
    p.mul(3).sum().backward();
    optimizer.step();
    return optimizer;
  };

  test('of SGD hold its momenta', () => {
    const sgd = trained(optim.SGD, { lr: 0.1, momentum: 0.9 });
    const { state, param_groups: groups } = sgd.stateDict();
    expect(state[0]!.momentum_buffer!.tolist()).toEqual([3, 3]);
    expect(groups).toEqual([
      {
        lr: 0.1,
        momentum: 0.9,
        dampening: 0,
        weight_decay: 0,
        nesterov: false,
        maximize: false,
        params: [0],
      },
    ]);
    const p = parameter();
    const other = new optim.SGD([p]);
    other.loadStateDict(sgd.stateDict());
    p.mul(3).sum().backward();
    other.step();
    p.tolist<number[]>().forEach((x) => expect(x).toBeCloseTo(1 - 0.1 * (0.9 * 3 + 3), 6));
    // PyTorch saves None for a buffer that is not there yet.
    const empty = { state: { 0: { momentum_buffer: null } }, param_groups: groups };
    other.loadStateDict(empty as unknown as optim.OptimizerStateDict);
    other.step();
    expect(other.stateDict().state[0]!.momentum_buffer!.tolist()).toEqual([3, 3]);
  });

  test('are copied, to the dtype of the parameters', () => {
    const adam = trained(optim.Adam);
    const wide = new nn.Parameter(ones([2], { dtype: 'float64' }));
    const other = new optim.Adam([wide]);
    other.loadStateDict(adam.stateDict());
    const average = other.stateDict().state[0]!.exp_avg!;
    expect(average.dtype).toBe('float64');
    adam.stateDict().state[0]!.exp_avg!.zero_();
    expect(average.tolist<number[]>()[0]).toBeCloseTo(0.3, 6);
  });

  test('that do not fit change nothing', () => {
    const adam = trained(optim.Adam, { lr: 0.5 });
    const good = (): optim.OptimizerStateDict => adam.stateDict();
    const load = (change: (s: optim.OptimizerStateDict) => unknown) => () => {
      const saved = good();
      const changed = change(saved);
      adam.loadStateDict((changed ?? saved) as optim.OptimizerStateDict);
    };
    const refused: [
      change: (s: optim.OptimizerStateDict) => unknown,
      kind: new (message: string) => Error,
      message: RegExp,
    ][] = [
      [() => 'state', ArgumentError, /^Adam\.loadStateDict: expected \{ state, param_groups \}, got "state"/],
      [
        (s) => void s.param_groups.push(s.param_groups[0]!),
        ArgumentError,
        /expected 1 groups of parameters, got 2/,
      ],
      [
        (s) => void (s.param_groups[0]!.params = [0, 1]),
        ArgumentError,
        /expected group 0 to have 1 parameters/,
      ],
      [
        (s) => void (s.param_groups[0]!.eps = -1),
        ArgumentError,
        /^Adam: expected eps to be a number >= 0, got -1/,
      ],
      [
        (s) => void (s.state[0]!.exp_avg = zeros(3)),
        ShapeError,
        /exp_avg has shape \[3\], its parameter \[2\]/,
      ],
      [
        (s) => void (s.state[0]!.velocity = zeros(2)),
        ArgumentError,
        /unknown state "velocity"; expected step, exp_avg/,
      ],
      [(s) => void delete s.state[0]!.exp_avg_sq, ArgumentError, /exp_avg_sq is missing in a state/],
      [(s) => void (s.state[0]!.step = tensor(-1)), ArgumentError, /expected step to be a number >= 0/],
      [
        (s) => void (s.state[0] = 1 as never),
        ArgumentError,
        /expected a parameter's state to be an object, got 1/,
      ],
    ];
    for (const [change, kind, message] of refused) {
      expect(load(change)).toThrow(kind);
      expect(load(change)).toThrow(message);
      expect(adam.paramGroups[0]!.lr).toBe(0.5);
      expect(good().state[0]!.step!.item()).toBe(1);
    }
  });
});

test('amsgrad may begin later, and parameters without a gradient keep their number of steps', () => {
  const [a, b] = [new nn.Parameter(ones(2)), new nn.Parameter(ones(3))];
  const adam = new optim.Adam([a, b], 0.1);
  a.sum().backward();
  adam.step();
  adam.paramGroups[0]!.amsgrad = true;
  b.sum().backward();
  adam.step();
  const { state } = adam.stateDict();
  expect([state[0]!.step!.item(), state[1]!.step!.item()]).toEqual([2, 1]);
  expect(state[0]!.max_exp_avg_sq!.tolist()).toEqual(state[0]!.exp_avg_sq!.tolist());
  b.tolist<number[]>().forEach((x) => expect(x).toBeCloseTo(0.9, 6));
});

test('Rprop leaves what has no sign where it is', () => {
  const p = tensor([1, 2], { requiresGrad: true });
  const optimizer = new optim.Rprop([p], { lr: 0.1 });
  for (const gradient of [
    [NaN, 1],
    [1, 1],
  ]) {
    p.grad = tensor(gradient);
    optimizer.step();
  }
  // PyTorch's numbers.
  const [first, second] = p.tolist<number[]>();
  expect(first).toBeCloseTo(0.9, 6);
  expect(second).toBeCloseTo(1.78, 6);
});

test('hundreds of parameters step together, and follow their module to another dtype', () => {
  const layers = Array.from({ length: 150 }, () => new nn.Linear(2, 3));
  const net = new nn.Sequential(...layers);
  const before = net.parameters().map((p) => p.tolist());
  const adam = new optim.AdamW(net.parameters(), { lr: 0.1, weightDecay: 0, amsgrad: true });
  for (const p of net.parameters()) p.grad = ones(p.shape);
  adam.step();
  net.parameters().forEach((p, i) => {
    const want = tensor(before[i] as number[]).sub(0.1);
    expect(p.sub(want).abs().max().item()).toBeLessThan(1e-6);
  });
  net.to('float64');
  for (const p of net.parameters()) p.grad = ones(p.shape, { dtype: 'float64' });
  adam.step();
  expect(adam.stateDict().state[0]!.exp_avg!.dtype).toBe('float64');
});
