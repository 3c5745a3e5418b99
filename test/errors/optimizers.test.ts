import { ArgumentError, nn, noGrad, ones, optim, type Tensor } from 'tenon';
import { expectError, failures, wrong } from './table';

describe('optimizers', () => {
  const p = () => new nn.Parameter(ones(2));
  const { SGD } = optim;
  failures([
    [
      () => new SGD(wrong(undefined)),
      ArgumentError,
      /^SGD: expected a list of parameters or of groups, got undefined/,
    ],
    [() => new SGD(wrong(p())), ArgumentError, /^SGD: expected a list .* got a Parameter/],
    [() => new SGD([]), ArgumentError, /^SGD: the list of parameters is empty/],
    [() => new SGD(wrong([1])), ArgumentError, /^SGD: expected a group \{ params, … \}, got 1/],
    [
      () => new SGD(wrong([{}])),
      ArgumentError,
      /^SGD: expected params to be a list of Tensors, got undefined/,
    ],
    [() => new SGD(wrong([{ params: 'ab' }])), ArgumentError, /got "ab"/],
    [
      () => new SGD(wrong([{ params: [1] }])),
      ArgumentError,
      /^SGD: expected parameters to be Tensors, got 1/,
    ],
    [
      () => new SGD([{ params: [p()], ...wrong<object>({ rate: 1 }) }]),
      ArgumentError,
      /^SGD: unknown option "rate"; expected lr, /,
    ],
    [
      () => new SGD([{ params: [p()], ...wrong<object>({ toString: 1 }) }]),
      ArgumentError,
      /^SGD: unknown option "toString"/,
    ],
    [
      () => new SGD([p().mul(2)]),
      ArgumentError,
      /^SGD: only leaves can be optimized, got the result of MulBackward/,
    ],
    [
      () => new SGD([new nn.Parameter(ones(1).expand(3))]),
      ArgumentError,
      /^SGD: elements of an expanded tensor/,
    ],
    [
      () => {
        const shared = p();
        return new SGD([shared, shared]);
      },
      ArgumentError,
      /^SGD: a parameter appears twice/,
    ],
    [
      () => {
        const shared = p();
        new SGD([shared]).addParamGroup({ params: [shared] });
      },
      ArgumentError,
      /^SGD: a parameter appears twice/,
    ],
    [
      () => new SGD([p()], wrong({ learningRate: 1 })),
      ArgumentError,
      /^SGD: unknown option "learningRate"; expected one of lr/,
    ],
    [() => new SGD([p()], wrong('0.1')), ArgumentError, /^SGD: expected lr to be a number, got "0.1"/],
    [() => new SGD([p()], { lr: -1 }), ArgumentError, /^SGD: expected lr to be a number >= 0, got -1/],
    [() => new SGD([p()], { lr: NaN }), ArgumentError, /got NaN/],
    [
      () => new SGD([p()], { lr: wrong('0.1') }),
      ArgumentError,
      /^SGD: expected lr to be a number, got "0.1"/,
    ],
    [() => new SGD([p()], { momentum: -0.5 }), ArgumentError, /^SGD: expected momentum/],
    [
      () => new SGD([p()], { weightDecay: wrong(null) }),
      ArgumentError,
      /^SGD: expected weightDecay to be a number, got null/,
    ],
    [
      () => new SGD([p()], { dampening: wrong('0') }),
      ArgumentError,
      /^SGD: expected dampening to be a number/,
    ],
    [
      () => new SGD([p()], { nesterov: true }),
      ArgumentError,
      /^SGD: nesterov needs a momentum and no dampening/,
    ],
    [
      () => new SGD([p()], { maximize: wrong(1) }),
      ArgumentError,
      /^SGD: expected maximize to be a boolean, got 1/,
    ],
    [
      () => new SGD([p()]).step(wrong('closure')),
      ArgumentError,
      /^enableGrad: expected a function, got "closure"/,
    ],
    [
      () => new SGD([p()]).step(() => Promise.resolve(1)),
      ArgumentError,
      /^enableGrad: expected a synchronous function/,
    ],
    [() => new SGD([p()]).zeroGrad(wrong({ none: true })), ArgumentError, /^zeroGrad: unknown option "none"/],
    [
      () => new SGD([p()]).zeroGrad({ setToNone: wrong('no') }),
      ArgumentError,
      /^zeroGrad: expected setToNone to be a boolean/,
    ],
    [
      () => new (optim.Optimizer as unknown as new (p: Tensor[], d: object) => object)([p()], {}),
      ArgumentError,
      /^Optimizer: the base of all optimizers/,
    ],
  ]);

  const { Adam, AdamW } = optim;
  failures([
    [() => new Adam([]), ArgumentError, /^Adam: the list of parameters is empty/],
    [() => new AdamW([]), ArgumentError, /^AdamW: the list of parameters is empty/],
    [() => new Adam([p()], { lr: -1 }), ArgumentError, /^Adam: expected lr to be a number >= 0, got -1/],
    [
      () => new AdamW([p()], { lr: wrong('1') }),
      ArgumentError,
      /^AdamW: expected lr to be a number, got "1"/,
    ],
    [() => new Adam([p()], { eps: -1 }), ArgumentError, /^Adam: expected eps to be a number >= 0/],
    [() => new Adam([p()], { eps: NaN }), ArgumentError, /^Adam: expected eps to be a number >= 0, got NaN/],
    [
      () => new Adam([p()], { weightDecay: wrong(null) }),
      ArgumentError,
      /^Adam: expected weightDecay to be a number, got null/,
    ],
    [
      () => new Adam([p()], { betas: [0.9, 1] }),
      ArgumentError,
      /^Adam: expected betas to be two numbers in \[0, 1\)/,
    ],
    [() => new Adam([p()], { betas: wrong([0.9]) }), ArgumentError, /^Adam: expected betas/],
    [() => new Adam([p()], { betas: wrong(0.9) }), ArgumentError, /^Adam: expected betas .* got 0.9/],
    [
      () => new Adam([p()], { amsgrad: wrong(1) }),
      ArgumentError,
      /^Adam: expected amsgrad to be a boolean, got 1/,
    ],
    [
      () => new AdamW([p()], wrong({ decoupledWeightDecay: false })),
      ArgumentError,
      /^AdamW: unknown option "decoupledWeightDecay"; expected one of lr/,
    ],
    [
      () => new AdamW([{ params: [p()], ...wrong<object>({ rate: 1 }) }]),
      ArgumentError,
      /^AdamW: unknown option "rate"; expected lr, betas/,
    ],
  ]);

  test('options that are assigned later are checked before a step', () => {
    const w = p();
    const sgd = new SGD([w], { lr: 0.1 });
    w.sum().backward();
    sgd.paramGroups[0]!.lr = wrong('fast');
    expectError(() => sgd.step(), ArgumentError, /^SGD: expected lr to be a number, got "fast"/);
    sgd.paramGroups[0]!.lr = 1;
    sgd.step();
    expect(noGrad(() => w.tolist())).toEqual([0, 0]);
  });

  test('parameters and gradients that were disposed', () => {
    const w = p();
    const sgd = new SGD([w]);
    w.sum().backward();
    w.grad!.dispose();
    expectError(() => sgd.step(), ArgumentError, /^sgd: a tensor was disposed/);
    w.dispose();
    expectError(() => w.sum(), ArgumentError, /^sum: a tensor was disposed/);
  });
});
