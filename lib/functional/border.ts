/** Elements of an image repeated around it. */
import { ArgumentError, ShapeError } from '../errors';
import { showShape } from '../shape';
import type { Tensor } from '../tensor';
import { tensor } from './creation';
import { indexSelect } from './index-select';

export type BorderMode = 'reflect' | 'replicate' | 'circular';

/** Which element of a dimension of size n stands at place i, which may be beyond its ends. */
const SOURCES: Record<BorderMode, (i: number, n: number) => number> = {
  reflect: (i, n) => (i < 0 ? -i : i < n ? i : 2 * (n - 1) - i),
  replicate: (i, n) => Math.min(Math.max(i, 0), n - 1),
  circular: (i, n) => (i + n) % n,
};

/** @internal x with `before` and `behind` more elements at the ends of its last dimensions. */
export function bordered(
  op: string,
  x: Tensor,
  before: readonly number[],
  behind: readonly number[],
  mode: BorderMode,
): Tensor {
  const first = x.shape.length - before.length;
  if (first < 1) throw new ShapeError(`${op}: expected input with channels, got ${showShape(x.shape)}`);
  let out = x;
  before.forEach((a, i) => {
    const b = behind[i]!;
    const n = x.shape[first + i]!;
    const most = mode === 'replicate' ? (n > 0 ? Infinity : -1) : mode === 'reflect' ? n - 1 : n;
    if (Math.max(a, b) > most)
      throw new ArgumentError(
        `${op}: padding of ${a} and ${b} in mode '${mode}' is too large for ${showShape(x.shape)}`,
      );
    if (a + b === 0) return;
    const places = Array.from({ length: n + a + b }, (_, k) => SOURCES[mode](k - a, n));
    out = indexSelect(out, first + i, tensor(places, { dtype: 'int64', device: x.device }));
  });
  return out;
}
