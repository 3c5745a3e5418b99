/** Modules hold what PyTorch's hold, in its order, and print as it does (scripts/fixtures/nn.py). */
import { readFileSync } from 'fs';
import { join } from 'path';
import { inspect } from 'util';
import { nn, noGrad, ones, tensor, zeros, type Tensor } from 'tenon';

const { Flatten, Identity, Linear, ModuleDict, ModuleList, Parameter, ReLU, Sequential, Sigmoid, Tanh } = nn;

class Mixed extends nn.Module {
  declare mean: Tensor;
  declare cache: Tensor;
  out = new Linear(3, 1);
  scale = new Parameter(ones(1));
  hidden = new Sequential(new Linear(2, 3, { bias: false }), new Tanh());
  again = this.out;
  shift = new Parameter(ones(1));
  tied = this.scale;
  blocks = new ModuleList([new Linear(1, 1), new Linear(1, 1), new ReLU()]);
  heads = new ModuleDict({ value: new Linear(3, 1), policy: new Linear(3, 2) });
  #secret = new Linear(1, 1);

  constructor() {
    super();
    this.registerBuffer('mean', zeros(2));
    this.registerBuffer('cache', zeros(1), { persistent: false });
    this.registerParameter('absent', null);
  }
  override forward(x: Tensor): Tensor {
    return this.#secret.forward(x);
  }
}

class Described extends nn.Module {
  act?: nn.Module;
  readonly #extra: string;
  constructor(extra: string, child: boolean) {
    super();
    this.#extra = extra;
    if (child) this.act = new ReLU();
  }
  override forward(x: Tensor): Tensor {
    return x;
  }
  override extraRepr(): string {
    return this.#extra;
  }
}

class Deep extends nn.Module {
  a = new Sequential(new Sequential(new Linear(1, 2), new Sigmoid()), new Flatten(0));
  b = new ModuleList([0, 1, 2].map(() => new Sequential(new Linear(2, 2), new ReLU())));
  override forward(x: Tensor): Tensor {
    return x;
  }
}

const MODULES: Record<string, nn.Module> = {
  linear: new Linear(4, 5),
  'linear without bias': new Linear(4, 5, { bias: false }),
  relu: new ReLU(),
  'relu in place': new ReLU({ inplace: true }),
  sigmoid: new Sigmoid(),
  tanh: new Tanh(),
  softmax: new nn.Softmax({ dim: 1 }),
  logSoftmax: new nn.LogSoftmax(-1),
  flatten: new Flatten(),
  'flatten some': new Flatten(0, { endDim: 2 }),
  identity: new Identity(),
  mse: new nn.MSELoss(),
  nll: new nn.NLLLoss(),
  crossEntropy: new nn.CrossEntropyLoss({ weight: ones(3) }),
  sequential: new Sequential(new Linear(4, 5), new ReLU(), new Linear(5, 1)),
  'sequential by name': new Sequential({ hidden: new Linear(4, 5), act: new Sigmoid() }),
  empty: new Sequential(),
  list: new ModuleList([new Linear(1, 2), new Linear(1, 2), new ReLU(), new Linear(1, 2)]),
  'empty list': new ModuleList(),
  dict: new ModuleDict<nn.Module>({ b: new ReLU(), a: new Linear(1, 1) }),
  'empty dict': new ModuleDict(),
  mixed: new Mixed(),
  'one line': new Described('size=3', false),
  'two lines': new Described('size=3\nmode=fast', false),
  'line and child': new Described('size=3', true),
  deep: new Deep(),
};

interface Expected {
  text: string;
  parameters: string[];
  buffers: string[];
  modules: string[];
  children: string[];
  state: string[];
}
const EXPECTED = JSON.parse(readFileSync(join(__dirname, '../fixtures/nn.json'), 'utf8')) as Record<
  string,
  Expected
>;

const names = (entries: readonly (readonly [string, unknown])[]): string[] => entries.map(([name]) => name);

test.each(Object.entries(EXPECTED))('%s', (name, expected) => {
  const module = MODULES[name]!;
  expect({
    text: String(module),
    parameters: names(module.namedParameters()),
    buffers: names(module.namedBuffers()),
    modules: names(module.namedModules()),
    children: names(module.namedChildren()),
    state: Object.keys(module.stateDict()),
  }).toEqual(expected);
  expect(inspect(module)).toBe(expected.text);
  expect(module.parameters().length).toBe(expected.parameters.length);
});

describe('what a module holds', () => {
  test('prefixes and its own only', () => {
    const net = new Mixed();
    expect(names(net.namedParameters('net', false))).toEqual(['net.scale', 'net.shift']);
    expect(names(net.namedBuffers('', false))).toEqual(['mean', 'cache']);
    expect(net.parameters(false).length).toBe(2);
    expect(names(net.namedModules('x')).slice(0, 3)).toEqual(['x', 'x.out', 'x.hidden']);
    expect(Object.keys(net.stateDict('m.'))[0]).toBe('m.scale');
    const children = [net.out, net.hidden, net.blocks, net.heads];
    expect(net.children().map((child) => children.indexOf(child as never))).toEqual([0, 1, 2, 3]);
  });

  test('is looked at anew each time', () => {
    const net = new Described('', false);
    expect(net.parameters()).toEqual([]);
    net.act = new Linear(1, 2);
    expect(names(net.namedParameters())).toEqual(['act.weight', 'act.bias']);
    net.registerModule('late', new Linear(1, 1, false));
    net.registerParameter('w', new Parameter(zeros(2)));
    expect(names(net.namedParameters())).toEqual(['w', 'act.weight', 'act.bias', 'late.weight']);
    net.registerModule('late', null);
    expect(names(net.namedModules())).toEqual(['', 'act']);
  });

  test('a plain tensor in a field is no state; nn.Buffer makes it so', () => {
    const net = new Described('', false);
    Object.assign(net, { plain: ones(1), table: nn.Buffer(ones(2)) });
    expect(names(net.namedBuffers())).toEqual(['table']);
    expect(Object.keys(net.stateDict())).toEqual(['table']);
  });

  test('a registered buffer may be assigned anew', () => {
    const net = new Mixed();
    net.mean = net.mean.add(1);
    net.cache = net.cache.mul(2);
    expect(names(net.namedBuffers())).toEqual(['mean', 'cache']);
    expect(net.stateDict().mean!.tolist()).toEqual([1, 1]);
    expect(net.stateDict()).not.toHaveProperty('cache');
    net.registerBuffer('cache', zeros(1));
    expect(net.stateDict()).toHaveProperty('cache');
    net.registerBuffer('mean', null);
    expect(names(net.namedBuffers())).toEqual(['cache']);
  });

  test('fields of other names than the library uses do not get in the way', () => {
    class Team extends nn.Module {
      members = new ModuleList([new Linear(1, 1)]);
      convert = 'text';
      held = new Linear(1, 1);
      override forward(x: Tensor): Tensor {
        return x;
      }
    }
    expect(new Team().to('float64').parameters().length).toBe(4);
    class Own extends Sequential {
      held = new Parameter(ones(1));
      extra = new Linear(1, 1, false);
    }
    expect(names(new Own(new Linear(1, 1, false)).namedParameters())).toEqual([
      'held',
      '0.weight',
      'extra.weight',
    ]);
  });
});

describe('a state dict', () => {
  test('shares memory with the module and is detached', () => {
    const layer = new Linear(2, 1);
    const state = layer.stateDict();
    expect(state.weight!.requiresGrad).toBe(false);
    noGrad(() => layer.weight.fill_(7));
    expect(state.weight!.tolist()).toEqual([[7, 7]]);
  });

  test('is loaded by value, whatever its dtype', () => {
    const [a, b] = [new Linear(2, 1), new Linear(2, 1, { dtype: 'float64' })];
    expect(a.loadStateDict(b.stateDict())).toEqual({ missingKeys: [], unexpectedKeys: [] });
    expect(a.weight.dtype).toBe('float32');
    expect(a.weight.allclose(b.weight.float())).toBe(true);
    noGrad(() => b.weight.zero_());
    expect(a.weight.equal(b.weight.float())).toBe(false);
    expect(a.weight.requiresGrad).toBe(true);
  });

  test('may fit in part', () => {
    const layer = new Linear(2, 1);
    const bias = layer.bias!.item();
    const keys = layer.loadStateDict({ weight: ones(1, 2), extra: ones(1) }, { strict: false });
    expect(keys).toEqual({ missingKeys: ['bias'], unexpectedKeys: ['extra'] });
    expect([layer.weight.tolist(), layer.bias!.item()]).toEqual([[[1, 1]], bias]);
  });

  test('goes through JSON', () => {
    const [a, b] = [new Linear(3, 2), new Linear(3, 2)];
    const text = JSON.stringify(a.stateDict());
    const lists = JSON.parse(text) as Record<string, number[]>;
    b.loadStateDict(Object.fromEntries(Object.entries(lists).map(([k, v]) => [k, tensor(v)])));
    expect(b.weight.equal(a.weight)).toBe(true);
  });
});

describe('modes and conversions', () => {
  test('train, eval and apply reach all modules, children first', () => {
    const net = new Deep();
    net.eval();
    expect(net.modules().map((m) => m.training)).toEqual(net.modules().map(() => false));
    net.a.train();
    expect([net.training, net.a.training, net.a.at(0).training, net.b.training]).toEqual([
      false,
      true,
      true,
      false,
    ]);
    const seen: string[] = [];
    expect(net.apply((m) => seen.push(m.constructor.name))).toBe(net);
    expect(seen.slice(0, 5)).toEqual(['Linear', 'Sigmoid', 'Sequential', 'Flatten', 'Sequential']);
    expect(seen.at(-1)).toBe('Deep');
  });

  test('requiresGrad_ and zeroGrad', () => {
    const layer = new Linear(2, 1);
    layer.forward(ones(2)).sum().backward();
    layer.zeroGrad({ setToNone: false });
    expect(layer.weight.grad!.tolist()).toEqual([[0, 0]]);
    layer.zeroGrad();
    expect(layer.weight.grad).toBeNull();
    layer.requiresGrad_(false);
    expect(layer.parameters().map((p) => p.requiresGrad)).toEqual([false, false]);
    expect(layer.forward(ones(2)).requiresGrad).toBe(false);
  });

  test('to converts floating-point tensors, with their gradients, and keeps what is shared', () => {
    const net = new Mixed();
    net.registerBuffer('steps', zeros([], { dtype: 'int64' }));
    net.out.weight.requiresGrad_(false);
    net.scale.grad = tensor([3]);
    expect(net.to({ dtype: 'float64' })).toBe(net);
    expect(new Set(net.parameters().map((p) => p.dtype))).toEqual(new Set(['float64']));
    expect(net.parameters().every((p) => p instanceof Parameter && p.isLeaf)).toBe(true);
    expect([net.out.weight.requiresGrad, net.shift.requiresGrad]).toEqual([false, true]);
    expect(net.tied).toBe(net.scale);
    expect([net.scale.grad.dtype, net.scale.grad.item()]).toEqual(['float64', 3]);
    expect(net.buffers().map((t) => t.dtype)).toEqual(['float64', 'float64', 'int64']);
    expect(Object.keys(net.stateDict())).not.toContain('cache');
    expect(net.float().scale.dtype).toBe('float32');
    expect(net.double().cpu().to('cpu').to('auto')).toBe(net);
  });
});
