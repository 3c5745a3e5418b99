'use strict';
// Makes the package tenon-cuda of the kernels of a release build (npm run build:release): data for every GPU, whatever the
// processor and the system. Its tarball lies in build/ afterwards.
// usage: node scripts/package-cuda.js
const { execFileSync, spawn } = require('child_process');
const fs = require('fs');
const os = require('os');
const path = require('path');
const { read, sizes } = require('./cuda/images');
const { ROOT, run } = require('./toolchain');

const KERNELS = path.join(ROOT, 'build', 'Release', 'tenon_cuda.fatbin');
const FOLDER = path.join(ROOT, 'build', 'tenon-cuda');
/** What native/cuda/kernels.cmake compiles a release for. */
const FORMS = ['sm_75', 'sm_80', 'sm_86', 'sm_89', 'sm_90', 'sm_100', 'sm_120', 'PTX for 9.0'];
const OLDER = 'PTX for 7.5 and older drivers';

/** Assembles PTX that is marked as of an older version: what needs a newer one fails. */
async function assemble(files) {
  const queue = [...files];
  const failed = [];
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'tenon-'));
  const work = async (worker) => {
    for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
      const input = path.join(scratch, `${worker}.ptx`);
      fs.copyFileSync(file, input);
      const child = spawn('nvcc', [
        '-arch=sm_75',
        '--cubin',
        '-o',
        path.join(scratch, `${worker}.cubin`),
        input,
      ]);
      let said = '';
      child.stderr.on('data', (data) => (said += String(data)));
      const status = await new Promise((resolve) => child.on('close', resolve));
      if (status !== 0) failed.push(`${path.basename(file)}: ${said.slice(0, 500)}`);
    }
  };
  await Promise.all(Array.from({ length: os.availableParallelism() }, (_, i) => work(i)));
  fs.rmSync(scratch, { recursive: true });
  return failed;
}

async function main() {
  const has = sizes(read(KERNELS));
  const missing = [...FORMS, OLDER].filter((form) => !has.has(form));
  if (missing.length > 0) {
    console.error(`${path.relative(ROOT, KERNELS)} is of no release: it has no ${missing.join(', ')}`);
    process.exit(1);
  }
  run(process.execPath, [path.join(__dirname, 'check-binary.js'), KERNELS]);
  const compiled = path.join(ROOT, 'build-cmake', 'cuda');
  const marked = fs.readdirSync(compiled).filter((name) => name.endsWith('.sm_75.ptx.older'));
  const failed = await assemble(marked.map((name) => path.join(compiled, name)));
  for (const problem of failed) console.error(problem);
  if (failed.length > 0 || marked.length === 0) process.exit(1);
  console.log(`PTX for older drivers: ${marked.length} sources assembled`);

  const { version, license, engines, author, repository, homepage } = JSON.parse(
    fs.readFileSync(path.join(ROOT, 'package.json'), 'utf8'),
  );
  const manifest = {
    name: 'tenon-cuda',
    version,
    description: "Tenon's kernels for every NVIDIA GPU, compiled",
    license,
    ...(author && { author }),
    ...(repository && { repository }),
    ...(homepage && { homepage }),
    engines,
    files: ['tenon_cuda.fatbin'],
    exports: { './package.json': './package.json', './tenon_cuda.fatbin': './tenon_cuda.fatbin' },
  };
  fs.rmSync(FOLDER, { recursive: true, force: true });
  fs.mkdirSync(FOLDER, { recursive: true });
  fs.writeFileSync(path.join(FOLDER, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  fs.copyFileSync(path.join(__dirname, 'pack', 'tenon-cuda.md'), path.join(FOLDER, 'README.md'));
  fs.copyFileSync(path.join(ROOT, 'LICENSE'), path.join(FOLDER, 'LICENSE'));
  fs.copyFileSync(KERNELS, path.join(FOLDER, 'tenon_cuda.fatbin'));
  const [{ filename, size }] = JSON.parse(
    execFileSync('npm', ['pack', '--json', '--pack-destination', '..'], { cwd: FOLDER, encoding: 'utf8' }),
  );
  console.log(`build/${filename}: ${(size / 1024 / 1024).toFixed(2)} MB`);
}

void main();
