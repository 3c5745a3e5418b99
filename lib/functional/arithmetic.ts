/** The four operations and the sign, element by element: what derivatives are written with. */
import { binaryOp, unaryOp } from './kinds';

export const neg = unaryOp('neg', { noBool: true, gradient: 'Neg', backward: (g) => neg(g) });
export const add = binaryOp('add', { gradient: 'Add', backward: [(g) => g, (g) => g] });
export const sub = binaryOp('sub', {
  noBoolOperand: true,
  gradient: 'Sub',
  gradientOfNumber: 'Rsub',
  backward: [(g) => g, (g) => neg(g)],
});
export const mul = binaryOp('mul', {
  wideNumbers: true,
  gradient: 'Mul',
  keep: ['ifOther', 'ifOther'],
  backward: [(g, { y }) => mul(g, y), (g, { x }) => mul(g, x)],
});
export const div = binaryOp('div', {
  wideNumbers: true,
  gradient: 'Div',
  gradientOfNumber: 'Mul', // PyTorch multiplies the reciprocal
  keep: ['ifOther', 'always'],
  backward: [(g, { y }) => div(g, y), (g, { x, y }) => neg(mul(g, div(div(x, y), y)))],
});
