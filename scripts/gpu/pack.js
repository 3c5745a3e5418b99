'use strict';
// Packs what the GPU check needs into .gpu, for a machine with a GPU and PyTorch that has no Node and no network:
// bash .gpu/check.sh runs it there.
// usage: node scripts/gpu/pack.js [--arch 90a]   after npm run build, and npm run build:emulation if wanted;
//                                                --arch: the GPU's architecture, or several as '80;90a'
const { execFileSync, spawnSync } = require('child_process');
const fs = require('fs');
const os = require('os');
const path = require('path');
const { ROOT, configure, build } = require('../toolchain');
const { stage } = require('./stage');

const PACK = path.join(ROOT, '.gpu');
const MAX_MB = 60;
const args = process.argv.slice(2);
const architectures = args.includes('--arch') ? args[args.indexOf('--arch') + 1] : '90a';

/** A folder of packages: those named and all that they need, as they lie in node_modules. */
function collectPackages(names, target) {
  const taken = new Set();
  const take = (name, from) => {
    let folder = from;
    while (!fs.existsSync(path.join(folder, 'node_modules', name, 'package.json'))) {
      if (folder === ROOT) return; // an optional one, for another system
      folder = path.dirname(folder);
    }
    const source = path.join(folder, 'node_modules', name);
    if (taken.has(source)) return;
    taken.add(source);
    fs.cpSync(source, path.join(target, path.relative(ROOT, source)), {
      recursive: true,
      filter: (file) => !/\.(map|md|d\.[cm]?ts)$/.test(file) && path.basename(file) !== 'node_modules',
    });
    const manifest = JSON.parse(fs.readFileSync(path.join(source, 'package.json'), 'utf8'));
    for (const next of Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies }))
      take(next, source);
  };
  for (const name of names) take(name, ROOT);
  return taken.size;
}

function xz(file, preset, ...options) {
  execFileSync('xz', ['-k', '-f', `-${preset}`, '-T0', ...options, file]);
  return `${file}.xz`;
}

/** This Node, stripped and compressed, which takes a minute: once for each version. */
function packNode(scratch) {
  const target = path.join(PACK, 'node.xz');
  const note = path.join(PACK, 'node.version');
  const version = `${process.version} ${process.arch}\n`;
  if (fs.existsSync(target) && fs.existsSync(note) && fs.readFileSync(note, 'utf8') === version) return;
  const node = path.join(scratch, 'node');
  fs.copyFileSync(process.execPath, node);
  spawnSync('strip', ['-s', node]);
  fs.renameSync(xz(node, 6), target);
  fs.writeFileSync(note, version);
}

/** Compiles the kernels for the GPU that is meant, beside the build for this machine. */
function buildKernels() {
  const folder = path.join(ROOT, 'build-cmake-gpu');
  configure(folder, 'Release', [
    '-DTENON_ADDON=OFF',
    '-DTENON_TESTS=OFF',
    '-DTENON_CUDA=ON',
    `-DTENON_CUDA_ARCHITECTURES=${architectures}`,
  ]);
  build(folder, 'Release', 'tenon_cuda');
  return path.join(folder, 'tenon_cuda.fatbin');
}

function main() {
  fs.mkdirSync(PACK, { recursive: true });
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'tenon-'));
  try {
    const staged = stage(buildKernels());
    for (const name of fs.readdirSync(path.join(staged, 'build'), { recursive: true }))
      if (/\.(node|so)$|_test$/.test(name)) spawnSync('strip', [path.join(staged, 'build', name)]);
    packNode(scratch);
    collectPackages(['jest', 'node-gyp-build'], staged);
    const archive = path.join(scratch, 'tenon.tar');
    execFileSync('tar', ['-C', path.dirname(staged), '-cf', archive, path.basename(staged)]);
    // The test programs have most of their code in common: a large dictionary stores it once.
    fs.copyFileSync(xz(archive, 6, '--lzma2=preset=6,dict=64MiB'), path.join(PACK, 'tenon.tar.xz'));
    fs.copyFileSync(path.join(__dirname, 'check.sh'), path.join(PACK, 'check.sh'));
  } finally {
    fs.rmSync(scratch, { recursive: true });
  }
  let sum = 0;
  for (const name of fs.readdirSync(PACK)) {
    const mb = fs.statSync(path.join(PACK, name)).size / 1024 / 1024;
    sum += mb;
    console.log(`${mb.toFixed(2).padStart(6)} MB  .gpu/${name}`);
  }
  console.log(`${sum.toFixed(2).padStart(6)} MB in all (at most ${MAX_MB}), kernels for sm_${architectures}`);
  process.exitCode = sum > MAX_MB ? 1 : 0;
}

main();
