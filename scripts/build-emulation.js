#!/usr/bin/env node
'use strict';
// Builds the CUDA kernels for the emulated device into build/Release; for tests, after scripts/build.js.
// TENON_CUDA_DRIVER=build/Release/libtenon_cuda_emulation.so makes it the CUDA device of a process.
const fs = require('fs');
const path = require('path');
const { ROOT, run, build } = require('./toolchain');

if (process.platform === 'win32') {
  console.log('CUDA is not emulated on Windows');
  process.exit(0);
}
const work = path.resolve(process.env.TENON_BUILD_DIR || path.join(ROOT, 'build-cmake'));
if (!fs.existsSync(path.join(work, 'CMakeCache.txt'))) run(process.execPath, ['scripts/build.js']);
build(work, 'Release', 'cuda_emulation');

const name = `libtenon_cuda_emulation.${process.platform === 'darwin' ? 'dylib' : 'so'}`;
const target = path.join(ROOT, 'build', 'Release', name);
fs.mkdirSync(path.dirname(target), { recursive: true });
// Removed before it is copied, as the addon is.
fs.rmSync(target, { force: true });
fs.copyFileSync(path.join(work, 'emulation', name), target);
console.log(`built ${path.relative(process.cwd(), target)}`);
