'use strict';
// The full tier of tests: every suite, and at the end what each counted and how long it took.
// usage: node scripts/test-all.js [name ...]   (all suites, or those whose names contain one of these words)
const { spawn } = require('child_process');
const os = require('os');
const { ROOT } = require('./toolchain');

const jest = require.resolve('jest/bin/jest');
const script = (name, ...args) => [`${__dirname}/${name}.js`, ...args];

/**
 * What to run, and what of it no other may use at the same time: a build folder, or (`machine`) all processors. Suites of
 * one thread run side by side. In the order of how soon they find something.
 */
const SUITES = {
  'JavaScript, with 200 endings': { args: [jest], uses: ['machine'] },
  'instruction sets, all on the executor, and on emulated CUDA': {
    args: script('test-variants'),
    uses: ['machine'],
  },
  'other versions of Node': { args: script('test-nodes'), uses: ['machine'] },
  'native, with the slow sweeps': { args: script('test-native', '--full'), uses: ['release'] },
  'native, memory and undefined behaviour sanitized': {
    args: script('test-native', '--sanitize', 'address,undefined'),
    uses: ['address'],
  },
  'native, threads sanitized': { args: script('test-native', '--sanitize', 'thread'), uses: ['thread'] },
  'native, for arm64': { args: script('test-native', '--arm64'), uses: ['arm64'] },
  'addon, memory and undefined behaviour sanitized': {
    args: script('test-sanitized-addon'),
    uses: ['address'],
  },
  'registers of CUDA kernels': { args: script('cuda/check-ptxas'), uses: [] },
  'random calls': {
    args: [require.resolve('ts-node/dist/bin'), 'fuzz/run.ts', '--calls', '100000'],
    uses: [],
  },
};

/** Suites side by side. */
const LANES = Math.max(1, Math.min(4, os.availableParallelism()));

/** Runs a suite; prints what it said when it has ended, and adds up the counts in its summary lines. */
function run(name, args) {
  return new Promise((resolve) => {
    const started = Date.now();
    const counts = { passed: 0, failed: 0, skipped: 0 };
    const env = { ...process.env, TENON_TEST_FULL: '1' };
    const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'], env });
    let said = '';
    for (const stream of ['stdout', 'stderr']) child[stream].on('data', (data) => (said += String(data)));
    child.on('close', (status, signal) => {
      const seconds = Math.round((Date.now() - started) / 1000);
      for (const text of said.split('\n')) count(text, counts);
      console.log(`\n== ${name} (${seconds} s)\n${said}`);
      resolve({ name, ...counts, status: status ?? signal, seconds });
    });
  });
}

/** Starts each suite as soon as nothing that it uses is in use. */
async function runAll(chosen) {
  const waiting = [...chosen];
  const running = new Map();
  const rows = [];
  const isFree = ([, { uses }]) =>
    uses.includes('machine')
      ? running.size === 0
      : [...running.values()].every(
          (others) => !others.some((one) => one === 'machine' || uses.includes(one)),
        );
  while (waiting.length + running.size > 0) {
    const next = running.size < LANES ? waiting.findIndex(isFree) : -1;
    if (next < 0) {
      await Promise.race([...running.keys()]);
      continue;
    }
    const [[name, { args, uses }]] = waiting.splice(next, 1);
    console.log(`${name} …`);
    const done = run(name, args).then((row) => {
      rows.push(row);
      running.delete(done);
    });
    running.set(done, uses);
  }
  return rows;
}

/** Jest's summary, or that of the native tests. */
function count(text, counts) {
  const plain = text.replace(/\u001b\[[0-9;]*m/g, '');
  if (!/^(Tests|Native tests.*|Registers|Fuzz): /.test(plain)) return;
  for (const [, n, what] of plain.matchAll(/(\d+) (passed|failed|skipped)/g)) counts[what] += Number(n);
}

async function main() {
  const words = process.argv.slice(2);
  const chosen = Object.entries(SUITES).filter(
    ([name]) => words.length === 0 || words.some((word) => name.includes(word)),
  );
  const started = Date.now();
  const rows = await runAll(chosen);
  console.log('');
  for (const { name, passed, failed, skipped, status, seconds } of rows)
    console.log(
      `${status === 0 ? 'ok    ' : 'FAILED'} ${name}: ${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ''} (${seconds} s${status === 0 ? '' : `, ended with ${status}`})`,
    );
  console.log(`${Math.round((Date.now() - started) / 60_000)} minutes`);
  process.exit(rows.length > 0 && rows.every((row) => row.status === 0) ? 0 : 1);
}

void main();
