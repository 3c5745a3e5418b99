/** How long a short program takes from its first line to its first result. */
import { BenchmarkError, rivalProgram, runOnce, tenonProgram, type Program } from '../process';
import type { Hello } from '../protocol';
import type { Measure } from '../statistics';
import { makeRow, type Goal, type Passes, type Suite } from '../suite';

const measure: Measure = { unit: 'ms', better: 'lower', figure: (seconds) => 1e3 * seconds };

const ROWS: readonly { name: string; goal: Goal | null; pick: (run: Run) => number }[] = [
  { name: 'import and first matmul', goal: { below: 100 }, pick: (run) => run.seconds },
  { name: 'the whole process', goal: null, pick: (run) => run.processSeconds },
];

interface Message extends Hello {
  seconds: number;
  /** The product, which is 64. */
  value: number;
}

interface Run extends Message {
  processSeconds: number;
}

async function runProgram(program: Program): Promise<Run> {
  const { message, ms } = await runOnce<Message>(program);
  if (message.value !== 64) throw new BenchmarkError(`${message.label}: the product is ${message.value}`);
  return { ...message, processSeconds: ms / 1e3 };
}

export const cold: Suite = {
  name: 'cold',
  title: 'import and first matmul in a fresh process',
  rivals: ['torch'],
  async run({ rivals, quick, progress }) {
    const sides = [
      { rival: null, program: tenonProgram('cold'), runs: [] as Run[] },
      ...rivals.map((rival) => ({ rival, program: rivalProgram(`${rival}_cold`), runs: [] as Run[] })),
    ];
    // Once uncounted: the files come from the disk.
    for (const side of sides) await runProgram(side.program);
    const passes = quick ? 1 : 9;
    for (let pass = 0; pass < passes; pass++) {
      progress(pass + 1, passes);
      for (const side of sides) side.runs.push(await runProgram(side.program));
    }
    const [own, ...others] = sides;
    return {
      passes,
      tenon: own!.runs[0]!,
      rivals: Object.fromEntries(others.map((side) => [side.rival!, side.runs[0]!.label] as const)),
      rows: ROWS.map(({ name, goal, pick }) => {
        const figures = (runs: readonly Run[]): Passes => runs.map((run) => [pick(run)]);
        return makeRow(
          name,
          measure,
          goal,
          figures(own!.runs),
          others.map((side) => ({ rival: side.rival!, passes: figures(side.runs) })),
        );
      }),
    };
  },
};
