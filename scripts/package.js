'use strict';
// Makes prebuilds/<platform>-<arch> for this machine, and refuses a binary that users' systems could not load.
const fs = require('fs');
const path = require('path');
const { ROOT, run } = require('./toolchain');

const folder = path.join(ROOT, 'prebuilds', `${process.platform}-${process.arch}`);

const prebuildify = require.resolve('prebuildify/bin.js');
const buildScript = path.join(ROOT, 'scripts', 'build.js');
run(process.execPath, [prebuildify, '--napi', '--strip', '--tag-libc', '--node-gyp', buildScript]);

// prebuildify takes the emulation, which is for tests, along, and knows nothing of the kernels.
for (const name of fs.readdirSync(folder)) if (name.includes('emulation')) fs.rmSync(path.join(folder, name));
const kernels = path.join(ROOT, 'build', 'Release', 'tenon_cuda.fatbin');
fs.rmSync(path.join(folder, 'tenon_cuda.fatbin'), { force: true });
if (fs.existsSync(kernels)) fs.copyFileSync(kernels, path.join(folder, 'tenon_cuda.fatbin'));

for (const name of fs.readdirSync(folder))
  run(process.execPath, [path.join(ROOT, 'scripts', 'check-binary.js'), path.join(folder, name)]);

// prebuildify has moved the binary out of build/Release, where a checkout's own has to lie.
run(process.execPath, [buildScript]);
