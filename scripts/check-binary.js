'use strict';
// Checks the built addon and its object files: a function shared between instruction sets must not end up in
// the copy for one of them that not every processor has, nothing may run when the addon is loaded, and its
// size, exports and libraries stay what they should be. Checks the compiled CUDA kernels, where there are any.
// usage: node scripts/check-binary.js [FILE]   (FILE: one to publish; an addon has to be stripped and to run on
// glibc 2.28)
const { execFileSync, spawnSync } = require('child_process');
const fs = require('fs');
const os = require('os');
const path = require('path');
const { read: readImages, sizes, describe: describeImages } = require('./cuda/images');
const { ROOT } = require('./toolchain');

const MAX_BYTES = 6 * 1024 * 1024;
/** What a CUDA kernel may cost on average: in machine code for an architecture or in PTX, and in PTX for older drivers. */
const KERNEL_BYTES = 3.5 * 1024;
const OLDER_KERNEL_BYTES = 9 * 1024;
const MAX_GLIBC = 28;
const LIBRARIES = /^(libc|libm|libdl|libpthread|librt|ld-linux-.*|libc\.musl-.*)\.so/;
const EXPORTS = ['napi_register_module_v1', 'node_api_module_get_api_version_v1'];
const WEAK = 'VWu'; // nm's letters for weak and unique definitions

const problems = [];
const output = (command, ...args) => execFileSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 28 });
const lines = (text) => text.split('\n').filter((line) => line.trim() !== '');

/**
 * Whether a mangled name is of namespace tenon::<isa> (a function, a static in one, its guard, a type's table), or of a
 * template for something there: no other instruction set can have the same.
 */
const inNamespace = (symbol, isa) => new RegExp(`^_Z.*NK?(5tenon|S_)${isa.length}${isa}`).test(symbol);

/** What every processor of its family has: whichever copy of a function is linked, it runs. */
const BASELINES = ['sse2', 'neon'];

function checkObject(file, isa) {
  const name = `${isa}/${path.basename(file, '.o')}`;
  const symbols = BASELINES.includes(isa) ? '' : output('nm', '--defined-only', '--format=posix', file);
  for (const line of lines(symbols)) {
    const [symbol, type] = line.split(' ');
    // The pointer to the exception personality is data, and the same in every copy.
    if (!WEAK.includes(type) || inNamespace(symbol, isa) || symbol.startsWith('DW.ref.')) continue;
    problems.push(`${name}: weak symbol outside tenon::${isa}: ${output('c++filt', symbol).trim()}`);
  }
  if (/\.(init_array|ctors)\b/.test(output('objdump', '-h', file)))
    problems.push(`${name}: a static constructor, which would run on every processor`);
}

function checkObjects() {
  const folder = path.join(ROOT, 'build-cmake');
  // What the build makes now: objects of sources that are gone stay in the folder.
  const commands = fs.readFileSync(path.join(folder, 'compile_commands.json'), 'utf8');
  const objects = [
    ...commands.matchAll(/ -o (CMakeFiles\/tenon_([a-z0-9]+)(?:_fastest)?\.dir\/native\/cpu\/isa\/\S+)/g),
  ];
  for (const [, file, isa] of objects) checkObject(path.join(folder, file), isa);
  for (const isa of new Set(objects.map(([, , name]) => name)))
    console.log(`${isa}: ${objects.filter(([, , name]) => name === isa).length} object files checked`);
  if (objects.length === 0) problems.push(`${folder} holds no object files of kernels to check`);
}

function strippedSize(addon) {
  const stripped = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'tenon-')), 'tenon.node');
  execFileSync('strip', ['-o', stripped, addon]);
  const bytes = fs.statSync(stripped).size;
  fs.rmSync(path.dirname(stripped), { recursive: true });
  return bytes;
}

/** The undefined symbols that need a glibc after 2.28, with the version of each; and the newest that any needs. */
function glibcNeeds(addon) {
  const versioned = [...output('objdump', '-T', addon).matchAll(/\(GLIBC_2\.(\d+)[.\d]*\)\s+(\S+)/g)];
  const needs = versioned.map(([, minor, symbol]) => ({ minor: Number(minor), symbol }));
  return {
    newest: Math.max(0, ...needs.map(({ minor }) => minor)),
    tooNew: needs.filter(({ minor }) => minor > MAX_GLIBC),
  };
}

function checkAddon(addon, publishing) {
  const bytes = strippedSize(addon);
  if (bytes > MAX_BYTES) problems.push(`the addon has ${bytes} bytes stripped, more than ${MAX_BYTES}`);

  const exported = lines(output('nm', '-D', '--defined-only', '--format=posix', addon)).map(
    (line) => line.split(' ')[0],
  );
  if (exported.sort().join() !== EXPORTS.join()) problems.push(`the addon exports ${exported.join(', ')}`);

  const needed = output('objdump', '-p', addon).match(/(?<=NEEDED\s+)\S+/g) ?? [];
  for (const library of needed)
    if (!LIBRARIES.test(library)) problems.push(`the addon needs the library ${library}`);

  const { newest, tooNew } = glibcNeeds(addon);
  if (publishing)
    for (const { minor, symbol } of tooNew)
      problems.push(
        `${symbol} needs glibc 2.${minor}, more than 2.${MAX_GLIBC}: name it in native/compat/glibc.cpp, ` +
          'or build on an older system',
      );
  if (publishing && lines(spawnSync('nm', [addon], { encoding: 'utf8' }).stdout).length > 0)
    problems.push('the addon is not stripped');
  const glibc = newest > 0 ? `needs glibc 2.${newest}` : 'needs no glibc';
  console.log(
    `addon: ${(bytes / 1024 / 1024).toFixed(2)} MB stripped (at most ${MAX_BYTES / 1024 / 1024}), ${glibc}`,
  );
}

/** As many as native/cuda/ptxas.json has, which `npm run check:ptxas` compares with the sources. */
function countKernels() {
  const { sources } = JSON.parse(fs.readFileSync(path.join(ROOT, 'native', 'cuda', 'ptxas.json'), 'utf8'));
  return Object.values(sources).reduce((n, { sm_75: kernels }) => n + Object.keys(kernels).length, 0);
}

function checkKernels(file) {
  let images;
  try {
    images = readImages(file);
  } catch (error) {
    problems.push(error.message);
    return;
  }
  const kernels = countKernels();
  const spent = [];
  for (const [form, bytes] of sizes(images)) {
    const each = bytes / kernels;
    const most = form.includes('older') ? OLDER_KERNEL_BYTES : KERNEL_BYTES;
    spent.push(`${form} ${(each / 1024).toFixed(2)} KB (at most ${most / 1024})`);
    if (each > most)
      problems.push(`the CUDA kernels have ${Math.round(each)} bytes each as ${form}, more than ${most}`);
  }
  console.log(`CUDA kernels: ${describeImages(images)}`);
  console.log(`each of ${kernels}: ${spent.join(', ')}`);
}

function checkBuild() {
  const addon = path.join(ROOT, 'build', 'Release', 'tenon.node');
  const kernels = path.join(ROOT, 'build', 'Release', 'tenon_cuda.fatbin');
  if (!fs.existsSync(addon)) {
    console.error(`there is no ${path.relative(ROOT, addon)} to check: npm run build`);
    process.exit(1);
  }
  checkObjects();
  checkAddon(addon, false);
  if (fs.existsSync(kernels)) checkKernels(kernels);
}

if (process.platform !== 'linux') {
  console.log(`binary checks skipped: they read ELF files, this is ${process.platform}`);
} else {
  const publishing = process.argv[2];
  if (publishing === undefined) checkBuild();
  else if (publishing.endsWith('.fatbin')) checkKernels(publishing);
  else checkAddon(publishing, true);
  for (const problem of problems) console.error(problem);
  process.exit(problems.length === 0 ? 0 : 1);
}
