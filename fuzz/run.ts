/**
 * Throws random values at every export and method of the built package: `npm run fuzz -- --calls N [--seed S]`.
 * Children make the calls, so that a crash or a hang is a finding like any other. See docs/fuzzing.md.
 */
import { spawn, type ChildProcess } from 'child_process';
import { existsSync, mkdtempSync, openSync, readSync, rmSync, writeFileSync } from 'fs';
import { tmpdir } from 'os';
import { dirname, join, resolve } from 'path';
import { createInterface } from 'readline';
import { parseArgs } from 'util';
import { readSurface } from './surface';
import { LOADING, type Finding, type Message, type Task } from './protocol';

const ROOT = join(__dirname, '..');
const CALLS_PER_CHILD = 20_000;
const MANY_FINDINGS = 30;

const USAGE = `usage: npm run fuzz -- [--calls N] [--seed S] [--seconds T] [--only K | --from A --to B] [...]

  --calls N        how many calls to make (100000)
  --seed S         which calls (random)
  --seconds T      stop after this time
  --only K         make one call: what a finding names
  --from A --to B  make these calls: for findings that take several
  --targets REGEX  only functions and methods whose name matches
  --jobs J         processes at a time (1)
  --hang-after T   seconds that one call may take (20)
  --module PATH    the package's main file (dist)`;

class UsageError extends Error {}

function parse() {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    options: {
      calls: text,
      seed: text,
      seconds: text,
      only: text,
      from: text,
      to: text,
      targets: text,
      jobs: text,
      'hang-after': text,
      module: text,
      help: { type: 'boolean' },
    },
  });
  const number = (name: keyof typeof values, otherwise: number, least: number): number => {
    const given = values[name];
    if (given === undefined) return otherwise;
    const n = Number(given);
    if (!Number.isInteger(n) || n < least) throw new UsageError(`--${name}: expected a whole number`);
    return n;
  };
  const only = number('only', -1, 0);
  const from = only >= 0 ? only : number('from', 0, 0);
  return {
    help: values.help === true,
    seed: number('seed', Math.floor(Math.random() * 2 ** 31), 0),
    seconds: number('seconds', Infinity, 1),
    from,
    to: only >= 0 ? only + 1 : number('to', from + number('calls', 100_000, 1), 1),
    targets: values.targets ?? '',
    jobs: number('jobs', 1, 1),
    hangAfter: number('hang-after', 20, 1),
    module: resolve(values.module ?? join(ROOT, 'dist')),
  };
}

type Choice = ReturnType<typeof parse>;

const folder = mkdtempSync(join(tmpdir(), 'tenon-fuzz-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const running = new Set<ChildProcess>();
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => {
    for (const child of running) child.kill('SIGKILL');
    process.exit(130);
  });

function lastCall(progress: string): number {
  const cell = new Float64Array(1);
  try {
    const read = readSync(openOnce(progress), new Uint8Array(cell.buffer), 0, 8, 0);
    return read === 8 ? cell[0]! : LOADING;
  } catch {
    return LOADING;
  }
}

const descriptors = new Map<string, number>();
function openOnce(path: string): number {
  let descriptor = descriptors.get(path);
  if (descriptor === undefined) descriptors.set(path, (descriptor = openSync(path, 'r')));
  return descriptor;
}

interface Outcome {
  readonly messages: Message[];
  readonly last: number;
  /** Null: it ended as it should. */
  readonly failure: { readonly kind: 'crash' | 'hang'; readonly what: string } | null;
  readonly stderr: string;
}

let children = 0;

/** Runs a child to its end; kills it when one call takes too long or at `deadline`. */
function runChild(
  choice: Choice,
  range: Pick<Task, 'from' | 'to' | 'describe'>,
  deadline: number,
): Promise<Outcome> {
  const progress = join(folder, `progress-${children++}`);
  const { seed, module, targets } = choice;
  const surface = join(folder, 'surface.json');
  const learned = join(folder, 'learned.json');
  const task: Task = { seed, module, surface, learned, targets, progress, ...range };
  const child = spawn(
    process.execPath,
    ['--expose-gc', '-r', 'ts-node/register', join(__dirname, 'child.ts'), JSON.stringify(task)],
    {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  running.add(child);
  const messages: Message[] = [];
  let stderr = '';
  let failure: Outcome['failure'] = null;
  let stopped = false;
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line.startsWith('{')) messages.push(JSON.parse(line) as Message);
  });
  child.stderr.on('data', (data: Buffer) => (stderr = (stderr + data.toString()).slice(-4000)));
  let last = NaN;
  let since = Date.now();
  const watch = setInterval(() => {
    const call = lastCall(progress);
    if (call !== last) [last, since] = [call, Date.now()];
    if (Date.now() > deadline) stopped = true;
    else if (
      Date.now() - since >
      1000 * (call === LOADING ? Math.max(60, choice.hangAfter) : choice.hangAfter)
    )
      failure = { kind: 'hang', what: `takes more than ${choice.hangAfter} s` };
    else return;
    child.kill('SIGKILL');
  }, 250);
  return new Promise((done) => {
    child.on('close', (code, signal) => {
      clearInterval(watch);
      running.delete(child);
      if (failure === null && !stopped && code !== 0)
        failure = { kind: 'crash', what: `ends the process (${signal ?? `status ${code}`})` };
      const call = lastCall(progress);
      done({ messages, last: call, failure, stderr });
    });
  });
}

class Report {
  readonly findings: Finding[] = [];
  private readonly counts = new Map<string, number>();
  constructor(private readonly choice: Choice) {}

  add(finding: Finding): void {
    const key = `${finding.kind} ${finding.target} ${finding.what.replace(/[\d.]+/g, '#').slice(0, 80)}`;
    const count = (this.counts.get(key) ?? 0) + 1;
    this.counts.set(key, count);
    if (count > 1) return;
    this.findings.push(finding);
    const { kind, from, to, text, what, stack } = finding;
    const calls = to - from === 1 ? `--only ${from}` : `--from ${from} --to ${to}`;
    console.log(`\n${kind.toUpperCase()}: ${text}\n  ${what}${stack ? `\n${stack}` : ''}`);
    const filter = this.choice.targets === '' ? '' : ` --targets '${this.choice.targets}'`;
    console.log(`  again: npm run fuzz -- --seed ${this.choice.seed} ${calls}${filter}`);
  }
}

/** A crash or a hang: which call it was, and those before it. */
async function explain(choice: Choice, outcome: Outcome, from: number, report: Report): Promise<void> {
  const { last, failure, stderr } = outcome;
  if (last === LOADING) {
    const text = 'while the exports were looked at';
    report.add({
      kind: failure!.kind,
      from,
      to: from + 1,
      target: '',
      text,
      what: `${failure!.what}\n${stderr}`,
    });
    return;
  }
  const first = Math.max(from, last - 5);
  const told = await runChild(choice, { from: first, to: last + 1, describe: true }, Infinity);
  const calls = told.messages.filter((m) => m.type === 'call');
  const { target, text } = calls.at(-1) ?? { target: '', text: `call ${last}` };
  const alone = await runChild(choice, { from: last, to: last + 1, describe: false }, Infinity);
  const single = alone.failure !== null;
  const before = calls.slice(0, -1).map((m) => `    ${m.number}: ${m.text}`);
  const history = single ? '' : `\n  not on its own; the calls before it:\n${before.join('\n')}`;
  report.add({
    kind: failure!.kind,
    from: single ? last : from,
    to: last + 1,
    target,
    text,
    what: `${failure!.what}${history}${failure!.kind === 'crash' && stderr ? `\n${stderr.slice(0, 1500)}` : ''}`,
  });
}

async function main(): Promise<number> {
  const choice = parse();
  if (choice.help) {
    console.log(USAGE);
    return 0;
  }
  const directory = existsSync(join(choice.module, 'index.js')) ? choice.module : dirname(choice.module);
  writeFileSync(join(folder, 'surface.json'), JSON.stringify(readSurface(directory)));
  const started = Date.now();
  const deadline = started + choice.seconds * 1000;
  const report = new Report(choice);
  let losses: string | undefined;
  let made = 0;
  let targets = 0;
  let rss = 0;
  let next = choice.from;
  console.log(`Fuzzing with --seed ${choice.seed}: calls ${choice.from} to ${choice.to}`);

  const work = async (): Promise<void> => {
    while (next < choice.to && Date.now() < deadline && report.findings.length < MANY_FINDINGS) {
      let from = next;
      const to = (next = Math.min(from + CALLS_PER_CHILD, choice.to));
      while (from < to && Date.now() < deadline && report.findings.length < MANY_FINDINGS) {
        const outcome = await runChild(choice, { from, to, describe: false }, deadline);
        for (const message of outcome.messages) {
          if (message.type === 'finding') report.add(message.finding);
          if (message.type !== 'done') continue;
          targets = message.targets;
          rss = Math.max(rss, message.rss);
          losses ??= message.losses;
          if (message.losses !== losses)
            report.add({
              kind: 'state',
              from,
              to,
              target: '',
              text: `calls ${from} to ${to}`,
              what: 'the training gave other losses than in another process',
            });
        }
        if (outcome.failure !== null) await explain(choice, outcome, from, report);
        const end = outcome.messages.some((m) => m.type === 'done') ? to : Math.max(outcome.last + 1, from);
        made += end - from;
        // What fails before any call fails again.
        from = outcome.failure !== null && outcome.last === LOADING ? to : Math.max(end, from + 1);
      }
    }
  };
  await Promise.all(Array.from({ length: choice.jobs }, work));

  const failed = report.findings.length;
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  console.log(
    `\n${made} calls of ${targets} functions, methods and properties in ${seconds} s; at most ${Math.round(rss / 2 ** 20)} MB resident`,
  );
  console.log(
    `Fuzz: ${made === 0 ? 0 : 1} passed, ${failed} failed`.replace(
      /1 passed/,
      failed > 0 ? '0 passed' : '1 passed',
    ),
  );
  return failed > 0 || made === 0 ? 1 : 0;
}

main().then(
  (status) => (process.exitCode = status),
  (error: unknown) => {
    console.error(
      error instanceof UsageError || error instanceof TypeError ? `${error.message}\n\n${USAGE}` : error,
    );
    process.exitCode = 2;
  },
);
