/** Diagonals: seen, written to, and made matrices of. */
import { recordView } from '../autograd/view';
import { defineGradient, record, type GradRule } from '../autograd/node';
import { ArgumentError, ShapeError } from '../errors';
import { checkShape, showShape, wrapDim, type Shape } from '../shape';
import { checkTensor, stridesOf, type Tensor } from '../tensor';
import { booleanArgument, integerArgument, named } from './arguments';
import { contiguous, copy_ } from './copy';
import { copied } from './cast';
import { fill_ } from './fill';
import { fullOf } from './kernel';
import type { Operand } from './kinds';
import { checkRoom, narrow, view } from './view';

interface Diagonal {
  readonly offset: number;
  readonly dims: readonly [number, number];
  /** Of the tensor that the diagonal is in. */
  readonly shape: Shape;
}

const DiagonalRule: GradRule<Diagonal> = defineGradient<Diagonal>('Diagonal', (grad, _, d) => [
  embedded(grad, d),
]);
/** Of a copy of a diagonal. */
const DiagonalCopy: GradRule<Diagonal> = { name: 'DiagonalBackward_copy', backward: DiagonalRule.backward };

/** Zeros, and x as a diagonal in them. Differentiable, being made of a view and a copy. */
function embedded(x: Tensor, d: Diagonal): Tensor {
  const whole = fullOf(d.shape, x.code, x.place, 0);
  copy_(diagonalOf(whole, d.offset, d.dims), x);
  return whole;
}

/** @internal The diagonal of two dimensions, as the last one. */
export function diagonalOf(x: Tensor, offset: number, dims: readonly [number, number]): Tensor {
  const [a, b] = dims;
  const strides = stridesOf(x);
  const length = Math.max(0, Math.min(x.shape[a]! + Math.min(offset, 0), x.shape[b]! - Math.max(offset, 0)));
  const skipped = offset >= 0 ? offset * strides[b]! : -offset * strides[a]!;
  const rest = (list: readonly number[]): number[] => list.filter((_, i) => i !== a && i !== b);
  return recordView(
    x,
    [...rest(x.shape), length],
    [...rest(strides), strides[a]! + strides[b]!],
    x.offset + (length === 0 ? 0 : skipped),
    DiagonalRule,
    { offset, dims, shape: x.shape },
    (other) => diagonalOf(other, offset, dims),
  );
}

/** An offset and two different dimensions of a tensor of so many. */
function plane(
  op: string,
  rank: number,
  offset: unknown,
  dim1: unknown,
  dim2: unknown,
): [offset: number, dims: [number, number]] {
  const by = integerArgument(op, 'offset', offset);
  const dims: [number, number] = [wrapDim(op, dim1, rank), wrapDim(op, dim2, rank)];
  if (dims[0] === dims[1])
    throw new ArgumentError(
      `${op}: expected two different dimensions, got ${String(dim1)} and ${String(dim2)}`,
    );
  return [by, dims];
}

type Positions = [offset?: number, dim1?: number, dim2?: number];
interface Names {
  offset?: number;
  dim1?: number;
  dim2?: number;
}
const NAMES = ['offset', 'dim1', 'dim2'] as const;

/** @internal `diagonal` for another op. */
export function diagonalAs(op: string, x: Tensor, offset: unknown, dim1: unknown, dim2: unknown): Tensor {
  checkTensor(op, x);
  return diagonalOf(x, ...plane(op, x.shape.length, offset, dim1, dim2));
}

/**
 * The elements with equal indices in two dimensions (the second one larger by `offset`), as a last dimension instead of
 * those: a view (https://docs.pytorch.org/docs/stable/generated/torch.diagonal.html).
 */
export const diagonal = named<Positions, Names, Tensor>(
  'diagonal',
  NAMES,
  (x, offset = 0, dim1 = 0, dim2 = 1) => diagonalAs('diagonal', x, offset, dim1, dim2),
);

const DiagEmbed: GradRule<Diagonal> = defineGradient<Diagonal>('DiagEmbed', (grad, _, { offset, dims }) => [
  diagonalOf(grad, offset, dims),
]);

function embedAs(op: string, x: Tensor, offset: unknown, dim1: unknown, dim2: unknown): Tensor {
  checkTensor(op, x);
  checkRoom(op, x.shape);
  if (x.shape.length === 0) throw new ShapeError(`${op}: expected at least 1 dimension, got []`);
  const [by, dims] = plane(op, x.shape.length + 1, offset, dim1, dim2);
  const n = x.shape[x.shape.length - 1]! + Math.abs(by);
  const shape: number[] = x.shape.slice(0, -1);
  for (const d of dims.slice().sort((p, q) => p - q)) shape.splice(d, 0, n);
  const d: Diagonal = { offset: by, dims, shape: checkShape(op, [shape]) };
  return record(embedded(x.detach(), d), DiagEmbed, [x], [], d);
}

/**
 * The last dimension as the diagonal of matrices in two dimensions, which are zero elsewhere
 * (https://docs.pytorch.org/docs/stable/generated/torch.diag_embed.html).
 */
export const diagEmbed = named<Positions, Names, Tensor>(
  'diagEmbed',
  NAMES,
  (x, offset = 0, dim1 = -2, dim2 = -1) => embedAs('diagEmbed', x, offset, dim1, dim2),
);

function diagAs(op: string, x: Tensor, diagonal: unknown): Tensor {
  if (x.shape.length === 1) return embedAs(op, x, diagonal, 0, 1);
  const [offset, dims] = plane(op, 2, diagonal, 0, 1);
  const part = diagonalOf(x.detach(), offset, dims);
  return record(copied(part, x.code), DiagonalCopy, [x], [], { offset, dims, shape: x.shape });
}

/** The matrix with x on a diagonal; of a matrix, a copy of its diagonal. */
export const diag = named<[diagonal?: number], { diagonal?: number }, Tensor>(
  'diag',
  ['diagonal'],
  (x, diagonal = 0) => {
    checkTensor('diag', x);
    if (x.shape.length !== 1 && x.shape.length !== 2)
      throw new ShapeError(`diag: expected 1 or 2 dimensions, got shape ${showShape(x.shape)}`);
    return diagAs('diag', x, diagonal);
  },
);

/** The matrix with all elements of x on a diagonal. */
export const diagflat = named<[offset?: number], { offset?: number }, Tensor>(
  'diagflat',
  ['offset'],
  (x, offset = 0) => {
    checkTensor('diagflat', x);
    return diagAs('diagflat', view(contiguous(x), -1), offset);
  },
);

/**
 * Writes a value to the elements whose indices are all equal. With `wrap` the diagonal of a tall matrix starts again below
 * its end (https://docs.pytorch.org/docs/stable/generated/torch.Tensor.fill_diagonal_.html).
 */
export const fillDiagonal_ = named<
  [fillValue: Operand, wrap?: boolean],
  { fillValue: Operand; wrap?: boolean },
  Tensor
>('fillDiagonal_', ['fillValue', 'wrap'], (x, value, wrap) => {
  const op = 'fillDiagonal_';
  checkTensor(op, x);
  const { shape } = x;
  if (shape.length < 2)
    throw new ShapeError(`${op}: expected at least 2 dimensions, got ${showShape(shape)}`);
  if (shape.length > 2 && shape.some((n) => n !== shape[0]))
    throw new ShapeError(`${op}: expected more than 2 dimensions to be of one size, got ${showShape(shape)}`);
  const wraps = booleanArgument(op, 'wrap', wrap, false);
  let part = diagonalAs(op, x, 0, 0, 1);
  while (part.shape.length > 1) part = diagonalAs(op, part, 0, 0, -1);
  fill_(part, value);
  const [rows, columns] = shape as [number, number];
  if (wraps && shape.length === 2)
    for (let i = columns + 1; i < rows; i += columns + 1)
      fill_(diagonalAs(op, narrow(x, 0, i, rows - i), 0, 0, 1), value);
  return x;
});
