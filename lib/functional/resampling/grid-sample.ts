/** Sampling at given points. */
import { inFloat32 } from '../autocast';
import { requiresGrad } from '../../autograd/node';
import { Code, DTYPES, isFloatingCode } from '../../dtype';
import { ArgumentError, DTypeError, ShapeError, describe } from '../../errors';
import { numelOf, showShape } from '../../shape';
import { checkTensor, type Tensor } from '../../tensor';
import { add, div, mul, sub } from '../arithmetic';
import { booleanArgument, named } from '../arguments';
import { cast } from '../cast';
import { clamp } from '../clamp';
import { eq, ge, gt, isfinite, isnan, le, logicalAnd, logicalNot, logicalOr, lt } from '../compare';
import { gathered } from '../devices';
import { abs, floor } from '../elementary';
import { underName } from '../node-name';
import { remainder } from '../pointwise';
import { round } from '../rounding';
import { gather } from '../scatter';
import { expand, reshape, select } from '../view';
import { where } from '../where';

export type SamplingMode = 'bilinear' | 'nearest' | 'bicubic';
export type SamplingPadding = 'zeros' | 'border' | 'reflection';

interface Sampling {
  readonly padding: SamplingPadding;
  readonly align: boolean;
  readonly dims: number;
}

/** The elements of x's planes [N, C, S] that tell of points [N, 1, P], for one of them a place in each dimension. */
interface Planes {
  readonly flat: Tensor;
  readonly sizes: readonly number[];
}

/** Coordinates from -1 to 1 as places among n elements. */
function placed(g: Tensor, n: number, align: boolean): Tensor {
  return align ? mul(add(g, 1), (n - 1) / 2) : div(sub(mul(add(g, 1), n), 1), 2);
}

/** Mirrored at the ends as often as it takes. */
function mirrored(at: Tensor, n: number, align: boolean): Tensor {
  const low = align ? 0 : -0.5;
  const span = align ? n - 1 : n;
  if (span === 0) return mul(at, 0);
  const distance = abs(sub(at, low));
  const times = floor(div(distance.detach(), span));
  const rest = sub(distance, mul(times, span));
  return where(eq(remainder(times, 2), 0), add(rest, low), sub(span + low, rest));
}

function unclamped(at: Tensor, n: number, { padding, align }: Sampling): Tensor {
  return padding === 'reflection' ? mirrored(at, n, align) : at;
}

/** The samples, but no gradient goes back from those of points in three dimensions that are no numbers. */
function cutOff(out: Tensor, at: readonly Tensor[], sizes: readonly number[], sampling: Sampling): Tensor {
  if (sampling.dims === 2 || sampling.padding === 'zeros' || !requiresGrad(out)) return out;
  const lost = at
    .map((t, d) => isnan(unclamped(t.detach(), sizes[d]!, sampling)))
    .reduce((a, b) => logicalOr(a, b));
  return where(lost, out.detach(), out);
}

/** Places beyond the ends as the padding has them. */
function padded(at: Tensor, n: number, sampling: Sampling): Tensor {
  if (sampling.padding === 'zeros') return at;
  const x = unclamped(at, n, sampling);
  // What is no number comes to the beginning of two dimensions, and to the end of three.
  const missing = sampling.dims === 2 ? 0 : n - 1;
  const ends = clamp(where(isnan(x), missing, x.detach()), 0, n - 1);
  return where(logicalAnd(gt(x, 0), lt(x, n - 1)), x, ends);
}

/** What is far away is outside, as is, among places in three dimensions, what is no number or infinite. */
function near(at: Tensor, dims: number): Tensor {
  const x = at.detach();
  const close = lt(abs(x), 2 ** 31);
  return where(dims === 3 ? close : logicalOr(close, logicalNot(isfinite(x))), at, -100);
}

/** The elements at whole places, one tensor for each dimension; 0 outside. */
function elementsAt({ flat, sizes }: Planes, places: readonly Tensor[]): Tensor {
  let [index, inside]: [Tensor | null, Tensor | null] = [null, null];
  places.forEach((place, d) => {
    const n = sizes[d]!;
    const within = logicalAnd(ge(place, 0), le(place, n - 1));
    inside = inside === null ? within : logicalAnd(inside, within);
    const whole = cast(where(within, place.detach(), 0), Code.int64);
    index = index === null ? whole : add(mul(index, n), whole);
  });
  const [n, c] = flat.shape as [number, number, number];
  const all = expand(index!, [n, c, places[0]!.shape[2]!]);
  return where(inside!, gather(flat, 2, all), 0);
}

/** The sum over all combinations of one tap of each dimension: the elements there times the weights. */
function combined(
  planes: Planes,
  taps: readonly (readonly (readonly [place: Tensor, weight: Tensor])[])[],
): Tensor {
  let total: Tensor | null = null;
  const visit = (d: number, places: readonly Tensor[], weight: Tensor | null): void => {
    if (d === taps.length) {
      const part = mul(elementsAt(planes, places), weight!);
      total = total === null ? part : add(total, part);
      return;
    }
    for (const [place, w] of taps[d]!) visit(d + 1, [...places, place], weight === null ? w : mul(weight, w));
  };
  visit(0, [], null);
  return total!;
}

function linear(planes: Planes, at: readonly Tensor[]): Tensor {
  return combined(
    planes,
    at.map((x) => {
      const first = floor(x.detach());
      const second = sub(x, first);
      return [
        [first, sub(1, second)],
        [add(first, 1), second],
      ];
    }),
  );
}

/** The weights of cubic convolution for the four elements around a place that is t behind the second. */
function cubicWeights(t: Tensor): Tensor[] {
  const inner = (x: Tensor): Tensor => add(mul(mul(sub(mul(x, 1.25), 2.25), x), x), 1);
  const outer = (x: Tensor): Tensor => add(mul(add(mul(add(mul(x, -0.75), 3.75), x), -6), x), 3);
  const rest = sub(1, t);
  return [outer(add(t, 1)), inner(t), inner(rest), outer(add(rest, 1))];
}

function cubic(planes: Planes, at: readonly Tensor[], sampling: Sampling): Tensor {
  return combined(
    planes,
    at.map((x, d) => {
      const first = floor(x.detach());
      return cubicWeights(sub(x, first)).map((weight, k) => {
        const place = padded(add(first, k - 1), planes.sizes[d]!, sampling);
        return [place, weight] as const;
      });
    }),
  );
}

function nearest(planes: Planes, at: readonly Tensor[]): Tensor {
  const values = elementsAt(
    planes,
    at.map((x) => round(x.detach())),
  );
  // The gradient of the places is 0, but not absent.
  return at.reduce((sum, x) => add(sum, where(lt(x, -Infinity), x, 0)), values);
}

function choice<T extends string>(op: string, name: string, value: unknown, among: readonly T[]): T {
  if (!among.includes(value as T))
    throw new ArgumentError(
      `${op}: expected ${name} to be one of ${among.join(', ')}, got ${describe(value)}`,
    );
  return value as T;
}

function checkOperands(op: string, x: Tensor, grid: Tensor, mode: SamplingMode): void {
  const [rank, dims] = [x.shape.length, x.shape.length - 2];
  const fits = (rank === 4 || rank === 5) && grid.shape.length === rank;
  if (!fits || grid.shape[0] !== x.shape[0] || grid.shape[rank - 1] !== dims)
    throw new ShapeError(
      `${op}: expected input [N, C, H, W] and grid [N, H, W, 2], or [N, C, D, H, W] and [N, D, H, W, 3], got ${showShape(x.shape)} and ${showShape(grid.shape)}`,
    );
  if (x.shape.slice(2).includes(0))
    throw new ShapeError(`${op}: expected an input that is empty in N or C only, got ${showShape(x.shape)}`);
  if (mode === 'bicubic' && rank === 5)
    throw new ShapeError(`${op}: mode 'bicubic' is for input [N, C, H, W], got ${showShape(x.shape)}`);
  if (x.code !== grid.code || !isFloatingCode(x.code))
    throw new DTypeError(
      `${op}: expected input and grid of one floating-point dtype, got ${DTYPES[x.code]} and ${DTYPES[grid.code]}`,
    );
}

interface GridSampleOptions {
  grid?: Tensor;
  /** How elements around a point make its value: 'bilinear' (the default), 'nearest' or 'bicubic'. */
  mode?: SamplingMode;
  /** What is beyond the ends: 'zeros' (the default), 'border' or 'reflection'. */
  paddingMode?: SamplingPadding;
  /** Whether -1 and 1 are the middles of the outermost elements rather than their outer edges (false). */
  alignCorners?: boolean | null;
}

/**
 * x [N, C, H, W] at the points of `grid` [N, H', W', 2], or [N, C, D, H, W] at those of [N, D', H', W', 3]: (x, y) or
 * (x, y, z) from -1 to 1 (https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.grid_sample.html).
 */
export const gridSample = inFloat32(
  named<
    [grid: Tensor, mode?: SamplingMode, paddingMode?: SamplingPadding, alignCorners?: boolean | null],
    GridSampleOptions,
    Tensor
  >(
    'gridSample',
    ['grid', 'mode', 'paddingMode', 'alignCorners'],
    (input, points, mode = 'bilinear', paddingMode = 'zeros', alignCorners = null) => {
      const op = 'gridSample';
      checkTensor(op, input);
      checkTensor(op, points, 'grid');
      const kind = choice(op, 'mode', mode, ['bilinear', 'nearest', 'bicubic']);
      const padding = choice(op, 'paddingMode', paddingMode, ['zeros', 'border', 'reflection']);
      const align = booleanArgument(op, 'alignCorners', alignCorners ?? false, false);
      checkOperands(op, input, points, kind);
      const [x, grid] = input.place === points.place ? [input, points] : gathered(op, input, points);
      const working = x.code === Code.float64 ? Code.float64 : Code.float32;
      const [n, c, ...sizes] = x.shape as [number, number, ...number[]];
      const dims = sizes.length;
      const count = numelOf(grid.shape.slice(1, -1));
      const planes = { flat: reshape(cast(x, working), [n, c, numelOf(sizes)]), sizes };
      const coordinates = cast(grid, working);
      const at = sizes.map((size, d) =>
        placed(reshape(select(coordinates, dims + 1, dims - 1 - d), [n, 1, count]), size, align),
      );
      const sampling = { padding, align, dims };
      const ready = kind === 'bicubic' ? at : at.map((t, d) => near(padded(t, sizes[d]!, sampling), dims));
      const out =
        kind === 'bicubic'
          ? cubic(planes, ready, sampling)
          : kind === 'nearest'
            ? nearest(planes, ready)
            : linear(planes, ready);
      const shaped = cast(
        reshape(cutOff(out, at, sizes, sampling), [n, c, ...grid.shape.slice(1, -1)]),
        x.code,
      );
      return underName(`GridSampler${dims}D`, shaped);
    },
  ),
  'cpu',
);
