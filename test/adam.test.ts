/** Adam and AdamW against PyTorch's numbers (scripts/fixtures/adam.py), and the state dicts of optimizers. */
import { readFileSync } from 'fs';
import { join } from 'path';
import {
  ArgumentError,
  ShapeError,
  nn,
  ones,
  optim,
  sin,
  tensor,
  zeros,
  type DType,
  type Tensor,
} from 'tenon';

interface Saved {
  state: Record<string, Record<string, string>>;
  param_groups: Record<string, unknown>[];
}

interface Trace {
  kind: 'Adam' | 'AdamW';
  dtype: DType;
  options: Record<string, unknown>;
  start: string[];
  steps: string[][];
  half: Saved;
  end: Saved;
}

const TRACES = JSON.parse(readFileSync(join(__dirname, 'fixtures/adam.json'), 'utf8')) as Trace[];

function doubles(data: string): Float64Array {
  return new Float64Array(Uint8Array.from(Buffer.from(data, 'base64')).buffer);
}

const SHAPES = [[3, 4], [37]];

function decoded(data: string, i: number, dtype: DType): Tensor {
  return tensor(doubles(data), { dtype }).reshape(SHAPES[i]!);
}

/** A state dict of PyTorch's as loadStateDict takes it. */
function stateDictOf({ state, param_groups }: Saved, dtype: DType): optim.OptimizerStateDict {
  return {
    state: Object.fromEntries(
      Object.entries(state).map(([i, entries]) => [
        i,
        Object.fromEntries(
          Object.entries(entries).map(([name, data]) => [
            name,
            name === 'step' ? tensor(doubles(data)[0]!) : decoded(data, Number(i), dtype),
          ]),
        ),
      ]),
    ),
    param_groups: param_groups as optim.OptimizerStateDict['param_groups'],
  };
}

function optionsOf({ options }: Trace): optim.AdamOptions {
  const camel = (name: string): string => name.replace(/_(.)/g, (_, c: string) => c.toUpperCase());
  return Object.fromEntries(Object.entries(options).map(([k, v]) => [camel(k), v]));
}

/** The trace's parameters as they start, and its optimizer. */
function started(trace: Trace): [params: [Tensor, Tensor], optimizer: optim.Adam] {
  const [a, b] = trace.start.map((data, i) => decoded(data, i, trace.dtype).requiresGrad_()) as [
    Tensor,
    Tensor,
  ];
  const options = optionsOf(trace);
  const groups = [{ params: [a] }, { params: [b], lr: (options.lr ?? 1e-3) * 2 }];
  return [[a, b], new optim[trace.kind](groups, options)];
}

function step([a, b]: [Tensor, Tensor], optimizer: optim.Adam, i: number): void {
  const loss = a
    .pow(2)
    .sum()
    .mul(0.1 * (10 - i))
    .add(
      sin(b)
        .mul((i - 4) * 0.3)
        .sum(),
    );
  optimizer.zeroGrad();
  loss.backward();
  optimizer.step();
}

function expectNear(t: Tensor, data: string, dtype: DType): void {
  const got = t.toTypedArray() as Float32Array | Float64Array;
  const slack = dtype === 'float64' ? 1e-12 : 1e-5;
  doubles(data).forEach((want, i) =>
    expect(Math.abs(got[i]! - want)).toBeLessThanOrEqual(slack * Math.max(Math.abs(want), 0.1)),
  );
}

const named = TRACES.map((t) => [`${t.kind} ${t.dtype} ${JSON.stringify(t.options)}`, t] as const);

test.each(named)('%s', (_, trace) => {
  const [params, optimizer] = started(trace);
  trace.steps.forEach((expected, i) => {
    step(params, optimizer, i);
    expected.forEach((data, k) => expectNear(params[k]!, data, trace.dtype));
  });
  // What it remembers is PyTorch's, by PyTorch's names.
  const { state, param_groups: groups } = optimizer.stateDict();
  expect(Object.keys(state)).toEqual(Object.keys(trace.end.state));
  for (const [i, entries] of Object.entries(trace.end.state)) {
    expect(Object.keys(state[Number(i)]!)).toEqual(Object.keys(entries));
    for (const [name, data] of Object.entries(entries))
      expectNear(state[Number(i)]![name]!, data, trace.dtype);
  }
  expect(groups).toHaveLength(trace.end.param_groups.length);
  groups.forEach((group, i) => expect(trace.end.param_groups[i]).toMatchObject(group));
});

test.each(named)("%s goes on from PyTorch's state dict", (_, trace) => {
  const half = trace.steps.length / 2;
  const [params, optimizer] = started(trace);
  // The options come with the state.
  for (const group of optimizer.paramGroups) group.lr = 123;
  params.forEach((p, k) => (p.data = decoded(trace.steps[half - 1]![k]!, k, trace.dtype)));
  optimizer.loadStateDict(stateDictOf(trace.half, trace.dtype));
  for (let i = half; i < trace.steps.length; i++) {
    step(params, optimizer, i);
    trace.steps[i]!.forEach((data, k) => expectNear(params[k]!, data, trace.dtype));
  }
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
        (s) => void (s.param_groups[0]!.lr = -1),
        ArgumentError,
        /^Adam: expected lr to be a number >= 0, got -1/,
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
