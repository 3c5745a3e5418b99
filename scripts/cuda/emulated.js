'use strict';
// The environment in which Tenon takes the emulated CUDA driver for the system's.
const fs = require('fs');
const path = require('path');
const { ROOT } = require('../toolchain');

const driver = path.join(
  ROOT,
  'build/Release',
  `libtenon_cuda_emulation.${process.platform === 'darwin' ? 'dylib' : 'so'}`,
);

/** Two devices, on the first of which tests make their tensors; `order`: of threads and blocks (forward, reverse or random). */
function emulatedCuda(order = '') {
  return {
    TENON_CUDA_DRIVER: driver,
    TENON_EMULATED_CUDA_DEVICES: '2',
    TENON_TEST_DEVICE: 'cuda',
    ...(order ? { TENON_EMULATED_CUDA_ORDER: order } : {}),
  };
}

/** Whether a native test runs a second time, with launches on the device: its source says so. */
function runsOnCuda(source) {
  const text = fs.readFileSync(path.join(ROOT, 'native', 'test', source), 'utf8');
  return text.includes('\n// Also runs on emulated CUDA');
}

/** Whether there is an emulated driver: `npm run build:emulation` builds it, though not on Windows. */
const isEmulated = fs.existsSync(driver);

/** The tests that run on whatever device they are given. */
const SUITES = [
  'test/ops',
  'test/programs',
  'test/training',
  'test/optimizers',
  'test/autograd',
  'test/indexing',
  'test/nn',
  'test/tensor/random',
  'test/tensor/conversion',
  'test/devices',
];

module.exports = { driver, emulatedCuda, isEmulated, runsOnCuda, SUITES };
