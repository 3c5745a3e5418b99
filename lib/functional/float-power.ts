/** Powers in double precision. */
import { Code } from '../dtype';
import { DTypeError } from '../errors';
import { Tensor, checkTensor } from '../tensor';
import { cast } from './cast';
import { kernelOperand, promotedCode, type Operand } from './kinds';
import { pow, pow_ } from './pointwise';

const double = (x: Operand): Operand => (x instanceof Tensor ? cast(x, Code.float64) : x);

/** x to the power of y, as float64 whatever they are (https://pytorch.org/docs/stable/generated/torch.float_power.html). */
export function floatPower(x: Operand, exponent: Operand): Tensor {
  kernelOperand('floatPower', x, 'input');
  kernelOperand('floatPower', exponent, 'exponent');
  promotedCode('floatPower', x, exponent); // one of them is a tensor
  return pow(double(x), double(exponent));
}

/** `floatPower` of a float64 tensor, in place. */
export function floatPower_(x: Tensor, exponent: Operand): Tensor {
  checkTensor('floatPower_', x);
  kernelOperand('floatPower_', exponent, 'exponent');
  if (x.code !== Code.float64)
    throw new DTypeError(`floatPower_: the result is float64, which ${x.dtype} can't hold`);
  return pow_(x, double(exponent));
}
