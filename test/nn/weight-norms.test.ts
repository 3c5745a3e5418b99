/** weightNorm and spectralNorm: values against their definitions, gradients, state dicts. */
import { ArgumentError, autograd, linalg, nn, randn, manualSeed, type Tensor } from 'tenon';
import { failures, wrong } from '../errors/table';

const { weightNorm, removeWeightNorm, spectralNorm, removeSpectralNorm } = nn.utils;

beforeEach(() => {
  manualSeed(3);
});

function expectNear(a: Tensor, b: Tensor, error = 1e-5): void {
  expect(a.shape).toEqual(b.shape);
  expect(a.detach().sub(b.detach()).abs().max().item()).toBeLessThan(error);
}

describe('weightNorm', () => {
  test.each([
    [0, [3, 1]],
    [1, [1, 2]],
    [null, []],
  ] as const)('along %p', (dim, shape) => {
    const layer = new nn.Linear(2, 3);
    const weight = layer.weight.detach().clone();
    expect(weightNorm(layer, { dim })).toBe(layer);
    expect(Object.keys(layer.stateDict())).toEqual(['bias', 'weight_g', 'weight_v']);
    expect(layer.getParameter('weight_g').shape).toEqual(shape);
    expectNear(layer.weight, weight);
    autograd.backward(layer.forward(randn(4, 2)).sum());
    expect(layer.getParameter('weight_g').grad!.shape).toEqual(shape);
    expect(layer.getParameter('weight_v').grad!.shape).toEqual([3, 2]);
    removeWeightNorm(layer);
    expect(Object.keys(layer.stateDict())).toEqual(['bias', 'weight']);
    expectNear(layer.weight, weight);
  });

  test('the weight follows its parts', () => {
    const layer = weightNorm(new nn.Linear(2, 3, { bias: false }));
    const x = randn(1, 2);
    const before = layer.forward(x).detach().clone();
    layer.loadStateDict({
      weight_g: layer.getParameter('weight_g').detach().mul(2),
      weight_v: layer.getParameter('weight_v').detach().mul(5),
    });
    expectNear(layer.forward(x), before.mul(2));
  });
});

describe('spectralNorm', () => {
  test('comes near the largest singular value, and stays there in evaluation', () => {
    const layer = new nn.Linear(4, 3);
    const largest = linalg.svdvals(layer.weight.detach()).max();
    const goal = layer.weight.detach().div(largest);
    spectralNorm(layer, 'weight', 100);
    expect(Object.keys(layer.stateDict())).toEqual(['bias', 'weight_orig', 'weight_u', 'weight_v']);
    const x = randn(2, 4);
    autograd.backward(layer.forward(x).sum().add(layer.forward(x).sum()));
    expect(layer.getParameter('weight_orig').grad!.shape).toEqual([3, 4]);
    expectNear(layer.weight, goal, 1e-4);
    const u = layer.getBuffer('weight_u').clone();
    layer.eval().forward(x);
    expectNear(layer.getBuffer('weight_u'), u, 1e-9);
    removeSpectralNorm(layer);
    expect(Object.keys(layer.stateDict())).toEqual(['bias', 'weight']);
    expectNear(layer.weight, goal, 1e-4);
  });
});

describe('errors', () => {
  const layer = () => new nn.Linear(2, 3);
  failures([
    [() => weightNorm(wrong<nn.Linear>(1)), ArgumentError, /^weightNorm: expected a Module, got 1/],
    [
      () => weightNorm(layer(), 'w'),
      ArgumentError,
      /^weightNorm: expected the name of a parameter of Linear, got "w"/,
    ],
    [() => weightNorm(weightNorm(layer())), ArgumentError, /^weightNorm: expected the name of a parameter/],
    [
      () => removeWeightNorm(layer()),
      ArgumentError,
      /^removeWeightNorm: no weightNorm of "weight" was found/,
    ],
    [
      () => spectralNorm(layer(), 'weight', 0),
      ArgumentError,
      /^spectralNorm: expected nPowerIterations to be at least 1/,
    ],
    [() => removeSpectralNorm(layer()), ArgumentError, /^removeSpectralNorm: no spectralNorm of "weight"/],
    [() => layer().getSubmodule('a.b'), ArgumentError, /^getSubmodule: Linear has no module named "a"/],
    [
      () => layer().getParameter('scale'),
      ArgumentError,
      /^getParameter: Linear has no parameter named "scale"/,
    ],
    [() => layer().getBuffer('weight'), ArgumentError, /^getBuffer: "weight" is a parameter/],
  ]);
});

test('modules by dotted names', () => {
  const net = new nn.Sequential(new nn.Linear(2, 3), new nn.Sequential(new nn.Tanh()));
  expect(net.getSubmodule('')).toBe(net);
  expect(net.getSubmodule('1.0')).toBeInstanceOf(nn.Tanh);
  expect(net.getParameter('0.bias')).toBe((net.at(0) as nn.Linear).bias);
  net.setSubmodule('1.0', new nn.ReLU());
  expect(net.getSubmodule('1.0')).toBeInstanceOf(nn.ReLU);
});
