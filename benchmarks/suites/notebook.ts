/** The loop of examples/notebook.ts: what a first visitor runs, and all overhead. */
import { runPlan, type Case } from '../measure';
import { eachClose, type Measure } from '../statistics';
import type { Suite } from '../suite';

const measure: Measure = { unit: 'µs/step', better: 'lower', figure: (seconds) => 1e6 * seconds };

/** One batch of `epochs` after `before` more; a process takes the cases in order. */
function epochs(name: string, count: number, before: number, ratio: number): Case {
  return {
    name,
    work: {},
    measure,
    timing: { warmCalls: before, warmMs: 0, calls: count, batchMs: 0, batches: 1 },
    agree: eachClose(1e-4),
    goal: { rival: 'torch', ratio },
  };
}

export const notebook: Suite = {
  name: 'notebook',
  title: 'a training loop: net 4-5-4-1 with sigmoids, MSELoss, SGD, 2 rows',
  rivals: ['torch'],
  run(options) {
    const count = options.quick ? 20 : 10000;
    return runPlan(
      {
        program: 'notebook',
        passes: options.quick ? 1 : 5,
        rounds: 1,
        cases: [
          epochs('first 10,000 epochs of a process', count, 0, 15),
          epochs('10,000 epochs after 40,000', count, 3 * count, 25),
        ],
        variants: { torch: [{ threads: 1 }, { threads: null }] },
      },
      options,
    );
  },
};
