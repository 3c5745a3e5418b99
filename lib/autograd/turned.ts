/** Tensors that became views of themselves in place (`t_`): views made before that find them again as they were. */
import type { Tensor, ViewInfo } from '../tensor';

type Look = (x: Tensor) => Tensor;

/** For each, the ways back from what it became, in the order in which it did. */
const turns = new WeakMap<Tensor, Look[]>();
/** Whether there was ever one: views ask. */
let any = false;

/** How often t became another view of itself. */
export function turnsOf(t: Tensor): number {
  return any ? (turns.get(t)?.length ?? 0) : 0;
}

/** Notes that t became another view of itself, and the view that leads back. */
export function noteTurn(t: Tensor, back: Look): void {
  any = true;
  const ways = turns.get(t);
  if (ways === undefined) turns.set(t, [back]);
  else ways.push(back);
}

/** The view again, of a tensor of the shape that `view.of` has now. */
export function viewAgain(view: ViewInfo, of: Tensor): Tensor {
  if (!any) return view.replay(of);
  const ways = turns.get(view.of)?.slice(view.turns) ?? [];
  return view.replay(ways.reduceRight((x, back) => back(x), of));
}
