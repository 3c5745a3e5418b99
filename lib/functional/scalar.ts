/** What PyTorch calls a Scalar: a number, or a 0-d tensor that stands for one. */
import { binding } from '../backend/load';
import { requiresGrad } from '../autograd/node';
import { Code } from '../dtype';
import { AutogradError, ShapeError } from '../errors';
import { showShape } from '../shape';
import { Tensor, checkTensor } from '../tensor';
import { numberValue } from './number';

/** The one element of a tensor: a BigInt if it is an int64, a boolean if it is a bool. */
export function elementOf(t: Tensor): number | boolean | bigint {
  if (t.code === Code.int64) return binding.itemBigInt(t.id);
  const n = binding.item(t.id);
  return t.code === Code.bool ? n !== 0 : n;
}

/**
 * The number that a 0-d tensor has, of which no gradient is known; what isn't a tensor, as it is.
 * @throws ShapeError for more dimensions, AutogradError where a gradient would be lost.
 */
export function plainNumber(op: string, name: string, value: unknown): unknown {
  if (!(value instanceof Tensor)) return value;
  checkTensor(op, value, name);
  if (value.shape.length > 0)
    throw new ShapeError(
      `${op}: expected ${name} to be a number or a 0-d tensor, got shape ${showShape(value.shape)}`,
    );
  if (requiresGrad(value))
    throw new AutogradError(
      `${op}: ${name} requires a gradient, of which a number knows nothing: detach() it`,
    );
  return numberValue(op, elementOf(value), name);
}
