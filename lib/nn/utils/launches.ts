import type { Tensor } from '../../tensor';

/** So many gradients fit in one launch. */
const LAUNCH = 480;

/** @internal Tensors that can go in one launch, together: of one dtype, on one device, and not too many. */
export function inLaunches(tensors: readonly Tensor[]): Tensor[][] {
  const groups = new Map<number, Tensor[][]>();
  for (const t of tensors) {
    const key = t.place * 16 + t.code;
    const lists = groups.get(key);
    const last = lists?.[lists.length - 1];
    if (lists === undefined) groups.set(key, [[t]]);
    else if (last!.length === LAUNCH) lists.push([t]);
    else last!.push(t);
  }
  return [...groups.values()].flat();
}
