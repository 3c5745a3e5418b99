/** What tensors occupy, for people and for programs. */
import { DTYPES, type DType } from '../dtype';
import { flush } from './commands';
import { binding } from './load';
import { memoryStats } from './memory';
import { birthplace, tracking } from './tracking';

/** The live tensors that one line of code made. */
export interface LiveTensorSite {
  /** `file:line`; null for tensors made while `setTensorTracking` was off. */
  readonly site: string | null;
  readonly count: number;
  /** What their storages hold. A storage that several tensors share counts once, for the first that was found. */
  readonly bytes: number;
}

interface LiveTensor {
  readonly id: number;
  readonly dtype: DType;
  /** Of the storage; 0 for those that share one which was met before. */
  readonly bytes: number;
}

function liveTensors(): LiveTensor[] {
  flush();
  const rows = binding.liveTensors();
  const met = new Set<number>();
  const found: LiveTensor[] = [];
  for (let i = 0; i < rows.length; i += 5) {
    const storage = rows[i + 3]!;
    found.push({
      id: rows[i]!,
      dtype: DTYPES[rows[i + 1]!]!,
      bytes: met.has(storage) ? 0 : rows[i + 4]!,
    });
    met.add(storage);
  }
  return found;
}

interface Group<Key> {
  readonly key: Key;
  readonly count: number;
  readonly bytes: number;
}

function groupBy<Key>(tensors: readonly LiveTensor[], keyOf: (t: LiveTensor) => Key): Group<Key>[] {
  const groups = new Map<Key, { key: Key; count: number; bytes: number }>();
  for (const t of tensors) {
    const key = keyOf(t);
    let group = groups.get(key);
    if (group === undefined) groups.set(key, (group = { key, count: 0, bytes: 0 }));
    group.count++;
    group.bytes += t.bytes;
  }
  return [...groups.values()];
}

const bySize = <Key>(a: Group<Key>, b: Group<Key>): number => b.bytes - a.bytes || b.count - a.count;

/**
 * The live tensors of this thread by the line of code that made them, the largest first: what `setTensorTracking()` has
 * noted. Call `collect()` before it, to leave out what nothing refers to.
 */
export function liveTensorReport(): LiveTensorSite[] {
  return groupBy(liveTensors(), (t) => birthplace(t.id) ?? null)
    .sort(bySize)
    .map(({ key, count, bytes }) => ({ site: key, count, bytes }));
}

const UNITS = ['B', 'KB', 'MB', 'GB', 'TB', 'PB', 'EB'];

export function showBytes(bytes: number): string {
  let unit = 0;
  for (; bytes >= 1024 && unit < UNITS.length - 1; unit++) bytes /= 1024;
  return `${unit === 0 ? bytes : bytes.toFixed(1)} ${UNITS[unit]}`;
}

/** Upper bounds of the size classes of the table. */
const SIZES = [2 ** 10, 2 ** 16, 2 ** 20, 2 ** 24, 2 ** 28, Infinity];

function sizeClass(t: LiveTensor): number {
  return t.bytes === 0 ? -1 : SIZES.findIndex((bound) => t.bytes <= bound);
}

function showClass(i: number): string {
  if (i < 0) return 'views of others';
  return SIZES[i] === Infinity ? `over ${showBytes(SIZES[i - 1]!)}` : `up to ${showBytes(SIZES[i]!)}`;
}

const WIDTH = 64;
export const RULE = '-'.repeat(WIDTH);

/** A line of the table: a name at the left, one or two values at the right. */
export function reportLine(name: string, ...values: readonly string[]): string {
  const right = values.map((value, i) => value.padStart(i === 0 && values.length > 1 ? 10 : 14)).join('');
  return name.padEnd(WIDTH - right.length) + right;
}

const groupLine = (name: string, group: Group<unknown>): string =>
  reportLine(name, String(group.count), showBytes(group.bytes));

/** As many creation sites as the table shows. */
const SHOWN_SITES = 20;

/** A table of what tensors occupy: totals of the process, and the tensors of this thread by dtype, size and origin. */
export function memorySummary(): string {
  const stats = memoryStats();
  const tensors = liveTensors();
  const lines = [
    RULE,
    'Memory of tensors (CPU), whole process',
    RULE,
    reportLine('live', showBytes(stats.liveBytes)),
    reportLine('peak of live', showBytes(stats.peakBytes)),
    reportLine('cached, free for reuse', showBytes(stats.cachedBytes)),
    reportLine('working space of kernels', showBytes(stats.workingBytes)),
    reportLine('limit', stats.limitBytes === null ? 'none' : showBytes(stats.limitBytes)),
    RULE,
    reportLine('Tensors of this thread', 'count', 'bytes'),
    RULE,
    groupLine('all', { key: null, count: tensors.length, bytes: tensors.reduce((n, t) => n + t.bytes, 0) }),
  ];
  for (const group of groupBy(tensors, (t) => t.dtype).sort(bySize)) lines.push(groupLine(group.key, group));
  lines.push(RULE, reportLine('By size of their storage', 'count', 'bytes'), RULE);
  for (const group of groupBy(tensors, sizeClass).sort((a, b) => a.key - b.key))
    lines.push(groupLine(showClass(group.key), group));
  lines.push(RULE);
  if (!tracking) {
    lines.push('Where they were made: setTensorTracking(true) notes it', RULE);
    return lines.join('\n');
  }
  const places = liveTensorReport();
  lines.push(reportLine('By the line that made them', 'count', 'bytes'), RULE);
  for (const { site, count, bytes } of places.slice(0, SHOWN_SITES))
    lines.push(groupLine(site ?? 'before tracking', { key: site, count, bytes }));
  if (places.length > SHOWN_SITES) lines.push(`and ${places.length - SHOWN_SITES} other lines`);
  lines.push(RULE);
  return lines.join('\n');
}
