/** One side's figures for one row, and the comparison of two sides. */

export interface Figures {
  /** The median of the passes, each of which counts with the median of its batches. */
  median: number;
  /** Half the interquartile range of the passes, as a part of the median. */
  spread: number;
  /** Of all batches. */
  best: number;
}

/** What a row's numbers mean. */
export interface Measure {
  unit: string;
  better: 'lower' | 'higher';
  /** The figure for so many seconds a call. */
  figure: (seconds: number) => number;
}

/** The value below which a part `p` of the values lies, interpolated. */
function quantile(values: readonly number[], p: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const place = p * (sorted.length - 1);
  const below = sorted[Math.floor(place)]!;
  const above = sorted[Math.ceil(place)]!;
  return below + (above - below) * (place % 1);
}

function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** `passes`: seconds a call, by pass and batch. */
export function summarize(passes: readonly (readonly number[])[], measure: Measure): Figures {
  const figures = passes.map((batches) => measure.figure(median(batches)));
  const middle = median(figures);
  return {
    median: middle,
    spread: (quantile(figures, 0.75) - quantile(figures, 0.25)) / 2 / middle,
    best: measure.figure(Math.min(...passes.flat())),
  };
}

/** How many times better Tenon is. */
export function ratio(tenon: Figures, rival: Figures, better: Measure['better']): number {
  return better === 'lower' ? rival.median / tenon.median : tenon.median / rival.median;
}

/** Whether each number is close to its counterpart. */
export function eachClose(tolerance: number) {
  return (a: readonly number[], b: readonly number[]): boolean =>
    a.length === b.length && a.every((x, i) => Math.abs(x - b[i]!) <= tolerance * Math.abs(b[i]!));
}

/** Whether all numbers are close, measured by the largest of them: for sums, which may cancel. */
export function scaledClose(tolerance: number) {
  return (a: readonly number[], b: readonly number[]): boolean => {
    const scale = Math.max(...b.map(Math.abs));
    return a.length === b.length && a.every((x, i) => Math.abs(x - b[i]!) <= tolerance * scale);
  };
}
