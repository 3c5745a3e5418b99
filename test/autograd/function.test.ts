import {
  Tensor,
  arange,
  autograd,
  enableGrad,
  inferenceMode,
  noGrad,
  nn,
  ones,
  randn,
  tensor,
  testing,
  zeros,
} from 'tenon';

(expect as unknown as { addEqualityTesters(testers: unknown[]): void }).addEqualityTesters([
  testing.tensorEquality,
]);

type Ctx = autograd.FunctionCtx;
const leaf = (...values: number[]) => tensor(values, { requiresGrad: true });
const float64 = (...sizes: number[]) => randn(sizes, { dtype: 'float64', requiresGrad: true });

class Exp extends autograd.Function {
  static override forward(ctx: Ctx, x: Tensor): Tensor {
    const y = x.exp();
    ctx.saveForBackward(y);
    return y;
  }
  static override backward(ctx: Ctx, grad: Tensor): Tensor {
    const [y] = ctx.savedTensors;
    return grad.mul(y!);
  }
}

/** a x + y, and the input that needs a gradient alone gets one. */
class Axpy extends autograd.Function {
  static override forward(ctx: Ctx, a: number, x: Tensor, y: Tensor | null): Tensor {
    ctx.a = a;
    return y === null ? x.mul(a) : x.mul(a).add(y);
  }
  static override backward(ctx: Ctx, grad: Tensor): (Tensor | null)[] {
    const [, x, y] = ctx.needsInputGrad;
    return [null, x === true ? grad.mul(ctx.a as number) : null, y === true ? grad : null];
  }
}

describe('a Function', () => {
  test('is differentiated by its backward, twice if that is', () => {
    const x = leaf(1, 2);
    const y = Exp.apply(x);
    expect([y.gradFn!.name, y.isLeaf, y.requiresGrad]).toEqual(['ExpBackward', false, true]);
    expect(y).toEqual(tensor([1, 2]).exp());
    y.sum().backward();
    expect(x.grad).toEqual(tensor([1, 2]).exp());
    expect(autograd.gradcheck((t) => Exp.apply(t), [float64(2, 3)])).toBe(true);
    expect(autograd.gradgradcheck((t) => Exp.apply(t).mul(t), [float64(2, 3)])).toBe(true);
  });

  test('takes other arguments than tensors', () => {
    const [x, y] = [leaf(1, 2), ones(2)];
    Axpy.apply(3, x, y).sum().backward();
    expect(x.grad).toEqual(tensor([3, 3]));
    expect(y.grad).toBeNull();
    expect(Axpy.apply(3, x, null).tolist()).toEqual([3, 6]);
    expect(autograd.gradcheck((a, b) => Axpy.apply(2, a, b), [float64(3), float64(3)])).toBe(true);
  });

  test('is not recorded without need', () => {
    expect(Exp.apply(ones(2)).requiresGrad).toBe(false);
    expect(noGrad(() => Exp.apply(leaf(1)).requiresGrad)).toBe(false);
    expect(inferenceMode(() => Exp.apply(leaf(1)).isInference())).toBe(true);
  });

  test('runs forward without recording', () => {
    const x = leaf(2);
    class Square extends autograd.Function {
      static override forward(_: Ctx, t: Tensor): Tensor {
        expect(t.mul(t).requiresGrad).toBe(false);
        return t.mul(t);
      }
      static override backward(): Tensor {
        return tensor([7]);
      }
    }
    Square.apply(x).backward();
    expect(x.grad).toEqual(tensor([7]));
  });

  test('keeps tensors by version, and until the graph is freed', () => {
    const x = leaf(1);
    const y = Exp.apply(x);
    y.add_(1);
    expect(() => y.backward()).toThrow(/ExpBackward needs .* was changed in place/);
    const z = Exp.apply(x);
    z.backward();
    expect(() => z.backward()).toThrow(/graph of ExpBackward was freed/);
    const again = Exp.apply(x);
    again.backward({ retainGraph: true });
    again.backward();
  });

  test('may set up its context apart', () => {
    class Scale extends autograd.Function {
      static override forward(x: Tensor, factor: number): Tensor {
        return x.mul(factor);
      }
      static setupContext(ctx: Ctx, inputs: readonly unknown[], output: Tensor): void {
        ctx.factor = inputs[1];
        expect(output).toBeInstanceOf(Tensor);
      }
      static override backward(ctx: Ctx, grad: Tensor): (Tensor | null)[] {
        return [grad.mul(ctx.factor as number), null];
      }
    }
    const x = leaf(1, 2);
    Scale.apply(x, 5).sum().backward();
    expect(x.grad).toEqual(tensor([5, 5]));
  });

  test('works inside of modules and loops', () => {
    const net = new nn.Linear(3, 2);
    for (let i = 0; i < 3; i++)
      Exp.apply(net.forward(ones(4, 3)))
        .sum()
        .backward();
    expect(net.weight.grad!.shape).toEqual([2, 3]);
  });

  test('sees anomalies named', () => {
    class Bad extends autograd.Function {
      static override forward(_: Ctx, x: Tensor): Tensor {
        return x.mul(1);
      }
      static override backward(_: Ctx, grad: Tensor): Tensor {
        return grad.mul(NaN);
      }
    }
    expect(() => autograd.detectAnomaly(() => Bad.apply(leaf(1)).backward())).toThrow(
      /BadBackward returned NaN/,
    );
  });
});

describe('several outputs', () => {
  const seen: (Tensor | null)[][] = [];
  class Two extends autograd.Function {
    static override forward(ctx: Ctx, x: Tensor, materialize: boolean): [Tensor, number, Tensor, Tensor] {
      ctx.setMaterializeGrads(materialize);
      return [x.mul(2), 5, x.mul(3), x.long()];
    }
    static override backward(_: Ctx, ...grads: (Tensor | null)[]): (Tensor | null)[] {
      seen.push(grads);
      const [a, , b] = grads;
      return [(a ?? zeros(2)).mul(2).add((b ?? zeros(2)).mul(3)), null];
    }
  }

  test('have one node; what is no number of floating point has no gradient', () => {
    const x = leaf(1, 2);
    const [a, n, b, whole] = Two.apply(x, true);
    expect([n, whole.requiresGrad, whole.gradFn, a.gradFn === b.gradFn, b.outputNr]).toEqual([
      5,
      false,
      null,
      true,
      1,
    ]);
    a.sum().add(b.mul(b).sum()).backward();
    expect(x.grad).toEqual(tensor([20, 38]));
  });

  test.each([
    [true, tensor([0, 0])],
    [false, null],
  ])('one without a gradient, materialize %s', (materialize, expected) => {
    seen.length = 0;
    const x = leaf(1, 2);
    Two.apply(x, materialize)[2].sum().backward();
    expect(seen[0]!.slice(0, 3)).toEqual([expected, null, tensor([1, 1])]);
    expect(x.grad).toEqual(tensor([3, 3]));
  });

  test('marked as not differentiable', () => {
    class Sort extends autograd.Function {
      static override forward(ctx: Ctx, x: Tensor): [Tensor, Tensor] {
        const floor = x.floor();
        ctx.markNonDifferentiable(floor);
        return [floor, x.mul(2)];
      }
      static override backward(_: Ctx, floor: Tensor, y: Tensor): Tensor {
        expect(floor).toEqual(zeros(2));
        return y.mul(2);
      }
    }
    const x = leaf(1.5, 2);
    const [floor, y] = Sort.apply(x);
    expect([floor.requiresGrad, floor.isLeaf, y.requiresGrad]).toEqual([false, true, true]);
    y.sum().backward();
    expect(x.grad).toEqual(tensor([2, 2]));
  });
});

describe('outputs that are inputs', () => {
  class Same extends autograd.Function {
    static override forward(_: Ctx, x: Tensor): Tensor {
      return x;
    }
    static override backward(_: Ctx, grad: Tensor): (Tensor | null)[] {
      return [grad.mul(3), null];
    }
  }
  class Double extends autograd.Function {
    static override forward(ctx: Ctx, x: Tensor): Tensor {
      ctx.markDirty(x);
      return x.mul_(2);
    }
    static override backward(_: Ctx, grad: Tensor): Tensor {
      return grad.mul(2);
    }
  }

  test('unchanged: a view that is not to be changed in place', () => {
    const x = leaf(1, 2);
    const y = Same.apply(x);
    expect(y).not.toBe(x);
    expect(() => y.add_(1)).toThrow(/can't be changed in place/);
    y.sum().backward();
    expect(x.grad).toEqual(tensor([3, 3]));
  });

  test('changed in place', () => {
    const x = leaf(1, 1, 1);
    const y = x.mul(1);
    expect([Double.apply(y), y.gradFn!.name, y._version]).toEqual([y, 'DoubleBackward', 1]);
    y.sum().backward();
    expect(x.grad).toEqual(tensor([2, 2, 2]));
    expect(() => Double.apply(x)).toThrow(/^Double: a leaf that requires a gradient can't be changed/);
    expect(() => Double.apply(x.narrow(0, 0, 1))).toThrow(/^Double: a view of a leaf/);
  });

  test('a view that is changed in place', () => {
    const x = leaf(1, 1, 1);
    const y = x.mul(1);
    Double.apply(y.narrow(0, 0, 2));
    expect(y.gradFn!.name).toBe('CopySlices');
    y.sum().backward();
    expect(x.grad).toEqual(tensor([2, 2, 1]));
  });
});

describe('onceDifferentiable', () => {
  class Sin extends autograd.Function {
    static override forward(ctx: Ctx, x: Tensor): Tensor {
      ctx.saveForBackward(x);
      return x.sin();
    }
    static override backward = autograd.onceDifferentiable((ctx: Ctx, grad: Tensor) =>
      grad.mul(ctx.savedTensors[0]!.cos()),
    );
  }
  test('gives first derivatives and no second ones', () => {
    const x = leaf(1, 2);
    Sin.apply(x).sum().backward();
    expect(x.grad).toEqual(tensor([1, 2]).cos());
    const [g] = autograd.grad(Sin.apply(x).mul(x).sum(), x, { createGraph: true });
    expect(g!.requiresGrad).toBe(true);
    expect(() => g!.sum().backward()).toThrow(
      /Sin: trying to differentiate twice a function that was marked with onceDifferentiable/,
    );
  });
});

test('_version counts changes in place, of views as well', () => {
  const x = arange(3);
  x.narrow(0, 0, 1).zero_();
  x.add_(1);
  expect([x._version, x.detach()._version, x.clone()._version]).toEqual([2, 2, 0]);
  expect(() => inferenceMode(() => ones(1))._version).toThrow(/^_version: inference tensors/);
});

test('a pass inside of another leaves that its inputs', () => {
  class Sine extends autograd.Function {
    static override forward(ctx: Ctx, x: Tensor): Tensor {
      ctx.saveForBackward(x);
      return x.sin();
    }
    static override backward(ctx: Ctx, grad: Tensor): Tensor {
      const [x] = ctx.savedTensors;
      const [slope] = enableGrad(() => autograd.grad(x!.sin().sum(), x!, { createGraph: true }));
      return grad.mul(slope!);
    }
  }
  const x = leaf(1, 2);
  const cosines = [Math.cos(1), Math.cos(2)].map(Math.fround);
  for (const inner of [x, x.mul(1)]) {
    const [g] = autograd.grad(Sine.apply(inner).sum(), x);
    g!.tolist<number[]>().forEach((n, i) => expect(n).toBeCloseTo(cosines[i]!, 6));
  }
  Sine.apply(x).sum().backward({ inputs: x });
  x.grad!.tolist<number[]>().forEach((n, i) => expect(n).toBeCloseTo(cosines[i]!, 6));
});
