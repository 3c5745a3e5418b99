import {
  ArgumentError,
  AutogradError,
  DTypeError,
  IndexError,
  ShapeError,
  nn,
  ones,
  rand,
  tensor,
  zeros,
} from 'tenon';
import { failures, wrong } from './table';

const { functional: F, init } = nn;
const int = (...values: number[]) => tensor(values, { dtype: 'int64' });

describe('losses', () => {
  const x = () => rand(2, 3);
  failures([
    [() => F.mseLoss(wrong(1), x()), ArgumentError, /^mseLoss: expected input to be a Tensor, got 1/],
    [() => F.mseLoss(x(), wrong([1])), ArgumentError, /^mseLoss: expected target to be a Tensor/],
    [() => F.mseLoss(x(), rand(4)), ShapeError, /^mseLoss: shapes \[2, 3\] and \[4\] do not broadcast/],
    [() => F.mseLoss(int(1), int(1)), DTypeError, /^mseLoss: expected floating point, got int64 and int64/],
    [
      () => F.mseLoss(x(), x(), { reduction: wrong('avg') }),
      ArgumentError,
      /^mseLoss: expected reduction to be 'mean', 'sum' or 'none', got "avg"/,
    ],
    [() => F.mseLoss(x(), x(), wrong({ reduce: true })), ArgumentError, /^mseLoss: unknown option "reduce"/],
    [
      () => F.nllLoss(x(), x()),
      DTypeError,
      /^nllLoss: expected an int64 target, got float32; make it with \{ dtype: 'int64' \}/,
    ],
    [
      () => F.nllLoss(x(), int(0)),
      ShapeError,
      /^nllLoss: expected input \[n, c, d...\] and target \[n, d...\], got \[2, 3\] and \[1\]/,
    ],
    [() => F.nllLoss(tensor(1), int(0)), ShapeError, /got \[\] and \[1\]/],
    [() => F.nllLoss(x(), int(0, 3)), IndexError, /^nllLoss: target 3 is out of range for 3 classes/],
    [() => F.nllLoss(x(), int(0, -1)), IndexError, /^nllLoss: target -1 is out of range/],
    [
      () => F.nllLoss(int(1, 2), tensor(0, { dtype: 'int64' })),
      DTypeError,
      /^nllLoss: expected a floating-point input, got int64/,
    ],
    [
      () => F.nllLoss(x(), int(0, 1), { weight: ones(2) }),
      ShapeError,
      /^nllLoss: expected a weight of shape \[3\], got \[2\]/,
    ],
    [
      () => F.nllLoss(x(), int(0, 1), { weight: ones(3, { dtype: 'float64' }) }),
      DTypeError,
      /^nllLoss: expected a weight of the input's dtype float32, got float64/,
    ],
    [
      () => F.nllLoss(x(), int(0, 1), { weight: wrong([1, 1, 1]) }),
      ArgumentError,
      /^nllLoss: expected weight to be a Tensor/,
    ],
    [
      () => F.nllLoss(x(), int(0, 1), { ignoreIndex: wrong('0') }),
      ArgumentError,
      /^nllLoss: expected ignoreIndex to be an integer, got "0"/,
    ],
    [
      () => F.crossEntropy(x(), int(0, 5)),
      IndexError,
      /^crossEntropy: target 5 is out of range for 3 classes/,
    ],
    [
      () => F.crossEntropy(tensor(1), int(0)),
      ShapeError,
      /^crossEntropy: expected input \[c\] or \[n, c, d...\], got \[\]/,
    ],
    [
      () => F.crossEntropy(x(), rand(3, 2)),
      ShapeError,
      /^crossEntropy: expected probabilities of the input's shape \[2, 3\], got \[3, 2\]/,
    ],
    [
      () => F.crossEntropy(x(), x(), { ignoreIndex: 0 }),
      ArgumentError,
      /^crossEntropy: expected no ignoreIndex, as the target is probabilities, got 0/,
    ],
    [
      () => F.nllLoss(x(), int(0, 1), { weight: ones(3, { requiresGrad: true }) }),
      AutogradError,
      /^nllLoss: expected a weight that requires no gradient/,
    ],
    [
      () => F.crossEntropy(x(), int(0, 1), { weight: ones(3, { requiresGrad: true }), labelSmoothing: 0.5 }),
      AutogradError,
      /^crossEntropy: expected a weight that requires no gradient/,
    ],
    [
      () => F.crossEntropy(x(), tensor([true, false])),
      DTypeError,
      /^crossEntropy: expected an int64 target, got bool/,
    ],
    [
      () => F.crossEntropy(int(1, 2), ones(2)),
      DTypeError,
      /^crossEntropy: expected a floating-point input, got int64/,
    ],
    [
      () => F.crossEntropy(x(), int(0, 1), { labelSmoothing: 1.5 }),
      ArgumentError,
      /^crossEntropy: expected labelSmoothing between 0 and 1, got 1.5/,
    ],
    [
      () => F.crossEntropy(x(), int(0, 1), { labelSmoothing: wrong('0.5') }),
      ArgumentError,
      /^crossEntropy: expected labelSmoothing to be a number, got "0.5"/,
    ],
    [
      () => F.crossEntropy(x(), rand(2, 3), { weight: ones(2) }),
      ShapeError,
      /^crossEntropy: expected a weight of shape \[3\], got \[2\]/,
    ],
    [() => new nn.MSELoss({ reduction: wrong('avg') }), ArgumentError, /^MSELoss: expected reduction/],
    [() => new nn.MSELoss(wrong('sum')), ArgumentError, /^MSELoss: expected an object of options, got "sum"/],
    [
      () => new nn.NLLLoss({ weight: wrong(0) }),
      ArgumentError,
      /^NLLLoss: expected weight to be a Tensor, got 0/,
    ],
    [
      () => new nn.NLLLoss({ ignoreIndex: 0.5 }),
      ArgumentError,
      /^NLLLoss: expected ignoreIndex to be an integer, got 0.5/,
    ],
    [
      () => new nn.CrossEntropyLoss({ labelSmoothing: wrong(null), reduction: 'sum' }).forward(x(), wrong(1)),
      ArgumentError,
      /^crossEntropy: expected target/,
    ],
    [
      () => new nn.CrossEntropyLoss(wrong<object>({ smoothing: 0.1 })),
      ArgumentError,
      /^CrossEntropyLoss: unknown option "smoothing"/,
    ],
    [
      () => new nn.CrossEntropyLoss({ labelSmoothing: wrong('0') }),
      ArgumentError,
      /^CrossEntropyLoss: expected labelSmoothing to be a number/,
    ],
  ]);
});

describe('initial values', () => {
  failures([
    [() => init.zeros_(wrong(null)), ArgumentError, /^zeros_: expected input to be a Tensor, got null/],
    [() => init.ones_(wrong([1])), ArgumentError, /^ones_: /],
    [
      () => init.constant_(ones(1), wrong('0')),
      ArgumentError,
      /^fill_: expected the value to be a number.*got "0"/,
    ],
    [() => init.uniform_(wrong(1)), ArgumentError, /^uniform_: expected input to be a Tensor, got 1/],
    [() => init.normal_(ones(1), 0, -1), ArgumentError, /^normal_: expected std >= 0, got -1/],
    [() => init.uniform_(ones(1), 1, 0), ArgumentError, /^uniform_: expected from <= to/],
    [
      () => init.xavierUniform_(ones(2)),
      ShapeError,
      /^xavierUniform_: fan in and fan out need at least 2 dimensions, got shape \[2\]/,
    ],
    [
      () => init.xavierNormal_(wrong(undefined)),
      ArgumentError,
      /^xavierNormal_: expected input to be a Tensor/,
    ],
    [
      () => init.xavierNormal_(ones(2, 2), wrong('1')),
      ArgumentError,
      /^xavierNormal_: expected gain to be a number, got "1"/,
    ],
    [
      () => init.xavierUniform_(ones(2, 2), wrong({ gains: 1 })),
      ArgumentError,
      /^xavierUniform_: unknown option "gains"/,
    ],
    [() => init.kaimingUniform_(ones(2)), ShapeError, /^kaimingUniform_: fan in/],
    [
      () => init.kaimingUniform_(ones(2, 2), { mode: wrong('fan') }),
      ArgumentError,
      /^kaimingUniform_: expected mode to be 'fanIn' or 'fanOut', got "fan"/,
    ],
    [
      () => init.kaimingNormal_(ones(2, 2), wrong<object>({ slope: 1 })),
      ArgumentError,
      /^kaimingNormal_: unknown option "slope"/,
    ],
    [
      () => init.kaimingNormal_(ones(2, 2), { nonlinearity: wrong('gelu') }),
      ArgumentError,
      /^calculateGain: unknown nonlinearity "gelu"/,
    ],
    [
      () => init.kaimingNormal_(ones(2, 2), { a: wrong('1') }),
      ArgumentError,
      /^calculateGain: expected param to be a number/,
    ],
    [
      () => init.calculateFanInAndFanOut(wrong(2)),
      ArgumentError,
      /^calculateFanInAndFanOut: expected input to be a Tensor/,
    ],
    [
      () => init.kaimingNormal_(zeros(2, 2, { dtype: 'int64' })),
      DTypeError,
      /^normal_: expected floating point/,
    ],
  ]);
});
