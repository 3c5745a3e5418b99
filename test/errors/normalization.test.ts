import { ArgumentError, DTypeError, IndexError, ShapeError, nn, ones, rand, tensor, zeros } from 'tenon';
import { failures, wrong } from './table';

const { functional: F } = nn;
const int = (...values: number[]) => tensor(values, { dtype: 'int64' });
const x = () => rand(2, 4, 3);

describe('normalisation', () => {
  failures([
    [() => F.layerNorm(wrong(1), [3]), ArgumentError, /^layerNorm: expected input to be a Tensor, got 1/],
    [() => F.layerNorm(x(), []), ShapeError, /^layerNorm: expected a normalizedShape of at least one/],
    [() => F.layerNorm(x(), [4]), ShapeError, /^layerNorm: expected input \[..., 4\].*got \[2, 4, 3\]/],
    [() => F.layerNorm(ones(3), [2, 3]), ShapeError, /^layerNorm: expected input \[..., 2, 3\]/],
    [
      () => F.layerNorm(x(), [3], ones(2)),
      ShapeError,
      /^layerNorm: expected weight of shape \[3\], got \[2\]/,
    ],
    [() => F.layerNorm(int(1, 2), [2]), DTypeError, /^layerNorm: expected a floating-point input, got int64/],
    [
      () => F.layerNorm(x(), [3], ones(3, { dtype: 'float64' })),
      DTypeError,
      /^layerNorm: expected weight of the input's dtype float32, got float64/,
    ],
    [() => F.layerNorm(x(), [3], null, null, -1), ArgumentError, /^layerNorm: expected eps >= 0, got -1/],
    [() => F.layerNorm(x(), [3], wrong({ gain: 1 })), ArgumentError, /^layerNorm: unknown option "gain"/],
    [() => F.rmsNorm(x(), [3], ones(4)), ShapeError, /^rmsNorm: expected weight of shape \[3\]/],
    [() => F.groupNorm(ones(3), 1), ShapeError, /^groupNorm: expected input \[n, c, ...\], got \[3\]/],
    [() => F.groupNorm(x(), 3), ShapeError, /^groupNorm: 4 channels can't be divided into 3 groups/],
    [() => F.groupNorm(x(), 0), ArgumentError, /^groupNorm: expected numGroups > 0, got 0/],
    [() => F.groupNorm(ones(1, 2), 2), ShapeError, /^groupNorm: expected more than 1 value per group/],
    [() => F.instanceNorm(ones(2, 3, 1)), ShapeError, /^instanceNorm: expected more than 1 spatial element/],
    [
      () => F.instanceNorm(x(), { useInputStats: false }),
      ArgumentError,
      /^instanceNorm: expected runningMean and runningVar/,
    ],
    [
      () => F.batchNorm(ones(1, 4), null, null, { training: true }),
      ShapeError,
      /^batchNorm: expected more than 1 value per channel when training, got input \[1, 4\]/,
    ],
    [() => F.batchNorm(x(), null, null), ArgumentError, /^batchNorm: .* in evaluation mode/],
    [
      () => F.batchNorm(x(), zeros(3), ones(4)),
      ShapeError,
      /^batchNorm: expected runningMean of shape \[4\], got \[3\]/,
    ],
    [() => F.batchNorm(ones(3), null, null), ShapeError, /^batchNorm: expected input \[n, c, ...\]/],
    [() => F.localResponseNorm(ones(2, 3), 2), ShapeError, /^localResponseNorm: expected at least 3 dim/],
    [() => F.localResponseNorm(x(), 0), ArgumentError, /^localResponseNorm: expected size > 0, got 0/],
    [() => new nn.BatchNorm1d(-1), ArgumentError, /^BatchNorm1d: expected numFeatures/],
    [
      () => new nn.BatchNorm2d(4).forward(x()),
      ShapeError,
      /^BatchNorm2d: expected 4D input, got \[2, 4, 3\]/,
    ],
    [() => new nn.BatchNorm1d(3).forward(x()), ShapeError, /^batchNorm: expected weight of shape \[4\]/],
    [
      () => new nn.InstanceNorm1d(3, { affine: true }).forward(x()),
      ArgumentError,
      /expected 3 channels, got 4/,
    ],
    [() => new nn.GroupNorm(3, 4), ArgumentError, /^GroupNorm: 4 channels can't be divided into 3 groups/],
    [() => new nn.LayerNorm([]), ShapeError, /^LayerNorm: expected a normalizedShape/],
  ]);
});

describe('dropout', () => {
  failures([
    [() => F.dropout(x(), 1.5), ArgumentError, /^dropout: expected 0 <= p <= 1, got 1.5/],
    [() => F.dropout(int(1)), DTypeError, /^dropout: expected floating point, got int64/],
    [() => F.dropout1d(ones(3)), ShapeError, /^dropout1d: expected 2 or 3 dimensions, got shape \[3\]/],
    [() => F.featureAlphaDropout(ones(3), 0.5, true), ShapeError, /expected at least 2 dimensions/],
    [() => new nn.Dropout(-1), ArgumentError, /^Dropout: expected 0 <= p <= 1, got -1/],
    [() => F.rrelu(x(), 0.5, 0.1), ArgumentError, /^rrelu: expected lower <= upper/],
    [() => F.gumbelSoftmax(int(1)), DTypeError, /^gumbelSoftmax: expected floating point, got int64/],
  ]);
});

describe('embeddings', () => {
  const table = () => rand(3, 4);
  failures([
    [
      () => F.embedding(ones(2), table()),
      DTypeError,
      /^embedding: expected int64 or int32 indices, got float32/,
    ],
    [() => F.embedding(int(3), table()), IndexError, /^embedding: index 3 is out of range for 3 embeddings/],
    [() => F.embedding(int(-1), table()), IndexError, /^embedding: index -1 is out of range/],
    [() => F.embedding(int(0), ones(3)), ShapeError, /^embedding: expected a weight \[n, d\], got \[3\]/],
    [() => F.embedding(int(0), table(), 3), ArgumentError, /^embedding: paddingIdx 3 is out of range/],
    [
      () => F.embedding(int(0), table(), { sparse: true }),
      ArgumentError,
      /^embedding: sparse gradients are not supported/,
    ],
    [() => F.embeddingBag(int(0), table()), ArgumentError, /^embeddingBag: expected offsets/],
    [
      () => F.embeddingBag(int(0, 1), table(), int(1)),
      IndexError,
      /^embeddingBag: expected the first offset/,
    ],
    [
      () => F.embeddingBag(int(0, 1), table(), int(0, 3)),
      IndexError,
      /^embeddingBag: expected offsets that grow/,
    ],
    [
      () => F.embeddingBag(int(0, 1), table(), int(0), { perSampleWeights: ones(2) }),
      ArgumentError,
      /^embeddingBag: expected mode 'sum'/,
    ],
    [
      () => F.embeddingBag(int(0, 1), table(), { mode: wrong<'sum'>('min') }),
      ArgumentError,
      /^embeddingBag: expected mode to be/,
    ],
    [() => F.oneHot(ones(2)), DTypeError, /^oneHot: expected int64 classes, got float32/],
    [() => F.oneHot(int(2), 2), IndexError, /^oneHot: class 2 is out of range for 2 classes/],
    [() => F.oneHot(int(-1)), IndexError, /^oneHot: class -1 is negative/],
    [() => F.oneHot(zeros(0, { dtype: 'int64' })), ArgumentError, /^oneHot: no classes/],
    [() => new nn.Embedding(3, 4, 5), ArgumentError, /^Embedding: paddingIdx 5 is out of range/],
    [() => nn.Embedding.fromPretrained(ones(3)), ShapeError, /^fromPretrained: expected a weight \[n, d\]/],
  ]);
});
