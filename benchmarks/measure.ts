/**
 * Runs a suite's cases on all sides in turn: Tenon, rival, Tenon, rival, … A pass starts every side in a fresh process
 * and takes the cases one by one, several rounds each, so that whatever disturbs the machine hits all sides alike.
 */
import { setTimeout as pause } from 'timers/promises';
import { BenchmarkError, Worker, rivalProgram, tenonProgram } from './process';
import type { Timing } from './protocol';
import type { Measure } from './statistics';
import { makeRow, type Goal, type Passes, type Result, type Rival, type SuiteOptions } from './suite';

export interface Case {
  name: string;
  /** Understood by the programs. */
  work: object;
  measure: Measure;
  timing: Timing;
  /** The warm-up's least number of calls in a pass's first round. */
  firstCalls?: number;
  /** Whether results agree. */
  agree: (tenon: readonly number[], rival: readonly number[]) => boolean;
  goal?: Goal | undefined;
}

export interface Plan {
  /** tenon/<program>.ts and rivals/<rival>_<program>.py. */
  program: string;
  cases: readonly Case[];
  passes: number;
  rounds: number;
  /** Additions to `work` under which a rival runs side by side; its best counts. */
  variants?: Partial<Record<Rival, readonly object[]>>;
}

/** One call, no warm-up. */
export const ONCE: Timing = { warmCalls: 0, warmMs: 0, calls: 1, batchMs: 0, batches: 1 };

/**
 * How many results of so many bytes make a process's memory settle: by then Tenon has collected results more than once
 * and goes on in memory that it knows, as any longer loop does.
 */
export function settlingCalls(bytes: number): number {
  return Math.ceil(200e6 / bytes);
}

/** Some thread pools spin for a while after their work. */
const SETTLE_MS = 150;

interface Side {
  rival: Rival | null;
  start: () => Promise<Worker>;
  variant: object;
  /** By case. */
  passes: Passes[];
}

function makeSides(plan: Plan, rivals: readonly Rival[]): Side[] {
  const passes = (): Passes[] => plan.cases.map(() => []);
  const own: Side = {
    rival: null,
    start: () => Worker.start(tenonProgram(plan.program)),
    variant: {},
    passes: passes(),
  };
  const others = rivals.flatMap((rival) =>
    (plan.variants?.[rival] ?? [{}]).map((variant) => ({
      rival,
      start: () => Worker.start(rivalProgram(`${rival}_${plan.program}`)),
      variant,
      passes: passes(),
    })),
  );
  return [own, ...others];
}

/** One case in one pass, all sides in turn. */
async function measureCase(
  c: Case,
  index: number,
  rounds: number,
  sides: readonly Side[],
  workers: readonly Worker[],
): Promise<void> {
  for (const side of sides) side.passes[index]!.push([]);
  let own: number[] = [];
  for (let round = 0; round < rounds; round++)
    for (const [i, side] of sides.entries()) {
      const check = round === 0;
      const work = { ...c.work, ...side.variant };
      const warmCalls = Math.max(c.timing.warmCalls, check ? (c.firstCalls ?? 0) : 0);
      const reply = await workers[i]!.ask({ work, timing: { ...c.timing, warmCalls }, check });
      side.passes[index]!.at(-1)!.push(...reply.seconds);
      if (check && side.rival === null) own = reply.check;
      else if (check && !c.agree(own, reply.check))
        throw new BenchmarkError(
          `${c.name}: the results differ: Tenon ${own.join(', ')}; ${side.rival} ${reply.check.join(', ')}`,
        );
      await pause(SETTLE_MS);
    }
}

export async function runPlan(plan: Plan, options: SuiteOptions): Promise<Result> {
  const sides = makeSides(plan, options.rivals);
  const result: Result = { passes: plan.passes, tenon: { label: '' }, rivals: {}, rows: [] };
  for (let pass = 0; pass < plan.passes; pass++) {
    options.progress(pass + 1, plan.passes);
    const workers: Worker[] = [];
    try {
      for (const side of sides) {
        const worker = await side.start();
        workers.push(worker);
        if (side.rival === null) result.tenon = worker.hello;
        else result.rivals[side.rival] = worker.hello.label;
      }
      for (const [i, c] of plan.cases.entries()) await measureCase(c, i, plan.rounds, sides, workers);
    } finally {
      for (const worker of workers) await worker.close();
    }
  }
  const [own, ...others] = sides;
  result.rows = plan.cases.map((c, i) =>
    makeRow(
      c.name,
      c.measure,
      c.goal ?? null,
      own!.passes[i]!,
      others.map((side) => ({ rival: side.rival!, passes: side.passes[i]! })),
    ),
  );
  return result;
}
