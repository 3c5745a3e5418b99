/**
 * Finding the native binary, and what its header says, before the system is asked to load it: a file that is cut
 * short can crash the process there, and the system's own words for a wrong one help nobody.
 */
import * as fs from 'fs';
import * as path from 'path';
import { NativeError } from '../errors';

/** The package's folder: lib/backend and dist/backend both lie two levels below it. */
export const ROOT = path.join(__dirname, '..', '..');

const FORMATS: Record<string, string> = { darwin: 'Mach-O', win32: 'PE' };
const ELF_PROCESSORS: Record<number, string> = {
  3: 'ia32',
  40: 'arm',
  62: 'x64',
  183: 'arm64',
  243: 'riscv64',
};
const MACH_PROCESSORS: Record<number, string> = { 0x01000007: 'x64', 0x0100000c: 'arm64' };
const PE_PROCESSORS: Record<number, string> = { 0x14c: 'ia32', 0x8664: 'x64', 0xaa64: 'arm64' };

interface Header {
  /** 'ELF', 'Mach-O' or 'PE'; undefined: none of them. */
  format?: string;
  /** As `process.arch` has it; undefined: unknown, or a binary for several. */
  arch?: string;
  /** How many bytes the file has at least if it is whole. */
  minBytes: number;
}

function parseHeader(head: Buffer): Header {
  const magic = head.readUInt32BE(0);
  if (magic === 0x7f454c46 && head[4] === 2 && head[5] === 1) {
    // The table of sections comes last.
    const sections = Number(head.readBigUInt64LE(40)) + head.readUInt16LE(58) * head.readUInt16LE(60);
    return { format: 'ELF', arch: ELF_PROCESSORS[head.readUInt16LE(18)], minBytes: sections };
  }
  if (magic === 0xcffaedfe)
    return { format: 'Mach-O', arch: MACH_PROCESSORS[head.readUInt32LE(4)], minBytes: 0 };
  if (magic === 0xcafebabe) return { format: 'Mach-O', minBytes: 0 };
  if (head.toString('latin1', 0, 2) === 'MZ') {
    const pe = head.readUInt32LE(60);
    const arch = pe + 6 <= head.length ? PE_PROCESSORS[head.readUInt16LE(pe + 4)] : undefined;
    return { format: 'PE', arch, minBytes: pe + 6 };
  }
  return { minBytes: 0 };
}

/** The C library that binaries here are chosen by, with its version where it tells one: '' on other systems. */
export function systemLibc(): string {
  if (process.platform !== 'linux') return '';
  if (process.env.LIBC) return process.env.LIBC; // what node-gyp-build goes by
  // The version of glibc that runs is in Node's diagnostic report alone. Not every runtime has such a report.
  const report = process.report as NodeJS.ProcessReport & { excludeNetwork?: boolean };
  if (typeof report?.getReport !== 'function') return '';
  const before = report.excludeNetwork;
  report.excludeNetwork = true; // it would look up the names of open connections
  try {
    const { header } = report.getReport() as unknown as { header: { glibcVersionRuntime?: string } };
    return header.glibcVersionRuntime === undefined ? 'musl' : `glibc ${header.glibcVersionRuntime}`;
  } finally {
    report.excludeNetwork = before;
  }
}

/** 'linux-x64 (glibc 2.36)'. */
export function systemName(): string {
  const libc = systemLibc();
  return `${process.platform}-${process.arch}${libc ? ` (${libc})` : ''}`;
}

/** The systems that this copy of the package has prebuilt binaries for: 'linux-x64 (glibc)'. */
function prebuiltFor(): string[] {
  const folder = path.join(ROOT, 'prebuilds');
  if (!fs.existsSync(folder)) return [];
  return fs.readdirSync(folder).flatMap((system) =>
    fs
      .readdirSync(path.join(folder, system))
      .filter((file) => file.endsWith('.node'))
      .map((file) => {
        const libc = /\.(glibc|musl)\./.exec(file)?.[1];
        return libc ? `${system} (${libc})` : system;
      }),
  );
}

const BUILD =
  'Build it from the sources that come with the package (needs CMake >= 3.20 and a C++17 compiler):\n  npx tenon build';

/** Whether a binary came with the package. */
export function isPrebuilt(file: string): boolean {
  return file.startsWith(path.join(ROOT, 'prebuilds'));
}

/** What brings a good binary in place of this one. */
export function replaceAdvice(file: string): string {
  if (!isPrebuilt(file)) return `It was built here: build it again, or delete it.\n  npx tenon build`;
  return `Delete the folder ${ROOT} and install the package again:\n  npm install\n${BUILD.replace('Build it', 'Or build it')}`;
}

function noBinary(cause: unknown): NativeError {
  const prebuilt = prebuiltFor();
  return new NativeError(
    `tenon: there is no native binary for ${systemName()} (Node ${process.version}) in ${ROOT}.\n` +
      (prebuilt.length > 0 ? `The package has binaries for ${prebuilt.join(', ')}.\n` : '') +
      `${BUILD}\nCause: ${(cause as Error).message}`,
  );
}

/** The binary for this system, the one built here before a prebuilt one; a NativeError if there is none. */
export function findAddon(): string {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- has no types, and is CommonJS
  const { path: find } = require('node-gyp-build') as { path: (folder: string) => string };
  try {
    return find(ROOT);
  } catch (cause) {
    throw noBinary(cause);
  }
}

const KERNELS = 'tenon_cuda.fatbin';

/** The package with kernels that are compiled for every GPU, if it is installed. */
export function cudaPackage(): { version: string; file: string } | null {
  try {
    const manifest = require.resolve('tenon-cuda/package.json');
    const { version } = JSON.parse(fs.readFileSync(manifest, 'utf8')) as { version: string };
    return { version, file: path.join(path.dirname(manifest), KERNELS) };
  } catch {
    return null;
  }
}

/**
 * Where the kernels for CUDA lie: beside a binary that was built here; otherwise in tenon-cuda, if its version is the
 * binary's, or beside the binary.
 */
export function cudaImages(addonFile: string, version: string): string {
  const beside = path.join(path.dirname(addonFile), KERNELS);
  if (!isPrebuilt(addonFile) && fs.existsSync(beside)) return beside;
  const installed = cudaPackage();
  return installed?.version === version ? installed.file : beside;
}

/** Throws a NativeError if a file can't be a whole binary for this system. */
export function checkAddonFile(file: string): void {
  const descriptor = fs.openSync(file, 'r');
  let size: number;
  const head = Buffer.alloc(1024);
  try {
    size = fs.fstatSync(descriptor).size;
    fs.readSync(descriptor, head, 0, head.length, 0);
  } finally {
    fs.closeSync(descriptor);
  }
  const { format, arch, minBytes } = parseHeader(head);
  const expected = FORMATS[process.platform] ?? 'ELF';
  if (size < 64 || size < minBytes || format === undefined)
    throw new NativeError(
      `tenon: the native binary ${file} is damaged: expected ` +
        (format === undefined || size < 64
          ? `a binary for ${process.platform}-${process.arch}, got ${size} bytes of something else`
          : `at least ${minBytes} bytes, got ${size}`) +
        `.\n${replaceAdvice(file)}`,
    );
  if (format !== expected || (arch !== undefined && arch !== process.arch))
    throw new NativeError(
      `tenon: the native binary ${file} is for another machine: expected ${expected} for ${process.arch}, ` +
        `got ${format} for ${arch ?? 'another processor'}.\n` +
        `The folder may have been copied from one, with node_modules. ${replaceAdvice(file)}`,
    );
}

/** The system's refusal to load a whole binary for this machine, in words that say what to do. */
export function loadFailure(file: string, cause: Error, libc: string = systemLibc()): NativeError {
  const glibc = /version `GLIBC_([\d.]+)' not found/.exec(cause.message)?.[1];
  const forGlibc = libc === 'musl' && !fs.readFileSync(file).includes('libc.musl-');
  const reason = glibc
    ? `It needs glibc ${glibc}, this system has ${libc}.\n${BUILD}`
    : forGlibc
      ? 'It is for glibc, this system has musl. If the package has a binary for musl, LIBC=musl in the environment ' +
        `chooses it.\n${BUILD}`
      : `What is missing here, \`npx tenon doctor\` may tell.\n${BUILD}`;
  return new NativeError(
    `tenon: the native binary ${file} can't be loaded on ${process.platform}-${process.arch} (Node ${process.version}).\n` +
      `${reason}\nCause: ${cause.message}`,
  );
}
