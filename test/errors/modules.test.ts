import {
  ArgumentError,
  AutogradError,
  DTypeError,
  DeviceError,
  ShapeError,
  nn,
  ones,
  tensor,
  zeros,
  type Tensor,
} from 'tenon';
import { errorOf, failures, wrong } from './table';

const int = (...values: number[]) => tensor(values, { dtype: 'int64' });

/** A module of the given fields. */
function moduleOf(fields: object): nn.Module {
  class Net extends nn.Module {
    override forward(x: Tensor): Tensor {
      return x;
    }
  }
  return Object.assign(new Net(), fields);
}

describe('parameters and buffers', () => {
  failures([
    [
      () => new nn.Parameter(wrong([1, 2])),
      ArgumentError,
      /^Parameter: expected data to be a Tensor, got an array of length 2/,
    ],
    [() => new nn.Parameter(int(1)), AutogradError, /^Parameter: only floating-point .* got int64/],
    [
      () => new nn.Parameter(ones(1), wrong('no')),
      ArgumentError,
      /^Parameter: expected requiresGrad to be a boolean, got "no"/,
    ],
    [
      () => new nn.Parameter(ones(1), wrong({ grad: false })),
      ArgumentError,
      /^Parameter: unknown option "grad"/,
    ],
    [() => nn.Buffer(wrong(5)), ArgumentError, /^Buffer: expected data to be a Tensor, got 5/],
    [
      () => moduleOf({}).registerBuffer('a.b', ones(1)),
      ArgumentError,
      /^registerBuffer: expected a name without dots, got "a.b"/,
    ],
    [() => moduleOf({}).registerBuffer('', ones(1)), ArgumentError, /got ""/],
    [() => moduleOf({}).registerBuffer(wrong(1), ones(1)), ArgumentError, /got 1/],
    [
      () => moduleOf({}).registerBuffer('train', ones(1)),
      ArgumentError,
      /^registerBuffer: train is a method of Module/,
    ],
    [
      () => moduleOf({}).registerBuffer('training', ones(1)),
      ArgumentError,
      /^registerBuffer: Net has a field training already/,
    ],
    [
      () => moduleOf({}).registerBuffer('a', wrong([1])),
      ArgumentError,
      /^registerBuffer: expected the buffer to be a Tensor/,
    ],
    [
      () => moduleOf({}).registerBuffer('a', ones(1), wrong({ persist: true })),
      ArgumentError,
      /^registerBuffer: unknown option "persist"/,
    ],
    [
      () => moduleOf({}).registerBuffer('a', ones(1), { persistent: wrong(0) }),
      ArgumentError,
      /^registerBuffer: expected persistent to be a boolean/,
    ],
    [
      () => moduleOf({}).registerParameter('a', wrong(ones(1))),
      ArgumentError,
      /^registerParameter: expected a Parameter or null, got a Tensor/,
    ],
    [
      () => moduleOf({}).registerModule('a', wrong({})),
      ArgumentError,
      /^registerModule: expected a Module or null, got an object/,
    ],
  ]);
});

describe('modules that would not be found', () => {
  const linear = () => new nn.Linear(1, 1);
  failures([
    [
      () => moduleOf({ layers: [linear()] }).parameters(),
      ArgumentError,
      /^Net.layers: modules and parameters in an array are not found by parameters\(\); use ModuleList, ModuleDict or Sequential/,
    ],
    [
      () => moduleOf({ heads: { a: linear() } }).stateDict(),
      ArgumentError,
      /^Net.heads: modules and parameters in an object .*ModuleDict/,
    ],
    [
      () => moduleOf({ heads: new Map([['a', linear()]]) }).modules(),
      ArgumentError,
      /in a Map are not found/,
    ],
    [() => moduleOf({ heads: new Set([linear()]) }).train(), ArgumentError, /in a Set are not found/],
    [
      () => moduleOf({ weights: [null, new nn.Parameter(ones(1))] }).parameters(),
      ArgumentError,
      /a field for each parameter/,
    ],
    [
      () => {
        const net = moduleOf({});
        Object.assign(net, { child: moduleOf({ parent: net }) });
        net.stateDict();
      },
      ArgumentError,
      /^stateDict: Net contains itself; a #private field can refer to a module above/,
    ],
    [
      () => {
        const net = moduleOf({});
        Object.assign(net, { self: net });
        String(net);
      },
      ArgumentError,
      /^toString: Net contains itself/,
    ],
    [
      () => {
        const net = moduleOf({});
        Object.assign(net, { self: net });
        net.apply(() => undefined);
      },
      ArgumentError,
      /^apply: Net contains itself/,
    ],
  ]);
});

describe('what modules are asked', () => {
  const net = () => new nn.Linear(2, 1);
  failures([
    [() => net().train(wrong(1)), ArgumentError, /^train: expected a boolean, got 1/],
    [() => net().apply(wrong('f')), ArgumentError, /^apply: expected a function, got "f"/],
    [
      () => net().to('int64'),
      DTypeError,
      /^to: modules can be converted to floating-point dtypes only, got int64/,
    ],
    [() => net().to(wrong('double')), DeviceError, /^to: expected a device/],
    [
      () => net().to(wrong(undefined)),
      ArgumentError,
      /^to: expected a dtype, a device, a Tensor or options, got undefined/,
    ],
    [() => net().to(wrong({ type: 'float64' })), ArgumentError, /^to: unknown option "type"/],
    [() => net().to({ dtype: wrong('x') }), DTypeError, /^to: expected a dtype/],
    [
      () => net().requiresGrad_(wrong('no')),
      ArgumentError,
      /^requiresGrad_: expected value to be a boolean, got "no"/,
    ],
    [
      () => net().zeroGrad({ setToNone: wrong(1) }),
      ArgumentError,
      /^zeroGrad: expected setToNone to be a boolean/,
    ],
    [() => net().zeroGrad(wrong({ none: true })), ArgumentError, /^zeroGrad: unknown option "none"/],
    [
      () => net().registerForwardHook(wrong(null)),
      ArgumentError,
      /^registerForwardHook: expected a function, got null/,
    ],
    [
      () => net().registerForwardPreHook(() => null, wrong({ first: true })),
      ArgumentError,
      /^registerForwardPreHook: unknown option "first"/,
    ],
    [
      () => net().registerFullBackwardHook(wrong(1)),
      ArgumentError,
      /^registerFullBackwardHook: expected a function, got 1/,
    ],
    [
      () => net().registerFullBackwardPreHook(() => null, { prepend: wrong(1) }),
      ArgumentError,
      /^registerFullBackwardPreHook: expected prepend to be a boolean, got 1/,
    ],
    [
      () => net().loadStateDict(wrong(null)),
      ArgumentError,
      /^loadStateDict: expected a state dict, got null/,
    ],
    [() => net().loadStateDict(wrong([])), ArgumentError, /got an array of length 0/],
    [() => net().loadStateDict(wrong(ones(1))), ArgumentError, /got a Tensor/],
    [
      () => net().loadStateDict(net().stateDict(), wrong({ strick: false })),
      ArgumentError,
      /^loadStateDict: unknown option "strick"/,
    ],
    [
      () => net().loadStateDict({}),
      ArgumentError,
      /^loadStateDict: the keys are not those of Linear: missing: weight, bias; pass \{ strict: false \}/,
    ],
    [
      () => net().loadStateDict({ ...net().stateDict(), extra: ones(1) }),
      ArgumentError,
      /not those of Linear: unexpected: extra; pass/,
    ],
    [
      () => net().loadStateDict({ weight: wrong([1, 2]), bias: ones(1) }),
      ArgumentError,
      /^loadStateDict: expected weight to be a Tensor, got an array/,
    ],
    [
      () => net().loadStateDict({ weight: ones(2, 1), bias: ones(1) }),
      ShapeError,
      /^loadStateDict: weight has shape \[1, 2\], got \[2, 1\]/,
    ],
    [
      () => net().loadStateDict({ weight: ones(2, 1) }, { strict: false }),
      ShapeError,
      /^loadStateDict: weight has shape/,
    ],
  ]);

  test('a state dict that does not fit changes nothing', () => {
    const layer = net();
    const before = layer.weight.tolist();
    const disposed = ones(1);
    disposed.dispose();
    for (const bias of [ones(2), disposed, wrong<Tensor>(3)])
      expect(errorOf(() => layer.loadStateDict({ weight: zeros(1, 2), bias }))).toHaveProperty('code');
    expect(layer.weight.tolist()).toEqual(before);
  });
});

test('convertSyncBatchnorm goes on in what contains itself, once', () => {
  const net = moduleOf({});
  Object.assign(net, { child: moduleOf({ parent: net }), norm: new nn.BatchNorm1d(2) });
  expect(nn.SyncBatchNorm.convertSyncBatchnorm(net)).toBe(net);
  expect(net.getSubmodule('norm')).toBeInstanceOf(nn.SyncBatchNorm);
});
