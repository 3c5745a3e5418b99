/** The masks of multi-head attention: where bool, true hides; where floating, they are added to scores. */
import { Code, DTYPES, isFloatingCode } from '../../dtype';
import { DTypeError, ShapeError } from '../../errors';
import { add } from '../arithmetic';
import { cast } from '../cast';
import { cat } from '../join';
import { fullOf } from '../kernel';
import { reshape, unsqueeze } from '../view';
import { where } from '../where';
import { sameShape, showShape, type Shape } from '../../shape';
import { type Tensor, checkTensor } from '../../tensor';

/** What a call is about. */
export interface Sizes {
  readonly batch: number;
  readonly heads: number;
  readonly queries: number;
  readonly keys: number;
}

/** A mask as what is added to scores of the dtype. */
export function additive(op: string, name: string, mask: Tensor | null, code: number): Tensor | null {
  if (mask === null) return null;
  checkTensor(op, mask, name);
  if (mask.code === Code.bool) return cast(where(mask, -Infinity, fullOf([], code, mask.place, 0)), code);
  if (isFloatingCode(mask.code)) return cast(mask, code);
  throw new DTypeError(`${op}: expected ${name} to be bool or floating point, got ${DTYPES[mask.code]}`);
}

function checkShape(op: string, name: string, mask: Tensor, wanted: readonly Shape[]): void {
  if (wanted.some((shape) => sameShape(shape, mask.shape))) return;
  const shapes = wanted.map(showShape).join(' or ');
  throw new ShapeError(`${op}: expected ${name} of shape ${shapes}, got ${showShape(mask.shape)}`);
}

/** The mask with as many further keys that nobody hides. */
function widened(mask: Tensor, more: number): Tensor {
  if (more === 0) return mask;
  return cat([mask, fullOf([...mask.shape.slice(0, -1), more], mask.code, mask.place, 0)], -1);
}

/**
 * Both masks in one, which broadcasts to scores [batch, heads, queries, keys + more]: `attention` is [queries, keys] or
 * [batch heads, queries, keys], `padding` [batch, keys].
 */
export function merged(
  op: string,
  attention: Tensor | null,
  padding: Tensor | null,
  sizes: Sizes,
  more: number,
): Tensor | null {
  const { batch, heads, queries, keys } = sizes;
  let scores: Tensor | null = null;
  if (attention !== null) {
    checkShape(op, 'attnMask', attention, [
      [queries, keys],
      [batch * heads, queries, keys],
    ]);
    scores = widened(attention, more);
    if (attention.shape.length === 3) scores = reshape(scores, batch, heads, queries, keys + more);
  }
  if (padding === null) return scores;
  checkShape(op, 'keyPaddingMask', padding, [[batch, keys]]);
  const hidden = unsqueeze(unsqueeze(widened(padding, more), 1), 1);
  return scores === null ? hidden : add(scores, hidden);
}
