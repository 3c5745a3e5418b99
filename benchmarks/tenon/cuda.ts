/** Tenon's side of the suite cuda. */
import { cuda, nn, optim, tensor, type Tensor } from 'tenon';
import { digest, matrix, sequence } from './data';
import { serve, type Job } from './serve';

type Work =
  | { op: 'add' | 'sigmoid' | 'sum' | 'softmax'; shape: [number, number] }
  | { op: 'matmul'; n: number; dtype: 'float32' | 'bfloat16' }
  | { op: 'mlp' | 'notebook' };

const MODULUS = 16777213;

/** The last work's inputs: those of others must not lie on the device beside them. */
let inputs: { key: string; x: Tensor; y: Tensor } | null = null;

function inputsOf(rows: number, columns: number): { x: Tensor; y: Tensor } {
  const key = `${rows},${columns}`;
  if (inputs?.key !== key)
    inputs = {
      key,
      x: matrix(rows, columns, { multiplier: 48271, modulus: MODULUS }).to('cuda'),
      y: matrix(rows, columns, { multiplier: 69621, modulus: MODULUS }).to('cuda'),
    };
  return inputs;
}

/** A function called again and again, whose last result is looked at. */
function repeated(f: () => Tensor): Job {
  let result: Tensor;
  return {
    batch(calls) {
      for (let i = 0; i < calls; i++) result = f();
      cuda.synchronize();
    },
    check: () => digest(result),
  };
}

/** The same weights on all sides. */
function prepared<M extends nn.Module>(net: M): M {
  net.loadStateDict(
    Object.fromEntries(
      Object.entries(net.stateDict()).map(([name, t]) => [
        name,
        tensor(sequence(t.numel(), 37, 101))
          .mul(0.25)
          .div(Math.sqrt(t.shape.at(-1)!))
          .view(t.shape),
      ]),
    ),
  );
  return net.to('cuda');
}

/** Steps of training; `check` gives the loss after the last. */
function training(net: nn.Sequential, lossOf: () => Tensor, lr: number): Job {
  const optimizer = new optim.SGD(net.parameters(), { lr });
  return {
    batch(steps) {
      for (let i = 0; i < steps; i++) {
        const loss = lossOf();
        optimizer.zeroGrad();
        loss.backward();
        optimizer.step();
      }
      cuda.synchronize();
    },
    check: () => [lossOf().item()],
  };
}

function mlp(): Job {
  const net = prepared(
    new nn.Sequential(
      new nn.Linear(784, 512),
      new nn.ReLU(),
      new nn.Linear(512, 256),
      new nn.ReLU(),
      new nn.Linear(256, 10),
    ),
  );
  const x = matrix(128, 784, { multiplier: 619, modulus: 1009 }).to('cuda');
  const y = tensor(
    Array.from({ length: 128 }, (_, i) => i % 10),
    { dtype: 'int64' },
  ).to('cuda');
  const criterion = new nn.CrossEntropyLoss();
  return training(net, () => criterion.forward(net.forward(x), y), 0.01);
}

function notebook(): Job {
  const net = prepared(
    new nn.Sequential(
      new nn.Linear(4, 5),
      new nn.Sigmoid(),
      new nn.Linear(5, 4),
      new nn.Sigmoid(),
      new nn.Linear(4, 1),
      new nn.Sigmoid(),
    ),
  );
  const x = tensor([[0.1, 0.2, 0.3, 0.4], [0.5, 0.6, 0.7, 0.8]]).to('cuda'); // prettier-ignore
  const y = tensor([[0], [1]], { dtype: 'float32' }).to('cuda');
  const criterion = new nn.MSELoss();
  return training(net, () => criterion.forward(net.forward(x), y), 0.1);
}

function prepare(work: Work): Job {
  switch (work.op) {
    case 'mlp':
      return mlp();
    case 'notebook':
      return notebook();
    case 'matmul': {
      const { x, y } = inputsOf(work.n, work.n);
      const [a, b] = [x.to(work.dtype), y.to(work.dtype)];
      return repeated(() => a.matmul(b));
    }
    default: {
      const { x, y } = inputsOf(...work.shape);
      const { op } = work;
      if (op === 'add') return repeated(() => x.add(y));
      if (op === 'sigmoid') return repeated(() => x.sigmoid());
      return op === 'sum' ? repeated(() => x.sum()) : repeated(() => x.softmax(1));
    }
  }
}

void serve(prepare, cuda.getDeviceName());
