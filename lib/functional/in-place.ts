/** Functions that change their tensor in place, where PyTorch has them besides the methods; the rest is in elementary.ts. */
import { neg } from './arithmetic';
import { square } from './pointwise';
import { round } from './rounding';

export const neg_ = neg.inPlace;
export const round_ = round.inPlace;
export const square_ = square.inPlace;
