'use strict';
// What `npm pack` and `npm publish` put into the tarball besides the files as they are; with --undo, as they
// were again:
// - native/vendor, the Node-API headers with their licences: whoever installs the package can build it with
// CMake and a compiler alone;
// - native.tar.xz, all sources of the addon in one file, which scripts/build.js unpacks: hundreds of small ones
// would take longer to install than all the rest;
// - package.json without `prepare`, which is for checkouts, and which npm would ask users of the tarball to
// approve; and with the module type named, which in a checkout would keep Node from running the examples.
const { execFileSync } = require('child_process');
const fs = require('fs');
const path = require('path');
const { ROOT, SOURCES } = require('./toolchain');

const vendor = path.join(ROOT, 'native', 'vendor');
const manifest = path.join(ROOT, 'package.json');
const original = path.join(ROOT, 'build', 'package.json');

function vendorHeaders() {
  fs.mkdirSync(vendor, { recursive: true });
  for (const name of ['node-api-headers', 'node-addon-api']) {
    const root = path.dirname(require.resolve(`${name}/package.json`));
    const include = require(name).include_dir;
    for (const file of fs.readdirSync(include))
      if (file.endsWith('.h')) fs.copyFileSync(path.join(include, file), path.join(vendor, file));
    const licence = fs.readdirSync(root).find((file) => /^licen[cs]e/i.test(file));
    fs.copyFileSync(path.join(root, licence), path.join(vendor, `LICENSE.${name}`));
  }
}

function packSources() {
  const left = ['native/cuda/emulation', 'native/test'].map((folder) => `--exclude=${folder}`);
  execFileSync('tar', ['-cJf', SOURCES, ...left, 'native'], {
    cwd: ROOT,
    env: { ...process.env, XZ_OPT: '-9e' },
  });
}

function adaptManifest() {
  fs.mkdirSync(path.dirname(original), { recursive: true });
  fs.copyFileSync(manifest, original);
  const content = JSON.parse(fs.readFileSync(manifest, 'utf8'));
  delete content.scripts.prepare;
  content.type = 'commonjs';
  fs.writeFileSync(manifest, `${JSON.stringify(content, null, 2)}\n`);
}

function undo() {
  fs.rmSync(vendor, { recursive: true, force: true });
  fs.rmSync(SOURCES, { force: true });
  if (fs.existsSync(original)) fs.renameSync(original, manifest);
}

undo();
if (!process.argv.includes('--undo')) {
  vendorHeaders();
  packSources();
  adaptManifest();
}
