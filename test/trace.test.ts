/** TENON_TRACE, in processes of their own; and the events of node:diagnostics_channel. */
import { spawnSync } from 'child_process';
import { subscribe, unsubscribe } from 'diagnostics_channel';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import { OutOfMemoryError, collect, empty, nn, ones, optim, tensor, zeros, type profiler } from 'tenon';
import { expectError } from './errors/table';

const DIST = JSON.stringify(join(__dirname, '..', 'dist'));
let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'tenon-trace-'))));
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs a program on the compiled package. */
function run(trace: string, code: string): { stderr: string; status: number | null } {
  return spawnSync(process.execPath, ['-e', `const t = require(${DIST}); ${code}`], {
    encoding: 'utf8',
    env: { ...process.env, TENON_TRACE: trace },
  });
}

const launched = (path: string): string[] => {
  const { traceEvents } = JSON.parse(readFileSync(path, 'utf8')) as {
    traceEvents: { name: string; ph: string }[];
  };
  return traceEvents.filter((e) => e.ph === 'X').map((e) => e.name);
};

describe('TENON_TRACE', () => {
  test('=1 prints each launch, one a line', () => {
    const { stderr, status } = run('1', "t.ones(2, 3).add(0.5).to('float64').sum(0); t.ones(2).max(0);");
    expect(status).toBe(0);
    const lines = stderr.trimEnd().split('\n');
    expect(lines.map((line) => line.replace(/\d+\.\d us$/, '_ us'))).toEqual([
      'tenon: float32 [2, 3] = fill(); _ us',
      'tenon: float32 [2, 3] = add(float32 [2, 3], 0.5); _ us',
      'tenon: float64 [2, 3] = copy(float32 [2, 3]); _ us',
      'tenon: float64 [3] = sum(float64 [2, 3]); _ us',
      'tenon: float32 [2] = fill(); _ us',
      'tenon: float32 [], int64 [] = max(float32 [2]); _ us',
    ]);
  });

  test('=1 goes on after a profile', () => {
    const { stderr } = run(
      '1',
      'const p = t.profiler.profile(() => t.ones(2)); t.eye(2); if (p.events().length !== 1) process.exit(9);',
    );
    expect([...stderr.matchAll(/= (\w+)\(/g)].map(([, op]) => op)).toEqual(['fill', 'eye']);
  });

  test('=1 cuts a long line, but not its time', () => {
    const { stderr } = run(
      '1',
      `const ps = Array.from({ length: 200 }, () => t.ones(3, { requiresGrad: true }));
       ps.forEach((p) => (p.grad = t.ones(3)));
       new t.optim.SGD(ps, { lr: 1 }).step();`,
    );
    const last = stderr.trimEnd().split('\n').pop()!;
    expect(last).toMatch(/^tenon: float32 \[3\], .*\.\.\.; \d+\.\d us$/);
    expect(last.length).toBeLessThan(1024);
  });

  test('=path.json writes a Chrome trace at the end, also of process.exit and of an error', () => {
    const path = join(folder, 'a.json');
    expect(run(path, 't.ones(2).add(1); process.exit(3);').status).toBe(3);
    expect(launched(path)).toEqual(['fill', 'add']);
    expect(run(path, "t.ones(2); throw new Error('x')").status).toBe(1);
    expect(launched(path)).toEqual(['fill']);
  });

  test('each worker writes a file of its own', () => {
    const path = join(folder, 'b.json');
    const code = `t.ones(2);
      const { Worker } = require('worker_threads');
      new Worker('require(' + JSON.stringify(${DIST}) + ').eye(2)', { eval: true });`;
    expect(run(path, code).status).toBe(0);
    const files = readdirSync(folder).filter((name) => name.startsWith('b.'));
    expect(files).toContain('b.json');
    expect(files.length).toBe(2);
    expect(
      launched(
        join(
          folder,
          files.find((name) => name !== 'b.json')!,
        ),
      ),
    ).toEqual(['eye']);
    expect(launched(path)).toEqual(['fill']);
  });

  test('anything else is refused, and a file that cannot be written is told of', () => {
    expect(run('yes', '').stderr).toMatch(
      /expected TENON_TRACE to be 1 or the path of a \.json file, got "yes"/,
    );
    const { stderr, status } = run(join(folder, 'none', 'c.json'), 't.ones(2)');
    expect([stderr, status]).toEqual([
      expect.stringMatching(/^tenon: the trace could not be written: ENOENT/),
      0,
    ]);
    expect(run('0', 't.ones(2)').stderr).toBe('');
  });
});

describe('diagnostics_channel', () => {
  /** What a channel publishes while `f` runs. */
  function published<T>(name: string, f: () => void): T[] {
    const seen: T[] = [];
    const subscriber = (message: unknown): void => void seen.push(message as T);
    subscribe(name, subscriber);
    try {
      f();
    } finally {
      unsubscribe(name, subscriber);
    }
    return seen;
  }

  test('tenon:launch', () => {
    const a = ones(2, 3);
    expect(published<profiler.LaunchMessage>('tenon:launch', () => a.mul(2).max(0))).toEqual([
      {
        op: 'mul',
        outputs: [{ shape: [2, 3], dtype: 'float32' }],
        inputs: [{ shape: [2, 3], dtype: 'float32' }, 2],
      },
      {
        op: 'max',
        outputs: [
          { shape: [3], dtype: 'float32' },
          { shape: [3], dtype: 'int64' },
        ],
        inputs: [{ shape: [2, 3], dtype: 'float32' }],
      },
    ]);
    expect(published('tenon:launch', () => undefined)).toEqual([]);
  });

  test('a subscriber that uses tensors itself is not called for those', () => {
    const seen: number[] = [];
    const subscriber = (message: unknown): void => {
      const [out] = (message as profiler.LaunchMessage).outputs;
      seen.push(zeros(out!.shape).add(1).sum().item());
    };
    subscribe('tenon:launch', subscriber);
    const x = ones(2, 2).add(ones(2, 2));
    unsubscribe('tenon:launch', subscriber);
    expect(seen).toEqual([4, 4, 4]);
    expect(x.tolist()).toEqual([[2, 2], [2, 2]]); // prettier-ignore
  });

  test('tenon:collect', () => {
    (() => Array.from({ length: 10 }, () => ones(1000)))();
    const [message, ...others] = published<profiler.CollectMessage>('tenon:collect', () => void collect());
    expect(others).toEqual([]);
    expect(message).toMatchObject({ kind: 'major' });
    expect(message!.ms).toBeGreaterThan(0);
    expect(message!.freed).toBeGreaterThanOrEqual(10);
    expect(message!.freedBytes).toBeGreaterThanOrEqual(40_000);
    // Those of an ordinary loop are minor ones.
    const minor = published<profiler.CollectMessage>('tenon:collect', () => {
      for (let i = 0; i < 20_000; i++) ones(10);
    });
    expect(minor.length).toBeGreaterThan(0);
    expect(minor.some((m) => m.kind === 'minor' && m.freed > 0)).toBe(true);
  });

  test('tenon:oom', () => {
    const messages = published<profiler.OutOfMemoryMessage>('tenon:oom', () =>
      expectError(() => empty(2 ** 50), OutOfMemoryError, /cannot allocate/),
    );
    expect(messages).toEqual([
      {
        message: expect.stringMatching(/cannot allocate/) as string,
        liveBytes: expect.any(Number) as number,
      },
    ]);
  });

  test('tenon:step', () => {
    const [w, unused] = [tensor([1], { requiresGrad: true }), tensor([1], { requiresGrad: true })];
    const optimizer = new optim.SGD([w, unused], { lr: 0.5 });
    const loss = new nn.MSELoss();
    const messages = published<profiler.StepMessage>('tenon:step', () => {
      optimizer.step(() => {
        const value = loss.forward(w.mul(2), tensor([0]));
        value.backward();
        return value;
      });
    });
    expect(messages).toEqual([{ optimizer: 'SGD', parameters: 1, ms: expect.any(Number) as number }]);
    expect(w.item()).toBe(-3);
  });
});
