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
const PAIRS = { test: 'training', cases: ['losses of pairs at the ends', 'binaryCrossEntropy refuses'] };
const DROPOUT = { test: 'random', cases: ['dropout keeps'] };
const GRADIENTS = { test: 'optimizer', cases: ['norm of many', 'unscaled'] };
const NORMS = { test: 'norm', cases: ['rowNorm and its derivative'] };
const POOLS = { test: 'pooling', cases: ['maxPool finds'] };
const ATTENTION = { test: 'attention', cases: ['attention and its derivative'] };
const ALIGNMENTS = { test: 'ctc', cases: ['ctcLoss and its derivative', 'beyond a block'] };
const LONG_ROWS = { test: 'order', cases: ['long rows'] };
const CHOICES = { test: 'order', cases: ['all kinds and lengths'] };
const PRODUCTS = { test: 'matmul', cases: ['depths, heights', 'other dtypes'] };
const CONVOLUTIONS = { test: 'conv', cases: ['sizes at which products'] };

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
    from: '    rule.read(number);\n  }\n  __syncthreads();',
    to: '    rule.read(number);\n  }',
    ...STEPS,
    order: 'reverse',
    says: 'expected',
  },
  {
    name: 'a chunk that is taken for full',
    file: 'tensor_list_loops.h',
    source: 'optimizer.cu',
    from: 'rest < list.chunk ? static_cast<int>(rest) : list.chunk',
    to: 'rest < 0 ? static_cast<int>(rest) : list.chunk',
    ...STEPS,
    sanitize: MEMORY,
    says: 'AddressSanitizer',
  },
  {
    name: 'pairs beyond the last, read and thrown away',
    file: 'pair_loss.cu',
    from: 'locate(p.dim, p.dims, place < end ? place : i, at);',
    to: 'locate(p.dim, p.dims, place, at);',
    ...PAIRS,
    sanitize: MEMORY,
    says: 'AddressSanitizer',
  },
  {
    name: 'a loss that is not defined, known to the thread that found it alone',
    file: 'pair_loss.cu',
    from: 'if (!__syncthreads_or(!fit)) return true;',
    to: 'if (fit) return true;',
    ...PAIRS,
    says: 'deadlock',
  },
  {
    name: 'a mask that is too long by one',
    file: 'dropout.cu',
    from: 'if (i + k < n) static_cast<S*>(data)[i + k] = x.at[k];',
    to: 'if (i + k <= n) static_cast<S*>(data)[i + k] = x.at[k];',
    ...DROPOUT,
    sanitize: MEMORY,
    says: 'AddressSanitizer',
  },
  {
    name: 'lanes that draw for others and have left',
    file: 'dropout.cu',
    from: '(c - lane) * kDropped < p.n',
    to: 'c * kDropped < p.n',
    ...DROPOUT,
    says: 'deadlock',
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
    file: 'gemm_panel.h',
    source: 'gemm.cu',
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
    name: 'a missing barrier between panels of a convolution',
    file: 'conv_tile.h',
    source: 'conv.cu',
    from: 'source.store(panels.a[current ^ 1], panels.b[current ^ 1]);\n      __syncthreads();',
    to: 'source.store(panels.a[current ^ 1], panels.b[current ^ 1]);',
    ...CONVOLUTIONS,
    says: 'expected',
  },
  {
    name: 'a position too many of an image in a convolution',
    file: 'conv_tile.h',
    source: 'conv.cu',
    from: 'static_cast<uint32_t>(place.at[d] + reach.at[d]) < static_cast<uint32_t>(p.size[d])',
    to: 'static_cast<uint32_t>(place.at[d] + reach.at[d]) <= static_cast<uint32_t>(p.size[d])',
    ...CONVOLUTIONS,
    says: 'expected',
  },
  {
    name: 'a table of a convolution of halves that is replaced too early',
    file: 'conv_half.cu',
    from: 'source.prepare(slot);',
    to: 'source.prepare(slot ^ 1);',
    test: 'conv',
    cases: ['tiles of every size'],
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
  {
    name: 'sums of a second launch over those of the first',
    file: 'gradients.cu',
    from: 'p.partial + p.list.earlier + blockIdx.x',
    to: 'p.partial + blockIdx.x',
    ...GRADIENTS,
    says: 'expected',
  },
  {
    name: 'a strided chunk that is taken for full',
    file: 'gradients.cu',
    from: '(rest < p.chunk ? rest : p.chunk)',
    to: 'p.chunk',
    ...GRADIENTS,
    sanitize: MEMORY,
    says: 'AddressSanitizer',
  },
  {
    name: 'one thread that speaks for its block',
    file: 'gradients.cu',
    from: 'if (__syncthreads_or(wild_) && threadIdx.x == 0)',
    to: 'if (wild_ && threadIdx.x == 0)',
    ...GRADIENTS,
    says: 'expected',
  },
  {
    name: 'a missing barrier after one lane has found what the team needs',
    file: 'row_norm.cu',
    from: 'if (seat.lane == 0) found[seat.team] = find();\n    __syncthreads();',
    to: 'if (seat.lane == 0) found[seat.team] = find();',
    ...NORMS,
    order: 'reverse',
    says: 'expected',
  },
  {
    name: 'an element too many of a line that is summed',
    file: 'norm_sums.h',
    source: 'norm.cu',
    from: 'here[i] = place < end;',
    to: 'here[i] = place <= end;',
    ...NORMS,
    says: 'expected',
  },
  {
    name: 'taps that go on in the next row of a window',
    file: 'pooling_taps.h',
    source: 'average_pool.cu',
    from: '    if (k >= w.count) k -= w.count, j++;\n',
    to: '',
    ...POOLS,
    says: 'expected',
  },
  {
    name: 'a missing barrier before attention weighs values',
    file: 'attention_tile.h',
    source: 'attention.cu',
    from: '      if (more) loader.store(memory_.w[current ^ 1]);\n      __syncthreads();',
    to: '      if (more) loader.store(memory_.w[current ^ 1]);',
    ...ATTENTION,
    says: 'expected',
  },
  {
    name: 'a missing wait for the values of attention',
    file: 'attention_half.cu',
    from: '      cp_async_wait<0>();\n      __syncthreads();  // the values are there',
    to: '      __syncthreads();  // the values are there',
    ...ATTENTION,
    says: 'expected',
  },
  {
    name: 'a key too many that attention looks at',
    file: 'attention_item.h',
    source: 'attention.cu',
    from: 'query < queries && key < keys &&',
    to: 'query < queries && key <= keys &&',
    ...ATTENTION,
    says: 'expected',
  },
  {
    name: 'a missing barrier between the steps of ctcLoss',
    file: 'ctc.cu',
    from: '    __syncthreads();\n    T* const swapped = last;',
    to: '    T* const swapped = last;',
    ...ALIGNMENTS,
    says: 'expected',
  },
  {
    name: 'a missing barrier before sorted elements are read',
    file: 'sort.cu',
    from: '    __syncthreads();\n    const unsigned cells',
    to: '    const unsigned cells',
    ...LONG_ROWS,
    says: 'expected',
  },
  {
    name: 'short rows beyond the last',
    file: 'sort.cu',
    from: 'if (row < here) run(',
    to: 'if (row <= here) run(',
    test: 'order',
    cases: ['many short rows'],
    sanitize: MEMORY,
    says: 'AddressSanitizer',
  },
  {
    name: 'stops that are swapped after the scans have met',
    file: 'choose.cu',
    from: 'left_stops[l + i + t] < right_stops[r + i + t]',
    to: 'left_stops[l + i + t] != right_stops[r + i + t]',
    ...CHOICES,
    says: 'expected',
  },
  {
    name: 'the last of equal elements that lanes have found',
    file: 'max_pool.cu',
    from: 'return a.place < b.place ? a : b;',
    to: 'return a.place < b.place ? b : a;',
    ...POOLS,
    says: 'expected',
  },
];

module.exports = { MUTANTS };
