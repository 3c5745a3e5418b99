/** Which elements of a dimension each element of a resampled one is made of, and their weights. */
import { Code } from '../../dtype';
import { placesArray } from '../places';

/** For each tap the elements and, unless each counts as 1, the weights of all outputs. */
export interface Taps {
  readonly places: readonly BigInt64Array[];
  readonly weights: readonly Float64Array[] | null;
  /** Which outputs have the tap at all, where some don't: an infinity that it would find there isn't theirs. */
  readonly present: readonly (Uint8Array | null)[] | null;
}

export interface Axis {
  readonly in: number;
  readonly out: number;
  /** How many times larger the output is to be; null: as the sizes say. */
  readonly factor: number | null;
  readonly alignCorners: boolean;
}

/** Arithmetic in the dtype that positions are computed in: float32 but for float64. */
type Round = (x: number) => number;
export function roundingOf(code: number): Round {
  return code === Code.float64 ? (x) => x : Math.fround;
}

/** The distance of neighbouring outputs, in elements of the input. */
function step(axis: Axis, round: Round): number {
  if (axis.alignCorners) return axis.out > 1 ? round((axis.in - 1) / (axis.out - 1)) : 0;
  return axis.factor !== null && axis.factor > 0 ? round(1 / axis.factor) : round(axis.in / axis.out);
}

/** Where an output is, counted from the middle of the first element. */
function position(axis: Axis, scale: number, i: number, round: Round): number {
  return axis.alignCorners ? round(scale * i) : round(round(scale * round(i + 0.5)) - 0.5);
}

/** Of what `windowOf` says of an output: its first place and the weights from there on. */
function tapsOf(
  axis: Axis,
  count: number,
  windowOf: (i: number) => readonly [first: number, weights: readonly number[]],
): Taps & { readonly weights: readonly Float64Array[] } {
  const places = Array.from({ length: count }, () => placesArray('interpolate', axis.out));
  const weights = places.map((list) => new Float64Array(list.length));
  const present = places.map((list) => new Uint8Array(list.length));
  for (let i = 0; i < axis.out; i++) {
    const [first, given] = windowOf(i);
    for (let k = 0; k < count; k++) {
      places[k]![i] = BigInt(Math.min(Math.max(first + k, 0), axis.in - 1));
      weights[k]![i] = given[k] ?? 0;
      present[k]![i] = Number(k < given.length);
    }
  }
  return { places, weights, present: present.map((list) => (list.includes(0) ? list : null)) };
}

const ONE = [1] as const;

/** An image of the same or twice the size, as PyTorch makes it whatever the factor. */
export function repeatedTaps(axis: Axis, times: 1 | 2): Taps {
  return {
    places: tapsOf(axis, 1, (i) => [Math.floor(i / times), ONE]).places,
    weights: null,
    present: null,
  };
}

/** The one element that an output repeats; `exact`: the one that its middle is in. */
export function nearestTaps(axis: Axis, exact: boolean, round: Round): Taps {
  const scale = step(axis, round);
  const offset = exact ? 0.5 : 0;
  const { places } = tapsOf(axis, 1, (i) => [Math.floor(round(round(i + offset) * scale)), ONE]);
  return { places, weights: null, present: null };
}

export function linearTaps(axis: Axis, round: Round): Taps {
  if (axis.in === axis.out) return tapsOf(axis, 1, (i) => [i, ONE]);
  const scale = step(axis, round);
  return tapsOf(axis, 2, (i) => {
    const at = Math.max(position(axis, scale, i, round), 0);
    const first = Math.min(Math.floor(at), axis.in - 1);
    const second = Math.min(Math.max(round(at - first), 0), 1);
    return [first, [round(1 - second), second]];
  });
}

/** The cubic convolution of Keys, of coefficient a. */
export function cubic(x: number, a: number): number {
  const t = Math.abs(x);
  if (t <= 1) return ((a + 2) * t - (a + 3)) * t * t + 1;
  return t < 2 ? ((a * t - 5 * a) * t + 8 * a) * t - 4 * a : 0;
}

export function cubicTaps(axis: Axis, round: Round): Taps {
  const scale = step(axis, round);
  return tapsOf(axis, 4, (i) => {
    const at = position(axis, scale, i, round);
    const first = Math.min(Math.floor(at), axis.in - 1);
    const t = Math.min(Math.max(round(at - first), 0), 1);
    return [first - 1, [1, 0, -1, -2].map((k) => cubic(t + k, -0.75))];
  });
}

/** The sine of π x over π x. */
function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

/** Filters by how far they reach, and their weights (Duchon, "Lanczos filtering in one and two dimensions", 1979). */
const FILTERS = {
  bilinear: { reach: 1, weight: (x: number) => Math.max(0, 1 - Math.abs(x)) },
  bicubic: { reach: 2, weight: (x: number) => cubic(x, -0.5) },
  lanczos: { reach: 3, weight: (x: number) => (Math.abs(x) < 3 ? sinc(x) * sinc(x / 3) : 0) },
} as const;

/** Filters as wide as the outputs are apart. */
export function smoothTaps(axis: Axis, kind: keyof typeof FILTERS, round: Round): Taps {
  const scale = step(axis, round);
  const wide = Math.max(scale, 1);
  const { reach, weight } = FILTERS[kind];
  const support = reach * wide;
  const count = Math.min(2 * Math.ceil(support) + 1, axis.in);
  return tapsOf(axis, count, (i) => {
    const center = round(scale * (i + 0.5));
    const first = Math.max(Math.trunc(center - support + 0.5), 0);
    const end = Math.min(Math.trunc(center + support + 0.5), axis.in);
    const weights = Array.from({ length: Math.max(0, end - first) }, (_, j) =>
      weight((j + first - center + 0.5) / wide),
    );
    const total = weights.reduce((a, b) => a + b, 0);
    return [first, total === 0 ? weights : weights.map((w) => w / total)];
  });
}
