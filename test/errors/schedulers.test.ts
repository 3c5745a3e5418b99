import { ArgumentError, nn, ones, optim } from 'tenon';
import { expectError, failures, wrong } from './table';

const L = optim.lrScheduler;
const sgd = (momentum = 0.9) =>
  new optim.SGD([{ params: [new nn.Parameter(ones(2))] }, { params: [new nn.Parameter(ones(2))] }], {
    lr: 0.1,
    momentum,
  });
const step = (optimizer = sgd()) => new L.StepLR(optimizer, 3);

test('fields that hold themselves, or are endless, are not saved', () => {
  const own: unknown[] = [];
  own.push(own);
  for (const gamma of [own, new Array(2 ** 32 - 1)])
    expectError(
      () => Object.assign(step(), { gamma }).stateDict(),
      ArgumentError,
      /^stateDict: expected at most 16 levels and 1000000 elements a list, got more/,
    );
  const state = { ...new L.MultiStepLR(sgd(), [1]).stateDict(), milestones: { own } };
  expectError(
    () => new L.MultiStepLR(sgd(), [1]).loadStateDict(state),
    ArgumentError,
    /^MultiStepLR.loadStateDict: expected at most 16 levels/,
  );
});

describe('schedulers', () => {
  failures([
    [() => new L.StepLR(wrong({}), 3), ArgumentError, /^StepLR: expected an Optimizer, got an object/],
    [() => new L.StepLR(sgd()), ArgumentError, /^StepLR: expected stepSize to be an integer, got undefined/],
    [() => new L.StepLR(sgd(), 0), ArgumentError, /^StepLR: expected stepSize to be at least 1, got 0/],
    [
      () => new L.StepLR(sgd(), 3, wrong<never>('x')),
      ArgumentError,
      /^StepLR: expected gamma to be a number/,
    ],
    [
      () => new L.StepLR(sgd(), 3, wrong<never>({ gama: 1 })),
      ArgumentError,
      /^StepLR: unknown option "gama"/,
    ],
    [
      () => new L.StepLR(sgd(), 3, { lastEpoch: 2 }),
      ArgumentError,
      /^StepLR: expected group 0 to have an initialLr, as lastEpoch is 2/,
    ],
    [() => new L.StepLR(sgd(), 3, 0.1, 0.5), ArgumentError, /^StepLR: expected lastEpoch to be an integer/],
    [
      () => step().step(wrong<never>('x')),
      ArgumentError,
      /^StepLR.step: expected epoch to be a number, got "x"/,
    ],
    [
      () => step().loadStateDict(wrong(null)),
      ArgumentError,
      /^StepLR.loadStateDict: expected what stateDict\(\) gives, got null/,
    ],
    [
      () => step().loadStateDict({ step_size: 'x' }),
      ArgumentError,
      /^StepLR.loadStateDict: expected step_size to be like 3, got "x"/,
    ],
    [
      () => step().loadStateDict({ base_lrs: [1, 'x'] }),
      ArgumentError,
      /^StepLR.loadStateDict: expected base_lrs to be a list of numbers/,
    ],
    [
      () => new (L.LRScheduler as unknown as new (o: object) => object)(sgd()),
      ArgumentError,
      /^LRScheduler: the base of all schedulers/,
    ],
    [
      () => new (class Mine extends L.LRScheduler {})(sgd()).getLastLr(),
      ArgumentError,
      /^Mine: getLr is not implemented/,
    ],
    [
      () =>
        new (class Mine extends L.LRScheduler {
          override getLr() {
            return [1];
          }
        })(sgd()).step(),
      ArgumentError,
      /^Mine: expected 2 learning rates, one for each group, got an array of length 1/,
    ],
    [
      () => new L.MultiStepLR(sgd(), wrong<never>(3)),
      ArgumentError,
      /^MultiStepLR: expected milestones to be a list/,
    ],
    [
      () => new L.ConstantLR(sgd(), 2),
      ArgumentError,
      /^ConstantLR: expected factor to be in \[0, 1\], got 2/,
    ],
    [
      () => new L.LinearLR(sgd(), 0),
      ArgumentError,
      /^LinearLR: expected startFactor to be in \(0, 1\], got 0/,
    ],
    [() => new L.LinearLR(sgd(), 1, 2), ArgumentError, /^LinearLR: expected endFactor to be in \[0, 1\]/],
    [
      () => new L.LinearLR(sgd(), 1, 1, 0.5),
      ArgumentError,
      /^LinearLR: expected totalIters to be an integer/,
    ],
    [
      () => {
        new L.LinearLR(sgd(), 1, 1, 0).step(2);
      },
      ArgumentError,
      /^LinearLR.step: expected no epoch, as totalIters is 0, got 2/,
    ],
    [
      () => {
        new L.PolynomialLR(sgd(), 0).step(0);
      },
      ArgumentError,
      /^PolynomialLR.step: expected no epoch, as totalIters is 0, got 0/,
    ],
    [() => new L.ExponentialLR(sgd()), ArgumentError, /^ExponentialLR: expected gamma to be a number/],
    [() => new L.PolynomialLR(sgd(), 5, wrong<never>('2')), ArgumentError, /^PolynomialLR: expected power/],
    [() => new L.CosineAnnealingLR(sgd(), 0), ArgumentError, /^CosineAnnealingLR: expected TMax > 0, got 0/],
    [
      () => new L.CosineAnnealingWarmRestarts(sgd(), 2, 0),
      ArgumentError,
      /^CosineAnnealingWarmRestarts: expected TMult to be at least 1/,
    ],
    [
      () => {
        new L.CosineAnnealingWarmRestarts(sgd(), 2).step(-1);
      },
      ArgumentError,
      /^CosineAnnealingWarmRestarts.step: expected epoch >= 0, got -1/,
    ],
    [
      () => new L.LambdaLR(sgd(), [() => 1]),
      ArgumentError,
      /^LambdaLR: expected lrLambda to be a function or one for each of the 2 groups, got an array of length 1/,
    ],
    [
      () => new L.MultiplicativeLR(sgd(), wrong<never>(1)),
      ArgumentError,
      /^MultiplicativeLR: expected lrLambda/,
    ],
    [
      () => new L.OneCycleLR(sgd(), 1),
      ArgumentError,
      /^OneCycleLR: expected totalSteps, or epochs and stepsPerEpoch/,
    ],
    [
      () => new L.OneCycleLR(sgd(), [1], 5),
      ArgumentError,
      /^OneCycleLR: expected maxLr to be a number or one for/,
    ],
    [
      () => new L.OneCycleLR(sgd(), 1, 5, { pctStart: 2 }),
      ArgumentError,
      /^OneCycleLR: expected pctStart to be in/,
    ],
    [
      () => new L.OneCycleLR(sgd(), 1, 5, { annealStrategy: wrong('sin') }),
      ArgumentError,
      /^OneCycleLR: expected annealStrategy to be 'cos' or 'linear', got "sin"/,
    ],
    [
      () => {
        const schedule = new L.OneCycleLR(sgd(), 1, 2);
        for (let i = 0; i < 3; i++) schedule.step();
      },
      ArgumentError,
      /^OneCycleLR: step 3 of 2: the schedule is over/,
    ],
    [
      () => new L.CyclicLR(sgd(), 0, 1, 5, null, wrong<never>('square')),
      ArgumentError,
      /^CyclicLR: expected mode to be 'triangular' or 'triangular2' or 'exp_range', got "square"/,
    ],
    [
      () => new L.CyclicLR(sgd(), 0, 1, 0),
      ArgumentError,
      /^CyclicLR: expected stepSizeUp to be a number > 0/,
    ],
    [
      () => new L.CyclicLR(sgd(), 0, 1, { scaleFn: wrong<never>(1) }),
      ArgumentError,
      /^CyclicLR: expected scaleFn/,
    ],
    [() => new L.ReduceLROnPlateau(sgd(), wrong('low')), ArgumentError, /expected mode to be 'min' or 'max'/],
    [
      () => new L.ReduceLROnPlateau(sgd(), 'min', 1),
      ArgumentError,
      /expected factor to be less than 1, got 1/,
    ],
    [
      () => new L.ReduceLROnPlateau(sgd(), { minLr: [1] }),
      ArgumentError,
      /expected minLr to be a number or one/,
    ],
    [
      () => {
        new L.ReduceLROnPlateau(sgd()).step(undefined);
      },
      ArgumentError,
      /^ReduceLROnPlateau.step: expected the metric to be a number, got undefined/,
    ],
    [
      () => {
        new L.ReduceLROnPlateau(sgd()).step(ones(2));
      },
      ArgumentError,
      /^ReduceLROnPlateau.step: expected the metric to be a number, got a Tensor/,
    ],
    [() => new L.SequentialLR(sgd(), [], []), ArgumentError, /^SequentialLR: expected a list of schedulers/],
    [
      () => new L.SequentialLR(sgd(), [step()], []),
      ArgumentError,
      /^SequentialLR: the scheduler at 0 is that of another optimizer/,
    ],
    [
      () => {
        const optimizer = sgd();
        return new L.SequentialLR(optimizer, [step(optimizer)], [3]);
      },
      ArgumentError,
      /^SequentialLR: expected 0 milestones, one less than schedulers, got an array of length 1/,
    ],
    [
      () => {
        const optimizer = sgd();
        return new L.ChainedScheduler([step(optimizer), new L.ReduceLROnPlateau(optimizer)]);
      },
      ArgumentError,
      /^ChainedScheduler: expected a list of schedulers that need no metric, got a ReduceLROnPlateau at 1/,
    ],
    [() => new L.ChainedScheduler([]), ArgumentError, /^ChainedScheduler: expected a list of schedulers/],
  ]);
});

describe('averages of models', () => {
  const S = optim.swaUtils;
  const net = () => new nn.Linear(2, 2);
  failures([
    [
      () => new S.AveragedModel(wrong<nn.Module>(1)),
      ArgumentError,
      /^AveragedModel: expected a Module, got 1/,
    ],
    [
      () => new S.AveragedModel(net(), null, S.getSwaAvgFn(), S.getSwaMultiAvgFn()),
      ArgumentError,
      /^AveragedModel: expected avgFn or multiAvgFn, got both/,
    ],
    [
      () => new S.AveragedModel(net(), { avgFn: wrong<never>(1) }),
      ArgumentError,
      /^AveragedModel: expected a function/,
    ],
    [
      () => new S.AveragedModel(net()).updateParameters(new nn.Identity()),
      ArgumentError,
      /^updateParameters: expected a model with 2 parameters and 0 buffers, got 0 and 0/,
    ],
    [() => S.getEmaAvgFn(2), ArgumentError, /^getEmaAvgFn: expected decay to be in \[0, 1\], got 2/],
    [
      () => S.getEmaMultiAvgFn(wrong<never>('x')),
      ArgumentError,
      /^getEmaMultiAvgFn: expected decay to be a number/,
    ],
    [() => new S.SWALR(sgd()), ArgumentError, /^SWALR: expected swaLr to be a number, got undefined/],
    [
      () => new S.SWALR(sgd(), 1, -1),
      ArgumentError,
      /^SWALR: expected annealEpochs to be at least 0, got -1/,
    ],
    [() => S.updateBn(wrong<never>(1), net()), ArgumentError, /^updateBn: expected a list of batches, got 1/],
    [() => S.updateBn([], wrong<never>(1)), ArgumentError, /^updateBn: expected a Module, got 1/],
  ]);
});
