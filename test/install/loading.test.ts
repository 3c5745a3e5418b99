/** What a program is told when the native binary can't be used: each in a process of its own, on a copy. */
import { readFileSync, rmSync, truncateSync, writeFileSync } from 'fs';
import { join } from 'path';
import { loadFailure } from '../../lib/backend/addon-file';
import { PackageCopy } from './package';

jest.setTimeout(60_000); // several processes each, on a machine that may be busy

let copy: PackageCopy;
afterEach(() => copy.remove());

const fails = (text: RegExp): object => ({
  name: 'NativeError',
  code: 'ERR_TENON_NATIVE',
  message: expect.stringMatching(text) as unknown,
});
const linux = process.platform === 'linux' ? test : test.skip;
const reinstall = /Delete the folder .*node_modules.tenon and install the package again:\n {2}npm install\n/;

function patch(file: string, offset: number, ...bytes: number[]): void {
  const content = readFileSync(file);
  Buffer.from(bytes).copy(content, offset);
  writeFileSync(file, content);
}

test('a whole binary loads, as built and as prebuilt', () => {
  copy = new PackageCopy(false);
  expect(copy.loadError()).toBeNull();
  copy.remove();
  copy = new PackageCopy(true);
  expect(copy.loadError()).toBeNull();
});

test('no binary at all', () => {
  copy = new PackageCopy(true);
  rmSync(join(copy.folder, 'prebuilds'), { recursive: true });
  expect(copy.loadError()).toEqual(
    fails(
      /^tenon: there is no native binary for \w+-\w+.* \(Node v[\d.]+\) in .*tenon\.\n.*\n {2}npx tenon build\n/,
    ),
  );
});

linux('none for this C library: the error says which there are', () => {
  copy = new PackageCopy(true);
  const here = `linux-${process.arch}`;
  expect(copy.loadError({ LIBC: 'musl' })).toEqual(
    fails(
      new RegExp(
        `no native binary for ${here} \\(musl\\).*\\nThe package has binaries for ${here} \\(glibc\\)\\.\\n[^]*npx tenon build`,
      ),
    ),
  );
});

test.each([0, 10, 1000])('a binary of which there are only %i bytes', (bytes) => {
  copy = new PackageCopy(true);
  truncateSync(copy.binary, bytes);
  const error = copy.loadError();
  expect(error).toEqual(fails(/tenon\.glibc\.node is damaged: expected /));
  expect(error!.message).toMatch(reinstall);
});

linux('a binary that is cut in the middle does not crash the process', () => {
  copy = new PackageCopy(true);
  const { length } = readFileSync(copy.binary);
  for (const bytes of [length - 1, length >> 1]) {
    truncateSync(copy.binary, bytes);
    const error = copy.loadError();
    expect(error).toEqual(
      fails(new RegExp(`is damaged: expected at least ${length} bytes, got ${bytes}\\.`)),
    );
    expect(error!.message).toMatch(reinstall);
  }
});

test('a file that is no binary', () => {
  copy = new PackageCopy(false);
  writeFileSync(copy.binary, 'not found\n'.repeat(100));
  expect(copy.loadError()).toEqual(
    fails(
      /is damaged: expected a binary for \w+-\w+, got 1000 bytes of something else\.\nIt was built here: .*\n {2}npx tenon build$/,
    ),
  );
});

linux('a binary for another processor, and for another system', () => {
  copy = new PackageCopy(true);
  patch(copy.binary, 18, process.arch === 'x64' ? 183 : 62);
  const other = process.arch === 'x64' ? 'arm64' : 'x64';
  const error = copy.loadError();
  expect(error).toEqual(
    fails(new RegExp(`for another machine: expected ELF for ${process.arch}, got ELF for ${other}\\.`)),
  );
  expect(error!.message).toMatch(reinstall);

  patch(copy.binary, 0, 0xcf, 0xfa, 0xed, 0xfe, 0x0c, 0, 0, 1);
  expect(copy.loadError()).toEqual(fails(/expected ELF for \w+, got Mach-O for arm64\./));
  const pe = [0x50, 0x45, 0, 0, 0x64, 0x86]; // 'PE', x64
  patch(copy.binary, 0, 0x4d, 0x5a);
  patch(copy.binary, 60, 0x80, 0, 0, 0);
  patch(copy.binary, 0x80, ...pe);
  expect(copy.loadError()).toEqual(fails(/expected ELF for \w+, got PE for x64\./));
});

test('a binary of another version', () => {
  copy = new PackageCopy(true);
  const file = join(copy.folder, 'package.json');
  const manifest = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
  writeFileSync(file, JSON.stringify({ ...manifest, version: '99.0.0' }));
  const error = copy.loadError();
  expect(error).toEqual(
    fails(
      new RegExp(`is of another version: expected 99\\.0\\.0, got ${manifest.version.replace(/\./g, '\\.')}`),
    ),
  );
  expect(error!.message).toMatch(reinstall);
});

linux('a binary that the system refuses: the error has its reason', () => {
  copy = new PackageCopy(true);
  const content = readFileSync(copy.binary);
  const name = Buffer.from('libm.so.6\0');
  Buffer.from('libx.so.6\0').copy(content, content.indexOf(name));
  writeFileSync(copy.binary, content);
  expect(copy.loadError()).toEqual(
    fails(
      /can't be loaded on linux-[^]*npx tenon doctor[^]*npx tenon build\nCause: libx\.so\.6: cannot open/,
    ),
  );
});

test('a binary that needs a newer glibc, and one for glibc on musl', () => {
  copy = new PackageCopy(true);
  const old = new Error("/lib64/libc.so.6: version `GLIBC_2.99' not found (required by tenon.node)");
  expect(loadFailure(copy.binary, old, 'glibc 2.17')).toMatchObject(
    fails(/It needs glibc 2\.99, this system has glibc 2\.17\.\n[^]*npx tenon build\nCause: .*GLIBC_2\.99/),
  );
  const musl = new Error('Error loading shared library ld-linux-x86-64.so.2: No such file or directory');
  expect(loadFailure(copy.binary, musl, 'musl')).toMatchObject(
    fails(/It is for glibc, this system has musl\..*LIBC=musl[^]*npx tenon build\nCause: .*ld-linux/),
  );
});
