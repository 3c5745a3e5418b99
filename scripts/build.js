#!/usr/bin/env node
'use strict';
// Builds the addon into build/Release, and the CUDA kernels beside it where there is an nvcc.
// usage: node scripts/build.js [--config Release] [--out build/Release] [-DNAME=VALUE ...]
// TENON_WERROR=ON makes warnings errors. TENON_CUDA, TENON_CUDA_ARCHITECTURES and TENON_CUDA_RELEASE say what is
// compiled for CUDA (docs/cuda.md). TENON_BUILD_DIR names another work folder than build-cmake (which is not
// build/: node-gyp cleans that one).
const fs = require('fs');
const path = require('path');
const { ROOT, SOURCES, JOBS, requireTools, run, configure, build } = require('./toolchain');

const args = process.argv.slice(2);
const option = (name, otherwise) => (args.includes(name) ? args[args.indexOf(name) + 1] : otherwise);
const config = option('--config', 'Release');
const out = path.resolve(option('--out', path.join(ROOT, 'build', config)));
const work = path.resolve(process.env.TENON_BUILD_DIR || path.join(ROOT, 'build-cmake'));
// CMake would remember an earlier build's.
const defines = ['-DTENON_CUDA=AUTO', '-DTENON_CUDA_ARCHITECTURES=', '-DTENON_CUDA_RELEASE=OFF'];
for (const name of ['TENON_WERROR', 'TENON_CUDA', 'TENON_CUDA_ARCHITECTURES', 'TENON_CUDA_RELEASE'])
  if (process.env[name]) defines.push(`-D${name}=${process.env[name]}`);
defines.push(...args.filter((arg) => arg.startsWith('-D')));

requireTools();
if (!fs.existsSync(path.join(ROOT, 'native'))) run('cmake', ['-E', 'tar', 'xf', SOURCES]);
// The package's own: a cmake-js that an installing project happens to have would not find the headers.
const cmakeJs = path.join(ROOT, 'node_modules', 'cmake-js', 'bin', 'cmake-js');
if (fs.existsSync(cmakeJs)) {
  // Not `cmake-js compile`: it ignores changed options once a cache exists, and rebuilds everything after an
  // error.
  const common = ['-l', 'warn', '-d', ROOT, '-O', work, '-B', config];
  run(process.execPath, [
    cmakeJs,
    'configure',
    ...common,
    ...defines.map((define) => `--CD${define.slice(2)}`),
  ]);
  run(process.execPath, [cmakeJs, 'build', ...common, '-p', JOBS]);
} else {
  configure(work, config, [`-DCMAKE_LIBRARY_OUTPUT_DIRECTORY=${path.join(work, config)}`, ...defines]);
  build(work, config);
}

/** Removed before it is copied: overwriting in place would pull the file from under processes that have it loaded. */
function replace(name, source) {
  const target = path.join(out, name);
  fs.rmSync(target, { force: true });
  if (!fs.existsSync(source)) return;
  fs.copyFileSync(source, target);
  console.log(`built ${path.relative(process.cwd(), target)}`);
}

fs.mkdirSync(out, { recursive: true });
replace('tenon.node', path.join(work, config, 'tenon.node'));
replace('tenon_cuda.fatbin', path.join(work, 'tenon_cuda.fatbin'));
