'use strict';
// The notebook, unchanged, on the GPU: fails unless it learns there.
const { cuda, getDefaultDevice, setDefaultDevice } = require('tenon');

setDefaultDevice('cuda');
const losses = [];
const log = console.log;
console.log = (...values) => {
  const loss = /^Epoch \d+, Loss: (\S+)$/.exec(values[0]);
  if (loss) losses.push(Number(loss[1]));
  log(...values);
};
const start = performance.now();
require('../../examples/notebook.js');
const seconds = (performance.now() - start) / 1000;
log(`on ${getDefaultDevice()} (${cuda.getDeviceName()}): ${seconds.toFixed(2)} s`);
if (losses.length !== 10 || !(losses[9] < losses[0])) {
  console.error(`expected ten falling losses, got ${losses.join(', ')}`);
  process.exit(1);
}
