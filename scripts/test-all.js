'use strict';
// The full tier of tests: every suite, one after the other, and at the end what each counted and how long it took.
// usage: node scripts/test-all.js [name ...]   (all suites, or those whose names contain one of these words)
const { spawn } = require('child_process');
const { ROOT } = require('./toolchain');

const jest = require.resolve('jest/bin/jest');
const script = (name, ...args) => [`${__dirname}/${name}.js`, ...args];

/** In the order of how soon they find something. */
const SUITES = {
  'JavaScript, with 200 endings': [jest],
  'instruction sets, all on the executor, and on emulated CUDA': script('test-variants'),
  'registers of CUDA kernels': script('cuda/check-ptxas'),
  'native, with the slow sweeps': script('test-native', '--full'),
  'other versions of Node': script('test-nodes'),
  'native, for arm64': script('test-native', '--arm64'),
  'native, threads sanitized': script('test-native', '--sanitize', 'thread'),
  'native, memory and undefined behaviour sanitized': script(
    'test-native',
    '--sanitize',
    'address,undefined',
  ),
  'mistakes in CUDA kernels': script('test-cuda-mutants'),
  'addon, memory and undefined behaviour sanitized': script('test-sanitized-addon'),
  'a million random calls': [require.resolve('ts-node/dist/bin'), 'fuzz/run.ts', '--calls', '1000000'],
};

/** Runs a suite with its output passed on; adds up the counts in its summary lines. */
function run(args) {
  return new Promise((resolve) => {
    const started = Date.now();
    const counts = { passed: 0, failed: 0, skipped: 0 };
    const env = { ...process.env, TENON_TEST_FULL: '1' };
    const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'], env });
    for (const name of ['stdout', 'stderr']) {
      let line = '';
      child[name].on('data', (data) => {
        process[name].write(data);
        const lines = (line + String(data)).split('\n');
        line = lines.pop();
        for (const text of lines) count(text, counts);
      });
    }
    child.on('close', (status, signal) =>
      resolve({ ...counts, status: status ?? signal, seconds: Math.round((Date.now() - started) / 1000) }),
    );
  });
}

/** Jest's summary, or that of the native tests. */
function count(text, counts) {
  const plain = text.replace(/\u001b\[[0-9;]*m/g, '');
  if (!/^(Tests|Native tests.*|Registers|Fuzz): /.test(plain)) return;
  for (const [, n, what] of plain.matchAll(/(\d+) (passed|failed|skipped)/g)) counts[what] += Number(n);
}

async function main() {
  const words = process.argv.slice(2);
  const rows = [];
  for (const [name, args] of Object.entries(SUITES)) {
    if (words.length > 0 && !words.some((word) => name.includes(word))) continue;
    console.log(`\n== ${name}`);
    rows.push({ name, ...(await run(args)) });
  }
  console.log('');
  for (const { name, passed, failed, skipped, status, seconds } of rows)
    console.log(
      `${status === 0 ? 'ok    ' : 'FAILED'} ${name}: ${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ''} (${seconds} s${status === 0 ? '' : `, ended with ${status}`})`,
    );
  process.exit(rows.length > 0 && rows.every((row) => row.status === 0) ? 0 : 1);
}

void main();
