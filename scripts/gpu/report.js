'use strict';
// Sums the GPU check up: results.json from what each part recorded and the figures that the benchmarks left, and a
// table. usage: node scripts/gpu/report.js OUT STATUS SECONDS
const fs = require('fs');
const path = require('path');

const [out, status, seconds] = process.argv.slice(2);
const tsv = path.join(out, 'parts.tsv');
const parts = fs
  .readFileSync(tsv, 'utf8')
  .replace(/\n$/, '') // not trimmed: the last field may be empty
  .split('\n')
  .map((line) => line.split('\t'))
  .map(([name, state, took, words]) => ({ name, state, seconds: Number(took), words }));
fs.rmSync(tsv);

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The last run of the suite. */
function figures() {
  const history = path.join(__dirname, '../../benchmarks/history/cuda.jsonl');
  return fs.existsSync(history)
    ? parsed(fs.readFileSync(history, 'utf8').trimEnd().split('\n').at(-1))
    : null;
}

const { version } = JSON.parse(fs.readFileSync(path.join(__dirname, '../../package.json'), 'utf8'));
const result = {
  date: new Date().toISOString(),
  version,
  node: process.version,
  seconds: Number(seconds),
  cuda: parsed(status),
  parts,
  benchmarks: figures(),
};
fs.writeFileSync(path.join(out, 'results.json'), `${JSON.stringify(result, null, 2)}\n`);

const rows = parts.map(({ name, state, seconds: took, words }) => [name, state, `${took} s`, words]);
const widths = [0, 1, 2].map((i) => Math.max(...rows.map((row) => row[i].length)));
console.log('');
for (const row of rows)
  console.log(
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  );
process.exit(parts.length > 0 && parts.every(({ state }) => state !== 'FAILED') ? 0 : 1);
