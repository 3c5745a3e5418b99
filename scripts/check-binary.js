'use strict';
// Checks the built addon and its object files: a function shared between instruction sets must not end up in
// the copy for one of them that not every processor has, nothing may run when the addon is loaded, and its
// size and exports stay what they should be.
const { execFileSync } = require('child_process');
const fs = require('fs');
const os = require('os');
const path = require('path');
const { ROOT } = require('./toolchain');

const MAX_BYTES = 6 * 1024 * 1024;
const EXPORTS = ['napi_register_module_v1', 'node_api_module_get_api_version_v1'];
const WEAK = 'VWu'; // nm's letters for weak and unique definitions

const problems = [];
const output = (command, ...args) => execFileSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 28 });
const lines = (text) => text.split('\n').filter((line) => line.trim() !== '');

/** Whether a mangled name is of namespace tenon::<isa>: a function, a static in one, its guard, a type's table. */
const inNamespace = (symbol, isa) =>
  new RegExp(`^_Z(GV|T[VTIS]|Z+)*N[VK]*5tenon${isa.length}${isa}`).test(symbol);

function checkObject(file, isa) {
  const name = `${isa}/${path.basename(file, '.o')}`;
  for (const line of lines(output('nm', '--defined-only', '--format=posix', file))) {
    const [symbol, type] = line.split(' ');
    // The pointer to the exception personality is data, and the same in every copy.
    if (!WEAK.includes(type) || inNamespace(symbol, isa) || symbol.startsWith('DW.ref.')) continue;
    problems.push(`${name}: weak symbol outside tenon::${isa}: ${output('c++filt', symbol).trim()}`);
  }
  if (/\.(init_array|ctors)\b/.test(output('objdump', '-h', file)))
    problems.push(`${name}: a static constructor, which would run on every processor`);
}

function checkObjects() {
  const folder = path.join(ROOT, 'build-cmake', 'CMakeFiles');
  const sources = fs
    .readdirSync(path.join(ROOT, 'native', 'cpu', 'isa'))
    .filter((file) => file.endsWith('.cpp'));
  let checked = 0;
  for (const isa of ['sse2', 'avx2', 'avx512', 'neon']) {
    const objects = path.join(folder, `tenon_${isa}.dir`, 'native', 'cpu', 'isa');
    if (!fs.existsSync(objects)) continue;
    // Objects of sources that are gone stay in the build folder, but are no longer linked.
    const files = sources
      .map((source) => `${source}.o`)
      .filter((file) => fs.existsSync(path.join(objects, file)));
    for (const file of files) checkObject(path.join(objects, file), isa);
    console.log(`${isa}: ${files.length} object files checked`);
    checked += files.length;
  }
  if (checked === 0) problems.push(`${folder} holds no object files of kernels to check`);
}

function checkAddon() {
  const addon = path.join(ROOT, 'build', 'Release', 'tenon.node');
  const stripped = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'tenon-')), 'tenon.node');
  execFileSync('strip', ['-o', stripped, addon]);
  const bytes = fs.statSync(stripped).size;
  fs.rmSync(path.dirname(stripped), { recursive: true });
  if (bytes > MAX_BYTES) problems.push(`the addon has ${bytes} bytes stripped, more than ${MAX_BYTES}`);

  const exported = lines(output('nm', '-D', '--defined-only', '--format=posix', addon)).map(
    (line) => line.split(' ')[0],
  );
  if (exported.sort().join() !== EXPORTS.join()) problems.push(`the addon exports ${exported.join(', ')}`);

  const versions = output('objdump', '-T', addon).match(/(?<=GLIBC_)2\.\d+/g) ?? [];
  const glibc = Math.max(...versions.map((version) => Number(version.slice(2))));
  console.log(`addon: ${(bytes / 1024 / 1024).toFixed(2)} MB stripped (at most 6), needs glibc 2.${glibc}`);
}

if (process.platform !== 'linux') {
  console.log(`binary checks skipped: they read ELF files, this is ${process.platform}`);
} else {
  if (!fs.existsSync(path.join(ROOT, 'build', 'Release', 'tenon.node'))) {
    console.error('there is no build/Release/tenon.node to check: npm run build');
    process.exit(1);
  }
  checkObjects();
  checkAddon();
  for (const problem of problems) console.error(problem);
  process.exit(problems.length === 0 ? 0 : 1);
}
