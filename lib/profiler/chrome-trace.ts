/** Events as a file that chrome://tracing and https://ui.perfetto.dev open. */
import { closeSync, openSync, writeSync } from 'fs';
import { showShape } from '../shape';
import type { OpEvent, ProfilerEvent } from './events';

/** The rows of the picture. */
const JAVASCRIPT = 1;
const STREAM = 2;

/** So many events are written at once. */
const BATCH = 1000;

type Row = Record<string, unknown>;

export function writeChromeTrace(path: string, events: readonly ProfilerEvent[]): void {
  const { pid } = process;
  const rows: Row[] = [
    { name: 'process_name', ph: 'M', pid, args: { name: 'tenon' } },
    { name: 'thread_name', ph: 'M', pid, tid: JAVASCRIPT, args: { name: 'JavaScript' } },
    { name: 'thread_name', ph: 'M', pid, tid: STREAM, args: { name: 'CPU stream' } },
  ];
  const file = openSync(path, 'w');
  try {
    writeSync(file, '{"displayTimeUnit":"ms","traceEvents":[\n');
    writeSync(file, rows.map((row) => JSON.stringify(row)).join(',\n'));
    for (let from = 0; from < events.length; from += BATCH) {
      const batch = events.slice(from, from + BATCH).flatMap((event, i) => rowsOf(event, pid, from + i));
      writeSync(file, `,\n${batch.map((row) => JSON.stringify(row)).join(',\n')}`);
    }
    writeSync(file, '\n]}\n');
  } finally {
    closeSync(file);
  }
}

function rowsOf(event: ProfilerEvent, pid: number, id: number): Row[] {
  const { name, phase, start, duration } = event;
  if (event.kind === 'op')
    return [
      { name, cat: phase, ph: 'X', ts: start, dur: duration, pid, tid: STREAM, args: detailsOf(event) },
    ];
  const at = { name, cat: 'region', pid, tid: JAVASCRIPT };
  if (!event.isAsync) return [{ ...at, ph: 'X', ts: start, dur: duration, args: { phase } }];
  // Those that await overlap: each gets a line of its own.
  return [
    { ...at, ph: 'b', id, ts: start, args: { phase } },
    { ...at, ph: 'e', id, ts: start + duration },
  ];
}

function detailsOf(event: OpEvent): Row {
  const operands = (shapes: OpEvent['inputShapes'], dtypes: OpEvent['inputDtypes']): string =>
    shapes.map((shape, i) => `${dtypes[i]} ${showShape(shape)}`).join(', ');
  return {
    phase: event.phase,
    inputs: operands(event.inputShapes, event.inputDtypes),
    outputs: operands(event.outputShapes, event.outputDtypes),
    bytesRead: event.bytesRead,
    bytesWritten: event.bytesWritten,
    ...(event.flops === null ? {} : { flops: event.flops }),
    thread: event.inline ? 'JavaScript' : 'executor',
    regions: event.regions.join(' > '),
  };
}
