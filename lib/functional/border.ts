/** Elements of an image repeated around it. */
import { Code } from '../dtype';
import type { Tensor } from '../tensor';
import { cast } from './cast';
import { fromNumpy } from './creation';
import { indexSelect } from './index-select';
import { placesArray } from './places';

export type BorderMode = 'reflect' | 'replicate' | 'circular';

/**
 * Which element of a dimension of size n stands at place i, which may be beyond its ends; negative amounts are cut off,
 * and not gone round to.
 */
const SOURCES: Record<BorderMode, (i: number, n: number, before: number, behind: number) => number> = {
  reflect: (i, n) => (i < 0 ? -i : i < n ? i : 2 * (n - 1) - i),
  replicate: (i, n) => Math.min(Math.max(i, 0), n - 1),
  circular: (i, n, before, behind) => {
    const first = Math.max(-before, 0);
    const left = n - first - Math.max(-behind, 0);
    return first + ((((i - first) % left) + left) % left);
  },
};

/** @internal x with so many more elements, or fewer, at the ends of a dimension. */
export function borderedAlong(
  x: Tensor,
  dim: number,
  before: number,
  behind: number,
  mode: BorderMode,
): Tensor {
  const n = x.shape[dim]!;
  const places = placesArray('pad', n + before + behind);
  for (let k = 0; k < places.length; k++) places[k] = BigInt(SOURCES[mode](k - before, n, before, behind));
  return indexSelect(x, dim, cast(fromNumpy(places), Code.int64, x.place));
}
