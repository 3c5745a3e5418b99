/** What becomes of single losses. */
import { isFloatingCode } from '../../dtype';
import { ArgumentError, DTypeError, describe } from '../../errors';
import type { Tensor } from '../../tensor';
import { mean, sum } from '../reduce';

/** Their mean, their sum, or themselves. */
export type Reduction = 'mean' | 'sum' | 'none';

const REDUCTIONS: readonly Reduction[] = ['none', 'mean', 'sum'];

export const MEAN = 1;
export const SUM = 2;

/** @internal The number that kernels know a reduction by. */
export function reductionCode(op: string, reduction: unknown): number {
  const code = REDUCTIONS.indexOf((reduction ?? 'mean') as Reduction);
  if (code < 0)
    throw new ArgumentError(
      `${op}: expected reduction to be 'mean', 'sum' or 'none', got ${describe(reduction)}`,
    );
  return code;
}

/** @internal */
export function reduced(op: string, losses: Tensor, reduction: number): Tensor {
  if (reduction === SUM) return sum(losses);
  if (reduction !== MEAN) return losses;
  if (!isFloatingCode(losses.code))
    throw new DTypeError(`${op}: expected floating point for a mean, got ${losses.dtype}`);
  return mean(losses);
}
