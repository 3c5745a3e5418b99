/** weightNorm and spectralNorm, as hooks and as parametrizations, and orthogonal: PyTorch's numbers (scripts/fixtures/weight_norms.py), and values against their definitions. */
import { readFileSync } from 'fs';
import { join } from 'path';
import { ArgumentError, arange, autograd, linalg, nn, noGrad, randn, manualSeed, type Tensor } from 'tenon';
import { failures, wrong } from '../errors/table';
import { decode, expectClose, makeTensor, numbersOf, type EncodedTensor } from '../ops/table';

const { weightNorm, removeWeightNorm, spectralNorm, removeSpectralNorm, parametrizations, parametrize } =
  nn.utils;

type Named = [name: string, value: EncodedTensor][];

interface Case {
  layer: 'Linear' | 'Conv2d' | 'ConvTranspose1d';
  args: number[];
  layerOptions: object;
  options: { name?: string };
  training: boolean;
  before: Named;
  state: Named;
  calls: {
    input: EncodedTensor;
    out: EncodedTensor;
    weight: EncodedTensor;
    inputGrad: EncodedTensor;
    grads: Named;
    buffers: Named;
  }[];
  removed: Named;
}

const CASES = JSON.parse(readFileSync(join(__dirname, '../fixtures/weight-norms.json'), 'utf8')) as Record<
  string,
  Case[]
>;

beforeEach(() => {
  manualSeed(3);
});

function expectSame(t: Tensor | null, want: EncodedTensor): void {
  expect([t?.shape, t?.dtype]).toEqual([want.shape, want.dtype]);
  expectClose(numbersOf(t!), decode(want), [1e-9, 1e-10]);
}

function expectAll(tensors: readonly (readonly [string, Tensor | null])[], want: Named): void {
  expect(tensors.map(([name]) => name)).toEqual(want.map(([name]) => name));
  tensors.forEach(([, t], i) => expectSame(t, want[i]![1]));
}

const loaded = (state: Named): nn.StateDict =>
  Object.fromEntries(state.map(([name, t]) => [name, makeTensor(t)]));

/** Goes through a case's calls, with a step of descent after each; the first vectors of a spectral norm are the case's. */
function goThrough(
  c: Case,
  norm: (layer: nn.Linear, options: object) => nn.Linear,
  remove: (layer: nn.Linear, name: string) => nn.Linear,
): void {
  const { name = 'weight' } = c.options;
  const made = new nn[c.layer](...(c.args as [number, number, number]), c.layerOptions);
  const layer = (made as nn.Linear).double().train(c.training);
  layer.loadStateDict(loaded(c.before));
  norm(layer, c.options);
  expect(Object.keys(layer.stateDict())).toEqual(c.state.map(([key]) => key));
  layer.loadStateDict(loaded(c.state.filter(([key]) => /_[uv]$|base$/.test(key))), { strict: false });
  expectAll(Object.entries(layer.stateDict()), c.state);
  for (const call of c.calls) {
    const x = makeTensor(call.input).requiresGrad_();
    const out = layer.forward(x);
    expectSame(out, call.out);
    expectSame((layer as unknown as Record<string, Tensor>)[name]!, call.weight);
    const weights = arange(out.numel(), { dtype: 'float64' }).remainder(7).sub(2.5).div(2);
    layer.zeroGrad();
    out.backward(weights.reshape(out.shape));
    expectSame(x.grad, call.inputGrad);
    expectAll(
      layer.namedParameters().map(([key, p]) => [key, p.grad]),
      call.grads,
    );
    expectAll(layer.namedBuffers(), call.buffers);
    noGrad(() => layer.parameters().forEach((p) => p.sub_(p.grad!.mul(0.01))));
  }
  expect(remove(layer, name)).toBe(layer);
  expectAll(Object.entries(layer.stateDict()), c.removed);
}

const titled = (cases: readonly Case[]): [string, Case][] =>
  cases.map((c) => [`${c.layer} ${JSON.stringify(c.options)}${c.training ? '' : ' evaluated'}`, c]);

const { removeParametrizations } = parametrize;

describe.each([
  ['weightNorm', weightNorm, removeWeightNorm],
  ['spectralNorm', spectralNorm, removeSpectralNorm],
  ['parametrizations.weightNorm', parametrizations.weightNorm, removeParametrizations],
  ['parametrizations.spectralNorm', parametrizations.spectralNorm, removeParametrizations],
  ['parametrizations.orthogonal', parametrizations.orthogonal, removeParametrizations],
] as const)('%s', (name, norm, remove) => {
  test.each(titled(CASES[name]!))('of %s', (_, c) => {
    goThrough(c, norm, remove);
  });
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
