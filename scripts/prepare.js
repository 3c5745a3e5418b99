'use strict';
// Runs after `npm ci` and `npm install` in a checkout, never for those who install the package: they get
// prebuilt binaries.
const { requireTools, run } = require('./toolchain');

requireTools();
run(process.execPath, [require.resolve('./build.js')]);
try {
  require.resolve('typescript');
} catch {
  process.exit(0); // installed without development dependencies
}
run(process.execPath, [require.resolve('typescript/bin/tsc'), '-p', 'tsconfig.json']);
