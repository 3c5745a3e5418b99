/** Twenty training steps of whole networks from PyTorch's weights give PyTorch's losses (scripts/fixtures/networks.py). */
import { readFileSync } from 'fs';
import { join } from 'path';
import { arange, nn, optim, type Tensor } from 'tenon';
import { makeTensor, type EncodedTensor } from './ops/table';

const { functional: F } = nn;

interface Trace {
  state: [name: string, value: EncodedTensor][];
  input: EncodedTensor;
  target: EncodedTensor;
  losses: number[];
}

const TRACES = JSON.parse(readFileSync(join(__dirname, 'fixtures/networks.json'), 'utf8')) as Record<
  string,
  Trace
>;

class Mlp extends nn.Module {
  fc1 = new nn.Linear(12, 16);
  fc2 = new nn.Linear(16, 8);
  fc3 = new nn.Linear(8, 4);
  forward(x: Tensor): Tensor {
    return this.fc3.forward(F.relu(this.fc2.forward(F.relu(this.fc1.forward(x)))));
  }
}

class Cnn extends nn.Module {
  conv1 = new nn.Conv2d(1, 4, 3, { padding: 1 });
  norm1 = new nn.BatchNorm2d(4);
  conv2 = new nn.Conv2d(4, 8, 3, { stride: 2, bias: false });
  norm2 = new nn.BatchNorm2d(8);
  fc = new nn.Linear(8, 5);
  forward(x: Tensor): Tensor {
    x = F.maxPool2d(F.relu(this.norm1.forward(this.conv1.forward(x))), 2);
    x = F.leakyRelu(this.norm2.forward(this.conv2.forward(x)), 0.1);
    return F.logSoftmax(this.fc.forward(F.adaptiveAvgPool2d(x, 1).flatten(1)), 1);
  }
}

class Block extends nn.Module {
  ln1 = new nn.LayerNorm(16);
  qkv = new nn.Linear(16, 48);
  project = new nn.Linear(16, 16);
  ln2 = new nn.LayerNorm(16);
  up = new nn.Linear(16, 64);
  down = new nn.Linear(64, 16);
  forward(x: Tensor): Tensor {
    const [n, t] = x.shape as [number, number];
    const heads = this.qkv.forward(this.ln1.forward(x)).view(n, t, 3, 2, 8).permute(2, 0, 3, 1, 4);
    const [q, k, v] = heads.unbind(0) as [Tensor, Tensor, Tensor];
    const y = F.scaledDotProductAttention(q, k, v, { isCausal: true });
    x = x.add(this.project.forward(y.transpose(1, 2).reshape(n, t, 16)));
    return x.add(this.down.forward(F.gelu(this.up.forward(this.ln2.forward(x)))));
  }
}

class Gpt extends nn.Module {
  tokens = new nn.Embedding(11, 16);
  positions = new nn.Embedding(8, 16);
  blocks = new nn.Sequential(new Block(), new Block());
  ln = new nn.LayerNorm(16);
  head = new nn.Linear(16, 11, { bias: false });
  forward(ids: Tensor): Tensor {
    const x = this.tokens.forward(ids).add(this.positions.forward(arange(ids.shape[1]!)));
    return this.head.forward(this.ln.forward(this.blocks.forward(x)));
  }
}

class Lstm extends nn.Module {
  lstm = new nn.LSTM(4, 8, { numLayers: 2, batchFirst: true, bidirectional: true });
  out = new nn.Linear(16, 3);
  forward(x: Tensor): Tensor {
    const [y] = this.lstm.forward(x);
    return this.out.forward(y.select(1, -1));
  }
}

interface Network extends nn.Module {
  forward(x: Tensor): Tensor;
}

interface Training {
  net: Network;
  optimizer: { zeroGrad(): void; step(): void };
  lossOf: (out: Tensor, target: Tensor) => Tensor;
  clip?: number;
}

const TRAININGS: Record<string, () => Training> = {
  mlp() {
    const net = new Mlp();
    const optimizer = new optim.SGD(net.parameters(), { lr: 0.1, momentum: 0.9 });
    return { net, optimizer, lossOf: (out, y) => F.crossEntropy(out, y) };
  },
  cnn() {
    const net = new Cnn();
    const optimizer = new optim.Adam(net.parameters(), { lr: 0.01 });
    return { net, optimizer, lossOf: (out, y) => F.nllLoss(out, y) };
  },
  gpt() {
    const net = new Gpt();
    const optimizer = new optim.AdamW(net.parameters(), { lr: 0.01, weightDecay: 0.1 });
    const lossOf = (out: Tensor, y: Tensor): Tensor => F.crossEntropy(out.flatten(0, 1), y.flatten());
    return { net, optimizer, lossOf, clip: 1 };
  },
  lstm() {
    const net = new Lstm();
    const optimizer = new optim.SGD(net.parameters(), { lr: 0.1, momentum: 0.9, nesterov: true });
    return { net, optimizer, lossOf: (out, y) => F.crossEntropy(out, y) };
  },
};

test.each(Object.keys(TRAININGS))('%s', (name) => {
  const trace = TRACES[name]!;
  const { net, optimizer, lossOf, clip } = TRAININGS[name]!();
  expect(Object.keys(net.stateDict())).toEqual(trace.state.map(([key]) => key));
  net.loadStateDict(Object.fromEntries(trace.state.map(([key, value]) => [key, makeTensor(value)])));
  const [input, target] = [makeTensor(trace.input), makeTensor(trace.target)];
  for (const expected of trace.losses) {
    const loss = lossOf(net.forward(input), target);
    optimizer.zeroGrad();
    loss.backward();
    if (clip !== undefined) nn.utils.clipGradNorm_(net.parameters(), clip);
    optimizer.step();
    expect(Math.abs(loss.item() - expected) / expected).toBeLessThan(1e-4);
  }
});
