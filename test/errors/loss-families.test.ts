import { ArgumentError, DTypeError, IndexError, ShapeError, nn, ones, rand, tensor, zeros } from 'tenon';
import { failures, wrong } from './table';

const { functional: F } = nn;
const int = (...values: number[]) => tensor(values, { dtype: 'int64' });
const x = () => rand(2, 3);

describe('errors and probabilities', () => {
  failures([
    [() => F.l1Loss(x(), rand(4)), ShapeError, /^l1Loss: shapes \[2, 3\] and \[4\] do not broadcast/],
    [() => F.l1Loss(int(1), int(2)), DTypeError, /^l1Loss: expected floating point for a mean, got int64/],
    [
      () => F.l1Loss(x(), x(), wrong('sum')),
      ArgumentError,
      /^l1Loss: expected an object of options, got "sum"/,
    ],
    [
      () => F.mseLoss(x(), x(), { weight: ones(3) }),
      ShapeError,
      /^mseLoss: expected a weight of the input's shape \[2, 3\], got \[3\]/,
    ],
    [
      () => F.smoothL1Loss(x(), x(), { beta: -1 }),
      ArgumentError,
      /^smoothL1Loss: expected beta >= 0, got -1/,
    ],
    [() => F.huberLoss(x(), x(), 'mean', 0), ArgumentError, /^huberLoss: expected delta > 0, got 0/],
    [
      () => F.huberLoss(x(), x(), { delta: wrong('1') }),
      ArgumentError,
      /^huberLoss: expected delta to be a number/,
    ],
    [() => F.huberLoss(int(1), x()), DTypeError, /^huberLoss: expected a floating-point input, got int64/],
    [
      () => F.binaryCrossEntropy(x(), rand(3)),
      ShapeError,
      /^binaryCrossEntropy: expected a target of the input's shape \[2, 3\], got \[3\]/,
    ],
    [
      () => F.binaryCrossEntropy(tensor([0.5, 1.5]), ones(2)).item(),
      ArgumentError,
      /^binaryCrossEntropy: expected an input from 0 to 1/,
    ],
    [
      () => F.binaryCrossEntropy(tensor([NaN]), ones(1)).item(),
      ArgumentError,
      /^binaryCrossEntropy: expected an input from 0 to 1/,
    ],
    [
      () => F.binaryCrossEntropy(tensor([0.5, 0.5]), tensor([1, -0.5])).item(),
      ArgumentError,
      /^binaryCrossEntropy: expected a target from 0 to 1/,
    ],
    [
      () => F.binaryCrossEntropy(ones(2), ones(2, { dtype: 'float64' })),
      DTypeError,
      /^binaryCrossEntropy: expected a target of the input's dtype float32, got float64/,
    ],
    [
      () => F.binaryCrossEntropyWithLogits(x(), x(), { posWeight: ones(2) }),
      ShapeError,
      /^binaryCrossEntropyWithLogits: shapes \[2, 3\] and \[2\] do not broadcast/,
    ],
    [
      () => F.binaryCrossEntropyWithLogits(ones(1), ones(1), ones(2, 2)),
      ShapeError,
      /^binaryCrossEntropyWithLogits: expected a weight that broadcasts to \[1\], got \[2, 2\]/,
    ],
    [() => F.klDiv(int(1), int(1)), DTypeError, /^klDiv: expected floating point, got int64 and int64/],
    [
      () => F.klDiv(x(), x(), { reduction: wrong('avg') }),
      ArgumentError,
      /^klDiv: expected reduction to be 'mean', 'sum' or 'none', got "avg"/,
    ],
    [
      () => F.poissonNllLoss(x(), x(), wrong('yes')),
      ArgumentError,
      /^poissonNllLoss: expected logInput to be a boolean, got "yes"/,
    ],
    [() => F.gaussianNllLoss(x(), x(), -1), ArgumentError, /^gaussianNllLoss: expected var >= 0/],
    [
      () => F.gaussianNllLoss(x(), x(), wrong('1')),
      ArgumentError,
      /^gaussianNllLoss: expected var to be a number/,
    ],
    [
      () => F.gaussianNllLoss(x(), x(), ones(4)),
      ShapeError,
      /^gaussianNllLoss: expected a var of the input's shape \[2, 3\], or of size 1 along one dimension, got \[4\]/,
    ],
  ]);
});

describe('margins and classes', () => {
  failures([
    [
      () => F.marginRankingLoss(x(), x(), ones(3)),
      ShapeError,
      /^marginRankingLoss: expected input1, input2 and target of as many dimensions, got \[2, 3\], \[2, 3\], \[3\]/,
    ],
    [
      () => F.cosineEmbeddingLoss(x(), x(), x()),
      ShapeError,
      /^cosineEmbeddingLoss: expected vectors \[n, d\] and a target \[n\]/,
    ],
    [
      () => F.tripletMarginLoss(x(), x(), x(), { margin: 0 }),
      ArgumentError,
      /^tripletMarginLoss: expected margin > 0, got 0/,
    ],
    [
      () => F.tripletMarginLoss(x(), x(), rand(3)),
      ShapeError,
      /^tripletMarginLoss: expected anchor, positive and negative of as many dimensions/,
    ],
    [
      () => F.tripletMarginWithDistanceLoss(x(), x(), x(), { distanceFunction: wrong(1) }),
      ArgumentError,
      /^tripletMarginWithDistanceLoss: expected distanceFunction to be a function, got 1/,
    ],
    [
      () => F.tripletMarginWithDistanceLoss(x(), x(), x(), { distanceFunction: () => wrong(1) }),
      ArgumentError,
      /^tripletMarginWithDistanceLoss: expected what distanceFunction returns to be a Tensor, got 1/,
    ],
    [
      () => F.multiMarginLoss(x(), int(0, 1), 3),
      ArgumentError,
      /^multiMarginLoss: expected p to be 1 or 2, got 3/,
    ],
    [
      () => F.multiMarginLoss(x(), int(0, 3)),
      IndexError,
      /^multiMarginLoss: a target is out of range for 3 classes/,
    ],
    [
      () => F.multiMarginLoss(x(), int(0)),
      ShapeError,
      /^multiMarginLoss: expected input \[n, c\] and target \[n\], or \[c\] and \[\], got \[2, 3\] and \[1\]/,
    ],
    [
      () => F.multilabelMarginLoss(ones(2), int(0, 2)),
      IndexError,
      /^multilabelMarginLoss: a target is out of range for 2 classes/,
    ],
    [
      () => F.multilabelMarginLoss(ones(2, 0), zeros(2, 0, { dtype: 'int64' })),
      ShapeError,
      /^multilabelMarginLoss: expected input and target \[n, c\] or \[c\]/,
    ],
    [
      () => F.multilabelSoftMarginLoss(ones([]), ones([])),
      ShapeError,
      /^multilabelSoftMarginLoss: expected input/,
    ],
    [
      () => new nn.AdaptiveLogSoftmaxWithLoss(4, 5, [3, 2]),
      ArgumentError,
      /^AdaptiveLogSoftmaxWithLoss: expected cutoffs to be rising integers from 1 to 4/,
    ],
    [
      () => new nn.AdaptiveLogSoftmaxWithLoss(4, 5, [3]).forward(ones(1, 4), int(5)),
      IndexError,
      /^AdaptiveLogSoftmaxWithLoss: target 5 is out of range for 5 classes/,
    ],
  ]);
});

describe('ctcLoss', () => {
  const p = () => rand(5, 2, 4).logSoftmax(2);
  const labels = () => int(1, 2, 3, 3).reshape(2, 2);
  failures([
    [
      () => F.ctcLoss(p(), labels(), [5, 6], [2, 2]),
      ArgumentError,
      /^ctcLoss: expected inputLengths from 0 to 5, got 6/,
    ],
    [
      () => F.ctcLoss(p(), labels(), [5, 5], [2, 3]),
      ArgumentError,
      /^ctcLoss: expected targetLengths from 0 to 2, got 3/,
    ],
    [
      () => F.ctcLoss(p(), labels(), [5], [2, 2]),
      ShapeError,
      /^ctcLoss: expected 2 inputLengths, one for each/,
    ],
    [
      () => F.ctcLoss(p(), int(1, 2), [5, 5], [2, 1]),
      ShapeError,
      /^ctcLoss: expected targets \[2, s\] or \[3\]/,
    ],
    [
      () => F.ctcLoss(p(), labels(), wrong(5), [2, 2]),
      ArgumentError,
      /^ctcLoss: expected inputLengths to be/,
    ],
    [() => F.ctcLoss(p(), labels(), ones(2), [2, 2]), DTypeError, /^ctcLoss: expected integer inputLengths/],
    [
      () => F.ctcLoss(p(), labels(), [5, 5], [2, 2], 4),
      ArgumentError,
      /^ctcLoss: expected blank from 0 to 3, got 4/,
    ],
    [
      () => F.ctcLoss(p(), labels().mul(2), [5, 5], [2, 2]).item(),
      IndexError,
      /^ctcLoss: a label is out of range: 4, expected 0 to 3/,
    ],
    [
      () => F.ctcLoss(p().to('float16'), labels(), [5, 5], [2, 2]),
      DTypeError,
      /^ctcLoss: expected logProbs in/,
    ],
    [
      () => F.ctcLoss(ones(3), labels(), [5, 5], [2, 2]),
      ShapeError,
      /^ctcLoss: expected logProbs \[t, n, c\]/,
    ],
  ]);
});
