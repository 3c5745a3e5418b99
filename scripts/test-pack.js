'use strict';
// Packs the package and installs the tarball in an empty folder where there is Node and a shell, but no
// compiler and no CMake: what a user gets has to load there, from CommonJS, from ESM and in TypeScript.
// usage: node scripts/test-pack.js [--source]   (--source also builds the installed package from its own
// sources)
const { execFileSync } = require('child_process');
const fs = require('fs');
const os = require('os');
const path = require('path');
const { ROOT, run } = require('./toolchain');

const NPM =
  process.env.npm_execpath ??
  path.join(path.dirname(process.execPath), '../lib/node_modules/npm/bin/npm-cli.js');
const CJS = `
const t = require('tenon');
console.log(JSON.stringify(t.tensor([1, 2]).add(1).tolist()));
`;
const ESM = `
import { tensor } from 'tenon';
console.log(JSON.stringify(tensor([1, 2]).add(1).tolist()));
`;
const TYPES = `
import { tensor, type Tensor } from 'tenon';
const sum: Tensor = tensor([1, 2]).add(1);
// @ts-expect-error: a tensor is not a number
export const wrong: number = sum;
`;

const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'tenon-pack-'));
const app = path.join(scratch, 'app');
const bin = path.join(scratch, 'bin');
let passed = 0;
let failed = 0;

function check(name, action) {
  try {
    action();
    passed++;
    console.log(`PASS ${name}`);
  } catch (error) {
    failed++;
    console.log(`FAIL ${name}: ${error.message}\n${error.stdout ?? ''}`);
  }
}

function expectEqual(got, expected) {
  if (got !== expected) throw new Error(`expected ${expected}, got ${got}`);
}

/** Node with arguments in the user's folder, with nothing but Node and a shell in reach. */
function bareNode(...args) {
  const env = { HOME: process.env.HOME, PATH: bin, npm_config_update_notifier: 'false' };
  return execFileSync(process.execPath, args, { cwd: app, env, encoding: 'utf8' }).trim();
}

function runs(file, source) {
  fs.writeFileSync(path.join(app, file), source);
  expectEqual(bareNode(file), '[2,3]');
}

fs.mkdirSync(app);
fs.mkdirSync(bin);
fs.symlinkSync(process.execPath, path.join(bin, 'node'));
fs.symlinkSync('/bin/sh', path.join(bin, 'sh'));
fs.writeFileSync(path.join(app, 'package.json'), '{ "private": true }');

run(process.execPath, ['scripts/package.js']);
const packing = execFileSync(process.execPath, [NPM, 'pack', '--json', '--pack-destination', scratch], {
  cwd: ROOT,
  encoding: 'utf8',
  stdio: ['ignore', 'pipe', 'inherit'],
});
// The scripts that packing runs have written before it.
const [packed] = JSON.parse(packing.slice(packing.search(/^\[$/m)));
const mb = (bytes) => (bytes / 1024 / 1024).toFixed(2);
console.log(
  `${packed.filename}: ${mb(packed.size)} MB, ${mb(packed.unpackedSize)} MB unpacked, ${packed.entryCount} files`,
);

check('holds what it should', () => {
  const paths = packed.files.map((file) => file.path);
  for (const wanted of [
    'dist/index.js',
    'dist/index.d.ts',
    'LICENSE',
    'native/ops.def',
    'native/vendor/napi.h',
    'CMakeLists.txt',
  ])
    if (!paths.includes(wanted)) throw new Error(`${wanted} is missing`);
  const stray = paths.filter((file) => /(^|\/)test\/|^binding\.gyp$|^\.|^build|^examples|\.o$/.test(file));
  if (stray.length > 0) throw new Error(`${stray.join(', ')} should not be in it`);
});
check('installs without a compiler', () => {
  bareNode(
    NPM,
    'install',
    '--prefer-offline',
    '--no-audit',
    '--no-fund',
    path.join(scratch, packed.filename),
  );
});
check('runs from CommonJS', () => runs('app.cjs', CJS));
check('runs from ESM', () => runs('app.mjs', ESM));
check('has types', () => {
  const compilerOptions = { noEmit: true, strict: true, module: 'node16', target: 'es2022', types: [] };
  fs.writeFileSync(path.join(app, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['app.mts'] }));
  fs.writeFileSync(path.join(app, 'app.mts'), TYPES);
  bareNode(require.resolve('typescript/bin/tsc'));
});
if (process.argv.includes('--source'))
  check('builds from its own sources', () => {
    const installed = path.join(app, 'node_modules', 'tenon');
    fs.rmSync(path.join(installed, 'prebuilds'), { recursive: true });
    execFileSync(process.execPath, [path.join(installed, 'scripts', 'build.js')], {
      cwd: app,
      stdio: 'inherit',
    });
    runs('built.cjs', CJS);
  });

fs.rmSync(scratch, { recursive: true });
console.log(`Package tests: ${passed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);
