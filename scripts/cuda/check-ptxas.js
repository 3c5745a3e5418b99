'use strict';
// What the CUDA kernels take of a multiprocessor, as ptxas tells it: compared with native/cuda/ptxas.json, so that
// a kernel that begins to spill registers, or wants many more, is seen without a GPU.
// usage: node scripts/cuda/check-ptxas.js [--write] [source ...]
//   --write  makes the table anew; with sources (matmul reduce ...) only theirs
const { execFileSync, spawn } = require('child_process');
const fs = require('fs');
const os = require('os');
const path = require('path');
const { ROOT } = require('../toolchain');

const TABLE = path.join(ROOT, 'native', 'cuda', 'ptxas.json');
const KERNELS = path.join(ROOT, 'native', 'cuda', 'kernels');
/** The least that is supported, and what most is tuned for. */
const ARCHITECTURES = ['sm_75', 'sm_90a'];
/** So many times more than in the table is let through, and a few registers: compilers change. */
const TOLERANCE = 1.1;
const FEW_REGISTERS = 2;
const COLUMNS = ['registers', 'spillStores', 'spillLoads', 'shared'];

/** By kernel: [registers, bytes of spill stores, of spill loads, of shared memory]. */
function parse(output) {
  const kernels = {};
  for (const part of output.split(/Compiling entry function '/).slice(1)) {
    const number = (pattern) => Number(pattern.exec(part)?.[1] ?? 0);
    kernels[/^\w+/.exec(part)[0]] = [
      number(/Used (\d+) registers/),
      number(/(\d+) bytes spill stores/),
      number(/(\d+) bytes spill loads/),
      number(/(\d+) bytes smem/),
    ];
  }
  return kernels;
}

/** Compiles a source for an architecture; what ptxas says, and how long it took. */
function compile(source, architecture) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'tenon-'));
  const options = ['-std=c++17', '-O3', '-Inative', '-DTENON_ISA=cuda', '-DTENON_CUDA_KERNELS'];
  options.push('--expt-relaxed-constexpr', '-cubin', '-Xptxas', '-v');
  if (source === 'random') options.push('-fmad=false');
  options.push(`-arch=${architecture}`, '-o', path.join(folder, 'out.cubin'));
  options.push(path.join('native', 'cuda', 'kernels', `${source}.cu`));
  const start = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn('nvcc', options, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += String(data)));
    child.on('error', reject);
    child.on('close', (status) => {
      fs.rmSync(folder, { recursive: true });
      if (status !== 0) reject(new Error(`nvcc ${options.join(' ')} failed:\n${output}`));
      else resolve({ kernels: parse(output), seconds: (performance.now() - start) / 1000 });
    });
  });
}

/** Runs jobs, as many at a time as there are processors. */
async function runAll(jobs) {
  const queue = [...jobs];
  const worker = async () => {
    for (let job = queue.shift(); job !== undefined; job = queue.shift()) await job();
  };
  await Promise.all(Array.from({ length: os.availableParallelism() }, worker));
}

/** What is wrong with a kernel's figures; null: nothing. */
function complaint(name, [registers, stores, loads, shared], known) {
  if (known === undefined) return `${name} is not in the table`;
  const [before, storesBefore, loadsBefore, sharedBefore] = known;
  if (stores + loads > 0 && storesBefore + loadsBefore === 0)
    return `${name} spills ${stores} bytes, and did not`;
  if (stores + loads > TOLERANCE * (storesBefore + loadsBefore))
    return `${name} spills ${stores + loads} bytes, after ${storesBefore + loadsBefore}`;
  if (registers > Math.max(TOLERANCE * before, before + FEW_REGISTERS))
    return `${name} uses ${registers} registers, after ${before}`;
  if (shared > TOLERANCE * sharedBefore)
    return `${name} uses ${shared} bytes of shared memory, after ${sharedBefore}`;
  return null;
}

/** One line a source and architecture. */
function summary(measured, seconds) {
  const head = ['source', 'for', 'kernels', 'registers', 'spilling', 'shared', 'seconds'];
  const rows = Object.entries(measured).flatMap(([source, byArchitecture]) =>
    Object.entries(byArchitecture).map(([architecture, kernels]) => {
      const all = Object.values(kernels);
      const registers = all.map(([count]) => count);
      return [
        source,
        architecture,
        String(all.length),
        all.length > 0 ? `${Math.min(...registers)}-${Math.max(...registers)}` : '',
        String(all.filter(([, stores, loads]) => stores + loads > 0).length),
        `${Math.max(0, ...all.map(([, , , shared]) => shared))}`,
        seconds[`${source} ${architecture}`].toFixed(1),
      ];
    }),
  );
  const widths = head.map((_, i) => Math.max(...[head, ...rows].map((row) => row[i].length)));
  return [head, ...rows].map((row) => row.map((cell, i) => cell.padEnd(widths[i])).join('  ')).join('\n');
}

/** The table with its parts in alphabetical order, a kernel a line. */
function render(table) {
  const sorted = (object, indent, value) => {
    const inner = Object.keys(object)
      .sort()
      .map((key) => `${indent}  ${JSON.stringify(key)}: ${value(object[key], `${indent}  `)}`);
    return inner.length > 0 ? `{\n${inner.join(',\n')}\n${indent}}` : '{}';
  };
  const figures = (numbers) => `[${numbers.join(', ')}]`;
  const sources = (byArchitecture, indent) =>
    sorted(byArchitecture, indent, (kernels, inner) => sorted(kernels, inner, figures));
  const columns = `[${COLUMNS.map((name) => JSON.stringify(name)).join(', ')}]`;
  return `{\n  "columns": ${columns},\n  "sources": ${sorted(table, '  ', sources)}\n}\n`;
}

function nvccVersion() {
  try {
    return /release ([\d.]+)/.exec(execFileSync('nvcc', ['--version'], { encoding: 'utf8' }))?.[1];
  } catch {
    return undefined;
  }
}

async function main() {
  const args = process.argv.slice(2);
  const write = args.includes('--write');
  const wanted = args.filter((arg) => arg !== '--write');
  const version = nvccVersion();
  if (version === undefined) {
    console.log('registers of CUDA kernels were not checked: there is no nvcc');
    return;
  }
  const table = fs.existsSync(TABLE) ? JSON.parse(fs.readFileSync(TABLE, 'utf8')).sources : {};
  const all = fs.readdirSync(KERNELS).filter((name) => name.endsWith('.cu'));
  const sources = all
    .map((name) => path.basename(name, '.cu'))
    .filter((name) => wanted.length === 0 || wanted.includes(name));
  const measured = Object.fromEntries(
    sources.map((source) => [source, Object.fromEntries(ARCHITECTURES.map((name) => [name, {}]))]),
  );
  const seconds = {};
  await runAll(
    sources.flatMap((source) =>
      ARCHITECTURES.map((architecture) => async () => {
        const result = await compile(source, architecture);
        measured[source][architecture] = result.kernels;
        seconds[`${source} ${architecture}`] = result.seconds;
      }),
    ),
  );
  console.log(summary(measured, seconds));

  if (write) {
    const kept = wanted.length === 0 ? {} : table;
    fs.writeFileSync(TABLE, render({ ...kept, ...measured }));
    console.log(`wrote ${path.relative(ROOT, TABLE)}, by nvcc ${version}`);
    return;
  }
  const problems = [];
  let count = 0;
  for (const [source, byArchitecture] of Object.entries(measured))
    for (const [architecture, kernels] of Object.entries(byArchitecture)) {
      const known = table[source]?.[architecture] ?? {};
      for (const [name, figures] of Object.entries(kernels)) {
        count++;
        const wrong = complaint(`${name} for ${architecture}`, figures, known[name]);
        if (wrong !== null) problems.push(wrong);
      }
      for (const name of Object.keys(known))
        if (kernels[name] === undefined)
          problems.push(`${name} for ${architecture} is in the table, and is gone`);
    }
  for (const source of Object.keys(table))
    if (!all.includes(`${source}.cu`)) problems.push(`${source}.cu is in the table, and is gone`);
  for (const problem of problems) console.error(problem);
  if (problems.length > 0)
    console.error('If it is meant so: node scripts/cuda/check-ptxas.js --write, and look at the difference.');
  console.log(`Registers: ${count - Math.min(count, problems.length)} passed, ${problems.length} failed`);
  process.exitCode = problems.length > 0 ? 1 : 0;
}

module.exports = { parse, complaint };
if (require.main === module) void main();
