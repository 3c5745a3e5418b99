/** What a tensor is, as functions. */
import { DTYPES, isFloatingCode, type DType } from '../dtype';
import { type Tensor, checkTensor } from '../tensor';
import { promotedCode, type Operand } from './kinds';

/** The dtype that arithmetic on two operands has (https://pytorch.org/docs/stable/generated/torch.result_type.html). */
export function resultType(x: Operand, y: Operand): DType {
  return DTYPES[promotedCode('resultType', x, y)]!;
}

/** The number of elements. */
export function numel(x: Tensor): number {
  checkTensor('numel', x);
  return x.count;
}

export function isFloatingPoint(x: Tensor): boolean {
  checkTensor('isFloatingPoint', x);
  return isFloatingCode(x.code);
}

export function isSigned(x: Tensor): boolean {
  checkTensor('isSigned', x);
  return x.dtype !== 'uint8' && x.dtype !== 'bool';
}
