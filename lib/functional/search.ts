/** Places in sorted sequences: searchsorted, bucketize, and isin, which looks up what is there. */
import { Op } from '../backend/ops.generated';
import { withGradMode } from '../autograd/mode';
import { COMPUTE, Code } from '../dtype';
import { ArgumentError, DTypeError, ShapeError, describe } from '../errors';
import { sameShape, showShape } from '../shape';
import { Tensor, checkTensor, cudaInUse } from '../tensor';
import { laned } from './along';
import { gatherAs } from './scatter';
import { bindArguments, booleanArgument } from './arguments';
import { cast, copied } from './cast';
import { clamp } from './clamp';
import { eq, logicalNot } from './compare';
import { gathered } from './devices';
import { fullOf, launch } from './kernel';
import { kernelOperand, promotedCode, type Operand } from './kinds';
import { indexSelect } from './index-select';
import { numberCode, numberValue } from './number';
import { chosen } from './sort';
import { reshape } from './view';

/** A tensor, or a number as one of 0 dimensions beside another operand. */
function tensorOf(op: string, value: Operand, beside: Tensor): Tensor {
  return value instanceof Tensor
    ? value
    : fullOf([], numberCode(value), beside.place, numberValue(op, value), op);
}

function rowMajor(x: Tensor, code: number): Tensor {
  return x.code === code && x.layout === null ? x : copied(x, code);
}

/** Where each value would go in the sorted sequence, the last dimension of which is searched. */
function places(sequence: Tensor, values: Tensor, code: number, right: boolean, outCode: number): Tensor {
  const operands = [rowMajor(sequence, code), rowMajor(values, code)];
  return launch(Op.searchsorted, COMPUTE[code]!, values.shape, outCode, operands, [Number(right)]);
}

function comparable(op: string, sequence: Tensor, values: Operand): number {
  const code = promotedCode(op, sequence, values);
  if (code === Code.bool) throw new DTypeError(`${op}: not defined for bool`);
  return code;
}

export interface SearchOptions {
  /** int32 places instead of int64 ones. */
  outInt32?: boolean;
  /** WithOptions equal elements, not before them. */
  right?: boolean;
  /** 'right' is `right`. */
  side?: 'left' | 'right' | null;
  /** The indices that sort the sequence, if it isn't. */
  sorter?: Tensor | null;
}

export interface SearchFunction {
  (sortedSequence: Tensor, input: Operand, options?: SearchOptions): Tensor;
  (options: SearchOptions & { sortedSequence: Tensor; input: Operand }): Tensor;
}

function sideOf(right: boolean, side: unknown): boolean {
  if (side === undefined || side === null) return right;
  if (side !== 'left' && side !== 'right')
    throw new ArgumentError(`searchsorted: expected side to be 'left' or 'right', got ${describe(side)}`);
  if (side === 'left' && right)
    throw new ArgumentError("searchsorted: expected right or side, got side 'left' and right true");
  return side === 'right';
}

/** The sequence in the order of `sorter`. */
function inOrder(sequence: Tensor, sorter: unknown): Tensor {
  checkTensor('searchsorted', sorter, 'sorter');
  if (!sameShape(sorter.shape, sequence.shape))
    throw new ShapeError(
      `searchsorted: expected a sorter of shape ${showShape(sequence.shape)}, got ${showShape(sorter.shape)}`,
    );
  if (sorter.code !== Code.int64)
    throw new DTypeError(`searchsorted: expected an int64 sorter, got ${sorter.dtype}`);
  return gatherAs('searchsorted', sequence.detach(), sequence.shape.length - 1, sorter);
}

/**
 * Where values would go in a sorted sequence so that it stays sorted
 * (https://pytorch.org/docs/stable/generated/torch.searchsorted.html). Of several dimensions the last one is searched.
 */
export const searchsorted = ((...given: readonly unknown[]) => {
  const bound = bindArguments(
    'searchsorted',
    ['sortedSequence', 'input', 'outInt32', 'right', 'side', 'sorter'],
    given,
  );
  let [sequence] = bound as [Tensor];
  checkTensor('searchsorted', sequence, 'sortedSequence');
  kernelOperand('searchsorted', bound[1], 'input');
  const input = bound[1] as Operand;
  const small = booleanArgument('searchsorted', 'outInt32', bound[2], false);
  const right = sideOf(booleanArgument('searchsorted', 'right', bound[3], false), bound[4]);
  const code = comparable('searchsorted', sequence, input);
  let values = tensorOf('searchsorted', input, sequence);
  const rank = sequence.shape.length;
  if (rank === 0) throw new ShapeError('searchsorted: expected a sequence of at least 1 dimension, got 0');
  if (rank > 1 && !sameShape(sequence.shape.slice(0, -1), values.shape.slice(0, -1)))
    throw new ShapeError(
      `searchsorted: expected a 1-d sequence, or one whose first dimensions are the input's: got ${showShape(sequence.shape)} and ${showShape(values.shape)}`,
    );
  if (rank > 1 && values.shape.length !== rank)
    throw new ShapeError(
      `searchsorted: expected an input of ${rank} dimensions, got shape ${showShape(values.shape)}`,
    );
  if (cudaInUse) [sequence, values] = gathered('searchsorted', sequence, values);
  if (bound[5] !== undefined && bound[5] !== null) sequence = inOrder(sequence, bound[5]);
  return places(sequence, values, code, right, small ? Code.int32 : Code.int64);
}) as SearchFunction;

export interface BucketizeOptions {
  outInt32?: boolean;
  /** Buckets without their right boundary, with the left one. */
  right?: boolean;
}

export interface BucketizeFunction {
  (input: Operand, boundaries: Tensor, options?: BucketizeOptions): Tensor;
  (options: BucketizeOptions & { input: Operand; boundaries: Tensor }): Tensor;
}

/** The number of the bucket between sorted boundaries that each value is in (https://pytorch.org/docs/stable/generated/torch.bucketize.html). */
export const bucketize = ((...given: readonly unknown[]) => {
  const bound = bindArguments('bucketize', ['input', 'boundaries', 'outInt32', 'right'], given);
  kernelOperand('bucketize', bound[0], 'input');
  const input = bound[0] as Operand;
  let [, boundaries] = bound as [unknown, Tensor];
  checkTensor('bucketize', boundaries, 'boundaries');
  if (boundaries.shape.length !== 1)
    throw new ShapeError(`bucketize: expected 1-d boundaries, got shape ${showShape(boundaries.shape)}`);
  const small = booleanArgument('bucketize', 'outInt32', bound[2], false);
  const right = booleanArgument('bucketize', 'right', bound[3], false);
  const code = comparable('bucketize', boundaries, input);
  let values = tensorOf('bucketize', input, boundaries);
  if (cudaInUse) [boundaries, values] = gathered('bucketize', boundaries, values);
  return places(boundaries, values, code, right, small ? Code.int32 : Code.int64);
}) as BucketizeFunction;

export interface IsinOptions {
  /** Taken, and not needed. */
  assumeUnique?: boolean;
  invert?: boolean;
}

export interface IsinFunction {
  (elements: Operand, testElements: Operand, options?: IsinOptions): Tensor;
  (options: IsinOptions & { elements: Operand; testElements: Operand }): Tensor;
}

/** Whether each element is among the others (https://pytorch.org/docs/stable/generated/torch.isin.html). */
export const isin = ((...given: readonly unknown[]) => {
  const bound = bindArguments('isin', ['elements', 'testElements', 'assumeUnique', 'invert'], given);
  kernelOperand('isin', bound[0], 'elements');
  kernelOperand('isin', bound[1], 'testElements');
  booleanArgument('isin', 'assumeUnique', bound[2], false);
  const invert = booleanArgument('isin', 'invert', bound[3], false);
  const [a, b] = bound as [Operand, Operand];
  if (
    typeof a === 'boolean' ||
    typeof b === 'boolean' ||
    [a, b].some((t) => t instanceof Tensor && t.code === Code.bool)
  )
    throw new DTypeError('isin: not defined for bool');
  const code = promotedCode('isin', a, b);
  const beside = (a instanceof Tensor ? a : b) as Tensor;
  let [elements, tests] = [tensorOf('isin', a, beside), tensorOf('isin', b, beside)];
  if (cudaInUse && elements.place !== tests.place) [elements, tests] = gathered('isin', elements, tests);
  return withGradMode('isin', false, () => {
    const found = among(cast(elements, code), reshape(cast(tests, code), [-1]));
    return invert ? logicalNot(found) : found;
  });
}) as IsinFunction;

/** Few to compare with are compared one by one; of more the place in their order tells. */
function among(elements: Tensor, tests: Tensor): Tensor {
  const n = tests.count;
  if (n === 0) return fullOf(elements.shape, Code.bool, elements.place, 0);
  if (n === 1) return eq(elements, reshape(tests, []));
  const [inOrder] = chosen(Op.sort, tests, 0, n, [0]);
  const at = clamp(places(inOrder, laned(elements), elements.code, false, Code.int64), null, n - 1);
  const nearest = reshape(indexSelect(inOrder, 0, reshape(at, [-1])), elements.shape);
  return eq(elements, nearest);
}
