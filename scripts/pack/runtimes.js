'use strict';
// The ways in which users run the installed package: module systems, TypeScript runners, threads, other runtimes.
// TENON_TEST_NODES lists further Node binaries to try it with, as PATH lists folders.
const { execFileSync, spawnSync } = require('child_process');
const fs = require('fs');
const path = require('path');
const ts = require('typescript');
const { ROOT } = require('../toolchain');
const { check, skip, expectEqual } = require('./checks');

const SUM = '[2,3]';
const CJS = `
const t = require('tenon');
console.log(JSON.stringify(t.tensor([1, 2]).add(1).tolist()));
`;
const TYPED = `
import { nn, tensor, type Tensor } from 'tenon';
class Increment extends nn.Module {
  forward(x: Tensor): Tensor {
    return x.add(1);
  }
}
console.log(JSON.stringify(new Increment().forward(tensor([1, 2])).tolist()));
`;
const WORKER = `
const { Worker, isMainThread, parentPort } = require('worker_threads');
const t = require('tenon');
if (isMainThread) {
  const workers = [1, 2].map((n) => new Promise((resolve, reject) => {
    new Worker(__filename).once('message', resolve).once('error', reject).postMessage(n);
  }));
  Promise.all(workers).then((sums) => console.log(JSON.stringify(sums)));
} else {
  parentPort.once('message', (n) => parentPort.postMessage(t.tensor([n]).add(1).item()));
}
`;
const MEMORY = `
import { memoryStats, ones } from 'tenon';
let peak = 0;
for (let i = 0; i < 20000; i++) {
  ones(10000).add(1);
  peak = Math.max(peak, memoryStats().liveBytes);
}
if (peak > 200e6) throw new Error('memory grew to ' + peak + ' bytes in a loop that keeps nothing');
console.log(${JSON.stringify(SUM)});
`;
const JEST = `
const { tensor } = require('tenon');
test('adds', () => expect(tensor([1, 2]).add(1).tolist()).toEqual([2, 3]));
`;

/** A module that imports every name that the package has, each by itself. */
function everyName(app) {
  const names = JSON.parse(app.node('-p', "JSON.stringify(Object.keys(require('tenon')))"));
  if (names.length < 100) throw new Error(`expected all that the package exports, got ${names.join(', ')}`);
  const imports = names.map((name) => `${name} as $${name}`).join(', '); // a name like var can't be bound as it is
  const values = names.map((name) => `$${name}`).join(', ');
  return `
import { ${imports} } from 'tenon';
if ([${values}].includes(undefined)) throw new Error('some imports are undefined');
console.log(JSON.stringify($tensor([1, 2]).add(1).tolist()));
`;
}

/** The notebook learns: its loss falls, and what it prints last has the right form. */
function expectNotebook(output) {
  const losses = [...output.matchAll(/^Epoch \d+, Loss: (\S+)$/gm)].map((match) => Number(match[1]));
  if (losses.length !== 10 || !(losses[9] < losses[0]))
    throw new Error(`expected ten falling losses, got ${losses.join(', ')}`);
  if (!output.includes('tensor([[1., 2., 3.],\n        [4., 5., 6.]])'))
    throw new Error(`expected a printed tensor, got ${output}`);
}

const versionOf = (program) => {
  const { stdout, status } = spawnSync(program, ['--version'], { encoding: 'utf8' });
  return status === 0 ? /v?\d+\.\d+\.\d+/.exec(stdout)?.[0] : undefined;
};

/** What type stripping needs of a Node; null where there is none. */
function strippingOptions(version) {
  const [major, minor] = version.slice(1).split('.').map(Number);
  if (major > 23 || (major === 23 && minor >= 6) || (major === 22 && minor >= 18)) return [];
  return major > 22 || (major === 22 && minor >= 6) ? ['--experimental-strip-types'] : null;
}

function writePrograms(app) {
  const notebook = fs.readFileSync(path.join(ROOT, 'examples', 'notebook.ts'), 'utf8');
  const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 };
  app.write('app.cjs', CJS);
  app.write('app.mjs', everyName(app));
  app.write('app.mts', TYPED);
  app.write('app.ts', TYPED);
  app.write('worker.cjs', WORKER);
  app.write('memory.mjs', MEMORY);
  app.write('app.test.js', JEST);
  app.write('notebook.mts', notebook);
  app.write('notebook.mjs', ts.transpileModule(notebook, { compilerOptions }).outputText);
  app.write(
    'tsconfig.json',
    JSON.stringify({
      compilerOptions: {
        strict: true,
        module: 'node16',
        target: 'es2022',
        lib: ['es2022', 'dom'],
        types: [],
      },
    }),
  );
}

async function checkNode(app, node, name) {
  await check(`${name}: CommonJS`, () => expectEqual(app.run(node, 'app.cjs'), SUM));
  await check(`${name}: ESM, every name imported`, () => expectEqual(app.run(node, 'app.mjs'), SUM));
  await check(`${name}: worker threads`, () => expectEqual(app.run(node, 'worker.cjs'), SUM));
  await check(`${name}: the notebook`, () => expectNotebook(app.run(node, 'notebook.mjs')));
  const options = strippingOptions(name.replace(/^Node /, ''));
  if (options === null) skip(`${name}: type stripping`, 'Node strips types from 22.6');
  else
    await check(`${name}: type stripping`, () => {
      expectEqual(app.run(node, ...options, 'app.mts'), SUM);
      expectNotebook(app.run(node, ...options, 'notebook.mts'));
    });
}

async function checkRunners(app) {
  const tool = (file) => require.resolve(file);
  await check('ts-node', () => expectEqual(app.node(tool('ts-node/dist/bin'), 'app.ts'), SUM));
  await check('tsx', () => {
    expectEqual(app.node(tool('tsx/cli'), 'app.ts'), SUM);
    expectEqual(app.node(tool('tsx/cli'), 'app.mts'), SUM);
  });
  await check('Jest', () => {
    app.write('jest.config.json', '{}');
    app.node(tool('jest/bin/jest'), '--config', 'jest.config.json');
  });
}

/** A runtime other than Node, from the caller's PATH. */
async function checkOther(app, name, command, ...options) {
  const version = versionOf(command);
  if (version === undefined) return skip(name, `there is no \`${command}\` here`);
  const runtime = execFileSync(
    command,
    command === 'bun' ? ['-p', 'process.execPath'] : ['eval', 'console.log(Deno.execPath())'],
    {
      encoding: 'utf8',
    },
  ).trim();
  const run = (file) => app.run(runtime, ...options, file);
  await check(`${name} ${version}: CommonJS, ESM and TypeScript`, () => {
    for (const file of ['app.cjs', 'app.mjs', 'app.mts']) expectEqual(run(file), SUM);
  });
  await check(`${name} ${version}: workers`, () => expectEqual(run('worker.cjs'), SUM));
  await check(`${name} ${version}: the notebook`, () => expectNotebook(run('notebook.mts')));
  await check(`${name} ${version}: flat memory`, () => expectEqual(run('memory.mjs'), SUM));
}

async function checkRuntimes(app) {
  writePrograms(app);
  const further = (process.env.TENON_TEST_NODES ?? '').split(path.delimiter).filter((node) => node !== '');
  for (const node of [process.execPath, ...further]) {
    const version = versionOf(node);
    if (version === undefined) throw new Error(`TENON_TEST_NODES: ${node} is no Node`);
    await checkNode(app, node, `Node ${version}`);
  }
  if (further.length === 0) skip('other versions of Node', 'TENON_TEST_NODES names none');
  await checkRunners(app);
  await checkOther(app, 'Bun', 'bun');
  await checkOther(app, 'Deno', 'deno', 'run', '--allow-read', '--allow-env', '--allow-sys', '--allow-ffi');
}

module.exports = { checkRuntimes };
