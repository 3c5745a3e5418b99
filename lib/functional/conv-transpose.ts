/** Transposed convolutions: what convolutions do to gradients. */
import { inLowPrecision } from './autocast';
import { ArgumentError, ShapeError, describe } from '../errors';
import { showShape } from '../shape';
import type { Tensor } from '../tensor';
import { bindArguments } from './arguments';
import { checkBias, convOperands, groupsArgument } from './conv';
import { spread } from './convolution';
import { perDim, type PerDim } from './spatial';
import { squeeze } from './view';

export interface ConvTransposeOptions {
  /** [out] */
  bias?: Tensor | null;
  stride?: PerDim;
  padding?: PerDim;
  outputPadding?: PerDim;
  groups?: number;
  dilation?: PerDim;
}

export interface ConvTransposeFunction {
  (
    input: Tensor,
    weight: Tensor,
    bias?: Tensor | null,
    stride?: PerDim,
    padding?: PerDim,
    outputPadding?: PerDim,
    groups?: number,
    dilation?: PerDim,
  ): Tensor;
  (input: Tensor, weight: Tensor, options: ConvTransposeOptions): Tensor;
  (input: Tensor, weight: Tensor, bias: Tensor | null, options: ConvTransposeOptions): Tensor;
  (input: Tensor, weight: Tensor, bias: Tensor | null, stride: PerDim, options: ConvTransposeOptions): Tensor;
  (input: Tensor, options: ConvTransposeOptions & { weight: Tensor }): Tensor;
}

const NAMES = ['weight', 'bias', 'stride', 'padding', 'outputPadding', 'groups', 'dilation'];

function convTranspose(op: string, dims: number): ConvTransposeFunction {
  return (input: Tensor, ...given: readonly unknown[]): Tensor => {
    const bound = bindArguments(op, NAMES, given);
    const [weight, b = null, strides = 1, paddings = 0, extras = 0, group = 1, dilations = 1] = bound;
    const [x, w, bias, batched] = convOperands(op, dims, input, weight, b);
    const stride = perDim(op, 'stride', strides, dims, 1);
    const padding = perDim(op, 'padding', paddings, dims, 0);
    const extra = perDim(op, 'outputPadding', extras, dims, 0);
    const groups = groupsArgument(op, group);
    const dilation = perDim(op, 'dilation', dilations, dims, 1);
    const channels = w.shape[0]!;
    if (channels === 0 || channels % groups !== 0)
      throw new ShapeError(
        `${op}: expected a weight of a multiple of ${groups} input channels, got ${showShape(w.shape)}`,
      );
    if (x.shape[1] !== channels)
      throw new ShapeError(
        `${op}: expected input of ${channels} channels for weight ${showShape(w.shape)}, got ${showShape(input.shape)}`,
      );
    const out = w.shape[1]! * groups;
    checkBias(op, bias, out);
    const sizes = stride.map((s, i) => {
      const d = dilation[i]!;
      if (extra[i]! >= Math.max(s, d))
        throw new ArgumentError(
          `${op}: expected outputPadding below stride or dilation, got ${describe(extra)} beside ${describe(stride)} and ${describe(dilation)}`,
        );
      const n = (x.shape[2 + i]! - 1) * s - 2 * padding[i]! + d * (w.shape[2 + i]! - 1) + extra[i]! + 1;
      if (!(n >= 1 && Number.isSafeInteger(n)))
        throw new ShapeError(`${op}: input ${showShape(input.shape)} gives a result of size ${n}`);
      return n;
    });
    const y = spread(x, w, bias, {
      x: [x.shape[0]!, out, ...sizes],
      w: w.shape,
      y: x.shape,
      scalars: [...stride, ...padding, ...dilation, groups],
    });
    return batched ? y : squeeze(y, 0);
  };
}

/**
 * The kernel times every element of the input, laid `stride` apart and summed: [N, C, L] or [C, L] with weight
 * [C, out / groups, K] to [N, out, L'] (https://pytorch.org/docs/stable/generated/torch.nn.functional.conv_transpose1d.html).
 * @throws ShapeError when sizes don't fit.
 */
export const convTranspose1d = inLowPrecision(convTranspose('convTranspose1d', 1));

/**
 * The same over two dimensions (https://pytorch.org/docs/stable/generated/torch.nn.functional.conv_transpose2d.html).
 * @throws ShapeError when sizes don't fit.
 */
export const convTranspose2d = inLowPrecision(convTranspose('convTranspose2d', 2));

/**
 * The same over three dimensions (https://pytorch.org/docs/stable/generated/torch.nn.functional.conv_transpose3d.html).
 * @throws ShapeError when sizes don't fit.
 */
export const convTranspose3d = inLowPrecision(convTranspose('convTranspose3d', 3));
