'use strict';
// Builds and runs the native tests: one program for each native/test/*_test.cpp, each of which prints
// 'N passed, N failed'.
// usage: node scripts/test-native.js [--full] [--sanitize address,undefined | --sanitize thread] [name ...]
// --full adds the slow sweeps.
const { spawnSync } = require('child_process');
const fs = require('fs');
const path = require('path');
const { ROOT, requireTools, run, build, configureSanitized, SANITIZER_OPTIONS } = require('./toolchain');

const args = process.argv.slice(2);
const full = args.includes('--full') ? args.splice(args.indexOf('--full'), 1) : [];
const sanitize = args.includes('--sanitize') ? args.splice(args.indexOf('--sanitize'), 2)[1] : undefined;
const names = args;

/** The folder with the test programs, all of them up to date. */
function buildPrograms() {
  requireTools();
  // Without sanitizers the tests share the objects of the addon's own build.
  const folder = sanitize ? configureSanitized(sanitize) : path.join(ROOT, 'build-cmake');
  if (!fs.existsSync(path.join(folder, 'CMakeCache.txt'))) run(process.execPath, ['scripts/build.js']);
  build(folder, 'Release', 'native_tests');
  return path.join(folder, 'tests');
}

/** Runs one program; one that ends without its counts, or with a status that belies them, has one failure more. */
function runProgram(program) {
  const started = Date.now();
  const result = spawnSync(program, full, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 1 << 28,
    env: { ...process.env, ...SANITIZER_OPTIONS },
  });
  const counts = [...(result.stdout ?? '').matchAll(/^(\d+) passed, (\d+) failed$/gm)].at(-1);
  const passed = counts ? Number(counts[1]) : 0;
  const reported = counts ? Number(counts[2]) : 0;
  const failed = result.status === 0 && passed > 0 ? reported : Math.max(reported, 1);
  if (failed > 0) {
    process.stdout.write((result.stdout ?? '') + (result.stderr ?? ''));
    console.log(`ended with ${result.error?.message ?? result.signal ?? `status ${result.status}`}`);
  }
  const name = path.basename(program).replace(/_test(\.exe)?$/, '');
  console.log(
    `${failed ? 'FAIL' : 'PASS'} ${name}: ${passed} passed, ${failed} failed (${Date.now() - started} ms)`,
  );
  return { passed, failed };
}

const folder = buildPrograms();
const programs = fs
  .readdirSync(path.join(ROOT, 'native', 'test'))
  .filter((source) => source.endsWith('_test.cpp'))
  .map((source) => path.basename(source, '.cpp'))
  .filter((name) => names.length === 0 || names.includes(name.replace(/_test$/, '')))
  .map((name) => path.join(folder, process.platform === 'win32' ? `${name}.exe` : name));
const results = programs.map(runProgram);
const sum = (key) => results.reduce((total, result) => total + result[key], 0);
console.log(
  `Native tests${sanitize ? ` (${sanitize})` : ''}: ${sum('passed')} passed, ${sum('failed')} failed`,
);
process.exit(sum('failed') > 0 || programs.length === 0 ? 1 : 0);
