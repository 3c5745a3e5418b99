import * as path from 'path';
import { NativeError, describe, nativeError } from '../errors';
import type { Addon, Binding } from './binding';
import { OP_ROWS } from './ops.generated';

/** The package's folder: lib/backend and dist/backend both lie two levels below it. */
const ROOT = path.join(__dirname, '..', '..');

function load(): Addon {
  try {
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- a native addon has no import form
    const find = require('node-gyp-build') as (directory: string) => Addon;
    return find(ROOT);
  } catch (cause) {
    throw new NativeError(
      `tenon: no native binary could be loaded for ${process.platform}-${process.arch} (Node ${process.version}).\n` +
        'Build it from the sources that come with the package (needs CMake >= 3.20 and a C++17 compiler):\n' +
        '  npx tenon-build\n' +
        `Cause: ${(cause as Error).message}`,
    );
  }
}

const addon = load();

if (addon.ops.length !== OP_ROWS.length || addon.ops.some((name, i) => name !== OP_ROWS[i]!.name))
  throw new NativeError(
    'tenon: the native binary was built from other sources than the JavaScript: rebuild it (npx tenon-build)',
  );

/** The command buffer, in 64-bit words. */
export const words = new Float64Array(1 << 16);

let collectAll: () => void = () => undefined;

/** Says what frees memory when the system has none left: it must only collect and sweep. */
export function onOutOfMemory(collect: () => void): void {
  collectAll = collect;
}

/** The functions of the addon: one set per thread. */
export const binding: Binding = addon.create(words, nativeError, () => collectAll());

/** What TENON_NUM_THREADS asks for; empty: as many as there are processors to use. */
const threads = process.env.TENON_NUM_THREADS;
if (threads && !(/^\d+$/.test(threads) && Number(threads) >= 1 && Number(threads) <= 1024))
  throw new NativeError(
    `tenon: expected TENON_NUM_THREADS to be an integer from 1 to 1024, got ${describe(threads)}`,
  );

/** What TENON_CPU_ISA asks for; empty: whatever is best. */
const wanted = process.env.TENON_CPU_ISA;
if (wanted && wanted !== binding.isa)
  throw new NativeError(
    addon.isas.includes(wanted)
      ? `tenon: TENON_CPU_ISA was set to ${wanted} after the kernels for ${binding.isa} had been chosen`
      : `tenon: expected TENON_CPU_ISA to be one of ${addon.isas.join(', ')} on this processor, got ${describe(wanted)}`,
  );
