'use strict';
// Runs the suites for any device on the emulated CUDA device, then the native tests of CUDA.
// usage: node scripts/test-cuda.js [jest argument ...]   (given some: those tests alone)
const { spawnSync } = require('child_process');
const { ROOT } = require('./toolchain');
const { emulatedCuda, isEmulated, SUITES } = require('./cuda/emulated');

if (!isEmulated) {
  console.error('There is no emulated CUDA driver here: npm run build:emulation builds it.');
  process.exit(1);
}

function run(args) {
  const { status } = spawnSync(process.execPath, args, {
    cwd: ROOT,
    env: { ...process.env, ...emulatedCuda(process.env.TENON_EMULATED_CUDA_ORDER) },
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(status ?? 1);
}

const given = process.argv.slice(2);
run([require.resolve('jest/bin/jest'), ...(given.length > 0 ? given : SUITES)]);
if (given.length === 0) run([`${__dirname}/test-native.js`, 'cuda']);
