/** The largest elements of windows at uneven distances, which are drawn. */
import { autocastUsed } from '../../autograd/mode';
import { Code, type DType } from '../../dtype';
import { ArgumentError, ShapeError, describe } from '../../errors';
import { numelOf, showShape } from '../../shape';
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
  /** Numbers from 0 to 1 instead of drawn ones: [N, C, 2] (of width, height), [N, C, 3] (of depth, height, width). */
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

type Dims = 2 | 3;

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

function sizesOf(op: string, x: Tensor, dims: Dims, outputSize: unknown, outputRatio: unknown): number[] {
  if (outputSize !== undefined && outputSize !== null) return perDim(op, 'outputSize', outputSize, dims, 1);
  if (outputRatio === undefined || outputRatio === null)
    throw new ArgumentError(`${op}: expected an outputSize or an outputRatio`);
  const ratios = Array.isArray(outputRatio)
    ? (outputRatio as unknown[])
    : new Array<unknown>(dims).fill(outputRatio);
  if (ratios.length !== dims || !ratios.every((r) => typeof r === 'number' && r > 0 && r < 1))
    throw new ArgumentError(
      `${op}: expected outputRatio to be one or ${dims} numbers between 0 and 1, got ${describe(outputRatio)}`,
    );
  return x.shape.slice(-dims).map((n, i) => Math.trunc(n * (ratios[i] as number)));
}

/** The numbers drawn for each plane: of width and height, or of depth, height and width. */
function samplesOf(op: string, x: Tensor, dims: Dims, given: unknown, dtype: DType): Float64Array {
  const [n, c] = x.shape.length === dims + 2 ? [x.shape[0]!, x.shape[1]!] : [1, x.shape[0]!];
  const samples = given ?? rand(n, c, dims, { dtype, device: x.device });
  checkTensor(op, samples, '_randomSamples');
  const { shape } = samples;
  if (shape.length !== 3 || shape[0]! < n || shape[1] !== c || shape[2] !== dims)
    throw new ShapeError(`${op}: expected _randomSamples [${n}, ${c}, ${dims}], got ${showShape(shape)}`);
  return cast(samples, Code.float64).toTypedArray() as Float64Array;
}

/** Of each plane and window, the places of its elements. */
function placesOf(
  op: string,
  x: Tensor,
  kernel: readonly number[],
  sizes: readonly number[],
  samples: Float64Array,
): Tensor {
  const dims = kernel.length;
  const inside = x.shape.slice(-dims);
  const planes = x.shape.slice(0, -dims).reduce((a, b) => a * b, 1);
  const [windows, size] = [numelOf(sizes), numelOf(kernel)];
  const round = rounding(x.code);
  const places = placesArray(op, planes * windows * size);
  let at = 0;
  for (let p = 0; p < planes; p++) {
    // Of two dimensions the last one's number comes first.
    const first = inside.map((n, d) =>
      starts(samples[dims * p + (dims === 2 ? 1 - d : d)]!, n, sizes[d]!, kernel[d]!, round),
    );
    // Windows in their order, and of each the elements in theirs.
    const visit = (d: number, corners: readonly number[], within: number): void => {
      if (d === 2 * dims) places[at++] = BigInt(within);
      else if (d < dims) for (const corner of first[d]!) visit(d + 1, [...corners, corner], 0);
      else
        for (let i = 0; i < kernel[d - dims]!; i++)
          visit(d + 1, corners, within * inside[d - dims]! + corners[d - dims]! + i);
    };
    visit(0, [], 0);
  }
  return cast(reshape(fromNumpy(places), [planes, windows, size]), Code.int64, x.place);
}

function fractionalMaxPool(op: string, dims: Dims): FractionalMaxPool {
  const pool = named<Positions, FractionalMaxPoolOptions, Tensor | PooledAndIndices>(
    op,
    ['kernelSize', 'outputSize', 'outputRatio', 'returnIndices', '_randomSamples'],
    (x, kernelSize, outputSize, outputRatio, returnIndices, randomSamples) => {
      checkPlanes(op, x, dims);
      checkFloating(op, x);
      // Numbers are drawn before autocast has its say.
      const { dtype } = x;
      if (autocastUsed) [x] = widened([x] as const, 'cpu');
      const kernel = perDim(op, 'kernelSize', kernelSize, dims, 1);
      const sizes = sizesOf(op, x, dims, outputSize, outputRatio);
      const wanted = booleanArgument(op, 'returnIndices', returnIndices, false);
      const inside = x.shape.slice(-dims);
      // Of three dimensions PyTorch asks for one element more than windows need.
      const most = (d: number): number => inside[d]! - kernel[d]! + (dims === 2 ? 1 : 0);
      if (sizes.some((n, d) => n < 1 || n > most(d)))
        throw new ShapeError(
          `${op}: the kernel ${showShape(kernel)} and the output ${showShape(sizes)} are too large for the input ${showShape(x.shape)}`,
        );
      const places = placesOf(op, x, kernel, sizes, samplesOf(op, x, dims, randomSamples, dtype));
      const shape = [...x.shape.slice(0, -dims), ...sizes];
      const [planes, windows, size] = places.shape as [number, number, number];
      const flat = reshape(x, [planes, numelOf(inside)]);
      const taken = gather(flat, 1, reshape(places, [planes, windows * size]));
      const [values, indices] = max(reshape(taken, [planes, windows, size]), 2);
      const out = underName(`FractionalMaxPool${dims}D`, reshape(values, shape));
      if (!wanted) return out;
      return [out, reshape(squeeze(gather(places, 2, unsqueeze(indices, 2)), 2), shape)];
    },
  );
  return pool as unknown as FractionalMaxPool;
}

/**
 * The largest elements of windows of [N, C, H, W] or [C, H, W] that are spread at random
 * (https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.fractional_max_pool2d.html).
 */
export const fractionalMaxPool2d = fractionalMaxPool('fractionalMaxPool2d', 2);
/**
 * The largest elements of windows of [N, C, D, H, W] or [C, D, H, W] that are spread at random
 * (https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.fractional_max_pool3d.html).
 */
export const fractionalMaxPool3d = fractionalMaxPool('fractionalMaxPool3d', 3);
