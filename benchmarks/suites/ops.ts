/** The tensor library's families on 10⁶ float32 elements and one thread. */
import { ONCE, runPlan, settlingCalls, type Case } from '../measure';
import { scaledClose, type Measure } from '../statistics';
import type { Suite } from '../suite';

const measure: Measure = { unit: 'ms', better: 'lower', figure: (seconds) => 1e3 * seconds };
/** Warm enough that an op's code is compiled: a call of an op that takes 50 µs costs 10 more before. */
const TIMING = { warmCalls: 1, warmMs: 250, calls: 3, batchMs: 20, batches: 3 };

/** By family: what the programs know by these names. */
export const FAMILIES = {
  pointwise: [
    ...['add', 'mul', 'div', 'pow', 'atan2', 'maximum', 'fmod', 'remainder', 'gt', 'where', 'clamp', 'lerp'],
    ...['neg', 'abs', 'sign', 'floor', 'round', 'exp', 'log', 'log1p', 'sqrt', 'rsqrt', 'sin', 'cos', 'tan'],
    ...['tanh', 'sigmoid', 'relu', 'erf', 'erfinv', 'asin', 'atan', 'sinh', 'atanh', 'lgamma', 'digamma'],
  ],
  reductions: [
    ...['sum', 'sum0', 'sum1', 'mean', 'prod', 'amax', 'max1', 'argmax', 'argmin1', 'var', 'std1', 'norm'],
    ...['norm1', 'logsumexp', 'any', 'median', 'quantile'],
  ],
  scans: ['cumsum', 'cumsum0', 'cumprod', 'cummax', 'logcumsumexp'],
  indexing: [
    ...['slice', 'transpose', 'flip', 'roll', 'cat', 'indexSelect', 'gather', 'scatterAdd', 'indexAdd'],
    ...['indexPut', 'maskedFill', 'maskedSelect', 'nonzero', 'take', 'tril', 'repeat'],
  ],
  softmax: ['softmax', 'softmax0', 'logSoftmax'],
  matmul: ['matmul', 'mv', 'bmm', 'einsum', 'outer', 'cdist'],
  'ordering and linalg': [
    ...['sort', 'argsort', 'topk', 'unique', 'histc', 'searchsorted'],
    ...['solve', 'inv', 'cholesky', 'qr', 'svd', 'eigh', 'det', 'inverses'],
  ],
} as const;

/** Of results that cancel, or that polynomials give. */
const TOLERANCES: Record<string, number> = {
  sum: 1e-3,
  mean: 1e-3,
  sum0: 1e-3,
  sum1: 1e-3,
  cumsum: 1e-3,
  cumsum0: 1e-3,
  var: 1e-4,
};

function makeCase(family: string, op: string, quick: boolean): Case {
  return {
    name: `${family}: ${op}`,
    work: { op },
    measure,
    timing: quick ? ONCE : TIMING,
    firstCalls: quick ? 0 : Math.ceil(settlingCalls(4e6) / 4),
    agree: scaledClose(TOLERANCES[op] ?? 1e-4),
    goal: family === 'ordering and linalg' ? undefined : { rival: 'torch', ratio: 1 / 1.2 },
  };
}

export const ops: Suite = {
  name: 'ops',
  title: 'families of the tensor library on 1e6 float32 elements, one thread',
  rivals: ['torch'],
  run(options) {
    const cases = Object.entries(FAMILIES).flatMap(([family, names]) =>
      names.map((op) => makeCase(family, op, options.quick)),
    );
    const [passes, rounds] = options.quick ? [1, 1] : [3, 1];
    return runPlan({ program: 'ops', cases, passes, rounds }, options);
  },
};
