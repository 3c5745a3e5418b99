/** Comparisons and predicates: their results are booleans and have no gradient. */
import { compareOp, predicateOp, truthInPlace } from './kinds';

export const eq = compareOp('eq');
export const ne = compareOp('ne');
export const lt = compareOp('lt');
export const le = compareOp('le');
export const gt = compareOp('gt');
export const ge = compareOp('ge');
export const logicalAnd = compareOp('logicalAnd');
export const logicalOr = compareOp('logicalOr');
export const logicalXor = compareOp('logicalXor');
const not = predicateOp('logicalNot');
export const logicalNot = Object.assign(not, { inPlace: truthInPlace('logicalNot_', not) });
export const isnan = predicateOp('isnan');
export const isinf = predicateOp('isinf');
export const isfinite = predicateOp('isfinite');
