/** Tells those who want to know of launches, and of what became of them. */
import { DTYPES } from '../dtype';
import { OutOfMemoryError } from '../errors';
import {
  launchChannel,
  outOfMemoryChannel,
  type LaunchMessage,
  type LaunchOperand,
  type OutOfMemoryMessage,
} from './channels';
import { binding, words } from './load';
import { OP_ROWS } from './ops.generated';
import { currentSpanNumber, spansKept } from './spans';

/** A tensor, as far as it is told of. */
interface Operand {
  readonly shape: readonly number[];
  readonly code: number;
}

/** The number of the span that launches are marked with. */
let tag = 0;
let publishing = false;

/**
 * To be called before each launch while spans are kept or `tenon:launch` has subscribers. `made` is the last output;
 * `before` and `existing` are those before it.
 */
export function announceLaunch(
  op: number,
  made: Operand | null,
  before: readonly Operand[],
  existing: readonly Operand[],
  inputs: readonly (Operand | number)[],
): void {
  const span = spansKept ? currentSpanNumber() : 0;
  if (span !== tag) {
    tag = span;
    binding.tagLaunches(tag);
  }
  if (publishing || !launchChannel.hasSubscribers) return;
  const outputs = [...before, ...existing];
  if (made !== null) outputs.push(made);
  const message: LaunchMessage = {
    op: OP_ROWS[op]!.name,
    outputs: outputs.map(described),
    inputs: inputs.map((x) => (typeof x === 'number' ? x : described(x))),
  };
  publishing = true;
  try {
    launchChannel.publish(message);
  } finally {
    publishing = false;
  }
}

/** To be called with what a launch or an allocation threw. */
export function announceError(error: unknown): void {
  if (!(error instanceof OutOfMemoryError) || !outOfMemoryChannel.hasSubscribers) return;
  const message: OutOfMemoryMessage = { message: error.message, liveBytes: words[1]! };
  outOfMemoryChannel.publish(message);
}

function described(t: Operand): LaunchOperand {
  return { shape: t.shape.slice(), dtype: DTYPES[t.code]! };
}
