/** The largest elements of windows at uneven distances, which are drawn. */
import { autocastUsed } from '../../autograd/mode';
import { Code, type DType } from '../../dtype';
import { ArgumentError, ShapeError, describe } from '../../errors';
import { showShape } from '../../shape';
import { checkTensor, type Tensor } from '../../tensor';
import { booleanArgument, named } from '../arguments';
import { widened } from '../autocast';
import { cast } from '../cast';
import { fromNumpy } from '../creation';
import { underName } from '../node-name';
import { roundToHalf } from '../number';
import { placesArray } from '../places';
import { rand } from '../random';
import { max } from '../reduce';
import { gather } from '../scatter';
import { reshape, unsqueeze, squeeze } from '../view';
import { perDim, type PerDim } from '../spatial';
import type { PooledAndIndices } from './max-pool';
import { checkFloating, checkPlanes } from './windows';

export interface FractionalMaxPoolOptions {
  kernelSize?: PerDim;
  /** How many windows there are… */
  outputSize?: PerDim | null;
  /** …or how many for each element, between 0 and 1. */
  outputRatio?: number | readonly number[] | null;
  /** Whether the result is [output, indices]. */
  returnIndices?: boolean;
  /** Numbers from 0 to 1, [N, C, 2] (of the width, of the height), instead of drawn ones. */
  _randomSamples?: Tensor | null;
}

type Positions = [
  kernelSize: PerDim,
  outputSize?: PerDim | null,
  outputRatio?: number | readonly number[] | null,
  returnIndices?: boolean,
  _randomSamples?: Tensor | null,
];

export interface FractionalMaxPool {
  (
    x: Tensor,
    kernelSize: PerDim,
    options: FractionalMaxPoolOptions & { returnIndices: true },
  ): PooledAndIndices;
  (x: Tensor, options: FractionalMaxPoolOptions & { returnIndices: true }): PooledAndIndices;
  (x: Tensor, kernelSize: PerDim, options: FractionalMaxPoolOptions & { returnIndices?: false }): Tensor;
  (x: Tensor, options: FractionalMaxPoolOptions & { returnIndices?: false }): Tensor;
  (...args: [x: Tensor, ...rest: Positions]): Tensor | PooledAndIndices;
}

const OP = 'fractionalMaxPool2d';

/** Arithmetic in x's dtype. */
function rounding(code: number): (value: number) => number {
  if (code === Code.float64) return (value) => value;
  return code === Code.float32 ? Math.fround : (value) => roundToHalf(value, code);
}

/** Where windows start, for a number that was drawn. */
function starts(
  sample: number,
  n: number,
  count: number,
  size: number,
  round: (v: number) => number,
): number[] {
  const alpha = count > 1 ? round(round(n - size) / round(count - 1)) : 0;
  const place = (i: number): number => Math.trunc(round(round(i + round(sample)) * alpha));
  return Array.from({ length: count }, (_, i) =>
    i === count - 1 ? n - size : Math.min(Math.max(place(i) - place(0), 0), n - size),
  );
}

function sizesOf(x: Tensor, outputSize: unknown, outputRatio: unknown): number[] {
  if (outputSize !== undefined && outputSize !== null) return perDim(OP, 'outputSize', outputSize, 2, 1);
  if (outputRatio === undefined || outputRatio === null)
    throw new ArgumentError(`${OP}: expected an outputSize or an outputRatio`);
  const ratios: unknown[] = Array.isArray(outputRatio)
    ? (outputRatio as unknown[])
    : [outputRatio, outputRatio];
  if (ratios.length !== 2 || !ratios.every((r) => typeof r === 'number' && r > 0 && r < 1))
    throw new ArgumentError(
      `${OP}: expected outputRatio to be one or two numbers between 0 and 1, got ${describe(outputRatio)}`,
    );
  return x.shape.slice(-2).map((n, i) => Math.trunc(n * (ratios[i] as number)));
}

/** The numbers drawn for each plane: of the width, of the height. */
function samplesOf(x: Tensor, given: unknown, dtype: DType): Float64Array {
  const [n, c] = x.shape.length === 4 ? [x.shape[0]!, x.shape[1]!] : [1, x.shape[0]!];
  const samples = given ?? rand(n, c, 2, { dtype, device: x.device });
  checkTensor(OP, samples, '_randomSamples');
  const { shape } = samples;
  if (shape.length !== 3 || shape[0]! < n || shape[1] !== c || shape[2] !== 2)
    throw new ShapeError(`${OP}: expected _randomSamples [${n}, ${c}, 2], got ${showShape(shape)}`);
  return cast(samples, Code.float64).toTypedArray() as Float64Array;
}

/** Of each plane and window, the places of its elements. */
function placesOf(
  x: Tensor,
  kernel: readonly number[],
  sizes: readonly number[],
  samples: Float64Array,
): Tensor {
  const [h, w] = x.shape.slice(-2) as [number, number];
  const [kh, kw] = kernel as [number, number];
  const [oh, ow] = sizes as [number, number];
  const planes = x.shape.slice(0, -2).reduce((a, b) => a * b, 1);
  const round = rounding(x.code);
  const places = placesArray(OP, planes * oh * ow * kh * kw);
  let at = 0;
  for (let p = 0; p < planes; p++) {
    const columns = starts(samples[2 * p]!, w, ow, kw, round);
    for (const top of starts(samples[2 * p + 1]!, h, oh, kh, round))
      for (const left of columns)
        for (let i = 0; i < kh; i++)
          for (let j = 0; j < kw; j++) places[at++] = BigInt((top + i) * w + left + j);
  }
  return cast(reshape(fromNumpy(places), [planes, oh * ow, kh * kw]), Code.int64, x.place);
}

/**
 * The largest elements of windows of [N, C, H, W] or [C, H, W] that are spread at random
 * (https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.fractional_max_pool2d.html).
 */
export const fractionalMaxPool2d = named<Positions, FractionalMaxPoolOptions, Tensor | PooledAndIndices>(
  OP,
  ['kernelSize', 'outputSize', 'outputRatio', 'returnIndices', '_randomSamples'],
  (x, kernelSize, outputSize, outputRatio, returnIndices, randomSamples) => {
    checkPlanes(OP, x, 2);
    checkFloating(OP, x);
    // Numbers are drawn before autocast has its say.
    const { dtype } = x;
    if (autocastUsed) [x] = widened([x] as const, 'cpu');
    const kernel = perDim(OP, 'kernelSize', kernelSize, 2, 1);
    const sizes = sizesOf(x, outputSize, outputRatio);
    const wanted = booleanArgument(OP, 'returnIndices', returnIndices, false);
    const [h, w] = x.shape.slice(-2) as [number, number];
    if (sizes[0]! < 1 || sizes[1]! < 1 || sizes[0]! + kernel[0]! - 1 > h || sizes[1]! + kernel[1]! - 1 > w)
      throw new ShapeError(
        `${OP}: the kernel ${showShape(kernel)} and the output ${showShape(sizes)} are too large for the input ${showShape(x.shape)}`,
      );
    const places = placesOf(x, kernel, sizes, samplesOf(x, randomSamples, dtype));
    const shape = [...x.shape.slice(0, -2), ...sizes];
    const [planes, windows, size] = places.shape as [number, number, number];
    const taken = gather(reshape(x, [planes, h * w]), 1, reshape(places, [planes, windows * size]));
    const [values, indices] = max(reshape(taken, [planes, windows, size]), 2);
    const out = underName('FractionalMaxPool2D', reshape(values, shape));
    if (!wanted) return out;
    return [out, reshape(squeeze(gather(places, 2, unsqueeze(indices, 2)), 2), shape)];
  },
) as unknown as FractionalMaxPool;
