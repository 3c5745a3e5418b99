'use strict';
// Builds the addon with AddressSanitizer and UndefinedBehaviorSanitizer, in the folder that the native tests with
// these sanitizers use, and runs the op suite and the tests of shared tensors and of the executor on it, in one process: any report ends
// that with a failure.
// usage: node scripts/test-sanitized-addon.js [jest arguments ...]   (instead of those tests)
const { spawnSync } = require('child_process');
const fs = require('fs');
const path = require('path');
const { ROOT, requireTools, run, build, configureSanitized, SANITIZER_OPTIONS } = require('./toolchain');

/** The sanitizers' runtimes, which have to be in the process before Node is: paths of shared libraries. */
function runtimes() {
  const compiler = process.env.CXX?.split(' ')[0] ?? 'c++';
  return ['libasan.so', 'libubsan.so', 'libstdc++.so.6'].map((name) => {
    const { stdout } = spawnSync(compiler, [`-print-file-name=${name}`], { encoding: 'utf8' });
    const file = (stdout ?? '').trim();
    if (!path.isAbsolute(file) || !fs.existsSync(file)) {
      console.error(`${compiler} has no ${name} to preload: this test needs GCC with its sanitizers`);
      process.exit(1);
    }
    return fs.realpathSync(file);
  });
}

if (process.platform !== 'linux') {
  console.log(`the sanitized addon was not tested: it needs LD_PRELOAD, this is ${process.platform}`);
  process.exit(0);
}
requireTools();
const libraries = runtimes();
const folder = configureSanitized('address,undefined');
build(folder, 'Release', 'tenon');

const selection = process.argv.slice(2);
process.env.LD_PRELOAD = libraries.join(':');
Object.assign(process.env, SANITIZER_OPTIONS, { TENON_TEST_FULL: '' });
// What Node never frees is no leak of ours.
process.env.ASAN_OPTIONS += ':detect_leaks=0';
// Where node-gyp-build looks for build/Release/tenon.node.
process.env.TENON_PREBUILD = path.join(folder, 'addon');
const addon = require('node-gyp-build').path(ROOT);
if (!addon.startsWith(folder)) throw new Error(`the tests would run on ${addon}`);
const jest = path.join(ROOT, 'node_modules', 'jest', 'bin', 'jest.js');
const tests = selection.length > 0 ? selection : ['test/ops', 'test/workers/share', 'test/executor'];
run(process.execPath, [jest, '--runInBand', '--testTimeout=60000', ...tests]); // all is slower here
console.log('no sanitizer has reported anything');
