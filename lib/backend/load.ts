import * as path from 'path';
import { NativeError } from '../errors';
import type { Binding } from './binding';
import { OP_ROWS } from './ops.generated';

/** The package's folder: lib/backend and dist/backend both lie two levels below it. */
const ROOT = path.join(__dirname, '..', '..');

function load(): Binding {
  try {
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- a native addon has no import form
    const find = require('node-gyp-build') as (directory: string) => Binding;
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

/** The addon: one instance per thread. */
export const binding: Binding = load();

if (binding.ops.length !== OP_ROWS.length || binding.ops.some((name, i) => name !== OP_ROWS[i]!.name))
  throw new NativeError(
    'tenon: the native binary was built from other sources than the JavaScript: rebuild it (npx tenon-build)',
  );
