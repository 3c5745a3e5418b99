'use strict';
// A user's folder: a tarball is installed there without a network, with an empty npm cache and nothing in reach
// but Node.
const { execFileSync } = require('child_process');
const fs = require('fs');
const os = require('os');
const path = require('path');
const { performance } = require('perf_hooks');
const { ROOT } = require('../toolchain');

const NPM =
  process.env.npm_execpath ??
  path.join(path.dirname(process.execPath), '../lib/node_modules/npm/bin/npm-cli.js');

/** Packs a folder into `destination`: what npm says of the tarball. */
function pack(folder, destination, ...options) {
  const output = execFileSync(
    process.execPath,
    [NPM, 'pack', '--json', '--pack-destination', destination, ...options],
    {
      cwd: folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  // The scripts that packing runs have written before it.
  const [packed] = JSON.parse(output.slice(output.search(/^\[$/m)));
  return { ...packed, file: path.join(destination, packed.filename) };
}

function folderBytes(folder) {
  let bytes = 0;
  for (const entry of fs.readdirSync(folder, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) bytes += fs.statSync(path.join(entry.parentPath ?? entry.path, entry.name)).size;
  return bytes;
}

class App {
  constructor() {
    this.scratch = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'tenon-pack-')));
    this.folder = path.join(this.scratch, 'app');
    this.bin = path.join(this.scratch, 'bin');
    this.installed = path.join(this.folder, 'node_modules', 'tenon');
    fs.mkdirSync(this.folder);
    fs.mkdirSync(this.bin);
    if (process.platform === 'win32') this.bin = path.dirname(process.execPath);
    else fs.symlinkSync(process.execPath, path.join(this.bin, 'node'));
  }

  /** Packs the package and what it depends on, as a registry would serve them. */
  pack() {
    const { dependencies } = require(path.join(ROOT, 'package.json'));
    this.packed = pack(ROOT, this.scratch);
    this.tarballs = [
      this.packed.file,
      ...Object.keys(dependencies).map(
        (name) => pack(path.join(ROOT, 'node_modules', name), this.scratch, '--ignore-scripts').file,
      ),
    ];
    return this.packed;
  }

  /** Installs the tarballs in the folder, emptied before; the seconds it took. */
  install() {
    fs.rmSync(this.folder, { recursive: true });
    fs.mkdirSync(this.folder);
    this.write('package.json', '{ "private": true }');
    const start = performance.now();
    this.node(NPM, 'install', '--offline', '--no-audit', '--no-fund', ...this.tarballs);
    return (performance.now() - start) / 1000;
  }

  /** The packages in node_modules, and their bytes without what is for other systems. */
  get contents() {
    const folder = path.join(this.folder, 'node_modules');
    const packages = fs.readdirSync(folder).filter((name) => !name.startsWith('.'));
    const prebuilds = path.join(this.installed, 'prebuilds');
    const others = fs
      .readdirSync(prebuilds)
      .filter((system) => system !== `${process.platform}-${process.arch}`)
      .map((system) => folderBytes(path.join(prebuilds, system)));
    return { packages, bytes: others.reduce((rest, bytes) => rest - bytes, folderBytes(folder)) };
  }

  write(file, content) {
    fs.writeFileSync(path.join(this.folder, file), content);
    return file;
  }

  /** What a program prints in this folder, with nothing in reach but Node. */
  run(program, ...args) {
    const env = {
      HOME: this.scratch,
      PATH: this.bin,
      NO_COLOR: '1',
      npm_config_cache: path.join(this.scratch, 'cache'),
      npm_config_update_notifier: 'false',
    };
    // Windows can't start without it.
    if (process.env.SystemRoot) env.SystemRoot = process.env.SystemRoot;
    return execFileSync(program, args, {
      cwd: this.folder,
      env,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    }).trim();
  }

  node(...args) {
    return this.run(process.execPath, ...args);
  }

  remove() {
    fs.rmSync(this.scratch, { recursive: true });
  }
}

module.exports = { App };
