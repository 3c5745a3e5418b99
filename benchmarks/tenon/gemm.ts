/** Tenon's side of the suite gemm. */
import { setNumThreads, type Tensor } from 'tenon';
import { digest, matrix } from './data';
import { serve, type Job } from './serve';

interface Work {
  n: number;
  threads: number;
  transposed: 'none' | 'a' | 'b';
}

/** The last product, as in a program's one loop: an older one must not live on in the job that made it. */
let result: Tensor;
const inputs = new Map<number, readonly [Tensor, Tensor]>();

function inputsOf(n: number): readonly [Tensor, Tensor] {
  let pair = inputs.get(n);
  if (pair === undefined) {
    pair = [
      matrix(n, n, { multiplier: 619, modulus: 1009 }),
      matrix(n, n, { multiplier: 757, modulus: 1013 }),
    ];
    inputs.set(n, pair);
  }
  return pair;
}

function prepare({ n, threads, transposed }: Work): Job {
  setNumThreads(threads);
  const [x, y] = inputsOf(n);
  const a = transposed === 'a' ? x.t() : x;
  const b = transposed === 'b' ? y.t() : y;
  return {
    batch(calls) {
      for (let i = 0; i < calls; i++) result = a.matmul(b);
    },
    check: () => digest(result),
  };
}

void serve(prepare);
