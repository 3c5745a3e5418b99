/** Tensors that became views of themselves in place (`t_`): views made before that find them again as they were. */
import type { Tensor, ViewInfo } from '../tensor';

type Look = (x: Tensor) => Tensor;

/**
 * What a tensor was from one such change to the next. Views hold that of when they were made, each holds the one that came
 * after it: what no view needs any more is collected.
 */
export interface Turn {
  /** The way back from what the tensor became next. */
  back: Look | null;
  next: Turn | null;
}

/** What t is now, for a view that is made of it. */
export function turnOf(t: Tensor): Turn {
  return (t.turn ??= { back: null, next: null });
}

/** Notes that t became another view of itself, and the view that leads back; without views of it there is nobody to tell. */
export function noteTurn(t: Tensor, back: Look): void {
  if (t.turn === null) return;
  const next: Turn = { back: null, next: null };
  Object.assign(t.turn, { back, next });
  t.turn = next;
}

/** The view again, of a tensor of the shape that `view.of` has now. */
export function viewAgain(view: ViewInfo, of: Tensor): Tensor {
  const ways: Look[] = [];
  for (let turn = view.turn; turn.next !== null; turn = turn.next) ways.push(turn.back!);
  return view.replay(ways.reduceRight((x, back) => back(x), of));
}
