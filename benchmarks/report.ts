/** A suite's result as a table, which is Markdown, too. */
import type { Suite, Goal, Result, Rival, Row } from './suite';

const TITLES: Record<Rival, string> = { torch: 'PyTorch', openblas: 'OpenBLAS' };

function number(x: number): string {
  return x >= 100 ? x.toFixed(0) : x >= 10 ? x.toFixed(1) : x.toFixed(2);
}

function figures(f: { median: number; spread: number } | undefined): string {
  return f === undefined ? '' : `${number(f.median)} ±${(100 * f.spread).toFixed(0)} %`;
}

function times(ratio: number | undefined): string {
  return ratio === undefined ? '' : `${ratio < 2 ? ratio.toFixed(3) : number(ratio)}×`;
}

/** Whether a goal is met; null: this run can't tell. */
function isMet(goal: Goal, row: Row): boolean | null {
  if ('below' in goal) return row.tenon.median < goal.below;
  if ('atLeast' in goal) return row.tenon.median >= goal.atLeast;
  const rival = row.rivals[goal.rival];
  return rival === undefined ? null : rival.ratio >= goal.ratio;
}

function goalText(row: Row): string {
  const { goal } = row;
  if (goal === null) return '';
  const wish =
    'below' in goal
      ? `< ${goal.below} ${row.unit}`
      : 'atLeast' in goal
        ? `≥ ${goal.atLeast} ${row.unit}`
        : `≥ ${Number(goal.ratio.toPrecision(3))}× ${TITLES[goal.rival]}`;
  const met = isMet(goal, row);
  return met === null ? wish : `${wish}: ${met ? 'met' : 'MISSED'}`;
}

function table(cells: readonly (readonly string[])[]): string {
  const widths = cells[0]!.map((_, column) => Math.max(...cells.map((line) => line[column]!.length)));
  const render = (line: readonly string[]): string =>
    `| ${line.map((cell, i) => cell.padEnd(widths[i]!)).join(' | ')} |`;
  const rule = `| ${widths.map((w) => '-'.repeat(w)).join(' | ')} |`;
  const [head, ...body] = cells.map(render);
  return [head, rule, ...body].join('\n');
}

export function report(suite: Suite, result: Result, quick: boolean): string {
  const rivals = Object.keys(result.rivals) as Rival[];
  const goals = !quick && result.rows.some((row) => row.goal !== null);
  const head = [
    '',
    'unit',
    'Tenon',
    ...rivals.flatMap((r) => [TITLES[r], 'ratio']),
    ...(goals ? ['goal'] : []),
  ];
  const body = result.rows.map((row) => [
    row.name,
    row.unit,
    figures(row.tenon),
    ...rivals.flatMap((r) => [figures(row.rivals[r]), times(row.rivals[r]?.ratio)]),
    ...(goals ? [goalText(row)] : []),
  ]);
  return [
    `${suite.name}: ${suite.title}`,
    [result.tenon.label, ...Object.values(result.rivals)].join(' · '),
    quick
      ? 'Quick: tiny counts, which say nothing about speed.'
      : `Medians of ${result.passes} passes, each in fresh processes; ± half the passes' interquartile range; a ratio is of the medians, > 1: Tenon is better.`,
    '',
    table([head, ...body]),
    '',
  ].join('\n');
}
