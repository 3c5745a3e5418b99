/** The few operations the engine itself needs. The functional layer, which stands above it, provides them. */
import type { Tensor } from '../tensor';
import type { Shape } from '../shape';

export interface Arithmetic {
  add(a: Tensor, b: Tensor): Tensor;
  /** a += b, without recording. */
  accumulate(a: Tensor, b: Tensor): void;
  /** The sum of what was broadcast from `shape`. */
  sumTo(t: Tensor, shape: Shape): Tensor;
  /** t as a dtype, on the device of a place. */
  cast(t: Tensor, code: number, place: number): Tensor;
  /** Contiguous, of its own storage. */
  clone(t: Tensor): Tensor;
  full(shape: Shape, code: number, place: number, value: number): Tensor;
  /** A view of all of t that autograd knows nothing of. */
  detach(t: Tensor): Tensor;
  copyInto(to: Tensor, from: Tensor): void;
  /** A view: t's dimensions of a size other than 1 in the order `dims`, in a shape with other dimensions of size 1. */
  rearranged(t: Tensor, dims: readonly number[], shape: Shape): Tensor;
  hasNan(t: Tensor): boolean;
  /** In a new first dimension. */
  stack(tensors: readonly Tensor[]): Tensor;
}

export let arithmetic: Arithmetic;

export function provideArithmetic(implementation: Arithmetic): void {
  arithmetic = implementation;
}
