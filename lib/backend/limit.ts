/** How much memory tensors may take, over the whole process. */
import { totalmem } from 'os';
import { ArgumentError, describe } from '../errors';
import { binding } from './load';
import { adjustLimits } from './memory';

const MB = 2 ** 20;
const UNITS: Readonly<Record<string, number>> = { '': 1, KB: 2 ** 10, MB, GB: 2 ** 30, TB: 2 ** 40 };

/** '4GB', '512 MB', '1.5gb' or plain bytes, as a whole number of bytes; NaN for anything else. */
function parseBytes(text: string): number {
  const match = /^(\d{1,16}(?:\.\d{1,9})?)\s*([KMGT]B|)$/i.exec(text.trim());
  return match === null ? NaN : Math.floor(Number(match[1]) * UNITS[match[2]!.toUpperCase()]!);
}

/**
 * What the container, or else the machine, has, less a margin for all that isn't tensors: JavaScript's heap, code,
 * other programs. So the program gets an OutOfMemoryError before the system ends it.
 */
function availableBytes(): number {
  const total = totalmem();
  const constrained = process.constrainedMemory(); // 0 or more than there is: none
  const bytes = constrained > 0 ? Math.min(total, constrained) : total;
  return bytes - Math.min(bytes / 2, Math.max(bytes / 8, 128 * MB), 2048 * MB);
}

function initialLimit(): number {
  const text = process.env.TENON_MEMORY_LIMIT;
  if (!text) return Math.floor(availableBytes());
  const bytes = parseBytes(text);
  if (!Number.isSafeInteger(bytes))
    throw new ArgumentError(
      `tenon: expected TENON_MEMORY_LIMIT to be a number of bytes or a size such as 512MB or 4GB, got ${describe(text)}`,
    );
  return bytes;
}

binding.setMemoryLimit(initialLimit(), true);

/**
 * Limits what tensors hold over the whole process: memory in use, free blocks kept for reuse and the kernels' working
 * space. An allocation beyond it gives free blocks back, then collects, and then throws an OutOfMemoryError. `null`
 * takes the limit away. At the start it is what TENON_MEMORY_LIMIT says (bytes, or '512MB', '4GB'), else what the
 * container or the machine has, less a margin.
 */
export function setMemoryLimit(bytes: number | null): void {
  if (bytes !== null && (typeof bytes !== 'number' || !Number.isSafeInteger(bytes) || bytes < 0))
    throw new ArgumentError(
      `setMemoryLimit: expected a whole number of bytes or null, got ${describe(bytes)}`,
    );
  binding.setMemoryLimit(bytes, false);
  adjustLimits();
}

/** The limit in bytes, or null when there is none. */
export function getMemoryLimit(): number | null {
  return binding.memory().limitBytes;
}
