/** Sums of products over chosen dimensions of two tensors. */
import { Code } from '../dtype';
import { ArgumentError, DTypeError, ShapeError, describe } from '../errors';
import { MAX_RANK, numelOf, showShape, wrapDim } from '../shape';
import { type Tensor, checkTensor } from '../tensor';
import { bindArguments } from './arguments';
import { gathered } from './devices';
import { mm } from './matmul';
import { underName } from './node-name';
import { sum } from './reduce';
import { permute, reshape } from './view';

/** @internal Summed over `dimsA` of a and, in their order, `dimsB` of b; sizes of 1 broadcast. */
export function contractedProduct(
  op: string,
  a: Tensor,
  b: Tensor,
  dimsA: readonly number[],
  dimsB: readonly number[],
): Tensor {
  if (a.place !== b.place) [a, b] = gathered(op, a, b);
  if (a.code !== b.code)
    throw new DTypeError(`${op}: expected operands of one dtype, got ${a.dtype} and ${b.dtype}`);
  if (a.code === Code.bool) throw new DTypeError(`${op}: not defined for bool`);
  dimsA.forEach((d, i) => {
    const [n, m] = [a.shape[d]!, b.shape[dimsB[i]!]!];
    if (n !== m && n !== 1 && m !== 1)
      throw new ShapeError(
        `${op}: sizes differ: ${n} in dimension ${d} of ${showShape(a.shape)}, ${m} in dimension ${dimsB[i]} of ${showShape(b.shape)}`,
      );
  });
  // What meets a size of 1 is summed before.
  const alone = (x: Tensor, dims: readonly number[], y: Tensor, others: readonly number[]): Tensor => {
    const over = dims.filter((d, i) => x.shape[d] !== 1 && y.shape[others[i]!] === 1);
    return over.length === 0 ? x : sum(x, over, true, { dtype: x.dtype });
  };
  const [x, y] = [alone(a, dimsA, b, dimsB), alone(b, dimsB, a, dimsA)];
  const free = (t: Tensor, dims: readonly number[]): number[] =>
    t.shape.map((_, i) => i).filter((i) => !dims.includes(i));
  const [freeX, freeY] = [free(x, dimsA), free(y, dimsB)];
  const shape = [...freeX.map((d) => x.shape[d]!), ...freeY.map((d) => y.shape[d]!)];
  if (shape.length > MAX_RANK)
    throw new ShapeError(`${op}: expected at most ${MAX_RANK} dimensions, got ${shape.length}`);
  const k = numelOf(dimsA.map((d) => x.shape[d]!));
  const rows = reshape(permute(x, [...freeX, ...dimsA]), [numelOf(shape.slice(0, freeX.length)), k]);
  const columns = reshape(permute(y, [...dimsB, ...freeY]), [k, numelOf(shape.slice(freeX.length))]);
  return underName('View', reshape(mm(rows, columns), shape));
}

function dimsOf(t: Tensor, list: unknown): number[] {
  const dims = Array.from(Array.isArray(list) ? (list as unknown[]) : [list], (d) =>
    wrapDim('tensordot', d, t.shape.length),
  );
  dims.forEach((d, i) => {
    if (dims.indexOf(d) !== i) throw new ArgumentError(`tensordot: dim ${d} appears more than once`);
  });
  return dims;
}

type DimPairs = readonly [a: readonly number[], b: readonly number[]];

/**
 * Sums of products over the last `dims` dimensions of a and the first of b, or over those that two lists name
 * (https://pytorch.org/docs/stable/generated/torch.tensordot.html).
 */
export function tensordot(a: Tensor, b: Tensor, dims?: number | DimPairs): Tensor;
export function tensordot(a: Tensor, b: Tensor, options: { dims?: number | DimPairs }): Tensor;
export function tensordot(a: Tensor, b: Tensor, ...given: readonly unknown[]): Tensor {
  checkTensor('tensordot', a);
  checkTensor('tensordot', b, 'other');
  const [dims = 2] = bindArguments('tensordot', ['dims'], given);
  if (Array.isArray(dims)) {
    if (dims.length !== 2)
      throw new ArgumentError(`tensordot: expected two lists of dims, got ${describe(dims)}`);
    const [dimsA, dimsB] = [dimsOf(a, dims[0]), dimsOf(b, dims[1])];
    if (dimsA.length !== dimsB.length)
      throw new ArgumentError(
        `tensordot: expected as many dims of one as of the other, got ${dimsA.length} and ${dimsB.length}`,
      );
    return contractedProduct('tensordot', a, b, dimsA, dimsB);
  }
  const [ra, rb] = [a.shape.length, b.shape.length];
  if (typeof dims !== 'number' || !Number.isInteger(dims) || dims < 0 || dims > ra || dims > rb)
    throw new ArgumentError(
      `tensordot: expected dims to be two lists or a number from 0 to ${Math.min(ra, rb)}, got ${describe(dims)}`,
    );
  const first = Array.from({ length: dims }, (_, i) => i);
  return contractedProduct(
    'tensordot',
    a,
    b,
    first.map((i) => ra - dims + i),
    first,
  );
}
