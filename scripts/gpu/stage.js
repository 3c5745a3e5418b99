'use strict';
// Lays out what the GPU check runs: the built package with its tests and benchmarks as plain JavaScript, so that
// Node and Jest alone can run them.
const swc = require('@swc/core');
const fs = require('fs');
const path = require('path');
const { runsOnCuda } = require('../cuda/emulated');
const { ROOT } = require('../toolchain');

const STAGE = path.join(ROOT, 'build', 'gpu', 'tenon');
/** Tests that need a compiler of TypeScript, the sources or other programs. */
const LEFT_OUT = /^test\/(docs|build|examples)\.test\.ts$|^test\/(install|fuzz)\//;

const OPTIONS = {
  swcrc: false,
  jsc: {
    target: 'es2022',
    parser: { syntax: 'typescript' },
    transform: { useDefineForClassFields: false },
  },
  module: { type: 'commonjs' },
};

const JEST = `'use strict';
module.exports = {
  testEnvironment: 'node',
  rootDir: __dirname,
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.js'],
  moduleNameMapper: { '^tenon$': '<rootDir>/lib/index.js' },
  transform: {},
  setupFilesAfterEnv: process.env.TENON_TEST_DEVICE ? ['<rootDir>/test/default-device.js'] : [],
  maxWorkers: 4,
};
`;

/** Copies a file or folder of the checkout, sources compiled. */
function lay(name, to = name) {
  const from = path.join(ROOT, name);
  if (LEFT_OUT.test(name) || LEFT_OUT.test(`${name}/`)) return;
  if (fs.statSync(from).isDirectory()) {
    for (const entry of fs.readdirSync(from)) lay(`${name}/${entry}`, `${to}/${entry}`);
    return;
  }
  const target = path.join(STAGE, to);
  fs.mkdirSync(path.dirname(target), { recursive: true });
  if (!name.endsWith('.ts') || name.endsWith('.d.ts')) fs.copyFileSync(from, target);
  else fs.writeFileSync(target.replace(/\.ts$/, '.js'), swc.transformFileSync(from, OPTIONS).code);
}

/** The folder, made anew; `kernels`: the file of compiled kernels to use. */
function stage(kernels = path.join(ROOT, 'build', 'Release', 'tenon_cuda.fatbin')) {
  const built = path.join(ROOT, 'build', 'Release');
  for (const needed of [path.join(built, 'tenon.node'), path.join(ROOT, 'dist', 'index.js')])
    if (!fs.existsSync(needed)) throw new Error(`there is no ${path.relative(ROOT, needed)}: npm run build`);
  fs.rmSync(STAGE, { recursive: true, force: true });
  for (const name of [
    'package.json',
    'dist',
    'lib',
    'test',
    'examples',
    'scripts/gpu',
    'scripts/cuda/emulated.js',
    'scripts/toolchain.js',
  ])
    lay(name);
  for (const entry of fs.readdirSync(path.join(ROOT, 'benchmarks')))
    if (entry !== 'history') lay(`benchmarks/${entry}`);
  fs.writeFileSync(path.join(STAGE, 'jest.config.js'), JEST);
  for (const name of fs.readdirSync(built))
    if (name === 'tenon.node' || /cuda_emulation/.test(name)) lay(`build/Release/${name}`);
  if (fs.existsSync(kernels)) fs.copyFileSync(kernels, path.join(STAGE, 'build/Release/tenon_cuda.fatbin'));
  // The native tests of kernels, which run on any device.
  const programs = path.join(ROOT, 'build-cmake', 'tests');
  for (const source of fs.readdirSync(path.join(ROOT, 'native', 'test')).filter(runsOnCuda)) {
    const name = path.basename(source, '.cpp');
    if (fs.existsSync(path.join(programs, name))) lay(`build-cmake/tests/${name}`, `build/tests/${name}`);
  }
  return STAGE;
}

module.exports = { STAGE, stage };
if (require.main === module) console.log(path.relative(process.cwd(), stage()));
