/** Values of a normal distribution within bounds. */
import { noGrad } from '../autograd';
import { ArgumentError } from '../errors';
import { bindArguments, numberArgument } from '../functional/arguments';
import { where } from '../functional/where';
import type { Generator } from '../functional/random';
import { tensor } from '../functional/creation';
import { checkTensor, type Tensor } from '../tensor';

export interface TruncNormalOptions {
  /** 0. */
  mean?: number;
  /** 1. */
  std?: number;
  /** The lowest value (-2). */
  a?: number;
  /** The highest (2). */
  b?: number;
  generator?: Generator;
}

/** Below this part of the normal distribution, uniform candidates are drawn instead of normal ones. */
const RARE = 0.3;

/**
 * Normal, but within [a, b]: what lies outside is drawn again
 * (https://pytorch.org/docs/stable/nn.init.html#torch.nn.init.trunc_normal_).
 */
export function truncNormal_(
  t: Tensor,
  mean?: number,
  std?: number,
  a?: number,
  b?: number,
  options?: Pick<TruncNormalOptions, 'generator'>,
): Tensor;
export function truncNormal_(t: Tensor, options: TruncNormalOptions): Tensor;
export function truncNormal_(t: Tensor, ...given: readonly unknown[]): Tensor {
  const op = 'truncNormal_';
  checkTensor(op, t);
  const names = ['mean', 'std', 'a', 'b', 'generator'];
  const bound = bindArguments(op, names, given);
  const [mean, std, a, b] = [0, 1, -2, 2].map((otherwise, i) =>
    numberArgument(op, names[i]!, bound[i] ?? otherwise),
  ) as [number, number, number, number];
  if (!(std > 0)) throw new ArgumentError(`${op}: expected std to be a number > 0, got ${std}`);
  if (!(a < b)) throw new ArgumentError(`${op}: expected a to be less than b, got ${a} and ${b}`);
  const options = { generator: bound[4] as Generator | undefined };
  return noGrad(() => {
    if (partWithin((a - mean) / std, (b - mean) / std) > RARE) {
      // The bounds as the dtype has them: nothing else can be compared with its values.
      const [least, most] = [a, b].map((x) => tensor(x, { dtype: t.dtype }).item()) as [number, number];
      t.normal_(mean, std, options);
      const outside = () => t.lt(least).logicalOr(t.gt(most));
      for (let again = outside(); again.any().item(); again = outside())
        t.copy_(where(again, t.clone().normal_(mean, std, options), t));
      return t;
    }
    // Uniform candidates are accepted as often as the density says, relative to the highest in the bounds.
    const peak = logDensity((Math.max(a, Math.min(mean, b)) - mean) / std);
    const refused = (): Tensor => {
      const density = t.sub(mean).div(std).square().mul(-0.5).sub(peak);
      return density.clone().uniform_(0, 1, options).log().gt(density);
    };
    t.uniform_(a, b, options);
    let pending = refused();
    while (pending.any().item()) {
      t.copy_(where(pending, t.clone().uniform_(a, b, options), t));
      pending = pending.logicalAnd(refused());
    }
    return t;
  });
}

function logDensity(z: number): number {
  return -0.5 * z * z;
}

/** The part of a standard normal distribution within bounds. */
function partWithin(low: number, high: number): number {
  const below = tensor([low, high], { dtype: 'float64' }).div(Math.SQRT2).erf();
  return below.diff().item() / 2;
}
