import {
  ArgumentError,
  AutogradError,
  DTypeError,
  IndexError,
  ShapeError,
  argsort,
  argwhere,
  bincount,
  bucketize,
  countNonzero,
  cummax,
  cumprod,
  cumsum,
  cumulativeTrapezoid,
  histc,
  isin,
  kthvalue,
  logcumsumexp,
  median,
  mode,
  msort,
  nanmedian,
  nanquantile,
  nonzero,
  ones,
  quantile,
  renorm,
  searchsorted,
  sort,
  tensor,
  trapezoid,
  topk,
  unique,
  uniqueConsecutive,
  zeros,
} from 'tenon';
import { failures, wrong } from './table';

const int = (...values: number[]) => tensor(values, { dtype: 'int64' });
const bool = tensor([true, false]);

describe('scans', () => {
  failures([
    [() => cumsum(wrong(1), 0), ArgumentError, /^cumsum: expected input to be a Tensor, got 1/],
    [() => cumsum(ones(2), 1), IndexError, /^cumsum: dimension out of range: expected -1 to 0, got 1/],
    [
      () => cumsum(ones(2), wrong(undefined)),
      ArgumentError,
      /^cumsum: expected dim to be an integer, got undefined/,
    ],
    [() => cumsum(ones(2), 0, wrong({ dtype: 'int' })), DTypeError, /^cumsum: expected a dtype/],
    [() => cumprod(ones(2), wrong({ axis: 0 })), ArgumentError, /^cumprod: unknown option "axis"/],
    [() => cumsum(ones(2), 0, { dtype: 'bool' }), DTypeError, /^cumsum: not defined for bool/],
    [() => cumprod(ones(2), 0, { dtype: 'bool' }), DTypeError, /^cumprod: not defined for bool/],
    [() => bool.cumsum_(0), DTypeError, /^cumsum_: not defined for bool/],
    [
      () => int(1).cumsum_(0, { dtype: 'float32' }),
      DTypeError,
      /^cumsum_: the result is float32, which int64 can't hold/,
    ],
    [() => ones(1).expand(3).cumprod_(0), ArgumentError, /^cumprod_: elements of an expanded/],
    [() => ones(2).requiresGrad_().cumsum_(0), AutogradError, /^cumsum_: a leaf/],
    [() => logcumsumexp(int(1), 0), DTypeError, /^logcumsumexp: expected floating point, got int64/],
    [() => cummax(ones(2), 2), IndexError, /^cummax: dimension out of range/],
    [() => ones(2).cummin(wrong('0')), ArgumentError, /^cummin: expected dim to be an integer, got "0"/],
    [() => cumulativeTrapezoid(tensor(1)), IndexError, /^cumulativeTrapezoid: a 0-d tensor has no dimension/],
    [
      () => cumulativeTrapezoid(ones(3), ones(2)),
      ShapeError,
      /^cumulativeTrapezoid: expected one x for each of the 3 samples, got \[2\]/,
    ],
    [
      () => trapezoid(ones(3), ones(2)),
      ShapeError,
      /^trapezoid: expected one x for each of the 3 samples, got \[2\]/,
    ],
    [
      () => cumulativeTrapezoid(ones(3), wrong({ dx: '1' })),
      ArgumentError,
      /^cumulativeTrapezoid: expected dx to be a number/,
    ],
  ]);
});

describe('sorting', () => {
  failures([
    [() => sort(ones(2), 1), IndexError, /^sort: dimension out of range/],
    [() => sort(ones(2), 0, wrong(1)), ArgumentError, /^sort: expected descending to be a boolean, got 1/],
    [() => ones(2).sort(wrong({ stable: 1 })), ArgumentError, /^sort: expected stable to be a boolean/],
    [() => argsort(ones(2), wrong({ by: 0 })), ArgumentError, /^argsort: unknown option "by"/],
    [() => argsort(wrong([1])), ArgumentError, /^argsort: expected input to be a Tensor/],
    [() => msort(wrong(1)), ArgumentError, /^msort: expected input to be a Tensor, got 1/],
    [() => topk(ones(3), 4), ArgumentError, /^topk: expected k from 0 to 3, the size of dimension 0, got 4/],
    [() => topk(ones(3), -1), ArgumentError, /^topk: expected k from 0 to 3/],
    [() => topk(ones(3), 1.5), ArgumentError, /^topk: expected k to be an integer, got 1.5/],
    [() => topk(bool, 1), DTypeError, /^topk: not defined for bool/],
    [() => ones(3).topk(1, 1), IndexError, /^topk: dimension out of range/],
  ]);
});

describe('one of each lane', () => {
  failures([
    [() => kthvalue(ones(3), 0), ArgumentError, /^kthvalue: expected k from 1 to 3, .*got 0/],
    [() => kthvalue(ones(3), 4), ArgumentError, /^kthvalue: expected k from 1 to 3, .*got 4/],
    [() => kthvalue(bool, 1), DTypeError, /^kthvalue: not defined for bool/],
    [() => kthvalue(zeros(2, 0), 1), IndexError, /^kthvalue: expected elements along dimension 1/],
    [() => median(zeros(2, 0), 1), IndexError, /^median: expected elements along dimension 1/],
    [() => median(bool), DTypeError, /^median: not defined for bool/],
    [() => median(ones(2), wrong({ keepdim: true })), ArgumentError, /^median: keepdim needs a dim/],
    [() => nanmedian(ones(2), 1), IndexError, /^nanmedian: dimension out of range/],
    [() => mode(zeros(2, 0)), IndexError, /^mode: expected elements along dimension 1/],
    [() => mode(ones(2), 0, wrong(1)), ArgumentError, /^mode: expected keepdim to be a boolean/],
    [() => quantile(int(1, 2), 0.5), DTypeError, /^quantile: expected float32 or float64, got int64/],
    [() => quantile(ones(2), 1.5), ArgumentError, /^quantile: expected q from 0 to 1, got 1.5/],
    [() => quantile(ones(2), NaN), ArgumentError, /^quantile: expected q from 0 to 1, got NaN/],
    [() => quantile(ones(2), tensor([2])), ArgumentError, /^quantile: expected all of q from 0 to 1/],
    [() => quantile(ones(2), ones(1, 1)), ShapeError, /^quantile: expected q to be a number or 1-d/],
    [
      () => quantile(ones(2), tensor([1], { dtype: 'float64' })),
      DTypeError,
      /^quantile: expected q of dtype float32, got float64/,
    ],
    [() => quantile(ones(2), wrong('1')), ArgumentError, /^quantile: expected q to be a number or a Tensor/],
    [() => quantile(zeros(0), 0.5), ShapeError, /^quantile: expected elements, got shape \[0\]/],
    [
      () => nanquantile(ones(2), 0.5, wrong({ interpolation: 'cubic' })),
      ArgumentError,
      /^nanquantile: expected interpolation to be one of linear, .*got "cubic"/,
    ],
  ]);
});

describe('different elements', () => {
  failures([
    [() => unique(wrong(1)), ArgumentError, /^unique: expected input to be a Tensor, got 1/],
    [() => unique(ones(2), { dim: 1 }), IndexError, /^unique: dimension out of range/],
    [() => unique(tensor(1), { dim: 0 }), ShapeError, /^unique: a 0-d tensor has no dimensions/],
    [() => unique(zeros(0, 2), { dim: 1 }), ShapeError, /^unique: expected no empty dimension besides 1/],
    [() => unique(ones(2), wrong(1)), ArgumentError, /^unique: expected sorted to be a boolean/],
    [
      () => uniqueConsecutive(ones(2), wrong({ returnInverse: 1 })),
      ArgumentError,
      /^uniqueConsecutive: expected returnInverse to be a boolean/,
    ],
    [
      () => unique(ones(2).requiresGrad_()).sum().backward(),
      AutogradError,
      /^backward: the derivative of unique is not implemented/,
    ],
  ]);
});

describe('searching and counting', () => {
  failures([
    [() => nonzero(wrong(null)), ArgumentError, /^nonzero: expected input to be a Tensor, got null/],
    [
      () => nonzero(ones(2), wrong({ asTuple: 1 })),
      ArgumentError,
      /^nonzero: expected asTuple to be a boolean/,
    ],
    [() => argwhere(wrong(1)), ArgumentError, /^argwhere: expected input to be a Tensor/],
    [() => countNonzero(ones(2), 1), IndexError, /^countNonzero: dimension out of range/],
    [() => countNonzero(ones(2, 2), [0, 0]), ArgumentError, /^countNonzero: dim 0 appears more than once/],
    [
      () => searchsorted(ones(3), wrong('1')),
      ArgumentError,
      /^searchsorted: expected input to be a Tensor or a number, got "1"/,
    ],
    [() => searchsorted(tensor(1), 1), ShapeError, /^searchsorted: expected a sequence of at least 1 dim/],
    [() => searchsorted(ones(2, 2), ones(3)), ShapeError, /^searchsorted: expected a 1-d sequence/],
    [() => searchsorted(ones(2, 2), 1), ShapeError, /^searchsorted: /],
    [
      () => searchsorted(ones(2), 1, wrong({ side: 'middle' })),
      ArgumentError,
      /^searchsorted: expected side to be 'left' or 'right', got "middle"/,
    ],
    [
      () => searchsorted(ones(2), 1, { side: 'left', right: true }),
      ArgumentError,
      /^searchsorted: expected right or side/,
    ],
    [
      () => searchsorted(ones(2), 1, { sorter: int(0) }),
      ShapeError,
      /^searchsorted: expected a sorter of shape/,
    ],
    [
      () => searchsorted(ones(2), 1, { sorter: ones(2) }),
      DTypeError,
      /^searchsorted: expected an int64 sorter/,
    ],
    [
      () => searchsorted(ones(2), 1, { sorter: int(0, 2) }),
      IndexError,
      /index 2 is out of range for dimension 0 with size 2/,
    ],
    [() => searchsorted(bool, true), DTypeError, /^searchsorted: not defined for bool/],
    [() => bucketize(1, ones(2, 2)), ShapeError, /^bucketize: expected 1-d boundaries/],
    [
      () => bucketize(wrong('1'), ones(2)),
      ArgumentError,
      /^bucketize: expected input to be a Tensor or a number/,
    ],
    [() => isin(1, 2), ArgumentError, /^isin: expected at least one Tensor/],
    [() => isin(bool, bool), DTypeError, /^isin: not defined for bool/],
    [() => histc(int(1)), DTypeError, /^histc: expected floating point, got int64/],
    [() => histc(ones(2), 0), ArgumentError, /^histc: expected bins > 0, got 0/],
    [() => histc(ones(2), 3, 2, 1), ArgumentError, /^histc: expected min <= max, got 2 and 1/],
    [() => histc(tensor([NaN])), ArgumentError, /^histc: expected a finite range/],
    [() => bincount(ones(2)), DTypeError, /^bincount: expected integers, got float32/],
    [() => bincount(int(1, -1)), ArgumentError, /^bincount: expected numbers of at least 0, got -1/],
    [() => bincount(int(1, 2).reshape(1, 2)), ShapeError, /^bincount: expected 1 dimension/],
    [() => bincount(int(1, 2), ones(3)), ShapeError, /^bincount: expected weights of shape \[2\], got \[3\]/],
    [() => bincount(int(1), null, { minlength: -1 }), ArgumentError, /^bincount: expected minlength >= 0/],
    [() => renorm(ones(2), 2, 0, 1), ShapeError, /^renorm: expected at least 2 dimensions/],
    [() => renorm(ones(2, 2), 0, 0, 1), ArgumentError, /^renorm: expected p > 0, got 0/],
    [() => renorm(ones(2, 2), 2, 0, -1), ArgumentError, /^renorm: expected maxnorm >= 0, got -1/],
    [() => renorm(ones(2, 2).long(), 2, 0, 1), DTypeError, /^renorm: expected floating point, got int64/],
  ]);
});
