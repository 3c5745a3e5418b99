/** Elements that tensors of indices name together, one for each dimension: written, or added to. */
import { ArgumentError, IndexError, describe } from '../errors';
import { Code } from '../dtype';
import { showShape } from '../shape';
import { checkTensor, type Tensor } from '../tensor';
import { bindArguments, booleanArgument } from './arguments';
import { clone } from './copy';
import { put, type Picker } from './picking';

/** Which dimensions the tensors are for: a mask takes as many as it has. */
function pickersOf(op: string, x: Tensor, indices: unknown): Picker[] {
  if (!Array.isArray(indices) || indices.length === 0)
    throw new ArgumentError(
      `${op}: expected a list of at least one Tensor of indices, got ${describe(indices)}`,
    );
  const pickers: Picker[] = [];
  let dim = 0;
  for (const tensor of indices as readonly unknown[]) {
    checkTensor(op, tensor, 'each of the indices');
    pickers.push({ dim, tensor });
    dim += tensor.code === Code.bool || tensor.code === Code.uint8 ? tensor.shape.length : 1;
  }
  if (dim > x.shape.length)
    throw new IndexError(`${op}: ${dim} indices for a tensor of shape ${showShape(x.shape)}`);
  return pickers;
}

function putInto(op: string, x: Tensor, given: readonly unknown[], changes: boolean): Tensor {
  checkTensor(op, x);
  const [indices, values, adds] = bindArguments(op, ['indices', 'values', 'accumulate'], given);
  checkTensor(op, values, 'values');
  const accumulate = booleanArgument(op, 'accumulate', adds, false);
  const pickers = pickersOf(op, x, indices);
  return put(changes ? x : clone(x), pickers, values, op, accumulate);
}

/** The arguments of `indexPut` by name. */
export interface NamedIndexPut {
  indices: readonly Tensor[];
  values: Tensor;
  accumulate?: boolean;
}

/**
 * A copy of x with `values`, which broadcast, at the elements that the tensors of `indices` name together: `x[i, j] = values`;
 * or with them added (https://docs.pytorch.org/docs/stable/generated/torch.Tensor.index_put_.html).
 */
export function indexPut(x: Tensor, indices: readonly Tensor[], values: Tensor, accumulate?: boolean): Tensor;
export function indexPut(
  x: Tensor,
  indices: readonly Tensor[],
  values: Tensor,
  options: { accumulate?: boolean },
): Tensor;
export function indexPut(x: Tensor, options: NamedIndexPut): Tensor;
export function indexPut(x: Tensor, ...given: readonly unknown[]): Tensor {
  return putInto('indexPut', x, given, false);
}

/** `indexPut`, in place. */
export function indexPut_(
  x: Tensor,
  indices: readonly Tensor[],
  values: Tensor,
  accumulate?: boolean,
): Tensor;
export function indexPut_(
  x: Tensor,
  indices: readonly Tensor[],
  values: Tensor,
  options: { accumulate?: boolean },
): Tensor;
export function indexPut_(x: Tensor, options: NamedIndexPut): Tensor;
export function indexPut_(x: Tensor, ...given: readonly unknown[]): Tensor {
  return putInto('indexPut_', x, given, true);
}
