import { nn, ones, rand, randn, tensor, zeros, type Tensor } from 'tenon';

const { functional: F, Flatten, Identity, Linear, ModuleDict, ModuleList, Parameter, ReLU, Sequential } = nn;

const close = (a: Tensor, b: Tensor, atol = 1e-6): boolean => a.allclose(b, { atol, rtol: 1e-5 });

describe('Parameter', () => {
  test('is a leaf that shares memory, requires gradients and prints so', () => {
    const data = ones(2);
    const p = new Parameter(data);
    expect([p.isLeaf, p.requiresGrad, p.isParameter, data.requiresGrad]).toEqual([true, true, true, false]);
    data.fill_(3);
    expect(p.tolist()).toEqual([3, 3]);
    expect(String(p).replace(/device='.*?', /, '')).toBe(
      'Parameter containing:\ntensor([3., 3.], requiresGrad=true)',
    );
    expect(p.mul(2) instanceof Parameter).toBe(false);
  });

  test('without gradients, by position or by name; of integers only so', () => {
    expect(new Parameter(ones(1), false).requiresGrad).toBe(false);
    expect(new Parameter(ones(1), { requiresGrad: false }).requiresGrad).toBe(false);
    expect(new Parameter(zeros(1, { dtype: 'int64' }), { requiresGrad: false }).dtype).toBe('int64');
  });

  test('of the result of an operation is cut off from it', () => {
    const x = ones(2, { requiresGrad: true });
    const p = new Parameter(x.mul(2));
    p.sum().backward();
    expect([p.grad!.tolist(), x.grad]).toEqual([[1, 1], null]);
  });

  test('of a strided view', () => {
    const p = new Parameter(
      tensor([
        [1, 2],
        [3, 4],
      ]).t(),
    );
    expect(p.tolist()).toEqual([
      [1, 3],
      [2, 4],
    ]);
    p.mul(p).sum().backward();
    expect(p.grad!.tolist()).toEqual([
      [2, 6],
      [4, 8],
    ]);
  });
});

describe('Linear', () => {
  test.each([[[3]], [[4, 3]], [[2, 4, 3]], [[2, 1, 4, 3]], [[0, 3]], [[2, 0, 3]]])('of %j', (shape) => {
    const layer = new Linear(3, 2, { dtype: 'float64' });
    const x = randn(shape, { dtype: 'float64', requiresGrad: true });
    const y = layer.forward(x);
    expect([y.shape, y.dtype]).toEqual([[...shape.slice(0, -1), 2], 'float64']);
    const rows = x.detach().reshape(x.numel() / 3, 3);
    const expected = rows.matmul(layer.weight.detach().t()).add(layer.bias!.detach());
    expect(close(y.detach().reshape(rows.shape[0]!, 2), expected)).toBe(true);
    y.sum().backward();
    const ofInput = layer.weight.detach().sum(0).expand(x.shape);
    expect(close(x.grad!, ofInput)).toBe(true);
    expect(close(layer.weight.grad!, rows.sum(0).expand(2, 3))).toBe(true);
    expect(close(layer.bias!.grad!, ones(2, { dtype: 'float64' }).mul(rows.shape[0]!))).toBe(true);
  });

  test('options', () => {
    const bare = new Linear(3, 2, { bias: false });
    expect([bare.bias, bare.parameters().length]).toEqual([null, 1]);
    expect(new Linear(3, 2, false).bias).toBeNull();
    expect(close(bare.forward(ones(3)), bare.weight.sum(1))).toBe(true);
    const half = new Linear(3, 2, { dtype: 'float16', device: 'auto' });
    expect(half.forward(ones(3, { dtype: 'float16' })).dtype).toBe('float16');
    expect([bare.inFeatures, bare.outFeatures, bare.weight.shape]).toEqual([3, 2, [2, 3]]);
    expect(new Linear(0, 2).forward(zeros(4, 0)).shape).toEqual([4, 2]);
    expect(new Linear(3, 0).forward(zeros(4, 3)).shape).toEqual([4, 0]);
  });
});

describe('activations', () => {
  const x = (): Tensor => tensor([[-1, 0, 2]], { dtype: 'float64' });
  test.each([
    ['Sigmoid', new nn.Sigmoid(), (v: number) => 1 / (1 + Math.exp(-v))],
    ['Tanh', new nn.Tanh(), Math.tanh],
    ['ReLU', new ReLU(), (v: number) => Math.max(v, 0)],
    ['Identity', new Identity(), (v: number) => v],
  ])('%s', (_, layer, f) => {
    const out = layer.forward(x()).tolist<number[][]>()[0]!;
    [-1, 0, 2].forEach((v, i) => expect(out[i]).toBeCloseTo(f(v), 12));
  });

  test('ReLU in place overwrites its input', () => {
    const input = x();
    expect(new ReLU(true).forward(input)).toBe(input);
    expect(input.tolist()).toEqual([[0, 0, 2]]);
  });

  test('Softmax and LogSoftmax', () => {
    const p = new nn.Softmax(1).forward(x());
    expect(p.sum().item()).toBeCloseTo(1, 12);
    expect(p.at(0).at(2).item() / p.at(0).at(1).item()).toBeCloseTo(Math.exp(2), 10);
    expect(close(new nn.LogSoftmax({ dim: 1 }).forward(x()), p.log())).toBe(true);
    expect(new nn.Softmax(0).forward(x()).tolist()).toEqual([[1, 1, 1]]);
  });
});

describe('losses', () => {
  const logits = tensor(
    [
      [0.5, -1, 2],
      [1, 1, -3],
    ],
    { dtype: 'float64' },
  );
  const target = tensor([2, 0], { dtype: 'int64' });
  const logP = logits.sub(logits.exp().sum(1, true).log()).tolist<number[][]>();
  const each = [-logP[0]![2]!, -logP[1]![0]!];

  test('MSELoss', () => {
    const [a, b] = [tensor([1, 2, 3]), tensor([1, 4, 0])];
    expect(new nn.MSELoss().forward(a, b).item()).toBeCloseTo(13 / 3, 6);
    expect(new nn.MSELoss({ reduction: 'sum' }).forward(a, b).item()).toBe(13);
    expect(new nn.MSELoss({ reduction: 'none' }).forward(a, b).tolist()).toEqual([0, 4, 9]);
  });

  test('CrossEntropyLoss and NLLLoss', () => {
    const mean = (each[0]! + each[1]!) / 2;
    expect(new nn.CrossEntropyLoss().forward(logits, target).item()).toBeCloseTo(mean, 12);
    const nll = new nn.NLLLoss({ reduction: 'none' });
    expect(nll.forward(F.logSoftmax(logits, 1), target).tolist<number[]>()[1]).toBeCloseTo(each[1]!, 12);
    const one = new nn.CrossEntropyLoss({ ignoreIndex: 0 });
    expect(one.forward(logits, target).item()).toBeCloseTo(each[0]!, 12);
    const smooth = new nn.CrossEntropyLoss({ labelSmoothing: 1 }).forward(logits, target).item();
    const spread = logP.flat().reduce((a, b) => a - b, 0) / 6;
    expect(smooth).toBeCloseTo(spread, 12);
  });

  test('weights are buffers', () => {
    const weight = tensor([1, 2, 3], { dtype: 'float64' });
    const loss = new nn.CrossEntropyLoss({ weight });
    expect(Object.keys(loss.stateDict())).toEqual(['weight']);
    expect(loss.forward(logits, target).item()).toBeCloseTo((3 * each[0]! + each[1]!) / 4, 12);
    loss.to('float32');
    expect(loss.weight!.dtype).toBe('float32');
  });
});

describe('EmbeddingBag', () => {
  const ids = (...values: number[]): Tensor => tensor(values, { dtype: 'int64' });

  test('takes its call by name', () => {
    const bag = new nn.EmbeddingBag(3, 2, { mode: 'sum' });
    bag.loadStateDict({ weight: tensor([[1, 2], [3, 4], [5, 6]]) }); // prettier-ignore
    const perSampleWeights = tensor([1, 2, 3]);
    const want = [[7, 10], [15, 18]]; // prettier-ignore
    const [x, offsets] = [ids(0, 1, 2), ids(0, 2)];
    expect(bag.forward(x, { offsets, perSampleWeights }).tolist()).toEqual(want);
    expect(bag.forward(x, offsets, { perSampleWeights }).tolist()).toEqual(want);
    expect(bag.forward(x, offsets, perSampleWeights).tolist()).toEqual(want);
    const rows = bag.forward(ids(0, 1).reshape(1, 2), { perSampleWeights: tensor([[1, 2]]) });
    expect(rows.tolist()).toEqual([[7, 10]]);
  });

  test('of the largest gives all of the gradient to the first, also of zeros, and NaN where one is', () => {
    const bag = new nn.EmbeddingBag(3, 2, { mode: 'max' });
    bag.loadStateDict({ weight: tensor([[0, 1], [0, 2], [-1, 2]]) }); // prettier-ignore
    const out = bag.forward(ids(0, 1, 2, 2), ids(0, 2, 4));
    expect(out.tolist()).toEqual([[0, 2], [-1, 2], [0, 0]]); // prettier-ignore
    out.mul(tensor([[1, 2], [3, 4], [5, 6]])).sum().backward(); // prettier-ignore
    expect(bag.weight.grad!.tolist()).toEqual([[1, 0], [0, 2], [3, 4]]); // prettier-ignore
    bag.loadStateDict({ weight: tensor([[0, 1], [NaN, 2], [-1, 2]]) }); // prettier-ignore
    expect(bag.forward(ids(0, 1, 2), ids(0, 2)).tolist()).toEqual([[NaN, 2], [-1, 2]]); // prettier-ignore
  });
});

test('lpPool by infinite norms takes extremes', () => {
  const x = tensor([[1, -3, 2, 5]], { requiresGrad: true });
  const largest = new nn.LPPool1d(Infinity, 2).forward(x);
  expect([largest.tolist(), F.lpPool1d(x, -Infinity, 2).tolist()]).toEqual([[[3, 5]], [[1, 2]]]);
  largest.sum().backward();
  expect(x.grad!.tolist()).toEqual([[0, -1, 0, 1]]);
  const plane = tensor([[[1, -3, 2], [5, 0, -7]]]); // prettier-ignore
  const wide = F.lpPool2d(plane, Infinity, 2, { stride: 1, ceilMode: true });
  expect(wide.tolist()).toEqual([[[5, 7]]]);
});

test('the gradient of targets of binaryCrossEntropy is infinite at 0 and 1', () => {
  const t = tensor([0.5, 0.5, 0.5], { requiresGrad: true });
  F.binaryCrossEntropy(tensor([0, 1, 0.5]), t, { reduction: 'sum' }).backward();
  expect(t.grad!.tolist()).toEqual([Infinity, -Infinity, 0]);
});

describe('Flatten', () => {
  test('keeps the first dimension, unless told otherwise', () => {
    const x = ones(2, 3, 4);
    expect(new Flatten().forward(x).shape).toEqual([2, 12]);
    expect(new Flatten(0).forward(x).shape).toEqual([24]);
    expect(new Flatten({ endDim: 1 }).forward(x).shape).toEqual([2, 3, 4]);
    expect(new Flatten(0, 1).forward(x).shape).toEqual([6, 4]);
  });
});

describe('containers', () => {
  test('Sequential runs its modules in order; iterates, grows, counts', () => {
    const net = new Sequential(new Linear(2, 3), new ReLU());
    expect(net.append(new Linear(3, 1))).toBe(net);
    expect([net.length, [...net].length]).toEqual([3, 3]);
    expect([net.at(0) === [...net][0], net.at(-1) === net.at(2)]).toEqual([true, true]);
    const x = rand(4, 2);
    let y: Tensor = x;
    for (const module of net) y = module.forward(y) as Tensor;
    expect(close(net.forward(x), y)).toBe(true);
    expect(new Sequential().forward(x)).toBe(x);
  });

  test('ModuleList', () => {
    const list = new ModuleList([new Linear(2, 2), new Linear(2, 2)]);
    list.append(new Linear(2, 1)).extend([new Linear(1, 1)]);
    expect([list.length, list.at(-1).outFeatures, list.parameters().length]).toEqual([4, 1, 8]);
    let x = ones(1, 2);
    for (const layer of list) x = layer.forward(x);
    expect(x.shape).toEqual([1, 1]);
    expect([...list].map((layer) => layer.inFeatures)).toEqual([2, 2, 2, 1]);
    expect(new ModuleList(new Set([new ReLU()])).length).toBe(1);
  });

  test('ModuleDict', () => {
    const dict = new ModuleDict([
      ['b', new Linear(2, 2)],
      ['a', new Linear(2, 1)],
    ]);
    dict.set('c', new Linear(1, 1)).set('b', new Linear(2, 3));
    expect([...dict.keys()]).toEqual(['b', 'a', 'c']);
    expect([...dict.values()].map((m) => m.outFeatures)).toEqual([3, 1, 1]);
    expect([...dict.entries()].map(([k]) => k)).toEqual([...dict].map(([k]) => k));
    expect([dict.length, dict.get('b').outFeatures, dict.has('z')]).toEqual([3, 3, false]);
    expect([dict.delete('a'), dict.delete('a'), dict.length]).toEqual([true, false, 2]);
    expect(dict.namedParameters().map(([name]) => name)).toEqual([
      'b.weight',
      'b.bias',
      'c.weight',
      'c.bias',
    ]);
  });
});

describe('fractional pools', () => {
  const samples = tensor([[[0.25, 0.75, 0.5]]]);
  const given = { kernelSize: 2, outputSize: 2, _randomSamples: samples };

  test('keep numbers that stand for drawn ones in the state dict', () => {
    const layer = new nn.FractionalMaxPool3d(given);
    expect(Object.keys(layer.stateDict())).toEqual(['_random_samples']);
    expect(String(layer)).toBe('FractionalMaxPool3d()');
    const drawing = new nn.FractionalMaxPool3d(2, { outputRatio: 0.5 });
    expect(drawing.stateDict()).toEqual({});
    expect(() => drawing.loadStateDict(layer.stateDict())).toThrow(/_random_samples/);
    const other = new nn.FractionalMaxPool3d({ ...given, _randomSamples: zeros(1, 1, 3) });
    other.loadStateDict(layer.stateDict());
    const x = randn(1, 5, 6, 5);
    expect(other.forward(x).equal(F.fractionalMaxPool3d(x, given))).toBe(true);
  });

  test('give indices', () => {
    const layer = new nn.FractionalMaxPool3d({ ...given, returnIndices: true });
    const x = randn(1, 5, 6, 5);
    const [values, indices] = layer.forward(x) as unknown as [Tensor, Tensor];
    expect(x.flatten().take(indices).equal(values)).toBe(true);
    expect(new nn.FractionalMaxPool2d(2, { outputSize: 2 }).forward(x.at(0)).shape).toEqual([5, 2, 2]);
  });
});
