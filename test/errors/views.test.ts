import {
  ArgumentError,
  DTypeError,
  IndexError,
  ShapeError,
  arange,
  cat,
  chunk,
  flatten,
  indexSelect,
  narrow,
  ones,
  permute,
  reshape,
  select,
  slice,
  split,
  squeeze,
  stack,
  t,
  tensor,
  transpose,
  tril,
  unbind,
  unsqueeze,
  zeros,
  type Tensor,
} from 'tenon';
import { errorOf, failures, wrong } from './table';

const int = (...values: number[]) => tensor(values, { dtype: 'int64' });
const deep = () => ones(new Array<number>(64).fill(1));

describe('shapes', () => {
  failures([
    [() => reshape(wrong([1, 2]), 2), ArgumentError, /^reshape: expected input to be a Tensor/],
    [() => reshape(ones(6), 4), ShapeError, /^reshape: shape \[4\] is invalid for a tensor of 6 elements/],
    [
      () => reshape(ones(6), 4, -1),
      ShapeError,
      /^reshape: shape \[4, -1\] is invalid for a tensor of 6 elements/,
    ],
    [
      () => reshape(ones(6), -1, -1),
      ShapeError,
      /^reshape: expected sizes to be non-negative integers, got -1/,
    ],
    [() => reshape(ones(6), wrong('6')), ShapeError, /got "6"/],
    [() => reshape(ones(6), wrong(Symbol('6'))), ShapeError, /got a symbol/],
    [() => reshape(ones(6), 2.5, -1), ShapeError, /got 2.5/],
    [() => reshape(zeros(0, 3), -1, 0), ShapeError, /^reshape: shape \[-1, 0\] is invalid/],
    [
      () => ones(2, 3).t().view(6),
      ShapeError,
      /^view: a tensor of shape \[3, 2\] and strides \[1, 3\] can't be seen as \[6\] without a copy; use reshape/,
    ],
    [() => ones(6).view(wrong(undefined)), ShapeError, /^view: .*got undefined/],
    [() => ones(6).view(7), ShapeError, /^view: shape \[7\] is invalid/],
    [() => ones(6).viewAs(wrong([2, 3])), ArgumentError, /^viewAs: expected other to be a Tensor/],
    [
      () => ones(6).reshapeAs(wrong(null)),
      ArgumentError,
      /^reshapeAs: expected other to be a Tensor, got null/,
    ],
    [
      () => reshape(ones(1), new Array<number>(65).fill(1)),
      ShapeError,
      /^reshape: expected at most 64 dimensions, got 65/,
    ],
    [() => flatten(ones(2), 1, 0), IndexError, /^flatten: dimension out of range/],
    [() => flatten(ones(2, 3), 1, 0), ArgumentError, /^flatten: startDim 1 comes after endDim 0/],
    [() => flatten(ones(2), wrong('0')), ArgumentError, /^flatten: expected dim to be an integer, got "0"/],
    [
      () => flatten(ones(2), wrong({ start: 0 })),
      ArgumentError,
      /^flatten: unknown option "start"; expected one of startDim, endDim/,
    ],
    [
      () => permute(ones(2, 3), 0),
      ArgumentError,
      /^permute: expected every one of the 2 dimensions once, got \[0\]/,
    ],
    [() => permute(ones(2, 3), 0, 0), ArgumentError, /once, got \[0, 0\]/],
    [() => permute(ones(2, 3), 0, 2), IndexError, /^permute: dimension out of range/],
    [() => permute(ones(2, 3), wrong(['0', 1])), ArgumentError, /got "0"/],
    [
      () => permute(ones(2, 3), new Array<number>(2 ** 32 - 1)),
      ShapeError,
      /^permute: expected at most 64 dimensions/,
    ],
    [
      () => transpose(ones(2, 3), 0, 2),
      IndexError,
      /^transpose: dimension out of range: expected -2 to 1, got 2/,
    ],
    [
      () => transpose(ones(2, 3), wrong(undefined), 1),
      ArgumentError,
      /^transpose: expected dim to be an integer, got undefined/,
    ],
    [() => t(ones(1, 2, 3)), ShapeError, /^t: expected at most 2 dimensions, got shape \[1, 2, 3\]/],
    [() => squeeze(ones(1, 2), 2), IndexError, /^squeeze: dimension out of range/],
    [
      () => squeeze(ones(1, 2), wrong('0')),
      ArgumentError,
      /^squeeze: expected dim to be an integer, got "0"/,
    ],
    [() => squeeze(ones(1, 2), [0, 0]), ArgumentError, /^squeeze: dim 0 appears more than once/],
    [() => unsqueeze(ones(2), 3), IndexError, /^unsqueeze: dimension out of range: expected -2 to 1, got 3/],
    [
      () => unsqueeze(ones(2), wrong({ axis: 0 })),
      ArgumentError,
      /^unsqueeze: unknown option "axis"; expected one of dim/,
    ],
    [
      () => unsqueeze(deep(), 0),
      ShapeError,
      /^unsqueeze: expected at most 63 dimensions to add one to, got 64/,
    ],
    [
      () => ones(3).expand(2, 4),
      ShapeError,
      /^expand: a tensor of shape \[3\] can't be expanded to \[2, 4\]/,
    ],
    [() => ones(3).expand(-1, 3), ShapeError, /^expand: .*got -1/],
    [() => ones(3, 1).expand(3), ShapeError, /can't be expanded to \[3\]/],
    [() => ones(3).expand(wrong('3')), ShapeError, /got "3"/],
    [() => ones(1).expand(2 ** 53), ShapeError, /more than 2\^53/],
    [() => ones(3).expandAs(wrong([3])), ArgumentError, /^expandAs: expected other to be a Tensor/],
    [() => ones(3).broadcastTo([4]), ShapeError, /^expand: /],
    [() => ones(3).mT, ShapeError, /^mT: expected at least 2 dimensions, got \[3\]/],
    [() => tril(ones(3)), ShapeError, /^tril: expected at least 2 dimensions, got \[3\]/],
    [() => tril(ones(3, 3), 0.5), ArgumentError, /^tril: expected diagonal to be an integer, got 0.5/],
    [
      () => ones(3, 3).triu(wrong({ diag: 1 })),
      ArgumentError,
      /^triu: unknown option "diag"; expected one of diagonal/,
    ],
  ]);
});

describe('parts', () => {
  failures([
    [
      () => narrow(ones(3), 0, 2, 2),
      IndexError,
      /^narrow: 2 elements from 2 on exceed dimension 0 of size 3/,
    ],
    [() => narrow(ones(3), 0, -4, 1), IndexError, /^narrow: /],
    [() => narrow(ones(3), 0, 0, -1), IndexError, /^narrow: -1 elements/],
    [
      () => narrow(ones(3), 0, wrong('0'), 1),
      ArgumentError,
      /^narrow: expected start to be an integer, got "0"/,
    ],
    [
      () => narrow(ones(3), 0, 0, wrong(undefined)),
      ArgumentError,
      /^narrow: expected length to be an integer, got undefined/,
    ],
    [() => narrow(tensor(1), 0, 0, 1), IndexError, /^narrow: a 0-d tensor/],
    [() => select(ones(3), 0, 3), IndexError, /^select: index 3 is out of range for dimension 0 of size 3/],
    [() => select(ones(3), 0, -4), IndexError, /index -4 is out of range/],
    [() => select(ones(3), 0, wrong(0n)), ArgumentError, /^select: expected index to be an integer, got 0n/],
    [() => select(tensor(1), 0, 0), IndexError, /^select: a 0-d tensor/],
    [
      () => ones(3).at(wrong(undefined)),
      ArgumentError,
      /^select: expected index to be an integer, got undefined/,
    ],
    [() => ones(3).at(2 ** 53), ArgumentError, /got 9007199254740992/],
    [() => split(ones(3), 0), ArgumentError, /^split: expected a positive size or a list of sizes, got 0/],
    [() => split(ones(3), 1.5), ArgumentError, /got 1.5/],
    [() => split(ones(3), NaN), ArgumentError, /got NaN/],
    [() => split(ones(3), [1, 1]), ShapeError, /^split: sizes \[1, 1\] don't add up to 3/],
    [() => split(ones(3), [-1, 4]), ArgumentError, /^split: expected sizes of at least 0, got -1/],
    [() => split(ones(3), [1.5, 1.5]), ArgumentError, /^split: expected each size to be an integer, got 1.5/],
    [() => split(ones(3), wrong([Symbol('a')])), ArgumentError, /got a symbol/],
    [() => split(ones(3), new Array<number>(2 ** 32 - 1)), ArgumentError, /got undefined/],
    [
      () => split(ones(3), wrong(null)),
      ArgumentError,
      /^split: expected a positive size or a list of sizes, got null/,
    ],
    [() => split(tensor(1), 1), ShapeError, /^split: a 0-d tensor/],
    [() => split(ones(3), 1, 1), IndexError, /^split: dimension out of range/],
    [() => chunk(ones(3), 0), ArgumentError, /^chunk: expected a positive number of chunks, got 0/],
    [() => chunk(ones(3), 0.5), ArgumentError, /^chunk: expected a positive number of chunks, got 0.5/],
    [() => chunk(tensor(1), 1), ShapeError, /^chunk: a 0-d tensor/],
    [() => unbind(tensor(1)), IndexError, /^unbind: a 0-d tensor/],
    [
      () => unbind(ones(2), wrong({ axis: 0 })),
      ArgumentError,
      /^unbind: unknown option "axis"; expected one of dim/,
    ],
  ]);
});

describe('joining', () => {
  failures([
    [() => cat([]), ArgumentError, /^cat: expected a list of at least one Tensor, got an array of length 0/],
    [() => cat(wrong(ones(2))), ArgumentError, /^cat: .*got a Tensor/],
    [() => cat(wrong([ones(2), 1])), ArgumentError, /^cat: expected each element to be a Tensor, got 1/],
    [() => cat(wrong([ones(2), , ones(2)])), ArgumentError, /got undefined/],
    [() => cat(new Array<Tensor>(2 ** 32 - 1)), ArgumentError, /got undefined/],
    [
      () => cat([ones(2), ones(2, 2)]),
      ShapeError,
      /^cat: sizes must agree except in dimension 0: got \[2\] and \[2, 2\]/,
    ],
    [() => cat([ones(2, 2), ones(2, 3)]), ShapeError, /\[2, 2\] and \[2, 3\]/],
    [() => cat([tensor(1), tensor(2)]), ShapeError, /^cat: 0-d tensors have no dimension to join; use stack/],
    [() => cat([ones(2)], 1), IndexError, /^cat: dimension out of range/],
    [() => cat([ones(2)], wrong('0')), ArgumentError, /^cat: expected dim to be an integer, got "0"/],
    [() => cat([ones(2)], wrong({ axis: 0 })), ArgumentError, /^cat: unknown option "axis"/],
    [() => stack(wrong('ab')), ArgumentError, /^stack: expected a list of at least one Tensor, got "ab"/],
    [
      () => stack([ones(2), ones(3)]),
      ShapeError,
      /^stack: expected tensors of one shape, got \[2\] and \[3\]/,
    ],
    [() => stack([ones(2)], 3), IndexError, /^stack: dimension out of range: expected -2 to 1, got 3/],
    [() => stack([deep()]), ShapeError, /^stack: expected at most 63 dimensions/],
  ]);

  test('by name', () => {
    expect(cat([ones(2, 1), ones(2, 2)], { dim: 1 }).shape).toEqual([2, 3]);
    expect(stack([ones(2), ones(2)], { dim: 1 }).shape).toEqual([2, 2]);
    expect(split(ones(2, 4), 2, { dim: 1 }).map((x) => x.shape)).toEqual([
      [2, 2],
      [2, 2],
    ]);
    expect(ones(2, 3).unbind({ dim: 1 }).length).toBe(3);
    expect(ones(1, 2, 1).squeeze({ dim: 0 }).shape).toEqual([2, 1]);
    expect(ones(2, 3, 4).flatten({ startDim: 1 }).shape).toEqual([2, 12]);
    expect(ones(2, 2).tril({ diagonal: -1 }).tolist()).toEqual([
      [0, 0],
      [1, 0],
    ]);
    expect(tensor([-2, 0, 5]).clamp({ max: 1 }).tolist()).toEqual([-2, 0, 1]);
  });
});

describe('indexing', () => {
  const x = () => arange(6).reshape(2, 3);
  failures([
    [() => x().index(2), IndexError, /index 2 is out of range for dimension 0 of size 2/],
    [() => x().index(0, 0, 0), IndexError, /^index: 3 indices for a tensor of shape \[2, 3\]/],
    [
      () => x().index('1:x'),
      ArgumentError,
      /^index: expected '...' or a range such as '1:5' or '::2', got "1:x"/,
    ],
    [() => x().index('0:5:0'), ArgumentError, /^slice: expected a positive step, got 0/],
    [() => x().index('::-1'), ArgumentError, /^slice: expected a positive step, got -1/],
    [() => x().index('99999999999999999999:'), ArgumentError, /^slice: expected start to be an integer/],
    [() => x().index(1.5), IndexError, /^index: expected an integer, null, .*got 1.5/],
    [() => x().index(wrong(undefined)), IndexError, /got undefined/],
    [() => x().index(wrong({ start: 0 })), IndexError, /got an object/],
    [
      () => x().index([0, 1], [0, 1, 2]),
      IndexError,
      /^index: tensors of indices of shapes \[2\], \[3\] do not broadcast/,
    ],
    [
      () => x().index([1.5]),
      IndexError,
      /^index: expected integers or booleans in a list of indices, got 1.5/,
    ],
    [() => x().index(wrong(['0'])), ArgumentError, /^index: expected '...' or a range .*, got "0"/],
    [() => x().index([0, 5]), IndexError, /^index: 5 is out of range for 2 elements/],
    [() => x().index(int(-3)), IndexError, /out of range/],
    [
      () => x().index(ones(2)),
      IndexError,
      /^index: expected indices of dtype int64, int32 or bool, got float32/,
    ],
    [
      () => x().index(tensor([true])),
      IndexError,
      /^index: a mask of shape \[1\] does not fit dimension 0 of shape \[2, 3\]/,
    ],
    [() => x().index(...new Array<null>(200).fill(null)), IndexError, /^index: 200 items are too many/],
    [() => tensor(1).index(0), IndexError, /^index: 1 indices for a tensor of shape \[\]/],
    [
      () => x().setIndex([0], wrong('1')),
      ArgumentError,
      /^setIndex: expected the value to be a number, .*got "1"/,
    ],
    [() => x().setIndex([0], wrong(undefined)), ArgumentError, /^setIndex: .*got undefined/],
    [() => x().setIndex([0], ones(2)), ShapeError, /^copy_: /],
    [() => x().setIndex([wrong<number>(Symbol('i'))], 1), IndexError, /^setIndex: .*got a symbol/],
    [
      () => x().setIndex(new Array<number>(2 ** 32 - 1), 1),
      IndexError,
      /^setIndex: 4294967295 items are too many/,
    ],
    [() => x().setIndex([[0, 2]], 1), IndexError, /^setIndex: 2 is out of range for 2 elements/],
    [
      () =>
        x().setIndex(
          [
            [0, 1],
            [0, 1, 2],
          ],
          1,
        ),
      IndexError,
      /^setIndex: tensors of indices of shapes/,
    ],
    [
      () => x().setIndex([ones(1)], 1),
      IndexError,
      /^setIndex: expected indices of dtype int64, int32 or bool, got float32/,
    ],
    [
      () => x().setIndex([int(0, 1).reshape(1, 2)], int(1, 2)),
      ShapeError,
      /^setIndex: a value of shape \[2\] does not broadcast to \[1, 2, 3\]/,
    ],
    [() => x().setIndex([tensor([true])], 1), IndexError, /^setIndex: a mask of shape \[1\] does not fit/],
    [
      () => x().setIndex([tensor([true, false])], int(1, 2)),
      ShapeError,
      /^setIndex: a value of shape \[2\] does not broadcast to \[1, 3\]/,
    ],
    [
      () => x().setIndex([tensor([true, false])], ones(3)),
      DTypeError,
      /^setIndex: expected a value of dtype int64, got float32/,
    ],
    [() => indexSelect(x(), 0, wrong([0])), ArgumentError, /^indexSelect: expected index to be a Tensor/],
    [
      () => indexSelect(x(), 0, ones(1)),
      DTypeError,
      /^indexSelect: expected an int64 index, got float32; make it with \{ dtype: 'int64' \}/,
    ],
    [
      () => indexSelect(x(), 0, int(0, 1).reshape(1, 2)),
      IndexError,
      /^indexSelect: expected a 1-d index, got shape \[1, 2\]/,
    ],
    [
      () => indexSelect(x(), 0, int(0, 2)),
      IndexError,
      /^indexSelect: index 2 is out of range for dimension 0 with size 2/,
    ],
    [() => indexSelect(x(), 0, int(-1)), IndexError, /index -1/],
    [() => ones(2).indexAdd_(0, int(2), ones(1)), IndexError, /^indexAdd: index 2 is out of range/],
    [
      () => ones(2).indexAdd_(0, int(0), ones(2)),
      ShapeError,
      /^indexAdd_: expected a source of shape \[1\], got \[2\]/,
    ],
    [
      () => ones(2).indexAdd_(0, int(0), int(1)),
      DTypeError,
      /^indexAdd_: expected a float32 source, got int64/,
    ],
    [
      () => ones(2).indexAdd_(0, int(0), wrong(1)),
      ArgumentError,
      /^indexAdd_: expected source to be a Tensor/,
    ],
  ]);

  test('an index that is out of range writes nothing', () => {
    const y = zeros(3);
    expect(errorOf(() => y.indexAdd_(0, int(0, 1, 7), ones(3)))).toBeInstanceOf(IndexError);
    expect(errorOf(() => y.setIndex([[0, 7]], 5))).toBeInstanceOf(IndexError);
    expect(y.tolist()).toEqual([0, 0, 0]);
  });

  test('a mask may cover the first dimensions only', () => {
    const y = x().setIndex([tensor([false, true])], 9);
    expect(y.tolist()).toEqual([
      [0, 1, 2],
      [9, 9, 9],
    ]);
    y.setIndex(['...', tensor([true, false, true])], 0);
    expect(y.tolist()).toEqual([
      [0, 1, 0],
      [0, 9, 0],
    ]);
    y.setIndex([slice(1, null), tensor([true, false, false])], 7);
    expect(y.tolist()).toEqual([
      [0, 1, 0],
      [7, 9, 0],
    ]);
  });
});
