/** Parameters as one vector, and back. */
import { DeviceError, ShapeError } from '../../errors';
import { cat } from '../../functional/join';
import { narrow, reshape } from '../../functional/view';
import { checkTensor, type Tensor } from '../../tensor';
import { listOf } from './tensors';

function onOneDevice(op: string, parameters: Iterable<Tensor>): Tensor[] {
  const list = listOf(op, parameters);
  for (const p of list)
    if (p.place !== list[0]!.place)
      throw new DeviceError(
        `${op}: expected all parameters on one device, got ${list[0]!.device} and ${p.device}`,
      );
  return list;
}

/**
 * The elements of all parameters, in their order
 * (https://pytorch.org/docs/stable/generated/torch.nn.utils.parameters_to_vector.html).
 */
export function parametersToVector(parameters: Iterable<Tensor>): Tensor {
  return cat(onOneDevice('parametersToVector', parameters).map((p) => reshape(p, [-1])));
}

/**
 * Copies the elements of a vector to parameters
 * (https://pytorch.org/docs/stable/generated/torch.nn.utils.vector_to_parameters.html).
 */
export function vectorToParameters(vec: Tensor, parameters: Iterable<Tensor>): void {
  const op = 'vectorToParameters';
  checkTensor(op, vec, 'vec');
  const list = onOneDevice(op, parameters);
  const count = list.reduce((n, p) => n + p.count, 0);
  if (vec.shape.length !== 1 || vec.count < count)
    throw new ShapeError(
      `${op}: expected a vector of ${count} elements, got shape [${vec.shape.join(', ')}]`,
    );
  let start = 0;
  for (const p of list) {
    p.data = reshape(narrow(vec.detach(), 0, start, p.count), p.shape);
    start += p.count;
  }
}
