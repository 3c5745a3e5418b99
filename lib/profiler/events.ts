/** What ran, one event each: of the records of launches and of spans. */
import { OP_ROWS } from '../backend/ops.generated';
import type { Span } from '../backend/spans';
import { DTYPES, type DType } from '../dtype';
import { flopsOf } from './costs';
import type { Recorded } from './recording';

/** What a launch was made for: the forward pass is all that is neither a backward pass nor an optimizer's step. */
export type Phase = 'forward' | 'backward' | 'optimizer';

interface TimedEvent {
  readonly name: string;
  readonly phase: Phase;
  /** In microseconds, from the start of the profile on. */
  readonly start: number;
  /** In microseconds. */
  readonly duration: number;
  /** The names of the regions that it is in, the outermost first. */
  readonly regions: readonly string[];
}

/** A kernel that ran on the CPU stream. */
export interface OpEvent extends TimedEvent {
  readonly kind: 'op';
  readonly inputShapes: readonly (readonly number[])[];
  readonly inputDtypes: readonly DType[];
  readonly outputShapes: readonly (readonly number[])[];
  readonly outputDtypes: readonly DType[];
  /** Bytes of the inputs' elements. */
  readonly bytesRead: number;
  /** Bytes of the outputs' elements. */
  readonly bytesWritten: number;
  /** Floating-point operations; null where they aren't counted. */
  readonly flops: number | null;
  /** Whether it ran on the JavaScript thread, as small ones do. */
  readonly inline: boolean;
}

/** What the JavaScript thread did: a function of `recordFunction`, a pass, a step, a collection. */
export interface RegionEvent extends TimedEvent {
  readonly kind: 'region';
  /** Whether it awaited: others may have run meanwhile. */
  readonly isAsync: boolean;
}

export type ProfilerEvent = OpEvent | RegionEvent;

const HEAD = 7;

function phaseOf(span: Span | null): Phase {
  for (let s = span; s !== null; s = s.parent)
    if (s.kind === 'backward' || s.kind === 'optimizer') return s.kind;
  return 'forward';
}

function namesOf(span: Span | null): string[] {
  const names: string[] = [];
  for (let s = span; s !== null; s = s.parent) names.unshift(s.name);
  return names;
}

/** All events, in the order of their starts. */
export function eventsOf(recorded: Recorded): ProfilerEvent[] {
  return [...opEvents(recorded), ...regionEvents(recorded)].sort((a, b) => a.start - b.start);
}

function regionEvents({ spans, start, stop }: Recorded): RegionEvent[] {
  const events: RegionEvent[] = [];
  for (const span of spans) {
    const end = Math.min(span.end ?? stop, stop);
    if (span.start > stop || end < start) continue;
    const from = Math.max(span.start, start);
    events.push({
      kind: 'region',
      name: span.name,
      phase: phaseOf(span),
      start: (from - start) * 1e3,
      duration: (end - from) * 1e3,
      regions: namesOf(span.parent),
      isAsync: span.isAsync,
    });
  }
  return events;
}

function opEvents({ launches, spans, start, offset }: Recorded): OpEvent[] {
  const events: OpEvent[] = [];
  let at = 0;
  while (at < launches.length) {
    const [op, inline, tag, begin, end, outputs, inputs] = launches.subarray(at, at + HEAD) as unknown as [
      number,
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    at += HEAD;
    const shapes: number[][] = [];
    const dtypes: DType[] = [];
    const bytes: number[] = [];
    for (let i = 0; i < outputs + inputs; i++) {
      const rank = launches[at + 2]!;
      dtypes.push(DTYPES[launches[at]!]!);
      bytes.push(launches[at + 1]!);
      shapes.push(Array.from(launches.subarray(at + 3, at + 3 + rank)));
      at += 3 + rank;
    }
    const { name } = OP_ROWS[op]!;
    const span = spans[tag - 1] ?? null;
    const sum = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0);
    events.push({
      kind: 'op',
      name,
      phase: phaseOf(span),
      start: (begin / 1e6 - offset - start) * 1e3,
      duration: (end - begin) / 1e3,
      regions: namesOf(span),
      inputShapes: shapes.slice(outputs),
      inputDtypes: dtypes.slice(outputs),
      outputShapes: shapes.slice(0, outputs),
      outputDtypes: dtypes.slice(0, outputs),
      bytesRead: sum(bytes.slice(outputs)),
      bytesWritten: sum(bytes.slice(0, outputs)),
      flops: flopsOf(name, shapes.slice(0, outputs), shapes.slice(outputs)),
      inline: inline === 1,
    });
  }
  return events;
}
