/** What a checkout says when it can't be built. */
import { spawnSync } from 'child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';

const ROOT = join(__dirname, '..');
let bin: string;

beforeAll(() => (bin = mkdtempSync(join(tmpdir(), 'tenon-'))));
afterAll(() => rmSync(bin, { recursive: true }));

/** `npm ci`'s last step, with nothing in reach but the tools given. */
function prepare(...tools: string[]): { status: number | null; stderr: string } {
  for (const tool of tools) symlinkSync(process.execPath, join(bin, tool)); // answers to --version, and that is all
  const { status, stderr } = spawnSync(process.execPath, ['scripts/prepare.js'], {
    cwd: ROOT,
    env: { PATH: bin },
    encoding: 'utf8',
  });
  return { status, stderr };
}

const unix = process.platform === 'win32' ? test.skip : test;

unix('names every tool that is missing, and how to get it', () => {
  const { status, stderr } = prepare();
  expect(status).toBe(1);
  expect(stderr).toMatch(/needs CMake and a C\+\+17 compiler and Ninja or make, which could not be found/);
  expect(stderr).toContain('apt-get install cmake g++ ninja-build');
  expect(stderr).toContain('brew install cmake');
});

unix('names the one that is missing', () => {
  const { status, stderr } = prepare('cmake', 'make');
  expect(status).toBe(1);
  expect(stderr).toMatch(/needs a C\+\+17 compiler, which could not be found/);
  expect(stderr).toContain('dnf install gcc-c++');
});
