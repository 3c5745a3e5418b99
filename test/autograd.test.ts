import {
  AutogradError,
  ArgumentError,
  ShapeError,
  arange,
  autograd,
  enableGrad,
  isGradEnabled,
  noGrad,
  ones,
  randn,
  tensor,
  where,
  zeros,
  type Tensor,
} from 'tenon';

const leaf = (values: number | number[] | number[][]): Tensor =>
  tensor(values, { dtype: 'float64', requiresGrad: true });

describe('backward', () => {
  test('accumulates over passes and paths', () => {
    const x = leaf([1, 2, 3]);
    x.mul(x).sum().backward();
    expect(x.grad!.tolist()).toEqual([2, 4, 6]);
    x.sum().backward();
    expect(x.grad!.tolist()).toEqual([3, 5, 7]);
    const y = leaf(2);
    const z = y.mul(3);
    z.add(z.mul(y)).backward();
    expect(y.grad!.item()).toBe(15);
  });

  test('a gradient that was looked at is not changed by later releases', () => {
    const x = leaf([1, 2]);
    x.mul(2).sum().backward();
    const g = x.grad!;
    x.grad = null;
    expect(g.tolist()).toEqual([2, 2]);
    x.mul(5).sum().backward();
    expect(g.tolist()).toEqual([2, 2]);
    expect(x.grad!.tolist()).toEqual([5, 5]);
  });

  test('takes a gradient, and needs one unless there is one element', () => {
    const x = leaf([1, 2]);
    x.mul(3).backward(tensor([1, 10], { dtype: 'float64' }));
    expect(x.grad!.tolist()).toEqual([3, 30]);
    expect(() => x.mul(3).backward()).toThrow(AutogradError);
    expect(() => x.mul(3).backward(tensor([1], { dtype: 'float64' }))).toThrow(ShapeError);
    expect(() => x.mul(3).backward(3 as never)).toThrow(ArgumentError);
    expect(() =>
      x
        .mul(3)
        .sum()
        .backward({ keepGraph: true } as never),
    ).toThrow(/unknown option/);
    expect(() => tensor([1]).backward()).toThrow(/does not require a gradient/);
  });

  test('frees its graph unless told to keep it', () => {
    const x = leaf(2);
    const y = x.mul(x);
    y.backward({ retainGraph: true });
    y.backward();
    expect(x.grad!.item()).toBe(8);
    expect(() => y.backward()).toThrow(/freed by an earlier backward pass/);
    expect(x.grad!.item()).toBe(8);
  });

  test('an error in the middle leaves no gradients behind', () => {
    const x = leaf([1, 2]);
    const a = x.mul(x);
    const b = a.exp();
    b.registerHook(() => {
      throw new Error('stop');
    });
    expect(() => b.sum().backward()).toThrow('stop');
    expect(x.grad).toBeNull();
    const again = x.mul(4).sum();
    again.backward();
    expect(x.grad!.tolist()).toEqual([4, 4]);
  });

  test('long chains need no stack', () => {
    const x = leaf(1);
    let y = x.mul(1);
    for (let i = 0; i < 50_000; i++) y = y.add(1);
    y.backward();
    expect(x.grad!.item()).toBe(1);
  });

  test('gradients of broadcast and converted operands have their shape and dtype', () => {
    const a = tensor([[1], [2]], { requiresGrad: true });
    const b = tensor([1, 2, 3], { dtype: 'float64', requiresGrad: true });
    a.mul(b).sum().backward();
    expect([a.grad!.shape, a.grad!.dtype, a.grad!.tolist()]).toEqual([[2, 1], 'float32', [[6], [6]]]);
    expect([b.grad!.shape, b.grad!.dtype, b.grad!.tolist()]).toEqual([[3], 'float64', [3, 3, 3]]);
  });

  test('inputs limits where gradients go', () => {
    const [a, b] = [leaf(2), leaf(3)];
    a.mul(b).backward({ inputs: [a] });
    expect(a.grad!.item()).toBe(3);
    expect(b.grad).toBeNull();
  });
});

describe('grad', () => {
  test('returns gradients, also of inner tensors, and accumulates none', () => {
    const x = leaf([1, 2]);
    const y = x.mul(x);
    const z = y.sum();
    const [gy, gx] = autograd.grad(z, [y, x]);
    expect([gy!.tolist(), gx!.tolist()]).toEqual([
      [1, 1],
      [2, 4],
    ]);
    expect(x.grad).toBeNull();
  });

  test('unused inputs', () => {
    const [x, y] = [leaf([1]), leaf([1, 2])];
    expect(() => autograd.grad(x.sum(), [y])).toThrow(/do not depend/);
    expect(autograd.grad(x.sum(), [y], { allowUnused: true })).toEqual([null]);
    expect(autograd.grad(x.sum(), [y], { materializeGrads: true })[0]!.tolist()).toEqual([0, 0]);
  });

  test('higher derivatives', () => {
    const x = leaf(2);
    let d: Tensor = x.pow(4);
    for (const expected of [32, 48, 48, 24]) {
      [d] = autograd.grad(d, [x], { createGraph: true }) as [Tensor];
      expect(d.item()).toBe(expected);
    }
  });

  test('a gradient penalty reaches the parameters', () => {
    const w = leaf([1, 2]);
    const x = leaf([3, 4]);
    const [g] = autograd.grad(w.mul(x).pow(2).sum(), [x], { createGraph: true }) as [Tensor];
    g.pow(2).sum().backward();
    // g = 2 w² x, so d(g²)/dw = 16 w³ x²
    expect(w.grad!.tolist()).toEqual([16 * 9, 16 * 8 * 16]);
  });
});

describe('modes', () => {
  test('noGrad and enableGrad nest and are put back, also by errors', () => {
    const x = leaf(1);
    noGrad(() => {
      expect(x.mul(2).requiresGrad).toBe(false);
      enableGrad(() => expect(x.mul(2).requiresGrad).toBe(true));
      expect(isGradEnabled()).toBe(false);
    });
    expect(() =>
      noGrad(() => {
        throw new Error('x');
      }),
    ).toThrow('x');
    expect(isGradEnabled()).toBe(true);
  });

  test('a promise is an error', () => {
    expect(() => noGrad(() => Promise.resolve(1))).toThrow(ArgumentError);
    expect(() => noGrad(3 as never)).toThrow(ArgumentError);
    expect(isGradEnabled()).toBe(true);
  });

  test('detach cuts the graph and shares storage', () => {
    const x = leaf([1, 2]);
    const y = x.mul(2);
    const d = y.detach();
    expect([d.requiresGrad, d.gradFn]).toEqual([false, null]);
    d.fill_(7);
    expect(y.tolist()).toEqual([7, 7]);
  });

  test('requiresGrad', () => {
    const x = tensor([1, 2]);
    expect(x.requiresGrad).toBe(false);
    x.requiresGrad = true;
    expect(x.isLeaf).toBe(true);
    expect(() => tensor([1], { dtype: 'int64' }).requiresGrad_()).toThrow(AutogradError);
    expect(() => x.mul(2).requiresGrad_(false)).toThrow(AutogradError);
  });

  test('gradFn names nodes as PyTorch does and links them', () => {
    const x = leaf([1, 2]);
    const y = x.mul(2).sum();
    expect(y.gradFn!.name).toBe('SumBackward');
    expect(y.gradFn!.nextFunctions[0]!.name).toBe('MulBackward');
    expect(y.gradFn!.nextFunctions[0]!.nextFunctions[0]!.name).toBe('AccumulateGrad');
  });
});

describe('hooks', () => {
  test('see and replace gradients, and can be removed', () => {
    const x = leaf([1, 2]);
    const y = x.mul(2);
    const seen: unknown[] = [];
    const handle = y.registerHook((g) => {
      seen.push(g.tolist());
      return g.mul(10);
    });
    y.sum().backward({ retainGraph: true });
    expect(seen).toEqual([[1, 1]]);
    expect(x.grad!.tolist()).toEqual([20, 20]);
    handle.remove();
    y.sum().backward();
    expect(x.grad!.tolist()).toEqual([22, 22]);
  });

  test('come before a gradient that is asked for where the pass ends, and behind it where it goes on', () => {
    const x = leaf([1, 2]);
    const y = x.mul(3);
    const z = y.mul(5);
    y.registerHook((g) => g.mul(2));
    const given = (inputs: Tensor[]): unknown =>
      autograd.grad(z.sum(), inputs, { retainGraph: true }).map((g) => g.tolist());
    expect(given([y])).toEqual([[10, 10]]);
    expect(given([x, y])).toEqual([
      [30, 30],
      [5, 5],
    ]);
  });

  test('on one of several outputs', () => {
    const x = leaf([1, 2]);
    const [a, b] = x.split(1) as [Tensor, Tensor];
    b.registerHook((g) => g.mul(2));
    const given = (inputs: Tensor[]): unknown =>
      autograd.grad(a.add(b), inputs, { retainGraph: true }).map((g) => g.tolist());
    expect(given([a, b])).toEqual([[1], [2]]);
    expect(given([b, x])).toEqual([[1], [1, 2]]);
  });

  test('an input that is named twice accumulates once', () => {
    const x = leaf([1, 2]);
    const y = x.mul(3);
    y.sum().backward({ inputs: [y, y] });
    expect(y.grad!.tolist()).toEqual([1, 1]);
  });

  test('on a leaf run once, with the sum', () => {
    const x = leaf(3);
    const seen: number[] = [];
    x.registerHook((g) => {
      seen.push(g.item());
    });
    x.mul(2).add(x.mul(5)).backward();
    expect(seen).toEqual([7]);
  });

  test('retainGrad keeps the gradient of a non-leaf', () => {
    const x = leaf([1, 2]);
    const y = x.mul(3);
    y.retainGrad();
    y.mul(y).sum().backward();
    expect(y.grad!.tolist()).toEqual([6, 12]);
    expect(y.retainsGrad).toBe(true);
  });

  test('may run a pass of their own', () => {
    const x = leaf(2);
    const w = leaf(5);
    const y = x.mul(3);
    y.registerHook(() => {
      enableGrad(() => w.mul(w)).backward();
    });
    y.mul(y).backward();
    expect(w.grad!.item()).toBe(10);
    expect(x.grad!.item()).toBe(36);
  });

  test('a wrong replacement is an error', () => {
    const x = leaf([1, 2]);
    x.registerHook(() => tensor([1]));
    expect(() => x.sum().backward()).toThrow(AutogradError);
  });
});

describe('changes in place', () => {
  test('are recorded', () => {
    const x = leaf([1, 2]);
    const y = x.mul(2);
    y.mul_(3);
    y.add_(x);
    y.sum().backward();
    expect(y.tolist()).toEqual([7, 14]);
    expect(x.grad!.tolist()).toEqual([7, 7]);
  });

  test('of a saved tensor are caught', () => {
    const x = leaf([1, 2]);
    const y = x.exp();
    const z = y.sum();
    y.mul_(2);
    expect(() => z.backward()).toThrow(/changed in place: it is at version 1, expected 0/);
  });

  test('that keep their output may be followed', () => {
    const x = leaf([0.5, -1]);
    const y = x.mul(1).sigmoid_();
    y.sum().backward();
    const s = 1 / (1 + Math.exp(-0.5));
    expect(x.grad!.at(0).item()).toBeCloseTo(s * (1 - s), 12);
  });

  test('of leaves that require gradients need noGrad', () => {
    const x = leaf([1, 2]);
    expect(() => x.add_(1)).toThrow(AutogradError);
    expect(() => x.at(0).fill_(1)).toThrow(AutogradError);
    noGrad(() => x.add_(1));
    expect(x.tolist()).toEqual([2, 3]);
  });

  test('of a view reach the base and its gradient', () => {
    const x = leaf([
      [1, 2],
      [3, 4],
    ]);
    const base = x.mul(1);
    base.at(0).mul_(10);
    expect(base.tolist()).toEqual([
      [10, 20],
      [3, 4],
    ]);
    base.mul(base).sum().backward();
    expect(x.grad!.tolist()).toEqual([
      [200, 400],
      [6, 8],
    ]);
  });

  test('of a base reach the views made before', () => {
    const x = leaf([1, 2, 3]);
    const base = x.mul(1);
    const view = base.narrow(0, 1, 2);
    base.mul_(5);
    expect(view.tolist()).toEqual([10, 15]);
    view.sum().backward();
    expect(x.grad!.tolist()).toEqual([0, 5, 5]);
  });

  test('of a view of a view, by a tensor that requires a gradient', () => {
    const base = zeros(2, 3, { dtype: 'float64' });
    const w = leaf([1, 2]);
    const column = base.t().at(1);
    column.copy_(w.mul(3));
    expect(base.tolist()).toEqual([
      [0, 3, 0],
      [0, 6, 0],
    ]);
    base
      .mul(arange(6, { dtype: 'float64' }).reshape(2, 3))
      .sum()
      .backward();
    expect(w.grad!.tolist()).toEqual([3, 12]);
    expect(column.gradFn).not.toBeNull();
  });

  test('of views can be differentiated twice', () => {
    const f = (x: Tensor): Tensor => {
      const y = x.mul(1);
      y.at(0).add_(x.at(1).mul(x.at(0)));
      return y.mul(y).sum();
    };
    const x = tensor([2, 3, 5], { dtype: 'float64', requiresGrad: true });
    expect(autograd.gradcheck(f, [x])).toBe(true);
    expect(autograd.gradgradcheck(f, [x])).toBe(true);
  });

  test('of which the derivative is missing are found', () => {
    const x = tensor([2, 3], { dtype: 'float64', requiresGrad: true });
    expect(() => autograd.gradcheck((t) => t.detach().sin(), [x])).toThrow(
      /^gradcheck: d output 0\[0\] \/ d input 0\[0\] is 0, the difference quotient -0.4/,
    );
    expect(autograd.gradcheck((t) => t.detach().sign(), [x])).toBe(true);
    class Once extends autograd.Function {
      static override forward(ctx: autograd.FunctionCtx, t: Tensor): Tensor {
        ctx.saveForBackward(t);
        return t.square();
      }
      static override backward(ctx: autograd.FunctionCtx, grad: Tensor): Tensor {
        return grad.mul(ctx.savedTensors[0]!.detach().mul(2));
      }
    }
    expect(autograd.gradcheck((t) => Once.apply(t), [x])).toBe(true);
    expect(() => autograd.gradgradcheck((t) => Once.apply(t), [x])).toThrow(/^gradcheck: d output 0/);
    class Forgetful extends autograd.Function {
      static override forward(_: autograd.FunctionCtx, t: Tensor): Tensor {
        return t.mul(2);
      }
      static override backward(_: autograd.FunctionCtx, grad: Tensor): Tensor {
        return grad.mul(isGradEnabled() ? 0 : 2);
      }
    }
    expect(() => autograd.gradgradcheck((t) => Forgetful.apply(t), [x])).toThrow(
      /^gradgradcheck: d outputs \/ d input 0\[0\] is 0 with createGraph, -0.8 without/,
    );
  });

  test('of an integer tensor by a floating result are errors', () => {
    expect(() => tensor([1, 2], { dtype: 'int64' }).add_(0.5)).toThrow(/int64 can't hold/);
    expect(() => ones(2).add_(ones(3, 2))).toThrow(ShapeError);
  });

  test('through overlapping views read what was there before', () => {
    const x = arange(5, { dtype: 'float32' });
    x.narrow(0, 1, 4).add_(x.narrow(0, 0, 4));
    expect(x.tolist()).toEqual([0, 1, 3, 5, 7]);
    const m = arange(4, { dtype: 'float32' }).reshape(2, 2);
    m.copy_(m.t());
    expect(m.tolist()).toEqual([
      [0, 2],
      [1, 3],
    ]);
  });
});

test('gradcheck finds wrong gradients', () => {
  const x = randn(3, { dtype: 'float64', requiresGrad: true });
  expect(() => autograd.gradcheck((t) => t.mul(t.detach()), [x])).toThrow(/gradcheck/);
  expect(() => autograd.gradcheck((t) => t, [tensor([1]).requiresGrad_()])).toThrow(/float64/);
  // An infinite quotient lets no finite derivative through.
  const jump = (t: Tensor): Tensor => where(t.gt(1), t.detach().mul(Infinity), t);
  expect(() => autograd.gradcheck(jump, [leaf([1])])).toThrow(/quotient Infinity/);
});

test('gradients of parts come together in the order of the whole, with zeros where a part has none', () => {
  const w = arange(24, { dtype: 'float32', requiresGrad: true });
  const [a, b] = w.view(2, 3, 4).permute(1, 0, 2).unbind(0);
  a!.mul(2).sum().add(b!.mul(3).sum()).backward();
  const row = [2, 2, 2, 2, 3, 3, 3, 3, 0, 0, 0, 0];
  expect(w.grad!.tolist()).toEqual([...row, ...row]);
  const v = arange(6, { dtype: 'float32', requiresGrad: true });
  const [p, q] = v.view(2, 3).t().split([1, 2]);
  p!.sum().mul(5).add(q!.sum()).backward();
  expect(v.grad!.tolist()).toEqual([5, 1, 1, 5, 1, 1]);
});
