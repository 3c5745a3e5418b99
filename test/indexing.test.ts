/** index and setIndex against Python's x[…]. */
import { arange, emptyLike, ones, slice, tensor, zeros, type Tensor } from 'tenon';

const x = (): Tensor => arange(12).reshape(3, 4);

describe('index', () => {
  test.each<[string, Tensor, unknown]>([
    ['x[1]', x().index(1), [4, 5, 6, 7]],
    ['x[-1, 2]', x().index(-1, 2), 10],
    ['x[..., 0]', x().index('...', 0), [0, 4, 8]],
    [
      'x[:, 1:3]',
      x().index(':', '1:3'),
      [
        [1, 2],
        [5, 6],
        [9, 10],
      ],
    ],
    ['x[::2, -1]', x().index('::2', -1), [3, 11]],
    [
      'x[slice(1, None), slice(None, 2)]',
      x().index(slice(1, null), slice(2)),
      [
        [4, 5],
        [8, 9],
      ],
    ],
    ['x[slice(1, None, 2)]', x().index(slice(1, undefined as never, 2)), [[4, 5, 6, 7]]],
    ['x[5:, 0]', x().index('5:', 0), []],
    ['x[-2:-1]', x().index('-2:-1'), [[4, 5, 6, 7]]],
    ['x[None, 0]', x().index(null, 0), [[0, 1, 2, 3]]],
    ['x[0, None, ..., 1]', x().index(0, null, '...', 1), [1]],
    [
      'x[[2, 0, -1]]',
      x().index([2, 0, -1]),
      [
        [8, 9, 10, 11],
        [0, 1, 2, 3],
        [8, 9, 10, 11],
      ],
    ],
    [
      'x[:, [1, 1]]',
      x().index(':', [1, 1]),
      [
        [1, 1],
        [5, 5],
        [9, 9],
      ],
    ],
    ['x[1, [0, 3]]', x().index(1, [0, 3]), [4, 7]],
    ['x[[]]', x().index([]), []],
    [
      'x[[[0, 1], [1, 2]], 0]',
      x().index(
        [
          [0, 1],
          [1, 2],
        ],
        0,
      ),
      [
        [0, 4],
        [4, 8],
      ],
    ],
    [
      'x[[True, False, True]]',
      x().index([true, false, true]),
      [
        [0, 1, 2, 3],
        [8, 9, 10, 11],
      ],
    ],
    ['x[x > 8]', x().index(x().gt(8)), [9, 10, 11]],
    [
      'x[:, x[0] > 1]',
      x().index(':', x().at(0).gt(1)),
      [
        [2, 3],
        [6, 7],
        [10, 11],
      ],
    ],
    ['x[x > 100]', x().index(x().gt(100)), []],
    ['x[tensor(1)]', x().index(tensor(1n)), [4, 5, 6, 7]],
    ['x[uint8 mask]', x().index(tensor([0, 1, 0], { dtype: 'uint8' })), [[4, 5, 6, 7]]],
    ['x[True]', x().index(tensor(true)), [x().tolist()]],
  ])('%s', (_, got, expected) => {
    expect(got.tolist()).toEqual(expected);
  });

  test('gives views where it can', () => {
    const y = x();
    y.index('1:', 0).fill_(-1);
    expect(y.tolist()).toEqual([
      [0, 1, 2, 3],
      [-1, 5, 6, 7],
      [-1, 9, 10, 11],
    ]);
    y.index([0]).fill_(-1);
    expect(y.at(0).tolist()).toEqual([0, 1, 2, 3]);
  });

  test('lets gradients through', () => {
    const w = ones(3, 2, { requiresGrad: true });
    w.index([0, 0, 2])
      .sum()
      .add(w.index(1, '1:').sum())
      .add(w.index(w.detach().gt(2)).sum())
      .backward();
    expect(w.grad!.tolist()).toEqual([
      [2, 2],
      [0, 1],
      [1, 1],
    ]);
  });
});

describe('setIndex', () => {
  const set = (items: Parameters<Tensor['setIndex']>[0], value: Tensor | number): unknown =>
    zeros(3, 4).setIndex(items, value).tolist();
  test.each<[string, unknown, number[][]]>([
    [
      'a row',
      set([1], 5),
      [
        [0, 0, 0, 0],
        [5, 5, 5, 5],
        [0, 0, 0, 0],
      ],
    ],
    [
      'an item',
      set([-1, 0], 5),
      [
        [0, 0, 0, 0],
        [0, 0, 0, 0],
        [5, 0, 0, 0],
      ],
    ],
    [
      'one item that is no list',
      set(0, 2),
      [
        [2, 2, 2, 2],
        [0, 0, 0, 0],
        [0, 0, 0, 0],
      ],
    ],
    [
      'a range',
      set([':2', '::3'], tensor([1, 2])),
      [
        [1, 0, 0, 2],
        [1, 0, 0, 2],
        [0, 0, 0, 0],
      ],
    ],
    [
      'rows of a list',
      set([[2, 0]], tensor([[1], [2]])),
      [
        [2, 2, 2, 2],
        [0, 0, 0, 0],
        [1, 1, 1, 1],
      ],
    ],
    [
      'columns of a list',
      set(['...', [1, -1]], tensor([7, 8])),
      [
        [0, 7, 0, 8],
        [0, 7, 0, 8],
        [0, 7, 0, 8],
      ],
    ],
    [
      'within a row',
      set([1, [0, 2]], tensor([7, 8])),
      [
        [0, 0, 0, 0],
        [7, 0, 8, 0],
        [0, 0, 0, 0],
      ],
    ],
    [
      'an int index tensor',
      set([tensor([1n])], 3),
      [
        [0, 0, 0, 0],
        [3, 3, 3, 3],
        [0, 0, 0, 0],
      ],
    ],
    [
      'a mask',
      set([x().remainder(5).eq(0)], 1),
      [
        [1, 0, 0, 0],
        [0, 1, 0, 0],
        [0, 0, 1, 0],
      ],
    ],
    [
      'a mask and a tensor of one element',
      set([x().gt(10)], tensor([[6]])),
      [
        [0, 0, 0, 0],
        [0, 0, 0, 0],
        [0, 0, 0, 6],
      ],
    ],
  ])('%s', (_, got, expected) => {
    expect(got).toEqual(expected);
  });

  test('is recorded', () => {
    const v = tensor([1, 2], { requiresGrad: true });
    const y = zeros(3);
    y.setIndex([[2, 0]], v);
    y.mul(tensor([10, 1, 100]))
      .sum()
      .backward();
    expect(v.grad!.tolist()).toEqual([100, 10]);
  });
});

test('index* methods that write', () => {
  const y = zeros(3, 2);
  y.indexAdd_(0, tensor([0n, 0n, 2n]), ones(3, 2));
  expect(y.tolist()).toEqual([
    [2, 2],
    [0, 0],
    [1, 1],
  ]);
  expect(y.where(y.gt(0), -1).tolist()).toEqual([
    [2, 2],
    [-1, -1],
    [1, 1],
  ]);
  expect(y.maskedFill(y.eq(0), tensor(9)).at(1).tolist()).toEqual([9, 9]);
  expect(y.split([1, 2]).map((part) => part.shape)).toEqual([
    [1, 2],
    [2, 2],
  ]);
  expect(emptyLike(y).shape).toEqual([3, 2]);
});
