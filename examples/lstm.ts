/**
 * The adding problem, which asks for memory over a whole sequence: of 50 random numbers two are marked, far apart; say
 * their sum at the end (Hochreiter and Schmidhuber 1997). Run it with `npm run lstm`; docs/example-lstm.md explains it.
 */
import { SingleBar } from 'cli-progress';
import { cat, manualSeed, nn, noGrad, optim, rand, randint, stack, zeros, type Tensor } from 'tenon';

const LENGTH = 50;
const STEPS = Number(process.argv[2] ?? 1000);
const BATCH = 64;

class Adder extends nn.Module {
  lstm = new nn.LSTM(2, 32, { batchFirst: true });
  out = new nn.Linear(32, 1);

  /** From sequences [n, LENGTH, 2] to sums [n]. */
  forward(x: Tensor): Tensor {
    const [outputs] = this.lstm.forward(x);
    return this.out.forward(outputs.select(1, -1)).squeeze(1);
  }
}

/** n sequences of numbers with a mark in each half, and the sums of the marked. */
function sequences(n: number): [inputs: Tensor, sums: Tensor] {
  const numbers = rand(n, LENGTH);
  const places = cat([randint(0, LENGTH / 2, [n, 1]), randint(LENGTH / 2, LENGTH, [n, 1])], 1);
  const marks = zeros(n, LENGTH).scatter(1, places, 1);
  return [stack([numbers, marks], 2), numbers.gather(1, places).sum(1)];
}

manualSeed(0);
const net = new Adder();
const criterion = new nn.MSELoss();
const optimizer = new optim.Adam(net.parameters(), { lr: 1e-2 });
const [testInputs, testSums] = sequences(1000);
const always1 = testSums.sub(1).square().mean().item();
console.log(`error of always saying 1: ${always1.toFixed(4)}`);

const bar = new SingleBar({ format: '{bar} {percentage}% | step {value}/{total} | loss {loss}' });
const start = process.hrtime.bigint();
bar.start(STEPS, 0, { loss: '-' });
for (let step = 1; step <= STEPS; step++) {
  const [inputs, sums] = sequences(BATCH);
  const loss = criterion.forward(net.forward(inputs), sums);
  optimizer.zeroGrad();
  loss.backward();
  nn.utils.clipGradNorm_(net.parameters(), 1);
  optimizer.step();
  bar.update(step, { loss: loss.item().toFixed(4) });
}
bar.stop();

const seconds = Number(process.hrtime.bigint() - start) / 1e9;
console.log(`trained ${STEPS} steps in ${seconds.toFixed(1)} s`);
const error = noGrad(() => criterion.forward(net.forward(testInputs), testSums).item());
console.log(`error on 1000 sequences not seen before: ${error.toFixed(4)}`);
