/** Large launches run beside the JavaScript thread: their order, their errors, and waiting for them. */
import { spawnSync } from 'child_process';
import { join } from 'path';
import {
  ArgumentError,
  IndexError,
  collect,
  cpu,
  full,
  manualSeed,
  memoryStats,
  noGrad,
  ones,
  randn,
  randperm,
  tensor,
  zeros,
  type Tensor,
} from 'tenon';
import { DTYPES } from '../lib/dtype';

/** Keeps the executor busy for some 20 ms. */
function busy(): Tensor {
  const a = ones(512, 512);
  let b = a.mul(1 / 512);
  for (let i = 0; i < 8; i++) b = b.matmul(a).mul(1 / 512);
  return b;
}

/** What `call` gives behind other launches. Where this thread is held up until they are done, it is tried again. */
function queued<T>(call: () => T, tries = 20): T {
  busy();
  try {
    return call();
  } catch (error) {
    if (tries === 0) throw error;
    return queued(call, tries - 1);
  }
}

/** A launch that fails when it runs, behind others. */
function failing(): Tensor {
  return queued(() => ones(3, 4).indexSelect(0, full([2], 7, { dtype: 'int64' })));
}

afterEach(() => {
  try {
    cpu.synchronize();
  } catch {
    // a failure that the test had no interest in
  }
});

describe('order', () => {
  test('launches of all sizes see what earlier ones wrote', () => {
    const x = zeros(300, 300);
    const small = zeros(3);
    for (let i = 0; i < 600; i++) {
      x.add_(1);
      small.add_(x.at(0).narrow(0, 0, 3));
    }
    expect(small.tolist()).toEqual(new Array(3).fill((600 * 601) / 2));
    expect(x.eq(600).all().item()).toBe(1);
  });

  test('memory that was freed while launches use it serves later ones', () => {
    const b = busy();
    let sum = zeros(1000);
    for (let i = 0; i < 2000; i++) {
      const fresh = tensor(new Array<number>(1000).fill(i)); // copied from the host behind the launches
      sum = sum.add(fresh);
      fresh.dispose();
      if (i % 100 === 0) b.matmul(b);
    }
    expect(
      sum
        .eq((1999 * 2000) / 2)
        .all()
        .item(),
    ).toBe(1);
  });

  test('random numbers are those of the synchronous run', () => {
    manualSeed(3);
    const expected = randn(5).tolist();
    manualSeed(3);
    busy();
    expect(randn(5).tolist()).toEqual(expected);
    manualSeed(4);
    const permutation = randperm(10).tolist();
    manualSeed(4);
    busy();
    expect(randperm(10).tolist()).toEqual(permutation);
  });
});

describe('readers', () => {
  test('give the same as their synchronous twins, in every dtype', async () => {
    for (const dtype of DTYPES) {
      busy();
      const x = tensor([
        [0, 1],
        [2, 3],
        [4, 5],
      ])
        .to(dtype)
        .t();
      const [array, list, item] = await Promise.all([
        x.toTypedArrayAsync(),
        x.tolistAsync(),
        x.index(1, 1).itemAsync(),
      ]);
      expect(array).toEqual(x.toTypedArray());
      expect(list).toEqual(x.tolist());
      expect(item).toBe(x.index(1, 1).item());
    }
    expect(await zeros(0, 3).tolistAsync()).toEqual([]);
  });

  test('give the values at the call', async () => {
    const x = busy().narrow(0, 0, 1).mul(0).add(1);
    const [first, second] = [x.index(0, 0).itemAsync(), x.toTypedArrayAsync()];
    x.add_(5);
    busy();
    expect(await first).toBe(1);
    expect((await second)[0]).toBe(1);
    expect(await x.index(0, 3).itemAsync()).toBe(6);
  });

  test('outlive the tensor that they read', async () => {
    const x = busy();
    const reading = x.toTypedArrayAsync();
    const expected = x.at(0).clone();
    x.dispose();
    for (let i = 0; i < 20; i++) zeros(512, 512).fill_(i);
    expect((await reading).slice(0, 512)).toEqual(expected.toTypedArray());
  });

  test('leave the event loop free', async () => {
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    const a = ones(1024, 1024);
    let b = a;
    for (let i = 0; i < 6; i++) b = b.matmul(a).mul(1 / 1024);
    await b.sum().itemAsync();
    expect(turns).toBeGreaterThan(0); // how many, a busy machine decides
    // Small tensors have no launch to wait for, and a loop over them must not starve the timers either.
    const start = turns;
    const until = performance.now() + 40;
    while (performance.now() < until) await ones(2).sum().itemAsync();
    expect(turns).toBeGreaterThan(start);
    clearInterval(timer);
  });

  test('resolve in any number, in any order', async () => {
    const tensors = Array.from({ length: 50 }, (_, i) => busy().at(0).narrow(0, 0, 2).mul(0).add(i));
    const values = await Promise.all(tensors.reverse().map((t) => t.tolistAsync()));
    expect(values).toEqual(Array.from({ length: 50 }, (_, i) => [49 - i, 49 - i]));
  });

  test('check their operands and options', async () => {
    await expect(ones(2).itemAsync()).rejects.toThrow(/^itemAsync: expected a tensor of one element/);
    await expect(tensor(2n ** 60n).itemAsync()).rejects.toThrow(ArgumentError);
    await expect(ones(1).itemAsync({ signal: 1 } as never)).rejects.toThrow(
      /^itemAsync: expected signal to be an AbortSignal, got 1/,
    );
    await expect(ones(1).tolistAsync({ singal: 1 } as never)).rejects.toThrow(/unknown option "singal"/);
  });
});

describe('abort signals', () => {
  test('end the waiting, not the computation', async () => {
    const controller = new AbortController();
    const x = busy();
    const reading = x.tolistAsync({ signal: controller.signal });
    controller.abort(new Error('enough'));
    await expect(reading).rejects.toThrow('enough');
    expect(x.shape).toEqual([512, 512]);
    expect(Number.isFinite(x.at(0).sum().item())).toBe(true);
  });

  test('do not free what is still written to', async () => {
    for (let i = 0; i < 5; i++) {
      const controller = new AbortController();
      const reading = busy().toTypedArrayAsync({ signal: controller.signal });
      controller.abort(new Error('enough'));
      await expect(reading).rejects.toThrow('enough');
      collect();
      const fresh = Array.from({ length: 20 }, () => new Float32Array(512 * 512).fill(7));
      cpu.synchronize();
      expect(fresh.every((array) => array.every((x) => x === 7))).toBe(true);
    }
  });

  test('that were aborted before refuse at once', async () => {
    await expect(ones(1).itemAsync({ signal: AbortSignal.abort(new Error('no')) })).rejects.toThrow('no');
  });
});

describe('failures', () => {
  const message = /^indexSelect: index 7 is out of range for dimension 0 with size 3/;

  test('reach every reader of what depends on them, and nobody else', async () => {
    const bad = failing();
    const worse = bad.sum();
    const good = ones(3).sum();
    expect(() => worse.item()).toThrow(IndexError);
    expect(() => bad.tolist()).toThrow(message);
    await expect(worse.itemAsync()).rejects.toThrow(message);
    expect(() => String(bad)).toThrow(message);
    expect(good.item()).toBe(3);
    expect(() => cpu.synchronize()).not.toThrow(); // it has been reported
  });

  test('reject asynchronous readers that were waiting', async () => {
    const bad = failing();
    const reading = bad.mul(2).tolistAsync();
    const other = ones(2).tolistAsync();
    await expect(reading).rejects.toThrow(message);
    expect(await other).toEqual([1, 1]);
  });

  test('that nobody reads are thrown by synchronize, once', async () => {
    failing();
    expect(() => cpu.synchronize()).toThrow(message);
    cpu.synchronize();
    failing();
    await expect(cpu.synchronizeAsync()).rejects.toThrow(message);
    await cpu.synchronizeAsync();
  });

  test('mark what they would have written in place', () => {
    const x = zeros(3);
    queued(() => x.indexAdd_(0, full([1], 9, { dtype: 'int64' }), ones(1)));
    expect(() => x.add(1).tolist()).toThrow(IndexError);
  });

  test('do not cling to memory', () => {
    for (let i = 0; i < 20; i++) {
      failing().dispose();
      const x = tensor([1, 2, 3, 4, 5, 6, 7, 8]); // may well take the failed tensor's block
      expect(x.sum().item()).toBe(36);
      expect(zeros(2, 4).add(1).sum().item()).toBe(8);
    }
  });
});

test('memory stays flat in a loop that never waits', () => {
  const a = ones(256, 256);
  const step = (): void => {
    for (let i = 0; i < 400; i++) a.matmul(a).add(1).sum();
    cpu.synchronize();
  };
  noGrad(step);
  const before = memoryStats().liveBytes + memoryStats().cachedBytes;
  for (let i = 0; i < 4; i++) noGrad(step);
  expect(memoryStats().liveBytes + memoryStats().cachedBytes - before).toBeLessThan(40e6);
});

describe('processes', () => {
  const run = (
    program: string,
    env: Record<string, string> = {},
  ): { status: number | null; stdout: string } =>
    spawnSync(
      process.execPath,
      ['-e', `const t = require(${JSON.stringify(join(__dirname, '..'))});${program}`],
      {
        env: { ...process.env, ...env },
        encoding: 'utf8',
        timeout: 60_000,
      },
    );
  const big =
    'const a = t.ones(1024, 1024); let b = a; for (let i = 0; i < 10; i++) b = b.matmul(a).mul(1 / 1024);';

  test('wait for a promise', () => {
    expect(run(`${big} b.sum().itemAsync().then((v) => console.log(v));`).stdout).toBe('1048576\n');
  });

  test('do not wait for launches that nobody awaits', () => {
    const { status, stdout } = run(`${big} console.log('end');`);
    expect([status, stdout]).toEqual([0, 'end\n']);
  });

  test('run all inline with TENON_SYNC=1', () => {
    const program = `t.ones(3, 70000).indexSelect(0, t.full([2], 7, { dtype: 'int64' }))`;
    const caught = `try { ${program}; console.log('later') } catch (e) { console.log(e.code) }`;
    expect(run(caught, { TENON_SYNC: '1' }).stdout).toBe('ERR_TENON_INDEX\n');
    expect(run(caught, { TENON_INLINE_NS: '0' }).stdout).toBe('later\n');
    expect(run(caught, { TENON_INLINE_NS: '0', TENON_SYNC: '1' }).stdout).toBe('ERR_TENON_INDEX\n');
  });
});
