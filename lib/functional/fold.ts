/** Images taken apart into sliding blocks, and blocks added up to images. */
import { Op } from '../backend/ops.generated';
import { defineGradient, record, type GradRule } from '../autograd/node';
import { COMPUTE, Code, isFloatingCode } from '../dtype';
import { DTypeError, ShapeError } from '../errors';
import { showShape, type Shape } from '../shape';
import { type Tensor, checkTensor } from '../tensor';
import { named } from './arguments';
import { contiguous } from './copy';
import { launch } from './kernel';
import { perDim, type PerDim } from './spatial';
import { squeeze, unsqueeze } from './view';

/** How blocks lie in an image: the shapes of both, and kernel, dilation, padding and stride, two numbers each. */
interface Blocks {
  readonly image: Shape;
  readonly columns: Shape;
  readonly scalars: readonly number[];
}

const Im2Col: GradRule<Blocks> = defineGradient<Blocks>('Im2Col', (grad, _, blocks) => [
  together(grad, blocks),
]);
const Col2Im: GradRule<Blocks> = defineGradient<Blocks>('Col2Im', (grad, _, blocks) => [apart(grad, blocks)]);

function apart(x: Tensor, blocks: Blocks): Tensor {
  const out = launch(Op.im2col, COMPUTE[x.code]!, blocks.columns, x.code, [contiguous(x)], blocks.scalars);
  return record(out, Im2Col, [x], [], blocks);
}

function together(x: Tensor, blocks: Blocks): Tensor {
  const out = launch(Op.col2im, COMPUTE[x.code]!, blocks.image, x.code, [contiguous(x)], blocks.scalars);
  return record(out, Col2Im, [x], [], blocks);
}

type BlockArguments = [kernelSize: PerDim, dilation?: PerDim, padding?: PerDim, stride?: PerDim];
interface BlockOptions {
  kernelSize?: PerDim;
  dilation?: PerDim;
  padding?: PerDim;
  stride?: PerDim;
}

/** How many blocks there are along both dimensions of an image of that size, and the scalars of the kernels. */
function layBlocks(
  op: string,
  size: Shape,
  kernelSize: unknown,
  dilation: unknown,
  padding: unknown,
  stride: unknown,
): { counts: [number, number]; taps: number; scalars: number[] } {
  const kernel = perDim(op, 'kernelSize', kernelSize, 2, 1);
  const apartBy = perDim(op, 'dilation', dilation, 2, 1);
  const zeros = perDim(op, 'padding', padding, 2, 0);
  const step = perDim(op, 'stride', stride, 2, 1);
  const counts = kernel.map((k, i) => {
    const room = size[i]! + 2 * zeros[i]! - apartBy[i]! * (k - 1) - 1;
    if (room < 0)
      throw new ShapeError(
        `${op}: a block of kernelSize ${showShape(kernel)} and dilation ${showShape(apartBy)} is larger than an image of size ${showShape(size)} with padding ${showShape(zeros)}`,
      );
    return Math.floor(room / step[i]!) + 1;
  });
  return {
    counts: counts as [number, number],
    taps: kernel[0]! * kernel[1]!,
    scalars: [...kernel, ...apartBy, ...zeros, ...step],
  };
}

function checkType(op: string, x: Tensor): void {
  if (!isFloatingCode(x.code) && x.code !== Code.bool)
    throw new DTypeError(`${op}: expected floating point or bool, got ${x.dtype}`);
}

/**
 * The blocks of `kernelSize` that slide over an image, as columns: [N, C, H, W] or [C, H, W] to [N, C KH KW, blocks]
 * (https://pytorch.org/docs/stable/generated/torch.nn.functional.unfold.html).
 * @throws ShapeError when no block fits.
 */
export const unfold = named<BlockArguments, BlockOptions, Tensor>(
  'unfold',
  ['kernelSize', 'dilation', 'padding', 'stride'],
  (input, kernelSize, dilation = 1, padding = 0, stride = 1) => {
    checkTensor('unfold', input);
    checkType('unfold', input);
    const rank = input.shape.length;
    if ((rank !== 3 && rank !== 4) || input.shape.slice(-3).includes(0))
      throw new ShapeError(
        `unfold: expected input [N, C, H, W] or [C, H, W], not empty but for N, got ${showShape(input.shape)}`,
      );
    const x = rank === 4 ? input : unsqueeze(input, 0);
    const [n, c, ...size] = x.shape as [number, number, number, number];
    const { counts, taps, scalars } = layBlocks('unfold', size, kernelSize, dilation, padding, stride);
    const columns = [n, c * taps, counts[0] * counts[1]];
    const out = apart(x, { image: x.shape, columns, scalars });
    return rank === 4 ? out : squeeze(out, 0);
  },
);

/**
 * The sum of blocks where `unfold` takes them from: [N, C KH KW, blocks] or [C KH KW, blocks] to [N, C, H, W] of size
 * `outputSize` (https://pytorch.org/docs/stable/generated/torch.nn.functional.fold.html).
 * @throws ShapeError when there are not as many blocks as fit.
 */
export const fold = named<
  [outputSize: PerDim, ...BlockArguments],
  BlockOptions & { outputSize?: PerDim },
  Tensor
>(
  'fold',
  ['outputSize', 'kernelSize', 'dilation', 'padding', 'stride'],
  (input, outputSize, kernelSize, dilation = 1, padding = 0, stride = 1) => {
    checkTensor('fold', input);
    checkType('fold', input);
    const rank = input.shape.length;
    if ((rank !== 2 && rank !== 3) || input.shape.slice(-2).includes(0))
      throw new ShapeError(
        `fold: expected input [N, C K, blocks] or [C K, blocks], not empty but for N, got ${showShape(input.shape)}`,
      );
    const size = perDim('fold', 'outputSize', outputSize, 2, 1);
    const { counts, taps, scalars } = layBlocks('fold', size, kernelSize, dilation, padding, stride);
    const x = rank === 3 ? input : unsqueeze(input, 0);
    const [n, channels, blocks] = x.shape as [number, number, number];
    if (channels % taps !== 0)
      throw new ShapeError(
        `fold: expected a multiple of ${taps} channels, the elements of a block, got ${showShape(input.shape)}`,
      );
    if (blocks !== counts[0] * counts[1])
      throw new ShapeError(
        `fold: expected ${counts[0]} by ${counts[1]} blocks, got ${showShape(input.shape)}`,
      );
    const out = together(x, { image: [n, channels / taps, ...size], columns: x.shape, scalars });
    return rank === 3 ? out : squeeze(out, 0);
  },
);
