/** Whether tensors are equal, or nearly so. */
import { Code } from '../dtype';
import { ArgumentError, DTypeError, describe } from '../errors';
import { sameShape } from '../shape';
import { type Tensor, checkTensor } from '../tensor';
import { booleanArgument, named } from './arguments';
import { eq, isfinite, isnan, le, logicalAnd, logicalOr } from './compare';
import { item } from './convert';
import { add, mul, sub } from './arithmetic';
import { abs } from './elementary';
import { all } from './reduce';

/** Whether shapes and all elements are equal; NaN is not equal to itself. */
export function equal(x: Tensor, other: Tensor): boolean {
  checkTensor('equal', x);
  checkTensor('equal', other, 'other');
  return sameShape(x.shape, other.shape) && item(all(eq(x, other))) !== 0;
}

type Closeness = [other: Tensor, rtol?: number, atol?: number, equalNan?: boolean];
interface ClosenessOptions {
  rtol?: number;
  atol?: number;
  equalNan?: boolean;
}
const NAMES = ['other', 'rtol', 'atol', 'equalNan'] as const;

function close(op: string, x: Tensor, y: Tensor, rtol = 1e-5, atol = 1e-8, equalNan = false): Tensor {
  checkTensor(op, x);
  checkTensor(op, y, 'other');
  if (x.code !== y.code)
    throw new DTypeError(`${op}: expected tensors of one dtype, got ${x.dtype} and ${y.dtype}`);
  for (const [name, value] of Object.entries({ rtol, atol }))
    if (typeof value !== 'number' || !(value >= 0))
      throw new ArgumentError(`${op}: expected ${name} to be a number >= 0, got ${describe(value)}`);
  booleanArgument(op, 'equalNan', equalNan, false);
  const same = eq(x, y);
  if (x.code === Code.bool) return same;
  const difference = abs(sub(x, y));
  const allowed = add(mul(abs(y), rtol), atol);
  const near = logicalOr(same, logicalAnd(isfinite(difference), le(difference, allowed)));
  return equalNan ? logicalOr(near, logicalAnd(isnan(x), isnan(y))) : near;
}

/** |x - y| <= atol + rtol |y|, element by element. */
export const isclose = named<Closeness, ClosenessOptions & { other?: Tensor }, Tensor>(
  'isclose',
  NAMES,
  (x, ...rest) => close('isclose', x, ...rest),
);

/** Whether `isclose` holds everywhere. */
export const allclose = named<Closeness, ClosenessOptions & { other?: Tensor }, boolean>(
  'allclose',
  NAMES,
  (x, ...rest) => item(all(close('allclose', x, ...rest))) !== 0,
);
