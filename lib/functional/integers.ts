/** Functions of whole numbers. */
import { binaryOp } from './kinds';
import { tensorsOnly } from './tensors-only';

const whole = { noFloat: true, noBool: true } as const;

/** The greatest common divisor. */
export const gcd = tensorsOnly('gcd', binaryOp('gcd', whole));
/** The least common multiple. */
export const lcm = tensorsOnly('lcm', binaryOp('lcm', whole));
/** x 2^y: bits that leave the dtype are lost. */
export const bitwiseLeftShift = binaryOp('bitwiseLeftShift', whole);
/** x 2^-y, rounded down. */
export const bitwiseRightShift = binaryOp('bitwiseRightShift', whole);

export const gcd_ = gcd.inPlace;
export const lcm_ = lcm.inPlace;
