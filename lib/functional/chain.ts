/** The product of several matrices. */
import { ArgumentError, ShapeError } from '../errors';
import { showShape } from '../shape';
import { type Tensor, checkTensor } from '../tensor';
import { clone } from './copy';
import { mm } from './matmul';
import { underName } from './node-name';

/**
 * Where to split each part of a chain of matrices of sizes[i] by sizes[i + 1], so that the fewest multiplications are
 * needed: the classic dynamic programme (Cormen et al., Introduction to Algorithms, 15.2).
 */
function bestSplits(sizes: readonly number[]): number[][] {
  const n = sizes.length - 1;
  const table = (): number[][] => Array.from({ length: n }, () => new Array<number>(n).fill(0));
  const [cost, split] = [table(), table()];
  for (let length = 2; length <= n; length++)
    for (let i = 0; i + length <= n; i++) {
      const j = i + length - 1;
      cost[i]![j] = Infinity;
      for (let k = i; k < j; k++) {
        const c = cost[i]![k]! + cost[k + 1]![j]! + sizes[i]! * sizes[k + 1]! * sizes[j + 1]!;
        if (c < cost[i]![j]!) [cost[i]![j], split[i]![j]] = [c, k];
      }
    }
  return split;
}

/** @internal The product of matrices whose sizes fit, in the cheapest order. */
export function chainProduct(matrices: readonly Tensor[]): Tensor {
  const splits = bestSplits([matrices[0]!.shape[0]!, ...matrices.map((m) => m.shape[1]!)]);
  const product = (i: number, j: number): Tensor =>
    i === j ? matrices[i]! : mm(product(i, splits[i]![j]!), product(splits[i]![j]! + 1, j));
  return product(0, matrices.length - 1);
}

/** The product of matrices, multiplied in the cheapest order (https://pytorch.org/docs/stable/generated/torch.chain_matmul.html). */
export function chainMatmul(...matrices: readonly Tensor[]): Tensor {
  if (matrices.length === 0) throw new ArgumentError('chainMatmul: expected at least one matrix');
  matrices.forEach((m, i) => {
    checkTensor('chainMatmul', m, `matrix ${i}`);
    if (m.shape.length !== 2)
      throw new ShapeError(`chainMatmul: expected matrices, got shape ${showShape(m.shape)}`);
    if (i > 0 && matrices[i - 1]!.shape[1] !== m.shape[0])
      throw new ShapeError(
        `chainMatmul: inner sizes differ: ${showShape(matrices[i - 1]!.shape)} @ ${showShape(m.shape)}`,
      );
  });
  return matrices.length === 1 ? clone(matrices[0]!) : underName('View', chainProduct(matrices));
}
