import { ArgumentError, AutogradError, ShapeError, autograd, ones, tensor, type Tensor } from 'tenon';
import { failures, wrong } from './table';

const leaf = (...values: number[]) => tensor(values, { requiresGrad: true });
type Ctx = autograd.FunctionCtx;

/** Applies and differentiates a Function that returns these gradients. */
function gradients(make: (grad: Tensor) => unknown, forward?: (ctx: Ctx, x: Tensor) => unknown): () => void {
  class Custom extends autograd.Function {
    static override forward(ctx: Ctx, x: Tensor, k: number): Tensor {
      return (forward?.(ctx, x) as Tensor | undefined) ?? x.mul(k);
    }
    static override backward(_: Ctx, grad: Tensor): unknown {
      return make(grad);
    }
  }
  return () => Custom.apply(leaf(1, 2), 3).sum().backward();
}

describe('what a Function must not return', () => {
  failures([
    [
      () => gradients((g) => [g, null, g])(),
      AutogradError,
      /^CustomBackward: returned an incorrect number of gradients: expected 2, got 3/,
    ],
    [() => gradients((g) => g)(), AutogradError, /incorrect number of gradients: expected 2, got 1/],
    [
      () => gradients((g) => [g, g])(),
      AutogradError,
      /^CustomBackward: returned a gradient for argument 1, which is no Tensor; expected null, got a Tensor/,
    ],
    [
      () => gradients(() => [3, null])(),
      AutogradError,
      /^CustomBackward: expected the gradient of argument 0 to be a Tensor or null, got 3/,
    ],
    [
      () => gradients(() => [ones(3), null])(),
      ShapeError,
      /^CustomBackward: returned an invalid gradient for argument 0: expected shape \[2\], got \[3\]/,
    ],
    [() => gradients(() => [ones([]), null])(), ShapeError, /expected shape \[2\], got \[\]/],
    [
      () => gradients(() => Promise.resolve([null, null]))(),
      ArgumentError,
      /^CustomBackward: expected a synchronous function/,
    ],
    [
      () =>
        gradients(
          () => null,
          () => Promise.resolve(1),
        )(),
      ArgumentError,
      /^Custom: expected a synchronous function/,
    ],
    [
      () =>
        gradients(
          () => null,
          (ctx, x) => ctx.markDirty(x),
        )(),
      AutogradError,
      /^Custom: what markDirty was given must be returned/,
    ],
    [
      () =>
        gradients(
          () => null,
          (ctx) => ctx.saveForBackward(wrong(3)),
        )(),
      ArgumentError,
      /^saveForBackward: expected each argument to be a Tensor, got 3/,
    ],
    [
      () =>
        gradients(
          () => null,
          (ctx) => ctx.setMaterializeGrads(wrong(1)),
        )(),
      ArgumentError,
      /^setMaterializeGrads: expected a boolean, got 1/,
    ],
    [
      () =>
        gradients(
          () => null,
          (ctx) => ctx.markNonDifferentiable(wrong('x')),
        )(),
      ArgumentError,
      /^markNonDifferentiable: expected each argument to be a Tensor/,
    ],
  ]);
});

describe('what a Function must have', () => {
  class Nothing extends autograd.Function {}
  class Forward extends autograd.Function {
    static override forward(_: Ctx, x: Tensor): Tensor {
      return x.mul(2);
    }
  }
  failures([
    [() => Nothing.apply(), AutogradError, /^Nothing: a static method forward/],
    [() => Forward.apply(leaf(1)).backward(), AutogradError, /^Forward: a static method backward/],
    [
      () => autograd.Function.apply.call(wrong(null)),
      ArgumentError,
      /^apply: expected to be called on a subclass/,
    ],
    [
      () => autograd.onceDifferentiable(wrong<() => null>(3)),
      ArgumentError,
      /^onceDifferentiable: expected a function, got 3/,
    ],
  ]);
});

describe('functional', () => {
  const { jacobian, hessian, vjp, jvp, hvp, vhp } = autograd.functional;
  const constant = (): Tensor => ones(2);
  const linear = (x: Tensor): Tensor => x.sum();
  failures([
    [() => jacobian(wrong<() => Tensor>(3), ones(2)), ArgumentError, /^jacobian: expected a function, got 3/],
    [
      () => jacobian(linear, wrong<Tensor>(3)),
      ArgumentError,
      /^jacobian: expected inputs to be a Tensor, got 3/,
    ],
    [() => jacobian(linear, []), ArgumentError, /^jacobian: expected at least one of inputs/],
    [
      () => jacobian(linear, ones(2), wrong({ strct: true })),
      ArgumentError,
      /^jacobian: unknown option "strct"/,
    ],
    [
      () => jacobian(linear, ones(2, { dtype: 'int64' })),
      AutogradError,
      /^jacobian: expected inputs of floating point, got int64/,
    ],
    [
      () => jacobian(() => wrong<Tensor>(1), ones(2)),
      ArgumentError,
      /^jacobian: expected what the function returns to be a Tensor, got 1/,
    ],
    [
      () => jacobian(constant, ones(2), { strict: true }),
      AutogradError,
      /^jacobian: .* requires no gradient, which strict/,
    ],
    [
      () => jacobian((x) => x.mul(2), ones(2), { strict: true, createGraph: true }),
      AutogradError,
      /^jacobian: the derivative with respect to input 0 .* is independent of the inputs/,
    ],
    [
      () => hessian((x) => x, ones(2)),
      ShapeError,
      /^hessian: expected the function to return a tensor of one element, got shape \[2\]/,
    ],
    [
      () =>
        hessian(
          wrong((x: Tensor) => [x.sum()]),
          ones(2),
        ),
      ArgumentError,
      /^hessian: expected the function to return one Tensor/,
    ],
    [() => hessian(linear, ones(2), { strict: true }), AutogradError, /^hessian: .* strict mode/],
    [
      () => vjp((x) => x, ones(2)),
      ArgumentError,
      /^vjp: v can be left out only for one tensor of one element/,
    ],
    [() => vjp((x) => x, ones(2), ones(3)), ShapeError, /^vjp: expected v of shape \[2\], got \[3\]/],
    [
      () => vjp((x) => x, ones(2), [ones(2), ones(2)]),
      ArgumentError,
      /^vjp: expected v to be a Tensor, got an array of length 2/,
    ],
    [() => jvp((x) => x, ones(2), wrong(5)), ArgumentError, /^jvp: expected an object of options, got 5/],
    [() => jvp(constant, ones(2), ones(2), { strict: true }), AutogradError, /^jvp: .*strict/],
    [() => hvp(linear, ones(2), ones(2), { strict: true }), AutogradError, /^hvp: .*strict/],
    [() => vhp(linear, ones(2), ones(2), { strict: true }), AutogradError, /^vhp: .*strict/],
  ]);
});
