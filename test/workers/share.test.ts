/** Tensors in several threads: what is shared, for how long, and what is refused. */
import { execFileSync } from 'child_process';
import { join } from 'path';
import {
  cpu,
  randn,
  memoryStats,
  fromShared,
  ones,
  AutogradError,
  collect,
  shareTensor,
  arange,
  releaseShared,
  noGrad,
  nn,
  zeros,
  tensor,
  emptyCache,
  ArgumentError,
  type SharedTensor,
  type Tensor,
} from 'tenon';
import { DTYPES } from '../../lib/dtype';
import { expectError, failures, wrong } from '../errors/table';
import { inWorker, messageOf, startWorker } from './workers';

const MB = 1 << 20;
const LIBRARY = JSON.stringify(join(__dirname, '../../dist'));

describe('a shared tensor', () => {
  test('is the same memory in every thread', async () => {
    const x = zeros(4);
    const handle = shareTensor(x);
    const seen = await Promise.all(
      [1, 2, 3].map((n) =>
        inWorker<number>(`tenon.fromShared(input.handle).setIndex([input.n], input.n); reply(input.n);`, {
          handle,
          n,
        }),
      ),
    );
    expect(seen).toEqual([1, 2, 3]);
    expect(x.tolist()).toEqual([0, 1, 2, 3]);
    const again = fromShared(handle);
    again.add_(1);
    expect(x.tolist()).toEqual([1, 2, 3, 4]);
  });

  test('has been written when a call that writes to it returns', async () => {
    const x = zeros(1 << 22);
    const script = `
      const x = tenon.fromShared(input);
      for (let i = 1; i <= 20; i++) x.add_(1); // large enough for the executor
      reply(true);`;
    await inWorker(script, shareTensor(x));
    expect(x.eq(20).all().item()).toBe(1);
  });

  test.each<[string, () => Tensor]>([
    ['0-d', () => tensor(3)],
    ['empty', () => zeros(0, 3)],
    ['transposed', () => arange(6).reshape(2, 3).t()],
    ['a slice', () => arange(20).reshape(4, 5).index('1:3', '::2')],
    ['expanded', () => arange(3).expand(2, 3)],
    ['of rank 6', () => arange(64).reshape(2, 2, 2, 2, 2, 2).permute(5, 3, 1, 0, 2, 4)],
    ...DTYPES.map((dtype): [string, () => Tensor] => [dtype, () => tensor([0, 1, 2, 100], { dtype })]),
  ])('keeps shape, strides, dtype and elements: %s', async (_, make) => {
    const x = make();
    const there = await inWorker<unknown[]>(
      `const x = tenon.fromShared(input);
       reply([x.dtype, x.shape, x.stride(), x.storageOffset(), x.tolist()]);`,
      shareTensor(x),
    );
    expect(there).toEqual([x.dtype, x.shape, x.stride(), x.storageOffset(), x.tolist()]);
  });

  test('lives on when the thread that made it has ended', async () => {
    const handle = await inWorker<SharedTensor>(`reply(tenon.shareTensor(tenon.arange(5)))`);
    const x = fromShared(handle);
    expect(releaseShared(handle)).toBe(true);
    expect(x.mul(2).tolist()).toEqual([0, 2, 4, 6, 8]);
  });

  test('may be sent on, and a handle may be used in the thread that made it', async () => {
    const handle = structuredClone(shareTensor(ones(2)));
    const sentOn = await inWorker<SharedTensor>(`reply(input)`, handle);
    expect(sentOn).toEqual(handle);
    fromShared(sentOn).mul_(5);
    expect(fromShared(handle).tolist()).toEqual([5, 5]);
  });

  test('of a leaf that requires a gradient is one with a gradient of its own', async () => {
    const w = tensor([1, 2], { requiresGrad: true });
    w.sum().backward();
    const grad = await inWorker<number[]>(
      `const w = tenon.fromShared(input); const before = w.grad;
       w.mul(w).sum().backward(); reply(before === null ? w.grad.tolist() : []);`,
      shareTensor(w),
    );
    expect(grad).toEqual([2, 4]);
    expect(w.grad!.tolist()).toEqual([1, 1]);
    expect(fromShared(shareTensor(w.detach())).requiresGrad).toBe(false);
    expectError(
      () => shareTensor(w.mul(2)),
      AutogradError,
      /^shareTensor: expected a leaf .* the result of MulBackward: share its detach\(\)/,
    );
  });

  test("is nobody's to be overwritten by a backward pass", () => {
    const x = tensor([1, 2], { requiresGrad: true });
    const handle = shareTensor(tensor([10, 20]));
    const y = x.mul(1);
    y.registerHook(() => fromShared(handle));
    y.add(y.mul(3)).add(x.mul(5)).sum().backward();
    expect(fromShared(handle).tolist()).toEqual([10, 20]);
    expect(x.grad!.tolist()).toEqual([15, 25]);
  });
});

describe('the memory', () => {
  const live = (): number => {
    collect();
    return memoryStats().liveBytes;
  };

  test('is freed when the handle is released and no thread has a tensor', async () => {
    const before = live();
    let x: Tensor | null = zeros(4 * MB);
    const handle = shareTensor(x);
    const worker = startWorker(
      `const x = tenon.fromShared(input); reply(x.numel()); parentPort.on('message', () => {});`,
      handle,
    );
    expect(await messageOf<number>(worker)).toBe(4 * MB);
    expect(releaseShared(handle)).toBe(true);
    x.dispose();
    x = null;
    expect(live() - before).toBeGreaterThanOrEqual(16 * MB);
    await worker.terminate();
    expect(live() - before).toBeLessThan(MB);
    expect(releaseShared(handle)).toBe(false);
  });

  test('is kept by a handle alone, and by a tensor alone', () => {
    const before = live();
    const handle = shareTensor(ones(MB));
    expect(live() - before).toBeGreaterThanOrEqual(4 * MB);
    const x = fromShared(handle);
    releaseShared(handle);
    expect(live() - before).toBeGreaterThanOrEqual(4 * MB);
    expect(x.sum().item()).toBe(MB);
    x.dispose();
    expect(live() - before).toBeLessThan(MB);
  });

  const minute = process.env.TENON_TEST_FULL ? test : test.skip;
  minute(
    'is kept for a minute after a handle was dropped, and no longer',
    () => {
      const script = `
        const { collect, fromShared, memoryStats, shareTensor, zeros } = require(${LIBRARY});
        const start = Date.now();
        let copy;
        (() => { copy = structuredClone(shareTensor(zeros(1 << 20))) })();
        const timer = setInterval(() => {
          collect();
          const seconds = (Date.now() - start) / 1000;
          const kept = memoryStats().liveBytes >= 4 << 20;
          if (seconds < 55 && fromShared(copy).numel() !== 1 << 20) throw new Error('gone');
          if (kept && seconds < 100) return;
          clearInterval(timer);
          console.log(!kept && seconds > 59);
        }, 1000);`;
      expect(execFileSync(process.execPath, ['-e', script], { encoding: 'utf8' })).toBe('true\n');
    },
    150_000,
  );

  test('of a thread that has ended is freed', async () => {
    emptyCache();
    const before = live();
    await inWorker(`globalThis.kept = Array.from({ length: 50 }, () => tenon.ones(1000, 100)); reply(1);`);
    expect(live() - before).toBeLessThan(MB);
  });

  test('a released block that is used again is not taken for shared', () => {
    const index = tensor([0, 1, 2], { dtype: 'int64' });
    releaseShared(shareTensor(index));
    index.dispose();
    const next = tensor([2, 1, 0], { dtype: 'int64' });
    expect(arange(3).indexSelect(0, next).tolist()).toEqual([2, 1, 0]);
  });
});

describe('handles that are none', () => {
  const x = arange(6).reshape(2, 3);
  const handle = shareTensor(x);
  const changed = (fields: object) => () => fromShared({ ...handle, ...fields });
  const mutated = /^fromShared: the handle does not describe the tensor that it was made for/;
  const list = [1, 2];
  failures([
    [() => shareTensor(wrong(5)), ArgumentError, /^shareTensor: expected input to be a Tensor, got 5/],
    [
      () => {
        const t = ones(1);
        t.dispose();
        shareTensor(t);
      },
      ArgumentError,
      /^shareTensor: the tensor was disposed/,
    ],
    [() => fromShared(wrong(null)), ArgumentError, /^fromShared: expected a handle .* got null/],
    [() => fromShared(wrong(x)), ArgumentError, /got a Tensor/],
    [() => fromShared(wrong({})), ArgumentError, /an object whose key is undefined/],
    [() => releaseShared(wrong('key')), ArgumentError, /^releaseShared: expected a handle .* got "key"/],
    [changed({ key: 'made up' }), ArgumentError, /^fromShared: nothing is shared under this handle/],
    [changed({ key: handle.key.toUpperCase() + '\0' }), ArgumentError, /^fromShared: nothing is shared/],
    [changed({ dtype: 'float64' }), ArgumentError, mutated],
    [changed({ dtype: 'floats' }), ArgumentError, /^fromShared: expected dtype to be one of .* got "floats"/],
    [changed({ shape: [3, 2] }), ArgumentError, mutated],
    [changed({ shape: [2, 3, 1], strides: [3, 1, 1] }), ArgumentError, mutated],
    [changed({ shape: [1000, 1000] }), ArgumentError, mutated],
    [changed({ shape: [2] }), ArgumentError, /^fromShared: expected as many strides as sizes/],
    [changed({ shape: [-2, 3] }), ArgumentError, /none of which is negative/],
    [changed({ shape: [2, NaN] }), ArgumentError, /^fromShared: expected shape to hold integers, got NaN/],
    [changed({ shape: [2, , 3] }), ArgumentError, /got undefined/],
    [changed({ shape: '23' }), ArgumentError, /expected shape to be an array of at most 64 integers/],
    [changed({ shape: new Array(65).fill(1) }), ArgumentError, /at most 64/],
    [changed({ strides: [1, 1000000] }), ArgumentError, mutated],
    [changed({ strides: [-3, 1] }), ArgumentError, mutated],
    [changed({ strides: list.concat(3) }), ArgumentError, /as many strides/],
    [changed({ storageOffset: 1 }), ArgumentError, mutated],
    [
      changed({ storageOffset: 1e300 }),
      ArgumentError,
      /^fromShared: expected storageOffset to be an integer/,
    ],
    [changed({ storageOffset: -1 }), ArgumentError, mutated],
    [changed({ requiresGrad: true }), ArgumentError, /floating-point tensors only, got true for int64/],
    [changed({ requiresGrad: 1 }), ArgumentError, /expected requiresGrad to be a boolean/],
    [
      () => new nn.Linear(1, 1).loadSharedStateDict(wrong([])),
      ArgumentError,
      /^loadSharedStateDict: expected what shareStateDict made, got an array of length 0/,
    ],
    [
      () => new nn.Linear(1, 1).loadSharedStateDict(wrong({ weight: 1 })),
      ArgumentError,
      /^fromShared: expected a handle/,
    ],
  ]);

  test('a refused handle leaves nothing behind, the right one still works', () => {
    const { liveTensors } = memoryStats();
    for (let i = 0; i < 100; i++)
      expect(() => fromShared({ ...handle, storageOffset: i + 1 })).toThrow(ArgumentError);
    expect(memoryStats().liveTensors).toBe(liveTensors);
    expect(fromShared(handle).tolist()).toEqual(x.tolist());
  });

  test('a handle is of no use in another process', () => {
    const script = `const tenon = require(${LIBRARY});
      try { tenon.fromShared(${JSON.stringify(handle)}) } catch (error) { console.log(error.code) }`;
    const printed = execFileSync(process.execPath, ['-e', script], { encoding: 'utf8' });
    expect(printed).toBe('ERR_TENON_ARGUMENT\n');
  });
});

describe('a module', () => {
  class Net extends nn.Module {
    first = new nn.Linear(3, 4);
    second = new nn.Linear(4, 2);
    scale = nn.Buffer(ones(1));
    forward(x: Tensor): Tensor {
      return this.second.forward(this.first.forward(x).relu()).mul(this.scale);
    }
  }

  test('serves in one thread with the weights that another trains', async () => {
    const net = new Net();
    const state = net.shareStateDict();
    const worker = startWorker(
      `class Net extends tenon.nn.Module {
         first = new tenon.nn.Linear(3, 4);
         second = new tenon.nn.Linear(4, 2);
         scale = tenon.nn.Buffer(tenon.ones(1));
         forward(x) { return this.second.forward(this.first.forward(x).relu()).mul(this.scale); }
       }
       const net = new Net();
       net.loadSharedStateDict(input);
       parentPort.on('message', (rows) => reply(net.forward(tenon.tensor(rows)).tolist()));`,
      state,
    );
    const rows = [[1, 2, 3], [-1, 0, 1]]; // prettier-ignore
    for (let round = 0; round < 3; round++) {
      noGrad(() => net.parameters().forEach((p) => p.add_(randn(p.shape))));
      net.scale.add_(1);
      const answer = messageOf(worker);
      worker.postMessage(rows);
      expect(await answer).toEqual(net.forward(tensor(rows)).tolist());
    }
    await worker.terminate();
  });

  test('takes the tensors of a state dict with assign', () => {
    const [a, b] = [new Net(), new Net()];
    b.first.weight.requiresGrad_(false);
    const before = b.first.weight;
    b.loadStateDict(a.stateDict(), { assign: true });
    expect(b.first.weight).not.toBe(before);
    expect(b.namedParameters().map(([name, p]) => [name, p.requiresGrad])).toEqual([
      ['first.weight', false],
      ['first.bias', true],
      ['second.weight', true],
      ['second.bias', true],
    ]);
    expect(b.namedBuffers().map(([name]) => name)).toEqual(['scale']);
    noGrad(() => a.second.bias!.fill_(7));
    a.scale.fill_(3);
    expect(b.second.bias!.tolist()).toEqual([7, 7]);
    expect(b.scale.item()).toBe(3);
  });

  test('a parameter that two modules have stays one', () => {
    class Tied extends nn.Module {
      a = new nn.Linear(2, 2);
      b = new nn.Linear(2, 2);
      constructor() {
        super();
        this.b.weight = this.a.weight;
      }
      forward(x: Tensor): Tensor {
        return this.b.forward(this.a.forward(x));
      }
    }
    const [from, to] = [new Tied(), new Tied()];
    to.loadSharedStateDict(from.shareStateDict());
    expect(to.a.weight).toBe(to.b.weight);
    expect(to.parameters().length).toBe(3);
    noGrad(() => from.a.weight.fill_(2));
    expect(to.b.weight.tolist()).toEqual([[2, 2], [2, 2]]); // prettier-ignore
  });
});

test('integers that another thread changes never lead out of memory', async () => {
  const index = zeros(1 << 16, { dtype: 'int64' });
  const divisor = ones(1 << 16, { dtype: 'int32' });
  const worker = startWorker(
    `const [index, divisor] = input.map(tenon.fromShared);
     reply(0);
     for (;;) {
       index.fill_(1e15);
       index.fill_(3);
       divisor.fill_(0);
       divisor.fill_(1);
     }`,
    [shareTensor(index), shareTensor(divisor)],
  );
  await messageOf(worker);
  const table = arange(8, { dtype: 'float32' });
  const numbers = ones(1 << 16, { dtype: 'int32' });
  let refused = 0;
  let done = 0;
  for (const end = Date.now() + 1500; Date.now() < end;) {
    for (const step of [
      () => table.indexSelect(0, index),
      () => numbers.floorDivide(divisor),
      () => numbers.remainder(divisor),
    ])
      try {
        step();
        cpu.synchronize();
        done++;
      } catch {
        refused++;
      }
  }
  await worker.terminate();
  expect(done).toBeGreaterThan(0);
  expect(refused).toBeGreaterThan(0);
});
