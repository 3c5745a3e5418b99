'use strict';
// What ThreadSanitizer looks at of CUDA's kernels on the emulated device, whose blocks are threads: by test program, parts of
// the names of small cases, one or two for each family of kernels.
const RACES = {
  attention: ['has the same bits'],
  conv: ['the same bits', 'blocks of images'],
  ctc: ['says which length'],
  elementwise: ['scalars that no integer'],
  index: ['linearIndex numbers', 'of several indices'],
  matmul: ['empty products', 'linear keeps NaN'],
  move: ['eye has ones', 'tril and triu', 'an index out of range'],
  norm: ['dropout keeps', 'embedding and its'],
  optimizer: ['the norm of huge'],
  order: ['rows of a matrix'],
  pooling: [],
  random: ['whole numbers lie'],
  recurrent: ['difference quotients'],
  reduce: ['sums of small integers', 'sums are as exact'],
  scan: ['logcumsumexp'],
  scatter: ['an index out of range'],
  search: ['histc counts'],
  training: ['softmax of huge', 'losses of pairs at the ends'],
};

module.exports = { RACES };
