import { ArgumentError, DTypeError, ShapeError, amp, nn, noGrad, ones, optim, type Tensor } from 'tenon';
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

  const { NAdam, RAdam, Adamax, Adagrad, Adadelta, RMSprop, Rprop, ASGD, LBFGS } = optim;
  failures([
    [
      () => new NAdam([p()], { momentumDecay: -1 }),
      ArgumentError,
      /^NAdam: expected momentumDecay to be a number >= 0, got -1/,
    ],
    [
      () => new NAdam([p()], { betas: [1, 0.9] }),
      ArgumentError,
      /^NAdam: expected betas to be two numbers in \[0, 1\)/,
    ],
    [() => new RAdam([p()], { eps: -1 }), ArgumentError, /^RAdam: expected eps to be a number >= 0, got -1/],
    [
      () => new RAdam([p()], { decoupledWeightDecay: wrong(1) }),
      ArgumentError,
      /^RAdam: expected decoupledWeightDecay to be a boolean, got 1/,
    ],
    [
      () => new Adamax([p()], wrong({ amsgrad: true })),
      ArgumentError,
      /^Adamax: unknown option "amsgrad"; expected one of lr, betas/,
    ],
    [
      () => new Adagrad([p()], { lrDecay: -1 }),
      ArgumentError,
      /^Adagrad: expected lrDecay to be a number >= 0/,
    ],
    [
      () => new Adagrad([p()], { initialAccumulatorValue: NaN }),
      ArgumentError,
      /^Adagrad: expected initialAccumulatorValue to be a number >= 0, got NaN/,
    ],
    [
      () => new Adadelta([p()], { rho: 1.5 }),
      ArgumentError,
      /^Adadelta: expected rho to be at most 1, got 1.5/,
    ],
    [() => new RMSprop([p()], { alpha: -1 }), ArgumentError, /^RMSprop: expected alpha to be a number >= 0/],
    [
      () => new RMSprop([p()], 0.1, { centered: wrong(null) }),
      ArgumentError,
      /^RMSprop: expected centered to be a boolean, got null/,
    ],
    [
      () => new RMSprop([p()], 0.1, { lr: 0.2 }),
      ArgumentError,
      /^RMSprop: lr was given by position and by name/,
    ],
    [
      () => new RMSprop([p()], { foreach: wrong(1) }),
      ArgumentError,
      /^RMSprop: expected foreach to be a boolean, got 1/,
    ],
    [
      () => new Rprop([p()], { etas: [1.2, 0.5] }),
      ArgumentError,
      /^Rprop: expected etas to be a factor in \(0, 1\) and one > 1/,
    ],
    [
      () => new Rprop([p()], { stepSizes: wrong([1]) }),
      ArgumentError,
      /^Rprop: expected stepSizes to be two numbers/,
    ],
    [() => new ASGD([p()], { t0: wrong('1') }), ArgumentError, /^ASGD: expected t0 to be a number, got "1"/],
    [() => new ASGD([p()], { lr: -1 }), ArgumentError, /^ASGD: expected lr to be a number >= 0, got -1/],
    [() => new LBFGS([p()]).step(), ArgumentError, /^LBFGS.step: expected a closure .* got undefined/],
    [
      () => new LBFGS([p()]).step(() => wrong('low')),
      ArgumentError,
      /^LBFGS.step: expected the closure to return the loss/,
    ],
    [
      () => new LBFGS([p()], { lineSearchFn: wrong('wolfe') }),
      ArgumentError,
      /^LBFGS: expected lineSearchFn to be 'strong_wolfe' or null, got "wolfe"/,
    ],
    [
      () => new LBFGS([p()], { maxIter: 1.5 }),
      ArgumentError,
      /^LBFGS: expected maxIter to be an integer, got 1.5/,
    ],
    [
      () => new LBFGS([p()], { maxIter: wrong(2n) }),
      ArgumentError,
      /^LBFGS: expected maxIter to be an integer, got 2n/,
    ],
    [
      () => new LBFGS([{ params: [p()] }, { params: [p()] }]),
      ArgumentError,
      /^LBFGS: expected one group of parameters/,
    ],
  ]);

  test('what PyTorch has to choose an implementation changes nothing', () => {
    const hints = { foreach: true, fused: null, capturable: false, differentiable: false };
    for (const Kind of [
      SGD,
      Adam,
      AdamW,
      NAdam,
      RAdam,
      Adamax,
      Adagrad,
      Adadelta,
      RMSprop,
      Rprop,
      ASGD,
      LBFGS,
    ])
      expect(
        Object.keys(new (Kind as typeof Adam)([{ params: [p()], ...hints }], hints).defaults),
      ).not.toContain('foreach');
    expect(new RMSprop([p()], 0.1, 0.9, 1e-8, 0, 0.5, true, false, null, true).defaults).toMatchObject({
      momentum: 0.5,
      centered: true,
      maximize: true,
    });
  });

  const scaler = () => new amp.GradScaler('cpu');
  const { utils } = nn;
  failures([
    [
      () => utils.clipGradNorm_(wrong(1), 1),
      ArgumentError,
      /^clipGradNorm_: expected a Tensor or a list of them, got 1/,
    ],
    [
      () => utils.clipGradNorm_([p()], wrong('1')),
      ArgumentError,
      /^clipGradNorm_: expected maxNorm to be a number, got "1"/,
    ],
    [
      () => utils.clipGradNorm_([p()], 1, wrong({ norm: 1 })),
      ArgumentError,
      /^clipGradNorm_: unknown option "norm"/,
    ],
    [
      () => utils.clipGradsWithNorm_([p()], 1, wrong(2)),
      ArgumentError,
      /^clipGradsWithNorm_: expected totalNorm to be a Tensor/,
    ],
    [
      () => utils.clipGradValue_(wrong([1]), 1),
      ArgumentError,
      /^clipGradValue_: expected each element to be a Tensor, got 1/,
    ],
    [
      () => utils.getTotalNorm(ones(2, { dtype: 'int64' })),
      DTypeError,
      /^getTotalNorm: expected floating point, got int64/,
    ],
    [
      () => utils.vectorToParameters(ones(1), [p()]),
      ShapeError,
      /^vectorToParameters: expected a vector of 2 elements, got shape \[1\]/,
    ],
    [
      () => new amp.GradScaler('cpu', { growthFactor: 1 }),
      ArgumentError,
      /^GradScaler: expected growthFactor to be > 1, got 1/,
    ],
    [
      () => new amp.GradScaler('cpu', { backoffFactor: 1 }),
      ArgumentError,
      /^GradScaler: expected backoffFactor to be < 1, got 1/,
    ],
    [
      () => new amp.GradScaler(wrong('gpu')),
      ArgumentError,
      /^GradScaler: expected device to be 'cuda' or 'cpu', got "gpu"/,
    ],
    [
      () => scaler().scale(wrong(1)),
      ArgumentError,
      /^GradScaler.scale: expected a Tensor or an array of Tensors, got 1/,
    ],
    [() => scaler().step(new SGD([p()])), ArgumentError, /^GradScaler.step: nothing was scaled yet/],
    [() => scaler().update(), ArgumentError, /^GradScaler.update: nothing was scaled yet/],
    [
      () => scaler().loadStateDict({}),
      ArgumentError,
      /^GradScaler.loadStateDict: expected the state of a scaler that is enabled/,
    ],
    [
      () => {
        const s = scaler();
        s.scale(ones(1));
        s.step(new SGD([p()]));
      },
      ArgumentError,
      /^GradScaler.step: the parameters of the optimizer have no gradients/,
    ],
    [
      () => {
        const s = scaler();
        const w = p();
        const sgd = new SGD([w]);
        s.scale(w.sum()).backward();
        s.unscale_(sgd);
        s.unscale_(sgd);
      },
      ArgumentError,
      /^GradScaler.unscale_: it was already called for this optimizer/,
    ],
    [
      () => {
        const s = scaler();
        const w = p();
        const sgd = new SGD([w]);
        s.scale(w.sum()).backward();
        s.step(sgd);
        s.step(sgd);
      },
      ArgumentError,
      /^GradScaler.step: step\(\) was already called since the last update/,
    ],
    [
      () => {
        const s = scaler();
        const w = new nn.Parameter(ones(2, { dtype: 'float16' }));
        s.scale(w.sum()).backward();
        s.unscale_(new SGD([w]));
      },
      DTypeError,
      /^GradScaler.unscale_: gradients are float16/,
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
