'use strict';
// Formats the C++ sources in place; with --check only says which of them are not formatted.
const { spawnSync } = require('child_process');
const fs = require('fs');
const path = require('path');
const { ROOT } = require('./toolchain');

const check = process.argv.includes('--check');
const clangFormat = require.resolve('clang-format-node/build/cli.js');
const sources = fs
  .readdirSync(path.join(ROOT, 'native'), { recursive: true })
  .filter((name) => /\.(cpp|h|cu|cuh)$/.test(name) && !/^(vendor|third_party)\b/.test(name))
  .map((name) => path.join('native', name));
const mode = check ? ['--dry-run', '-Werror'] : ['-i'];
const { status } = spawnSync(process.execPath, [clangFormat, ...mode, ...sources], {
  cwd: ROOT,
  stdio: 'inherit',
});
if (status !== 0) {
  console.error('C++ sources are not formatted: npm run format');
  process.exit(1);
}
console.log(`${sources.length} C++ sources ${check ? 'are' : 'were'} formatted`);
