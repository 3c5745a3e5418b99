/** Matrices of powers. */
import { Op } from '../backend/ops.generated';
import { COMPUTE, Code, isFloatingCode } from '../dtype';
import { ArgumentError, ShapeError } from '../errors';
import { showShape } from '../shape';
import { type Tensor, checkTensor } from '../tensor';
import { bindArguments, booleanArgument, integerArgument } from './arguments';
import { cast } from './cast';
import { generate } from './kernel';
import { underName } from './node-name';
import { pow } from './pointwise';
import { unsqueeze } from './view';

export interface VanderOptions {
  /** The number of columns: that of rows if nothing is said. */
  N?: number | null;
  /** From the power 0 upwards, not down to it. */
  increasing?: boolean;
}

/** Vandermonde's matrix: the powers of a vector's elements; of integers as int64 (https://pytorch.org/docs/stable/generated/torch.vander.html). */
export function vander(x: Tensor, N?: number | null, increasing?: boolean): Tensor;
export function vander(x: Tensor, options: VanderOptions): Tensor;
export function vander(x: Tensor, N: number | null, options: Omit<VanderOptions, 'N'>): Tensor;
export function vander(x: Tensor, ...given: readonly unknown[]): Tensor {
  checkTensor('vander', x);
  const [columns = null, upwards] = bindArguments('vander', ['N', 'increasing'], given);
  const increasing = booleanArgument('vander', 'increasing', upwards, false);
  if (x.shape.length !== 1)
    throw new ShapeError(`vander: expected a vector, got shape ${showShape(x.shape)}`);
  const n = columns === null ? x.count : integerArgument('vander', 'N', columns);
  if (n < 0) throw new ArgumentError(`vander: expected N >= 0, got ${n}`);
  const base = isFloatingCode(x.code) ? x : cast(x, Code.int64);
  const range = increasing ? [0, 1] : [n - 1, -1];
  const exponents = generate(Op.arange, COMPUTE[Code.int64]!, [n], Code.int64, x.place, range);
  const out = pow(unsqueeze(base, 1), exponents);
  return increasing ? out : underName('Flip', out);
}
