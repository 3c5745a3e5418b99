import { mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'fs';
import { cpuCapability, getMemoryLimit } from 'tenon';
import type { Report } from '../../lib/cli/doctor';
import { PackageCopy } from './package';

jest.setTimeout(60_000); // several processes each, on a machine that may be busy

let copy: PackageCopy;
beforeEach(() => (copy = new PackageCopy(true)));
afterEach(() => copy.remove());

const json = (stdout: string): Report => JSON.parse(stdout) as Report;

test('says what was loaded', () => {
  const { status, stdout } = copy.doctor('--json');
  expect(status).toBe(0);
  const report = json(stdout);
  expect(report).toMatchObject({
    ok: true,
    problem: null,
    package: { folder: copy.folder, version: expect.stringMatching(/^\d+\.\d+\.\d+/) as unknown },
    binary: {
      file: copy.binary,
      origin: 'prebuilt',
      compiler: expect.stringMatching(/GCC|[Cc]lang/) as unknown,
    },
    system: { node: process.version, platform: process.platform, arch: process.arch },
    gpu: { available: false, reason: expect.any(String) as unknown, devices: [] },
  });
  expect(report.cpu.supported).toContain(process.env.TENON_CPU_ISA || cpuCapability());
  expect(report.cpu.instructionSet).toBe(report.cpu.supported[0]);
  expect(report.memory.totalBytes).toBeGreaterThan(report.memory.freeBytes);
  expect(report.memory.tensorLimitBytes).toBe(getMemoryLimit());
});

test('says why there are as many threads', () => {
  const reason = (threads: string): Report['threads'] =>
    json(
      copy.run([`${copy.folder}/dist/cli/tenon.js`, 'doctor', '--json'], { TENON_NUM_THREADS: threads })
        .stdout,
    ).threads;
  expect(reason('3')).toMatchObject({ used: 3, reason: 'TENON_NUM_THREADS is 3' });
  const refused = copy.run([`${copy.folder}/dist/cli/tenon.js`, 'doctor'], { TENON_NUM_THREADS: 'many' });
  expect(refused.status).not.toBe(0);
  expect(refused.stdout).toContain('expected TENON_NUM_THREADS to be an integer from 1 to 1024, got "many"');
  const { used, processors, quota } = reason('');
  expect(used).toBeLessThanOrEqual(processors);
  if (quota === null) expect(used).toBe(processors);
});

test('prints a page for people, with the settings', () => {
  const { status, stdout } = copy.run([`${copy.folder}/dist/cli/tenon.js`, 'doctor'], {
    TENON_NUM_THREADS: '2',
  });
  expect(status).toBe(0);
  for (const line of [
    /^Tenon +\d/m,
    /^Binary .*tenon\.glibc\.node$/m,
    /^ +came with the package, compiled by /m,
  ])
    expect(stdout).toMatch(line);
  expect(stdout).toMatch(/^Settings .*TENON_NUM_THREADS=2/m);
  expect(stdout).toMatch(/^GPU +none: /m);
  expect(stdout).toMatch(/\n\nTenon loads and computes\.\n$/);
});

test('uses the kernels of tenon-cuda where it has the version, and says so', () => {
  expect(json(copy.doctor('--json').stdout).cudaPackage).toBeNull();
  const { version } = JSON.parse(readFileSync(`${copy.folder}/package.json`, 'utf8')) as { version: string };
  const folder = `${copy.app}/node_modules/tenon-cuda`;
  mkdirSync(folder);
  const install = (name: string): void =>
    writeFileSync(`${folder}/package.json`, JSON.stringify({ name: 'tenon-cuda', version: name }));
  install(version);
  expect(json(copy.doctor('--json').stdout).cudaPackage).toEqual({ version, used: true });
  expect(copy.doctor().stdout).toContain(`kernels of tenon-cuda ${version}\n`);
  install('0.0.1');
  expect(json(copy.doctor('--json').stdout).cudaPackage).toEqual({ version: '0.0.1', used: false });
  expect(copy.doctor().stdout).toContain(
    `tenon-cuda 0.0.1 is not used: expected ${version}. npm install tenon-cuda@${version}\n`,
  );
});

test('works where the binary is missing', () => {
  rmSync(copy.binary);
  const { status, stdout } = copy.doctor('--json');
  expect(status).toBe(1);
  expect(json(stdout)).toMatchObject({
    ok: false,
    problem: expect.stringMatching(/^tenon: there is no native binary for [^]*npx tenon build/) as unknown,
    binary: { file: null, origin: null, compiler: null },
    cpu: { instructionSet: null, supported: [] },
    threads: { used: null },
  });
  expect(copy.doctor().stdout).toMatch(
    /^Binary +none$[^]*Tenon does not load\.\ntenon: there is no native binary/m,
  );
});

test('works where the binary is damaged', () => {
  truncateSync(copy.binary, 100_000);
  const { status, stdout } = copy.doctor();
  expect(status).toBe(1);
  expect(stdout).toMatch(/Tenon does not load\.\ntenon: the native binary .* is damaged/);
});

test('works where loading ends the process', () => {
  writeFileSync(`${copy.folder}/dist/backend/load.js`, "process.kill(process.pid, 'SIGKILL'); for (;;) {}");
  const { status, stdout } = copy.doctor('--json');
  expect(status).toBe(1);
  expect(json(stdout).problem).toBe('The process that loaded the binary was ended by SIGKILL.');
});

test('the command explains itself', () => {
  const tenon = (...args: string[]): ReturnType<PackageCopy['run']> =>
    copy.run([`${copy.folder}/dist/cli/tenon.js`, ...args]);
  expect(tenon('--help')).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(/^usage: tenon doctor/) as unknown,
  });
  for (const wrong of [[], ['dance'], ['doctor', '--loud']])
    expect(tenon(...wrong)).toMatchObject({
      status: 2,
      stdout: '',
      stderr: expect.stringMatching(/^usage: tenon doctor/) as unknown,
    });
});
