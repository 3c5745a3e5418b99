import {
  ArgumentError,
  AutogradError,
  ShapeError,
  autograd,
  enableGrad,
  isGradEnabled,
  noGrad,
  ones,
  setGradEnabled,
  tensor,
  zeros,
  type Tensor,
} from 'tenon';
import { errorOf, expectError, failures, wrong } from './table';

const leaf = (...values: number[]) => tensor(values, { requiresGrad: true });
const { backward, grad, gradcheck, gradgradcheck } = autograd;

describe('requiresGrad', () => {
  failures([
    [
      () => zeros(2, { dtype: 'int64' }).requiresGrad_(),
      AutogradError,
      /^requiresGrad_: only floating-point .* got int64/,
    ],
    [() => (zeros(2, { dtype: 'bool' }).requiresGrad = true), AutogradError, /got bool/],
    [() => ones(2).requiresGrad_(wrong(1)), ArgumentError, /^requiresGrad_: expected a boolean, got 1/],
    [() => (ones(2).requiresGrad = wrong('true')), ArgumentError, /got "true"/],
    [
      () => leaf(1).mul(2).requiresGrad_(false),
      AutogradError,
      /^requiresGrad_: only a leaf .* use detach\(\)/,
    ],
    [() => leaf(1, 2).mul(2).at(0).detach_(), AutogradError, /^detach_: a view can't be detached in place/],
  ]);
});

describe('grad', () => {
  failures([
    [() => (leaf(1).grad = wrong(1)), ArgumentError, /^grad: expected a Tensor or null, got 1/],
    [() => (leaf(1).grad = wrong(undefined)), ArgumentError, /got undefined/],
    [
      () => (leaf(1).grad = ones(2)),
      ArgumentError,
      /^grad: expected a float32 tensor of shape \[1\], got float32 of shape \[2\]/,
    ],
    [() => (leaf(1).grad = ones(1, { dtype: 'float64' })), ArgumentError, /got float64 of shape \[1\]/],
    [
      () => {
        const x = leaf(1);
        x.grad = x;
      },
      ArgumentError,
      /^grad: a tensor can't be its own gradient/,
    ],
    [
      () => {
        const x = leaf(1, 2);
        x.grad = ones(1).expand(2);
        x.sum().backward();
      },
      ArgumentError,
      /^backward: elements of an expanded tensor/,
    ],
  ]);
});

describe('backward', () => {
  failures([
    [
      () => ones(1).backward(),
      AutogradError,
      /^backward: the tensor does not require a gradient and has no gradFn/,
    ],
    [
      () => leaf(1, 2).backward(),
      AutogradError,
      /^backward: a gradient can be left out only .* got shape \[2\]/,
    ],
    [
      () => leaf(1, 2).backward(ones(3)),
      ShapeError,
      /^backward: expected a gradient of shape \[2\], got \[3\]/,
    ],
    [
      () => leaf(1).backward(wrong('1')),
      ArgumentError,
      /^backward: expected a gradient \(a Tensor\) or options, got "1"/,
    ],
    [() => leaf(1).backward(wrong([ones(1)])), ArgumentError, /^backward: unknown option "0"/],
    [
      () => leaf(1).backward(null, wrong(null)),
      ArgumentError,
      /^backward: expected an object of options, got null/,
    ],
    [
      () => leaf(1).backward(wrong({ keepGraph: true })),
      ArgumentError,
      /^backward: unknown option "keepGraph"; expected one of gradTensors, retainGraph/,
    ],
    [
      () => leaf(1).backward({ retainGraph: wrong<boolean>(1) }),
      ArgumentError,
      /^backward: expected retainGraph to be a boolean, got 1/,
    ],
    [
      () => leaf(1).backward({ createGraph: wrong<boolean>('no') }),
      ArgumentError,
      /^backward: expected createGraph to be a boolean/,
    ],
    [() => leaf(1).backward({ inputs: [] }), ArgumentError, /^backward: expected at least one input/],
    [
      () => leaf(1).backward({ inputs: wrong<Tensor[]>(3) }),
      ArgumentError,
      /^backward: expected a list of inputs, got 3/,
    ],
    [
      () => leaf(1).backward({ inputs: [ones(1)] }),
      AutogradError,
      /^backward: one of the inputs does not require a gradient/,
    ],
    [
      () => leaf(1).backward({ inputs: wrong<Tensor[]>([3]) }),
      ArgumentError,
      /^backward: expected each of inputs to be a Tensor, got 3/,
    ],
    [
      () => backward(wrong(undefined)),
      ArgumentError,
      /^backward: expected what is differentiated to be a Tensor, got undefined/,
    ],
    [() => backward(wrong([leaf(1), , leaf(1)])), ArgumentError, /got undefined/],
    [
      () => backward([leaf(1)], [ones(1), ones(1)]),
      ArgumentError,
      /^backward: got 1 tensors and 2 gradients/,
    ],
    [
      () => backward([leaf(1)], wrong([2])),
      ArgumentError,
      /^backward: expected the gradient to be a Tensor, got 2/,
    ],
    [
      () => grad(wrong<Tensor>(null), leaf(1)),
      ArgumentError,
      /^grad: expected what is differentiated to be a Tensor, got null/,
    ],
    [
      () => grad(leaf(1), wrong<Tensor>(null)),
      ArgumentError,
      /^grad: expected each of inputs to be a Tensor, got null/,
    ],
    [() => grad(leaf(1).mul(2), []), ArgumentError, /^grad: expected at least one input/],
    [
      () => grad(leaf(1).mul(2), leaf(1)),
      AutogradError,
      /^grad: the outputs do not depend on input 0; pass \{ allowUnused: true \}/,
    ],
    [
      () => grad(leaf(1), leaf(1), wrong<object>({ allowUnuse: true })),
      ArgumentError,
      /^grad: unknown option "allowUnuse"/,
    ],
    [
      () => grad(leaf(1), leaf(1), { allowUnused: wrong<boolean>(1) }),
      ArgumentError,
      /^grad: expected allowUnused to be a boolean, got 1/,
    ],
    [
      () => grad([leaf(1)], leaf(1), { gradOutputs: [ones(1), null] }),
      ArgumentError,
      /^grad: got 1 outputs and 2 gradOutputs/,
    ],
    [
      () => {
        const y = leaf(2).exp();
        y.backward();
        y.backward();
      },
      AutogradError,
      /^backward: the graph of ExpBackward was freed by an earlier backward pass: pass \{ retainGraph: true \}/,
    ],
    [
      () => {
        const y = leaf(2).exp();
        const z = y.mul(y);
        y.add_(1);
        z.backward();
      },
      AutogradError,
      /^backward: a tensor that MulBackward needs \(float32, shape \[1\]\) was changed in place: it is at version 1, expected 0/,
    ],
    [
      () => {
        const x = leaf(2, 3);
        const y = x.detach().clone();
        const z = x.mul(y).sum();
        noGrad(() => y.at(0).zero_());
        z.backward();
      },
      AutogradError,
      /was changed in place/,
    ],
  ]);

  test('after a failure the gradients are as they were, and the next pass works', () => {
    const x = leaf(2, 3);
    x.grad = ones(2);
    const y = x.exp();
    const z = y.sum();
    y.mul_(2);
    expect(errorOf(() => z.backward())).toBeInstanceOf(AutogradError);
    expect(x.grad.tolist()).toEqual([1, 1]);
    expect(isGradEnabled()).toBe(true);
    x.mul(3).sum().backward();
    expect(x.grad.tolist()).toEqual([4, 4]);
  });
});

describe('changes in place', () => {
  failures([
    [
      () => leaf(1).add_(1),
      AutogradError,
      /^add_: a leaf that requires a gradient can't be changed in place, except within noGrad\(\)/,
    ],
    [() => leaf(1, 2).at(0).zero_(), AutogradError, /^zero_: a view of a leaf that requires a gradient/],
    [() => leaf(1).uniform_(), AutogradError, /^uniform_: a leaf/],
    [() => leaf(1, 2).setIndex([0], 1), AutogradError, /a view of a leaf/],
  ]);
});

describe('hooks', () => {
  const withHook = (hook: unknown) => () => {
    const x = leaf(1, 2);
    const y = x.mul(2);
    y.registerHook(hook as () => null);
    y.sum().backward();
  };
  failures([
    [() => leaf(1).registerHook(wrong('f')), ArgumentError, /^registerHook: expected a function, got "f"/],
    [
      () => ones(1).registerHook(() => null),
      AutogradError,
      /^registerHook: the tensor does not require a gradient/,
    ],
    [() => ones(1).retainGrad(), AutogradError, /^retainGrad: the tensor does not require a gradient/],
  ]);
  test.each([
    [
      'a number',
      3,
      /^hook: expected a float32 tensor of shape \[2\] in place of the gradient \(or nothing\), got 3/,
    ],
    ['text', 'g', /got "g"/],
    ['false', false, /got false/],
    ['a list', [1, 2], /got an array of length 2/],
    ['another shape', ones(3), /got a Tensor/],
    ['another dtype', ones(2, { dtype: 'float64' }), /got a Tensor/],
    ['a promise', Promise.resolve(ones(2)), /got a Promise/],
  ])('that return %s', (_, result, message) => {
    expectError(
      withHook(() => result),
      AutogradError,
      message,
    );
  });

  test('that throw end the pass with their own error', () => {
    const mine = new RangeError('mine');
    expect(
      errorOf(
        withHook(() => {
          throw mine;
        }),
      ),
    ).toBe(mine);
    expect(isGradEnabled()).toBe(true);
  });

  test('that dispose of the gradient', () => {
    expectError(
      withHook((g: Tensor) => g.dispose()),
      ArgumentError,
      /disposed/,
    );
    const x = leaf(1);
    x.registerHook((g) => g.dispose());
    expectError(() => x.mul(2).backward(), ArgumentError, /disposed/);
    expect(x.grad).toBeNull();
  });

  test('may be removed twice', () => {
    const x = leaf(1);
    const handle = x.registerHook(() => ones(1).mul(100));
    handle.remove();
    handle.remove();
    x.mul(2).backward();
    expect(x.grad!.item()).toBe(2);
  });
});

describe('modes', () => {
  failures([
    [() => noGrad(wrong(undefined)), ArgumentError, /^noGrad: expected a function, got undefined/],
    [() => enableGrad(wrong(ones(1))), ArgumentError, /^enableGrad: expected a function, got a Tensor/],
    [
      () => noGrad(() => Promise.resolve(1)),
      ArgumentError,
      /^noGrad: expected a synchronous function, got one that returns a promise/,
    ],
    [
      () => enableGrad(async () => Promise.reject(new Error('lost'))),
      ArgumentError,
      /^enableGrad: expected a synchronous/,
    ],
    [() => setGradEnabled(wrong(0)), ArgumentError, /^setGradEnabled: expected a boolean, got 0/],
  ]);

  test('are put back when the function fails', () => {
    expect(() =>
      noGrad(() => {
        throw new Error('inside');
      }),
    ).toThrow('inside');
    expect(isGradEnabled()).toBe(true);
    expect(errorOf(() => noGrad(() => Promise.resolve(1)))).toBeInstanceOf(ArgumentError);
    expect(isGradEnabled()).toBe(true);
  });
});

test('the promise that a scope refused does not end the process when it is rejected', async () => {
  const lost = jest.fn();
  process.on('unhandledRejection', lost);
  expectError(
    () => noGrad(() => Promise.reject(new Error('lost'))),
    ArgumentError,
    /^noGrad: expected a synchronous/,
  );
  await new Promise((resolve) => setTimeout(resolve, 20));
  process.off('unhandledRejection', lost);
  expect(lost).not.toHaveBeenCalled();
});

describe('gradcheck', () => {
  const x = () => tensor([1, 2], { dtype: 'float64', requiresGrad: true });
  failures([
    [() => gradcheck(wrong(null), [x()]), ArgumentError, /^gradcheck: expected a function, got null/],
    [
      () => gradcheck((t) => t, wrong(x())),
      ArgumentError,
      /^gradcheck: expected a list of inputs, got a Tensor/,
    ],
    [
      () => gradcheck((t) => t, wrong([1])),
      ArgumentError,
      /^gradcheck: expected each of inputs to be a Tensor, got 1/,
    ],
    [
      () => gradcheck((t) => t, [ones(1)]),
      ArgumentError,
      /^gradcheck: expected at least one input that requires/,
    ],
    [() => gradcheck((t) => t, [leaf(1)]), ArgumentError, /^gradcheck: expected float64 inputs, got float32/],
    [
      () => gradcheck((t) => t, [x()], wrong({ epsilon: 1 })),
      ArgumentError,
      /^gradcheck: unknown option "epsilon"/,
    ],
    [
      () => gradcheck(() => wrong(undefined), [x()]),
      ArgumentError,
      /^gradcheck: expected what the function returns to be a Tensor, got undefined/,
    ],
    [
      () => gradcheck((t) => t.detach().mul(t), [x()]),
      AutogradError,
      /^gradcheck: d output 0\[0\] \/ d input 0\[0\] is 1, the difference quotient/,
    ],
    [
      () => gradgradcheck(() => wrong('y'), [x()]),
      ArgumentError,
      /^gradgradcheck: expected what the function returns/,
    ],
    [
      () => gradgradcheck((t) => t, wrong(undefined)),
      ArgumentError,
      /^gradgradcheck: expected a list of inputs/,
    ],
  ]);
});
