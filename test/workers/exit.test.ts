/**
 * Processes and threads that end at any moment, with work in flight (test/workers/endings.js): the status is as it should
 * be, nothing crashes, nothing hangs. With TENON_TEST_FULL, 200 endings instead of one of each kind.
 */
import { execFileSync, spawn } from 'child_process';
import { join } from 'path';
import { memoryStats, collect } from 'tenon';
import { messageOf, startWorker } from './workers';

const ENDINGS = join(__dirname, 'endings.js');
const FULL = Boolean(process.env.TENON_TEST_FULL);
/** Ten threads end in each of those processes. */
const TEN = 'ten terminated threads';

type Ending = [name: string, status: number | string, printed: string];
const all = JSON.parse(execFileSync(process.execPath, [ENDINGS], { encoding: 'utf8' })) as Ending[];

interface Outcome {
  status: number | string | null;
  printed: string;
  complaints: string;
}

/** Runs a process; after two minutes it counts as one that hangs. */
async function run(name: string, seed: number): Promise<Outcome> {
  const child = spawn(process.execPath, [ENDINGS, name, String(seed)]);
  let printed = '';
  let complaints = '';
  child.stdout.on('data', (text) => (printed += String(text)));
  child.stderr.on('data', (text) => (complaints += String(text)));
  let hangs = false;
  const timer = setTimeout(() => {
    hangs = true;
    child.kill('SIGKILL');
  }, 120_000);
  return new Promise((resolve) =>
    child.on('close', (status, signal) => {
      clearTimeout(timer);
      resolve({ status: hangs ? 'hangs' : (status ?? signal), printed: printed.trim(), complaints });
    }),
  );
}

test.each(all)(
  '%s',
  async (name, status, printed) => {
    const count = !FULL ? 1 : name === TEN ? 10 : Math.ceil(100 / (all.length - 1));
    let seed = 1;
    const next = async (): Promise<void> => {
      while (seed <= count) {
        const mine = seed++;
        const outcome = await run(name, mine);
        const { status: s, printed: p } = outcome;
        if (s !== status || p !== printed)
          throw new Error(`seed ${mine}: expected ${status} ${printed}, got ${JSON.stringify(outcome)}`);
      }
    };
    await Promise.all([next(), next()]);
  },
  1_200_000,
);

test('sixteen threads at once compute the same', async () => {
  collect();
  const before = memoryStats().liveBytes;
  const workers = Array.from({ length: 16 }, () =>
    startWorker(
      `tenon.manualSeed(5);
       const [a, b] = [tenon.randn(200, 300), tenon.randn(300, 100).requiresGrad_()];
       a.matmul(b).square().sum().backward();
       reply(b.grad.sum().item());
       parentPort.on('message', () => {});`,
    ),
  );
  const sums = await Promise.all(workers.map((worker) => messageOf<number>(worker)));
  expect(sums).toEqual(sums.map(() => sums[0]));
  expect(memoryStats().liveBytes - before).toBeGreaterThan(16 * 4 * 200 * 300);
  await Promise.all(workers.map((worker) => worker.terminate()));
  collect();
  expect(memoryStats().liveBytes - before).toBeLessThan(1 << 16);
}, 120_000);
