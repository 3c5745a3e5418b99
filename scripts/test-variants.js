'use strict';
// Runs suites again in ways that a process chooses once and for all: under each instruction set that this machine
// has, but for the one that all tests run under; with every launch on the executor, however small; and on the emulated
// CUDA device, in the full tier with its threads in other orders, too.
const { spawnSync } = require('child_process');
const path = require('path');
const { emulatedCuda, isEmulated, SUITES } = require('./cuda/emulated');

const root = path.join(__dirname, '..');
const { isas } = require('node-gyp-build')(root);
const used = process.env.TENON_CPU_ISA || isas[0];

const full = Boolean(process.env.TENON_TEST_FULL);
/**
 * Values everywhere. Derivatives are made of the same operations: in the full tier they run on the executor and on emulated
 * CUDA, where in which order things are done matters.
 */
const VALUES = 'test/ops/forward';
const ALL = full ? 'test/ops' : VALUES;
/**
 * All cases run in all layouts as functions and as methods where all tests run; elsewhere they take turns, but in the full
 * tier on the executor and on emulated CUDA.
 */
const TURNS = { TENON_TEST_BRIEF: '1' };
const BRIEF = full ? {} : TURNS;
/** The native programs compare every kernel of every instruction set: the quick tier leaves values to them. */
const ON_ISA = [...(full ? [VALUES] : []), 'test/isa.test.ts', 'test/tensor/random', 'test/programs'];
const VARIANTS = [
  ...isas
    .filter((isa) => isa !== used)
    .map((isa) => ({ name: `under ${isa}`, env: { TENON_CPU_ISA: isa, ...TURNS }, tests: ON_ISA })),
  {
    name: 'on the executor',
    env: { TENON_INLINE_NS: '0', ...BRIEF },
    tests: [
      ALL,
      ...(full ? ['test/tensor', 'test/nn'] : []),
      'test/programs',
      'test/training',
      'test/autograd',
      'test/executor',
    ],
  },
  ...(isEmulated ? ['', ...(full ? ['reverse', 'random'] : [])] : []).map((order) => ({
    name: `on emulated CUDA${order && `, threads in ${order} order`}`,
    env: { ...emulatedCuda(order), ...(order ? TURNS : BRIEF) },
    tests: SUITES.map((suite) => (suite !== 'test/ops' ? suite : order === '' ? ALL : VALUES)),
  })),
];

for (const { name, env, tests } of VARIANTS) {
  console.log(`\nSuites ${name}`);
  const { status } = spawnSync(process.execPath, [require.resolve('jest/bin/jest'), ...tests], {
    cwd: root,
    // Jest's part of the full tier runs once, elsewhere.
    env: { ...process.env, TENON_TEST_FULL: '', ...env },
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(status ?? 1);
}
