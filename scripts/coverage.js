'use strict';
// Which of PyTorch's names Tenon has, and for each tested op its dtypes, gradients and devices.
// usage: node scripts/coverage.js [--write | --check]     prints the shares; writes docs/coverage.md, or says whether it is up to date
const fs = require('fs');
const path = require('path');
const { ROOT } = require('./toolchain');

const surface = require('./torch-surface.json');
const tenon = require(ROOT);
const page = path.join(ROOT, 'docs/coverage.md');

/** PyTorch's name as it is here; dots lead into sub-modules. */
const camelCase = (name) =>
  name
    .split('.')
    .map((part) => part.replace(/(?!^)_([a-zA-Z0-9])/g, (_, letter) => letter.toUpperCase()))
    .join('.');

const find = (from, name) =>
  camelCase(name)
    .split('.')
    .reduce((value, part) => (value === undefined || value === null ? undefined : value[part]), from);

/** Where the names of a group are looked for. */
function has(group, name) {
  if (group === 'tensor') return camelCase(name) in tenon.Tensor.prototype;
  if (group === 'creation' || group === 'functions') return find(tenon, name) !== undefined;
  if (group === 'functional') return find(tenon.nn.functional, name) !== undefined;
  if (group === 'nn.Module') return find(tenon.nn.Module.prototype, name) !== undefined || hasField(name);
  return find(find(tenon, group), name) !== undefined;
}

/** Fields of a module are its own. */
function hasField(name) {
  return find(new tenon.nn.Sequential(), name) !== undefined;
}

function groupRows(tier) {
  return Object.entries(surface[tier]).map(([group, names]) => ({
    group,
    names: names.length,
    missing: names.filter((name) => !has(group, name)).map(camelCase),
  }));
}

const percent = (present, all) => `${((100 * present) / all).toFixed(1)} %`;

/** Of each op of the tables of results: its dtypes, and whether its derivatives are tested. */
function testedOps() {
  const folder = path.join(ROOT, 'test/fixtures/ops');
  const ops = new Map();
  for (const family of fs.readdirSync(folder)) {
    for (const c of JSON.parse(fs.readFileSync(path.join(folder, family), 'utf8'))) {
      const op = ops.get(c.op) ?? { dtypes: new Set(), first: false, second: false, cases: 0 };
      for (const dtype of Object.keys(c.results)) op.dtypes.add(dtype);
      op.first ||= c.grads !== undefined;
      op.second ||= c.second === true && c.grads !== undefined;
      op.cases++;
      ops.set(c.op, op);
    }
  }
  return [...ops].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Rows of ops.def that run on the CPU also for tensors of a CUDA device. */
function onHost() {
  const rows = fs
    .readFileSync(path.join(ROOT, 'native/ops.def'), 'utf8')
    .matchAll(/^(?:HOST|SHARED)_KERNEL\((\w+),/gm);
  return [...rows].map(([, name]) => name).filter((name) => name !== 'name');
}

const DTYPES = [
  'float32',
  'float64',
  'float16',
  'bfloat16',
  'int64',
  'int32',
  'int16',
  'int8',
  'uint8',
  'bool',
];

function text(tiers) {
  const lines = [
    '# Coverage',
    '',
    'Made by `npm run coverage -- --write`. Names are in camelCase here: `log_softmax` is `logSoftmax`.',
    '',
  ];
  for (const [tier, rows] of Object.entries(tiers)) {
    lines.push(`## ${tier === 'tier1' ? 'Names' : 'Names of the second tier'}`, '');
    lines.push('| group | present | of | missing |', '| --- | --- | --- | --- |');
    for (const { group, names, missing } of rows)
      lines.push(
        `| ${group} | ${names - missing.length} | ${names} | ${missing.length > 40 ? `${missing.length} names` : missing.map((m) => `\`${m}\``).join(' ')} |`,
      );
    lines.push('');
  }
  lines.push('## Operations with tables of results', '');
  lines.push(
    "Each is compared with PyTorch's results in these dtypes, on dense, transposed and strided operands, on every instruction set and on the emulated CUDA device; 1 and 2: its first and second derivatives are tested against PyTorch's and by finite differences.",
    '',
    '| operation | cases | dtypes | derivatives |',
    '| --- | --- | --- | --- |',
  );
  for (const [name, op] of testedOps()) {
    const dtypes = DTYPES.filter((dtype) => op.dtypes.has(dtype));
    lines.push(
      `| \`${name}\` | ${op.cases} | ${dtypes.length === DTYPES.length ? 'all' : dtypes.join(' ')} | ${op.second ? '1, 2' : op.first ? '1' : ''} |`,
    );
  }
  const host = onHost();
  lines.push(
    '',
    '## On CUDA',
    '',
    host.length === 0
      ? 'Every kernel runs on the device.'
      : `All kernels run on the device but these, whose operands go to the CPU and back: ${host.map((name) => `\`${name}\``).join(', ')}.`,
    '',
  );
  return lines.join('\n');
}

async function main() {
  const tiers = { tier1: groupRows('tier1'), tier2: groupRows('tier2') };
  for (const [tier, rows] of Object.entries(tiers)) {
    console.log(tier);
    for (const { group, names, missing } of rows)
      console.log(
        `  ${group.padEnd(22)} ${String(names - missing.length).padStart(4)} of ${String(names).padStart(4)}  ${percent(names - missing.length, names)}`,
      );
    const all = rows.reduce((n, row) => n + row.names, 0);
    const present = all - rows.reduce((n, row) => n + row.missing.length, 0);
    console.log(
      `  ${'all'.padEnd(22)} ${String(present).padStart(4)} of ${String(all).padStart(4)}  ${percent(present, all)}`,
    );
  }
  const prettier = require('prettier');
  const options = { ...(await prettier.resolveConfig(page)), filepath: page };
  const content = await prettier.format(text(tiers), options);
  if (process.argv.includes('--write')) fs.writeFileSync(page, content);
  if (process.argv.includes('--check') && fs.readFileSync(page, 'utf8') !== content) {
    console.error('docs/coverage.md is not up to date: npm run coverage -- --write');
    process.exit(1);
  }
}

void main();
