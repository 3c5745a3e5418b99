/** Powers and exponentials of matrices, and products of several. */
import { defineGradient, record } from '../../autograd/node';
import { ArgumentError, ShapeError, describe } from '../../errors';
import { showShape } from '../../shape';
import { checkTensor, type Tensor } from '../../tensor';
import { integerArgument, named } from '../arguments';
import { chainProduct } from '../chain';
import { cat } from '../join';
import { clone } from '../copy';
import { zerosOf } from '../kernel';
import { matmul } from '../matmul';
import { expand, narrow, reshape, unsqueeze } from '../view';
import { batchOf, checkSquare, checkSquareShape, decompose, identity, transposed } from './matrices';
import { inv } from './solve';

const matrixPowerOp = (op: string) =>
  named<[n: number], { n?: number }, Tensor>(op, ['n'], (x, n) => {
    checkTensor(op, x);
    checkSquareShape(op, x);
    integerArgument(op, 'n', n);
    if (n < 0) return power(inv(x), -n);
    const size = x.shape[x.shape.length - 1]!;
    return n === 0 ? clone(expand(identity(size, x), [...batchOf(x), size, size])) : power(x, n);
  });

/** By squaring; n is at least 1. */
function power(x: Tensor, n: number): Tensor {
  if (n === 1) return clone(x);
  let square = x;
  let out: Tensor | null = null;
  for (let rest = n; ; square = matmul(square, square)) {
    if (rest % 2 === 1) out = out === null ? square : matmul(out, square);
    rest = Math.floor(rest / 2);
    if (rest === 0) return out!;
  }
}

/** The product of n of a matrix, of its inverse if n is negative (https://pytorch.org/docs/stable/generated/torch.linalg.matrix_power.html). */
export const linalgMatrixPower = matrixPowerOp('linalg.matrixPower');
/** `linalg.matrixPower`. */
export const matrixPower = matrixPowerOp('matrixPower');

// The exponential of [[Aᵀ, G], [0, Aᵀ]] has the gradient in its corner (https://doi.org/10.1109/TAC.1978.1101743).
const MatrixExp = defineGradient('LinalgMatrixExp', (grad, node) => {
  const a = transposed(node.input(0));
  const n = a.shape[a.shape.length - 1]!;
  const block = cat([cat([a, grad], -1), cat([zerosOf(a), a], -1)], -2);
  return [narrow(narrow(exponential(block), -2, 0, n), -1, n, n)];
});

function exponential(x: Tensor): Tensor {
  return record(decompose('matrixExp', [x.shape], [x.code], [x])[0]!, MatrixExp, [x], [x], null);
}

/** The exponential of square matrices (https://pytorch.org/docs/stable/generated/torch.linalg.matrix_exp.html). */
export function matrixExp(x: Tensor): Tensor {
  checkSquare('linalg.matrixExp', x);
  return exponential(x);
}

function checkFactors(op: string, tensors: unknown): asserts tensors is readonly Tensor[] {
  if (!Array.isArray(tensors) || tensors.length < 2)
    throw new ArgumentError(`${op}: expected a list of at least two Tensors, got ${describe(tensors)}`);
  for (const [i, t] of (tensors as unknown[]).entries()) checkTensor(op, t, `factor ${i}`);
}

/**
 * The product of two or more matrices, in the order that is cheapest; the first and the last may be vectors
 * (https://pytorch.org/docs/stable/generated/torch.linalg.multi_dot.html).
 */
export function multiDot(tensors: readonly Tensor[]): Tensor {
  const op = 'linalg.multiDot';
  checkFactors(op, tensors);
  const count = tensors.length;
  tensors.forEach((t, i) => {
    const rank = t.shape.length;
    const end = i === 0 || i === count - 1;
    if (rank !== 2 && !(end && rank === 1))
      throw new ShapeError(
        `${op}: expected factor ${i} to have ${end ? '1 or 2' : '2'} dimensions, got shape ${showShape(t.shape)}`,
      );
  });
  const [first, last] = [tensors[0]!, tensors[count - 1]!];
  const [row, column] = [first.shape.length === 1, last.shape.length === 1];
  const factors = tensors.map((t, i) =>
    i === 0 && row ? unsqueeze(t, 0) : i === count - 1 && column ? unsqueeze(t, 1) : t,
  );
  factors.forEach((t, i) => {
    const next = factors[i + 1];
    if (next !== undefined && t.shape[1] !== next.shape[0])
      throw new ShapeError(
        `${op}: factors ${i} and ${i + 1} can't be multiplied: ${showShape(tensors[i]!.shape)} @ ${showShape(tensors[i + 1]!.shape)}`,
      );
  });
  const out = chainProduct(factors);
  return row || column
    ? reshape(
        out,
        out.shape.filter((_, i) => !(i === 0 ? row : column)),
      )
    : out;
}
