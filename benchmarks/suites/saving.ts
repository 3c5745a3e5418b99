/** Weights to a file and back. */
import { ONCE, runPlan, type Case } from '../measure';
import { scaledClose, type Measure } from '../statistics';
import type { Suite } from '../suite';

const TENSORS = 25;
const BYTES = TENSORS * 1024 * 1024 * 4;

const measure: Measure = { unit: 'MB/s', better: 'higher', figure: (seconds) => BYTES / 1e6 / seconds };

/** PyTorch has one format: its figures stand beside both. */
function makeCase(name: string, work: { format: string; direction: string }, quick: boolean): Case {
  return {
    name,
    work: { ...work, tensors: TENSORS },
    measure,
    timing: quick ? ONCE : { warmCalls: 3, warmMs: 0, calls: 5, batchMs: 0, batches: 1 },
    agree: scaledClose(1e-6),
    goal: { rival: 'torch', ratio: 1 },
  };
}

export const saving: Suite = {
  name: 'saving',
  title: '105 MB of weights saved and loaded',
  rivals: ['torch'],
  run(options) {
    const cases = ['safetensors', 'pt'].flatMap((format) =>
      ['save', 'load'].map((direction) =>
        makeCase(`${direction} 105 MB, .${format}`, { format, direction }, options.quick),
      ),
    );
    return runPlan({ program: 'saving', cases, passes: options.quick ? 1 : 5, rounds: 1 }, options);
  },
};
