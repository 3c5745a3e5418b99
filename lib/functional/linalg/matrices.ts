/** What the functions of linear algebra share: checks of their operands, and matrices made of others. */
import { Op } from '../../backend/ops.generated';
import { COMPUTE, Code, isFloatingCode } from '../../dtype';
import { DTypeError, ShapeError } from '../../errors';
import { broadcastShapes, showShape, type Shape } from '../../shape';
import { Tensor, checkTensor } from '../../tensor';
import { copied } from '../cast';
import { gathered } from '../devices';
import { NONE, generate, launchMany } from '../kernel';
import { sum } from '../reduce';
import { expand, transpose, unsqueeze } from '../view';
import { where } from '../where';

/** Several tensors by position and by name. */
export type Results<Names extends readonly string[]> = { readonly [i in keyof Names]: Tensor } & {
  readonly [name in Names[number]]: Tensor;
};

export function results<const Names extends readonly string[]>(
  names: Names,
  tensors: readonly Tensor[],
): Results<Names> {
  const named = Object.fromEntries(names.map((name, i) => [name, tensors[i]!]));
  return Object.assign([...tensors], named) as unknown as Results<Names>;
}

/** Throws unless x is floating point; what goes through a decomposition is float32 or float64. */
export function checkFloating(op: string, x: Tensor, decomposed = true): void {
  if (!isFloatingCode(x.code)) throw new DTypeError(`${op}: expected floating point, got ${x.dtype}`);
  if (decomposed && x.code !== Code.float32 && x.code !== Code.float64)
    throw new DTypeError(`${op}: expected float32 or float64, got ${x.dtype}`);
}

/** Throws unless x is a matrix, or a batch of them, of float32 or float64. */
export function checkMatrices(op: string, x: unknown, name = 'input'): asserts x is Tensor {
  checkTensor(op, x, name);
  if (x.shape.length < 2)
    throw new ShapeError(
      `${op}: expected ${name} to have at least 2 dimensions, got shape ${showShape(x.shape)}`,
    );
  checkFloating(op, x);
}

/** Throws unless x is a square matrix, or a batch of them, of float32 or float64. */
export function checkSquare(op: string, x: unknown, name = 'input'): asserts x is Tensor {
  checkMatrices(op, x, name);
  checkSquareShape(op, x, name);
}

export function checkSquareShape(op: string, x: Tensor, name = 'input'): void {
  const [m, n] = x.shape.slice(-2) as [number, number];
  if (x.shape.length < 2 || m !== n)
    throw new ShapeError(`${op}: expected ${name} to be square matrices, got shape ${showShape(x.shape)}`);
}

/** Two operands of one dtype, on one device. */
export function paired(op: string, a: Tensor, b: Tensor): [Tensor, Tensor] {
  if (a.code !== b.code)
    throw new DTypeError(`${op}: expected operands of one dtype, got ${a.dtype} and ${b.dtype}`);
  return a.place === b.place ? [a, b] : gathered(op, a, b);
}

/** The sizes before those of the matrices. */
export function batchOf(x: Tensor): Shape {
  return x.shape.slice(0, -2);
}

/** Both with the leading sizes that theirs broadcast to. */
export function batchedTogether(op: string, a: Tensor, b: Tensor): [Tensor, Tensor] {
  const batch = broadcastShapes(op, batchOf(a), batchOf(b));
  const of = (x: Tensor): Tensor =>
    x.shape.length - 2 === batch.length && x.shape.every((n, i) => i >= batch.length || n === batch[i])
      ? x
      : expand(x, [...batch, ...x.shape.slice(-2)]);
  return [of(a), of(b)];
}

/** A kernel on the operands, made row major; nothing is recorded. */
export function decompose(
  op: keyof typeof Op,
  shapes: readonly Shape[],
  codes: readonly number[],
  inputs: readonly Tensor[],
  scalars: readonly number[] = NONE,
): Tensor[] {
  const dense = inputs.map((x) => (x.layout === null ? x : copied(x, x.code)));
  return launchMany(Op[op], COMPUTE[inputs[0]!.code]!, shapes, codes, dense, scalars);
}

/** The transposes. */
export function transposed(x: Tensor): Tensor {
  return transpose(x, -2, -1);
}

/** The transposes in memory of their own; nothing is recorded. */
export function transposedCopy(x: Tensor): Tensor {
  return copied(transposed(x.detach()), x.code);
}

/** The n × n identity matrix of x's dtype, where x is. */
export function identity(n: number, x: Tensor, code = x.code): Tensor {
  return generate(Op.eye, COMPUTE[code]!, [n, n], code, x.place, NONE);
}

/** True on the diagonals of x, which are square. */
function onDiagonal(n: number, x: Tensor): Tensor {
  return identity(n, x, Code.bool);
}

/** x with other diagonals: a number, or a vector for each matrix. */
export function withDiagonal(x: Tensor, values: Tensor | number): Tensor {
  const mask = onDiagonal(x.shape[x.shape.length - 1]!, x);
  return where(mask, values instanceof Tensor ? unsqueeze(values, -1) : values, x);
}

/** The diagonals of square matrices. */
export function diagonalOf(x: Tensor): Tensor {
  return sum(where(onDiagonal(x.shape[x.shape.length - 1]!, x), x, 0), -1);
}

/** Matrices with these vectors on their diagonals. */
export function diagonalMatrix(values: Tensor): Tensor {
  return where(onDiagonal(values.shape[values.shape.length - 1]!, values), unsqueeze(values, -1), 0);
}
