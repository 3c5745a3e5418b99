import { AutogradError, autograd, nn, noGrad, ones, tensor, type Tensor } from 'tenon';
import { expectError, wrong } from '../errors/table';

const leaf = (...values: number[]): Tensor => tensor(values, { requiresGrad: true });
const lists = (grads: nn.Gradients): unknown[] => grads.map((g) => g?.tolist() ?? null);

/** x · a + b · y, and y: of tensors and other things. */
class Mixed extends nn.Module {
  weight = new nn.Parameter(tensor([3]));
  override forward(x: Tensor, factor: number, y: Tensor): [Tensor, Tensor] {
    return [x.mul(factor).add(this.weight.mul(y)), y.mul(10)];
  }
}

test('a hook sees the gradients of arguments and results', () => {
  const layer = new nn.Linear(2, 1);
  noGrad(() => layer.weight.copy_(tensor([[2, 3]])));
  const seen: unknown[] = [];
  layer.registerFullBackwardHook((module, gradInput, gradOutput) => {
    seen.push(module === layer, lists(gradInput), lists(gradOutput));
  });
  const x = ones(1, 2).requiresGrad_();
  layer.forward(x).mul(5).sum().backward();
  expect(seen).toEqual([true, [[[10, 15]]], [[[5]]]]);
  expect(x.grad!.tolist()).toEqual([[10, 15]]);
  expect(layer.weight.grad!.tolist()).toEqual([[5, 5]]);
});

test('each argument and result has its place', () => {
  const module = new Mixed();
  const seen: unknown[] = [];
  module.registerFullBackwardHook((_m, gradInput, gradOutput) => {
    seen.push(lists(gradInput), lists(gradOutput));
  });
  const [x, y] = [leaf(1), leaf(2)];
  const [first, second] = module.forward(x, 4, y);
  first.add(second.mul(2)).backward();
  expect(seen).toEqual([
    [[4], null, [3 + 20]],
    [[1], [2]],
  ]);
  expect([x.grad!.item(), y.grad!.item(), module.weight.grad!.item()]).toEqual([4, 23, 2]);
  // Nobody asks for the second result's gradient, nor for that of a constant.
  seen.length = 0;
  module.forward(tensor([1]), 4, y)[0].backward();
  expect(seen).toEqual([
    [null, null, [3]],
    [[1], null],
  ]);
});

test('what a hook returns takes the place of the arguments’ gradients, in the order of registration', () => {
  const layer = new nn.Identity();
  layer.registerFullBackwardHook((_m, [g]) => [g!.add(1)]);
  layer.registerFullBackwardHook((_m, [g]) => g!.mul(10));
  layer.registerFullBackwardHook((_m, [g]) => [g!.add(100)], { prepend: true });
  layer.registerFullBackwardHook(() => null);
  const x = leaf(1);
  layer.forward(x).backward();
  expect(x.grad!.item()).toBe((1 + 100 + 1) * 10);
});

test('null stops a gradient', () => {
  const module = new Mixed();
  module.registerFullBackwardHook((_m, [gx]) => [gx!, null, null]);
  const [x, y] = [leaf(1), leaf(2)];
  module.forward(x, 4, y)[0].backward();
  expect([x.grad!.item(), y.grad]).toEqual([4, null]);
});

test('a pre-hook may replace the results’ gradients before the module sees them', () => {
  const layer = new nn.Linear(1, 1);
  noGrad(() => layer.weight.fill_(3));
  const seen: unknown[] = [];
  const handle = layer.registerFullBackwardPreHook((module, gradOutput) => {
    seen.push(module === layer, lists(gradOutput));
    return [gradOutput[0]!.mul(2)];
  });
  layer.registerFullBackwardHook((_m, gradInput, gradOutput) => {
    seen.push(lists(gradInput), lists(gradOutput));
  });
  const x = ones(1, 1).requiresGrad_();
  layer.forward(x).backward();
  expect(seen).toEqual([true, [[[1]]], [[[6]]], [[[2]]]]);
  expect([layer.bias!.grad!.item(), x.grad!.item()]).toEqual([2, 6]);
  handle.remove();
  layer.zeroGrad();
  layer.forward(x).backward();
  expect(layer.bias!.grad!.item()).toBe(1);
});

test('without an argument that requires a gradient the hook sees the results’ only', () => {
  const layer = new nn.Linear(1, 1);
  const seen: unknown[] = [];
  layer.registerFullBackwardHook((_m, gradInput, gradOutput) => {
    seen.push(lists(gradInput), lists(gradOutput));
  });
  layer.forward(ones(1, 1)).backward();
  expect(seen).toEqual([[null], [[[1]]]]);
  layer.registerFullBackwardHook(() => [ones(1, 1)]);
  expectError(
    () => layer.forward(ones(1, 1)).backward(),
    AutogradError,
    /^registerFullBackwardHook: expected null for every gradient/,
  );
});

test('without recording nothing happens', () => {
  const layer = new nn.Linear(1, 1);
  layer.registerFullBackwardHook(() => {
    throw new Error('called');
  });
  expect(noGrad(() => layer.forward(ones(1, 1))).requiresGrad).toBe(false);
});

test('no hook, no cost: removing the last takes the forward of its own away', () => {
  const layer = new nn.Linear(1, 1);
  const handles = [
    layer.registerFullBackwardHook(() => null),
    layer.registerFullBackwardPreHook(() => null),
    layer.registerForwardHook(() => null),
  ];
  for (const handle of handles) {
    expect(Object.hasOwn(layer, 'forward')).toBe(true);
    handle.remove();
  }
  expect(Object.hasOwn(layer, 'forward')).toBe(false);
});

test('in containers, with forward hooks, and again with retainGraph', () => {
  const net = new nn.Sequential(new nn.Linear(2, 3), new nn.Tanh(), new nn.Linear(3, 1));
  const order: string[] = [];
  for (const [name, module] of net.namedChildren()) {
    module.registerFullBackwardPreHook(() => void order.push(`pre ${name}`));
    module.registerFullBackwardHook(() => void order.push(`post ${name}`));
  }
  net.registerForwardHook((_m, _x, y) => y.mul(2));
  const reference = ones(4, 2).requiresGrad_();
  const y = net.forward(reference).sum();
  y.backward(null, { retainGraph: true });
  const once = ['pre 2', 'post 2', 'pre 1', 'post 1', 'pre 0', 'post 0'];
  expect(order).toEqual(once);
  const first = reference.grad!.clone();
  y.backward();
  expect(order).toEqual([...once, ...once]);
  expect(reference.grad!.sub(first.mul(2)).abs().max().item()).toBeLessThan(1e-6);
});

test('the gradients are those of the module without hooks, also the second ones', () => {
  const layer = new nn.Linear(2, 2).double();
  const x = tensor([[0.3, -0.2]], { dtype: 'float64', requiresGrad: true });
  const twice = (): Tensor[] => {
    const [g] = autograd.grad(layer.forward(x).tanh().sum(), x, { createGraph: true });
    return autograd.grad(g!.pow(2).sum(), [x, layer.weight]);
  };
  const without = twice().map((g) => g.tolist());
  const seen: boolean[] = [];
  layer.registerFullBackwardHook((_m, [g]) => void seen.push(g!.requiresGrad));
  layer.registerFullBackwardPreHook(() => null);
  expect(twice().map((g) => g.tolist())).toEqual(without);
  expect(seen[0]).toBe(true);
});

test('hooks see a scalar loss, whose gradient they may keep and change', () => {
  const loss = new nn.MSELoss();
  const kept: Tensor[] = [];
  loss.registerFullBackwardHook((_m, [g], [one]) => {
    kept.push(g!, one!);
    one!.zero_();
  });
  const x = leaf(3);
  loss.forward(x, tensor([1])).backward();
  loss.forward(x, tensor([1])).backward();
  expect(kept.map((t) => t.tolist())).toEqual([[4], 0, [4], 0]);
  expect(x.grad!.item()).toBe(8);
});

test('results with names keep them', () => {
  class Largest extends nn.Module {
    override forward(x: Tensor): { values: Tensor; indices: Tensor } & readonly [Tensor, Tensor] {
      return x.max(0);
    }
  }
  const module = new Largest();
  module.registerFullBackwardHook((_m, _g, gradOutput) => void expect(lists(gradOutput)).toEqual([2, null]));
  const x = leaf(1, 5, 2);
  const result = module.forward(x);
  expect(result.indices === result[1]).toBe(true);
  expect(result.indices.item()).toBe(1);
  result.values.mul(2).backward();
  expect(x.grad!.tolist()).toEqual([0, 2, 0]);
});

test('what is led past hooks can not be changed in place', () => {
  const layer = new nn.Identity();
  layer.registerFullBackwardHook(() => null);
  const y = layer.forward(leaf(1).mul(1));
  expectError(() => y.mul_(2), AutogradError, /BackwardHookFunctionBackward can't be changed in place/);
});

test('what hooks may not return', () => {
  const failing = (add: (layer: nn.Identity) => unknown, message: RegExp): void => {
    const layer = new nn.Identity();
    add(layer);
    const x = leaf(1, 2);
    expectError(() => layer.forward(x).sum().backward(), AutogradError, message);
    expect(x.grad).toBe(null);
  };
  failing(
    (l) => l.registerFullBackwardHook(wrong(() => [])),
    /^registerFullBackwardHook: expected the hook to return 1 gradients .* got an array of length 0/,
  );
  failing((l) => l.registerFullBackwardHook(wrong(() => 5)), /got 5/);
  failing(
    (l) => l.registerFullBackwardPreHook(() => [ones(3)]),
    /^registerFullBackwardPreHook: expected a float32 tensor of shape \[2\] or null as gradient 0, got float32 of shape \[3\]/,
  );
  failing(
    (l) => l.registerFullBackwardHook(() => [ones(2, { dtype: 'float64' })]),
    /got float64 of shape \[2\]/,
  );
  failing((l) => l.registerFullBackwardHook(wrong(() => ['x'])), /got "x"/);
});
