/** nn.utils.parametrize: tensors that are computed from others. What weights become is in weight-norms.test.ts. */
import {
  ArgumentError,
  DTypeError,
  ShapeError,
  eye,
  linalg,
  nn,
  ones,
  optim,
  randn,
  tensor,
  type Tensor,
} from 'tenon';
import { expectError, failures, wrong } from '../errors/table';

const { parametrize, parametrizations } = nn.utils;
const { cached, isParametrized, registerParametrization, removeParametrizations } = parametrize;

class Symmetric extends nn.Module {
  calls = 0;
  override forward(x: Tensor): Tensor {
    this.calls++;
    return x.triu().add(x.triu(1).t());
  }
  rightInverse(x: Tensor): Tensor {
    return x.triu();
  }
}

class Doubled extends nn.Module {
  override forward(x: Tensor): Tensor {
    return x.mul(2);
  }
}

class Outer extends nn.Module {
  override forward(x: Tensor, y: Tensor): Tensor {
    return x.outer(y);
  }
  rightInverse(z: Tensor): [Tensor, Tensor] {
    return [z.select(1, 0).clone(), ones(z.select(0, 0).shape)];
  }
}

const layer = (): nn.Linear => {
  const made = new nn.Linear(2, 2);
  made.loadStateDict({ weight: tensor([[1, 2], [3, 4]]), bias: tensor([0, 0]) }); // prettier-ignore
  return made;
};

test('a parametrization, its state, printing, assigning and removing', () => {
  const net = layer();
  const { weight } = net;
  expect([isParametrized(net), isParametrized(net, 'weight')]).toEqual([false, false]);
  const made = registerParametrization(net, 'weight', new Symmetric());
  expect(made).toBe(net);
  expect(made.parametrizations.get('weight').original).toBe(weight);
  expect([isParametrized(net), isParametrized(net, 'weight'), isParametrized(net, 'bias')]).toEqual([
    true,
    true,
    false,
  ]);
  expect(net).toBeInstanceOf(nn.Linear);
  expect(Object.keys(net.stateDict())).toEqual(['bias', 'parametrizations.weight.original']);
  expect(weight.tolist()).toEqual([[1, 2], [0, 4]]); // prettier-ignore
  expect(net.weight.tolist()).toEqual([[1, 2], [2, 4]]); // prettier-ignore
  expect(net.forward(ones(1, 2)).tolist()).toEqual([[3, 6]]);
  expect(String(net)).toBe(
    [
      'ParametrizedLinear(',
      '  in_features=2, out_features=2, bias=True',
      '  (parametrizations): ModuleDict(',
      '    (weight): ParametrizationList(',
      '      (0): Symmetric()',
      '    )',
      '  )',
      ')',
    ].join('\n'),
  );
  net.weight = tensor([[5, 6], [6, 7]]) as nn.Parameter; // prettier-ignore
  expect(weight.tolist()).toEqual([[5, 6], [0, 7]]); // prettier-ignore
  expect(removeParametrizations(net, 'weight')).toBe(net);
  expect(net.weight).toBe(weight);
  expect(net.weight.tolist()).toEqual([[5, 6], [6, 7]]); // prettier-ignore
  expect(Object.keys(net.stateDict())).toEqual(['bias', 'weight']);
  expect([String(net), isParametrized(net)]).toEqual([
    'Linear(in_features=2, out_features=2, bias=True)',
    false,
  ]);
});

test('optimizers made before go on with the same parameter', () => {
  const net = layer();
  const optimizer = new optim.SGD(net.parameters(), { lr: 1 });
  registerParametrization(net, 'weight', new Doubled());
  net.forward(ones(1, 2)).sum().backward();
  optimizer.step();
  expect(net.weight.tolist()).toEqual([[-2, 0], [2, 4]]); // prettier-ignore
});

test('a list of none, or of what is no tensor, is refused', () => {
  const { ParametrizationList } = parametrize;
  expectError(
    () => new ParametrizationList([], ones(2)),
    ArgumentError,
    /^registerParametrization: expected at least one parametrization/,
  );
  expectError(
    () => new ParametrizationList([new Doubled()], wrong(3)),
    ArgumentError,
    /^registerParametrization: expected the original to be a Tensor, got 3/,
  );
});

test('several, one after the other', () => {
  const net = registerParametrization(layer(), 'weight', new Symmetric());
  registerParametrization(net, 'weight', new Doubled());
  expect(net.weight.tolist()).toEqual([[2, 4], [4, 8]]); // prettier-ignore
  expect(() => (net.weight = ones(2, 2) as nn.Parameter)).toThrow(
    /^rightInverse: Doubled has no rightInverse/,
  );
  removeParametrizations(net, 'weight', { leaveParametrized: false });
  expect(net.weight.tolist()).toEqual([[1, 2], [0, 4]]); // prettier-ignore
});

test('from several tensors, of a parameter and of a buffer', () => {
  const net = layer();
  net.registerBuffer('scale', ones(2, 2));
  registerParametrization(net, 'weight', new Outer());
  registerParametrization(net, 'scale', new Outer());
  expect(net.namedParameters().map(([name]) => name)).toEqual([
    'bias',
    'parametrizations.weight.original0',
    'parametrizations.weight.original1',
  ]);
  expect(net.namedBuffers().map(([name]) => name)).toEqual([
    'parametrizations.scale.original0',
    'parametrizations.scale.original1',
  ]);
  expect(net.weight.tolist()).toEqual([[1, 1], [3, 3]]); // prettier-ignore
  expect(() => removeParametrizations(net, 'weight', false)).toThrow(
    /^removeParametrizations: a tensor that/,
  );
  removeParametrizations(net, 'weight');
  expect(net.weight).toBeInstanceOf(nn.Parameter);
  expect(isParametrized(net)).toBe(true);
  removeParametrizations(net, 'scale');
  expect(Object.keys(net.stateDict())).toEqual(['bias', 'weight', 'scale']);
});

test('cached computes each tensor once', () => {
  const symmetric = new Symmetric();
  const net = registerParametrization(layer(), 'weight', symmetric);
  const before = symmetric.calls;
  cached(() => {
    const { weight } = net;
    expect(cached(() => net.weight)).toBe(weight);
    expect(net.weight).toBe(weight);
  });
  expect(symmetric.calls).toBe(before + 1);
  expect(net.weight).not.toBe(net.weight);
  expect(() => cached(() => Promise.resolve(1))).toThrow(/^cached: expected a synchronous function/);
});

test('copies are parametrized for themselves, and can be converted', () => {
  const net = registerParametrization(layer(), 'weight', new Symmetric());
  const { module } = new optim.swaUtils.AveragedModel(net);
  removeParametrizations(net, 'weight');
  expect(isParametrized(module, 'weight')).toBe(true);
  module.double();
  expect([module.weight.dtype, net.weight.dtype]).toEqual(['float64', 'float32']);
  module.weight = eye(2, { dtype: 'float64' }) as nn.Parameter;
  expect([module.weight.tolist(), net.weight.tolist()]).toEqual([
    [[1, 0], [0, 1]],
    [[1, 2], [2, 4]],
  ]); // prettier-ignore
});

test('an orthogonal weight starts as what QR makes of it, and takes others', () => {
  const net = new nn.Linear(4, 3);
  const [q, r] = linalg.qr(net.weight.detach().t());
  const made = parametrizations.orthogonal(net);
  const goal = q.mul(r.diagonal().sign()).t();
  expect(net.weight.detach().sub(goal).abs().max().item()).toBeLessThan(1e-5);
  expect(Object.keys(made.stateDict())).toEqual([
    'bias',
    'parametrizations.weight.original',
    'parametrizations.weight.0.base',
  ]);
  net.weight = randn(3, 4) as nn.Parameter;
  const w = net.weight.detach();
  const { module } = new optim.swaUtils.AveragedModel(net);
  module.weight = randn(3, 4) as nn.Parameter;
  expect(net.weight.equal(w)).toBe(true);
  expect(w.matmul(w.t()).sub(eye(3)).abs().max().item()).toBeLessThan(1e-5);
});

describe('errors', () => {
  class Wrong extends nn.Module {
    constructor(readonly f: (x: Tensor) => unknown) {
      super();
    }
    override forward(x: Tensor): Tensor {
      return this.f(x) as Tensor;
    }
  }
  const wide = (): nn.Linear => registerParametrization(layer(), 'weight', new Wrong((x) => x.sum()));
  failures([
    [
      () => registerParametrization(wrong<nn.Linear>(1), 'weight', new Doubled()),
      ArgumentError,
      /expected a Module, got 1/,
    ],
    [
      () => registerParametrization(layer(), 'weight', wrong<Doubled>(1)),
      ArgumentError,
      /expected a Module, got 1/,
    ],
    [
      () => registerParametrization(layer(), 'w', new Doubled()),
      ArgumentError,
      /expected the name of a parameter or a buffer of Linear, got "w"/,
    ],
    [wide, ShapeError, /^registerParametrization: expected the parametrization to give \[2, 2\], got \[\]/],
    [
      () => registerParametrization(layer(), 'weight', new Wrong((x) => x.double())),
      DTypeError,
      /expected the parametrization to give float32, got float64/,
    ],
    [
      () => registerParametrization(layer(), 'weight', new Wrong(() => 1)),
      ArgumentError,
      /expected the parametrization to give a Tensor, got 1/,
    ],
    [
      () => removeParametrizations(layer(), 'weight'),
      ArgumentError,
      /^removeParametrizations: Linear has no parametrization of "weight"/,
    ],
    [() => parametrizations.weightNorm(layer(), 'w'), ArgumentError, /^weightNorm: expected the name/],
    [
      () => parametrizations.spectralNorm(layer(), { nPowerIterations: 0 }),
      ArgumentError,
      /^spectralNorm: expected nPowerIterations/,
    ],
    [
      () => parametrizations.orthogonal(layer(), 'bias'),
      ShapeError,
      /^orthogonal: expected matrices, got \[2\]/,
    ],
    [
      () => parametrizations.orthogonal(layer(), { orthogonalMap: wrong<'cayley'>('qr') }),
      ArgumentError,
      /^orthogonal: expected orthogonalMap/,
    ],
  ]);
  test('a parametrization that does not fit leaves the module as it was', () => {
    const net = layer();
    expect(() => registerParametrization(net, 'weight', new Wrong((x) => x.sum()))).toThrow(ShapeError);
    expect(net.weight.tolist()).toEqual([[1, 2], [3, 4]]); // prettier-ignore
    expect(Object.keys(net.stateDict())).toEqual(['weight', 'bias']);
    registerParametrization(net, 'weight', new Wrong((x) => x.sum()), { unsafe: true });
    expect(net.weight.shape).toEqual([]);
  });
});
