/** Training against PyTorch's numbers from the same weights (scripts/fixtures/training.py). */
import { readFileSync } from 'fs';
import { join } from 'path';
import { nn, optim, sigmoid, sin, tensor, type Tensor } from 'tenon';

interface Fixture {
  notebook: {
    state: Record<string, { shape: number[]; data: string }>;
    losses: string;
    predictions: string;
    single: number;
  };
  sgd: { options: Record<string, number | boolean>; start: string[]; steps: string[][] }[];
}

const FIXTURE = JSON.parse(readFileSync(join(__dirname, 'fixtures/training.json'), 'utf8')) as Fixture;

function floats(data: string): Float32Array {
  return new Float32Array(Uint8Array.from(Buffer.from(data, 'base64')).buffer);
}

class Net extends nn.Module {
  fc1 = new nn.Linear(4, 5);
  fc2 = new nn.Linear(5, 4);
  fc3 = new nn.Linear(4, 1);
  override forward(x: Tensor): Tensor {
    x = sigmoid(this.fc1.forward(x));
    x = sigmoid(this.fc2.forward(x));
    return sigmoid(this.fc3.forward(x));
  }
}

test("the notebook's losses are PyTorch's at every one of 10,000 epochs", () => {
  const { state, losses, predictions, single } = FIXTURE.notebook;
  const X = tensor([
    [0.1, 0.2, 0.3, 0.4],
    [0.5, 0.6, 0.7, 0.8],
  ]);
  const y = tensor([[0], [1]], { dtype: 'float32' });
  const net = new Net();
  net.loadStateDict(
    Object.fromEntries(Object.entries(state).map(([k, t]) => [k, tensor(floats(t.data)).reshape(t.shape)])),
  );
  const criterion = new nn.MSELoss();
  const optimizer = new optim.SGD(net.parameters(), { lr: 0.1 });
  const expected = floats(losses);
  let worst = 0;
  for (let epoch = 0; epoch < 10000; epoch++) {
    const loss = criterion.forward(net.forward(X), y);
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    worst = Math.max(worst, Math.abs(loss.item() - expected[epoch]!) / expected[epoch]!);
  }
  expect(worst).toBeLessThan(1e-4);
  const out = net.forward(X).toTypedArray() as Float32Array;
  floats(predictions).forEach((p, i) => expect(Math.abs(out[i]! - p) / p).toBeLessThan(1e-4));
  expect(Math.abs(net.forward(tensor([0.3, 0.4, 0.5, 0.6])).item() - single) / single).toBeLessThan(1e-4);
});

test.each(FIXTURE.sgd.map((c) => [JSON.stringify(c.options), c] as const))('SGD %s', (_, c) => {
  const { weight_decay: weightDecay = 0, ...rest } = c.options;
  const params = [tensor(floats(c.start[0]!)).reshape(3, 4), tensor(floats(c.start[1]!))].map((t) =>
    t.requiresGrad_(),
  );
  const [a, b] = params as [Tensor, Tensor];
  const optimizer = new optim.SGD(params, { ...rest, weightDecay: weightDecay as number });
  c.steps.forEach((expected, i) => {
    const loss = a
      .pow(2)
      .sum()
      .mul(0.1)
      .add(
        sin(b)
          .mul((i + 1) * 0.1)
          .sum(),
      );
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    expected.forEach((data, k) => {
      const actual = params[k]!.toTypedArray() as Float32Array;
      floats(data).forEach((e, j) =>
        expect(Math.abs(actual[j]! - e)).toBeLessThan(2e-6 * Math.max(1, Math.abs(e))),
      );
    });
  });
});

test('SGD: groups keep their own options, and a changed learning rate counts', () => {
  const a = tensor([1]).requiresGrad_();
  const b = tensor([1]).requiresGrad_();
  const optimizer = new optim.SGD([{ params: [a] }, { params: b, lr: 0.5 }], { lr: 0.1 });
  const step = (): void => {
    optimizer.zeroGrad();
    a.add(b).backward();
    optimizer.step();
  };
  step();
  expect(a.item()).toBeCloseTo(0.9);
  expect(b.item()).toBeCloseTo(0.5);
  optimizer.paramGroups[0]!.lr = 1;
  step();
  expect(a.item()).toBeCloseTo(-0.1);
});

test('SGD: parameters without a gradient stay, half types and strided parameters are updated', () => {
  const idle = tensor([1]).requiresGrad_();
  const half = tensor([1, 2], { dtype: 'float16', requiresGrad: true });
  const strided = tensor([
    [1, 2],
    [3, 4],
  ])
    .t()
    .detach()
    .requiresGrad_();
  const optimizer = new optim.SGD([idle, half, strided], { lr: 0.5, momentum: 0.9 });
  half.sum().backward();
  strided.mul(2).sum().backward();
  optimizer.step();
  expect(idle.item()).toBe(1);
  expect(half.tolist()).toEqual([0.5, 1.5]);
  expect(strided.tolist()).toEqual([
    [0, 2],
    [1, 3],
  ]);
});

test('SGD: many parameters take several launches', () => {
  const params = Array.from({ length: 600 }, (_, i) => tensor([i]).requiresGrad_());
  const optimizer = new optim.SGD(params, { lr: 1, momentum: 0.5 });
  for (const p of params) p.sum().backward();
  optimizer.step();
  params.forEach((p, i) => expect(p.item()).toBe(i - 1));
});

test('SGD: step with a closure returns its value; zeroGrad can keep zeros', () => {
  const a = tensor([2]).requiresGrad_();
  const optimizer = new optim.SGD([a], { lr: 0.25 });
  const loss = optimizer.step(() => {
    optimizer.zeroGrad();
    const l = a.mul(a).sum();
    l.backward();
    return l;
  });
  expect(loss.item()).toBe(4);
  expect(a.item()).toBe(1);
  optimizer.zeroGrad({ setToNone: false });
  expect(a.grad!.tolist()).toEqual([0]);
  optimizer.zeroGrad();
  expect(a.grad).toBeNull();
});

test('SGD: bad options are typed errors', () => {
  const a = tensor([1]).requiresGrad_();
  expect(() => new optim.SGD([], { lr: 0.1 })).toThrow(/SGD: the list of parameters is empty/);
  expect(() => new optim.SGD([a], { lr: -1 })).toThrow(/SGD: expected lr/);
  expect(() => new optim.SGD([a], { learningRate: 1 } as never)).toThrow(/unknown option "learningRate"/);
  expect(() => new optim.SGD([a], { nesterov: true })).toThrow(/nesterov/);
  expect(() => new optim.SGD([a, a], { lr: 1 })).toThrow(/twice/);
  expect(() => new optim.SGD([a.mul(2)], { lr: 1 })).toThrow(/MulBackward/);
  expect(() => new optim.SGD('x' as never)).toThrow(/SGD/);
});
