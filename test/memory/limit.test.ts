/** The limit on memory, and the reports about it. */
import { execFileSync } from 'child_process';
import { join } from 'path';
import {
  ArgumentError,
  OutOfMemoryError,
  type Tensor,
  collect,
  cpu,
  emptyCache,
  getMemoryLimit,
  liveTensorReport,
  memoryStats,
  memorySummary,
  nn,
  ones,
  setMemoryLimit,
  tensor,
  setTensorTracking,
  zeros,
} from 'tenon';
import { errorOf, failures, wrong } from '../errors/table';

const MB = 2 ** 20;
const INITIAL = getMemoryLimit();

/** Leaves room for `bytes` more than what is live, or a little less: copies of the library that other tests left keep small blocks. */
function leaveRoom(bytes: number): void {
  collect();
  emptyCache();
  cpu.synchronize();
  const { liveBytes, workingBytes, cachedBytes } = memoryStats();
  setMemoryLimit(liveBytes + workingBytes + cachedBytes + bytes);
}

afterEach(() => {
  setMemoryLimit(INITIAL);
  setTensorTracking(false);
});

describe('the limit', () => {
  failures([
    [
      () => setMemoryLimit(-1),
      ArgumentError,
      /^setMemoryLimit: expected a whole number of bytes or null, got -1/,
    ],
    [() => setMemoryLimit(1.5), ArgumentError, /got 1.5/],
    [() => setMemoryLimit(wrong('4GB')), ArgumentError, /got "4GB"/],
    [() => setMemoryLimit(wrong(undefined)), ArgumentError, /got undefined/],
    [() => setMemoryLimit(Infinity), ArgumentError, /got Infinity/],
  ]);

  test('is what was set', () => {
    setMemoryLimit(123 * MB);
    expect(getMemoryLimit()).toBe(123 * MB);
    expect(memoryStats().limitBytes).toBe(123 * MB);
    setMemoryLimit(null);
    expect(getMemoryLimit()).toBeNull();
  });

  test('ends in an error that names the op, the request and what there is; the program goes on', () => {
    const a = ones(4096, 4096);
    leaveRoom(96 * MB);
    const kept: Tensor[] = [];
    const error = errorOf(() => {
      for (;;) kept.push(a.mul(2));
    });
    expect(error).toBeInstanceOf(OutOfMemoryError);
    expect((error as Error).message).toMatch(
      /^mul: cannot allocate 67108864 bytes \(\d+ bytes are live in tensors, \d+ cached; limit: \d+ bytes\)$/,
    );
    // One fits for sure, and as many more as memory was cached for.
    expect(kept.length).toBeGreaterThanOrEqual(1);
    expect(kept.length).toBeLessThan(50);
    for (const t of kept.splice(1)) t.dispose();
    expect(kept[0]!.sum().item()).toBe(32 * MB);
    kept[0]!.dispose();
    expect(a.add(1).sum().item()).toBe(32 * MB);
  });

  test('of creation, the user is told the function that was called', () => {
    setMemoryLimit(64 * MB);
    for (const [op, call] of [
      ['zeros', () => zeros(10000, 10000)],
      ['tensor', () => tensor(new Float64Array(10 * MB))],
      ['Linear', () => new nn.Linear(10000, 10000)],
    ] as const)
      expect((errorOf(call) as Error).message).toMatch(new RegExp(`^${op}: cannot allocate`));
  });

  test('is met by what is cached before anything is collected', () => {
    const blocks = [24, 40, 56].map((n) => zeros(n, MB / 4));
    leaveRoom(160 * MB);
    for (const t of blocks) t.dispose();
    expect(memoryStats().cachedBytes).toBeGreaterThan(80 * MB);
    expect(zeros(224, MB / 4).shape).toEqual([224, MB / 4]);
    const { liveBytes, cachedBytes } = memoryStats();
    expect(liveBytes + cachedBytes).toBeLessThanOrEqual(getMemoryLimit()!);
  });

  test('garbage makes room, in the middle of an op too', () => {
    const a = ones(4096, 4096);
    leaveRoom(160 * MB);
    for (let i = 0; i < 50; i++) a.mul(2);
    expect(a.mul(3).at(0).at(0).item()).toBe(3);
  });

  test('lowered, it gives free blocks back', () => {
    const t = zeros(4, MB);
    t.dispose();
    expect(memoryStats().cachedBytes).toBeGreaterThanOrEqual(16 * MB);
    setMemoryLimit(0);
    expect(memoryStats().cachedBytes).toBe(0);
    expect(() => zeros(MB)).toThrow(OutOfMemoryError);
  });

  test("holds for kernels' working space", () => {
    const wide = zeros(1).expand(2 ** 36, 1);
    collect();
    emptyCache();
    setMemoryLimit(memoryStats().liveBytes + 8 * MB);
    expect(() => wide.sum().item()).toThrow(OutOfMemoryError);
    expect(() => wide.sum().item()).toThrow(/^sum: /);
  });
});

describe('the environment', () => {
  const run = (environment: Record<string, string>, code: string): string =>
    execFileSync(process.execPath, ['-e', `const t = require('./dist'); ${code}`], {
      cwd: join(__dirname, '../..'),
      env: { ...process.env, ...environment },
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    }).trim();
  const limit = 'console.log(t.getMemoryLimit())';

  test.each([
    ['1000000', 1e6],
    ['512MB', 512 * MB],
    ['1.5 gb', 1536 * MB],
  ])('TENON_MEMORY_LIMIT=%s', (text, bytes) => {
    expect(run({ TENON_MEMORY_LIMIT: text }, limit)).toBe(String(bytes));
  });

  test('without it the limit is below what the machine has', () => {
    const code = `console.log(t.getMemoryLimit() / require('os').totalmem())`;
    const part = Number(run({ TENON_MEMORY_LIMIT: '' }, code));
    expect(part).toBeGreaterThan(0.001);
    expect(part).toBeLessThan(0.99);
  });

  test('a worker does not undo what was set', () => {
    const code = `t.setMemoryLimit(7e7);
      const { Worker } = require('worker_threads');
      new Worker("const t = require('./dist'); console.log(t.getMemoryLimit())", { eval: true });`;
    expect(run({}, code)).toBe('70000000');
  });

  test.each(['4GX', '-1', 'a lot', '1e9', '99999999TB'])('TENON_MEMORY_LIMIT=%s is an error', (text) => {
    expect(() => run({ TENON_MEMORY_LIMIT: text }, limit)).toThrow(
      /ArgumentError: tenon: expected TENON_MEMORY_LIMIT to be a number of bytes or a size such as 512MB or 4GB, got "/,
    );
  });

  test('TENON_TRACK_TENSORS', () => {
    const sites = 'const x = t.ones(3); console.log(t.liveTensorReport().map((s) => s.site).join())';
    expect(run({ TENON_TRACK_TENSORS: '1' }, sites)).toMatch(/^\[eval\]/);
    expect(run({ TENON_TRACK_TENSORS: '0' }, sites)).toBe('');
    expect(() => run({ TENON_TRACK_TENSORS: 'yes' }, sites)).toThrow(
      /expected TENON_TRACK_TENSORS to be 0 or 1, got "yes"/,
    );
  });
});

describe('reports', () => {
  test('the summary has the totals, and tensors by dtype and size', () => {
    collect();
    const t = zeros(3, MB, { dtype: 'float64' });
    const text = memorySummary();
    expect(text).toMatch(/^live +\d+\.\d MB$/m);
    expect(text).toMatch(/^limit +\d/m);
    expect(text).toMatch(/^float64 +\d+ +24\.0 MB$/m);
    expect(text).toMatch(/^up to 256\.0 MB +\d+ +\d+\.0 MB$/m);
    expect(text).toContain('setTensorTracking(true)');
    setMemoryLimit(null);
    expect(memorySummary()).toMatch(/^limit +none$/m);
    t.dispose();
    expect(memorySummary()).not.toMatch(/^float64/m);
  });

  /** `file:line` of the line after the call. */
  const nextLine = (): string => {
    const [, file, line] = /([^\s(]+):(\d+):\d+\)?$/.exec(new Error().stack!.split('\n')[2]!)!;
    return `${file}:${Number(line) + 1}`;
  };

  test('tracking tells which line made what is alive, the largest first', () => {
    setTensorTracking(true);
    const place = nextLine();
    const kept = [zeros(MB), zeros(MB), ones(4)];
    const larger = zeros(16 * MB);
    const view = larger.at(0);
    collect();
    const report = liveTensorReport().filter((entry) => entry.site !== null);
    expect(report[0]).toMatchObject({ count: 1, bytes: 64 * MB });
    expect(report[1]).toMatchObject({ site: place, count: 3, bytes: 8 * MB + 64 });
    expect(report[2]).toMatchObject({ count: 1, bytes: 0 });
    expect(memorySummary()).toContain(`${place} `);
    kept[0]!.dispose();
    const after = liveTensorReport().find((entry) => entry.site === place);
    expect(after).toMatchObject({ count: 2, bytes: 4 * MB + 64 });
    expect(view.item()).toBe(0);
    setTensorTracking(false);
    expect(liveTensorReport().every((entry) => entry.site === null)).toBe(true);
  });

  test('a tensor that is made in a place of another before is not taken for it', () => {
    setTensorTracking(true);
    const first = zeros(3);
    first.dispose();
    setTensorTracking(false);
    const second = zeros(3);
    setTensorTracking(true);
    expect(liveTensorReport().every((entry) => entry.site === null)).toBe(true);
    expect(second.isDisposed).toBe(false);
  });

  failures([
    [() => setTensorTracking(wrong(1)), ArgumentError, /^setTensorTracking: expected a boolean, got 1/],
  ]);
});
