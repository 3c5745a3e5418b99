/** Normalisation over the last dimensions. */
import { inFloat32 } from '../autocast';
import { ShapeError } from '../../errors';
import { COMPUTE, Code } from '../../dtype';
import { checkShape, numelOf, sameShape, showShape, type Shape } from '../../shape';
import { Tensor, cudaInUse } from '../../tensor';
import { named } from '../arguments';
import { mul } from '../arithmetic';
import { cast } from '../cast';
import { gathered } from '../devices';
import { rowNorm, rowNormRule } from './rows';
import { checkFloatingInput, checkParameter, epsArgument, isBeside, ofNothing } from './operands';

const NativeLayerNorm = rowNormRule('NativeLayerNorm');
const RmsNorm = rowNormRule('Mul');

/** @internal A size or a list of them, as the sizes of a tensor's last dimensions. */
export function normalizedShapeOf(op: string, given: unknown): Shape {
  const shape = checkShape(op, [given]);
  if (shape.length === 0) throw new ShapeError(`${op}: expected a normalizedShape of at least one dimension`);
  return shape;
}

function overLast(
  op: string,
  x: Tensor,
  given: unknown,
  weight: Tensor | null | undefined,
  bias: Tensor | null | undefined,
  eps: number,
  centred: boolean,
): Tensor {
  const shape = normalizedShapeOf(op, given);
  if (!sameShape(x.shape.slice(x.shape.length - shape.length), shape) || x.shape.length < shape.length)
    throw new ShapeError(
      `${op}: expected input [..., ${shape.join(', ')}], as normalizedShape has it, got ${showShape(x.shape)}`,
    );
  let w = checkParameter(op, 'weight', weight, x, shape);
  let b = checkParameter(op, 'bias', bias, x, shape);
  if (cudaInUse) [x, w, b] = gathered(op, x, w, b);
  if (x.count === 0) return ofNothing(x, w, b, shape);
  const channels = numelOf(shape);
  const r = { rows: x.count / channels, groups: 1, channels, eps, centred, shape };
  return rowNorm(centred ? NativeLayerNorm : RmsNorm, x, w, b, r);
}

type NormalizedShape = number | readonly number[];

/**
 * (x - mean) / √(variance + eps) · weight + bias over the last dimensions, which have `normalizedShape`
 * (https://pytorch.org/docs/stable/generated/torch.nn.functional.layer_norm.html).
 */
export const layerNorm = inFloat32(
  named<
    [normalizedShape: NormalizedShape, weight?: Tensor | null, bias?: Tensor | null, eps?: number],
    { normalizedShape?: NormalizedShape; weight?: Tensor | null; bias?: Tensor | null; eps?: number },
    Tensor
  >('layerNorm', ['normalizedShape', 'weight', 'bias', 'eps'], (x, shape, weight, bias, eps) => {
    checkFloatingInput('layerNorm', x);
    return overLast('layerNorm', x, shape, weight, bias, epsArgument('layerNorm', eps, 1e-5), true);
  }),
  'cuda',
);

/**
 * x / √(mean of x² + eps) · weight over the last dimensions; eps is the dtype's epsilon unless given
 * (https://pytorch.org/docs/stable/generated/torch.nn.functional.rms_norm.html).
 */
export const rmsNorm = inFloat32(
  named<
    [normalizedShape: NormalizedShape, weight?: Tensor | null, eps?: number | null],
    { normalizedShape?: NormalizedShape; weight?: Tensor | null; eps?: number | null },
    Tensor
  >('rmsNorm', ['normalizedShape', 'weight', 'eps'], (x, shape, weight, eps) => {
    checkFloatingInput('rmsNorm', x);
    const least = epsArgument('rmsNorm', eps, x.code === Code.float64 ? 2 ** -52 : 2 ** -23);
    if (!(weight instanceof Tensor) || isBeside(weight.code, x))
      return overLast('rmsNorm', x, shape, weight, null, least, false);
    // A weight of any other dtype comes behind, before the result is x's dtype again.
    const size = normalizedShapeOf('rmsNorm', shape);
    const normal = overLast('rmsNorm', cast(x, COMPUTE[x.code]!), size, null, null, least, false);
    if (!sameShape(weight.shape, size))
      throw new ShapeError(
        `rmsNorm: expected weight of shape ${showShape(size)}, got ${showShape(weight.shape)}`,
      );
    return cast(mul(normal, weight), x.code);
  }),
  'cuda',
);
