import {
  ArgumentError,
  AutogradError,
  DTypeError,
  IndexError,
  ShapeError,
  addbmm,
  addmv,
  addr,
  aminmax,
  baddbmm,
  cdist,
  chainMatmul,
  corrcoef,
  cosineSimilarity,
  cov,
  cross,
  diff,
  dist,
  einsum,
  hammingWindow,
  hannWindow,
  inner,
  kron,
  logsumexp,
  nanmean,
  nansum,
  nn,
  norm,
  ones,
  outer,
  pdist,
  stdMean,
  tensor,
  tensordot,
  trace,
  trapezoid,
  vander,
  varMean,
  vdot,
  zeros,
} from 'tenon';
import { errorOf, failures, wrong } from './table';

const { normalize, pairwiseDistance } = nn.functional;
const int = (...values: number[]) => tensor(values, { dtype: 'int64' });
const bool = tensor([true, false]);

describe('einsum', () => {
  failures([
    [() => einsum(wrong(1), ones(2)), ArgumentError, /^einsum: expected an equation, got 1/],
    [() => einsum('i'), ArgumentError, /^einsum: expected at least one operand/],
    [() => einsum('i', wrong(null)), ArgumentError, /^einsum: expected operand 0 to be a Tensor, got null/],
    [
      () => einsum('ij', ones(2)),
      ShapeError,
      /^einsum: operand 0 of shape \[2\] has 1 dimensions, but 2 sub/,
    ],
    [() => einsum('i,j', ones(2)), ArgumentError, /^einsum: the equation names 2 operands, got 1/],
    [() => einsum('i1', ones(2, 2)), ArgumentError, /^einsum: expected subscripts from a to z .* got "1"/],
    [() => einsum('i.j', ones(2, 2)), ArgumentError, /^einsum: found '.' for operand 0/],
    [() => einsum('...i...', ones(2, 2)), ArgumentError, /^einsum: expected one ellipsis for operand 0/],
    [() => einsum('ij->k', ones(2, 2)), ArgumentError, /^einsum: output subscript k does not appear/],
    [() => einsum('ij->ii', ones(2, 2)), ArgumentError, /^einsum: output subscript i appears more than once/],
    [() => einsum('ij->j->i', ones(2, 2)), ArgumentError, /^einsum: expected subscripts .* for the output/],
    [() => einsum('ii', ones(2, 3)), ShapeError, /^einsum: subscript i is repeated for operand 0/],
    [
      () => einsum('ij,jk', ones(2, 3), ones(4, 2)),
      ShapeError,
      /^einsum: subscript j has size 4 .* 3 before/,
    ],
    [() => einsum('...,...', ones(2), ones(3)), ShapeError, /^einsum: the ellipsis has size 3 for operand 1/],
    [() => einsum('i,i', ones(2), int(1, 2)), DTypeError, /^einsum: expected operands of one dtype/],
    [() => einsum('i,i', bool, bool), DTypeError, /^einsum: .* not defined for bool/],
  ]);
});

describe('norms and statistics', () => {
  failures([
    [() => norm(int(1)), DTypeError, /^norm: expected floating point, got int64/],
    [
      () => norm(ones(2), wrong('x')),
      ArgumentError,
      /^norm: expected p to be a number, 'fro' or 'nuc', got "x"/,
    ],
    [() => norm(ones(2), 2, 1), IndexError, /^norm: dimension out of range: expected -1 to 0, got 1/],
    [() => norm(ones(1, 1, 1), 'fro', [0, 1, 2]), ArgumentError, /^norm: expected at most 2 dims/],
    [() => norm(zeros(0), Infinity), IndexError, /^norm: the norm of order Infinity of no elements/],
    [() => norm(zeros(0, 2), -1, 0), IndexError, /^norm: the norm of order -1 of no elements/],
    [
      () => ones(2).double().norm({ dtype: 'float32' }),
      DTypeError,
      /^norm: expected a floating dtype that holds float64, got float32/,
    ],
    [() => norm(ones(2), wrong({ order: 1 })), ArgumentError, /^norm: unknown option "order"/],
    [() => logsumexp(ones(2), wrong(undefined)), ArgumentError, /^logsumexp: expected a dim/],
    [() => logsumexp(ones(2), 2), IndexError, /^logsumexp: dimension out of range/],
    [() => logsumexp(ones(2), 0, wrong(1)), ArgumentError, /^logsumexp: expected keepdim to be a boolean/],
    [() => varMean(int(1)), DTypeError, /^varMean: expected floating point, got int64/],
    [() => stdMean(ones(2), 3), IndexError, /^stdMean: dimension out of range/],
    [() => nanmean(int(1)), DTypeError, /^nanmean: expected floating point, got int64/],
    [() => nansum(ones(2), 1), IndexError, /^nansum: dimension out of range/],
    [() => aminmax(ones(2), wrong(0)), ArgumentError, /^aminmax: expected an object of options, got 0/],
    [() => aminmax(zeros(0)), IndexError, /^aminmax: an empty reduction has no value/],
    [() => cov(ones(1, 1, 1)), ShapeError, /^cov: expected at most 2 dimensions/],
    [() => cov(bool), DTypeError, /^cov: not defined for bool/],
    [() => cov(ones(2), { fweights: int(1) }), ShapeError, /^cov: expected fweights for 2 observations/],
    [() => cov(ones(2), { fweights: ones(2) }), DTypeError, /^cov: expected integers for fweights/],
    [() => cov(ones(2), { aweights: int(1, 2) }), DTypeError, /^cov: expected floating point for aweights/],
    [() => cov(ones(2), { fweights: int(1, -1) }), ArgumentError, /^cov: expected fweights >= 0/],
    [() => cov(ones(2), { fweights: int(0, 0) }), ArgumentError, /^cov: expected weights that do not sum/],
    [() => corrcoef(ones(1, 1, 1)), ShapeError, /^corrcoef: expected at most 2 dimensions/],
    [() => corrcoef(bool), DTypeError, /^corrcoef: not defined for bool/],
  ]);
});

describe('products', () => {
  failures([
    [() => outer(ones(2, 2), ones(2)), ShapeError, /^outer: expected two vectors, got \[2, 2\] and \[2\]/],
    [() => inner(ones(2), ones(3)), ShapeError, /^inner: the last sizes differ: \[2\] and \[3\]/],
    [() => inner(ones(2), int(1, 2)), DTypeError, /^inner: expected operands of one dtype/],
    [() => kron(ones(2), wrong(2)), ArgumentError, /^kron: expected other to be a Tensor, got 2/],
    [() => vdot(ones(2, 2), ones(2)), ShapeError, /^vdot: expected 1-d @ 1-d/],
    [() => trace(ones(2)), ShapeError, /^trace: expected a matrix, got shape \[2\]/],
    [() => trace(bool.unsqueeze(0)), DTypeError, /^trace: not defined for bool/],
    [() => cross(ones(2), ones(2)), ShapeError, /^cross: expected size 3 in a dimension/],
    [() => cross(ones(4, 3), ones(4, 3), 0), ShapeError, /^cross: expected size 3 in dimension 0/],
    [() => cross(ones(3), ones(2, 3)), ShapeError, /^cross: expected as many dimensions of both/],
    [() => cross(ones(3), int(1, 2, 3)), DTypeError, /^cross: expected operands of one dtype/],
    [() => addmv(ones(2), ones(2, 3), ones(2)), ShapeError, /^addmv: sizes differ: \[2, 3\] times \[2\]/],
    [() => addmv(ones(3), ones(2, 3), ones(3)), ShapeError, /^addmv: an input of shape \[3\] does not br/],
    [() => addmv(ones(2), ones(3), ones(3)), ShapeError, /^addmv: expected 2-d times 1-d/],
    [() => addbmm(ones(2), ones(2, 2, 2), ones(3, 2, 2)), ShapeError, /^addbmm: sizes differ/],
    [
      () => baddbmm(ones(2, 2, 2), ones(2, 2, 2), ones(2, 2, 2), wrong({ gamma: 1 })),
      ArgumentError,
      /^baddbmm: unknown option "gamma"/,
    ],
    [() => addr(int(1), int(1), int(1), { beta: 0.5 }), ArgumentError, /^addr: for integers beta and alpha/],
    [() => addmv(int(1, 2), ones(2, 2), ones(2)), DTypeError, /^addmv: expected operands of one dtype/],
    [() => ones(1).addmv_(ones(2, 2), ones(2)), ShapeError, /^addmv_: expected a tensor of shape \[2\]/],
    [() => int(1).unsqueeze(0).addr_(ones(1), ones(1)), DTypeError, /^addr_: the result is float32, which/],
    [
      () => ones(2, 2).requiresGrad_().addmm_(ones(2, 2), ones(2, 2)),
      AutogradError,
      /^addmm_: a leaf that requires a gradient/,
    ],
    [() => tensordot(ones(2), ones(3), 1), ShapeError, /^tensordot: sizes differ: 2 in dimension 0/],
    [() => tensordot(ones(2), ones(2), 2), ArgumentError, /^tensordot: expected dims to be two lists or/],
    [() => tensordot(ones(2), ones(2), wrong([0])), ArgumentError, /^tensordot: expected two lists of dims/],
    [() => tensordot(ones(2), ones(2), [[0], []]), ArgumentError, /^tensordot: expected as many dims of/],
    [
      () =>
        tensordot(ones(2), ones(2), [
          [0, 0],
          [0, 0],
        ]),
      ArgumentError,
      /^tensordot: dim 0 appears more/,
    ],
    [() => chainMatmul(), ArgumentError, /^chainMatmul: expected at least one matrix/],
    [() => chainMatmul(ones(2)), ShapeError, /^chainMatmul: expected matrices, got shape \[2\]/],
    [() => chainMatmul(ones(2, 3), ones(2, 3)), ShapeError, /^chainMatmul: inner sizes differ/],
  ]);

  test('a change in place that fails changes nothing', () => {
    const x = ones(2);
    errorOf(() => x.addmv_(ones(2, 2), ones(3)));
    expect(x.tolist()).toEqual([1, 1]);
  });
});

describe('distances and differences', () => {
  failures([
    [() => cdist(ones(2), ones(2)), ShapeError, /^cdist: expected \[..., n, k\] and \[..., m, k\]/],
    [() => cdist(ones(2, 3), ones(2, 2)), ShapeError, /^cdist: .* got \[2, 3\] and \[2, 2\]/],
    [() => cdist(ones(2, 3), ones(2, 3), -1), ArgumentError, /^cdist: expected p >= 0, got -1/],
    [() => cdist(ones(2, 3).half(), ones(2, 3)), DTypeError, /^cdist: expected float32 or float64 for x1/],
    [() => cdist(ones(2, 3), ones(2, 3).double()), DTypeError, /^cdist: expected operands of one dtype/],
    [
      () => cdist(ones(2, 3), ones(2, 3), wrong({ computeMode: 'x' })),
      ArgumentError,
      /^cdist: expected computeMode to be one of/,
    ],
    [() => pdist(ones(2)), ShapeError, /^pdist: expected a matrix/],
    [() => pdist(int(1).unsqueeze(0)), DTypeError, /^pdist: expected float32 or float64/],
    [() => dist(int(1), int(1)), DTypeError, /^dist: expected floating point, got int64/],
    [() => dist(ones(2), ones(3)), ShapeError, /^dist: shapes \[2\] and \[3\] do not broadcast/],
    [() => cosineSimilarity(ones(2), ones(2)), IndexError, /^cosineSimilarity: dimension out of range/],
    [() => cosineSimilarity(int(1), int(1), 0), DTypeError, /^cosineSimilarity: expected floating point/],
    [() => pairwiseDistance(ones(2), ones(3)), ShapeError, /^pairwiseDistance: shapes .* do not broadcast/],
    [() => normalize(ones(2)), IndexError, /^normalize: dimension out of range/],
    [() => normalize(int(1), 2, 0), DTypeError, /^normalize: expected floating point/],
    [() => diff(tensor(1)), ShapeError, /^diff: expected at least one dimension/],
    [() => diff(ones(2), -1), ArgumentError, /^diff: expected n >= 0, got -1/],
    [() => diff(ones(2, 2), { prepend: ones(2) }), ShapeError, /^diff: expected prepend of x's shape/],
    [() => trapezoid(tensor(1)), IndexError, /^trapezoid: a 0-d tensor has no dimension/],
    [() => trapezoid(bool), DTypeError, /^trapezoid: not defined for bool/],
    [() => trapezoid(ones(2, 3), ones(2)), ShapeError, /^trapezoid: expected one x for each of the 3/],
    [() => trapezoid(ones(2), ones(2), { dx: 1 }), ArgumentError, /^trapezoid: expected x or dx, not both/],
    [() => vander(ones(2, 2)), ShapeError, /^vander: expected a vector/],
    [() => vander(ones(2), -1), ArgumentError, /^vander: expected N >= 0, got -1/],
    [() => hannWindow(-1), ShapeError, /^hannWindow: expected sizes to be non-negative integers, got -1/],
    [() => hannWindow(2, { dtype: 'int64' }), DTypeError, /^hannWindow: expected a floating dtype/],
    [
      () => hammingWindow(2, true, wrong('x')),
      ArgumentError,
      /^hammingWindow: expected alpha to be a number/,
    ],
  ]);
});
