'use strict';
// Some of everything, small: what compute-sanitizer, which makes all slow, looks at.
const t = require('tenon');

const on = { device: 'cuda' };
const x = t.randn(33, 65, on);
const y = t.randn(33, 65, on);
const index = t.tensor([0, 5, 32, 5], { dtype: 'int64', device: 'cuda' });

const results = {
  add: () => x.add(y),
  broadcast: () => x.mul(y.at(0)),
  strided: () => x.t().exp(),
  half: () => x.half().sigmoid(),
  compare: () => x.gt(y).sum(),
  where: () => x.where(x.gt(0), y),
  sum: () => x.sum(),
  mean: () => x.mean(0),
  argmax: () => x.argmax(1),
  softmax: () => x.softmax(1),
  logSoftmax: () => x.logSoftmax(0),
  matmul: () => x.matmul(y.t()),
  matmulLarge: () => t.randn(130, 70, on).matmul(t.randn(70, 200, on)),
  matmulBfloat16: () => x.to('bfloat16').matmul(y.to('bfloat16').t()),
  indexSelect: () => x.indexSelect(0, index),
  indexAdd: () => x.indexAdd(0, index, y.indexSelect(0, index)),
  random: () => t.rand(1000, on),
  randperm: () => t.randperm(1000, on),
  training() {
    const net = new t.nn.Sequential(new t.nn.Linear(65, 17), new t.nn.ReLU(), new t.nn.Linear(17, 5)).to(
      'cuda',
    );
    const optimizer = new t.optim.SGD(net.parameters(), { lr: 0.1 });
    const target = t.randint(0, 5, [33], on);
    let loss;
    for (let i = 0; i < 2; i++) {
      optimizer.zeroGrad();
      loss = new t.nn.CrossEntropyLoss().forward(net.forward(x), target);
      loss.backward();
      optimizer.step();
    }
    return loss;
  },
};

let failures = 0;
for (const [name, run] of Object.entries(results)) {
  try {
    const sum = run().to('float64').sum().item();
    if (!Number.isFinite(sum)) throw new Error(`the result sums up to ${sum}`);
  } catch (error) {
    failures++;
    console.error(`${name}: ${error.message}`);
  }
}
t.cuda.synchronize();
console.log(`${Object.keys(results).length - failures} passed, ${failures} failed`);
process.exit(failures > 0 ? 1 : 0);
