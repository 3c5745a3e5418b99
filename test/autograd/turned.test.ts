/** Tensors that become views of themselves in place, and views made before: PyTorch's values, shapes and gradients. */
import { arange, noGrad, type Tensor } from 'tenon';

const six = (): Tensor => arange(6, { dtype: 'float64' });
const weights = (x: Tensor): Tensor => six().add(1).reshape(x.shape);

/** A leaf, and what is computed from it. */
function start(...shape: number[]): [leaf: Tensor, base: Tensor] {
  const leaf = six().sub(2).reshape(shape).detach().requiresGrad_();
  return [leaf, leaf.mul(2)];
}

const weighted = (x: Tensor): Tensor => x.mul(x).mul(weights(x)).sum();
const gradient = (leaf: Tensor): unknown => leaf.grad!.flatten().tolist();

describe('a base that has views', () => {
  test('the view is changed', () => {
    const [leaf, base] = start(2, 3);
    const view = base.view(2, 3);
    base.t_();
    expect([view.gradFn!.name, base.gradFn!.name]).toEqual(['AsStridedBackward', 'TBackward']);
    view.mul_(3);
    expect([base.shape, view.shape, base._version]).toEqual([[3, 2], [2, 3], 2]);
    weighted(base)
      .add(view.mul(weights(view)).sum())
      .backward();
    expect(gradient(leaf)).toEqual([-138, -204, 18, 168, 606, 1332]);
  });

  test.each([
    ['transpose_', [2, 3], (x: Tensor) => x.transpose_(0, 1), [-288, -288, 0, 144, 576, 1296]],
    ['unsqueeze_', [2, 3], (x: Tensor) => x.unsqueeze_(0), [-288, -216, 0, 288, 720, 1296]],
    ['squeeze_', [1, 6], (x: Tensor) => x.squeeze_(), [-288, -216, 0, 360, 864, 1512]],
  ])('the base is changed after %s', (_, shape, turn, expected) => {
    const [leaf, base] = start(...shape);
    const row = base.narrow(0, 0, 1);
    turn(base);
    base.mul_(3);
    weighted(base).add(row.mul(row).sum()).backward();
    expect(gradient(leaf)).toEqual(expected);
  });

  test('the view was changed before', () => {
    const [leaf, base] = start(2, 3);
    base.view(6).mul_(3);
    weighted(base.t_()).backward();
    expect(gradient(leaf)).toEqual([-144, -216, 0, 144, 576, 1296]);
  });

  test('several, made and changed in between', () => {
    const [leaf, base] = start(2, 3);
    const v = base.view(2, 3);
    base.t_();
    const u = base.unsqueeze(1);
    base.unsqueeze_(0);
    const x = base.select(0, 0);
    base.transpose_(0, 2).transpose_(1, 2);
    v.mul_(3);
    u.mul_(2);
    x.narrow(0, 1, 1).mul_(5);
    const y = x.view(3, 2, 1);
    x.t_();
    y.mul_(7);
    x.narrow(1, 0, 2).add_(1);
    expect([base, v, x, y].map(({ shape }) => shape)).toEqual([[2, 1, 3], [2, 3], [2, 3], [3, 2, 1]]); // prettier-ignore
    expect(x.tolist()).toEqual([[-167, -419, 0], [85, 841, 252]]); // prettier-ignore
    weighted(base)
      .add(v.pow(3).mul(weights(v)).sum())
      .add(u.mul(weights(u)).sum())
      .add(x.mul(weights(x)).sum())
      .add(weighted(y))
      .backward();
    expect(gradient(leaf)).toEqual([6972084, 440656020, 672, 7368984, 4462232040, 96527088]);
  });

  test('a view made afterwards is of what the base is now', () => {
    const [leaf, base] = start(2, 3);
    base.t_().unsqueeze_(0);
    const column = base.select(1, 1);
    base.mul_(2);
    column.sum().backward();
    expect(gradient(leaf)).toEqual([0, 4, 0, 0, 4, 0]);
  });
});

describe('a view', () => {
  test('has a view of its own', () => {
    const [leaf, base] = start(2, 3);
    const view = base.view(2, 3);
    const inner = view.view(2, 3);
    view.t_();
    inner.mul_(2);
    weighted(base)
      .add(view.pow(3).sum())
      .add(inner.mul(weights(inner)).sum())
      .backward();
    expect(gradient(leaf)).toEqual([708, 136, 12, 336, 1108, 2328]);
  });

  test('without recording', () => {
    const [leaf, base] = start(2, 3);
    const view = base.view(2, 3);
    noGrad(() => view.t_());
    expect([view.shape, view._version]).toEqual([[3, 2], 1]);
    view.mul_(1); // it was made while operations were recorded
    weighted(view).add(base.sum()).backward();
    expect(gradient(leaf)).toEqual([-14, -22, 2, 18, 66, 146]);
  });
});
