/** Square float32 products. */
import { ONCE, runPlan, settlingCalls, type Case } from '../measure';
import { scaledClose } from '../statistics';
import type { Suite } from '../suite';

/** Batches are so long that Tenon's include the collection of results. */
const TIMING = { warmCalls: 1, warmMs: 10, calls: 8, batchMs: 400, batches: 1 };

type Transposed = 'none' | 'a' | 'b';
const FORMS: Record<Transposed, string> = { none: '', a: ', Aᵀ·B', b: ', A·Bᵀ' };

function product(n: number, threads: number, transposed: Transposed, quick: boolean): Case {
  const plain = threads === 1 && transposed === 'none';
  return {
    name: `${n}${FORMS[transposed]}, ${threads} thread${threads === 1 ? '' : 's'}`,
    work: { n, threads, transposed },
    measure: { unit: 'GFLOP/s', better: 'higher', figure: (seconds) => (2 * n ** 3) / seconds / 1e9 },
    timing: quick ? ONCE : TIMING,
    // The other forms come after the plain one in the same process.
    firstCalls: quick || !plain ? 0 : settlingCalls(4 * n ** 2),
    agree: scaledClose(1e-4),
    goal: plain ? { rival: 'openblas', ratio: 0.97 } : undefined,
  };
}

export const gemm: Suite = {
  name: 'gemm',
  title: 'matmul of two n×n float32 matrices',
  rivals: ['openblas', 'torch'],
  run(options) {
    const { quick } = options;
    const cases = [
      ...[128, 256, 512, 1024, 2048].map((n) => product(n, 1, 'none', quick)),
      product(256, 1, 'a', quick),
      product(256, 1, 'b', quick),
      product(1024, 1, 'a', quick),
      product(1024, 1, 'b', quick),
      ...[256, 512, 1024, 2048].map((n) => product(n, 2, 'none', quick)),
    ];
    const [passes, rounds] = quick ? [1, 1] : [5, 3];
    return runPlan({ program: 'gemm', cases, passes, rounds }, options);
  },
};
