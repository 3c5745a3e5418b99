/** Keeps records of what runs while anybody wants them. */
import { performance } from 'perf_hooks';
import { binding } from '../backend/load';
import { dropSpans, keepSpans, keptSpans, type Span } from '../backend/spans';

/** What ran between the start and the stop of a recording. */
export interface Recorded {
  /** Launches, as native/core/launch_log.h describes them; times by performance.now() are these, divided, less `offset`. */
  readonly launches: Float64Array;
  readonly lost: number;
  /** All spans that launches may name, span n at index n - 1. */
  readonly spans: readonly Span[];
  /** By performance.now(). */
  readonly start: number;
  readonly stop: number;
  /** What the launches' clock is ahead of performance.now(), in ms. */
  readonly offset: number;
}

let recordings = 0;
let printing = false;

/** Whether each launch is printed to stderr. */
export function printLaunches(on: boolean): void {
  printing = on;
  binding.logLaunches(recordings > 0, printing);
}

/** Starts recording; the function that is returned stops it. Several may go on at once. */
export function record(): () => Recorded {
  if (recordings++ === 0) binding.logLaunches(true, printing);
  keepSpans();
  const from = binding.launchLog(Infinity)[1]!;
  const before = binding.launchLog(Infinity)[0]!;
  const offset = clockOffset();
  const start = performance.now();
  return () => {
    const log = binding.launchLog(from);
    const recorded = {
      launches: log.subarray(0, log.length - 2),
      lost: log[log.length - 2]! - before,
      spans: keptSpans().slice(),
      start,
      stop: performance.now(),
      offset,
    };
    dropSpans();
    if (--recordings === 0) binding.logLaunches(false, printing);
    return recorded;
  };
}

/** The launches' clock against performance.now(): the closest of a few readings. */
function clockOffset(): number {
  let best = { offset: 0, width: Infinity };
  for (let i = 0; i < 8; i++) {
    const before = performance.now();
    const clock = binding.launchClock() / 1e6;
    const after = performance.now();
    if (after - before < best.width) best = { offset: clock - (before + after) / 2, width: after - before };
  }
  return best.offset;
}
