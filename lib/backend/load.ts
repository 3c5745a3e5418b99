import * as fs from 'fs';
import * as path from 'path';
import { NativeError, describe, nativeError } from '../errors';
import { ROOT, checkAddonFile, cudaImages, findAddon, loadFailure, replaceAdvice } from './addon-file';
import type { Addon, Binding } from './binding';
import { OP_ROWS } from './ops.generated';

/** The version of the package. */
export const version = (
  JSON.parse(fs.readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as { version: string }
).version;

/** Where the native binary lies. */
export const addonPath = findAddon();

function load(): Addon {
  checkAddonFile(addonPath);
  try {
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- a native addon has no import form
    return require(addonPath) as Addon;
  } catch (cause) {
    throw loadFailure(addonPath, cause as Error);
  }
}

export const addon = load();

if (addon.version !== version)
  throw new NativeError(
    `tenon: the native binary ${addonPath} is of another version: expected ${version}, got ${addon.version ?? 'one that has none'}.\n` +
      replaceAdvice(addonPath),
  );
if (addon.ops.length !== OP_ROWS.length || addon.ops.some((name, i) => name !== OP_ROWS[i]!.name))
  throw new NativeError(
    `tenon: the native binary ${addonPath} was built from other sources than the JavaScript.\n${replaceAdvice(addonPath)}`,
  );

/** The command buffer, in 64-bit words. */
export const words = new Float64Array(1 << 16);

let collectAll: () => void = () => undefined;

/** Says what frees memory when the system has none left: it must only collect and sweep. */
export function onOutOfMemory(collect: () => void): void {
  collectAll = collect;
}

let completed: () => void = () => undefined;

/** Says what is called when a launch that was listened to is complete. */
export function onCompleted(listener: () => void): void {
  completed = listener;
}

/** Frees what nothing refers to: for when no room is left. */
export function collectNow(): void {
  collectAll();
}

/** The functions of the addon: one set per thread. */
export const binding: Binding = addon.create(
  words,
  nativeError,
  collectNow,
  () => completed(),
  cudaImages(addonPath, version),
);

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
