/** The p-norms of windows. */
import { Code, defaultDtypeCode, isFloatingCode } from '../../dtype';
import { ArgumentError } from '../../errors';
import type { Tensor } from '../../tensor';
import { booleanArgument, named, numberArgument } from '../arguments';
import { mul, neg } from '../arithmetic';
import { cast } from '../cast';
import { abs, relu, sign } from '../elementary';
import { pow } from '../pointwise';
import { perDim, type PerDim } from '../spatial';
import { averagePool } from './average-pool';
import { maxPool1d, maxPool2d, maxPool3d } from './max-pool';
import { checkPlanes, type Dims } from './windows';

type Positions = [normType: number, kernelSize: PerDim, stride?: PerDim | null, ceilMode?: boolean];

export interface LPPoolOptions {
  normType?: number;
  kernelSize?: PerDim;
  /** The distance of windows (the kernel's size). */
  stride?: PerDim | null;
  /** Whether a window may reach beyond the input. */
  ceilMode?: boolean;
}

const MAX_POOLS = { 1: maxPool1d, 2: maxPool2d, 3: maxPool3d } as const;

const lpPool = (dims: Dims) => {
  const op = `lpPool${dims}d`;
  return named<Positions, LPPoolOptions, Tensor>(
    op,
    ['normType', 'kernelSize', 'stride', 'ceilMode'],
    (input, normType, kernelSize, stride, ceilMode) => {
      checkPlanes(op, input, dims);
      const p = numberArgument(op, 'normType', normType);
      if (p === 0) throw new ArgumentError(`${op}: expected normType to be other than 0`);
      if (p === Infinity || p === -Infinity) {
        const ceiling = booleanArgument(op, 'ceilMode', ceilMode, false);
        const largest = (x: Tensor): Tensor =>
          MAX_POOLS[dims](x, kernelSize, stride ?? null, 0, 1, ceiling, false);
        return p > 0 ? largest(abs(input)) : neg(largest(neg(abs(input))));
      }
      // With a whole p, PyTorch's means of int64 are whole as well.
      const whole = input.code === Code.int64 && Number.isInteger(p);
      const x = isFloatingCode(input.code) || whole ? input : cast(input, defaultDtypeCode());
      const count = perDim(op, 'kernelSize', kernelSize, dims, 1).reduce((n, k) => n * k, 1);
      const means = averagePool(op, dims, pow(x, p), kernelSize, stride, 0, ceilMode);
      return pow(mul(mul(sign(means), relu(abs(means))), count), 1 / p);
    },
  );
};

/**
 * (sum of x^p)^(1/p) over windows of [N, C, L] or [C, L]
 * (https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.lp_pool1d.html).
 */
export const lpPool1d = lpPool(1);
/**
 * (sum of x^p)^(1/p) over windows of [N, C, H, W] or [C, H, W]
 * (https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.lp_pool2d.html).
 */
export const lpPool2d = lpPool(2);
/**
 * (sum of x^p)^(1/p) over windows of [N, C, D, H, W] or [C, D, H, W]
 * (https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.lp_pool3d.html).
 */
export const lpPool3d = lpPool(3);
