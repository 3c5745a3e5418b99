/** Functions that change their tensor in place, where PyTorch has them besides the methods. */
import * as pointwise from './pointwise';

export const abs_ = pointwise.abs.inPlace;
export const neg_ = pointwise.neg.inPlace;
export const floor_ = pointwise.floor.inPlace;
export const ceil_ = pointwise.ceil.inPlace;
export const round_ = pointwise.round.inPlace;
export const trunc_ = pointwise.trunc.inPlace;
export const square_ = pointwise.square.inPlace;
export const reciprocal_ = pointwise.reciprocal.inPlace;
export const sqrt_ = pointwise.sqrt.inPlace;
export const rsqrt_ = pointwise.rsqrt.inPlace;
export const exp_ = pointwise.exp.inPlace;
export const expm1_ = pointwise.expm1.inPlace;
export const log_ = pointwise.log.inPlace;
export const log1p_ = pointwise.log1p.inPlace;
export const log2_ = pointwise.log2.inPlace;
export const log10_ = pointwise.log10.inPlace;
export const sin_ = pointwise.sin.inPlace;
export const cos_ = pointwise.cos.inPlace;
export const tan_ = pointwise.tan.inPlace;
export const tanh_ = pointwise.tanh.inPlace;
export const sigmoid_ = pointwise.sigmoid.inPlace;
export const relu_ = pointwise.relu.inPlace;
export const erf_ = pointwise.erf.inPlace;
