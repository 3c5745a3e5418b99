/** The GPU: bandwidth, products, and what a step of training costs to launch. */
import { ONCE, runPlan, type Case } from '../measure';
import { runOnce, tenonProgram } from '../process';
import type { Timing } from '../protocol';
import { eachClose, scaledClose, type Measure } from '../statistics';
import type { Suite } from '../suite';

const MICROSECONDS: Measure = { unit: 'µs', better: 'lower', figure: (seconds) => 1e6 * seconds };
const STEPS: Measure = { ...MICROSECONDS, unit: 'µs/step' };

const TIMING: Timing = { warmCalls: 3, warmMs: 30, calls: 20, batchMs: 60, batches: 1 };

function pointwise(op: string, name: string, shape: readonly number[], quick: boolean): Case {
  return {
    name,
    work: { op, shape: quick ? [8, shape[1]! / 8] : shape },
    measure: MICROSECONDS,
    timing: quick ? ONCE : TIMING,
    agree: scaledClose(op === 'sum' ? 1e-3 : 1e-5),
  };
}

function product(n: number, dtype: 'float32' | 'bfloat16', quick: boolean): Case {
  return {
    name: `matmul ${n}, ${dtype}`,
    work: { op: 'matmul', n: quick ? 64 : n, dtype },
    measure: { unit: 'TFLOP/s', better: 'higher', figure: (seconds) => (2 * n ** 3) / seconds / 1e12 },
    timing: quick ? ONCE : TIMING,
    agree: scaledClose(dtype === 'float32' ? 1e-4 : 2e-2),
  };
}

/** As many steps on all sides, whose losses are compared. */
function training(op: string, name: string, steps: number, quick: boolean): Case {
  const timing: Timing = { warmCalls: steps / 4, warmMs: 0, calls: steps, batchMs: 0, batches: 1 };
  return { name, work: { op }, measure: STEPS, timing: quick ? ONCE : timing, agree: eachClose(1e-2) };
}

/** What tenon/cuda-status.js prints. */
interface Status {
  available: boolean;
  emulated: boolean;
  reason: string | null;
}

export const cuda: Suite = {
  name: 'cuda',
  title: 'the GPU: pointwise operations, reductions, products and training',
  rivals: ['torch'],
  async unavailable(quick) {
    const { message } = await runOnce<Status>(tenonProgram('cuda-status'));
    if (!message.available) return message.reason ?? 'there is no CUDA device';
    return message.emulated && !quick ? 'the CUDA device is emulated' : null;
  },
  run(options) {
    const { quick } = options;
    const cases = [
      pointwise('add', 'add 1e7', [10000, 1000], quick),
      pointwise('sigmoid', 'sigmoid 1e7', [10000, 1000], quick),
      pointwise('sum', 'sum 1e7', [10000, 1000], quick),
      pointwise('softmax', 'softmax(1) 4096×1024', [4096, 1024], quick),
      ...[512, 2048, 4096].map((n) => product(n, 'float32', quick)),
      ...[512, 2048, 4096].map((n) => product(n, 'bfloat16', quick)),
      training('mlp', 'MLP 784-512-256-10, batch 128, SGD', 200, quick),
      training('notebook', 'the notebook’s net', 400, quick),
    ];
    const [passes, rounds] = quick ? [1, 1] : [3, 2];
    return runPlan({ program: 'cuda', cases, passes, rounds }, options);
  },
};
