/** Resampling to other sizes: a dimension after the other. */
import { Code, DTYPES, isFloatingCode } from '../../dtype';
import { ArgumentError, DTypeError, ShapeError, describe } from '../../errors';
import { checkShape, showShape } from '../../shape';
import { checkTensor, type Tensor } from '../../tensor';
import { add, mul } from '../arithmetic';
import { booleanArgument, integerArgument, named, numberArgument } from '../arguments';
import { cast } from '../cast';
import { clone } from '../copy';
import { fromNumpy } from '../creation';
import { indexSelect } from '../index-select';
import { underName } from '../node-name';
import { adaptiveAvgPool1d, adaptiveAvgPool2d, adaptiveAvgPool3d } from '../pooling/adaptive-pool';
import { reshape } from '../view';
import { where } from '../where';
import {
  cubicTaps,
  linearTaps,
  nearestTaps,
  repeatedTaps,
  roundingOf,
  smoothTaps,
  type Axis,
  type Taps,
} from './taps';

export type InterpolationMode =
  'nearest' | 'nearest-exact' | 'linear' | 'bilinear' | 'bicubic' | 'trilinear' | 'area' | 'lanczos';

export interface InterpolateOptions {
  /** The sizes of the result… */
  size?: number | readonly number[] | null;
  /** …or how many times larger it is. */
  scaleFactor?: number | readonly number[] | null;
  /** 'nearest' (the default), 'nearest-exact', 'linear', 'bilinear', 'bicubic', 'trilinear', 'area' or 'lanczos'. */
  mode?: InterpolationMode;
  /** Whether the middles of the outermost elements, rather than their outer edges, stay where they are (false). */
  alignCorners?: boolean | null;
  /** Whether positions follow from the sizes rather than from `scaleFactor`. */
  recomputeScaleFactor?: boolean | null;
  /** Whether 'bilinear' and 'bicubic' look at all elements when they make less of them; 'lanczos' always does. */
  antialias?: boolean;
}

type Positions = [
  size?: number | readonly number[] | null,
  scaleFactor?: number | readonly number[] | null,
  mode?: InterpolationMode,
  alignCorners?: boolean | null,
  recomputeScaleFactor?: boolean | null,
  antialias?: boolean,
];

const OP = 'interpolate';

/** How many dimensions a mode is for, and PyTorch's name of it. */
const MODES: Record<InterpolationMode, { readonly dims: readonly number[]; readonly node: string }> = {
  nearest: { dims: [1, 2, 3], node: 'UpsampleNearest' },
  'nearest-exact': { dims: [1, 2, 3], node: 'UpsampleNearestExact' },
  linear: { dims: [1], node: 'UpsampleLinear' },
  bilinear: { dims: [2], node: 'UpsampleBilinear' },
  bicubic: { dims: [2], node: 'UpsampleBicubic' },
  trilinear: { dims: [3], node: 'UpsampleTrilinear' },
  area: { dims: [1, 2, 3], node: '' },
  lanczos: { dims: [2], node: 'UpsampleLanczos' },
};

function modeOf(mode: unknown, dims: number, shape: readonly number[]): InterpolationMode {
  if (typeof mode !== 'string' || !Object.hasOwn(MODES, mode))
    throw new ArgumentError(
      `${OP}: expected mode to be one of ${Object.keys(MODES).join(', ')}, got ${describe(mode)}`,
    );
  const known = mode as InterpolationMode;
  if (!MODES[known].dims.includes(dims))
    throw new ShapeError(
      `${OP}: expected for mode '${mode}' an input with ${MODES[known].dims.map((n) => n + 2).join(', ')} dimensions, got ${showShape(shape)}`,
    );
  return known;
}

function listOf(name: string, value: unknown, dims: number): number[] | null {
  if (value === undefined || value === null) return null;
  const list: unknown[] = Array.isArray(value) ? (value as unknown[]) : new Array<unknown>(dims).fill(value);
  if (list.length !== dims)
    throw new ArgumentError(
      `${OP}: expected ${name} to be a number or a list of ${dims}, got ${describe(value)}`,
    );
  return Array.from(list, (n) =>
    name === 'size' ? integerArgument(OP, name, n) : numberArgument(OP, name, n),
  );
}

type SmoothMode = 'bilinear' | 'bicubic' | 'lanczos';

function isSmooth(mode: InterpolationMode): mode is SmoothMode {
  return mode === 'bilinear' || mode === 'bicubic' || mode === 'lanczos';
}

function kernelTaps(
  mode: InterpolationMode,
  axis: Axis,
  antialias: boolean,
  code: number,
  dims: number,
): Taps {
  const round = roundingOf(code);
  const times = axis.out / axis.in;
  if (mode === 'nearest' && dims === 2 && (times === 1 || times === 2)) return repeatedTaps(axis, times);
  if (mode === 'nearest' || mode === 'nearest-exact') return nearestTaps(axis, mode !== 'nearest', round);
  if (antialias && isSmooth(mode)) return smoothTaps(axis, mode, round);
  return mode === 'bicubic' ? cubicTaps(axis, round) : linearTaps(axis, round);
}

/** x with a dimension made of others of its elements. */
function resampled(x: Tensor, dim: number, { places, weights, present }: Taps): Tensor {
  const shape = x.shape.map((_, i) => (i === dim ? -1 : 1));
  const parts = places.map((place, k) => {
    const part = indexSelect(x, dim, cast(fromNumpy(place), Code.int64, x.place));
    if (weights === null) return part;
    const along = (t: Tensor, code: number): Tensor => reshape(cast(t, code, x.place), shape);
    const weighted = mul(part, along(fromNumpy(weights[k]!), x.code));
    const has = present?.[k] ?? null;
    return has === null ? weighted : where(along(fromNumpy(has), Code.bool), weighted, 0);
  });
  return parts.reduce((sum, part) => add(sum, part));
}

const AREA = { 1: adaptiveAvgPool1d, 2: adaptiveAvgPool2d, 3: adaptiveAvgPool3d };

/**
 * x [N, C, L], [N, C, H, W] or [N, C, D, H, W] at other sizes
 * (https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.interpolate.html).
 * @throws ArgumentError unless there is either a size or a scaleFactor.
 */
export const interpolate = named<Positions, InterpolateOptions, Tensor>(
  OP,
  ['size', 'scaleFactor', 'mode', 'alignCorners', 'recomputeScaleFactor', 'antialias'],
  (x, size, scaleFactor, mode = 'nearest', alignCorners = null, recompute = null, antialias = false) => {
    checkTensor(OP, x);
    const dims = x.shape.length - 2;
    if (dims < 1 || dims > 3)
      throw new ShapeError(
        `${OP}: expected input [N, C, L], [N, C, H, W] or [N, C, D, H, W], got ${showShape(x.shape)}`,
      );
    const known = modeOf(mode, dims, x.shape);
    const smooth = booleanArgument(OP, 'antialias', antialias, false);
    const plain = known === 'area' || known.startsWith('nearest');
    if (plain && alignCorners !== null) throw new ArgumentError(`${OP}: mode '${known}' has no alignCorners`);
    const align = booleanArgument(OP, 'alignCorners', alignCorners ?? false, false);
    if (smooth && !isSmooth(known))
      throw new ArgumentError(
        `${OP}: antialias is for modes 'bilinear', 'bicubic' and 'lanczos', got '${known}'`,
      );
    if (known === 'lanczos' && (!smooth || align))
      throw new ArgumentError(`${OP}: mode 'lanczos' goes with antialias, and without alignCorners`);
    const given = listOf('size', size, dims);
    let factors = listOf('scaleFactor', scaleFactor, dims);
    if ((given === null) === (factors === null))
      throw new ArgumentError(`${OP}: expected either a size or a scaleFactor`);
    if (given !== null && recompute === true)
      throw new ArgumentError(`${OP}: recomputeScaleFactor goes with a scaleFactor, not with a size`);
    const sizes = given ?? factors!.map((f, i) => Math.floor(x.shape[2 + i]! * f));
    if (recompute === true || known === 'area') factors = null;
    const shape = checkShape(OP, [[x.shape[0], x.shape[1], ...sizes]]);
    if (sizes.some((n) => n < 1 || n >= 2 ** 31) || x.shape.slice(1).includes(0))
      throw new ShapeError(
        `${OP}: expected sizes from 1 to 2^31 - 1, got input ${showShape(x.shape)} and output ${showShape(shape)}`,
      );
    if (known === 'area') return AREA[dims as 1 | 2 | 3](x, sizes);
    if (!isFloatingCode(x.code) && !(plain && x.code === Code.uint8))
      throw new DTypeError(`${OP}: expected floating point, got ${DTYPES[x.code]}`);
    const working = plain || x.code === Code.float64 ? x.code : Code.float32;
    let out = cast(x, working);
    for (let i = dims - 1; i >= 0; i--) {
      const axis = {
        in: x.shape[2 + i]!,
        out: sizes[i]!,
        factor: factors === null ? null : factors[i]!,
        alignCorners: align,
      };
      // Nothing is made of a dimension that stays as it is, but where all elements count.
      if (smooth && axis.in === axis.out) continue;
      out = resampled(out, 2 + i, kernelTaps(known, axis, smooth, x.code, dims));
    }
    if (out === x) out = clone(x); // a tensor of its own
    return underName(`${MODES[known].node}${dims}D${smooth ? 'Aa' : ''}`, cast(out, x.code));
  },
);

/** `interpolate` under its former name (https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.upsample.html). */
export const upsample = named<
  [
    size?: InterpolateOptions['size'],
    scaleFactor?: InterpolateOptions['scaleFactor'],
    mode?: InterpolationMode,
    alignCorners?: boolean | null,
  ],
  Omit<InterpolateOptions, 'recomputeScaleFactor' | 'antialias'>,
  Tensor
>('upsample', ['size', 'scaleFactor', 'mode', 'alignCorners'], (x, size, scaleFactor, mode, alignCorners) =>
  interpolate(x, size, scaleFactor, mode, alignCorners),
);

/** `interpolate` by 'nearest'. */
export const upsampleNearest = named<
  [size?: InterpolateOptions['size'], scaleFactor?: InterpolateOptions['scaleFactor']],
  Pick<InterpolateOptions, 'size' | 'scaleFactor'>,
  Tensor
>('upsampleNearest', ['size', 'scaleFactor'], (x, size, scaleFactor) =>
  interpolate(x, size, scaleFactor, 'nearest'),
);

/** `interpolate` by 'bilinear' with aligned corners. */
export const upsampleBilinear = named<
  [size?: InterpolateOptions['size'], scaleFactor?: InterpolateOptions['scaleFactor']],
  Pick<InterpolateOptions, 'size' | 'scaleFactor'>,
  Tensor
>('upsampleBilinear', ['size', 'scaleFactor'], (x, size, scaleFactor) =>
  interpolate(x, size, scaleFactor, 'bilinear', true),
);
