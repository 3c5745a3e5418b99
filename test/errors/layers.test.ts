import {
  ArgumentError,
  DTypeError,
  DeviceError,
  IndexError,
  OutOfMemoryError,
  ShapeError,
  nn,
  ones,
  tensor,
} from 'tenon';
import { expectError, failures, wrong } from './table';

const { functional: F } = nn;

describe('layers', () => {
  failures([
    [
      () => new nn.Linear(-1, 2),
      ArgumentError,
      /^Linear: expected inFeatures to be a non-negative integer, got -1/,
    ],
    [
      () => new nn.Linear(2, 1.5),
      ArgumentError,
      /^Linear: expected outFeatures to be a non-negative integer, got 1.5/,
    ],
    [() => new nn.Linear(2, wrong(undefined)), ArgumentError, /got undefined/],
    [() => new nn.Linear(wrong('2'), 2), ArgumentError, /got "2"/],
    [
      () => new nn.Linear(2, 2, wrong({ biases: true })),
      ArgumentError,
      /^Linear: unknown option "biases"; expected one of inFeatures, outFeatures, bias, device, dtype/,
    ],
    [
      () => new nn.Linear(2, 2, { bias: wrong(1) }),
      ArgumentError,
      /^Linear: expected bias to be a boolean, got 1/,
    ],
    [
      () => new nn.Linear(2, 2, wrong(null)),
      ArgumentError,
      /^Linear: expected bias to be a boolean, got null/,
    ],
    [
      () => new nn.Linear(2, 2, { dtype: 'int64' }),
      DTypeError,
      /^Linear: expected a floating-point dtype, got int64/,
    ],
    [() => new nn.Linear(2, 2, { dtype: wrong('double') }), DTypeError, /^Linear: expected a dtype/],
    [() => new nn.Linear(2, 2, { device: 'cuda' }), DeviceError, /^Linear: no CUDA device/],
    [() => new nn.Linear(2 ** 26, 2 ** 26), OutOfMemoryError, /cannot allocate/],
    [
      () => new nn.Linear(3, 2).forward(ones(4)),
      ShapeError,
      /^linear: expected input \[..., in\] and weight \[out, in\], got \[4\] and \[2, 3\]/,
    ],
    [() => new nn.Linear(3, 2).forward(tensor(1)), ShapeError, /^linear: .*got \[\] and \[2, 3\]/],
    [
      () => new nn.Linear(3, 2).forward(wrong([1, 2, 3])),
      ArgumentError,
      /^linear: expected input to be a Tensor, got an array/,
    ],
    [
      () => new nn.Linear(3, 2).forward(ones(3, { dtype: 'float64' })),
      DTypeError,
      /^linear: expected operands of one dtype, got float64 and float32/,
    ],
    [
      () => F.linear(ones(3), ones(2, 3), ones(3)),
      ShapeError,
      /^linear: expected a bias of shape \[2\], got \[3\]/,
    ],
    [
      () => F.linear(ones(3), wrong(null)),
      ArgumentError,
      /^linear: expected weight to be a Tensor, got null/,
    ],
    [
      () => F.linear(ones(3), ones(2, 3), wrong(1)),
      ArgumentError,
      /^linear: expected bias to be a Tensor, got 1/,
    ],
    [() => new nn.ReLU(wrong('yes')), ArgumentError, /^ReLU: expected inplace to be a boolean, got "yes"/],
    [() => new nn.ReLU(wrong({ inPlace: true })), ArgumentError, /^ReLU: unknown option "inPlace"/],
    [
      () => new nn.Softmax(wrong(undefined)),
      ArgumentError,
      /^Softmax: expected a dim: new nn.Softmax\(\{ dim: 1 \}\)/,
    ],
    [
      () => new nn.LogSoftmax(wrong('1')),
      ArgumentError,
      /^LogSoftmax: expected dim to be an integer, got "1"/,
    ],
    [() => new nn.Softmax(wrong({ axis: 1 })), ArgumentError, /^Softmax: unknown option "axis"/],
    [() => new nn.Softmax(3).forward(ones(2)), IndexError, /^softmax: dimension out of range/],
    [() => new nn.Sigmoid().forward(wrong(1)), ArgumentError, /^sigmoid: expected input to be a Tensor/],
    [
      () => new nn.Flatten(wrong('1')),
      ArgumentError,
      /^Flatten: expected startDim to be an integer, got "1"/,
    ],
    [() => new nn.Flatten(1, wrong({ end: 2 })), ArgumentError, /^Flatten: unknown option "end"/],
    [() => new nn.Flatten(1, 2).forward(ones(2)), IndexError, /^flatten: dimension out of range/],
  ]);

  test('a module without a forward says so', () => {
    // @ts-expect-error: there is no forward
    class Bare extends nn.Module {}
    expectError(() => new Bare().forward(1), ArgumentError, /^Bare: forward is not implemented/);
    expectError(() => new nn.Sequential(new Bare()).forward(ones(1)), ArgumentError, /^Bare: forward/);
  });
});

describe('containers', () => {
  const relu = () => new nn.ReLU();
  failures([
    [
      () => new nn.Sequential(wrong<nn.Module>(null)),
      ArgumentError,
      /^Sequential: expected a Module, got null/,
    ],
    [
      () => new nn.Sequential(relu(), wrong<nn.Module>('x')),
      ArgumentError,
      /^Sequential: expected a Module, got "x"/,
    ],
    [
      () => new nn.Sequential(wrong<nn.Module>([relu()])),
      ArgumentError,
      /^Sequential: expected modules, got an array; spread it/,
    ],
    [
      () => new nn.Sequential({ a: wrong(ones(1)) }),
      ArgumentError,
      /^Sequential: expected a Module, got a Tensor/,
    ],
    [
      () => new nn.Sequential({ 'a.b': relu() }),
      ArgumentError,
      /^Sequential: expected a name without dots, got "a.b"/,
    ],
    [() => new nn.Sequential(relu()).at(1), IndexError, /^Sequential: index 1 is out of range for 1 modules/],
    [() => new nn.Sequential(relu()).at(0.5), IndexError, /index 0.5 is out of range/],
    [
      () => new nn.Sequential({ 1: relu() }).append(relu()),
      ArgumentError,
      /^Sequential: there is a module named 1 already/,
    ],
    [
      () => new nn.ModuleList(wrong<nn.Module[]>(null)),
      ArgumentError,
      /^ModuleList: expected a list of modules, got null/,
    ],
    [
      () => new nn.ModuleList(wrong<nn.Module[]>([1])),
      ArgumentError,
      /^ModuleList: expected a Module, got 1/,
    ],
    [
      () => new nn.ModuleList(wrong<nn.Module[]>(relu())),
      ArgumentError,
      /^ModuleList: expected a list of modules, got a ReLU/,
    ],
    [() => new nn.ModuleList().at(0), IndexError, /^ModuleList: index 0 is out of range for 0 modules/],
    [
      () => new nn.ModuleList().append(wrong(undefined)),
      ArgumentError,
      /^ModuleList: expected a Module, got undefined/,
    ],
    [
      () => new nn.ModuleList().extend(wrong(5)),
      ArgumentError,
      /^ModuleList: expected a list of modules, got 5/,
    ],
    [() => new nn.ModuleList([relu()]).forward(), ArgumentError, /^ModuleList: call the modules in it/],
    [
      () => new nn.ModuleDict(wrong<Record<string, nn.Module>>(null)),
      ArgumentError,
      /^ModuleDict: expected an object of modules, got null/,
    ],
    [
      () => new nn.ModuleDict(wrong<Record<string, nn.Module>>([relu()])),
      ArgumentError,
      /^ModuleDict: expected pairs of a name and a module, got a ReLU/,
    ],
    [
      () => new nn.ModuleDict({ a: wrong<nn.Module>(1) }),
      ArgumentError,
      /^ModuleDict: expected a Module, got 1/,
    ],
    [() => new nn.ModuleDict().get('a'), IndexError, /^ModuleDict: no module is named "a"/],
    [
      () => new nn.ModuleDict().set('a.b', relu()),
      ArgumentError,
      /^ModuleDict: expected a name without dots/,
    ],
    [() => new nn.ModuleDict().set(wrong(1), relu()), ArgumentError, /got 1/],
    [() => new nn.ModuleDict().forward(), ArgumentError, /^ModuleDict: call the modules in it/],
  ]);
});
