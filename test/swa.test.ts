/** Averages of models, optim.swaUtils: those of a network that is trained are PyTorch's (scripts/fixtures/swa.py). */
import { readFileSync } from 'fs';
import { join } from 'path';
import { nn, noGrad, ones, optim, tensor, zeros, type Tensor } from 'tenon';
import { decode, expectClose, makeTensor, numbersOf, type EncodedTensor } from './ops/table';

const { AveragedModel, SWALR, updateBn, updateBnAsync, getEmaAvgFn, getEmaMultiAvgFn, getSwaMultiAvgFn } =
  optim.swaUtils;

type Named = [name: string, value: EncodedTensor][];
type Maker = [name: 'getEmaAvgFn' | 'getEmaMultiAvgFn' | 'getSwaMultiAvgFn', decay: number | null];

const FIXTURE = JSON.parse(readFileSync(join(__dirname, 'fixtures/swa.json'), 'utf8')) as {
  state: Named;
  averages: Record<string, { avgFn?: Maker; multiAvgFn?: Maker; useBuffers?: boolean }>;
  steps: { input: EncodedTensor; loss: number; lr: number; averaged: Record<string, Named> }[];
  batches: EncodedTensor[];
  input: EncodedTensor;
  updated: Record<string, { state: Named; out: EncodedTensor }>;
};

function expectSame(t: Tensor, want: EncodedTensor): void {
  expect([t.shape, t.dtype]).toEqual([want.shape, want.dtype]);
  expectClose(numbersOf(t), decode(want), [1e-8, 1e-9]);
}

function expectState(module: nn.Module, want: Named): void {
  const state = Object.entries(module.stateDict());
  expect(state.map(([name]) => name)).toEqual(want.map(([name]) => name));
  state.forEach(([, t], i) => expectSame(t, want[i]![1]));
}

function made(maker: Maker | undefined): unknown {
  if (maker === undefined) return null;
  const [name, decay] = maker;
  return decay === null ? getSwaMultiAvgFn() : optim.swaUtils[name](decay);
}

test('averages of a network with batch normalization, as PyTorch has them', () => {
  const net = new nn.Sequential(
    new nn.Conv1d(2, 3, 2),
    new nn.BatchNorm1d(3),
    new nn.ReLU(),
    new nn.Flatten(),
    new nn.Linear(9, 4),
    new nn.BatchNorm1d(4, { momentum: 0.3 }),
    new nn.Linear(4, 1),
  ).double();
  net.loadStateDict(Object.fromEntries(FIXTURE.state.map(([name, t]) => [name, makeTensor(t)])));
  const models = Object.entries(FIXTURE.averages).map(([name, { avgFn, multiAvgFn, useBuffers = false }]) => {
    const options = { avgFn: made(avgFn), multiAvgFn: made(multiAvgFn), useBuffers };
    return [name, new AveragedModel(net, options as optim.swaUtils.AveragedModelOptions)] as const;
  });
  const optimizer = new optim.SGD(net.parameters(), { lr: 0.125 });
  const schedule = new SWALR(optimizer, { swaLr: 0.03125, annealEpochs: 4 });
  for (const step of FIXTURE.steps) {
    optimizer.zeroGrad();
    const loss = net.forward(makeTensor(step.input)).square().mean();
    loss.backward();
    expect(loss.item()).toBeCloseTo(step.loss, 9);
    optimizer.step();
    for (const [name, model] of models) {
      model.updateParameters(net);
      expectState(model, step.averaged[name]!);
    }
    expect(optimizer.paramGroups[0]!.lr).toBeCloseTo(step.lr, 12);
    schedule.step();
  }
  for (const [name, model] of models) {
    updateBn(
      FIXTURE.batches.map((batch) => [makeTensor(batch), 'label'] as const),
      model,
    );
    expectState(model, FIXTURE.updated[name]!.state);
    expect(model.module.at(5)).toMatchObject({ momentum: 0.3, training: true });
    expectSame(model.eval().forward(makeTensor(FIXTURE.input)), FIXTURE.updated[name]!.out);
  }
});

/** A model with a parameter and a buffer, both of that value. */
class Net extends nn.Module {
  weight: nn.Parameter;
  scale: Tensor;
  constructor(value: number) {
    super();
    this.weight = new nn.Parameter(tensor([value, 2 * value]));
    this.scale = nn.Buffer(tensor([value]));
  }
  override forward(x: Tensor): Tensor {
    return x.mul(this.weight).add(this.scale);
  }
}

function averaged(values: readonly number[], options: optim.swaUtils.AveragedModelOptions): [number, number] {
  const model = new AveragedModel(new Net(100), options);
  for (const value of values) model.updateParameters(new Net(value));
  return [model.module.weight.select(0, 0).item(), model.module.scale.item()];
}

describe('AveragedModel', () => {
  test('means, and the buffers of the last model', () => {
    expect(averaged([1, 2, 6], {})).toEqual([3, 6]);
    expect(averaged([1, 2, 6], { multiAvgFn: getSwaMultiAvgFn() })[0]).toBeCloseTo(3, 6);
    expect(averaged([1, 2, 6], { useBuffers: true })).toEqual([3, 3]);
  });

  test('moving averages', () => {
    const kept = 0.5 * (0.5 * 1 + 0.5 * 2) + 0.5 * 6;
    expect(averaged([1, 2, 6], { avgFn: getEmaAvgFn(0.5) })).toEqual([kept, 6]);
    expect(averaged([1, 2, 6], { multiAvgFn: getEmaMultiAvgFn({ decay: 0.5 }), useBuffers: true })).toEqual([
      kept,
      kept,
    ]);
  });

  test('functions of one’s own get the number of models', () => {
    const seen: number[] = [];
    averaged([1, 2, 6], {
      avgFn: (old, now, n) => {
        seen.push(n);
        return old.add(now);
      },
    });
    expect(seen).toEqual([1, 2]);
  });

  test('is a copy, saved as PyTorch saves it', () => {
    const net = new nn.Sequential(new nn.Linear(2, 3), new nn.Tanh());
    const model = new AveragedModel(net);
    expect(Object.keys(model.stateDict())).toEqual(['n_averaged', 'module.0.weight', 'module.0.bias']);
    expect(model.n_averaged.dtype).toBe('int64');
    const x = ones(1, 2);
    const before = model.forward(x).tolist();
    expect(before).toEqual(net.forward(x).tolist());
    noGrad(() => net.parameters()[0]!.fill_(7));
    expect(model.forward(x).tolist()).toEqual(before);
    model.updateParameters(net);
    expect(model.forward(x).tolist()).toEqual(net.forward(x).tolist());
    expect(model.n_averaged.item()).toEqual(1);
    expect(model.module.parameters()[0]).not.toBe(net.parameters()[0]);
    expect(String(model)).toContain('(module): Sequential(');
  });

  test('copies hooks, shared tensors and lists, with everything in its place', () => {
    const net = new Net(3);
    const twice = new nn.ModuleDict({ a: net, b: net });
    let calls = 0;
    net.registerForwardHook(() => {
      calls++;
    });
    const { module } = new AveragedModel(twice);
    expect(module.get('a')).toBe(module.get('b'));
    expect(module.get('a')).not.toBe(net);
    expect(module.get('a').forward(ones(2)).tolist()).toEqual([6, 9]);
    expect(calls).toBe(1);
  });
});

/** Remembers the momentum of its batches. */
class Norm extends nn.BatchNorm1d {
  seen: (number | null)[] = [];
  constructor() {
    super(2);
  }
  override forward(x: Tensor): Tensor {
    this.seen.push(this.momentum);
    return super.forward(x);
  }
}

describe('updateBn', () => {
  test('computes statistics anew from all batches', async () => {
    const norm = new Norm();
    const model = new nn.Sequential(norm).eval();
    updateBn([[ones(3, 2), 'label'], zeros(3, 2)], model);
    expect(norm.running_mean!.tolist()).toEqual([0.5, 0.5]);
    expect([norm.momentum, norm.training, norm.seen]).toEqual([0.1, false, [null, null]]);
    await updateBnAsync([ones(3, 2)], model);
    expect(norm.running_mean!.tolist()).toEqual([1, 1]);
  });

  test('leaves other normalizations to their momentum', () => {
    const [norm, other] = [new Norm(), new nn.InstanceNorm1d(2, { trackRunningStats: true })];
    noGrad(() => other.running_mean!.fill_(5));
    updateBn([ones(3, 2, 4)], new nn.Sequential(other, norm));
    expect(other.running_mean!.tolist<number[]>()[0]).toBeCloseTo(4.6, 6); // PyTorch's
    updateBn([ones(3, 2, 4)], other);
    expect(other.running_mean!.tolist<number[]>()[0]).toBeCloseTo(4.6, 6);
  });

  test('leaves a model as it was when a batch is wrong', () => {
    const norm = new Norm();
    expect(() => {
      updateBn([1 as unknown as Tensor], norm);
    }).toThrow(/^updateBn: expected batches of Tensors, got 1/);
    expect([norm.momentum, norm.training]).toEqual([0.1, true]);
  });
});
