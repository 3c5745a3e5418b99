/** Where a network's step of training spends its time: npm run bench:profile -- [mlp | cnn | gpt | lstm] [threads]. */
import { cpu, profiler, setNumThreads } from 'tenon';
import { MODELS } from './tenon/networks';

const STEPS = 20;
/** So many rows tell most of it. */
const ROWS = 16;

const [name = 'gpt', threads = '1'] = process.argv.slice(2);
const make = Object.hasOwn(MODELS, name) ? MODELS[name] : undefined;
if (make === undefined || !/^[1-9]\d?$/.test(threads)) {
  console.error(`usage: npm run bench:profile -- [${Object.keys(MODELS).join(' | ')}] [threads]`);
  process.exit(2);
}
setNumThreads(Number(threads));
const { optimizer, loss } = make();

function train(steps: number): void {
  for (let i = 0; i < steps; i++) {
    optimizer.zeroGrad();
    loss().backward();
    optimizer.step();
  }
  cpu.synchronize();
}

train(5);
const start = performance.now();
train(STEPS);
console.log(`${((performance.now() - start) / STEPS).toFixed(1)} ms a step; ${STEPS} steps by operation:`);
const averages = profiler.profile(() => train(STEPS)).keyAverages();
console.log(
  averages
    .table()
    .split('\n')
    .slice(0, ROWS + 2)
    .join('\n'),
);
