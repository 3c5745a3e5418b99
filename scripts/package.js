'use strict';
// Makes prebuilds/<platform>-<arch> for this machine. On Linux a binary that is to run on older systems has
// to be compiled against an older C library: scripts/fetch-sysroot.sh brings it, and is used where it was
// run.
const fs = require('fs');
const path = require('path');
const { ROOT, run } = require('./toolchain');

if (fs.existsSync(path.join(ROOT, '.sysroot'))) {
  process.env.CXX = path.join(ROOT, 'scripts', 'g++-sysroot');
  process.env.TENON_BUILD_DIR = path.join(ROOT, 'build-cmake-sysroot');
} else if (process.platform === 'linux') {
  console.log('no .sysroot: this binary needs a C library as new as the one here (scripts/fetch-sysroot.sh)');
}
const prebuildify = require.resolve('prebuildify/bin.js');
const buildScript = path.join(ROOT, 'scripts', 'build.js');
run(process.execPath, [prebuildify, '--napi', '--strip', '--tag-libc', '--node-gyp', buildScript]);

// prebuildify has moved the binary out of build/Release, where a checkout's own has to lie.
delete process.env.CXX;
delete process.env.TENON_BUILD_DIR;
run(process.execPath, [buildScript]);
