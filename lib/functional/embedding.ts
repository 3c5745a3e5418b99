/** Rows of a table, looked up by index. */
import { Op } from '../backend/ops.generated';
import { withGradMode } from '../autograd/mode';
import { checkInPlace } from '../autograd/view';
import { defineGradient, record } from '../autograd/node';
import { COMPUTE, Code, isFloatingCode } from '../dtype';
import { ArgumentError, DTypeError, ShapeError, describe } from '../errors';
import { showShape } from '../shape';
import { type Tensor, checkTensor, cudaInUse } from '../tensor';
import { booleanArgument, integerArgument, named, numberArgument } from './arguments';
import { div } from './arithmetic';
import { cast, copied } from './cast';
import { eq } from './compare';
import { gathered } from './devices';
import { bincount } from './histogram';
import { indexSelect } from './index-select';
import { launch } from './kernel';
import { renorm } from './renorm';
import { scatter_ } from './scatter';
import { unique } from './unique';
import { expand, reshape, unsqueeze } from './view';
import { where } from './where';

/** How gradients come back to the table. */
interface LookUp {
  /** Rows of the table. */
  readonly rows: number;
  /** The row that gets no gradient; -1: none. */
  readonly padding: number;
  readonly byFrequency: boolean;
}

const Embedding = defineGradient<LookUp>('Embedding', (grad, node, context) => [
  tableGradient(grad, node.input(0), context),
]);

/** The gradient of the table: rows of `grad` added up where they came from. */
function tableGradient(grad: Tensor, index: Tensor, context: LookUp): Tensor {
  const code = COMPUTE[grad.code]!;
  const dense = grad.code === code && grad.layout === null ? grad : copied(grad, code);
  const shape = [context.rows, grad.shape[grad.shape.length - 1]!];
  const scalars = [context.padding, context.byFrequency ? 1 : 0];
  const out = launch(Op.embeddingBackward, code, shape, code, [dense, index], scalars);
  return record(out, EmbeddingBackward, [grad], [index], context);
}

// Linear in the gradient: the other way, rows are looked up in h.
const EmbeddingBackward = defineGradient<LookUp>('EmbeddingDenseBackward', (h, node, context) => {
  const index = node.input(0);
  let back = lookUp(h, index, { ...context, padding: -1, byFrequency: false });
  const column = (t: Tensor): Tensor => unsqueeze(t, -1);
  if (context.byFrequency) {
    const counts = bincount(reshape(index, -1), { minlength: context.rows });
    const ofEach = reshape(indexSelect(counts, 0, reshape(index, -1)), index.shape);
    back = div(back, cast(column(ofEach), h.code));
  }
  return [context.padding < 0 ? back : where(column(eq(index, context.padding)), 0, back)];
});

/** @internal The table's rows at int64 indices, recorded. */
export function lookUp(table: Tensor, index: Tensor, context: LookUp): Tensor {
  const shape = [...index.shape, table.shape[1]!];
  const out = launch(Op.embedding, COMPUTE[table.code]!, shape, table.code, [table, index], []);
  return isFloatingCode(table.code) ? record(out, Embedding, [table], [index], context) : out;
}

/** @internal Indices as the kernels take them. */
export function indicesOf(op: string, index: Tensor): Tensor {
  if (index.code !== Code.int64 && index.code !== Code.int32)
    throw new DTypeError(
      `${op}: expected int64 or int32 indices, got ${index.dtype}; make them with { dtype: 'int64' }`,
    );
  return index.code === Code.int64 && index.layout === null ? index : copied(index, Code.int64);
}

/** @internal The row that is left out, or -1. */
export function paddingOf(op: string, padding: number | null | undefined, rows: number): number {
  if (padding === undefined || padding === null) return -1;
  const row = integerArgument(op, 'paddingIdx', padding);
  if (row >= rows || row < -rows)
    throw new ArgumentError(`${op}: paddingIdx ${row} is out of range for ${rows} embeddings`);
  return row < 0 ? row + rows : row;
}

/** @internal Throws for gradients that are sparse: there are none. */
export function refuseSparse(op: string, sparse: unknown): void {
  if (booleanArgument(op, 'sparse', sparse ?? undefined, false))
    throw new ArgumentError(`${op}: sparse gradients are not supported; leave sparse out`);
}

/** @internal Scales those rows of the table that are named, and whose norm is larger, down to a norm: in place. */
export function limitRows(op: string, table: Tensor, index: Tensor, most: unknown, normType: unknown): void {
  const largest = numberArgument(op, 'maxNorm', most);
  const p = numberArgument(op, 'normType', normType);
  withGradMode(op, false, () => {
    checkInPlace(op, table, []);
    const rows = unique(index);
    const taken = lookUp(table, rows, { rows: table.shape[0]!, padding: -1, byFrequency: false });
    if (taken.count === 0) return;
    const limited = renorm(taken, p, 0, largest);
    scatter_(table, 0, expand(unsqueeze(rows, 1), taken.shape), limited);
  });
}

/** @internal */
export function checkTable(op: string, table: unknown): asserts table is Tensor {
  checkTensor(op, table, 'weight');
  if (table.shape.length !== 2)
    throw new ShapeError(`${op}: expected a weight [n, d], got ${showShape(table.shape)}`);
}

interface EmbeddingOptions {
  weight?: Tensor;
  paddingIdx?: number | null;
  maxNorm?: number | null;
  normType?: number;
  scaleGradByFreq?: boolean;
  sparse?: boolean;
}

/**
 * The rows of `weight` [n, d] that int64 or int32 indices of any shape name: [..., d]
 * (https://pytorch.org/docs/stable/generated/torch.nn.functional.embedding.html). Row `paddingIdx` gets no gradient; rows
 * of a norm above `maxNorm` are scaled down in `weight` first.
 * @throws IndexError when an index is out of range.
 */
export const embedding = named<
  [
    weight: Tensor,
    paddingIdx?: number | null,
    maxNorm?: number | null,
    normType?: number,
    scaleGradByFreq?: boolean,
    sparse?: boolean,
  ],
  EmbeddingOptions,
  Tensor
>(
  'embedding',
  ['weight', 'paddingIdx', 'maxNorm', 'normType', 'scaleGradByFreq', 'sparse'],
  (input, table, paddingIdx, maxNorm, normType = 2, scaleGradByFreq, sparse) => {
    const op = 'embedding';
    checkTensor(op, input);
    checkTable(op, table);
    refuseSparse(op, sparse);
    const byFrequency = booleanArgument(op, 'scaleGradByFreq', scaleGradByFreq, false);
    if (cudaInUse) [input, table] = gathered(op, input, table);
    const index = indicesOf(op, input);
    const rows = table.shape[0]!;
    const padding = paddingOf(op, paddingIdx, rows);
    if (maxNorm !== undefined && maxNorm !== null) {
      if (!isFloatingCode(table.code))
        throw new DTypeError(`${op}: expected floating point for maxNorm, got ${describe(table.dtype)}`);
      limitRows(op, table, index, maxNorm, normType);
    }
    return lookUp(table, index, { rows, padding, byFrequency });
  },
);
