/** What a suite is, and what it gives. */
import type { Hello } from './protocol';
import { ratio, summarize, type Figures, type Measure } from './statistics';

export const RIVALS = ['torch', 'openblas'] as const;
export type Rival = (typeof RIVALS)[number];

/** Either to be so many times better than a rival, or below a figure, or no less than one. */
export type Goal = { rival: Rival; ratio: number } | { below: number } | { atLeast: number };

export interface RivalFigures extends Figures {
  ratio: number;
}

export interface Row {
  name: string;
  unit: string;
  tenon: Figures;
  rivals: Partial<Record<Rival, RivalFigures>>;
  goal: Goal | null;
}

export interface Result {
  passes: number;
  tenon: Hello;
  /** Their labels. */
  rivals: Partial<Record<Rival, string>>;
  rows: Row[];
}

export interface SuiteOptions {
  rivals: readonly Rival[];
  /** Everything once with tiny counts: shows that the suite runs, not how fast it is. */
  quick: boolean;
  /** How many other processes keep the processor busy meanwhile: suites that take it measure what it costs. */
  busy: number;
  /** Called before each pass. */
  progress: (pass: number, passes: number) => void;
}

export interface Suite {
  name: string;
  title: string;
  rivals: readonly Rival[];
  /** Whether it looks at `busy`. */
  takesBusy?: boolean;
  /** Why it can't run here; null: it can. */
  unavailable?(quick: boolean): Promise<string | null>;
  run(options: SuiteOptions): Promise<Result>;
}

/** Seconds a call, by pass and batch. */
export type Passes = number[][];

/** `rivals`: of a rival that ran in several variants the best one counts. */
export function makeRow(
  name: string,
  measure: Measure,
  goal: Goal | null,
  tenon: Passes,
  rivals: readonly { rival: Rival; passes: Passes }[],
): Row {
  const own = summarize(tenon, measure);
  const row: Row = { name, unit: measure.unit, tenon: own, rivals: {}, goal };
  for (const { rival, passes } of rivals) {
    const figures = summarize(passes, measure);
    const against = { ...figures, ratio: ratio(own, figures, measure.better) };
    const before = row.rivals[rival];
    if (before === undefined || against.ratio < before.ratio) row.rivals[rival] = against;
  }
  return row;
}
