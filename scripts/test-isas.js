'use strict';
// Runs the op suite under each instruction set that this machine has, but for the one that all tests run under:
// kernels are chosen when the addon loads, so each needs a process of its own.
const { spawnSync } = require('child_process');
const path = require('path');

const root = path.join(__dirname, '..');
const { isas } = require('node-gyp-build')(root);
const used = process.env.TENON_CPU_ISA || isas[0];
const rest = isas.filter((isa) => isa !== used);

for (const isa of rest) {
  console.log(`\nThe op suite under ${isa}`);
  const { status } = spawnSync(
    process.execPath,
    [require.resolve('jest/bin/jest'), 'test/ops', 'test/isa.test.ts', 'test/tensor/random'],
    { cwd: root, env: { ...process.env, TENON_CPU_ISA: isa }, stdio: 'inherit' },
  );
  if (status !== 0) process.exit(status ?? 1);
}
if (rest.length === 0) console.log(`${used} is the only instruction set here`);
