/** Tenon's side of the suite elementwise. */
import { setNumThreads, type Tensor } from 'tenon';
import { digest, matrix } from './data';
import { serve, type Job } from './serve';

interface Inputs {
  x: Tensor;
  y: Tensor;
  mask: Tensor;
}

const OPS = {
  add: ({ x, y }: Inputs) => x.add(y),
  mul: ({ x, y }: Inputs) => x.mul(y),
  sigmoid: ({ x }: Inputs) => x.sigmoid(),
  exp: ({ x }: Inputs) => x.exp(),
  tanh: ({ x }: Inputs) => x.tanh(),
  relu: ({ x }: Inputs) => x.relu(),
  gt: ({ x, y }: Inputs) => x.gt(y),
  eq: ({ x, y }: Inputs) => x.eq(y),
  where: ({ x, y, mask }: Inputs) => x.where(mask, y),
  clone: ({ x }: Inputs) => x.clone(),
  half: ({ x }: Inputs) => x.half(),
  sum: ({ x }: Inputs) => x.sum(),
  mean0: ({ x }: Inputs) => x.mean(0),
  mean1: ({ x }: Inputs) => x.mean(1),
  max: ({ x }: Inputs) => x.max(),
  argmax: ({ x }: Inputs) => x.argmax(),
  argmax1: ({ x }: Inputs) => x.argmax(1),
  softmax: ({ x }: Inputs) => x.softmax(1),
};

interface Work {
  op: keyof typeof OPS;
  shape: [number, number];
  threads: number;
}

/** The modulus is above every count, so that the greatest element is one alone. */
const MODULUS = 16777213;

const inputs = new Map<string, Inputs>();

function inputsOf([rows, columns]: Work['shape']): Inputs {
  const key = `${rows},${columns}`;
  let found = inputs.get(key);
  if (found === undefined) {
    const x = matrix(rows, columns, { multiplier: 48271, modulus: MODULUS });
    const y = matrix(rows, columns, { multiplier: 69621, modulus: MODULUS });
    found = { x, y, mask: x.gt(y) };
    inputs.set(key, found);
  }
  return found;
}

function prepare({ op, shape, threads }: Work): Job {
  setNumThreads(threads);
  const operands = inputsOf(shape);
  const f = OPS[op];
  let result: Tensor;
  return {
    batch(calls) {
      for (let i = 0; i < calls; i++) result = f(operands);
    },
    check: () => digest(result),
  };
}

void serve(prepare);
