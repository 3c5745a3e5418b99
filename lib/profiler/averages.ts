/** Events by name: how often, how long, how much. */
import { ArgumentError, describe } from '../errors';
import { booleanArgument, checkOptions, integerArgument } from '../functional/arguments';
import { showShape } from '../shape';
import type { Phase, ProfilerEvent } from './events';

/** All events of one name and phase. Times are in microseconds. */
export interface EventAverage {
  readonly key: string;
  readonly kind: 'op' | 'region';
  readonly phase: Phase;
  /** The inputs' shapes; null unless grouped by them. */
  readonly inputShapes: readonly (readonly number[])[] | null;
  readonly count: number;
  readonly cpuTimeTotal: number;
  /** The mean. */
  readonly cpuTime: number;
  /** Of the time of all ops, from 0 to 1; null for regions, which hold ops. */
  readonly share: number | null;
  readonly bytesRead: number;
  readonly bytesWritten: number;
  /** Floating-point operations; null where they aren't counted. */
  readonly flops: number | null;
}

/** What a table can be ordered by. */
const ORDERS = ['cpuTimeTotal', 'cpuTime', 'count', 'bytesRead', 'bytesWritten', 'flops'] as const;

/** The options of `table`. */
export interface TableOptions {
  /** The largest first ('cpuTimeTotal'). */
  sortBy?: (typeof ORDERS)[number];
  /** No more rows than this. */
  rowLimit?: number;
}

/** A list of averages that prints as a table. */
export class KeyAverages extends Array<EventAverage> {
  /** What map() and filter() make is a list as any. */
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }

  /** The averages as text: ops first, regions behind them. */
  table(options: TableOptions = {}): string {
    checkOptions('table', ['sortBy', 'rowLimit'], options);
    const { sortBy = 'cpuTimeTotal', rowLimit = 100 } = options;
    if (!ORDERS.includes(sortBy))
      throw new ArgumentError(
        `table: expected sortBy to be one of ${ORDERS.join(', ')}, got ${describe(sortBy)}`,
      );
    if (integerArgument('table', 'rowLimit', rowLimit) < 1)
      throw new ArgumentError(`table: expected rowLimit to be at least 1, got ${rowLimit}`);
    const place = (a: EventAverage): number => (a.kind === 'op' ? 0 : 1);
    const rows = [...this].sort(
      (a, b) => place(a) - place(b) || (b[sortBy] ?? 0) - (a[sortBy] ?? 0) || (a.key < b.key ? -1 : 1),
    );
    const shapes = rows.some((row) => row.inputShapes !== null);
    const columns = COLUMNS.filter((column) => shapes || column.title !== 'input shapes');
    return align([
      columns.map((column) => column.title),
      ...rows.slice(0, rowLimit).map((row) => columns.map((column) => column.text(row))),
    ]);
  }
}

interface Column {
  readonly title: string;
  readonly text: (row: EventAverage) => string;
}

const megabytes = (row: EventAverage, bytes: number): string =>
  row.kind === 'op' ? (bytes / 1e6).toFixed(3) : '';

const COLUMNS: readonly Column[] = [
  { title: 'name', text: (row) => row.key },
  { title: 'phase', text: (row) => row.phase },
  { title: 'calls', text: (row) => String(row.count) },
  { title: 'total us', text: (row) => row.cpuTimeTotal.toFixed(1) },
  { title: 'mean us', text: (row) => row.cpuTime.toFixed(2) },
  { title: 'share', text: (row) => (row.share === null ? '' : `${(100 * row.share).toFixed(1)}%`) },
  { title: 'MB read', text: (row) => megabytes(row, row.bytesRead) },
  { title: 'MB written', text: (row) => megabytes(row, row.bytesWritten) },
  {
    title: 'GFLOP/s',
    text: (row) =>
      row.flops === null || row.cpuTimeTotal === 0 ? '' : (row.flops / row.cpuTimeTotal / 1e3).toFixed(2),
  },
  { title: 'input shapes', text: (row) => (row.inputShapes ?? []).map(showShape).join(', ') },
];

/** Columns of one width; the first two to the left, numbers to the right. */
function align(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  const isText = rows[0]!.map((title) => ['name', 'phase', 'input shapes'].includes(title));
  const lines = rows.map((row) =>
    row
      .map((cell, i) => (isText[i] ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
      .join('  ')
      .trimEnd(),
  );
  const rule = widths.map((width) => '-'.repeat(width)).join('  ');
  return [lines[0], rule, ...lines.slice(1)].join('\n');
}

/** The options of `keyAverages`. */
export interface KeyAveragesOptions {
  /** Tell calls with inputs of different shapes apart. */
  groupByInputShape?: boolean;
}

export function averagesOf(events: readonly ProfilerEvent[], options: KeyAveragesOptions): KeyAverages {
  checkOptions('keyAverages', ['groupByInputShape'], options);
  const byShape = booleanArgument('keyAverages', 'groupByInputShape', options.groupByInputShape, false);
  const groups = new Map<string, ProfilerEvent[]>();
  let all = 0;
  for (const event of events) {
    if (event.kind === 'op') all += event.duration;
    const shapes = byShape && event.kind === 'op' ? event.inputShapes.map(showShape) : [];
    const key = JSON.stringify([event.kind, event.name, event.phase, ...shapes]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [event]);
    else group.push(event);
  }
  const averages = new KeyAverages();
  for (const group of groups.values()) averages.push(averageOf(group, all, byShape));
  return averages;
}

function averageOf(group: readonly ProfilerEvent[], all: number, byShape: boolean): EventAverage {
  const first = group[0]!;
  let [time, bytesRead, bytesWritten] = [0, 0, 0];
  let flops: number | null = null;
  for (const event of group) {
    time += event.duration;
    if (event.kind !== 'op') continue;
    bytesRead += event.bytesRead;
    bytesWritten += event.bytesWritten;
    if (event.flops !== null) flops = (flops ?? 0) + event.flops;
  }
  return {
    key: first.name,
    kind: first.kind,
    phase: first.phase,
    inputShapes: byShape && first.kind === 'op' ? first.inputShapes : null,
    count: group.length,
    cpuTimeTotal: time,
    cpuTime: time / group.length,
    share: first.kind === 'op' ? (all === 0 ? 0 : time / all) : null,
    bytesRead,
    bytesWritten,
    flops,
  };
}
