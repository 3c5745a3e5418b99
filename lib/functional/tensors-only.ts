/** Functions of two operands that take no numbers, as their PyTorch namesakes. */
import { type Tensor, checkTensor } from '../tensor';
import type { BinaryFunction } from './kinds';

export interface TensorFunction {
  (x: Tensor, y: Tensor): Tensor;
  readonly inPlace: (x: Tensor, y: Tensor) => Tensor;
}

/** f of tensors. */
export function tensorsOnly(name: string, f: BinaryFunction): TensorFunction {
  const checked = (op: string, x: unknown, y: unknown): void => {
    checkTensor(op, x);
    checkTensor(op, y, 'other');
  };
  const call = (x: Tensor, y: Tensor): Tensor => {
    checked(name, x, y);
    return f(x, y);
  };
  const inPlaceName = `${name}_`;
  const inPlace = (x: Tensor, y: Tensor): Tensor => {
    checked(inPlaceName, x, y);
    return f.inPlace(x, y);
  };
  return Object.assign(call, { inPlace });
}
