'use strict';
// What a build needs besides Node, found or asked for in one clear message; and how CMake is called.
const { spawnSync } = require('child_process');
const fs = require('fs');
const os = require('os');
const path = require('path');

const ROOT = path.join(__dirname, '..');
/** What a package has in place of the folder native. */
const SOURCES = path.join(ROOT, 'native.tar.xz');
const JOBS = String(os.availableParallelism());

const works = (command, args = ['--version']) => spawnSync(command, args, { stdio: 'ignore' }).status === 0;

const HINTS = {
  CMake: ['cmake', 'cmake', 'cmake', 'cmake', 'Kitware.CMake'],
  'a C++17 compiler': ['g++', 'gcc-c++', 'g++', 'llvm (or: xcode-select --install)', 'LLVM.LLVM'],
  'Ninja or make': ['ninja-build', 'ninja-build', 'ninja', 'ninja', 'Ninja-build.Ninja'],
};

/** Names everything that is missing, with the command that brings it, and ends the process with status 1. */
function requireTools() {
  if (Number(process.versions.node.split('.')[0]) < 20) {
    console.error(`tenon: needs Node 20 or newer; this is ${process.version} (https://nodejs.org)`);
    process.exit(1);
  }
  const missing = [];
  if (!works('cmake')) missing.push('CMake');
  if (process.platform !== 'win32') {
    const compilers = process.env.CXX ? [process.env.CXX.split(' ')[0]] : ['c++', 'g++', 'clang++'];
    if (!compilers.some((compiler) => works(compiler))) missing.push('a C++17 compiler');
    if (!works('ninja') && !works('make')) missing.push('Ninja or make');
  }
  if (missing.length === 0) return;
  const lines = [`tenon: building from source needs ${missing.join(' and ')}, which could not be found.`];
  const managers = ['apt-get install', 'dnf install', 'apk add', 'brew install', 'winget install'];
  managers.forEach((install, i) => {
    lines.push(`  ${install} ${missing.map((tool) => HINTS[tool][i]).join(' ')}`);
  });
  console.error(lines.join('\n'));
  process.exit(1);
}

/** Runs a command in the package's folder with this process's output; ends this process if it fails. */
function run(command, args) {
  const result = spawnSync(command, args, { stdio: 'inherit', cwd: ROOT });
  if (result.error) throw result.error;
  if (result.status !== 0) process.exit(result.status ?? 1);
}

/** Configures a build folder with plain CMake. */
function configure(folder, config, defines) {
  const generator = works('ninja') ? ['-G', 'Ninja'] : [];
  run('cmake', ['-S', ROOT, '-B', folder, ...generator, `-DCMAKE_BUILD_TYPE=${config}`, ...defines]);
}

/** Builds one target of a configured folder, or all that is built by default. */
function build(folder, config, target) {
  const targets = target ? ['--target', target] : [];
  run('cmake', ['--build', folder, '--config', config, '--parallel', JOBS, ...targets]);
}

/**
 * Objects of linear algebra of the build without sanitizers, of the sources whose names match: those that are there if no source of
 * linear algebra is newer.
 */
function linalgObjects(pattern) {
  const built = path.join(ROOT, 'build-cmake');
  const inFolder = (...names) => {
    const folder = path.join(ROOT, ...names);
    return fs.readdirSync(folder).map((name) => path.join(folder, name));
  };
  const sources = inFolder('native', 'linalg').filter((file) => file.endsWith('.cpp'));
  const folder = path.join(built, 'CMakeFiles', 'tenon_linalg.dir', 'native', 'linalg');
  const objects = sources.map((file) => path.join(folder, `${path.basename(file)}.o`));
  const times = (files) => files.map((file) => fs.statSync(file).mtimeMs);
  const changed = Math.max(...times([...inFolder('native', 'linalg'), ...inFolder('native', 'core')]));
  if (!objects.every(fs.existsSync) || Math.min(...times(objects)) < changed) {
    if (!fs.existsSync(path.join(built, 'CMakeCache.txt'))) run(process.execPath, ['scripts/build.js']);
    build(built, 'Release', 'tenon_linalg');
  }
  return objects.filter((object) => pattern.test(path.basename(object)));
}

/**
 * Configures a build with sanitizers, 'address,undefined' or 'thread', a report of which ends the process; its folder. Spectra,
 * which would take minutes, are taken as they are. The build for threads has the kernels of one instruction set, and all linear algebra
 * as it is: what threads do is in none of them.
 */
function configureSanitized(sanitizers) {
  const folder = path.join(ROOT, `build-cmake-${sanitizers.replace(',', '-')}`);
  const addon = path.join(folder, 'addon', 'build', 'Release');
  const threads = sanitizers === 'thread';
  configure(folder, 'Release', [
    `-DTENON_SANITIZE=${sanitizers}`,
    `-DTENON_LINALG_OBJECTS=${linalgObjects(threads ? /./ : /^spectrum/).join(';')}`,
    `-DTENON_ONE_ISA=${threads ? 'ON' : 'OFF'}`,
    '-DTENON_CUDA=OFF',
    `-DCMAKE_LIBRARY_OUTPUT_DIRECTORY=${addon}`,
  ]);
  return folder;
}

/** How sanitized programs run: too much memory asked for is a failed allocation, as it is without them. */
const SANITIZER_OPTIONS = {
  ASAN_OPTIONS: 'allocator_may_return_null=1',
  TSAN_OPTIONS: 'allocator_may_return_null=1',
  UBSAN_OPTIONS: 'print_stacktrace=1',
};

module.exports = {
  ROOT,
  SOURCES,
  JOBS,
  requireTools,
  run,
  configure,
  build,
  configureSanitized,
  SANITIZER_OPTIONS,
};
