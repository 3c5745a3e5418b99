/** A short run of the fuzzer (fuzz/), and proof that it finds what there is to find: with TENON_TEST_FULL, of each kind. */
import { spawnSync } from 'child_process';
import { join } from 'path';

const ROOT = join(__dirname, '../..');
const FULL = Boolean(process.env.TENON_TEST_FULL);
const CALLS = FULL ? 20_000 : 7_000;

function fuzz(...args: string[]): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['-r', 'ts-node/register', 'fuzz/run.ts', ...args],
    { cwd: ROOT, encoding: 'utf8' },
  );
  return { status, output: stdout + stderr };
}

const plants = (name: string, calls: number, ...more: string[]) =>
  fuzz(
    ...['--seed', '5', '--calls', String(calls), '--module', 'test/fuzz/plants.js'],
    ...['--targets', `^plant${name}$`, '--hang-after', '3', ...more],
  );

test('random values at every export: typed errors only', () => {
  const { status, output } = fuzz('--seed', '1', '--calls', String(CALLS), '--hang-after', '120');
  expect([status, output]).toEqual([0, expect.stringMatching(/\nFuzz: 1 passed, 0 failed\n$/)]);
  const [, made, targets] = /(\d+) calls of (\d+) functions, methods and properties/.exec(output)!;
  expect(Number(made)).toBe(CALLS);
  expect(Number(targets)).toBeGreaterThan(1000);
}, 300_000);

/** A finding's name and the calls in which it comes; those of `QUICK` take the ways that findings take. */
const PLANTS: [string, number, RegExp][] = [
  ['Crash', 10, /CRASH: plantCrash\(.*\n {2}ends the process \(SIGABRT\)/],
  ['Hang', 12, /HANG: plantHang\(.*\n {2}takes more than 3 s/],
  ['Untyped', 50, /ERROR: plantUntyped\(.*\n {2}threw TypeError: Cannot read .*\n +at .*plantUntyped/],
  ['Internal', 50, /ERROR: plantInternal\(.*\n {2}threw InternalError: broken/],
  ['Option', 60, /ERROR: plantOption\(.*\{ mode: .* \}\)\n {2}threw TypeError: Cannot convert/],
  ['Later', 50, /ERROR: plantLater\(.*\n {2}its promise threw TypeError: later/],
  ['Leak', 300, /LEAK: plantLeak\(.*\n {2}leaves 1 tensors alive/],
  ['Mode', 25, /STATE: plantMode\(.*\n {2}left changed what setGradEnabled sets/],
  ['Shape', 50, /ERROR: plantShape\(.*\n {2}made the shape \[ NaN \]/],
  ['State', 5, /STATE: calls 0 to 5\n {2}a training afterwards gives \[/],
];
const QUICK = ['Crash', 'Untyped', 'State'];

test.each(PLANTS.filter(([name]) => FULL || QUICK.includes(name)))(
  'finds a planted bug: %s',
  (name, calls, message) => {
    const { status, output } = plants(name, calls);
    expect(output).toMatch(message);
    expect(output).toMatch(/\nFuzz: 0 passed, \d+ failed\n$/);
    expect(status).toBe(1);
    const again = /again: npm run fuzz -- --seed 5 (--only \d+)/.exec(output);
    if (again === null || !FULL) return; // several calls
    // On its own it is found again.
    const only = again[1]!.split(' ');
    expect(plants(name, 1, ...only).output).toMatch(name === 'Leak' ? /Fuzz: 1 passed/ : message);
  },
  60_000,
);

test('finds nothing where there is nothing', () => {
  const { status, output } = plants('Nothing', 500);
  expect([status, output]).toEqual([0, expect.stringContaining('500 calls of 1 functions')]);
}, 60_000);

test.each([
  [['--calls', 'many'], /--calls: expected a whole number/],
  [['--cals', '3'], /Unknown option '--cals'/],
])('%j is an error', (args, message) => {
  const { status, output } = fuzz(...args);
  expect(status).toBe(2);
  expect(output).toMatch(message);
  expect(output).toMatch(/usage: npm run fuzz/);
});
