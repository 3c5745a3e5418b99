import {
  ArgumentError,
  AutogradError,
  amp,
  autograd,
  collect,
  cpu,
  manualSeed,
  memoryStats,
  nn,
  noGrad,
  ones,
  rand,
  randn,
  tensor,
  testing,
  utils,
  type Tensor,
} from 'tenon';
import { expectError, wrong } from '../errors/table';

(expect as unknown as { addEqualityTesters(testers: unknown[]): void }).addEqualityTesters([
  testing.tensorEquality,
]);

const { checkpoint, checkpointSequential } = utils.checkpoint;
const net = new nn.Sequential(new nn.Linear(4, 8), new nn.Tanh(), new nn.Linear(8, 4), new nn.Sigmoid());

/** Values and gradients of a function of an input and of the net's parameters. */
function outcome(f: (x: Tensor) => Tensor): Tensor[] {
  manualSeed(4);
  const x = randn(3, 4, { requiresGrad: true });
  net.zeroGrad();
  const y = f(x);
  y.pow(2).sum().backward();
  // The generator goes on as if nothing had been computed twice.
  return [y.detach(), x.grad!, ...net.parameters().map((p) => p.grad!.clone()), rand(2)];
}

const noisy = (x: Tensor): Tensor => net.forward(x).mul(rand(3, 4)).exp();

describe('checkpoint', () => {
  test.each<[string, (x: Tensor) => Tensor]>([
    ['once', (x) => checkpoint(noisy, x)],
    ['twice', (x) => checkpoint((y: Tensor) => checkpoint(noisy, y), x)],
    ['in part', (x) => checkpoint((y: Tensor) => checkpoint(noisy, y.mul(1)).mul(1), x)],
    ['by closure', (x) => checkpoint(() => noisy(x))],
    ['with options', (x) => checkpoint(noisy, x, { useReentrant: false, determinismCheck: 'default' })],
  ])('%s: values, gradients and random numbers stay what they are', (_, f) => {
    expect(outcome(f)).toEqual(outcome(noisy));
  });

  test('runs the function again in the backward pass, once', () => {
    let runs = 0;
    const f = (x: Tensor): Tensor => {
      runs++;
      return x.exp().tanh().sin();
    };
    const x = ones(2, { requiresGrad: true });
    const y = checkpoint(f, x);
    expect(runs).toBe(1);
    y.sum().backward({ retainGraph: true });
    expect(runs).toBe(2);
    const first = x.grad!.clone();
    y.sum().backward();
    expect(x.grad).toEqual(first.mul(2));
    checkpoint(f, ones(2));
    noGrad(() => checkpoint(f, x));
    expect(runs).toBe(4);
  });

  test('has gradients of parameters alone, by autograd.grad too', () => {
    const x = ones(3, 4);
    const wanted = net.parameters();
    const expected = autograd.grad(net.forward(x).sum(), wanted);
    expect(autograd.grad(checkpoint((t: Tensor) => net.forward(t), x).sum(), wanted)).toEqual(expected);
  });

  test('has second derivatives', () => {
    const x = randn(3, 4, { dtype: 'float64', requiresGrad: true });
    const f = (t: Tensor): Tensor => checkpoint((u: Tensor) => u.exp().mul(u.tanh()).sigmoid().pow(2), t);
    expect(autograd.gradcheck((t) => f(t), [x])).toBe(true);
    expect(autograd.gradgradcheck((t) => f(t), [x])).toBe(true);
  });

  test('passes several results and other arguments on', () => {
    const x = ones(2, { requiresGrad: true });
    const f = (a: Tensor, factor: number, extra: { shift: number }): [Tensor, string] => [
      a.mul(a).mul(factor).add(extra.shift),
      'text',
    ];
    const [y, text] = checkpoint(f, x, 3, { shift: 1 });
    y.sum().backward();
    expect([y.tolist(), text, x.grad!.tolist()]).toEqual([[4, 4], 'text', [6, 6]]);
  });

  test('keeps changes in place and Functions right', () => {
    class Cube extends autograd.Function {
      static override forward(ctx: autograd.FunctionCtx, x: Tensor): Tensor {
        ctx.saveForBackward(x);
        return x.pow(3);
      }
      static override backward(ctx: autograd.FunctionCtx, grad: Tensor): Tensor {
        return grad.mul(ctx.savedTensors[0]!.pow(2).mul(3));
      }
    }
    const f = (x: Tensor): Tensor => Cube.apply(x.mul(2).mul_(3).tanh_());
    const gradient = (g: (x: Tensor) => Tensor): Tensor => {
      const x = tensor([0.5, -0.25], { requiresGrad: true });
      g(x).sum().backward();
      return x.grad!;
    };
    expect(gradient((x) => checkpoint(f, x))).toEqual(gradient(f));
  });

  test('finds changes in place that spoil what was saved', () => {
    const x = ones(2, { requiresGrad: true });
    const y = checkpoint((t: Tensor) => t.exp().mul_(2), x);
    expect(() => y.sum().backward()).toThrow(/ExpBackward needs .* was changed in place/);
  });

  test('does not hold what it computes again', () => {
    const x = ones(256, 1024, { requiresGrad: true, device: 'cpu' }); // whose memory is counted below
    const f = (t: Tensor): Tensor => {
      let y = t;
      for (let i = 0; i < 10; i++) y = y.sin();
      return y;
    };
    const settle = (): void => {
      cpu.synchronize(); // what is under way holds its operands
      collect();
      collect();
    };
    const held = (g: () => Tensor): number => {
      settle();
      const before = memoryStats().liveBytes;
      const y = g();
      settle();
      const bytes = memoryStats().liveBytes - before;
      expect(y.requiresGrad).toBe(true);
      return bytes / x.numel() / 4;
    };
    expect(held(() => f(x))).toBeGreaterThan(8);
    expect(held(() => checkpoint(f, x))).toBeLessThan(3);
    expect(held(() => checkpoint((t: Tensor) => checkpoint(f, t.cos()), x))).toBeLessThan(3);
  });

  test('does not draw the same numbers if it is told so', () => {
    manualSeed(1);
    const x = ones(4, { requiresGrad: true });
    const noise: Tensor[] = [];
    const f = (t: Tensor): Tensor => {
      noise.push(rand(4));
      return t.mul(noise[noise.length - 1]!);
    };
    checkpoint(f, x, { preserveRngState: false }).sum().backward();
    expect(noise[0]!.equal(noise[1]!)).toBe(false);
    expect(x.grad).toEqual(noise[1]);
  });
});

describe('checkpointSequential', () => {
  test.each([1, 2, 3, 4])('in %d segments', (segments) => {
    expect(outcome((x) => checkpointSequential<Tensor>(net, segments, x))).toEqual(
      outcome((x) => net.forward(x)),
    );
    expect(outcome((x) => checkpointSequential<Tensor>([noisy, (y: Tensor) => y.sin()], 2, x))).toEqual(
      outcome((x) => noisy(x).sin()),
    );
  });
});

test('wrong use gives typed errors', () => {
  const x = ones(2, { requiresGrad: true });
  expectError(
    () => checkpoint(wrong<typeof noisy>(3), x),
    ArgumentError,
    /^checkpoint: expected a function, got 3/,
  );
  expectError(
    () => checkpoint(async (t: Tensor) => Promise.resolve(t), x),
    ArgumentError,
    /^checkpoint: expected a synchronous function/,
  );
  expectError(
    () => checkpoint((t: Tensor) => t, x, { determinismCheck: wrong<'none'>('some') }),
    ArgumentError,
    /^checkpoint: expected determinismCheck to be "default" or "none", got "some"/,
  );
  expectError(
    () => checkpointSequential([wrong(3)], 1, x),
    ArgumentError,
    /^checkpointSequential: expected functions or modules, got 3/,
  );
  expectError(
    () => checkpointSequential(net, 5, x),
    ArgumentError,
    /^checkpointSequential: expected segments from 1 to 4, got 5/,
  );
  expectError(
    () => checkpointSequential(net, 2, x, wrong({ segments: 3 })),
    ArgumentError,
    /^checkpointSequential: expected options out of/,
  );
  let size = 2;
  const growing = checkpoint((t: Tensor) => t.expand(size++, 2).exp(), x);
  expect(() => growing.sum().backward()).toThrow(/^checkpoint: a float32 tensor of shape \[3, 2\] was saved/);
  let deep = 0;
  const deeper = checkpoint((t: Tensor) => (deep++ === 0 ? t.exp() : t.exp().exp()), x);
  expect(() => deeper.sum().backward()).toThrow(
    /^checkpoint: another number of operations saved tensors .* 2, expected 1/,
  );
});

test('runs again in the autocast of the first run', () => {
  const w = randn(3, 3);
  const layer = (t: Tensor): Tensor => t.matmul(w).tanh().matmul(w);
  const gradient = (f: (t: Tensor) => Tensor): Tensor => {
    const x = ones(2, 3, { requiresGrad: true });
    const deviceType = w.device.startsWith('cuda') ? 'cuda' : 'cpu';
    const y = amp.autocast({ deviceType, dtype: 'bfloat16' }, () => f(x));
    expect(y.dtype).toBe('bfloat16');
    y.float().sum().backward();
    return x.grad!;
  };
  expect(gradient((t) => checkpoint(layer, t)).tolist()).toEqual(gradient(layer).tolist());
});

test.each([
  ['after it', (t: Tensor) => t.mul(t), (h: Tensor) => void h.mul_(3)],
  ['by the function', (t: Tensor) => t.mul_(2).sin(), () => undefined],
])('an argument that was changed in place %s is an error', (_, f, change) => {
  const h = tensor([1, 2], { requiresGrad: true }).mul(1);
  const y = checkpoint(f, h);
  change(h);
  expectError(
    () => y.sum().backward(),
    AutogradError,
    /^checkpoint: argument 0, a float32 tensor of shape \[2\], was changed in place: it is at version 1, expected 0/,
  );
});
