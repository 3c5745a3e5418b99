import {
  ArgumentError,
  AutogradError,
  DTypeError,
  IndexError,
  OutOfMemoryError,
  ShapeError,
  arange,
  asStrided,
  atleast1d,
  blockDiag,
  broadcastTensors,
  cartesianProd,
  combinations,
  diag,
  diagEmbed,
  diagonal,
  emptyStrided,
  gather,
  hsplit,
  hstack,
  meshgrid,
  ones,
  repeatInterleave,
  tensor,
  trilIndices,
  vsplit,
  zeros,
} from 'tenon';
import { errorOf, failures, wrong } from './table';

const int = (...values: number[]) => tensor(values, { dtype: 'int64' });
const index = () => zeros(2, 2, { dtype: 'int64' });
const mask = () => ones(2, 3).gt(0);

describe('gather and scatter', () => {
  failures([
    [() => gather(wrong([1]), 0, index()), ArgumentError, /^gather: expected input to be a Tensor/],
    [() => ones(2, 3).gather(2, index()), IndexError, /^gather: dimension out of range/],
    [
      () => ones(2, 3).gather(wrong<number>('0'), index()),
      ArgumentError,
      /^gather: expected dim to be an int/,
    ],
    [() => ones(2, 3).gather(0, wrong([0])), ArgumentError, /^gather: expected index to be a Tensor/],
    [() => ones(2, 3).gather(0, ones(2, 2)), DTypeError, /^gather: expected an int64 index, got float32/],
    [() => ones(2, 3).gather(0, int(0)), ShapeError, /^gather: expected an index of 2 dimensions/],
    [() => ones(2, 1).gather(0, index()), ShapeError, /^gather: expected an index no larger than .*\[2, 1\]/],
    [
      () => ones(2, 3).gather(0, index().add(2)),
      IndexError,
      /^gather: index 2 is out of range for dimension 0/,
    ],
    [() => ones(2, 3).gather(1, index().sub(1)), IndexError, /^gather: index -1 is out of range/],
    [
      () => ones(2, 3).gather(1, index(), { sparseGrad: true }),
      ArgumentError,
      /^gather: gradients are dense/,
    ],
    [
      () => ones(2, 3).scatter(0, index(), ones(1, 2)),
      ShapeError,
      /^scatter: expected a src of at least .*\[2, 2\]/,
    ],
    [
      () => ones(2, 3).scatter(0, index(), ones(2, 2).double()),
      DTypeError,
      /^scatter: expected a float32 src/,
    ],
    [
      () => ones(2, 3).scatter(0, index(), wrong('1')),
      ArgumentError,
      /^scatter: expected src to be a number/,
    ],
    [
      () => ones(2, 3).byte().scatter(0, index(), 300),
      ArgumentError,
      /^scatter: 300 can't be converted to uint8/,
    ],
    [
      () => ones(2, 3).scatter(0, index(), 1, { reduce: wrong('sum') }),
      ArgumentError,
      /^scatter: expected reduce to be 'add' or 'multiply', got "sum"/,
    ],
    [() => ones(2, 3).scatter(0, index().add(2), 1), IndexError, /^scatter: index 2 is out of range/],
    [
      () => ones(2, 3).requiresGrad_().scatter(0, index(), 1, { reduce: 'add' }).sum().backward(),
      AutogradError,
      /derivative of scatter is not implemented/,
    ],
    [() => ones(2, 3).requiresGrad_().scatter_(0, index(), 1), AutogradError, /^scatter_: a leaf/],
    [
      () => ones(1, 3).expand(2, 3).scatter_(0, index(), 1),
      ArgumentError,
      /^scatter_: elements of an expanded/,
    ],
    [() => ones(2, 3).scatterAdd(0, index(), ones(2)), ShapeError, /^scatterAdd: expected a src/],
    [() => ones(2, 3).scatterAdd_(0, index().add(2), ones(2, 2)), IndexError, /^scatterAdd_: index 2/],
    [
      () => ones(2, 3).scatterReduce(0, index(), ones(2, 2), wrong('max')),
      ArgumentError,
      /^scatterReduce: expected reduce to be 'sum', .*got "max"/,
    ],
    [
      () => ones(2, 3).scatterReduce(0, index(), ones(2, 2), 'sum', { includeSelf: wrong(1) }),
      ArgumentError,
      /^scatterReduce: expected includeSelf to be a boolean/,
    ],
    [
      () => ones(2, 3).indexReduce(0, int(0), ones(1, 3), wrong('sum')),
      ArgumentError,
      /^indexReduce: expected reduce to be 'prod'/,
    ],
    [
      () => ones(2, 3).indexReduce(0, int(0), ones(3), 'prod'),
      ShapeError,
      /^indexReduce: expected a source of/,
    ],
    [() => ones(2, 3).indexReduce_(0, int(2), ones(1, 3), 'prod'), IndexError, /^indexReduce_: index 2/],
    [
      () => ones(2, 3).indexCopy(0, int(0, 1), ones(1, 3)),
      ShapeError,
      /^indexCopy: expected a source of shape/,
    ],
    [() => ones(2, 3).indexCopy(0, int(2), ones(1, 3)), IndexError, /^indexCopy: index 2 is out of range/],
    [() => ones(2, 3).indexCopy(0, index(), ones(2, 3)), IndexError, /^indexCopy: expected a 1-d index/],
    [() => ones(2, 3).indexFill(0, int(-3), 1), IndexError, /^indexFill: -3 is out of range for 2 elements/],
    [
      () => ones(2, 3).indexFill(0, int(0), ones(2)),
      ShapeError,
      /^indexFill: expected a number or a 0-d tensor/,
    ],
    [() => ones(2, 3).indexFill(0, int(0).int(), 1), DTypeError, /^indexFill: expected an int64 index/],
    [
      () => ones(2, 3).indexPut([], ones(1)),
      ArgumentError,
      /^indexPut: expected a list of at least one Tensor/,
    ],
    [() => ones(2, 3).indexPut([int(0), int(3)], ones(1)), IndexError, /^indexPut: 3 is out of range/],
    [
      () => ones(3).indexPut([int(0), int(0)], ones(1)),
      IndexError,
      /^indexPut: 2 indices for a tensor of shape/,
    ],
    [
      () => ones(3).indexPut([int(0, 1)], ones(3)),
      ShapeError,
      /^indexPut: a value of shape \[3\] does not broadcast/,
    ],
    [() => ones(3).indexPut_([int(0)], int(1)), DTypeError, /^indexPut_: expected a value of dtype float32/],
    [() => ones(2, 3).take(int(6)), IndexError, /^take: 6 is out of range for 6 elements/],
    [() => ones([]).takeAlongDim(int(0), 0), IndexError, /^takeAlongDim: a 0-d tensor/],
    [() => ones([]).roll(1, 0), IndexError, /^roll: a 0-d tensor/],
    [() => mask().scatterReduce(0, index(), mask(), 'mean'), DTypeError, /^scatterReduce: bool has no mean/],
    [
      () => mask().indexReduce(0, int(0, 1), mask(), 'prod'),
      DTypeError,
      /^indexReduce: not defined for bool/,
    ],
    [() => ones(2, 3).take(ones(1)), DTypeError, /^take: expected an int64 index/],
    [() => zeros(0).take(int(0)), IndexError, /^take: 0 is out of range for 0 elements/],
    [() => ones(3).put_(int(0, 1), ones(3)), ShapeError, /^put_: expected as many elements as the index's 2/],
    [() => ones(3).put_(int(3), ones(1)), IndexError, /^put_: 3 is out of range/],
    [() => ones(3).put_(int(0), int(1)), DTypeError, /^put_: expected a float32 source/],
    [() => ones(3).takeAlongDim(index(), 0), ShapeError, /^takeAlongDim: expected indices of 1 dimensions/],
    [() => ones(3).takeAlongDim(int(0).int(), 0), DTypeError, /^takeAlongDim: expected an int64 index/],
    [
      () => ones(2, 3).maskedSelect(ones(2, 3)),
      DTypeError,
      /^maskedSelect: expected a bool mask, got float32/,
    ],
    [() => ones(2, 4).maskedSelect(mask()), ShapeError, /^maskedSelect: shapes \[2, 4\] and \[2, 3\]/],
    [
      () => ones(2, 3).maskedScatter(mask(), ones(5)),
      ShapeError,
      /^maskedScatter: expected a source of at least 6/,
    ],
    [() => ones(2, 3).maskedScatter(mask(), int(1)), DTypeError, /^maskedScatter: expected a float32 source/],
    [
      () => ones(3).maskedScatter_(mask(), ones(6)),
      ShapeError,
      /^maskedScatter_: \[2, 3\] does not broadcast/,
    ],
  ]);

  test('what fails changes nothing', () => {
    const x = arange(6).reshape(2, 3);
    for (const call of [
      () => x.scatter_(0, tensor([[0, 9]], { dtype: 'int64' }), 7),
      () =>
        x.scatterReduce_(0, tensor([[0, 9]], { dtype: 'int64' }), int(5, 5).reshape(1, 2), 'amax', {
          includeSelf: false,
        }),
      () => x.indexFill_(1, int(0, 3), 7),
      () => x.put_(int(0, 9), int(1, 2)),
      () => x.indexPut_([int(0, 2)], int(7)),
    ])
      errorOf(call);
    expect(x.tolist()).toEqual([
      [0, 1, 2],
      [3, 4, 5],
    ]);
  });
});

describe('repetition, order and diagonals', () => {
  failures([
    [() => ones(2, 3).repeat(2), ShapeError, /^repeat: expected a number for each of the 2 dimensions/],
    [() => ones(2, 3).repeat(2, -1), ArgumentError, /^repeat: expected repeats of at least 0, got -1/],
    [() => ones(2, 3).tile(1.5), ArgumentError, /^tile: expected each of dims to be an integer/],
    [() => ones(2, 3).repeat(2 ** 30, 2 ** 30), ShapeError, /^repeat: .*more than 2\^53/],
    [
      () => ones(2, 3).repeatInterleave(-1),
      ArgumentError,
      /^repeatInterleave: expected repeats of at least 0/,
    ],
    [
      () => ones(2).repeatInterleave(ones(2)),
      DTypeError,
      /^repeatInterleave: expected int64 or int32 repeats/,
    ],
    [
      () => ones(2).repeatInterleave(int(1, 2, 3)),
      ShapeError,
      /^repeatInterleave: expected repeats of shape \[2\]/,
    ],
    [
      () => repeatInterleave(int(1, -2)),
      ArgumentError,
      /^repeatInterleave: expected repeats of at least 0, got -2/,
    ],
    [() => ones(2).repeatInterleave(2, { outputSize: 5 }), ShapeError, /expected an outputSize of 4, got 5/],
    [() => ones(2, 3).flip(0, 0), ArgumentError, /^flip: expected every dimension at most once/],
    [() => ones(2, 3).flip(2), IndexError, /^flip: dimension out of range/],
    [() => ones(2).fliplr(), ShapeError, /^fliplr: expected at least 2 dimensions/],
    [() => ones([]).flipud(), ShapeError, /^flipud: expected at least 1 dimension/],
    [() => ones(2, 3).roll([1, 2]), ArgumentError, /^roll: expected a shift for each dimension/],
    [() => ones(2, 3).roll([]), ArgumentError, /^roll: expected at least one shift/],
    [() => ones(2).rot90(), ShapeError, /^rot90: expected at least 2 dimensions/],
    [() => ones(2, 3).rot90(1, [0]), ArgumentError, /^rot90: expected a list of two dims/],
    [() => ones(2, 3).rot90(1, [0, 0]), ArgumentError, /^rot90: expected every dimension at most once/],
    [() => diagonal(ones(2)), IndexError, /^diagonal: dimension out of range/],
    [() => diagonal(ones(2, 3), 0, 1, 1), ArgumentError, /^diagonal: expected two different dimensions/],
    [() => diag(ones(2, 3, 4)), ShapeError, /^diag: expected 1 or 2 dimensions/],
    [() => diagEmbed(ones([])), ShapeError, /^diagEmbed: expected at least 1 dimension/],
    [() => ones(3).fillDiagonal_(1), ShapeError, /^fillDiagonal_: expected at least 2 dimensions/],
    [
      () => ones(2, 3, 2).fillDiagonal_(1),
      ShapeError,
      /^fillDiagonal_: expected more than 2 dimensions to be of one size/,
    ],
    [() => ones(3).tril_(), ShapeError, /^tril_: expected at least 2 dimensions/],
    [() => ones(2, 2).requiresGrad_().triu_(), AutogradError, /^triu_: a leaf/],
  ]);
});

describe('views, splits and stacks', () => {
  failures([
    [() => asStrided(ones(3), [2], [1, 1]), ArgumentError, /^asStrided: expected a list of 1 strides/],
    [() => asStrided(ones(3), [2], [-1], 2), ArgumentError, /^asStrided: expected strides of at least 0/],
    [() => asStrided(ones(3), [4], [1]), ShapeError, /^asStrided: .*outside of its storage/],
    [() => asStrided(ones(3), [1], [1], 3), ShapeError, /^asStrided: .*outside of its storage/],
    [() => emptyStrided([2], wrong(1)), ArgumentError, /^emptyStrided: expected a list of 1 strides/],
    [() => ones(3).unfold(0, 4, 1), IndexError, /^unfold: windows of 4 don't fit dimension 0 of size 3/],
    [() => ones(3).unfold(0, 2, 0), ArgumentError, /^unfold: expected a positive step/],
    [() => ones(3).unfold(1, 2, 1), IndexError, /^unfold: dimension out of range/],
    [() => ones(2, 3).requiresGrad_().t_(), AutogradError, /^t_: a leaf/],
    [() => ones(2, 3).unsqueeze_(3), IndexError, /^unsqueeze_: dimension out of range/],
    [() => ones(3).tensorSplit(0), ArgumentError, /^tensorSplit: expected a positive number of parts/],
    [() => ones([]).tensorSplit(2), ShapeError, /^tensorSplit: a 0-d tensor/],
    [() => ones(3).tensorSplit(ones(2)), DTypeError, /^tensorSplit: expected int64 indices/],
    [() => hsplit(ones(2, 3), 2), ShapeError, /^hsplit: dimension 1 of size 3 can't be divided into 2 parts/],
    [() => vsplit(ones(3), 3), ShapeError, /^vsplit: expected at least 2 dimensions/],
    [
      () => ones(2, 3).sliceScatter(ones(2, 2), 1),
      ShapeError,
      /^sliceScatter: expected a src of shape \[2, 3\]/,
    ],
    [() => ones(2, 3).selectScatter(ones(3), 0, 2), IndexError, /^selectScatter: index 2 is out/],
    [
      () => ones(2, 3).diagonalScatter(ones(3)),
      ShapeError,
      /^diagonalScatter: expected a src of shape \[2\]/,
    ],
    [() => atleast1d(wrong([1])), ArgumentError, /^atleast1d: expected each element to be a Tensor/],
    [() => hstack([]), ArgumentError, /^hstack: expected a list of at least one Tensor/],
    [() => hstack([ones(2, 3), ones(3, 3)]), ShapeError, /^hstack: sizes must agree except in dimension 1/],
    [() => blockDiag(ones(1, 2, 3)), ShapeError, /^blockDiag: expected at most 2 dimensions/],
    [() => broadcastTensors(ones(2), ones(3)), ShapeError, /^broadcastTensors: shapes \[2\] and \[3\]/],
    [() => meshgrid(ones(2, 2)), ShapeError, /^meshgrid: expected tensors of at most 1 dimension/],
    [() => meshgrid(ones(2), int(1)), DTypeError, /^meshgrid: expected tensors of one dtype/],
    [() => meshgrid(ones(2), { indexing: wrong('yx') }), ArgumentError, /^meshgrid: expected indexing to be/],
    [() => cartesianProd(ones(2, 2)), ShapeError, /^cartesianProd: expected tensors of 1 dimension/],
    [() => combinations(ones(2, 2)), ShapeError, /^combinations: expected 1 dimension/],
    [() => combinations(ones(3), -1), ArgumentError, /^combinations: expected r of at least 0/],
    [() => combinations(ones(100000), 9), OutOfMemoryError, /^combinations: .*too many/],
    [() => trilIndices(-1, 2), ArgumentError, /^trilIndices: expected row and col of at least 0/],
  ]);
});
