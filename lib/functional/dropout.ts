/** Elements, or whole channels, set to zero at random. */
import { Op } from '../backend/ops.generated';
import { defineGradient, record } from '../autograd/node';
import { checkInPlace, recordInPlace } from '../autograd/view';
import { COMPUTE, Code, isFloatingCode } from '../dtype';
import { ArgumentError, DTypeError, ShapeError } from '../errors';
import { showShape, type Shape } from '../shape';
import { type Tensor, checkTensor, uninitialised } from '../tensor';
import { add, mul } from './arithmetic';
import { booleanArgument, named, numberArgument, type Named } from './arguments';
import { copied } from './cast';
import { fullOf, launch, launchInto, launchMany } from './kernel';
import { generatorOn } from './random';

/** x scaled where the mask is true, times zero elsewhere. */
function maskedScale(x: Tensor, mask: Tensor, scale: number): Tensor {
  const out = launch(Op.maskedScale, COMPUTE[x.code]!, x.shape, x.code, [x, mask], [scale]);
  return record(out, MaskedScale, [x], [mask], scale);
}
const MaskedScale = defineGradient<number>('Mul', (grad, node, scale) => [
  maskedScale(grad, node.input(0), scale),
]);

/** The scalars of a draw that sets each of `count` elements to zero with probability p. */
function drawScalars(place: number, count: number, p: number): number[] {
  return [...generatorOn(place).take(count), p];
}

/** Elements dropped each by itself. */
function dropElements(op: string, x: Tensor, p: number, inplace: boolean): Tensor {
  const compute = COMPUTE[x.code]!;
  const scalars = drawScalars(x.place, x.count, p);
  if (inplace) {
    checkInPlace(op, x, [x]);
    const mask = uninitialised(x.shape, Code.bool, x.place, op);
    launchInto(Op.dropout, compute, [x, mask], [x], scalars);
    return recordInPlace(x, MaskedScale, [x], [mask], -1, 1 / (1 - p));
  }
  const shapes = [x.shape, x.shape];
  const [out, mask] = launchMany(Op.dropout, compute, shapes, [x.code, Code.bool], [x], scalars) as [
    Tensor,
    Tensor,
  ];
  return record(out, MaskedScale, [x], [mask], 1 / (1 - p));
}

/** Of a shape and x's dtype: 0 with probability p, else 1 / (1 - p); and where it is not 0. */
function noise(x: Tensor, shape: Shape, p: number): [factors: Tensor, kept: Tensor] {
  const ones = fullOf(shape, x.code, x.place, 1);
  const scalars = drawScalars(x.place, ones.count, p);
  return launchMany(Op.dropout, COMPUTE[x.code]!, [shape, shape], [x.code, Code.bool], [ones], scalars) as [
    Tensor,
    Tensor,
  ];
}

/** One number for each channel of each sample, to be broadcast over the rest. */
function channelShape(op: string, x: Tensor): Shape {
  if (x.shape.length < 2)
    throw new ShapeError(`${op}: expected at least 2 dimensions, got ${showShape(x.shape)}`);
  return x.shape.map((n, i) => (i < 2 ? n : 1));
}

const times = (x: Tensor, factor: Tensor | number, inplace: boolean): Tensor =>
  inplace ? mul.inPlace(x, factor) : mul(x, factor);

/** The value that SELU goes to at minus infinity: what dropped elements become. */
const SATURATION = -1.7580993408473766;

/** Elements dropped to SELU's least value, all then moved and scaled so that mean and variance stay. */
function dropToSaturation(x: Tensor, shape: Shape, p: number, inplace: boolean): Tensor {
  const scale = 1 / Math.sqrt((SATURATION * SATURATION * p + 1) * (1 - p));
  const kept = copied(noise(x, shape, p)[1], x.code);
  const drop = scale * SATURATION;
  const offset = add(mul(kept, -drop), drop - drop * p);
  const scaled = times(x, mul(kept, scale), inplace);
  return inplace ? add.inPlace(scaled, offset) : add(scaled, offset);
}

type DropFunction = Named<
  [p?: number, training?: boolean, inplace?: boolean],
  { p?: number; training?: boolean; inplace?: boolean },
  Tensor
>;

/** A function of that family: `drop` is called where 0 < p < 1, in training. */
function dropOp(
  op: string,
  trainingByDefault: boolean,
  check: (x: Tensor) => void,
  drop: (x: Tensor, p: number, inplace: boolean) => Tensor,
): DropFunction {
  return named(
    op,
    ['p', 'training', 'inplace'],
    (x: Tensor, p?: number, training?: boolean, inplace?: boolean) => {
      checkTensor(op, x);
      const share = numberArgument(op, 'p', p ?? 0.5);
      if (!(share >= 0 && share <= 1)) throw new ArgumentError(`${op}: expected 0 <= p <= 1, got ${share}`);
      const active = booleanArgument(op, 'training', training, trainingByDefault);
      const change = booleanArgument(op, 'inplace', inplace, false);
      check(x);
      if (!active || share === 0 || x.count === 0) return x;
      if (!isFloatingCode(x.code)) throw new DTypeError(`${op}: expected floating point, got ${x.dtype}`);
      return share === 1 ? times(x, 0, change) : drop(x, share, change);
    },
  );
}

const anyShape = (): void => undefined;

/**
 * Each element set to zero with probability p (0.5) in training, the others scaled by 1 / (1 - p); x itself otherwise
 * (https://pytorch.org/docs/stable/generated/torch.nn.functional.dropout.html).
 */
export const dropout = dropOp('dropout', true, anyShape, (x, p, inplace) =>
  dropElements('dropout', x, p, inplace),
);

/** Whole channels set to zero: x [n, c, ...], or without samples where there are `rank` dimensions. */
function channelsOp(op: string, ranks: readonly number[], unbatched: number): DropFunction {
  const check = (x: Tensor): void => {
    if (ranks.length > 0 && !ranks.includes(x.shape.length))
      throw new ShapeError(
        `${op}: expected ${ranks.join(' or ')} dimensions, got shape ${showShape(x.shape)}`,
      );
  };
  return dropOp(op, true, check, (x, p, inplace) => {
    const single = x.shape.length === unbatched;
    const shape = single ? x.shape.map((n, i) => (i === 0 ? n : 1)) : channelShape(op, x);
    return times(x, noise(x, shape, p)[0], inplace);
  });
}

/** Whole channels of x [n, c, l] or [c, l] set to zero (https://pytorch.org/docs/stable/generated/torch.nn.functional.dropout1d.html). */
export const dropout1d = channelsOp('dropout1d', [2, 3], 2);
/** Whole channels of x [n, c, h, w] set to zero; [n, c, l] is taken as by `dropout1d` (https://pytorch.org/docs/stable/generated/torch.nn.functional.dropout2d.html). */
export const dropout2d = channelsOp('dropout2d', [], 0);
/** Whole channels of x [n, c, d, h, w] or [c, d, h, w] set to zero (https://pytorch.org/docs/stable/generated/torch.nn.functional.dropout3d.html). */
export const dropout3d = channelsOp('dropout3d', [], 4);

/** Dropout that keeps the mean and variance of inputs that SELU made (https://pytorch.org/docs/stable/generated/torch.nn.functional.alpha_dropout.html). */
export const alphaDropout = dropOp('alphaDropout', false, anyShape, (x, p, inplace) =>
  dropToSaturation(x, x.shape, p, inplace),
);
/** `alphaDropout` of whole channels: x [n, c, ...] (https://pytorch.org/docs/stable/generated/torch.nn.functional.feature_alpha_dropout.html). */
export const featureAlphaDropout = dropOp('featureAlphaDropout', false, anyShape, (x, p, inplace) =>
  dropToSaturation(x, channelShape('featureAlphaDropout', x), p, inplace),
);
