/** The remainder as C has it. */
import { type Tensor, checkTensor } from '../tensor';
import { mul, neg } from './arithmetic';
import { binaryOp, type Operand } from './kinds';
import { divRounded } from './pointwise';

const rest = binaryOp('fmod', {
  noBool: true,
  gradient: 'Fmod',
  keep: ['ifOther', 'always'],
  backward: [(g) => g, (g, { x, y }) => neg(mul(g, divRounded(x, y, { roundingMode: 'trunc' })))],
});

/** What x divided by y leaves, of x's sign (https://pytorch.org/docs/stable/generated/torch.fmod.html). */
export function fmod(x: Tensor, y: Operand): Tensor {
  checkTensor('fmod', x);
  return rest(x, y);
}

/** `fmod`, in place. */
export const fmod_ = rest.inPlace;
