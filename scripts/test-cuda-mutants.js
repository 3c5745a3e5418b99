'use strict';
// Tests the tests of CUDA kernels: every mistake of cuda/mutants.js is made in a copy of the emulated device's
// kernels, and has to be found by the native tests that run on it.
// usage: node scripts/test-cuda-mutants.js [part of a name ...]
const { spawnSync } = require('child_process');
const fs = require('fs');
const path = require('path');
const { ROOT, run, build, configureSanitized, SANITIZER_OPTIONS } = require('./toolchain');
const { MUTANTS } = require('./cuda/mutants');

const words = process.argv.slice(2);
const chosen = MUTANTS.filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)));
const KERNELS = path.join(ROOT, 'native', 'cuda', 'kernels');

if (process.platform !== 'linux') {
  console.log('mutants of CUDA kernels are tested on Linux only');
  process.exit(0);
}

/** A build folder with the emulation and the tests that the chosen mutants of a kind need. */
function buildFolder(sanitize) {
  const folder = sanitize ? configureSanitized(sanitize) : path.join(ROOT, 'build-cmake');
  if (!fs.existsSync(path.join(folder, 'CMakeCache.txt'))) run(process.execPath, ['scripts/build.js']);
  build(folder, 'Release', 'cuda_emulation');
  const tests = new Set(chosen.filter((mutant) => mutant.sanitize === sanitize).map(({ test }) => test));
  for (const test of tests) build(folder, 'Release', `${test}_test`);
  return folder;
}

/** Compiles a mutant into a library of its own, from the other objects of the folder's. */
function compileMutant(mutant, folder, work) {
  const text = fs.readFileSync(path.join(KERNELS, mutant.file), 'utf8');
  if (text.split(mutant.from).length !== 2)
    throw new Error(`${mutant.file} does not have this once: ${mutant.from}`);
  const overlay = path.join(work, 'cuda', 'kernels');
  fs.mkdirSync(overlay, { recursive: true });
  fs.writeFileSync(
    path.join(overlay, mutant.file),
    text.replace(mutant.from, () => mutant.to),
  );

  const commands = JSON.parse(fs.readFileSync(path.join(folder, 'compile_commands.json'), 'utf8'))
    .filter(({ command }) => /cuda_emulat(ion|or)\.dir\//.test(command))
    .map(({ command, file, directory }) => {
      const [, object] = /\s-o\s+(\S+)/.exec(command);
      return { command, file, directory, object: path.resolve(directory, object) };
    });
  const source = mutant.source ?? mutant.file;
  const original = commands.find(({ file }) => file === path.join(KERNELS, source));
  const object = path.join(work, 'mutant.o');
  const input = source === mutant.file ? path.join(overlay, source) : original.file;
  const command = original.command
    .replace(/\s-o\s+\S+/, ` -o '${object}'`)
    .replace(/\s-c\s+\S+/, ` -c '${input}'`)
    .replace(/\s-Werror\b/g, '') // mistakes may leave variables unused
    .replace(' -I', ` -I'${work}' -I`);
  const library = path.join(work, 'libmutant.so');
  const [compiler] = /\S*(clang|g|c)\+\+\S*/.exec(original.command);
  const objects = commands.map((other) => `'${other === original ? object : other.object}'`).join(' ');
  const sanitizers = mutant.sanitize ? `-fsanitize=${mutant.sanitize}` : '';
  for (const line of [
    command,
    `${compiler} -shared ${sanitizers} -Wl,-z,nodelete -o '${library}' ${objects} -lpthread`,
  ]) {
    const { status, stderr } = spawnSync('sh', ['-c', line], { cwd: original.directory, encoding: 'utf8' });
    if (status !== 0) throw new Error(`${line}\n${stderr}`);
  }
  return library;
}

/** Runs the mutant's cases on a library: what was printed, and whether all is well. */
function runCases(mutant, folder, library) {
  const env = {
    ...process.env,
    ...SANITIZER_OPTIONS,
    TENON_CUDA_DRIVER: library,
    TENON_TEST_CUDA: '1',
    TENON_EMULATED_CUDA_ORDER: mutant.order ?? 'forward',
  };
  if (mutant.sanitize) env.TENON_CUDA_NO_CACHE = '1'; // so that blocks end where tensors do
  const program = path.join(folder, 'tests', `${mutant.test}_test`);
  const { status, stdout, stderr, signal } = spawnSync(program, mutant.cases, {
    env,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    timeout: 600_000,
  });
  return { well: status === 0, said: `${stdout}${stderr}`, ended: signal ?? `status ${status}`, signal };
}

const folders = new Map();
const unchanged = new Map();
const counts = { passed: 0, failed: 0 };
for (const mutant of chosen) {
  const started = Date.now();
  const report = (good, text) => {
    counts[good ? 'passed' : 'failed']++;
    const kind = mutant.sanitize ?? 'plain';
    const seconds = ((Date.now() - started) / 1000).toFixed(1);
    console.log(
      `${good ? 'PASS' : 'FAIL'} ${mutant.file}: ${mutant.name}: ${text} (${kind}, ${mutant.test}, ${seconds} s)`,
    );
  };
  if (!folders.has(mutant.sanitize)) folders.set(mutant.sanitize, buildFolder(mutant.sanitize));
  const folder = folders.get(mutant.sanitize);

  // What fails without the mistake, too, finds nothing.
  const key = JSON.stringify([mutant.test, mutant.cases, mutant.sanitize, mutant.order]);
  if (!unchanged.has(key))
    unchanged.set(
      key,
      runCases(mutant, folder, path.join(folder, 'emulation', 'libtenon_cuda_emulation.so')),
    );
  if (!unchanged.get(key).well) {
    console.log(unchanged.get(key).said.slice(-4000));
    report(false, 'the test fails without the mistake');
    continue;
  }
  const work = path.join(folder, 'mutant');
  fs.rmSync(work, { recursive: true, force: true });
  const { well, said, ended, signal } = runCases(mutant, folder, compileMutant(mutant, folder, work));
  if (mutant.control) report(well, well ? 'nothing found' : `found: ${said.slice(-2000)}`);
  else if (well) report(false, 'not found');
  else if (signal === 'SIGSEGV') report(true, 'found: it crashes');
  else if (!said.includes(mutant.says)) report(false, `ended with ${ended}: ${said.slice(-2000)}`);
  else report(true, `found: ${mutant.says}`);
}
console.log(`Native tests (mutants of CUDA kernels): ${counts.passed} passed, ${counts.failed} failed`);
process.exit(counts.failed > 0 || chosen.length === 0 ? 1 : 0);
