/** The elements where a mask is true: read in one dimension, and written from one. */
import { Op } from '../backend/ops.generated';
import { withGradMode } from '../autograd/mode';
import { defineGradient, record } from '../autograd/node';
import { COMPUTE, Code } from '../dtype';
import { DTypeError, ShapeError } from '../errors';
import { broadcastShapes, showShape, type Shape } from '../shape';
import { alias, checkTensor, type Tensor } from '../tensor';
import { bindArguments, named } from './arguments';
import { cat } from './join';
import { copied } from './cast';
import { besides, inCopy, inPlace, unshared, type Change } from './change';
import { indexAdd_, indexSelect } from './index-select';
import { NONE, fullOf, launchInto } from './kernel';
import { checkFits } from './kinds';
import { truePositions } from './picking';
import { expand, narrow, reshape, viewStrides } from './view';
import { maskedFill } from './where';

/** Where a mask of x is true among the elements of a shape that both broadcast to. */
function positionsOf(op: string, x: Tensor, mask: Tensor, shape: Shape): Tensor {
  return withGradMode(op, false, () => truePositions(expand(mask, shape), x.place));
}

function checkMask(op: string, mask: unknown): asserts mask is Tensor {
  checkTensor(op, mask, 'mask');
  if (mask.code !== Code.bool) throw new DTypeError(`${op}: expected a bool mask, got ${mask.dtype}`);
}

// The engine sums it to what x was broadcast from.
const MaskedSelect = defineGradient<Shape>('MaskedSelect', (grad, node, shape) => {
  const whole = fullOf([shape.reduce((a, b) => a * b, 1)], grad.code, grad.place, 0);
  return [reshape(indexAdd_(whole, 0, node.input(0), grad), shape)];
});

/**
 * The elements where a bool mask is true, in one dimension; both broadcast
 * (https://docs.pytorch.org/docs/stable/generated/torch.masked_select.html).
 */
export const maskedSelect = named<[mask: Tensor], { mask: Tensor }, Tensor>(
  'maskedSelect',
  ['mask'],
  (x, given) => {
    checkTensor('maskedSelect', x);
    checkMask('maskedSelect', given);
    const mask = besides('maskedSelect', x, given);
    const shape = broadcastShapes('maskedSelect', x.shape, mask.shape);
    const places = positionsOf('maskedSelect', x, mask, shape);
    const out = withGradMode('maskedSelect', false, () =>
      indexSelect(reshape(expand(x, shape), -1), 0, places),
    );
    return record(out, MaskedSelect, [x], [places], shape);
  },
);

/** The shape of the source. */
const MaskedScatter = defineGradient<Shape>('MaskedScatter', (grad, node, shape) => {
  const mask = node.input(0);
  return [
    node.needs(0) ? maskedFill(grad, mask, 0) : null,
    node.needs(1) ? reshape(padded(maskedSelect(grad, mask), shape), shape) : null,
  ];
});

/** Zeros behind the elements, as many as the shape has more. */
function padded(elements: Tensor, shape: Shape): Tensor {
  const missing = shape.reduce((a, b) => a * b, 1) - elements.count;
  return missing === 0 ? elements : cat([elements, fullOf([missing], elements.code, elements.place, 0)]);
}

function scattering(op: string, x: Tensor, mask: Tensor, values: unknown): Change<Shape> {
  checkTensor(op, values, 'source');
  if (values.code !== x.code)
    throw new DTypeError(`${op}: expected a ${x.dtype} source, got ${values.dtype}`);
  const source = besides(op, x, values);
  const places = positionsOf(op, x, mask, x.shape);
  if (source.count < places.count)
    throw new ShapeError(
      `${op}: expected a source of at least ${places.count} elements, as many as the mask picks, got shape ${showShape(source.shape)}`,
    );
  return {
    rule: MaskedScatter,
    operands: [source],
    saved: [mask],
    context: source.shape,
    write(t) {
      withGradMode(op, false, () => {
        const first = narrow(reshape(unshared(t, source), -1), 0, 0, places.count);
        const strides = t.layout === null ? [1] : viewStrides(t, [t.count]);
        const dense = strides === null ? copied(t, t.code) : t;
        const flat = alias(dense, [t.count], strides, dense.offset);
        launchInto(Op.indexCopy, COMPUTE[t.code]!, [flat], [first, places], [0]);
        // Where t can't be seen as one dimension, a copy of it was written to.
        if (strides === null) launchInto(Op.copy, COMPUTE[t.code]!, [t], [dense], NONE);
      });
    },
  };
}

/** The arguments of `maskedScatter` by name. */
export interface NamedMaskedScatter {
  mask: Tensor;
  source: Tensor;
}

/**
 * A copy of x with the elements of `source`, in their order, where a bool mask is true; x and the mask broadcast
 * (https://docs.pytorch.org/docs/stable/generated/torch.Tensor.masked_scatter_.html).
 */
export function maskedScatter(x: Tensor, mask: Tensor, source: Tensor): Tensor;
export function maskedScatter(x: Tensor, options: NamedMaskedScatter): Tensor;
export function maskedScatter(x: Tensor, ...given: readonly unknown[]): Tensor {
  const op = 'maskedScatter';
  checkTensor(op, x);
  const [of, source] = bindArguments(op, ['mask', 'source'], given);
  checkMask(op, of);
  const mask = besides(op, x, of);
  const whole = expand(x, broadcastShapes(op, x.shape, mask.shape));
  return inCopy(op, whole, scattering(op, whole, mask, source));
}

/** `maskedScatter`, in place. */
export function maskedScatter_(x: Tensor, ...given: readonly unknown[]): Tensor {
  const op = 'maskedScatter_';
  checkTensor(op, x);
  const [of, source] = bindArguments(op, ['mask', 'source'], given);
  checkMask(op, of);
  const mask = besides(op, x, of);
  checkFits(op, x, mask);
  return inPlace(op, x, scattering(op, x, mask, source));
}
