/** Devices as users see them: on the two emulated ones that `npm run test:cuda` gives, and where there is none. */
import { execFileSync } from 'child_process';
import { join } from 'path';
import * as tenon from 'tenon';
import {
  AutogradError,
  ArgumentError,
  DeviceError,
  OutOfMemoryError,
  type Tensor,
  arange,
  autograd,
  cat,
  cuda,
  eye,
  full,
  manualSeed,
  nn,
  ones,
  optim,
  rand,
  randn,
  setAutoTransfer,
  setDefaultDevice,
  tensor,
  zeros,
  zerosLike,
  type DeviceLike,
} from 'tenon';

const ROOT = join(__dirname, '..');
const emulated = process.env.TENON_CUDA_DRIVER !== undefined;

function message(f: () => unknown): string {
  try {
    f();
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
  throw new Error('expected an error');
}

describe('without a driver', () => {
  const program = `
    const { cuda, tensor, setDefaultDevice } = require('./lib/index.ts');
    setDefaultDevice('auto');
    const errors = [];
    for (const f of [() => tensor([1], { device: 'cuda' }), () => tensor([1]).cuda(1), () => cuda.synchronize()])
      try { f(); } catch (error) { errors.push(error.name + ': ' + error.message); }
    cuda.manualSeed(1);
    console.log(JSON.stringify([cuda.isAvailable(), cuda.deviceCount(), cuda.status(), errors, tensor([1]).device]));
  `;

  test('nothing but the use of a CUDA device is an error, and the error says why', () => {
    const text = execFileSync(process.execPath, ['-r', 'tsx/cjs', '-e', program], {
      cwd: ROOT,
      env: { ...process.env, TENON_CUDA_DRIVER: '/nowhere/libcuda.so.1', TENON_TEST_DEVICE: '' },
      encoding: 'utf8',
    });
    const [available, count, status, errors, device] = JSON.parse(text) as [
      boolean,
      number,
      tenon.cuda.CudaStatus,
      string[],
      string,
    ];
    expect([available, count, device]).toEqual([false, 0, 'cpu']);
    expect(status).toMatchObject({ available: false, devices: [] });
    expect(status.reason).toMatch(/^no NVIDIA driver: .*nowhere/);
    expect(errors).toEqual([
      `DeviceError: tensor: no CUDA device is available for "cuda": ${status.reason}`,
      `DeviceError: cuda: no CUDA device is available for "cuda:1": ${status.reason}`,
      `DeviceError: synchronize: no CUDA device is available for "cuda": ${status.reason}`,
    ]);
  });
});

setDefaultDevice('cpu');

const onCuda = emulated ? describe : describe.skip;

onCuda('devices', () => {
  beforeEach(() => {
    setDefaultDevice('cpu');
    cuda.setDevice(0);
  });
  afterEach(() => setAutoTransfer(false));

  describe('names', () => {
    test('what there is', () => {
      expect([cuda.isAvailable(), cuda.deviceCount(), cuda.currentDevice()]).toEqual([true, 2, 0]);
      expect(cuda.getDeviceName(1)).toBe(cuda.getDeviceProperties('cuda:1').name);
      expect(cuda.getDeviceCapability()).toEqual([
        cuda.getDeviceProperties().major,
        cuda.getDeviceProperties().minor,
      ]);
      expect(cuda.getDeviceProperties().totalMemory).toBeGreaterThan(1e9);
    });

    test.each<[DeviceLike, string, number]>([
      ['cpu', 'cpu', -1],
      ['cuda', 'cuda:0', 0],
      ['cuda:1', 'cuda:1', 1],
      ['auto', 'cuda:0', 0],
    ])('%s is %s', (device, name, index) => {
      const t = zeros(2, { device });
      expect([t.device, t.isCuda, t.getDevice()]).toEqual([name, index >= 0, index]);
      expect(t.tolist()).toEqual([0, 0]);
    });

    test("setDevice changes what 'cuda' means", () => {
      cuda.setDevice('cuda:1');
      expect([cuda.currentDevice(), ones(1).cuda().device, ones(1).to('cuda').device]).toEqual([
        1,
        'cuda:1',
        'cuda:1',
      ]);
      expect(ones(1).cuda(0).device).toBe('cuda:0');
    });

    test('bad ones are typed errors', () => {
      expect(message(() => zeros(1, { device: 'cuda:2' }))).toBe(
        'DeviceError: zeros: there is no device "cuda:2": there are 2 CUDA devices, cuda:0 to cuda:1',
      );
      expect(message(() => ones(1).to('gpu' as DeviceLike))).toMatch(/^DeviceError: to: expected a device/);
      expect(message(() => cuda.setDevice(7))).toMatch(
        /^DeviceError: setDevice: there is no device "cuda:7"/,
      );
      expect(message(() => cuda.synchronize('cpu'))).toMatch(/^DeviceError: .*expected a CUDA device/);
    });

    test('the default device is that of what names none', () => {
      setDefaultDevice('cuda:1');
      expect(tenon.getDefaultDevice()).toBe('cuda:1');
      const made = [
        tensor([1]),
        zeros(2),
        arange(3),
        eye(2),
        rand(2),
        full([2], 3),
        new nn.Linear(2, 2).weight,
      ];
      expect(made.map((t) => t.device)).toEqual(made.map(() => 'cuda:1'));
      expect(tensor(ones(1, { device: 'cpu' })).device).toBe('cpu');
      expect(tenon.fromNumpy(new Float32Array(2)).device).toBe('cpu');
    });
  });

  describe('moving', () => {
    const x = arange(6).float().reshape(2, 3);

    test('there and back, also what is not row major, and other dtypes', () => {
      for (const t of [
        x,
        x.t(),
        x.index(':', slice()),
        x.sum(),
        zeros(0, 3),
        x.to('int64'),
        x.half(),
        x.gt(2),
      ])
        for (const device of ['cuda', 'cuda:1'] as const) {
          const there = t.to(device);
          expect([there.dtype, there.shape]).toEqual([t.dtype, t.shape]);
          expect(there.tolist()).toEqual(t.tolist());
          expect(there.cpu().tolist()).toEqual(t.tolist());
          expect(there.to('cuda:0').to('cuda:1').cpu().equal(t)).toBe(true);
        }
      expect(x.to({ device: 'cuda', dtype: 'float64' }).tolist()).toEqual(x.tolist());
      expect(x.cuda().to('cpu', 'int32').dtype).toBe('int32');
    });

    function slice(): tenon.Slice {
      return tenon.slice(0, 3, 2);
    }

    test('nowhere: the tensor itself', () => {
      const there = x.cuda();
      expect(there.cuda()).toBe(there);
      expect(there.to(there)).toBe(there);
      expect(there.to({ device: 'cuda', copy: true })).not.toBe(there);
      expect(x.to(there).device).toBe('cuda:0');
      expect(x.to('int64').typeAs(there)).toMatchObject({ dtype: 'float32', device: 'cuda:0' });
    });

    test('what is made like a tensor is where it is', () => {
      const there = x.to('cuda:1');
      const made = [
        zerosLike(there),
        there.newOnes(2),
        there.newTensor([1]),
        tenon.randLike(there),
        tensor(there),
      ];
      expect(made.map((t) => t.device)).toEqual(made.map(() => 'cuda:1'));
      expect(zerosLike(there, { device: 'cpu' }).device).toBe('cpu');
    });

    test('prints as PyTorch does', () => {
      expect(String(tensor([1, 2]).cuda())).toBe("tensor([1., 2.], device='cuda:0')");
      expect(String(tensor([1], { device: 'cuda:1', requiresGrad: true }))).toBe(
        "tensor([1.], device='cuda:1', requiresGrad=true)",
      );
      expect(String(arange(2000, { device: 'cuda' }))).toBe(
        "tensor([   0,    1,    2,  ..., 1997, 1998, 1999], device='cuda:0')",
      );
      expect(String(x.cuda().t())).toBe(
        "tensor([[0., 3.],\n        [1., 4.],\n        [2., 5.]], device='cuda:0')",
      );
    });

    test('copy_ and fill_ take what is elsewhere', () => {
      const there = zeros(2, 3, { device: 'cuda' });
      expect(there.copy_(x).tolist()).toEqual(x.tolist());
      expect(there.copy_(tensor([1, 2, 3], { dtype: 'int64' })).tolist()).toEqual([[1, 2, 3], [1, 2, 3]]); // prettier-ignore
      expect(zeros(3, 2).copy_(x.cuda().t()).tolist()).toEqual(x.t().tolist());
      expect(zeros(3, 2).t().copy_(x.cuda()).tolist()).toEqual(x.tolist());
      expect(there.fill_(tensor(7)).tolist()).toEqual([[7, 7, 7], [7, 7, 7]]); // prettier-ignore
      expect(zeros(1).fill_(tensor(8).cuda()).tolist()).toEqual([8]);
    });

    test('readers', async () => {
      const there = x.cuda();
      expect(await there.sum().itemAsync()).toBe(15);
      expect(await there.t().tolistAsync()).toEqual(x.t().tolist());
      expect(await there.half().toTypedArrayAsync()).toEqual(Float32Array.from([0, 1, 2, 3, 4, 5]));
      expect(there.to('int64').sum().itemBigInt()).toBe(15n);
      expect(JSON.stringify(there)).toBe('[[0,1,2],[3,4,5]]');
    });

    test("threads can't share it", () => {
      expect(() => tenon.shareTensor(x.cuda())).toThrow(DeviceError);
    });
  });

  describe('operands', () => {
    const a = emulated ? tensor([1, 2, 3]).cuda() : tensor([1, 2, 3]);

    test('numbers and 0-d tensors of the CPU go with any device', () => {
      const s = tensor(2);
      for (const out of [a.mul(s), s.mul(a), a.add(2), a.where(a.gt(tensor(1)), s), a.clamp(tensor(0), s)])
        expect(out.device).toBe('cuda:0');
      expect(a.mul(s).tolist()).toEqual([2, 4, 6]);
      expect(s.sub(a).tolist()).toEqual([1, 0, -1]);
      expect(a.clone().add_(s).tolist()).toEqual([3, 4, 5]);
      expect(a.maskedFill(a.gt(1), s).tolist()).toEqual([1, 2, 2]);
      expect(a.gt(s).tolist()).toEqual([false, false, true]);
    });

    test('on several devices: an error that names them and what to do', () => {
      const b = ones(3);
      const all: [string, () => unknown][] = [
        ['add', () => a.add(b)],
        ['add', () => a.add(b, { alpha: 2 })],
        ['lt', () => a.lt(b)],
        ['where', () => tenon.where(a.gt(0), b, 1)],
        ['clamp', () => a.clamp(b)],
        ['maskedFill', () => a.maskedFill(b.gt(0), 1)],
        ['matmul', () => a.matmul(b)],
        ['mm', () => a.reshape(1, 3).mm(b.reshape(3, 1))],
        ['linear', () => nn.functional.linear(a, ones(2, 3))],
        ['mseLoss', () => nn.functional.mseLoss(a, b)],
        ['crossEntropy', () => nn.functional.crossEntropy(a.reshape(1, 3), zeros(1).long())],
        ['cat', () => cat([a, b])],
        ['stack', () => tenon.stack([a, b])],
        ['indexSelect', () => a.indexSelect(0, tensor([0, 1]).long())],
        ['equal', () => a.equal(b)],
      ];
      for (const [op, f] of all)
        expect(message(f)).toMatch(
          new RegExp(`^DeviceError: ${op === 'equal' ? 'eq' : op}: expected all tensors on one device, got `),
        );
      expect(message(() => a.add(b))).toBe(
        "DeviceError: add: expected all tensors on one device, got cuda:0 and cpu: move one with .to('cuda:0') or .to('cpu')",
      );
      expect(message(() => b.add_(a))).toMatch(/^DeviceError: add_: .* got cpu and cuda:0/);
      expect(message(() => a.add(a.to('cuda:1')))).toMatch(/got cuda:0 and cuda:1/);
    });

    test('indices may be on the CPU', () => {
      expect(a.index(tensor([2, 0]).long()).tolist()).toEqual([3, 1]);
      expect(a.index([true, false, true]).tolist()).toEqual([1, 3]);
      expect(a.index(a.gt(1)).tolist()).toEqual([2, 3]);
      expect(
        a
          .clone()
          .setIndex([[0, 1]], 9)
          .tolist(),
      ).toEqual([9, 9, 3]);
      expect(a.clone().setIndex([1], tensor(5)).tolist()).toEqual([1, 5, 3]);
      expect(() => ones(3).index(tensor([1]).long().cuda())).toThrow(
        /index: expected indices on cpu or the CPU/,
      );
    });

    test('setAutoTransfer moves the smaller ones', () => {
      setAutoTransfer(true);
      expect(tenon.isAutoTransfer()).toBe(true);
      const large = ones(4, 3, { requiresGrad: true });
      const small = tensor([1, 2, 3], { device: 'cuda', requiresGrad: true });
      const out = large.mul(small);
      expect(out.device).toBe('cpu');
      out.sum().backward();
      expect(small.grad!.device).toBe('cuda:0');
      expect(small.grad!.tolist()).toEqual([4, 4, 4]);
      expect(large.grad!.device).toBe('cpu');
      expect(ones(3).add(ones(3).cuda()).device).toBe('cuda:0');
      expect(ones(3).add_(ones(3).cuda()).device).toBe('cpu');
      const net = new nn.Linear(3, 2).cuda();
      expect(net.forward(ones(1, 3)).device).toBe('cuda:0');
      expect(nn.functional.mseLoss(ones(2).cuda(), zeros(2)).item()).toBe(1);
    });
  });

  describe('autograd', () => {
    test('gradients go back to where the tensors are', () => {
      const x = tensor([1, 2], { requiresGrad: true });
      const s = tensor(3, { requiresGrad: true });
      const y = x.cuda().mul(s).add(x.to('cuda:1').cpu().cuda());
      expect(y.gradFn!.name).toBe('AddBackward');
      y.pow(2).sum().backward();
      expect([x.grad!.device, s.grad!.device]).toEqual(['cpu', 'cpu']);
      expect(x.grad!.tolist()).toEqual([32, 64]);
      expect(s.grad!.item()).toBe(40);
    });

    test('second derivatives, too', () => {
      const x = tensor([1, 2], { dtype: 'float64', requiresGrad: true });
      const f = (t: Tensor): Tensor => t.cuda().pow(3).mul(t.to('cuda:1').to('cuda:0'));
      expect(autograd.gradcheck(f, [x])).toBe(true);
      expect(autograd.gradgradcheck(f, [x])).toBe(true);
      expect(autograd.gradcheck(f, [x.detach().cuda().requiresGrad_()])).toBe(true);
    });

    test('given gradients and hooks', () => {
      const x = ones(2, { device: 'cuda', requiresGrad: true });
      expect(message(() => x.mul(2).backward(ones(2)))).toMatch(
        /DeviceError: .*a gradient on cuda:0, got one on cpu/,
      );
      expect(message(() => (x.grad = ones(2)))).toMatch(/DeviceError: grad: expected a tensor on cuda:0/);
      const y = x.mul(2);
      y.registerHook((g) => g.cpu());
      expect(message(() => y.sum().backward())).toMatch(/DeviceError: hook/);
      x.mul(2).backward(tensor([1, 2]).cuda());
      expect(x.grad!.tolist()).toEqual([2, 4]);
      expect(() => ones(1).cuda().backward()).toThrow(AutogradError);
    });
  });

  describe('modules', () => {
    class Net extends nn.Module {
      fc = new nn.Linear(2, 3);
      scale = nn.Buffer(tensor([2]));
      count = nn.Buffer(tensor([1], { dtype: 'int64' }));
      override forward(x: Tensor): Tensor {
        return this.fc.forward(x).mul(this.scale);
      }
    }

    test('to() moves all, and parameters stay the same objects', () => {
      const net = new Net();
      const { weight } = net.fc;
      const values = weight.tolist();
      net.forward(ones(1, 2)).sum().backward();
      const grad = weight.grad!.tolist();
      expect(net.to('cuda:1')).toBe(net);
      expect(net.fc.weight).toBe(weight);
      expect([weight.device, weight.grad!.device, net.scale.device, net.count.device]).toEqual(
        Array.from({ length: 4 }, () => 'cuda:1'),
      );
      expect([weight.tolist(), weight.grad!.tolist()]).toEqual([values, grad]);
      expect([weight.isLeaf, weight.requiresGrad, weight.isParameter]).toEqual([true, true, true]);
      net
        .forward(ones(1, 2, { device: 'cuda:1' }))
        .sum()
        .backward();
      expect(weight.grad!.tolist()).toEqual((grad as number[][]).map((row) => row.map((g) => 2 * g)));
      expect(net.to({ device: 'cpu', dtype: 'float64' }).fc.weight).toBe(weight);
      expect([weight.dtype, weight.device, net.count.dtype]).toEqual(['float64', 'cpu', 'int64']);
      expect(net.cuda(0).cpu().fc.weight.device).toBe('cpu');
    });

    test('an optimizer made before goes on', () => {
      const net = new nn.Linear(2, 1, { bias: false });
      const still = tensor([1], { requiresGrad: true });
      const optimizer = new optim.SGD([net.weight, still], { lr: 0.5, momentum: 0.5 });
      const step = (device: DeviceLike): void => {
        optimizer.zeroGrad();
        net
          .forward(ones(1, 2, { device }))
          .sum()
          .backward();
        still.sum().backward();
        optimizer.step();
      };
      const [[w]] = net.weight.tolist<[[number]]>();
      step('cpu');
      net.cuda();
      step('cuda');
      expect(net.weight.tolist<number[][]>()[0]![0]).toBeCloseTo(w - 0.5 - 0.75, 5);
      expect(still.item()).toBeCloseTo(-0.25, 5);
    });

    test('graphs from before the move notice it', () => {
      const net = new nn.Linear(2, 1);
      const x = ones(1, 2, { requiresGrad: true });
      const out = net.forward(x);
      net.cuda();
      expect(() => out.sum().backward()).toThrow(/changed in place/);
    });

    test('what modules share stays shared', () => {
      const a = new nn.Linear(2, 2);
      const b = new nn.Linear(2, 2);
      b.weight = a.weight;
      new nn.Sequential(a, b).cuda();
      expect(b.weight).toBe(a.weight);
      expect(a.weight.device).toBe('cuda:0');
    });

    test('state dicts load across devices', () => {
      const [a, b] = [new nn.Linear(2, 2, { device: 'cuda' }), new nn.Linear(2, 2)];
      b.loadStateDict(a.stateDict());
      expect(b.weight.device).toBe('cpu');
      expect(b.weight.tolist()).toEqual(a.weight.tolist());
    });
  });

  test('one seed gives the same numbers on every device', () => {
    const draws = (device: DeviceLike): unknown[] => {
      manualSeed(7);
      const generator = new tenon.Generator().manualSeed(8);
      const options = { device };
      return [
        rand(3, options),
        randn(5, options),
        tenon.randint(10, [4], options),
        tenon.randperm(6, options),
        zeros(3, options).uniform_(0, 1, { generator }),
        new nn.Linear(3, 2, options).weight,
      ].map((t) => t.tolist());
    };
    const expected = draws('cpu');
    expect(draws('cuda')).toEqual(expected);
    expect(draws('cuda:1')).toEqual(expected);
    manualSeed(1);
    const first = rand(2, { device: 'cuda' }).tolist();
    cuda.manualSeed(1);
    expect(rand(2, { device: 'cuda' }).tolist()).toEqual(first);
    cuda.manualSeedAll(1);
    expect(rand(2, { device: 'cuda:1' }).tolist()).toEqual(first);
    expect(() => cuda.manualSeedAll('x' as never)).toThrow(ArgumentError);
  });

  describe('memory', () => {
    test('is counted, kept and returned', () => {
      tenon.collect();
      cuda.emptyCache(1);
      cuda.resetPeakMemoryStats(1);
      const before = cuda.memoryAllocated(1);
      const t = zeros(1 << 20, { device: 'cuda:1' });
      expect(cuda.memoryAllocated(1) - before).toBe(4 << 20);
      expect(cuda.maxMemoryAllocated(1) - before).toBe(4 << 20);
      t.dispose();
      expect(cuda.memoryAllocated(1)).toBe(before);
      expect(cuda.memoryReserved(1)).toBeGreaterThanOrEqual(4 << 20);
      expect(cuda.maxMemoryReserved(1)).toBeGreaterThanOrEqual(cuda.memoryReserved(1));
      cuda.emptyCache(1);
      expect(cuda.memoryReserved(1)).toBeLessThan(4 << 20);
      const [free, total] = cuda.memGetInfo(1);
      expect(free).toBeLessThanOrEqual(total);
      expect(cuda.memorySummary(1)).toMatch(/cuda:1/);
    });

    test('a loop that drops its tensors stays flat', () => {
      for (let i = 0; i < 400; i++) zeros(1 << 20, { device: 'cuda' });
      expect(cuda.maxMemoryReserved()).toBeLessThan(512 << 20);
    });

    test('that there is none of is an OutOfMemoryError', () => {
      const { totalMemory } = cuda.getDeviceProperties();
      const f = (): Tensor => zeros(totalMemory, { device: 'cuda' });
      expect(f).toThrow(OutOfMemoryError);
      expect(message(f)).toMatch(/zeros: cannot allocate \d+ bytes on cuda:0/);
      expect(zeros(2, { device: 'cuda' }).tolist()).toEqual([0, 0]);
    });
  });

  describe('streams and events', () => {
    test('work is launched on the current stream', async () => {
      const s = new cuda.Stream();
      expect([s.device, cuda.currentStream()]).toEqual(['cuda:0', cuda.defaultStream()]);
      const a = ones(1000).cuda();
      s.waitStream(cuda.currentStream());
      const out = cuda.stream(s, () => {
        expect(cuda.currentStream()).toBe(s);
        return a.add(1).sum();
      });
      expect(cuda.currentStream()).toBe(cuda.defaultStream());
      cuda.currentStream().waitStream(s);
      expect(out.item()).toBe(2000);
      s.synchronize();
      expect(s.query()).toBe(true);
      await cuda.synchronizeAsync();
      cuda.synchronize('cuda:1');
      s.dispose();
      expect(() => s.synchronize()).toThrow(/disposed/);
    });

    test("a stream brings its device, and doesn't outlast its function", () => {
      const s = new cuda.Stream({ device: 1 });
      expect(cuda.stream(s, () => zeros(1, { device: 'cuda' }).device)).toBe('cuda:1');
      expect(cuda.currentDevice()).toBe(0);
      expect(() => cuda.stream(s, () => { throw new RangeError('mine'); })).toThrow(RangeError); // prettier-ignore
      expect(cuda.currentStream(1)).toBe(cuda.defaultStream(1));
      expect(() => cuda.stream(s, async () => Promise.resolve(1))).toThrow(
        /stream: expected a synchronous function/,
      );
      expect(() => cuda.stream({} as never, () => 1)).toThrow(ArgumentError);
    });

    test('events', () => {
      const [start, end] = [new cuda.Event({ enableTiming: true }), new cuda.Event({ enableTiming: true })];
      expect(start.query()).toBe(true);
      expect(() => start.elapsedTime(end)).toThrow(/recorded/);
      start.record();
      ones(100).cuda().add(1);
      end.record();
      end.synchronize();
      expect(end.query()).toBe(true);
      expect(start.elapsedTime(end)).toBeGreaterThanOrEqual(0);
      const plain = cuda.currentStream().recordEvent();
      plain.synchronize();
      expect(() => start.elapsedTime(plain)).toThrow(/enableTiming/);
      const s = new cuda.Stream();
      s.waitEvent(plain);
      plain.wait(s);
      expect(s.query()).toBeDefined();
    });
  });

  test("errors of data come where it is read, with the op's name", () => {
    const bad = tensor([5], { dtype: 'int64' }).cuda();
    const out = ones(3).cuda().indexSelect(0, bad);
    expect(() => out.tolist()).toThrow(tenon.IndexError);
  });

  test("the notebook example's losses are the CPU's", () => {
    const program = (device: string): string => `
      const { manualSeed, setDefaultDevice } = require('tenon');
      setDefaultDevice('${device}');
      manualSeed(11);
      require('./examples/notebook.ts');
    `;
    const losses = (device: string): number[] => {
      const text = execFileSync(process.execPath, ['-r', 'ts-node/register', '-e', program(device)], {
        cwd: ROOT,
        encoding: 'utf8',
      });
      return [...text.matchAll(/^Epoch \d+, Loss: (\S+)$/gm)].map((m) => Number(m[1]));
    };
    const expected = losses('cpu');
    expect(expected.length).toBe(10);
    losses('cuda').forEach((loss, i) => expect(Math.abs(loss / expected[i]! - 1)).toBeLessThan(1e-4));
  }, 600_000);
});
