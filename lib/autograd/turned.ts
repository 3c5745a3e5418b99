/** Tensors that became views of themselves in place (`t_`): views made before find them again as they were. */
import { sameShape, type Shape } from '../shape';
import type { Tensor, ViewInfo } from '../tensor';
import { arithmetic } from './arithmetic';

/** What a tensor is after such changes, or was. */
export interface Form {
  readonly shape: Shape;
  /** Of each dimension of a size other than 1: which of them it was when the tensor was made. null: they are as made. */
  readonly order: readonly number[] | null;
}

/** What t is now, for a view that is made of it. */
export function formOf({ shape, order }: Tensor): Form {
  return { shape, order };
}

const sized = (shape: Shape): number[] => [...shape.keys()].filter((d) => shape[d] !== 1);

/** The order of the dimensions of x after two of them were exchanged. */
export function exchanged({ shape, order }: Form, a: number, b: number): readonly number[] | null {
  const before = sized(shape);
  const swapped = (d: number): number => (d === a ? b : d === b ? a : d);
  const after = [...shape.keys()].map(swapped).filter((d) => shape[d] !== 1);
  const now = after.map((d) => before.indexOf(d)).map((i) => order?.[i] ?? i);
  return now.every((label, i) => label === i) ? null : now;
}

/** x, which has the form `from`, as a view of the form `to` that the same tensor had or came to have. */
export function inForm(x: Tensor, from: Form, to: Form): Tensor {
  if (from.order === to.order && sameShape(from.shape, to.shape)) return x;
  const labels = sized(from.shape).map((_, i) => from.order?.[i] ?? i);
  return arithmetic.rearranged(
    x,
    labels.map((_, i) => labels.indexOf(to.order?.[i] ?? i)),
    to.shape,
  );
}

/** The view that was made as `replay` makes it, in the form that it has now. */
function made(view: Tensor, now: Form): Tensor {
  return inForm(view, { shape: view.shape, order: null }, now);
}

/** The view again that t is, as it now is, of what it is a view of. */
export function viewAgain(t: Tensor, { of, replay, form }: ViewInfo): Tensor {
  return made(replay(inForm(of, formOf(of), form)), formOf(t));
}

/** The chain of views from t's root to t, both as they now are, as a function of tensors of the root's shape. */
export function regionOf(t: Tensor): (root: Tensor) => Tensor {
  const chain: ((x: Tensor) => Tensor)[] = [];
  let form = formOf(t);
  let x = t;
  for (let view = t.viewInfo; view !== null; view = x.viewInfo) {
    const { replay } = view;
    const now = form;
    chain.unshift((of) => made(replay(of), now));
    form = view.form;
    x = view.of;
  }
  const [now, then] = [formOf(x), form];
  return (root) => chain.reduce((of, look) => look(of), inForm(root, now, then));
}
