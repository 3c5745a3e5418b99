/** What a call costs when there is next to nothing to compute. */
import { ONCE, runPlan, type Case } from '../measure';
import { eachClose, type Measure } from '../statistics';
import type { Suite } from '../suite';

const measure: Measure = { unit: 'ns', better: 'lower', figure: (seconds) => 1e9 * seconds };

/** By the programs' names: what the table says, and the goal in ns. */
const CALLS: readonly [op: string, name: string, below?: number][] = [
  ['add', 'add of two 1-element tensors', 300],
  ['addRecorded', 'add, one requires a gradient', 500],
  ['addBackward', 'add, forward and backward', 2000],
  ['sigmoid', 'sigmoid of 1 element'],
  ['matmul', 'matmul 2×2'],
  ['tensor', 'tensor([1, 2, 3, 4])'],
  ['item', 'item()'],
];

export const overhead: Suite = {
  name: 'overhead',
  title: 'eager calls on tiny tensors',
  rivals: ['torch'],
  run(options) {
    const timing = { warmCalls: 20000, warmMs: 200, calls: 20000, batchMs: 0, batches: 5 };
    const cases = CALLS.map(([op, name, below]): Case => ({
      name,
      work: { op },
      measure,
      timing: options.quick ? ONCE : timing,
      agree: eachClose(1e-6),
      goal: below === undefined ? undefined : { below },
    }));
    const [passes, rounds] = options.quick ? [1, 1] : [5, 2];
    return runPlan({ program: 'overhead', cases, passes, rounds }, options);
  },
};
