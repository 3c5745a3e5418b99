/** Makes a range of calls in a process of its own: `child.ts TASK`, which a parent (run.ts) starts. */
import { existsSync, openSync, readFileSync, renameSync, writeFileSync, writeSync } from 'fs';
import { dirname } from 'path';
import { judgeError, lastWrong, planCall, type Call, type IsPublic } from './call';
import { LOADING, type Finding, type Message, type Task } from './protocol';
import { Settings, liveTensors, trainingLosses } from './state';
import type { Surface } from './surface';
import { findTargets, learnAll, withLearned, type Learned } from './targets';
import type { Library } from './values';

const task = JSON.parse(process.argv[2]!) as Task;
const CHECK_EVERY = 2500;
const MEMORY_LIMIT = 64 * 2 ** 20;
/** Tensors that may stay: what V8's stack or the library's caches hold. */
const TENSORS_THAT_MAY_STAY = 40;
const RESIDENT_GROWTH = 300 * 2 ** 20;

function tell(message: Message): void {
  writeSync(1, `${JSON.stringify(message)}\n`);
}

const progress = openSync(task.progress, 'w');
const cell = new Float64Array(1);
const bytes = new Uint8Array(cell.buffer);
function note(call: number): void {
  cell[0] = call;
  writeSync(progress, bytes, 0, 8, 0);
}

note(LOADING);
// eslint-disable-next-line @typescript-eslint/no-require-imports -- the package's path is an argument
const lib = require(task.module) as Library;
lib.setMemoryLimit(MEMORY_LIMIT);
// What is written to random names goes to the parent's folder, which it removes.
process.chdir(dirname(task.progress));
// An error's stack costs more than most calls.
Error.stackTraceLimit = 0;
process.emitWarning = () => undefined;

const surface = JSON.parse(readFileSync(task.surface, 'utf8')) as Surface | null;
const wanted = new RegExp(task.targets);
const settings = new Settings(lib);
const found = findTargets(lib, surface, wanted);
const targets = withLearned(found, learned());
if (targets.length === 0) throw new Error(`no target matches ${task.targets}`);

/** Trying everything out takes longer than most of a child's calls: the first child leaves the others what it learned. */
function learned(): Learned[] {
  if (existsSync(task.learned)) return JSON.parse(readFileSync(task.learned, 'utf8')) as Learned[];
  const all = learnAll(lib, found, () => settings.restore());
  const draft = `${task.learned}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(all));
  renameSync(draft, task.learned);
  return all;
}

let current = task.from;
function complain(finding: Omit<Finding, 'from' | 'to'> & { from?: number; to?: number }): void {
  tell({ type: 'finding', finding: { from: current, to: current + 1, ...finding } });
}

/** Of objects that calls return, too. Classes that are not exported have public what exported types name. */
const publicNames = surface === null ? null : new Set(Object.values(surface).flat());
const namesOfClass = new Map(
  Object.entries(surface ?? {})
    .filter(([, names]) => names.length > 0)
    .map(([path, names]) => [path.split('.').at(-1)!, new Set(names)]),
);
const isPublic: IsPublic = (className, name) => {
  if (name === 'constructor') return false;
  if (publicNames === null) return true;
  return (namesOfClass.get(className) ?? publicNames).has(name);
};

function plan(number: number): Call {
  const later = (what: string): void =>
    complain({ kind: 'error', from: number, to: number + 1, target: call.target, text: call.text, what });
  const call: Call = planCall(lib, targets, task.seed, number, later, isPublic);
  return call;
}

/** The stack of what the call threw, by making it once more. */
function stackOf(call: Call): string | undefined {
  Error.stackTraceLimit = 12;
  const again = call.run();
  Error.stackTraceLimit = 0;
  if (again === null || !(lastWrong instanceof Error)) return undefined;
  return lastWrong.stack
    ?.split('\n')
    .filter((line) => /^\s+at /.test(line))
    .join('\n');
}

function make(number: number): void {
  current = number;
  note(number);
  const call = plan(number);
  const { target, text } = call;
  const what = call.run();
  const changed = settings.restore();
  if (what !== null) complain({ kind: 'error', target, text, what, stack: stackOf(call) });
  // Who sets a setting changes that one, and collect() none.
  const others = changed.filter((name) => name !== target.split('.').at(-1));
  if (others.length > 0)
    complain({ kind: 'state', target, text, what: `left changed what ${others.join(', ')} sets` });
}

/** Lets promises and finalizers have their turn. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function run(from: number, to: number): Promise<void> {
  for (let i = from; i < to; i++) {
    make(i);
    if (i % 100 === 0) await turn();
  }
  await turn();
}

async function settledTensors(): Promise<number> {
  await turn();
  return liveTensors(lib);
}

/** Narrows a leak down to few calls, by making them again. */
async function findLeak(from: number, to: number): Promise<void> {
  let grown = 0;
  while (to - from > 1) {
    const middle = (from + to) >> 1;
    const start = await settledTensors();
    await run(from, middle);
    const half = await settledTensors();
    await run(middle, to);
    const end = await settledTensors();
    if (half - start > end - half) [to, grown] = [middle, half - start];
    else [from, grown] = [middle, end - half];
    if (grown <= 0) return; // it does not leak again
  }
  const { target, text } = plan(from);
  complain({ kind: 'leak', from, to, target, text, what: `leaves ${grown} tensors alive` });
}

async function main(): Promise<void> {
  if (task.describe) {
    for (let i = task.from; i < task.to; i++) {
      const { target, text } = plan(i);
      tell({ type: 'call', number: i, target, text });
    }
    return;
  }
  const losses = JSON.stringify(trainingLosses(lib));
  const firstLive = await settledTensors();
  let live = firstLive;
  let resident = Infinity;
  for (let from = task.from; from < task.to; from += CHECK_EVERY) {
    const to = Math.min(from + CHECK_EVERY, task.to);
    await run(from, to);
    const range = { from, to, target: '', text: `calls ${from} to ${to}` };
    const again = JSON.stringify(trainingLosses(lib));
    if (again !== losses)
      complain({ ...range, kind: 'state', what: `a training afterwards gives ${again}, expected ${losses}` });
    const now = await settledTensors();
    if (now - live > TENSORS_THAT_MAY_STAY) {
      await findLeak(from, to);
      live = await settledTensors();
    } else live = Math.max(live, now);
    // The first range warms up: code, caches, threads' working space.
    const rss = process.memoryUsage.rss();
    if (resident === Infinity) resident = rss;
    else if (rss - resident > RESIDENT_GROWTH) {
      complain({
        ...range,
        kind: 'leak',
        what: `resident memory grew by ${Math.round((rss - resident) / 2 ** 20)} MB since call ${task.from}`,
      });
      resident = rss;
    }
  }
  tell({ type: 'done', losses, targets: targets.length, rss: process.memoryUsage.rss() });
}

process.on('uncaughtException', (error) => {
  const { target, text } = plan(current);
  complain({
    kind: 'error',
    target,
    text: `${text}, or one shortly before`,
    what: `uncaught: ${String(error)}`,
  });
});
process.on('unhandledRejection', (error) => {
  const complaint = judgeError(lib, error);
  if (complaint === null) return; // a value's own
  const { target, text } = plan(current);
  complain({
    kind: 'error',
    target,
    text: `${text}, or one shortly before`,
    what: `unhandled: it ${complaint}`,
  });
});

void main();
