/** The check that a binary has to pass before it is packed. */
import { spawnSync } from 'child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import { systemLibc } from '../../lib/backend/addon-file';
import { addonPath } from '../../lib/backend/load';

jest.setTimeout(60_000); // several processes each, on a machine that may be busy

const ROOT = join(__dirname, '../..');
const glibc = systemLibc().startsWith('glibc') ? test : test.skip;
let folder: string;
let stripped: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tenon-'));
  stripped = join(folder, 'tenon.node');
});
afterEach(() => rmSync(folder, { recursive: true }));

function check(file: string): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, ['scripts/check-binary.js', file], { cwd: ROOT, encoding: 'utf8' });
}

function strip(): void {
  expect(spawnSync('strip', ['-o', stripped, addonPath]).status).toBe(0);
}

glibc('passes a stripped binary for glibc 2.28', () => {
  strip();
  expect(check(stripped)).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(
      /^addon: \d\.\d+ MB stripped \(at most 6\), needs glibc 2\.\d+$/m,
    ) as unknown,
    stderr: '',
  });
});

glibc('refuses one that is not stripped', () => {
  const { status, stderr } = check(addonPath);
  expect(stderr).toBe('the addon is not stripped\n');
  expect(status).toBe(1);
});

glibc('refuses one that needs a newer glibc, and names the symbol', () => {
  strip();
  const content = readFileSync(stripped);
  Buffer.from('GLIBC_2.99').copy(content, content.indexOf('GLIBC_2.17\0'));
  writeFileSync(stripped, content);
  const { status, stderr } = check(stripped);
  expect(stderr).toMatch(
    /^\w+ needs glibc 2\.99, more than 2\.28: name it in native\/compat\/glibc\.cpp, or /m,
  );
  expect(status).toBe(1);
});

glibc('refuses one that needs another library', () => {
  strip();
  const content = readFileSync(stripped);
  Buffer.from('libx.so.6').copy(content, content.indexOf('libm.so.6\0'));
  writeFileSync(stripped, content);
  const { status, stderr } = check(stripped);
  expect(stderr).toBe('the addon needs the library libx.so.6\n');
  expect(status).toBe(1);
});
