'use strict';
// Builds and runs the native tests: one program for each native/test/*_test.cpp, each of which prints
// 'N passed, N failed'.
// usage: node scripts/test-native.js [--full] [--sanitize address,undefined | --sanitize thread | --arm64] [name ...]
// --full adds the slow sweeps, on the CPU. --arm64 builds for that processor and runs under QEMU (Debian: qemu-user and
// g++-aarch64-linux-gnu), if both are there.
const { execFile, spawnSync } = require('child_process');
const fs = require('fs');
const os = require('os');
const path = require('path');
const {
  ROOT,
  requireTools,
  run,
  configure,
  build,
  configureSanitized,
  SANITIZER_OPTIONS,
} = require('./toolchain');
const { runsOnCuda } = require('./cuda/emulated');
const { RACES } = require('./cuda/races');

const args = process.argv.slice(2);
const full = args.includes('--full') ? args.splice(args.indexOf('--full'), 1) : [];
const sanitize = args.includes('--sanitize') ? args.splice(args.indexOf('--sanitize'), 2)[1] : undefined;
const arm64 = args.includes('--arm64') && args.splice(args.indexOf('--arm64'), 1).length > 0;
const names = args;

const ARM64_COMPILER = 'aarch64-linux-gnu-g++';
/** Where code runs slowly it has less to do. */
const flags = full.length > 0 ? full : sanitize === 'thread' || arm64 ? ['--brief'] : [];
/** What a program runs of its cases on emulated CUDA; null: nothing. */
function flagsOnCuda(name) {
  if (arm64 || process.platform === 'win32') return null;
  if (sanitize !== 'thread') return full.length > 0 ? [] : ['--brief'];
  return name in RACES ? ['--brief', ...RACES[name]] : null;
}

/** What stands before a program's name, to run it. */
const emulator = arm64 ? ['qemu-aarch64', '-L', '/usr/aarch64-linux-gnu'] : [];

function configureArm64() {
  const folder = path.join(ROOT, 'build-cmake-arm64');
  configure(folder, 'Release', [
    '-DCMAKE_SYSTEM_NAME=Linux',
    '-DCMAKE_SYSTEM_PROCESSOR=aarch64',
    `-DCMAKE_CXX_COMPILER=${ARM64_COMPILER}`,
    '-DTENON_ADDON=OFF',
    '-DTENON_CUDA=OFF',
  ]);
  return folder;
}

/** The folder with the test programs, all of them up to date. */
function buildPrograms() {
  requireTools();
  if (arm64) {
    const folder = configureArm64();
    build(folder, 'Release', 'native_tests');
    return path.join(folder, 'tests');
  }
  // Without sanitizers the tests share the objects of the addon's own build.
  const folder = sanitize ? configureSanitized(sanitize) : path.join(ROOT, 'build-cmake');
  if (!fs.existsSync(path.join(folder, 'CMakeCache.txt'))) run(process.execPath, ['scripts/build.js']);
  build(folder, 'Release', 'native_tests');
  return path.join(folder, 'tests');
}

/** glibc keeps what is freed: programs that allocate as much as these spend a good part of their time on fresh memory. */
const KEEP_MEMORY = { MALLOC_MMAP_THRESHOLD_: String(1 << 30), MALLOC_TRIM_THRESHOLD_: String(2 ** 32) };

/** Runs one program; one that ends without its counts, or with a status that belies them, has one failure more. */
function runProgram({ name, program, flags: given, env }) {
  const started = Date.now();
  const [command, ...rest] = [...emulator, program, ...given];
  const options = {
    maxBuffer: 1 << 28,
    env: { ...process.env, ...KEEP_MEMORY, ...SANITIZER_OPTIONS, ...env },
  };
  return new Promise((resolve) => {
    execFile(command, rest, options, (error, stdout, stderr) => {
      const counts = [...stdout.matchAll(/^(\d+) passed, (\d+) failed$/gm)].at(-1);
      const passed = counts ? Number(counts[1]) : 0;
      const reported = counts ? Number(counts[2]) : 0;
      const failed = error === null && passed > 0 ? reported : Math.max(reported, 1);
      if (failed > 0) {
        process.stdout.write(stdout + stderr);
        console.log(`ended with ${error?.signal ?? `status ${error?.code ?? 0}`}`);
      }
      console.log(
        `${failed ? 'FAIL' : 'PASS'} ${name}: ${passed} passed, ${failed} failed (${Date.now() - started} ms)`,
      );
      resolve({ passed, failed });
    });
  });
}

/** Runs programs side by side: few of them use more than one thread. */
async function runPrograms(programs) {
  const waiting = [...programs];
  const results = [];
  const lane = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) results.push(await runProgram(next));
  };
  await Promise.all(Array.from({ length: os.availableParallelism() }, lane));
  return results;
}

for (const tool of arm64 ? [ARM64_COMPILER, emulator[0]] : [])
  if (spawnSync(tool, ['--version'], { stdio: 'ignore' }).status !== 0) {
    console.log(`the native programs were not tested for arm64: there is no ${tool}`);
    process.exit(0);
  }
const folder = buildPrograms();
const programs = fs
  .readdirSync(path.join(ROOT, 'native', 'test'))
  .filter((source) => source.endsWith('_test.cpp'))
  .flatMap((source) => {
    const name = path.basename(source, '_test.cpp');
    const program = path.join(folder, `${name}_test${process.platform === 'win32' ? '.exe' : ''}`);
    const onCuda = runsOnCuda(source) ? flagsOnCuda(name) : null;
    const env = { TENON_TEST_CUDA: '1' };
    return [
      { name, program, flags, env: {} },
      ...(onCuda === null ? [] : [{ name: `cuda_${name}`, program, flags: onCuda, env }]),
    ];
  })
  .filter(({ name }) => names.length === 0 || names.some((n) => name === n || name.startsWith(`${n}_`)));

async function main() {
  const results = await runPrograms(programs);
  const sum = (key) => results.reduce((total, result) => total + result[key], 0);
  console.log(
    `Native tests${sanitize ? ` (${sanitize})` : arm64 ? ' (arm64)' : ''}: ${sum('passed')} passed, ${sum('failed')} failed`,
  );
  process.exit(sum('failed') > 0 || programs.length === 0 ? 1 : 0);
}

void main();
