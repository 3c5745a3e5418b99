import { mkdtempSync, readFileSync, rmSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import { setTimeout as sleep } from 'timers/promises';
import {
  ArgumentError,
  bmm,
  collect,
  eye,
  matmul,
  mm,
  nn,
  noGrad,
  ones,
  optim,
  profiler,
  tensor,
  zeros,
} from 'tenon';
import { expectError, wrong } from './errors/table';

const { Profile, profile, recordFunction } = profiler;

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'tenon-profiler-'))));
afterAll(() => rmSync(folder, { recursive: true }));

const ops = (p: profiler.Profile): profiler.OpEvent[] =>
  p.events().filter((e): e is profiler.OpEvent => e.kind === 'op');
const regions = (p: profiler.Profile): profiler.RegionEvent[] =>
  p.events().filter((e): e is profiler.RegionEvent => e.kind === 'region');

test('each launch is an event with operands, bytes and time', () => {
  const a = ones(4, 6);
  const b = ones(6, { dtype: 'float64' });
  const p = profile(() => a.add(b.expand(4, 6)).gt(0.5));
  const [add, gt] = ops(p);
  expect(ops(p).length).toBe(2);
  expect(add).toMatchObject({
    name: 'add',
    phase: 'forward',
    regions: [],
    inputShapes: [
      [4, 6],
      [4, 6],
    ],
    inputDtypes: ['float32', 'float64'],
    outputShapes: [[4, 6]],
    outputDtypes: ['float64'],
    // The expanded operand covers 6 elements.
    bytesRead: 24 * 4 + 6 * 8,
    bytesWritten: 24 * 8,
    flops: null,
    inline: true,
  });
  // A number is an operand without dimensions.
  expect(gt!.inputShapes).toEqual([[4, 6], []]);
  expect(add!.start).toBeGreaterThanOrEqual(0);
  expect(add!.duration).toBeGreaterThan(0);
  expect(gt!.start).toBeGreaterThanOrEqual(add!.start + add!.duration);
  expect(p.lostEvents).toBe(0);
});

test('matrix products count their operations', () => {
  const flops = (f: () => unknown): (number | null)[] =>
    ops(profile(f))
      .filter((e) => e.flops !== null)
      .map((e) => e.flops);
  const [a, b] = [ones(2, 3), ones(3, 5)];
  expect(flops(() => mm(a, b))).toEqual([2 * 2 * 3 * 5]);
  expect(flops(() => matmul(ones(3, 2).t(), b))).toEqual([2 * 2 * 3 * 5]);
  expect(flops(() => bmm(ones(4, 2, 3), ones(4, 3, 5)))).toEqual([4 * 2 * 2 * 3 * 5]);
  expect(flops(() => matmul(ones(4, 2, 3), b))).toEqual([4 * 2 * 2 * 3 * 5]);
  expect(flops(() => matmul(zeros(0, 3), b))).toEqual([0]);
  const layer = new nn.Linear(3, 5);
  const x = ones(2, 3);
  expect(flops(() => layer.forward(x).sum().backward())).toEqual([
    2 * 2 * 3 * 5, // forward
    2 * 2 * 3 * 5 + 2 * 5, // weight and bias
  ]);
  x.requiresGrad_();
  expect(flops(() => layer.forward(x).sum().backward())[1]).toBe(2 * (2 * 2 * 3 * 5) + 2 * 5);
});

test('forward, backward and optimizer are told apart', () => {
  const net = new nn.Sequential(new nn.Linear(4, 3), new nn.Sigmoid());
  const optimizer = new optim.SGD(net.parameters(), { lr: 0.1 });
  const p = profile(() => {
    for (let i = 0; i < 3; i++) {
      optimizer.zeroGrad();
      recordFunction('loss', () => net.forward(ones(2, 4)).sum()).backward();
      optimizer.step();
    }
  });
  const table = p.keyAverages();
  const counts = table.map(({ key, phase, count }) => `${key} ${phase} ${count}`);
  expect(counts).toEqual(
    expect.arrayContaining([
      'linear forward 3',
      'sigmoid forward 3',
      'linearBackward backward 3',
      'sigmoidBackward backward 3',
      'sgd optimizer 3',
      'loss forward 3',
      'backward backward 3',
      'SigmoidBackward backward 3',
      'SGD.step optimizer 3',
    ]),
  );
  const linear = ops(p).find((e) => e.name === 'linear')!;
  expect(linear.regions).toEqual(['loss']);
  const gradient = ops(p).find((e) => e.name === 'linearBackward')!;
  expect(gradient.regions).toEqual(['backward', 'AddmmBackward']);
  // Shares are of the ops' time.
  const shares = table.filter((row) => row.kind === 'op').map((row) => row.share!);
  expect(shares.reduce((x, y) => x + y)).toBeCloseTo(1);
  expect(table.filter((row) => row.kind === 'region').every((row) => row.share === null)).toBe(true);
  for (const row of table) expect(row.cpuTime).toBeCloseTo(row.cpuTimeTotal / row.count);
});

test('the table', () => {
  const p = profile(() => {
    eye(8).matmul(eye(8));
    eye(9).add(1);
    eye(9).add(1);
  });
  const lines = p.keyAverages().table({ sortBy: 'count' }).split('\n');
  expect(lines[0]).toMatch(/^name +phase +calls +total us +mean us +share +MB read +MB written +GFLOP\/s$/);
  expect(lines.slice(2).map((line) => line.split(/ +/).slice(0, 3).join(' '))).toEqual([
    'eye forward 4',
    'add forward 2',
    'matmul forward 1',
  ]);
  expect(lines[4]).toMatch(/%.* \d+\.\d\d$/); // a share, and GFLOP/s
  const byShape = p.keyAverages({ groupByInputShape: true });
  expect(byShape.table()).toMatch(/input shapes/);
  expect(byShape.find((row) => row.key === 'add')).toMatchObject({ count: 2, inputShapes: [[9, 9], []] });
  expect(byShape.table({ rowLimit: 1 }).split('\n').length).toBe(3);
});

test('an asynchronous function is profiled until it has ended', async () => {
  const p = await profile(async () => {
    await sleep(1);
    const load = recordFunction('load', async () => {
      await sleep(1);
      return ones(3);
    });
    const compute = recordFunction('compute', async () => {
      await sleep(0);
      return eye(3);
    });
    await Promise.all([load, compute]);
    recordFunction('end', () => zeros(3));
  });
  ones(7);
  expect(ops(p).map((e) => [e.outputShapes[0], e.regions])).toEqual(
    expect.arrayContaining([
      [[3], ['load']],
      [[3, 3], ['compute']],
      [[3], ['end']],
    ]),
  );
  expect(ops(p).length).toBe(3);
  expect(regions(p).map((e) => [e.name, e.isAsync])).toEqual([
    ['load', true],
    ['compute', true],
    ['end', false],
  ]);
  expect(regions(p)[0]!.duration).toBeGreaterThan(0);
});

test('profiles may overlap, and nothing is recorded outside of them', () => {
  ones(1);
  const outer = new Profile().start();
  expect(outer.isRunning).toBe(true);
  ones(2);
  const inner = profile(() => ones(3));
  ones(4);
  outer.stop();
  ones(5);
  const sizes = (p: profiler.Profile): unknown[] => ops(p).map((e) => e.outputShapes[0]);
  expect(sizes(outer)).toEqual([[2], [3], [4]]);
  expect(sizes(inner)).toEqual([[3]]);
  // Started again it forgets.
  outer.start();
  ones(6);
  expect(sizes(outer.stop())).toEqual([[6]]);
});

test('collections are regions', () => {
  const p = profile(() => {
    collect();
  });
  expect(regions(p).map((e) => e.name)).toEqual(['major collection']);
});

test('a function that throws ends its profile and its region', () => {
  let kept: profiler.Profile | null = null;
  expect(() =>
    profile((p) => {
      kept = p;
      recordFunction('failing', () => {
        throw new Error('stop');
      });
    }),
  ).toThrow('stop');
  expect(regions(kept!).map((e) => e.name)).toEqual(['failing']);
  const stopped = profile((p) => {
    ones(1);
    p.stop();
    ones(2);
  });
  expect(ops(stopped).length).toBe(1);
});

test('recordFunction gives what its function gives', async () => {
  expect(recordFunction('x', () => 5)).toBe(5);
  await expect(recordFunction('x', async () => Promise.resolve(6))).resolves.toBe(6);
  const p = await profile(async () => {
    await expect(recordFunction('x', async () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  });
  expect(regions(p).length).toBe(1);
});

test('the Chrome trace has a row for the JavaScript thread and one for the CPU stream', async () => {
  const path = join(folder, 'trace.json');
  const net = new nn.Linear(3, 2);
  const p = await profile(async () => {
    recordFunction('a "quoted" name', () => net.forward(ones(1, 3)).sum().backward());
    await recordFunction('waiting', () => sleep(1));
  });
  p.exportChromeTrace(path);
  const { traceEvents } = JSON.parse(readFileSync(path, 'utf8')) as {
    traceEvents: { name: string; ph: string; tid: number; ts: number; dur: number; args?: object }[];
  };
  const rows = new Map(
    traceEvents
      .filter((e) => e.name === 'thread_name')
      .map((e) => [e.tid, (e.args as { name: string }).name]),
  );
  const found = (name: string): (string | number | undefined)[][] =>
    traceEvents.filter((e) => e.name === name).map((e) => [e.ph, rows.get(e.tid)]);
  expect(found('linear')).toEqual([['X', 'CPU stream']]);
  expect(found('a "quoted" name')).toEqual([['X', 'JavaScript']]);
  expect(found('backward')).toEqual([['X', 'JavaScript']]);
  expect(found('waiting')).toEqual([
    ['b', 'JavaScript'],
    ['e', 'JavaScript'],
  ]);
  // A launch lies within the region that it was made in, by clocks that agree to some microseconds.
  const region = traceEvents.find((e) => e.name === 'a "quoted" name')!;
  const linear = traceEvents.find((e) => e.name === 'linear')!;
  expect(linear.ts).toBeGreaterThan(region.ts - 50);
  expect(linear.ts + linear.dur).toBeLessThan(region.ts + region.dur + 50);
});

test('a long profile is written whole', () => {
  const path = join(folder, 'long.json');
  const x = tensor([1]);
  const p = profile(() => noGrad(() => Array.from({ length: 2500 }, () => x.add(1))));
  p.exportChromeTrace(path);
  const { traceEvents } = JSON.parse(readFileSync(path, 'utf8')) as { traceEvents: { name: string }[] };
  expect(traceEvents.filter((e) => e.name === 'add').length).toBe(2500);
});

test('bad arguments', () => {
  const p = profile(() => 1);
  expectError(() => profile(wrong(1)), ArgumentError, /^profile: expected a function, got 1/);
  expectError(() => recordFunction('', () => 1), ArgumentError, /^recordFunction: expected a name, got ""/);
  expectError(() => recordFunction('x', wrong(1)), ArgumentError, /^recordFunction: expected a function/);
  expectError(() => new Profile().stop(), ArgumentError, /^Profile.stop: it has not been started/);
  expectError(() => new Profile().events(), ArgumentError, /^events: the profile has to be started/);
  expectError(() => profile((q) => q.start()), ArgumentError, /^Profile.start: it has been started/);
  expectError(() => p.exportChromeTrace(''), ArgumentError, /^exportChromeTrace: expected a path, got ""/);
  expectError(
    () => p.keyAverages().table({ sortBy: wrong('time') }),
    ArgumentError,
    /^table: expected sortBy to be one of cpuTimeTotal, .* got "time"/,
  );
  expectError(() => p.keyAverages().table({ rowLimit: 0 }), ArgumentError, /at least 1, got 0/);
  expectError(() => p.keyAverages(wrong({ shapes: true })), ArgumentError, /unknown option "shapes"/);
  expect(p.keyAverages().table().split('\n').length).toBe(2);
});
