/** Convolutions over one to three spatial dimensions. */
import { Code } from '../dtype';
import { ArgumentError, DTypeError, ShapeError, describe } from '../errors';
import { showShape } from '../shape';
import { type Tensor, checkTensor } from '../tensor';
import { bindArguments, integerArgument } from './arguments';
import { inLowPrecision } from './autocast';
import { convolve } from './convolution';
import { gathered } from './devices';
import { perDim, type PerDim } from './spatial';
import { squeeze, unsqueeze } from './view';

/** Zeros on both sides of every dimension; 'valid' is none, 'same' as many as give a result of the input's size. */
export type ConvPadding = PerDim | 'valid' | 'same';

export interface ConvOptions {
  /** [out] */
  bias?: Tensor | null;
  stride?: PerDim;
  padding?: ConvPadding;
  dilation?: PerDim;
  groups?: number;
}

export interface ConvFunction {
  (
    input: Tensor,
    weight: Tensor,
    bias?: Tensor | null,
    stride?: PerDim,
    padding?: ConvPadding,
    dilation?: PerDim,
    groups?: number,
  ): Tensor;
  (input: Tensor, weight: Tensor, options: ConvOptions): Tensor;
  (input: Tensor, weight: Tensor, bias: Tensor | null, options: ConvOptions): Tensor;
  (input: Tensor, weight: Tensor, bias: Tensor | null, stride: PerDim, options: ConvOptions): Tensor;
  (input: Tensor, options: ConvOptions & { weight: Tensor }): Tensor;
}

const SIZES = ['L', 'H, W', 'D, H, W'];

/** @internal The operands as every convolution takes them: on one device, of one dtype, of `dims` spatial dimensions. */
export function convOperands(
  op: string,
  dims: number,
  x: Tensor,
  w: unknown,
  bias: unknown,
): [x: Tensor, w: Tensor, bias: Tensor | null, batched: boolean] {
  checkTensor(op, x);
  checkTensor(op, w, 'weight');
  if (bias !== null) checkTensor(op, bias, 'bias');
  const sizes = SIZES[dims - 1]!;
  const rank = x.shape.length;
  if (rank !== dims + 1 && rank !== dims + 2)
    throw new ShapeError(
      `${op}: expected input [N, C, ${sizes}] or [C, ${sizes}], got ${showShape(x.shape)}`,
    );
  if (w.shape.length !== dims + 2)
    throw new ShapeError(
      `${op}: expected a weight of ${dims + 2} dimensions for input [N, C, ${sizes}], got ${showShape(w.shape)}`,
    );
  if (x.shape.slice(-dims).includes(0))
    throw new ShapeError(`${op}: expected input of non-empty sizes [${sizes}], got ${showShape(x.shape)}`);
  if (w.shape.slice(-dims).includes(0))
    throw new ShapeError(`${op}: expected a kernel of non-empty sizes, got weight ${showShape(w.shape)}`);
  for (const t of bias === null ? [w] : [w, bias])
    if (t.code !== x.code)
      throw new DTypeError(`${op}: expected operands of one dtype, got ${x.dtype} and ${t.dtype}`);
  if (x.code === Code.bool) throw new DTypeError(`${op}: not defined for bool`);
  const apart = x.place !== w.place || (bias !== null && bias.place !== x.place);
  const [input, weight, b]: [Tensor, Tensor, Tensor | null] = apart ? gathered(op, x, w, bias) : [x, w, bias];
  const batched = rank === dims + 2;
  return [batched ? input : unsqueeze(input, 0), weight, b, batched];
}

/** @internal A bias has one value for each output channel. */
export function checkBias(op: string, bias: Tensor | null, channels: number): void {
  if (bias !== null && (bias.shape.length !== 1 || bias.shape[0] !== channels))
    throw new ShapeError(`${op}: expected a bias of shape [${channels}], got ${showShape(bias.shape)}`);
}

/** @internal */
export function groupsArgument(op: string, value: unknown): number {
  const groups = integerArgument(op, 'groups', value);
  if (groups < 1) throw new ArgumentError(`${op}: expected groups to be at least 1, got ${groups}`);
  return groups;
}

/** @internal Whether padding is one of PyTorch's words; throws for another word, and for strides beside 'same'. */
export function paddingWord(
  op: string,
  padding: unknown,
  stride: readonly number[],
): padding is 'valid' | 'same' {
  if (typeof padding !== 'string') return false;
  if (padding !== 'valid' && padding !== 'same')
    throw new ArgumentError(
      `${op}: expected padding to be 'valid', 'same' or integers, got ${describe(padding)}`,
    );
  if (padding === 'same' && stride.some((s) => s !== 1))
    throw new ArgumentError(`${op}: padding 'same' needs a stride of 1, got ${describe(stride)}`);
  return true;
}

const NAMES = ['weight', 'bias', 'stride', 'padding', 'dilation', 'groups'];

function conv(op: string, dims: number): ConvFunction {
  return (input: Tensor, ...given: readonly unknown[]): Tensor => {
    const bound = bindArguments(op, NAMES, given);
    const [weight, b = null, strides = 1, padding = 0, dilations = 1, group = 1] = bound;
    const [x, w, bias, batched] = convOperands(op, dims, input, weight, b);
    const stride = perDim(op, 'stride', strides, dims, 1);
    const dilation = perDim(op, 'dilation', dilations, dims, 1);
    const groups = groupsArgument(op, group);
    const word = paddingWord(op, padding, stride);
    const pad = word ? new Array<number>(dims).fill(0) : perDim(op, 'padding', padding, dims, 0);
    const out = w.shape[0]!;
    if (out === 0 || out % groups !== 0)
      throw new ShapeError(
        `${op}: expected a weight of a multiple of ${groups} output channels, got ${showShape(w.shape)}`,
      );
    if (x.shape[1] !== w.shape[1]! * groups)
      throw new ShapeError(
        `${op}: expected input of ${w.shape[1]! * groups} channels for weight ${showShape(w.shape)} and groups = ${groups}, got ${showShape(input.shape)}`,
      );
    checkBias(op, bias, out);
    const before = pad.map((p, i) =>
      padding === 'same' ? Math.floor((dilation[i]! * (w.shape[2 + i]! - 1)) / 2) : p,
    );
    const sizes = pad.map((p, i) => {
      const n = x.shape[2 + i]!;
      if (padding === 'same') return n;
      const reach = dilation[i]! * (w.shape[2 + i]! - 1) + 1;
      if (n + 2 * p < reach)
        throw new ShapeError(
          `${op}: a kernel that reaches over ${reach} is larger than the padded input: ${n + 2 * p} (dimension ${i - dims})`,
        );
      return Math.floor((n + 2 * p - reach) / stride[i]!) + 1;
    });
    const y = convolve(x, w, bias, {
      x: x.shape,
      w: w.shape,
      y: [x.shape[0]!, out, ...sizes],
      scalars: [...stride, ...before, ...dilation, groups],
    });
    return batched ? y : squeeze(y, 0);
  };
}

/**
 * Sums of products of a kernel with every stretch of its length of the input: [N, C, L] or [C, L] with weight
 * [out, C / groups, K] to [N, out, L'] (https://pytorch.org/docs/stable/generated/torch.nn.functional.conv1d.html).
 * @throws ShapeError when sizes don't fit.
 */
export const conv1d = inLowPrecision(conv('conv1d', 1));

/**
 * The same over two dimensions: [N, C, H, W] or [C, H, W] with weight [out, C / groups, KH, KW] to [N, out, H', W']
 * (https://pytorch.org/docs/stable/generated/torch.nn.functional.conv2d.html).
 * @throws ShapeError when sizes don't fit.
 */
export const conv2d = inLowPrecision(conv('conv2d', 2));

/**
 * The same over three dimensions: [N, C, D, H, W] or [C, D, H, W] with weight [out, C / groups, KD, KH, KW] to
 * [N, out, D', H', W'] (https://pytorch.org/docs/stable/generated/torch.nn.functional.conv3d.html).
 * @throws ShapeError when sizes don't fit.
 */
export const conv3d = inLowPrecision(conv('conv3d', 3));
