/** Square float32 products. */
import { spawn } from 'child_process';
import { setTimeout as pause } from 'timers/promises';
import { ONCE, runPlan, settlingCalls, type Case } from '../measure';
import { Worker, rivalProgram, tenonProgram } from '../process';
import type { Hello } from '../protocol';
import { scaledClose, type Measure } from '../statistics';
import { makeRow, type Passes, type Result, type Suite, type SuiteOptions } from '../suite';

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

/** What is left of the speed of 256³ on two threads when other processes want the processor. */
async function keptSpeed({ rivals, quick, busy, progress }: SuiteOptions): Promise<Result> {
  const sides = [
    { rival: null, program: tenonProgram('gemm'), label: '', passes: [] as Passes },
    ...rivals.map((rival) => ({
      rival,
      program: rivalProgram(`${rival}_gemm`),
      label: '',
      passes: [] as Passes,
    })),
  ];
  const request = {
    work: { n: 256, threads: 2, transposed: 'none' },
    timing: quick ? ONCE : { ...TIMING, batchMs: 1000 },
    check: false,
  };
  const passes = quick ? 1 : 5;
  let hello: Hello = { label: '' };
  for (let pass = 0; pass < passes; pass++) {
    progress(pass + 1, passes);
    for (const side of sides) {
      const worker = await Worker.start(side.program);
      if (side.rival === null) hello = worker.hello;
      side.label = worker.hello.label;
      const alone = (await worker.ask(request)).seconds[0]!;
      const neighbours = Array.from({ length: busy }, () => spawn(process.execPath, ['-e', 'for (;;);']));
      try {
        await pause(200);
        side.passes.push([alone / (await worker.ask(request)).seconds[0]!]);
      } finally {
        for (const neighbour of neighbours) neighbour.kill('SIGKILL');
        await worker.close();
      }
    }
  }
  const [own, ...others] = sides;
  const measure: Measure = { unit: '× alone', better: 'higher', figure: (share) => share };
  return {
    passes,
    tenon: hello,
    rivals: Object.fromEntries(others.map(({ rival, label }) => [rival!, label])),
    rows: [
      makeRow(
        `256, 2 threads, beside ${busy} busy processes`,
        measure,
        { atLeast: 0.4 },
        own!.passes,
        others.map(({ rival, passes }) => ({ rival: rival!, passes })),
      ),
    ],
  };
}

export const gemm: Suite = {
  name: 'gemm',
  title: 'matmul of two n×n float32 matrices',
  rivals: ['openblas', 'torch'],
  takesBusy: true,
  run(options) {
    const { quick, busy } = options;
    if (busy > 0) return keptSpeed(options);
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
