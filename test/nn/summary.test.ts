import { ArgumentError, nn, zeros, type Tensor } from 'tenon';
import { expectError } from '../errors/table';

class Net extends nn.Module {
  body = new nn.Sequential(new nn.Linear(4, 100), new nn.ReLU());
  head = new nn.Linear(100, 2);
  forward(x: Tensor): Tensor {
    return this.head.forward(this.body.forward(x));
  }
}

test('a table of modules, shapes and parameters', () => {
  const net = new Net();
  net.head.bias!.requiresGrad_(false);
  net.body.eval();
  expect(nn.summary(net, [3, 4])).toBe(`Module              Output    Parameters
────────────────────────────────────────
Net                 [3, 2]             -
  body: Sequential  [3, 100]           -
    0: Linear       [3, 100]         500
    1: ReLU         [3, 100]           -
  head: Linear      [3, 2]           202
────────────────────────────────────────
Parameters: 702, trained: 700
Memory of parameters and buffers: 0.00 MiB`);
  expect(nn.summary(net, zeros(3, 4))).toBe(nn.summary(net, [3, 4]));
  expect([net.training, net.body.training]).toEqual([true, false]);
});

test('only so many levels, with the parameters of those below', () => {
  const text = nn.summary(new Net(), [[3, 4]], { depth: 1 });
  expect(text).toMatch(/body: Sequential {2,}\[3, 100\] +500/);
  expect(text).not.toContain('ReLU');
});

test('wrong arguments', () => {
  expectError(() => nn.summary(new Net(), 3 as never), ArgumentError, /expected the shape of an input/);
  expectError(() => nn.summary({} as never, [1]), ArgumentError, /expected a Module/);
  expectError(() => nn.summary(new Net(), [1, 4], { depth: -1 }), ArgumentError, /expected depth/);
});
