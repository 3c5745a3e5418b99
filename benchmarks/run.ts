/** Runs benchmark suites, prints their tables and appends them to benchmarks/history. See docs/benchmarks.md. */
import { loadavg } from 'os';
import { parseArgs } from 'util';
import { compilePrograms } from './compile';
import { record } from './history';
import { BenchmarkError } from './process';
import { report } from './report';
import { RIVALS, type Rival, type Suite } from './suite';
import { cold } from './suites/cold';
import { cuda } from './suites/cuda';
import { eventloop } from './suites/eventloop';
import { elementwise } from './suites/elementwise';
import { gemm } from './suites/gemm';
import { models } from './suites/models';
import { notebook } from './suites/notebook';
import { ops } from './suites/ops';
import { overhead } from './suites/overhead';
import { saving } from './suites/saving';

const SUITES: readonly Suite[] = [
  notebook,
  overhead,
  gemm,
  elementwise,
  ops,
  models,
  saving,
  cold,
  eventloop,
  cuda,
];

const USAGE = `usage: npm run bench -- [suite ...] [--vs rival ...] [--busy N] [--quick]

suites (all of them if none is named):
${SUITES.map((s) => `  ${s.name.padEnd(12)} ${s.title} (rivals: ${s.rivals.join(', ')})`).join('\n')}

  --vs torch | openblas   measure a rival in turn with Tenon; may be repeated
  --busy N                gemm only: what two threads keep of their speed while N other processes are busy
  --quick                 run everything once with tiny counts, without history: shows that it runs, not how fast`;

class UsageError extends Error {}

interface Choice {
  suites: readonly Suite[];
  rivals: readonly Rival[];
  quick: boolean;
  busy: number;
}

/** null: help was asked for. */
function parse(args: string[]): Choice | null {
  let parsed;
  try {
    parsed = parseArgs({
      args,
      allowPositionals: true,
      options: {
        vs: { type: 'string', multiple: true, default: [] },
        busy: { type: 'string', default: '0' },
        quick: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
  const { values, positionals } = parsed;
  if (values.help) return null;
  const rivals = RIVALS.filter((r) => values.vs.includes(r));
  for (const name of values.vs)
    if (!RIVALS.some((r) => r === name)) throw new UsageError(`no such rival: ${name}`);
  for (const name of positionals)
    if (!SUITES.some((s) => s.name === name)) throw new UsageError(`no such suite: ${name}`);
  const suites = positionals.length === 0 ? SUITES : SUITES.filter((s) => positionals.includes(s.name));
  for (const rival of rivals)
    if (!suites.some((s) => s.rivals.includes(rival)))
      throw new UsageError(`${rival} is no rival in ${suites.map((s) => s.name).join(', ')}`);
  const busy = Number(values.busy);
  if (!Number.isInteger(busy) || busy < 0 || busy > 64)
    throw new UsageError(`--busy: expected a number of processes, got ${values.busy}`);
  if (busy > 0 && !suites.every((s) => s.takesBusy))
    throw new UsageError(
      `--busy is for ${SUITES.filter((s) => s.takesBusy)
        .map((s) => s.name)
        .join(', ')}`,
    );
  return { suites, rivals, quick: values.quick, busy };
}

async function run({ suites, rivals, quick, busy }: Choice): Promise<void> {
  compilePrograms();
  for (const suite of suites) {
    const missing = await suite.unavailable?.(quick);
    if (missing) {
      console.log(`${suite.name}: skipped: ${missing}`);
      continue;
    }
    const load = loadavg()[0]!;
    const result = await suite.run({
      rivals: rivals.filter((r) => suite.rivals.includes(r)),
      quick,
      busy,
      progress: (pass, passes) => process.stderr.write(`${suite.name}: pass ${pass} of ${passes}\n`),
    });
    console.log(report(suite, result, quick));
    if (!quick) record(suite, result, load);
  }
}

async function main(): Promise<void> {
  try {
    const choice = parse(process.argv.slice(2));
    if (choice === null) console.log(USAGE);
    else await run(choice);
  } catch (error) {
    if (error instanceof UsageError) {
      console.error(`${error.message}\n\n${USAGE}`);
      process.exitCode = 2;
    } else if (error instanceof BenchmarkError) {
      console.error(error.message);
      process.exitCode = 1;
    } else throw error;
  }
}

void main();
