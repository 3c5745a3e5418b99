/** Tensors written to parts of another, without recording. */
import { Op } from '../backend/ops.generated';
import { inPassing } from '../backend/scope';
import { COMPUTE } from '../dtype';
import { alias, stridesOf, type Tensor } from '../tensor';
import { launchInto, NONE } from './kernel';

/** In one launch; each has so much to say of each. */
const MOST = 64;

/** The slices of x from `start` on along `dim`, as many as there are in `shape`. */
export function slicesOf(x: Tensor, shape: readonly number[], dim: number, start: number): Tensor {
  const strides = stridesOf(x);
  return alias(x, shape, strides, x.offset + start * strides[dim]!);
}

/** Copies tensors one behind the other along `dim` of `whole`, which they fill. `make` makes views of them, for this alone. */
export function fillWith(whole: Tensor, dim: number, make: () => readonly Tensor[]): void {
  inPassing(() => {
    const tensors = make().filter((t) => t.count > 0);
    let start = 0;
    for (let i = 0; i < tensors.length; i += MOST) {
      const group = tensors.slice(i, i + MOST);
      const parts = group.map((t) => {
        const part = slicesOf(whole, t.shape, dim, start);
        start += t.shape[dim]!;
        return part;
      });
      launchInto(Op.copyParts, COMPUTE[whole.code]!, parts, group, NONE);
    }
  });
}
