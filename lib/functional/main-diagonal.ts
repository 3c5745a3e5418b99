/** Two dimensions of equal size seen as one: their diagonal. */
import { recordView } from '../autograd/view';
import { defineGradient } from '../autograd/node';
import type { Shape } from '../shape';
import { type Tensor, stridesOf } from '../tensor';
import { copy_ } from './copy';
import { fullOf } from './kernel';

interface Pair {
  readonly shape: Shape;
  readonly dim: number;
  readonly other: number;
}

// Zeros around the diagonal. Differentiable, being made of a view and a copy.
const Diagonal = defineGradient<Pair>('Diagonal', (grad, _, { shape, dim, other }) => {
  const whole = fullOf(shape, grad.code, grad.place, 0);
  copy_(mainDiagonal(whole, dim, other), grad);
  return [whole];
});

/** @internal x[..., i, ..., i, ...]: the dimension `other`, behind `dim`, disappears. Both are as long as the shorter one. */
export function mainDiagonal(x: Tensor, dim: number, other: number): Tensor {
  const strides = stridesOf(x);
  const length = Math.min(x.shape[dim]!, x.shape[other]!);
  const along = <T>(list: readonly T[], value: T): T[] =>
    list.map((n, i) => (i === dim ? value : n)).filter((_, i) => i !== other);
  const shape = along(x.shape, length);
  const layout = along(strides, strides[dim]! + strides[other]!);
  return recordView(x, shape, layout, x.offset, Diagonal, { shape: x.shape, dim, other }, (of) =>
    mainDiagonal(of, dim, other),
  );
}
