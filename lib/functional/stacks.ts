/** Tensors brought to as many dimensions and joined. */
import { defineGradient, record } from '../autograd/node';
import { Standing, promoteCodes, resultCode } from '../dtype';
import { ArgumentError, ShapeError, describe } from '../errors';
import { checkShape, showShape, type Shape } from '../shape';
import { Tensor, checkTensor, cudaInUse } from '../tensor';
import { bindArguments, isOptions } from './arguments';
import { copy_ } from './copy';
import { gathered } from './devices';
import { cat } from './join';
import { fullOf } from './kernel';
import { narrow, reshape, unsqueeze } from './view';
import { withGradMode } from '../autograd/mode';

/** Tensors given as arguments, or as one list. */
export type Tensors = readonly Tensor[] | readonly [readonly Tensor[]];

/** @internal The tensors of one list, or of all arguments. */
export function tensorsOf(op: string, given: readonly unknown[]): Tensor[] {
  const bound = given.length === 1 && isOptions(given[0]) ? bindArguments(op, ['tensors'], given) : given;
  const [first] = bound;
  const list = bound.length === 1 && Array.isArray(first) ? (first as readonly unknown[]) : bound;
  const tensors: Tensor[] = [];
  for (const t of list) {
    checkTensor(op, t, 'each element');
    tensors.push(t);
  }
  return tensors;
}

/** What makes one tensor of one, and of several as many. */
interface AtLeast {
  (x: Tensor): Tensor;
  (x: readonly Tensor[]): Tensor[];
  (x: Tensor, y: Tensor, ...rest: readonly Tensor[]): Tensor[];
}

function atLeast(op: string, raise: (t: Tensor) => Tensor): AtLeast {
  const call = (...given: readonly unknown[]): Tensor | Tensor[] => {
    const tensors = tensorsOf(op, given);
    return given.length === 1 && given[0] instanceof Tensor ? raise(tensors[0]!) : tensors.map(raise);
  };
  return call as AtLeast;
}

const toVector = (t: Tensor): Tensor => (t.shape.length === 0 ? reshape(t, 1) : t);
function toMatrix(t: Tensor): Tensor {
  return t.shape.length === 0 ? reshape(t, 1, 1) : t.shape.length === 1 ? unsqueeze(t, 0) : t;
}
function toCuboid(t: Tensor): Tensor {
  if (t.shape.length === 0) return reshape(t, 1, 1, 1);
  if (t.shape.length === 1) return unsqueeze(unsqueeze(t, 0), -1);
  return t.shape.length === 2 ? unsqueeze(t, -1) : t;
}

/** 0-d tensors with one dimension, others as they are. */
export const atleast1d = atLeast('atleast1d', toVector);
/** With as many dimensions in front as lack to two. */
export const atleast2d = atLeast('atleast2d', toMatrix);
/** With three dimensions: a vector becomes [1, n, 1], a matrix [m, n, 1]. */
export const atleast3d = atLeast('atleast3d', toCuboid);

/** A list of tensors, by position or by name. */
interface Stacking {
  (tensors: readonly Tensor[]): Tensor;
  (options: { tensors: readonly Tensor[] }): Tensor;
}

function stackOp(op: string, join: (tensors: Tensor[]) => Tensor): Stacking {
  return (...given: readonly unknown[]) => {
    const [tensors] = bindArguments(op, ['tensors'], given);
    if (!Array.isArray(tensors) || tensors.length === 0)
      throw new ArgumentError(`${op}: expected a list of at least one Tensor, got ${describe(tensors)}`);
    return join(tensorsOf(op, [tensors]));
  };
}

function joined(op: string, tensors: Tensor[], dim: number): Tensor {
  const [first] = tensors;
  for (const t of tensors)
    if (t.shape.length !== first!.shape.length || t.shape.some((n, i) => i !== dim && n !== first!.shape[i]))
      if (t.shape.length !== 1 || t.shape[0] !== 0)
        throw new ShapeError(
          `${op}: sizes must agree except in dimension ${dim}: got ${showShape(first!.shape)} and ${showShape(t.shape)}`,
        );
  return cat(tensors, dim);
}

/** Beside each other: along dimension 1, vectors along their own. */
export const hstack = stackOp('hstack', (tensors) => {
  const list = tensors.map(toVector);
  return joined('hstack', list, list[0]!.shape.length === 1 ? 0 : 1);
});
/** Below each other: along dimension 0, vectors as rows. */
export const vstack = stackOp('vstack', (tensors) => joined('vstack', tensors.map(toMatrix), 0));
/** WithOptions each other: along the third dimension. */
export const dstack = stackOp('dstack', (tensors) => joined('dstack', tensors.map(toCuboid), 2));
/** Beside each other: along dimension 1, vectors as columns. */
export const columnStack = stackOp('columnStack', (tensors) =>
  joined(
    'columnStack',
    tensors.map((t) => (t.shape.length <= 1 ? reshape(t, t.count, 1) : t)),
    1,
  ),
);

const BlockDiag = defineGradient<readonly Shape[]>('BlockDiag', (grad, node, shapes) => {
  let [row, column] = [0, 0];
  return shapes.map((shape, i) => {
    const [rows, columns] = sizesOf(shape);
    const block = node.needs(i)
      ? reshape(narrow(narrow(grad, 0, row, rows), 1, column, columns), shape)
      : null;
    row += rows;
    column += columns;
    return block;
  });
});

/** The dtype that tensors promote to: 0-d ones count only where their category is higher. */
function promotedOf(tensors: readonly Tensor[]): number {
  const among = (list: readonly Tensor[]): number | null =>
    list.reduce<number | null>((c, t) => (c === null ? t.code : promoteCodes(c, t.code)), null);
  const dimensioned = among(tensors.filter((t) => t.shape.length > 0));
  const scalar = among(tensors.filter((t) => t.shape.length === 0));
  if (dimensioned === null || scalar === null) return dimensioned ?? scalar!;
  return resultCode(dimensioned, Standing.dimensioned, scalar, Standing.scalarTensor);
}

/** As a matrix: a vector is one row. */
function sizesOf(shape: Shape): [rows: number, columns: number] {
  return [shape.length < 2 ? 1 : shape[0]!, shape[shape.length - 1] ?? 1];
}

/**
 * A matrix of matrices along its diagonal, zero elsewhere; vectors are rows
 * (https://docs.pytorch.org/docs/stable/generated/torch.block_diag.html).
 */
export function blockDiag(...tensors: Tensors): Tensor {
  const op = 'blockDiag';
  let blocks = tensorsOf(op, tensors);
  if (blocks.length === 0) throw new ArgumentError(`${op}: expected at least one Tensor`);
  if (cudaInUse) blocks = gathered(op, ...blocks);
  for (const t of blocks)
    if (t.shape.length > 2)
      throw new ShapeError(`${op}: expected at most 2 dimensions, got shape ${showShape(t.shape)}`);
  const [first] = blocks;
  const code = promotedOf(blocks);
  const sizes = blocks.map((t) => sizesOf(t.shape));
  const shape = checkShape(op, [
    sizes.reduce((n, [rows]) => n + rows, 0),
    sizes.reduce((n, [, columns]) => n + columns, 0),
  ]);
  const out = fullOf(shape, code, first!.place, 0, op);
  withGradMode(op, false, () => {
    let [row, column] = [0, 0];
    blocks.forEach((t, i) => {
      const [rows, columns] = sizes[i]!;
      copy_(narrow(narrow(out, 0, row, rows), 1, column, columns), reshape(t, rows, columns));
      row += rows;
      column += columns;
    });
  });
  return record(
    out,
    BlockDiag,
    blocks,
    [],
    blocks.map((t) => t.shape),
  );
}
