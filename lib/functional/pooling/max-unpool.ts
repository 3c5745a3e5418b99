/** The way back from maxPool: values to where they came from, zeros elsewhere. */
import { Code } from '../../dtype';
import { ArgumentError, DTypeError, ShapeError, describe } from '../../errors';
import { checkShape, numelOf, sameShape, showShape, type Shape } from '../../shape';
import { checkTensor, type Tensor } from '../../tensor';
import { integerArgument, named } from '../arguments';
import { inFloat32 } from '../autocast';
import { gathered } from '../devices';
import { fullOf } from '../kernel';
import { underName } from '../node-name';
import { scatter } from '../scatter';
import { reshape } from '../view';
import { perDim, type PerDim } from '../spatial';
import { checkFloating, checkPlanes, type Dims } from './windows';

type Positions = [
  indices: Tensor,
  kernelSize: PerDim,
  stride?: PerDim | null,
  padding?: PerDim,
  outputSize?: readonly number[] | null,
];

export interface MaxUnpoolOptions {
  indices?: Tensor;
  kernelSize?: PerDim;
  /** The distance of windows (the kernel's size). */
  stride?: PerDim | null;
  /** As it was for maxPool (0). */
  padding?: PerDim;
  /** The sizes that were pooled, with or without those of N and C: several may have come to one. */
  outputSize?: readonly number[] | null;
}

function unpooledSizes(
  op: string,
  x: Tensor,
  dims: Dims,
  kernel: readonly number[],
  stride: readonly number[],
  padding: readonly number[],
  wanted: unknown,
): number[] {
  const usual = x.shape
    .slice(x.shape.length - dims)
    .map((n, i) => (n - 1) * stride[i]! + kernel[i]! - 2 * padding[i]!);
  if (wanted === undefined || wanted === null) return usual;
  const list = Array.isArray(wanted) ? (wanted as unknown[]) : [];
  const sizes = list.length === dims + 2 ? list.slice(2) : list;
  if (sizes.length !== dims)
    throw new ArgumentError(
      `${op}: expected outputSize to be a list of ${dims} or ${dims + 2} sizes, got ${describe(wanted)}`,
    );
  return Array.from(sizes, (size, i) => {
    const n = integerArgument(op, 'outputSize', size);
    const [low, high] = [usual[i]! - stride[i]!, usual[i]! + stride[i]!];
    if (n <= low || n >= high)
      throw new ShapeError(
        `${op}: expected outputSize between ${low} and ${high} for dimension ${i}, got ${n}`,
      );
    return n;
  });
}

const NODES: Record<Dims, string> = { 1: 'Squeeze', 2: 'MaxUnpool2D', 3: 'MaxUnpool3D' };

const maxUnpool = (dims: Dims) => {
  const op = `maxUnpool${dims}d`;
  return inFloat32(
    named<Positions, MaxUnpoolOptions, Tensor>(
      op,
      ['indices', 'kernelSize', 'stride', 'padding', 'outputSize'],
      (x, indices, kernelSize, stride, padding = 0, outputSize = null) => {
        checkPlanes(op, x, dims);
        checkFloating(op, x);
        checkTensor(op, indices, 'indices');
        if (indices.code !== Code.int64)
          throw new DTypeError(`${op}: expected int64 indices, got ${indices.dtype}`);
        if (!sameShape(x.shape, indices.shape))
          throw new ShapeError(
            `${op}: expected indices of the input's shape ${showShape(x.shape)}, got ${showShape(indices.shape)}`,
          );
        if (x.place !== indices.place) [x, indices] = gathered(op, x, indices);
        const kernel = perDim(op, 'kernelSize', kernelSize, dims, 1);
        const step = stride === undefined || stride === null ? kernel : perDim(op, 'stride', stride, dims, 1);
        const pads = perDim(op, 'padding', padding, dims, 0);
        const lead = x.shape.slice(0, x.shape.length - dims);
        const sizes = unpooledSizes(op, x, dims, kernel, step, pads, outputSize);
        const shape: Shape = checkShape(op, [[...lead, ...sizes]]);
        const flat = (t: Tensor): Tensor => reshape(t, [...lead, numelOf(t.shape.slice(lead.length))]);
        const zeros = fullOf([...lead, numelOf(sizes)], x.code, x.place, 0, op);
        const out = scatter(zeros, -1, flat(indices), flat(x));
        return underName(NODES[dims], reshape(out, shape));
      },
    ),
    'cpu',
  );
};

/**
 * Values to their places in [N, C, L] or [C, L], zeros elsewhere
 * (https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.max_unpool1d.html).
 */
export const maxUnpool1d = maxUnpool(1);
/**
 * Values to their places in [N, C, H, W] or [C, H, W], zeros elsewhere
 * (https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.max_unpool2d.html).
 */
export const maxUnpool2d = maxUnpool(2);
/**
 * Values to their places in [N, C, D, H, W] or [C, D, H, W], zeros elsewhere
 * (https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.max_unpool3d.html).
 */
export const maxUnpool3d = maxUnpool(3);
