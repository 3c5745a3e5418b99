import { spawnSync } from 'child_process';
import { cpus } from 'os';
import { join } from 'path';
import { getNumThreads, manualSeed, matmul, nn, randn, setNumThreads, type Tensor } from 'tenon';

const before = getNumThreads();
afterEach(() => setNumThreads(before));

const x = (): Tensor => randn([700, 300]);
test.each<[string, () => Tensor]>([
  ['sum', () => x().sum()],
  ['sum over rows', () => x().sum(0)],
  ['mean over columns', () => x().mean(1)],
  ['prod', () => x().mul(0.001).add(1).prod()],
  ['var', () => x().var()],
  ['max', () => x().max(0)[0]],
  ['argmin', () => x().argmin()],
  ['softmax', () => nn.functional.softmax(x(), 1)],
  ['softmax down', () => nn.functional.softmax(x(), 0)],
  ['exp', () => x().exp()],
  ['matmul', () => matmul(x(), x().t())],
  ['long matmul', () => matmul(randn([4, 20_000]), randn([20_000, 4]))],
  ['mseLoss', () => nn.functional.mseLoss(x(), x())],
  ['broadcast', () => x().add(randn(300)).mul(randn(700, 1))],
  ['transposed copy', () => x().t().contiguous()],
  ['int8', () => x().mul(50).to('int8').sum()],
])('%s gives the same bits with any number of them', (_, f) => {
  const results = [1, 2, 3, 8].map((threads) => {
    setNumThreads(threads);
    manualSeed(7);
    return f();
  });
  for (const result of results) expect(result.equal(results[0]!)).toBe(true);
});

describe('TENON_NUM_THREADS', () => {
  /** What a process prints that starts with this setting. */
  function printed(setting: string): string {
    const script = `
      try { console.log(require(${JSON.stringify(join(__dirname, '../dist'))}).getNumThreads()) }
      catch (error) { console.log(error.name, error.message) }`;
    const env = { ...process.env, TENON_NUM_THREADS: setting };
    return spawnSync(process.execPath, ['-e', script], { encoding: 'utf8', env }).stdout.trim();
  }

  test('is how many threads there are', () => {
    expect(printed('3')).toBe('3');
    expect(printed('1024')).toBe('1024');
  });

  test('that is empty counts as not given', () => {
    expect(Number(printed(''))).toBeGreaterThanOrEqual(1);
    expect(Number(printed(''))).toBeLessThanOrEqual(cpus().length);
  });

  test.each(['0', '-2', '1.5', '1025', '2x', ' 2', 'all', '1e2'])('%j is an error', (setting) => {
    expect(printed(setting)).toBe(
      `NativeError tenon: expected TENON_NUM_THREADS to be an integer from 1 to 1024, got "${setting}"`,
    );
  });
});
