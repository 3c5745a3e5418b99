/** Comparisons and predicates: their results are booleans and have no gradient. */
import { type Tensor, checkTensor } from '../tensor';
import { compareOp, predicateOp, truthInPlace } from './kinds';

interface LogicalFunction {
  (x: Tensor, y: Tensor): Tensor;
  readonly inPlace: (x: Tensor, y: Tensor) => Tensor;
}

/** Takes tensors only. */
function logicalOp(name: 'logicalAnd' | 'logicalOr' | 'logicalXor'): LogicalFunction {
  const op = compareOp(name);
  const call = (x: Tensor, y: Tensor): Tensor => {
    checkTensor(name, x);
    checkTensor(name, y, 'other');
    return op(x, y);
  };
  return Object.assign(call, { inPlace: truthInPlace(`${name}_`, call) });
}

export const eq = compareOp('eq');
export const ne = compareOp('ne');
export const lt = compareOp('lt');
export const le = compareOp('le');
export const gt = compareOp('gt');
export const ge = compareOp('ge');
export const logicalAnd = logicalOp('logicalAnd');
export const logicalOr = logicalOp('logicalOr');
export const logicalXor = logicalOp('logicalXor');
const not = predicateOp('logicalNot');
export const logicalNot = Object.assign(not, { inPlace: truthInPlace('logicalNot_', not) });
export const isnan = predicateOp('isnan');
export const isinf = predicateOp('isinf');
export const isfinite = predicateOp('isfinite');
