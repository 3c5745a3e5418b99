/**
 * A small GPT that learns a text letter by letter and then goes on writing. Run it with `npm run char-gpt`, or
 * `npm run char-gpt -- 300` for fewer steps; docs/example-char-gpt.md explains it.
 */
import { readFileSync } from 'fs';
import { join } from 'path';
import { SingleBar } from 'cli-progress';
import { arange, manualSeed, multinomial, nn, noGrad, optim, randint, tensor, type Tensor } from 'tenon';

const { functional: F } = nn;
const STEPS = Number(process.argv[2] ?? 1000);
const BATCH = 16;
/** Letters that the network sees at once. */
const CONTEXT = 64;
const WIDTH = 96;
const HEADS = 4;
const LAYERS = 3;

class Attention extends nn.Module {
  qkv = new nn.Linear(WIDTH, 3 * WIDTH);
  out = new nn.Linear(WIDTH, WIDTH);

  forward(x: Tensor): Tensor {
    const [n, t] = x.shape as [number, number];
    const heads = this.qkv
      .forward(x)
      .view(n, t, 3, HEADS, WIDTH / HEADS)
      .permute(2, 0, 3, 1, 4);
    const [q, k, v] = heads.unbind(0) as [Tensor, Tensor, Tensor];
    const y = F.scaledDotProductAttention(q, k, v, { isCausal: true });
    return this.out.forward(y.transpose(1, 2).reshape(n, t, WIDTH));
  }
}

class Block extends nn.Module {
  norm1 = new nn.LayerNorm(WIDTH);
  attention = new Attention();
  norm2 = new nn.LayerNorm(WIDTH);
  feed = new nn.Sequential(new nn.Linear(WIDTH, 4 * WIDTH), new nn.GELU(), new nn.Linear(4 * WIDTH, WIDTH));

  forward(x: Tensor): Tensor {
    x = x.add(this.attention.forward(this.norm1.forward(x)));
    return x.add(this.feed.forward(this.norm2.forward(x)));
  }
}

class Gpt extends nn.Module {
  letters: nn.Embedding;
  positions = new nn.Embedding(CONTEXT, WIDTH);
  blocks = new nn.Sequential(...Array.from({ length: LAYERS }, () => new Block()));
  norm = new nn.LayerNorm(WIDTH);
  head: nn.Linear;

  constructor(letters: number) {
    super();
    this.letters = new nn.Embedding(letters, WIDTH);
    this.head = new nn.Linear(WIDTH, letters, { bias: false });
  }

  /** From letters [n, t] to scores of the letter after each, [n, t, letters]. */
  forward(ids: Tensor): Tensor {
    const x = this.letters.forward(ids).add(this.positions.forward(arange(ids.shape[1]!)));
    return this.head.forward(this.norm.forward(this.blocks.forward(x)));
  }
}

manualSeed(0);
const text = readFileSync(join(__dirname, 'data/constitution.txt'), 'utf8');
const letters = [...new Set(text)].sort();
const encode = (s: string): Tensor =>
  tensor(
    [...s].map((letter) => letters.indexOf(letter)),
    { dtype: 'int64' },
  );
const decode = (ids: number[]): string => ids.map((id) => letters[id]).join('');
const data = encode(text);

const net = new Gpt(letters.length);
const optimizer = new optim.AdamW(net.parameters(), { lr: 2e-3 });
const scheduler = new optim.lrScheduler.CosineAnnealingLR(optimizer, STEPS);
console.log(`${text.length} letters, ${letters.length} different; ${net.parameters().reduce((n, p) => n + p.numel(), 0)} parameters`); // prettier-ignore

const bar = new SingleBar({ format: '{bar} {percentage}% | step {value}/{total} | loss {loss}' });
const start = process.hrtime.bigint();
bar.start(STEPS, 0, { loss: '-' });
let recent = Math.log(letters.length);
for (let step = 1; step <= STEPS; step++) {
  const starts = randint(0, data.numel() - CONTEXT, [BATCH, 1]);
  const ids = data.index(starts.add(arange(CONTEXT + 1)));
  const scores = net.forward(ids.narrow(1, 0, CONTEXT));
  const loss = F.crossEntropy(scores.flatten(0, 1), ids.narrow(1, 1, CONTEXT).flatten());
  optimizer.zeroGrad();
  loss.backward();
  nn.utils.clipGradNorm_(net.parameters(), 1);
  optimizer.step();
  scheduler.step();
  recent += 0.05 * (loss.item() - recent);
  bar.update(step, { loss: recent.toFixed(3) });
}
bar.stop();
const seconds = Number(process.hrtime.bigint() - start) / 1e9;
console.log(`trained ${STEPS} steps in ${seconds.toFixed(1)} s; loss ${recent.toFixed(3)}`);

/** Goes on from a beginning, letter by letter, each drawn by its probability. */
function write(beginning: string, count: number, temperature: number): string {
  const ids = encode(beginning).tolist<number[]>();
  noGrad(() => {
    for (let i = 0; i < count; i++) {
      const last = tensor([ids.slice(-CONTEXT)], { dtype: 'int64' });
      const scores = net.forward(last).index(0, -1);
      ids.push(multinomial(scores.div(temperature).softmax(0), 1).item());
    }
  });
  return decode(ids);
}

net.eval();
console.log(`\n${write('The President shall ', 400, 0.7)}`);
