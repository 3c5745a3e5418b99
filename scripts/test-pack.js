'use strict';
// Packs the package and installs the tarball as a user does, where there is nothing but Node: what it holds, what
// it costs, and that it runs there in every way that users run it.
// usage: node scripts/test-pack.js [--prebuilt] [--source]
//   --prebuilt  packs what lies in prebuilds/, for instance other systems' binaries, instead of making one
//   --source    also builds the installed package from its own sources
const { execFileSync } = require('child_process');
const fs = require('fs');
const path = require('path');
const { run } = require('./toolchain');
const { App } = require('./pack/app');
const { check, expectEqual, expectAtMost, counts } = require('./pack/checks');
const { checkRuntimes } = require('./pack/runtimes');

const MAX_SECONDS = 3;
const MAX_MB = 8;
const MAX_INSTALLED_MB = 14;
const MAX_DEPENDENCIES = 4;
const TYPES = `
import { tensor, type Tensor } from 'tenon';
const sum: Tensor = tensor([1, 2]).add(1);
// @ts-expect-error: a tensor is not a number
export const wrong: number = sum;
`;

const mb = (bytes) => bytes / 1024 / 1024;

function checkFiles(packed) {
  const paths = packed.files.map((file) => file.path);
  for (const wanted of [
    'dist/index.js',
    'dist/index.d.ts',
    'dist/cli/tenon.js',
    'LICENSE',
    'native.tar.xz',
    'scripts/cuda/images.js',
    'CMakeLists.txt',
  ])
    if (!paths.includes(wanted)) throw new Error(`${wanted} is missing`);
  const stray = paths.filter((file) =>
    /(^|\/)test\/|^binding\.gyp$|^\.|^build|^examples|\.o$|emulation/.test(file),
  );
  if (stray.length > 0) throw new Error(`${stray.join(', ')} should not be in it`);
  return `${packed.entryCount} files, ${expectAtMost('tarball', mb(packed.size), MAX_MB, 'MB')}`;
}

/** Of several tries the quickest counts: other programs may keep the machine busy. */
function checkInstall(app) {
  let seconds = app.install();
  for (let tries = 1; tries < 5 && seconds > MAX_SECONDS; tries++) seconds = Math.min(seconds, app.install());
  const { packages, bytes } = app.contents;
  return [
    `${seconds.toFixed(2)} s (goal: ${MAX_SECONDS} s)`, // told, not tested: machines differ
    expectAtMost('size without binaries for other systems', mb(bytes), MAX_INSTALLED_MB, 'MB'),
    expectAtMost('dependencies', packages.length - 1, MAX_DEPENDENCIES, 'dependencies'),
  ].join(', ');
}

/** Nothing runs when this package, or one that it brings, is installed. */
function checkNoInstallScripts(app) {
  for (const name of app.contents.packages) {
    const folder = path.join(app.folder, 'node_modules', name);
    const { scripts = {} } = JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8'));
    const hooks = ['preinstall', 'install', 'postinstall', 'prepare'].filter((hook) => scripts[hook]);
    if (fs.existsSync(path.join(folder, 'binding.gyp'))) hooks.push('binding.gyp');
    if (hooks.length > 0) throw new Error(`${name} has ${hooks.join(', ')}`);
  }
}

async function checkManifest(app) {
  const { publint } = await import('publint');
  const { formatMessage } = await import('publint/utils');
  const { messages } = await publint({ pkgDir: app.installed, pack: false, strict: true });
  const manifest = JSON.parse(fs.readFileSync(path.join(app.installed, 'package.json'), 'utf8'));
  if (messages.length > 0)
    throw new Error(messages.map((message) => formatMessage(message, manifest)).join('\n'));
}

function checkTypes(app) {
  const compilerOptions = { noEmit: true, strict: true, module: 'node16', target: 'es2022', types: [] };
  app.write('tsconfig.json', JSON.stringify({ compilerOptions, files: ['types.mts'] }));
  app.write('types.mts', TYPES);
  app.node(require.resolve('typescript/bin/tsc'));
}

function checkDoctor(app) {
  const command =
    process.platform === 'win32'
      ? [process.execPath, path.join(app.installed, 'dist', 'cli', 'tenon.js')]
      : [path.join(app.folder, 'node_modules', '.bin', 'tenon')];
  const report = JSON.parse(app.run(...command, 'doctor', '--json'));
  expectEqual(report.ok, true);
  expectEqual(report.binary.origin, 'prebuilt');
}

function checkSource(app) {
  fs.rmSync(path.join(app.installed, 'prebuilds'), { recursive: true });
  execFileSync(process.execPath, [path.join(app.installed, 'dist', 'cli', 'tenon.js'), 'build'], {
    cwd: app.folder,
    stdio: 'inherit',
  });
  expectEqual(app.node('app.cjs'), '[2,3]');
}

async function main() {
  if (!process.argv.includes('--prebuilt')) run(process.execPath, ['scripts/package.js']);
  const app = new App();
  try {
    const packed = app.pack();
    await check('holds what it should', () => checkFiles(packed));
    await check('installs with nothing but Node, without a network', () => checkInstall(app));
    await check('runs nothing when it is installed', () => checkNoInstallScripts(app));
    await check('publint has nothing to say', () => checkManifest(app));
    await check('are the types wrong? No', () => {
      const attw = path.join(
        path.dirname(require.resolve('@arethetypeswrong/cli/package.json')),
        'dist',
        'index.js',
      );
      app.node(attw, packed.file, '--profile', 'node16');
    });
    await check('has types', () => checkTypes(app));
    await check('tenon doctor', () => checkDoctor(app));
    await checkRuntimes(app);
    if (process.argv.includes('--source')) await check('builds from its own sources', () => checkSource(app));
  } finally {
    app.remove();
  }
  const { passed, failed, skipped } = counts;
  console.log(
    `Package tests: ${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`,
  );
  process.exitCode = failed > 0 ? 1 : 0;
}

main();
