/**
 * What the driver says to the programs that it measures, and what they answer: one JSON object a line. Tenon's
 * programs speak it through tenon/serve.ts, the rivals' through rivals/serve.py.
 */

/** A program's first line. */
export interface Hello {
  /** Name, version and what else decides speed. */
  label: string;
  /** Tenon only: the instruction set and the default number of threads. */
  isa?: string;
  threads?: number;
  /** The GPU, in suites that are about one. */
  device?: string;
}

/** How a piece of work is repeated: a warm-up, then batches, each of which gives one figure. */
export interface Timing {
  /** The warm-up's least number of calls. */
  warmCalls: number;
  /** The warm-up's least length, after these calls. */
  warmMs: number;
  /** A batch's least number of calls. */
  calls: number;
  /** A batch's least length, estimated from the warm-up. */
  batchMs: number;
  batches: number;
}

/** What to do (each program knows its own kind of work), how often, and whether the answer needs results to compare. */
export interface Request<Work> {
  work: Work;
  timing: Timing;
  check: boolean;
}

export interface Reply {
  /** Seconds a call, one figure a batch. */
  seconds: number[];
  /** Numbers that depend on the results: the same on all sides, or the sides don't do the same work. */
  check: number[];
}

/** Instead of any line. */
export interface Failure {
  error: string;
}
