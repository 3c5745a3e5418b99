/** Schedulers against PyTorch's learning rates, momenta and state dicts (scripts/fixtures/schedulers.py). */
import { readFileSync } from 'fs';
import { join } from 'path';
import { nn, ones, optim, tensor } from 'tenon';

const { lrScheduler } = optim;

type Spec = readonly [kind: string, options: Record<string, unknown>];
type Pair = readonly [lr: number, momentum: number];

interface Trace {
  spec: Spec;
  optimizer: 'SGD' | 'Adam';
  groups: Record<string, number>[];
  epochs?: number[];
  metrics?: number[];
  rows: Pair[][];
  half: { scheduler: Record<string, unknown>; groups: Record<string, unknown>[] };
}

const TRACES = JSON.parse(readFileSync(join(__dirname, 'fixtures/schedulers.json'), 'utf8')) as Trace[];

const LAMBDAS: Record<string, (x: number) => number> = {
  decay: (epoch) => 0.95 ** epoch,
  warmup: (epoch) => Math.min(1, (epoch + 1) / 10),
  shrink: (epoch) => (epoch % 3 ? 0.9 : 1.1),
  root: (x) => 1 / Math.sqrt(x),
};

function camel(name: string): string {
  return name.replace(/_(.)/g, (_, c: string) => c.toUpperCase());
}

function argument(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(argument);
  return typeof value === 'string' && value.startsWith('lambda ') ? LAMBDAS[value.slice(7)] : value;
}

function camelCased(options: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(options).map(([k, v]) => [camel(k), argument(v)]));
}

type AnyOptimizer = optim.SGD | optim.Adam;
type Made = optim.lrScheduler.LRScheduler;
type Constructor = new (...given: unknown[]) => Made;

function optimizerOf({ optimizer, groups }: Trace): AnyOptimizer {
  const made = groups.map((group) => ({ params: [new nn.Parameter(ones(1))], ...camelCased(group) }));
  return optimizer === 'SGD'
    ? new optim.SGD(made, { lr: 0.1, momentum: 0.5 })
    : new optim.Adam(made, { lr: 0.1 });
}

function schedulerOf([kind, options]: Spec, optimizer: AnyOptimizer): Made {
  const Kind = ({ ...lrScheduler, ...optim.swaUtils } as unknown as Record<string, Constructor>)[kind]!;
  if (!('schedulers' in options)) return new Kind(optimizer, camelCased(options));
  const { schedulers, ...rest } = options;
  const inner = (schedulers as Spec[]).map((spec) => schedulerOf(spec, optimizer));
  return kind === 'ChainedScheduler'
    ? new Kind(inner)
    : new Kind(optimizer, { schedulers: inner, ...camelCased(rest) });
}

function seen(optimizer: AnyOptimizer): Pair[] {
  return optimizer.paramGroups.map((group) => [group.lr, 'betas' in group ? group.betas[0] : group.momentum]);
}

function stepOf({ epochs, metrics }: Trace, scheduler: Made, i: number): void {
  if (metrics !== undefined) (scheduler as optim.lrScheduler.ReduceLROnPlateau).step(metrics[i]);
  else if (epochs !== undefined) scheduler.step(epochs[i]);
  else scheduler.step();
}

function expectClose(actual: unknown, expected: unknown, path: string): void {
  if (expected === 'inf' || expected === '-inf') expected = expected === 'inf' ? Infinity : -Infinity;
  if (typeof expected === 'number' && typeof actual === 'number') {
    const near =
      actual === expected || Math.abs(actual - expected) <= 1e-12 * Math.max(Math.abs(expected), 1e-5);
    if (!near) throw new Error(`${path}: ${actual} is not ${expected}`);
  } else if (typeof expected === 'object' && expected !== null) {
    for (const key of Object.keys(expected))
      expectClose(
        (actual as Record<string, unknown>)[key],
        (expected as Record<string, unknown>)[key],
        `${path}.${key}`,
      );
  } else if (actual !== expected) throw new Error(`${path}: ${String(actual)} is not ${String(expected)}`);
}

describe.each(TRACES.map((trace) => [`${trace.optimizer} ${JSON.stringify(trace.spec)}`, trace] as const))(
  '%s',
  (_, trace) => {
    const steps = trace.rows.length - 1;
    const middle = Math.floor(steps / 2);

    test('learning rates, momenta, state dict', () => {
      const optimizer = optimizerOf(trace);
      const scheduler = schedulerOf(trace.spec, optimizer);
      expectClose(seen(optimizer), trace.rows[0], 'start');
      for (let i = 0; i < steps; i++) {
        stepOf(trace, scheduler, i);
        expectClose(seen(optimizer), trace.rows[i + 1], `step ${i}`);
        expectClose(
          scheduler.getLastLr(),
          trace.rows[i + 1]!.map(([lr]) => lr),
          `getLastLr ${i}`,
        );
        if (i === middle) expectClose(scheduler.stateDict(), trace.half.scheduler, 'state dict');
      }
    });

    test("goes on from PyTorch's state dict", () => {
      const optimizer = optimizerOf(trace);
      const scheduler = schedulerOf(trace.spec, optimizer);
      const { params } = { params: optimizer.stateDict().param_groups.map((group) => group.params) };
      optimizer.loadStateDict({
        state: {},
        param_groups: trace.half.groups.map((group, i) => ({ ...group, params: params[i]! })),
      });
      scheduler.loadStateDict(revived(trace.half.scheduler) as Record<string, unknown>);
      for (let i = middle + 1; i < steps; i++) {
        stepOf(trace, scheduler, i);
        expectClose(seen(optimizer), trace.rows[i + 1], `step ${i}`);
      }
    });
  },
);

function revived(value: unknown): unknown {
  if (value === 'inf' || value === '-inf') return value === 'inf' ? Infinity : -Infinity;
  if (Array.isArray(value)) return value.map(revived);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, revived(v)]));
}

describe("schedules of one's own", () => {
  class Warmup extends lrScheduler.LRScheduler {
    readonly warmup: number;
    constructor(optimizer: optim.SGD, warmup: number) {
      super(optimizer);
      this.warmup = warmup;
    }
    override getLr(): number[] {
      return this.baseLrs.map((lr) => lr * Math.min(1, (this.lastEpoch + 1) / this.warmup));
    }
  }
  const sgd = () => new optim.SGD([new nn.Parameter(ones(1))], { lr: 0.8 });

  test('begin with their fields set, when somebody looks', () => {
    const optimizer = sgd();
    new Warmup(optimizer, 4);
    expect(optimizer.paramGroups[0]!.lr).toBe(0.2);
    expect(new Warmup(sgd(), 4).getLastLr()).toEqual([0.2]);
    expect(new Warmup(sgd(), 8).lastEpoch).toBe(0);
  });

  test('are stepped, saved and loaded', () => {
    const optimizer = sgd();
    const schedule = new Warmup(optimizer, 4);
    schedule.step();
    expect(optimizer.paramGroups[0]!.lr).toBe(0.4);
    const state = schedule.stateDict();
    expect(state).toMatchObject({
      warmup: 4,
      last_epoch: 1,
      base_lrs: [0.8],
      _last_lr: [0.4],
      _step_count: 2,
    });
    const other = new Warmup(sgd(), 5);
    other.loadStateDict(state);
    expect(other.warmup).toBe(4);
    other.step();
    expect(other.getLastLr()[0]).toBeCloseTo(0.6, 14);
  });

  test('a learning rate that is set before they are looked at stays', () => {
    const optimizer = sgd();
    new Warmup(optimizer, 4);
    optimizer.paramGroups[0]!.lr = 7;
    expect(Object.getOwnPropertyDescriptor(optimizer.paramGroups[0], 'lr')).toMatchObject({ value: 7 });
  });

  test('change what the optimizer does', () => {
    const p = new nn.Parameter(ones(1));
    const optimizer = new optim.SGD([p], { lr: 1 });
    new Warmup(optimizer, 2);
    p.sum().backward();
    optimizer.step();
    expect(p.item()).toBe(0.5);
  });

  test('extend those there are', () => {
    class Halved extends lrScheduler.StepLR {
      readonly factor: number;
      constructor(optimizer: optim.SGD) {
        super(optimizer, 2, 0.5);
        this.factor = 0.5;
      }
      override getLr(): number[] {
        return super.getLr().map((lr) => (this.lastEpoch === 0 ? lr * this.factor : lr));
      }
    }
    const optimizer = sgd();
    const schedule = new Halved(optimizer);
    const rates = [0, 1, 2].map(() => {
      const { lr } = optimizer.paramGroups[0]!;
      schedule.step();
      return lr;
    });
    expect(rates).toEqual([0.4, 0.4, 0.2]);
  });
});

test('arguments by position, and metrics in tensors', () => {
  const optimizer = new optim.SGD([new nn.Parameter(ones(1))], { lr: 1 });
  const schedule = new lrScheduler.StepLR(optimizer, 1, { gamma: 0.5 });
  schedule.step();
  expect(schedule.getLastLr()).toEqual([0.5]);
  const plateau = new lrScheduler.ReduceLROnPlateau(optimizer, 'max', 0.5, 0);
  plateau.step(tensor(1));
  plateau.step(tensor([0.5]));
  expect([plateau.lastEpoch, plateau.best, plateau.getLastLr()]).toEqual([2, 1, [0.25]]);
});

test('a learning rate that ends at 0 may round to less: steps and state dicts go on', () => {
  const w = new nn.Parameter(ones(1));
  const optimizer = new optim.SGD([w], { lr: 0.1 });
  const schedule = new lrScheduler.LinearLR(optimizer, { endFactor: 0 });
  for (let i = 0; i < 7; i++) {
    w.sum().backward();
    optimizer.step();
    schedule.step();
  }
  const { lr } = optimizer.paramGroups[0]!;
  expect(lr < 0 && lr > -1e-16).toBe(true); // -1.480297366166875e-18 in PyTorch
  optimizer.loadStateDict(optimizer.stateDict());
  optimizer.step();
  expect(optimizer.paramGroups[0]!.lr).toBe(lr);
});

test('a cycle without momenta saves none, as in PyTorch', () => {
  const optimizer = new optim.SGD([new nn.Parameter(ones(1))], { lr: 1 });
  const keys = (cycleMomentum: boolean): string[] =>
    Object.keys(new lrScheduler.CyclicLR(optimizer, 0.1, 1, { cycleMomentum }).stateDict());
  expect(keys(false).filter((key) => /momentums|beta/.test(key))).toEqual([]);
  expect(keys(true)).toEqual(expect.arrayContaining(['base_momentums', 'max_momentums', 'use_beta1']));
});
