'use strict';
// Mistakes as they are made in CUDA kernels, each an edit of a source in native/cuda/kernels, and what finds it:
//   file       the source or header that is edited
//   source     the .cu that is compiled with it, where `file` is a header
//   from, to   text that is there once, and what stands in its place
//   test       the native test that runs on it, of which only the cases with one of `cases` in their names
//   sanitize   what it is compiled with; plain if not named
//   order      of the emulated device's threads; forward if not named
//   says       a part of what the test, or the sanitizer, prints
// The last is no mistake, and nothing may find it.

const REDUCTIONS = { test: 'reduce', cases: ['reductions over any', 'long and wide'] };
const SOFTMAX = { test: 'training', cases: ['softmax and logSoftmax, along'] };
const INDEX = { test: 'move', cases: ['indexSelect takes'] };
const PERMUTATION = { test: 'random', cases: ['draws have the same bits'] };
const DRAWS = { test: 'random', cases: ['draws have the bits', 'every draw comes'] };
const STEPS = { test: 'training', cases: ['sgd steps'] };
const PRODUCTS = { test: 'matmul', cases: ['depths, heights', 'other dtypes'] };

const SCANS = { test: 'scan', cases: ['cumsum, cumprod'] };

const MEMORY = 'address,undefined';
const RACES = 'thread';

const MUTANTS = [
  {
    name: 'a missing barrier before what warps left is read',
    file: 'block.h',
    source: 'reduce.cu',
    from: 'if (t % 32 == 0) part[t / 32] = value;\n    __syncthreads();',
    to: 'if (t % 32 == 0) part[t / 32] = value;',
    ...REDUCTIONS,
    says: 'expected',
  },
  {
    name: 'a missing barrier between the steps of a tree',
    file: 'block.h',
    source: 'softmax.cu',
    from: 'part[t] = Op::join(part[t], part[t + half * teams]);\n    __syncthreads();',
    to: 'part[t] = Op::join(part[t], part[t + half * teams]);',
    ...SOFTMAX,
    says: 'expected',
  },
  {
    name: 'a shuffle that one lane leaves out',
    file: 'block.h',
    source: 'softmax.cu',
    from: '      value = Op::join(value, exchange(value, bit));\n    if (lanes <= 32)',
    to: '      if (t % 32 != 31) value = Op::join(value, exchange(value, bit));\n    if (lanes <= 32)',
    ...SOFTMAX,
    says: 'deadlock',
  },
  {
    name: 'elements that are not there, read and thrown away',
    file: 'reduce.cu',
    from: 'origin + (here[i] ? position[i] : r)',
    to: 'origin + position[i]',
    ...REDUCTIONS,
    sanitize: MEMORY,
    says: 'AddressSanitizer',
  },
  {
    name: 'results beyond the last, written by teams that have none',
    file: 'reduce.cu',
    from: 'if (seat.lane != 0 || result >= p.results) continue;',
    to: 'if (seat.lane != 0) continue;',
    ...REDUCTIONS,
    sanitize: MEMORY,
    says: 'AddressSanitizer',
  },
  {
    name: 'a row too many',
    file: 'softmax.cu',
    from: 'there_(row < p.rows)',
    to: 'there_(row <= p.rows)',
    ...SOFTMAX,
    sanitize: MEMORY,
    says: 'AddressSanitizer',
  },
  {
    name: 'equal indices added by several threads',
    file: 'index.cu',
    from: '    if (at.index > 0 && p.index[at.index - 1] == row) continue;\n',
    to: '',
    ...INDEX,
    sanitize: RACES,
    says: 'data race',
  },
  {
    name: 'writing after a check that failed',
    file: 'index.cu',
    from: `TENON_DEVICE void select_rows(const IndexRows& p) {
  if (p.failure->state) return;`,
    to: 'TENON_DEVICE void select_rows(const IndexRows& p) {',
    test: 'move',
    cases: ['an index out of range'],
    sanitize: MEMORY,
    says: 'AddressSanitizer',
  },
  {
    name: 'an update of what threads share that is not atomic',
    file: 'random.cu',
    from: 'atomicMin(&p.owners[other], t);',
    to: 'if (t < p.owners[other]) p.owners[other] = t;',
    ...PERMUTATION,
    sanitize: RACES,
    says: 'data race',
  },
  {
    name: 'an element too many',
    file: 'random.cu',
    from: 'if (n >= target_.numel) return;',
    to: 'if (n > target_.numel) return;',
    ...DRAWS,
    sanitize: MEMORY,
    says: 'AddressSanitizer',
  },
  {
    name: 'a missing barrier after one thread has read for all',
    file: 'optimizer.cu',
    from: 'if (threadIdx.x == 0) rule.read(scalars);\n  __syncthreads();',
    to: 'if (threadIdx.x == 0) rule.read(scalars);',
    ...STEPS,
    order: 'reverse',
    says: 'expected',
  },
  {
    name: 'a chunk that is taken for full',
    file: 'optimizer.cu',
    from: 'rest < kStepChunk ? static_cast<int>(rest) : kStepChunk',
    to: 'rest < 0 ? static_cast<int>(rest) : kStepChunk',
    ...STEPS,
    sanitize: MEMORY,
    says: 'AddressSanitizer',
  },
  {
    name: 'a missing barrier between panels of a product',
    file: 'gemm.cu',
    from: '        b.store(panels.b[current ^ 1]);\n      }\n      __syncthreads();',
    to: '        b.store(panels.b[current ^ 1]);\n      }',
    ...PRODUCTS,
    says: 'expected',
  },
  {
    name: 'a missing wait for asynchronous copies',
    file: 'gemm_half.cu',
    from: '      cp_async_wait<kHalfStages - 2>();\n',
    to: '',
    ...PRODUCTS,
    says: 'expected',
  },
  {
    name: 'a missing barrier after asynchronous copies',
    file: 'gemm_half.cu',
    from: '      __syncthreads();  // the panels are there',
    to: '      // the panels are there',
    ...PRODUCTS,
    says: 'expected',
  },
  {
    name: 'an element too many of a row of a product',
    file: 'gemm.cu',
    from: 'step == 1 && there >= N &&',
    to: 'step == 1 && there >= N - 1 &&',
    ...PRODUCTS,
    says: 'expected',
  },
  {
    name: 'a row too many of a product',
    file: 'gemm_tile.h',
    source: 'gemm.cu',
    from: 'if (row >= p_.m) return;',
    to: 'if (row > p_.m) return;',
    ...PRODUCTS,
    sanitize: MEMORY,
    says: 'AddressSanitizer',
  },
  {
    name: 'a missing barrier before what warps come to is scanned',
    file: 'scan.cu',
    from: 'if (lane == 0) warp_total[t / 32] = total;\n  __syncthreads();',
    to: 'if (lane == 0) warp_total[t / 32] = total;',
    ...SCANS,
    says: 'expected',
  },
  {
    name: 'a long run of equal indices, added by a thread and by a block',
    file: 'scatter.cu',
    from: '    if (unit + kLongRun < p.units && p.keys[unit + kLongRun] == key) continue;\n',
    to: '',
    test: 'scatter',
    cases: ['scatter combines long runs'],
    says: 'expected',
  },
  {
    name: 'a barrier more than needed (no mistake)',
    control: true,
    file: 'block.h',
    source: 'softmax.cu',
    from: '  part[t] = value;\n  __syncthreads();',
    to: '  part[t] = value;\n  __syncthreads();\n  __syncthreads();',
    ...SOFTMAX,
  },
];

module.exports = { MUTANTS };
