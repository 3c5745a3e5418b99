/** The networks that are trained in the suite models, with what they are trained on. */
import { arange, nn, noGrad, optim, tensor, type Tensor } from 'tenon';
import { sequence } from './data';

const { functional: F } = nn;
const MODULUS = 16777213;

function inputs(...shape: number[]): Tensor {
  const count = shape.reduce((n, size) => n * size, 1);
  return tensor(sequence(count, 48271, MODULUS)).view(shape);
}

/** Whole numbers below n, as PyTorch's side has them. */
function labels(n: number, ...shape: number[]): Tensor {
  const count = shape.reduce((k, size) => k * size, 1);
  return arange(count).mul(48271).remainder(MODULUS).remainder(n).view(shape);
}

class Mlp extends nn.Module {
  fc1 = new nn.Linear(784, 512);
  fc2 = new nn.Linear(512, 256);
  fc3 = new nn.Linear(256, 10);
  forward(x: Tensor): Tensor {
    return this.fc3.forward(F.relu(this.fc2.forward(F.relu(this.fc1.forward(x)))));
  }
}

class Cnn extends nn.Module {
  conv1 = new nn.Conv2d(1, 32, 3, 1);
  conv2 = new nn.Conv2d(32, 64, 3, 1);
  dropout1 = new nn.Dropout(0.25);
  dropout2 = new nn.Dropout(0.5);
  fc1 = new nn.Linear(9216, 128);
  fc2 = new nn.Linear(128, 10);
  forward(x: Tensor): Tensor {
    x = F.relu(this.conv1.forward(x));
    x = F.maxPool2d(F.relu(this.conv2.forward(x)), 2);
    x = this.dropout1.forward(x).flatten(1);
    x = this.dropout2.forward(F.relu(this.fc1.forward(x)));
    return F.logSoftmax(this.fc2.forward(x), 1);
  }
}

class Block extends nn.Module {
  ln1 = new nn.LayerNorm(128);
  qkv = new nn.Linear(128, 384);
  project = new nn.Linear(128, 128);
  ln2 = new nn.LayerNorm(128);
  up = new nn.Linear(128, 512);
  down = new nn.Linear(512, 128);
  forward(x: Tensor): Tensor {
    const [n, t] = x.shape as [number, number];
    const [q, k, v] = this.qkv
      .forward(this.ln1.forward(x))
      .view(n, t, 3, 4, 32)
      .permute(2, 0, 3, 1, 4)
      .unbind(0) as [Tensor, Tensor, Tensor];
    const y = F.scaledDotProductAttention(q, k, v, { isCausal: true });
    x = x.add(this.project.forward(y.transpose(1, 2).reshape(n, t, 128)));
    return x.add(this.down.forward(F.gelu(this.up.forward(this.ln2.forward(x)))));
  }
}

class Gpt extends nn.Module {
  tokens = new nn.Embedding(65, 128);
  positions = new nn.Embedding(64, 128);
  blocks = new nn.Sequential(...[0, 1, 2, 3].map(() => new Block()));
  ln = new nn.LayerNorm(128);
  head = new nn.Linear(128, 65, { bias: false });
  forward(ids: Tensor): Tensor {
    const x = this.tokens.forward(ids).add(this.positions.forward(arange(ids.shape[1]!)));
    return this.head.forward(this.ln.forward(this.blocks.forward(x)));
  }
}

class Lstm extends nn.Module {
  lstm = new nn.LSTM(128, 128, { numLayers: 2, batchFirst: true });
  out = new nn.Linear(128, 10);
  forward(x: Tensor): Tensor {
    const [y] = this.lstm.forward(x);
    return this.out.forward(y.select(1, -1));
  }
}

/** The same weights on all sides: those of norms stay ones and zeros. */
function prepared<M extends nn.Module>(net: M): M {
  noGrad(() => {
    for (const [name, p] of net.namedParameters())
      if (!name.includes('ln'))
        p.copy_(
          tensor(sequence(p.numel(), 37, 101))
            .view(p.shape)
            .mul(0.5 / Math.sqrt(p.shape.at(-1)!)),
        );
  });
  return net;
}

export interface Model {
  net: nn.Module;
  optimizer: { zeroGrad(): void; step(): void };
  loss: () => Tensor;
}

export const MODELS: Record<string, () => Model> = {
  mlp() {
    const net = prepared(new Mlp());
    const [x, y] = [inputs(128, 784), labels(10, 128)];
    return {
      net,
      optimizer: new optim.Adam(net.parameters(), { lr: 1e-3 }),
      loss: () => F.crossEntropy(net.forward(x), y),
    };
  },
  cnn() {
    const net = prepared(new Cnn());
    const [x, y] = [inputs(64, 1, 28, 28), labels(10, 64)];
    return {
      net,
      optimizer: new optim.Adadelta(net.parameters(), { lr: 1 }),
      loss: () => F.nllLoss(net.forward(x), y),
    };
  },
  gpt() {
    const net = prepared(new Gpt());
    const [x, y] = [labels(65, 12, 64), labels(64, 12, 64)];
    return {
      net,
      optimizer: new optim.AdamW(net.parameters(), { lr: 1e-3 }),
      loss: () => F.crossEntropy(net.forward(x).view(-1, 65), y.view(-1)),
    };
  },
  lstm() {
    const net = prepared(new Lstm());
    const [x, y] = [inputs(32, 64, 128), labels(10, 32)];
    return {
      net,
      optimizer: new optim.Adam(net.parameters(), { lr: 1e-3 }),
      loss: () => F.crossEntropy(net.forward(x), y),
    };
  },
};
