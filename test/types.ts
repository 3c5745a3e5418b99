/** Never run: `npm run typecheck` reads here what the public signatures promise, and what they refuse. */
import {
  Generator,
  Tensor,
  add,
  arange,
  argmax,
  autograd,
  cat,
  clamp,
  enableGrad,
  float32,
  full,
  int64,
  max,
  memoryStats,
  nn,
  noGrad,
  ones,
  optim,
  promoteTypes,
  rand,
  randint,
  slice,
  split,
  stack,
  std,
  sum,
  tensor,
  testing,
  where,
  zeros,
  type DType,
  type Device,
  type NestedNumbers,
  type Shape,
  type TenonError,
  type TensorTypedArray,
  type ValuesAndIndices,
} from 'tenon';

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Compiles if the value has exactly the type. */
declare function is<Expected>(): <Actual>(
  value: Actual,
  ...different: Same<Actual, Expected> extends true ? [] : [never]
) => void;
const tensorLike = is<Tensor>();

export function tensors(x: Tensor): void {
  tensorLike(x.max());
  is<ValuesAndIndices>()(x.max(1));
  is<ValuesAndIndices>()(x.min(1, true));
  is<ValuesAndIndices>()(max(x, { dim: 1, keepdim: true }));
  tensorLike(max(x));
  const [values, indices] = x.max(1);
  tensorLike(values);
  tensorLike(indices);
  const named: { indices: Tensor } = x.max(0);
  tensorLike(named.indices);
  const both: readonly Tensor[] = x.max(0);
  is<number>()(both.length);
  // @ts-expect-error: two results
  tensorLike(x.max(1)[2]);
  // @ts-expect-error: all of them have no indices
  is<never>()(x.max().indices);

  tensorLike(x.sum());
  tensorLike(x.sum(1));
  tensorLike(x.sum([0, -1], true));
  tensorLike(x.sum(null, { keepdim: true }));
  tensorLike(x.sum({ dim: 1, dtype: 'float64' }));
  tensorLike(sum(x, 1, { keepdim: true, dtype: int64 }));
  tensorLike(argmax(x, { dim: 0 }));
  tensorLike(std(x));
  // @ts-expect-error: PyTorch's name is dim
  x.sum({ axis: 1 });
  // @ts-expect-error: a dim is a number
  x.sum('1');
  // @ts-expect-error: keepdim, as in PyTorch
  x.mean(0, { keepDim: true });
  // @ts-expect-error: one dim at a time
  x.max([0, 1]);

  is<number>()(x.item());
  is<bigint>()(x.itemBigInt());
  is<NestedNumbers>()(x.tolist());
  is<number[][]>()(x.tolist<number[][]>());
  is<TensorTypedArray>()(x.toTypedArray());
  is<boolean>()(x.equal(x));
  is<Shape>()(x.shape);
  is<readonly number[]>()(x.size());
  is<number>()(x.size(0));
  is<DType>()(x.dtype);
  is<Device>()(x.device);
  is<Tensor | null>()(x.grad);
  is<Tensor[]>()(x.split(2, { dim: 1 }));
  for (const row of x) tensorLike(row);
  const rows: Tensor[] = [...x];
  tensorLike(rows[0]!);
  // @ts-expect-error: shapes are not assigned
  x.shape = [1];
  // @ts-expect-error: nor their sizes
  x.shape[0] = 1;
  // @ts-expect-error: use to()
  x.dtype = 'int8';

  tensorLike(x.add(1).mul(2n).sub(true).div(x));
  tensorLike(x.add(x, { alpha: 2 }));
  tensorLike(add(1, x));
  tensorLike(x.div(2, { roundingMode: 'floor' }));
  tensorLike(x.clamp(0).clamp(null, 1).clamp({ max: 2 }));
  tensorLike(clamp(x, { min: 0 }));
  tensorLike(where(x.gt(0), x, 0));
  tensorLike(x.index(0, null, '...', slice(1, null), [0, 1], '1:2', x));
  tensorLike(x.setIndex([0], 1));
  tensorLike(x.reshape(2, -1).view([6]).permute(0, 1).expand(-1, 3));
  tensorLike(x.to('float64').to(x).to({ dtype: 'int8', copy: true }).to('cuda:1', 'float16'));
  // @ts-expect-error: text is no operand
  x.add('1');
  // @ts-expect-error: nor is a list
  x.add([1, 2]);
  // @ts-expect-error: alpha
  x.add(x, { beta: 2 });
  // @ts-expect-error: floor or trunc
  x.div(2, { roundingMode: 'up' });
  // @ts-expect-error: float64
  x.to('double');
  // @ts-expect-error: slice()
  x.index({ start: 0 });
  // @ts-expect-error: a number is no matrix
  x.matmul(2);
  // @ts-expect-error: nothing else passes for a Tensor
  x.matmul({ shape: [2], dtype: 'float32' });
  // @ts-expect-error: tensor(), zeros()…
  new Tensor();
}

export function making(): void {
  tensorLike(zeros(2, 3));
  tensorLike(zeros([2, 3], { dtype: 'int64', requiresGrad: false }));
  tensorLike(zeros(2, 3, { dtype: float32 }));
  tensorLike(zeros());
  tensorLike(
    tensor(
      [
        [1, 2],
        [3, 4],
      ],
      { dtype: 'float64' },
    ),
  );
  tensorLike(tensor([1n, true, tensor(1)]));
  tensorLike(tensor(new Uint32Array(2)));
  tensorLike(full([2], true));
  tensorLike(arange(0, 1, 0.1, { dtype: 'float16' }));
  tensorLike(rand(2, { generator: new Generator() }));
  tensorLike(randint(3, [2]));
  tensorLike(cat([ones(1), ones(2)], { dim: 0 }));
  tensorLike(stack([ones(1)], 1));
  is<Tensor[]>()(split(ones(2), [1, 1]));
  is<DType>()(promoteTypes('int8', 'uint8'));
  is<number>()(memoryStats().liveBytes);
  is<boolean | undefined>()(testing.tensorEquality(1, 2));
  // @ts-expect-error: sizes are numbers
  zeros('3');
  // @ts-expect-error: float32
  zeros(2, { dtype: 'float' });
  // @ts-expect-error: dtype
  zeros(2, { dtypes: 'float32' });
  // @ts-expect-error: text is no data
  tensor('1');
  // @ts-expect-error: nor are objects
  tensor({ 0: 1 });
  // @ts-expect-error: nor within lists
  tensor([1, '2']);
  // @ts-expect-error: a list of sizes
  full(2, 1);
  // @ts-expect-error: a list of tensors
  cat(ones(2));
  // @ts-expect-error: a Generator
  rand(2, { generator: 1 });

  using scratch = zeros(3);
  tensorLike(scratch);
}

export function gradients(x: Tensor, y: Tensor): void {
  is<number>()(noGrad(() => 1));
  tensorLike(enableGrad(() => x.mul(2)));
  is<Tensor[]>()(autograd.grad(y, [x]));
  is<Tensor[]>()(autograd.grad(y, x, { createGraph: true }));
  is<(Tensor | null)[]>()(autograd.grad([y], [x], { allowUnused: true }));
  is<void>()(y.backward());
  y.backward(null, { retainGraph: true });
  y.backward({ gradient: x, inputs: [x], createGraph: true });
  const handle = y.registerHook((g) => g.mul(2));
  y.registerHook(() => undefined);
  is<void>()(handle.remove());
  is<string | undefined>()(y.gradFn?.name);
  x.grad = null;
  x.requiresGrad = true;
  // @ts-expect-error: null
  x.grad = undefined;
  // @ts-expect-error: retainGraph
  y.backward({ keepGraph: true });
  // @ts-expect-error: a hook gives a Tensor or nothing
  y.registerHook(() => 3);
  // @ts-expect-error: a function
  noGrad(1);
  // @ts-expect-error: use detach()
  y.gradFn = null;
}

class Net extends nn.Module {
  layers = new nn.ModuleList([new nn.Linear(2, 3), new nn.Linear(3, 3)]);
  heads = new nn.ModuleDict({ value: new nn.Linear(3, 1) });
  mixed = new nn.ModuleList<nn.Module>([new nn.ReLU(), new nn.Linear(1, 1)]);
  override forward(x: Tensor, scale: number): [Tensor, number] {
    for (const layer of this.layers) x = layer.forward(x);
    return [this.heads.get('value').forward(x), scale];
  }
}

export function modules(net: Net): void {
  const base: nn.Module = net;
  is<[Tensor, number]>()(net.forward(ones(2), 1));
  is<nn.ModuleList<nn.Linear>>()(net.layers);
  is<nn.Linear>()(net.layers.at(-1));
  is<nn.ModuleDict<nn.Linear>>()(net.heads);
  is<nn.Module>()(net.mixed.at(0));
  tensorLike(net.layers.at(0).forward(ones(2)));
  is<nn.Parameter>()(net.layers.at(0).weight);
  is<nn.Parameter | null>()(net.layers.at(0).bias);
  is<nn.Parameter[]>()(base.parameters());
  is<[string, nn.Parameter][]>()(base.namedParameters());
  is<[string, nn.Module][]>()(base.namedModules());
  is<Net>()(net.train().eval().to('float64').requiresGrad_(false));
  is<Record<string, Tensor>>()(base.stateDict());
  is<readonly string[]>()(base.loadStateDict({}, { strict: false }).missingKeys);
  is<nn.Parameter>()(new nn.Parameter(ones(1)).fill_(2).requiresGrad_());
  tensorLike(new nn.Sequential(new nn.Linear(1, 1)).forward(ones(1)));
  net.registerForwardHook((module, [x, scale], [y, n]) => {
    is<Net>()(module);
    tensorLike(x);
    is<number>()(scale);
    return [y, n + 1];
  });
  net.registerForwardPreHook((_, [x, scale]) => [x.mul(2), scale], { prepend: true });
  // @ts-expect-error: forward takes a Tensor and a number
  net.forward(ones(2));
  // @ts-expect-error: a number is no Tensor
  net.forward(1, 2);
  // @ts-expect-error: abstract
  new nn.Module();
  // @ts-expect-error: the list holds Linear layers
  net.layers.append(new nn.ReLU());
  // @ts-expect-error: so does the dictionary
  net.heads.set('a', new nn.ReLU());
  // @ts-expect-error: sizes are numbers
  new nn.Linear('2', 1);
  // @ts-expect-error: it is bias
  new nn.Linear(2, 1, { biases: true });
  // @ts-expect-error: mean, sum or none
  new nn.MSELoss({ reduction: 'avg' });
  // @ts-expect-error: a dim is needed
  new nn.Softmax();
  // @ts-expect-error: a Parameter is made
  net.layers.at(0).weight = ones(2, 2);
  // @ts-expect-error: forward gives a pair
  net.registerForwardHook(() => 'text');
  // @ts-expect-error: a dtype or a device
  base.to(5);
}

export function optimizers(net: Net): void {
  const sgd = new optim.SGD(net.parameters(), { lr: 0.1, momentum: 0.9, nesterov: true });
  new optim.SGD([{ params: net.parameters(), lr: 1 }, { params: ones(1) }]);
  const base: optim.Optimizer<optim.SGDOptions> = sgd;
  is<undefined>()(base.step());
  is<number>()(sgd.step(() => 5));
  is<number>()(sgd.paramGroups[0]!.lr);
  is<Tensor[]>()(sgd.paramGroups[0]!.params);
  sgd.zeroGrad({ setToNone: false });
  const adam = new optim.Adam(net.parameters(), 0.1, { betas: [0.9, 0.99], decoupledWeightDecay: true });
  const adamW: optim.Adam = new optim.AdamW([{ params: net.parameters(), eps: 1e-6 }], { amsgrad: true });
  const saved: optim.OptimizerStateDict = adam.stateDict();
  is<Tensor>()(saved.state[0]!.exp_avg!);
  is<void>()(adamW.loadStateDict(saved));
  // @ts-expect-error: it is lr
  new optim.SGD(net.parameters(), { learningRate: 1 });
  // @ts-expect-error: its parameters
  new optim.SGD(net);
  // @ts-expect-error: here too
  new optim.SGD([{ params: net.parameters(), rate: 1 }]);
  // @ts-expect-error: two of them
  new optim.Adam(net.parameters(), { betas: [0.9] });
  // @ts-expect-error: it always is
  new optim.AdamW(net.parameters(), { decoupledWeightDecay: true });
  // @ts-expect-error: a number
  sgd.paramGroups[0]!.lr = '1';
}

export function errors(error: TenonError): void {
  is<string>()(error.code);
  is<string>()(error.message);
  const base: Error = error;
  is<string>()(base.name);
}
