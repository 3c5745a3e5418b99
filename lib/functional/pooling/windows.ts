/** The windows of pooling: their sizes as users give them, and how many there are. */
import { COMPUTE, Code, DTYPES, isFloatingCode } from '../../dtype';
import { ArgumentError, DTypeError, ShapeError } from '../../errors';
import { checkShape, showShape, type Shape } from '../../shape';
import { checkTensor, type Tensor } from '../../tensor';
import { booleanArgument } from '../arguments';
import { copied } from '../cast';
import { perDim } from '../spatial';

/** How many dimensions are pooled. */
export type Dims = 1 | 2 | 3;

const SAMPLE: Record<Dims, string> = { 1: 'L', 2: 'H, W', 3: 'D, H, W' };

/** Throws unless x is a batch [N, C, ...] or a sample [C, ...] whose sizes, but for N (and C, if `channels` may be none), are positive. */
export function checkPlanes(op: string, x: unknown, dims: Dims, channels = true): asserts x is Tensor {
  checkTensor(op, x);
  const rank = x.shape.length;
  const sample = SAMPLE[dims];
  if (rank !== dims + 1 && rank !== dims + 2)
    throw new ShapeError(
      `${op}: expected input [N, C, ${sample}] or [C, ${sample}], got ${showShape(x.shape)}`,
    );
  const first = channels ? (rank === dims + 2 ? 1 : 0) : rank - dims;
  if (x.shape.slice(first).includes(0))
    throw new ShapeError(
      `${op}: expected an input [N, C, ${sample}] or [C, ${sample}] that is empty in N only, got ${showShape(x.shape)}`,
    );
}

export function checkFloating(op: string, x: Tensor): void {
  if (!isFloatingCode(x.code)) throw new DTypeError(`${op}: expected floating point, got ${DTYPES[x.code]}`);
}

/** Windows of one size at equal distances. */
export interface Windows {
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  readonly dilation: readonly number[];
  readonly ceil: boolean;
}

export function windowsOf(
  op: string,
  dims: Dims,
  kernelSize: unknown,
  stride: unknown,
  padding: unknown,
  dilation: unknown,
  ceilMode: unknown,
): Windows {
  const kernel = perDim(op, 'kernelSize', kernelSize, dims, 1);
  const none = stride === undefined || stride === null || (Array.isArray(stride) && stride.length === 0);
  const windows = {
    kernel,
    stride: none ? kernel : perDim(op, 'stride', stride, dims, 1),
    padding: perDim(op, 'padding', padding ?? 0, dims, 0),
    dilation: perDim(op, 'dilation', dilation ?? 1, dims, 1),
    ceil: booleanArgument(op, 'ceilMode', ceilMode, false),
  };
  windows.padding.forEach((p, i) => {
    if (2 * p > kernel[i]!)
      throw new ArgumentError(
        `${op}: expected padding of at most half of the kernel size, got padding ${p} and kernel size ${kernel[i]}`,
      );
  });
  return windows;
}

/** The shape of what is pooled: a window has to fit, with `ceil` the last one may reach beyond the padding. */
export function pooledShape(op: string, x: Tensor, dims: Dims, windows: Windows): Shape {
  const skip = x.shape.length - dims;
  const sizes = x.shape.slice(skip).map((n, i) => {
    const padding = windows.padding[i]!;
    const stride = windows.stride[i]!;
    const room = n + 2 * padding - windows.dilation[i]! * (windows.kernel[i]! - 1) - 1;
    let size = Math.floor((room + (windows.ceil ? stride - 1 : 0)) / stride) + 1;
    // The last window has to start within the input or the padding before it.
    if (windows.ceil && (size - 1) * stride >= n + padding) size--;
    if (size < 1)
      throw new ShapeError(
        `${op}: the kernel ${showShape(windows.kernel)} does not fit into the input ${showShape(x.shape)}`,
      );
    return size;
  });
  return checkShape(op, [[...x.shape.slice(0, skip), ...sizes]]);
}

/** The numbers by which kernels know windows; null: adaptive ones. */
export function windowScalars(dims: Dims, windows: Windows | null): number[] {
  if (windows === null) return [dims, 1];
  const { kernel, stride, padding, dilation } = windows;
  return [dims, 0, ...kernel.flatMap((k, i) => [k, stride[i]!, padding[i]!, dilation[i]!])];
}

/** The dtype in which kernels pool elements of one. */
export function workingCode(code: number): number {
  if (code === Code.float16 || code === Code.bfloat16) return Code.float32;
  return isFloatingCode(code) || code === Code.int64 ? code : Code.int32;
}

/** x as kernels pool it: row major, in the working dtype; without recording. */
export function worked(x: Tensor): Tensor {
  const code = workingCode(x.code);
  return x.code === code && x.layout === null ? x : copied(x, code);
}

/** What a kernel made, as the dtype that it is to have. */
export function returned(t: Tensor, code: number): Tensor {
  return t.code === code ? t : copied(t, code);
}

export const computeOf = (t: Tensor): number => COMPUTE[t.code]!;
