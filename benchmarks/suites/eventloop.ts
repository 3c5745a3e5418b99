/** Whether a process that computes still answers. */
import { runOnce, tenonProgram } from '../process';
import type { Hello } from '../protocol';
import type { Measure } from '../statistics';
import { makeRow, type Goal, type Suite } from '../suite';

interface Figures {
  timer: number;
  http: number;
  cost: number;
  served: number;
}

interface Message extends Hello {
  rows: Record<string, Figures>;
}

const ms: Measure = { unit: 'ms', better: 'lower', figure: (x) => x };
const times: Measure = { unit: '× sync', better: 'lower', figure: (x) => x };

const KINDS: readonly { name: string; measure: Measure; goal: Goal | null; pick: (f: Figures) => number }[] =
  [
    { name: 'a 5 ms timer is late (p99)', measure: ms, goal: { below: 20 }, pick: (f) => f.timer },
    { name: 'HTTP answers (p99)', measure: ms, goal: { below: 50 }, pick: (f) => f.http },
    { name: 'time of the loop', measure: times, goal: { below: 1.1 }, pick: (f) => f.cost },
    { name: 'time of the loop while serving', measure: times, goal: null, pick: (f) => f.served },
  ];

export const eventloop: Suite = {
  name: 'eventloop',
  title: 'loops of 1024³ products on 2 threads that await loss.itemAsync() a step',
  rivals: [],
  async run({ quick, progress }) {
    const passes = quick ? 1 : 5;
    const program = tenonProgram('eventloop');
    const runs: Message[] = [];
    for (let pass = 0; pass < passes; pass++) {
      progress(pass + 1, passes);
      const args = [...program.args, quick ? '2' : '100'];
      runs.push((await runOnce<Message>({ ...program, args })).message);
    }
    return {
      passes,
      tenon: runs[0]!,
      rivals: {},
      rows: Object.keys(runs[0]!.rows).flatMap((work) =>
        KINDS.map(({ name, measure, goal, pick }) =>
          makeRow(
            `${work}: ${name}`,
            measure,
            goal,
            runs.map(({ rows }) => [pick(rows[work]!)]),
            [],
          ),
        ),
      ),
    };
  },
};
