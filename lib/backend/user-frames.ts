/** The places in user code that a stack comes from. */
import { join, sep } from 'path';

/** The package's own code: as it is run, and as source maps name it. */
const ROOT = join(__dirname, '..', '..') + sep;
const OWN = [join(ROOT, 'lib') + sep, join(ROOT, 'dist') + sep];

/** So many frames reach from an operation through a few modules to the user's loop. */
const DEPTH = 100;

/** The stack of whoever called `below`; its text is made when it is asked for. */
export function captureStack(below: (...given: never[]) => unknown): { stack?: string } {
  const trace: { stack?: string } = {};
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = DEPTH;
  Error.captureStackTrace(trace, below);
  Error.stackTraceLimit = stackTraceLimit;
  return trace;
}

/** Its frames outside of this package and of Node, the innermost first. */
export function userFrames({ stack }: { stack?: string }): string[] {
  if (typeof stack !== 'string') return []; // user code may have its own way of preparing stacks
  const frames = stack.split('\n').slice(1);
  return frames.filter((line) => !line.includes('node:') && !OWN.some((folder) => line.includes(folder)));
}
