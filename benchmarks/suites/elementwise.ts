/** Operations that read and write much and compute little. */
import { ONCE, runPlan, settlingCalls, type Case } from '../measure';
import { scaledClose, type Measure } from '../statistics';
import type { Suite } from '../suite';

const measure: Measure = { unit: 'µs', better: 'lower', figure: (seconds) => 1e6 * seconds };

/** Batches are so long that Tenon's include the collection of results. */
const TIMING = { warmCalls: 1, warmMs: 5, calls: 8, batchMs: 20, batches: 1 };

const SMALL = [1, 1000];
const MIDDLE = [100, 1000];
const LARGE = [10000, 1000];
const USUAL = [MIDDLE, LARGE];

/** By the programs' names: what the table says, and the shapes. */
const OPS: readonly [op: string, name: string, shapes: readonly (readonly number[])[]][] = [
  ['add', 'add', [SMALL, ...USUAL]],
  ['mul', 'mul', USUAL],
  ['sigmoid', 'sigmoid', [SMALL, ...USUAL]],
  ['exp', 'exp', USUAL],
  ['tanh', 'tanh', USUAL],
  ['relu', 'relu', USUAL],
  ['gt', 'gt', USUAL],
  ['eq', 'eq', USUAL],
  ['where', 'where', USUAL],
  ['clone', 'clone', USUAL],
  ['half', 'float32 → float16', USUAL],
  ['sum', 'sum', [SMALL, ...USUAL]],
  ['mean0', 'mean(0)', USUAL],
  ['mean1', 'mean(1)', USUAL],
  ['max', 'max', USUAL],
  ['argmax', 'argmax', USUAL],
  ['argmax1', 'argmax(1)', USUAL],
  ['softmax', 'softmax(1)', [[4096, 1024]]],
];

/** Of results that are rounded more: to half precision, or by cancellation. */
const TOLERANCES: Record<string, number> = { half: 1e-3, sum: 1e-3, mean0: 1e-3, mean1: 1e-3 };

function makeCase(op: string, name: string, shape: readonly number[], threads: number, quick: boolean): Case {
  const count = shape[0]! * shape[1]!;
  const size = Number.isInteger(Math.log10(count)) ? `1e${Math.log10(count)}` : shape.join('×');
  return {
    name: `${name} ${size}, ${threads} thread${threads === 1 ? '' : 's'}`,
    work: { op, shape, threads },
    measure,
    timing: quick ? ONCE : TIMING,
    firstCalls: quick ? 0 : settlingCalls(4 * count),
    agree: scaledClose(TOLERANCES[op] ?? 1e-5),
  };
}

export const elementwise: Suite = {
  name: 'elementwise',
  title: 'pointwise operations, copies and reductions on float32',
  rivals: ['torch'],
  run(options) {
    const cases = OPS.flatMap(([op, name, shapes]) =>
      shapes.flatMap((shape) => [1, 2].map((threads) => makeCase(op, name, shape, threads, options.quick))),
    );
    const [passes, rounds] = options.quick ? [1, 1] : [3, 3];
    return runPlan({ program: 'elementwise', cases, passes, rounds }, options);
  },
};
