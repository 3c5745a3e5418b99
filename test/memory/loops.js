'use strict';
// Plain synchronous loops: no tidy, no dispose, no await. Run by memory.test.ts, each in a process of its own:
//   node test/memory/loops.js NAME
// Prints the resident memory in MB after warm-up, at its highest since, and at the end.
const {
  autograd,
  noGrad,
  nn,
  ones,
  optim,
  randn,
  sigmoid,
  tensor,
  zeros,
  memoryStats,
} = require('../../dist');

class Net extends nn.Module {
  constructor(sizes) {
    super();
    this.layers = new nn.Sequential(...sizes.slice(1).map((n, i) => new nn.Linear(sizes[i], n)));
  }
  forward(x) {
    for (const layer of this.layers) x = sigmoid(layer.forward(x));
    return x;
  }
}

const criterion = new nn.MSELoss();

/** The steps of a training loop. */
function training(sizes, rows, Optimizer = optim.SGD, options = { lr: 0.01, momentum: 0.9 }) {
  const net = new Net(sizes);
  const optimizer = new Optimizer(net.parameters(), options);
  const x = randn(rows, sizes[0]);
  const y = ones(rows, sizes.at(-1));
  return () => {
    const loss = criterion.forward(net.forward(x), y);
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
  };
}

/** Each: how many steps to take, how many of them to warm up with, and what makes a step. */
const LOOPS = {
  training: [100_000, 20_000, () => training([4, 5, 4, 1], 2)],
  'training with Adam': [50_000, 5_000, () => training([4, 5, 4, 1], 2, optim.Adam, { amsgrad: true })],
  'training without zeroGrad': [
    50_000,
    5_000,
    () => {
      const net = new Net([4, 5, 1]);
      const x = randn(2, 4);
      return () => net.forward(x).sum().backward();
    },
  ],
  'steps far above the base': [
    60,
    20,
    () => {
      const w = randn(1 << 20).requiresGrad_();
      return () => {
        let x = w;
        for (let i = 0; i < 24; i++) x = sigmoid(x);
        w.grad = null;
        x.sum().backward();
      };
    },
  ],
  'arithmetic without autograd': [
    200_000,
    20_000,
    () => {
      const [a, b] = [randn(8, 8), randn(8, 8)];
      return () => a.matmul(b).add(a).mul(2).sum();
    },
  ],
  'a tensor of which there were views, and a view, turned in place': [
    400_000,
    40_000,
    () => {
      const x = zeros(2, 3);
      const y = x.view(2, 3);
      y.view(6);
      return () => {
        x.transpose_(0, 1);
        y.transpose_(0, 1);
      };
    },
  ],
  'forward only, recorded': [
    100_000,
    10_000,
    () => {
      const net = new Net([4, 5, 1]);
      const x = randn(2, 4);
      return () => criterion.forward(net.forward(x), zeros(2, 1));
    },
  ],
  'forward only, in noGrad': [
    100_000,
    10_000,
    () => {
      const net = new Net([4, 5, 1]);
      const x = randn(2, 4);
      return () => noGrad(() => net.forward(x));
    },
  ],
  'a hook that throws': [
    50_000,
    5_000,
    () => {
      const net = new Net([4, 5, 1]);
      const x = randn(2, 4);
      return () => {
        const hidden = net.layers.at(0).forward(x);
        hidden.registerHook(() => {
          throw new Error('from a hook');
        });
        try {
          net.layers.at(1).forward(hidden).sum().backward();
        } catch {
          return;
        }
        throw new Error('the hook was not called');
      };
    },
  ],
  'a saved tensor changed in place': [
    50_000,
    5_000,
    () => {
      const w = randn(16, 16).requiresGrad_();
      return () => {
        const y = w.exp();
        const z = y.mul(y).sum();
        y.detach().zero_();
        try {
          z.backward();
        } catch {
          return;
        }
        throw new Error('the change was not noticed');
      };
    },
  ],
  'modules dropped with their gradients': [
    20_000,
    2_000,
    () => () => new nn.Linear(64, 64).forward(randn(4, 64)).sum().backward(),
  ],
  'double backward': [
    50_000,
    5_000,
    () => {
      const x = randn(4).requiresGrad_();
      return () => {
        const [g] = autograd.grad(x.mul(x).sum(), x, { createGraph: true });
        g.sum().backward();
      };
    },
  ],
  'views and changes in place': [
    100_000,
    10_000,
    () => {
      const x = zeros(16, 16);
      return (i) =>
        x
          .at(i % 16)
          .add_(1)
          .index('::2')
          .mul_(0.5);
    },
  ],
  iteration: [
    20_000,
    2_000,
    () => {
      const x = randn(16, 4);
      return () => [...x];
    },
  ],
  'tensors from lists, item and tolist': [
    100_000,
    10_000,
    () => () => {
      const t = tensor([[1, 2], [3, 4]]); // prettier-ignore
      return t.sum().item() + t.tolist().length;
    },
  ],
  '64 KB a tensor': [100_000, 10_000, () => () => zeros(128, 128)],
  '16 MB a tensor': [600, 100, () => () => zeros(2048, 2048)],
};

const [steps, warmUp, prepare] = LOOPS[process.argv[2]] ?? [];
if (prepare === undefined) {
  console.log(JSON.stringify(Object.keys(LOOPS)));
  process.exit(0);
}
const resident = () => process.memoryUsage.rss() / 2 ** 20;
const step = prepare();
for (let i = 0; i < warmUp; i++) step(i);
const before = resident();
const bytes = memoryStats().liveBytes;
let highest = before;
const often = Math.max(1, Math.floor(steps / 200));
for (let i = 0; i < steps; i++) {
  step(i);
  if (i % often === 0) highest = Math.max(highest, resident());
}
const after = resident();
console.log(JSON.stringify({ before, highest, after, bytes, bytesAfter: memoryStats().liveBytes }));
