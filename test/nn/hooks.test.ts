import { nn, ones, tensor, type Tensor } from 'tenon';

const { Linear, ReLU, Sequential } = nn;

/** Doubles its input, or adds a second one. */
class Double extends nn.Module {
  calls = 0;
  override forward(x: Tensor, y?: Tensor): Tensor {
    this.calls++;
    return y === undefined ? x.mul(2) : x.add(y);
  }
}

test('a forward hook sees module, arguments and result', () => {
  const layer = new Double();
  const seen: unknown[] = [];
  layer.registerForwardHook((module, inputs, output) => {
    seen.push(module, ...inputs, output);
  });
  const x = ones(2);
  const y = layer.forward(x);
  expect(seen.length).toBe(3);
  expect([seen[0] === layer, seen[1] === x, seen[2] === y]).toEqual([true, true, true]);
  expect(y.tolist()).toEqual([2, 2]);
});

test('what a hook returns takes the place of the result, in the order of registration', () => {
  const layer = new Double();
  layer.registerForwardHook((_m, _x, y) => y.add(1));
  layer.registerForwardHook((_m, _x, y) => y.mul(10));
  layer.registerForwardHook((_m, _x, y) => y.add(100), { prepend: true });
  layer.registerForwardHook(() => null);
  expect(layer.forward(ones(1)).item()).toBe((2 + 100 + 1) * 10);
});

test('a pre-hook may replace the arguments', () => {
  const layer = new Double();
  const list = layer.registerForwardPreHook((_m, [x]) => [x, tensor([5])]);
  expect(layer.forward(ones(1)).item()).toBe(6);
  list.remove();
  layer.registerForwardPreHook((_m, [x]) => x.mul(3));
  layer.registerForwardPreHook((_m, [x]) => x.add(1), { prepend: true });
  layer.registerForwardPreHook(() => undefined);
  expect(layer.forward(ones(1)).item()).toBe((1 + 1) * 3 * 2);
});

test('no hook, no cost: the instance has no forward of its own before the first and after the last', () => {
  const layer = new Double();
  expect(Object.hasOwn(layer, 'forward')).toBe(false);
  const before = layer.registerForwardPreHook(() => null);
  const after = layer.registerForwardHook(() => null);
  expect(Object.hasOwn(layer, 'forward')).toBe(true);
  expect(Object.keys(layer)).toEqual(['training', 'calls']);
  before.remove();
  expect(Object.hasOwn(layer, 'forward')).toBe(true);
  after.remove();
  after.remove();
  expect(Object.hasOwn(layer, 'forward')).toBe(false);
  layer.forward(ones(1));
  expect(layer.calls).toBe(1);
});

test("a forward that is the instance's own is put back", () => {
  const layer = new Double();
  const own = (x: Tensor): Tensor => x.mul(5);
  layer.forward = own;
  const handle = layer.registerForwardHook((_m, _x, y) => y.add(1));
  expect(layer.forward(ones(1)).item()).toBe(6);
  handle.remove();
  expect(Object.getOwnPropertyDescriptor(layer, 'forward')!.value).toBe(own);
});

test('the same function registered twice is called twice, and removed one by one', () => {
  const layer = new Double();
  let calls = 0;
  const hook = (): void => void calls++;
  const handles = [layer.registerForwardHook(hook), layer.registerForwardHook(hook)];
  layer.forward(ones(1));
  expect(calls).toBe(2);
  handles[0]!.remove();
  layer.forward(ones(1));
  expect(calls).toBe(3);
});

test('a hook may remove itself and one that throws stops the call', () => {
  const layer = new Double();
  let calls = 0;
  const handle = layer.registerForwardHook(() => {
    calls++;
    handle.remove();
  });
  layer.registerForwardHook(() => {
    throw new Error('stop');
  });
  expect(() => layer.forward(ones(1))).toThrow('stop');
  expect(() => layer.forward(ones(1))).toThrow('stop');
  expect(calls).toBe(1);
});

test('hooks are called inside of containers, and gradients flow through what they return', () => {
  const net = new Sequential(new Linear(2, 2), new ReLU(), new Linear(2, 1));
  const activations: string[] = [];
  for (const [name, module] of net.namedChildren())
    module.registerForwardHook((_m, _x, y) => {
      activations.push(`${name}: ${String((y as Tensor).shape)}`);
    });
  net.registerForwardHook((_m, _x, y) => y.mul(2));
  const y = net.forward(ones(3, 2));
  expect(activations).toEqual(['0: 3,2', '1: 3,2', '2: 3,1']);
  y.sum().backward();
  expect((net.at(2) as nn.Linear).bias!.grad!.tolist()).toEqual([6]);
  expect(net.namedParameters().length).toBe(4);
});
