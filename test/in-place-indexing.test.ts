/** Functions of indices and views in place: what they give and what autograd makes of them, on tensors and on views. */
import { type Tensor, arange, autograd, emptyStrided, noGrad, ones, randn, tensor, zeros } from 'tenon';

const int = (...values: number[]) => tensor(values, { dtype: 'int64' });
const places = () => tensor([[0, 2, 1, 0]], { dtype: 'int64' });
const mask = () => tensor([[true, false, true, true]]);

type Call = (x: Tensor, y: Tensor) => Tensor;

/** The change in place, and the function that gives the same. */
const PAIRS: Record<string, [inPlace: Call, copy: Call]> = {
  scatter_: [(x, y) => x.scatter_(0, places(), y), (x, y) => x.scatter(0, places(), y)],
  'scatter_ of a number': [(x) => x.scatter_(0, places(), 2), (x) => x.scatter(0, places(), 2)],
  scatterAdd_: [(x, y) => x.scatterAdd_(0, places(), y), (x, y) => x.scatterAdd(0, places(), y)],
  indexCopy_: [(x, y) => x.indexCopy_(0, int(1), y), (x, y) => x.indexCopy(0, int(1), y)],
  indexFill_: [
    (x, y) => x.indexFill_(1, int(1), y.at(0).at(0)),
    (x, y) => x.indexFill(1, int(1), y.at(0).at(0)),
  ],
  indexPut_: [(x, y) => x.indexPut_([int(1)], y), (x, y) => x.indexPut([int(1)], y)],
  'indexPut_, added': [(x, y) => x.indexPut_([int(1)], y, true), (x, y) => x.indexPut([int(1)], y, true)],
  put_: [(x, y) => x.put_(int(0, 1, 5, -1), y), (x, y) => x.put(int(0, 1, 5, -1), y)],
  maskedScatter_: [
    (x, y) => x.maskedScatter_(mask(), y.repeat(3, 1)),
    (x, y) => x.maskedScatter(mask(), y.repeat(3, 1)),
  ],
  tril_: [(x) => x.tril_(), (x) => x.tril()],
  triu_: [(x) => x.triu_(1), (x) => x.triu(1)],
  copy_: [(x) => x.copy_(3), (x) => x.mul(0).add(3)],
  fillDiagonal_: [
    (x) => x.fillDiagonal_(5),
    (x) => x.diagonalScatter(tensor([5, 5, 5], { dtype: 'float64' })),
  ],
};
for (const reduce of ['sum', 'prod', 'mean', 'amax', 'amin'] as const)
  for (const includeSelf of [true, false]) {
    PAIRS[`scatterReduce_ ${reduce} ${includeSelf}`] = [
      (x, y) => x.scatterReduce_(0, places(), y, reduce, { includeSelf }),
      (x, y) => x.scatterReduce(0, places(), y, reduce, { includeSelf }),
    ];
    if (reduce === 'sum') continue;
    PAIRS[`indexReduce_ ${reduce} ${includeSelf}`] = [
      (x, y) => x.indexReduce_(0, int(1), y, reduce, { includeSelf }),
      (x, y) => x.indexReduce(0, int(1), y, reduce, { includeSelf }),
    ];
  }

const leaf = (...size: number[]) => randn(size, { dtype: 'float64' }).requiresGrad_();

describe.each(Object.entries(PAIRS))('%s', (_, [inPlace, copy]) => {
  test('changes its tensor', () => {
    const [x, y] = [leaf(3, 4).detach(), leaf(1, 4).detach()];
    const expected = copy(x.clone(), y).tolist();
    expect(inPlace(x, y)).toBe(x);
    expect(x.tolist()).toEqual(expected);
    const t = x.t().contiguous().t();
    inPlace(t, y);
    expect(t.tolist()).toEqual(copy(x.clone(), y).tolist());
  });

  test.each(['a tensor', 'a view', 'a transposed view'])('gradients of %s', (of) => {
    const [x, y] = [leaf(3, 4), leaf(1, 4)];
    const weights = arange(12, { dtype: 'float64' }).reshape(3, 4).add(1);
    const part = (whole: Tensor): Tensor =>
      of === 'a tensor' ? whole : of === 'a view' ? whole.narrow(0, 1, 3) : whole.t().narrow(0, 1, 3);
    const around = (t: Tensor): Tensor => {
      const whole = zeros(of === 'a transposed view' ? [4, 5] : of === 'a view' ? [5, 4] : [3, 4], {
        dtype: 'float64',
      });
      part(whole).copy_(t);
      return whole;
    };
    const changed = around(x);
    inPlace(part(changed), y);
    const expected = copy(x, y);
    expect(part(changed).tolist()).toEqual(expected.tolist());
    const grads = (out: Tensor) =>
      autograd
        .grad([out.mul(weights).sum()], [x, y], { allowUnused: true })
        .map((g) => (g === null || g.eq(0).all().item() === 1 ? null : g.tolist()));
    expect(grads(part(changed))).toEqual(grads(expected));
  });
});

describe('views in place', () => {
  const CASES: [string, (x: Tensor) => Tensor, (x: Tensor) => Tensor][] = [
    ['t_', (x) => x.t_(), (x) => x.t()],
    ['transpose_', (x) => x.transpose_(0, 1), (x) => x.transpose(0, 1)],
    ['unsqueeze_', (x) => x.unsqueeze_(1), (x) => x.unsqueeze(1)],
    ['squeeze_', (x) => x.unsqueeze_(0).squeeze_(0), (x) => x],
  ];

  test.each(CASES)('%s', (_, inPlace, copy) => {
    const x = leaf(2, 3);
    const y = x.mul(2);
    const view = y.narrow(1, 0, 2);
    expect(inPlace(y)).toBe(y);
    expect(y.tolist()).toEqual(copy(x.mul(2)).tolist());
    expect(y.shape).toEqual(copy(x).shape);
    expect(y.stride()).toEqual(copy(x).stride());
    y.mul(y.detach().clone()).sum().backward();
    expect(x.grad!.tolist()).toEqual(x.mul(4).tolist());
    expect(view.tolist()).toEqual(x.mul(2).narrow(1, 0, 2).tolist());
    // Of a view: the base keeps its shape.
    const base = leaf(2, 3).mul(1);
    const part = base.narrow(0, 0, 2);
    inPlace(part);
    part.mul_(3);
    expect(base.shape).toEqual([2, 3]);
    expect(base.gradFn!.name).toBe('CopySlices');
    expect(part.tolist()).toEqual(copy(base).tolist());
    // Of a leaf, which then has gradients of the new shape.
    const z = leaf(2, 3);
    noGrad(() => inPlace(z));
    expect(z.requiresGrad).toBe(true);
    z.sum().backward();
    expect(z.grad!.shape).toEqual(z.shape);
  });

  test('what needs the old sizes for its derivative says so', () => {
    const x = leaf(2, 3);
    const y = x.exp();
    y.t_();
    expect(() => y.sum().backward()).toThrow(/changed in place/);
  });

  test('memory is the same and goes when the tensor goes', () => {
    const x = ones(2, 3);
    const y = x.view(6);
    x.t_();
    x.fill_(7);
    expect(y.tolist()).toEqual([7, 7, 7, 7, 7, 7]);
    for (let i = 0; i < 1e4; i++) ones(64, 64).t_().unsqueeze_(0);
    x.dispose();
    expect(y.tolist()).toEqual([7, 7, 7, 7, 7, 7]);
  });
});

test('emptyStrided has the strides asked for', () => {
  const x = emptyStrided([2, 3], [1, 2], { dtype: 'int32' });
  expect([x.shape, x.stride(), x.dtype]).toEqual([[2, 3], [1, 2], 'int32']);
  expect(emptyStrided([0, 3], [3, 1]).shape).toEqual([0, 3]);
  expect(emptyStrided({ size: [2], stride: [2], requiresGrad: true }).requiresGrad).toBe(true);
});

test('asStrided is a view that changes go through', () => {
  const x = leaf(3, 4);
  const y = x.mul(1);
  y.asStrided([3], [5]).mul_(2);
  y.sum().backward();
  expect(x.grad!.tolist()).toEqual([
    [2, 1, 1, 1],
    [1, 2, 1, 1],
    [1, 1, 2, 1],
  ]);
  expect(y.narrow(0, 1, 2).asStrided([2], [1]).tolist()).toEqual(y.at(1).narrow(0, 0, 2).tolist());
});

test('operands may be on the memory that changes', () => {
  const x = arange(4);
  expect(x.scatter_(0, x.flip(0), x).tolist()).toEqual([3, 2, 1, 0]);
  expect(x.scatterReduce_(0, x, x, 'amax', { includeSelf: false }).tolist()).toEqual([0, 1, 2, 3]);
  expect(x.put_(x, x.t()).tolist()).toEqual([0, 1, 2, 3]);
  expect(x.indexCopy_(0, int(0, 1), x.narrow(0, 2, 2)).tolist()).toEqual([2, 3, 2, 3]);
  expect(x.maskedScatter_(x.gt(2), x).tolist()).toEqual([2, 2, 2, 3]);
});
