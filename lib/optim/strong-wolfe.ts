/** The line search of L-BFGS. */
import type { Tensor } from '../tensor';

/** What is known of a place along a line. */
export interface Place {
  /** How far along the direction it is. */
  readonly t: number;
  readonly loss: number;
  readonly grad: Tensor;
  /** The derivative along the direction. */
  readonly slope: number;
}

/** How much of the decrease that the slope promises is enough, and how much of the slope may be left. */
const DECREASE = 1e-4;
const CURVATURE = 0.9;

/** The lowest place of the cubic through two places, within bounds; their middle where it has none. */
function cubicMinimum(a: Place, b: Place, low = Math.min(a.t, b.t), high = Math.max(a.t, b.t)): number {
  const mean = a.slope + b.slope - (3 * (a.loss - b.loss)) / (a.t - b.t);
  const square = mean * mean - a.slope * b.slope;
  if (!(square >= 0)) return (low + high) / 2;
  const root = Math.sqrt(square);
  const [first, last] = a.t <= b.t ? [a, b] : [b, a];
  const share = (last.slope + root - mean) / (last.slope - first.slope + 2 * root);
  return Math.min(Math.max(last.t - (last.t - first.t) * share, low), high);
}

/** `t` moved away from the ends of an interval, if it comes close to one for the second time or lies on it. */
function awayFromEnds(
  t: number,
  low: number,
  high: number,
  wasClose: boolean,
): [t: number, isClose: boolean] {
  const margin = 0.1 * (high - low);
  if (!(Math.min(high - t, t - low) < margin)) return [t, false];
  if (!wasClose && t < high && t > low) return [t, true];
  return [Math.abs(t - high) < Math.abs(t - low) ? high - margin : low + margin, false];
}

/**
 * Searches along a line for a place that satisfies the strong Wolfe conditions (Nocedal and Wright, "Numerical
 * optimization", 2006, chapter 3): first for an interval that has one, then within it. `most` is how many times it may look
 * further, `size` the largest element of the direction.
 */
export function strongWolfe(
  evaluate: (t: number) => Place,
  start: Place,
  t: number,
  size: number,
  tolerance: number,
  most: number,
): { best: Place; evaluations: number } {
  let evaluations = 1;
  const look = (at: number): Place => {
    evaluations++;
    return evaluate(at);
  };
  const tooHigh = (x: Place): boolean => x.loss > start.loss + DECREASE * x.t * start.slope;
  const flat = (x: Place): boolean => Math.abs(x.slope) <= -CURVATURE * start.slope;

  let previous = start;
  let place = evaluate(t);
  let looks = 0;
  let ends: [Place, Place] | null = null;
  for (; looks < most && ends === null;) {
    if (tooHigh(place) || (looks > 1 && place.loss >= previous.loss)) ends = [previous, place];
    else if (flat(place)) return { best: place, evaluations };
    else if (place.slope >= 0) ends = [previous, place];
    else {
      const nearest = place.t + 0.01 * (place.t - previous.t);
      const next = cubicMinimum(previous, place, nearest, place.t * 10);
      previous = place;
      place = look(next);
      looks++;
    }
  }
  ends ??= [start, place];

  let low = ends[0].loss <= ends[1].loss ? 0 : 1;
  let wasClose = false;
  while (looks < most && !(Math.abs(ends[1].t - ends[0].t) * size < tolerance)) {
    const guess = cubicMinimum(ends[0], ends[1]);
    const [left, right] = [Math.min(ends[0].t, ends[1].t), Math.max(ends[0].t, ends[1].t)];
    const [next, isClose] = awayFromEnds(guess, left, right, wasClose);
    wasClose = isClose;
    place = look(next);
    looks++;
    if (tooHigh(place) || place.loss >= ends[low]!.loss) {
      ends[1 - low] = place;
      low = ends[0].loss <= ends[1].loss ? 0 : 1;
      continue;
    }
    const done = flat(place);
    if (!done && place.slope * (ends[1 - low]!.t - ends[low]!.t) >= 0) ends[1 - low] = ends[low]!;
    ends[low] = place;
    if (done) break;
  }
  return { best: ends[low]!, evaluations };
}
