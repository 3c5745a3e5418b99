/** The different elements of a tensor, or the different slices along a dimension. */
import { Op } from '../backend/ops.generated';
import { withGradMode } from '../autograd/mode';
import { record, type GradRule } from '../autograd/node';
import { COMPUTE, Code } from '../dtype';
import { AutogradError, ShapeError } from '../errors';
import { showShape, wrapDim, type Shape } from '../shape';
import { type Tensor, alias, checkTensor, uninitialised } from '../tensor';
import { bindArguments, booleanArgument } from './arguments';
import { sub } from './arithmetic';
import { copied } from './cast';
import { contiguous } from './copy';
import { indexSelect } from './index-select';
import { cat } from './join';
import { NONE, fullOf, launch, launchInto } from './kernel';
import { positions } from './nonzero';
import { any } from './reduce';
import { ne } from './compare';
import { cumsum } from './scan';
import { chosen } from './sort';
import { movedim, narrow, reshape } from './view';

/** The different ones, for each element its number among them, and how often each is there. */
type Found = readonly [values: Tensor, inverse: Tensor, counts: Tensor];

interface Wanted {
  readonly inverse: boolean;
  readonly counts: boolean;
}

function flatOf(x: Tensor): Tensor {
  const row = x.layout === null ? x : copied(x, x.code);
  return alias(row, [x.count], null, row.offset);
}

/** Of what lies in order: where runs of equal ones start, the number of the run that each is in, and the runs' lengths. */
function runsOf(
  starts: Tensor,
  order: Tensor | null,
  want: Wanted,
): [first: Tensor, inverse: Tensor, counts: Tensor] {
  const n = starts.count;
  const first = reshape(positions(starts), [-1]);
  let inverse = first;
  if (want.inverse) {
    inverse = sub(cumsum(starts, 0), 1);
    if (order !== null) {
      const placed = uninitialised([n], Code.int64, starts.place, 'unique');
      launchInto(Op.indexCopy, COMPUTE[Code.int64]!, [placed], [inverse, order], [0]);
      inverse = placed;
    }
  }
  const k = first.count;
  const counts =
    want.counts && k > 0
      ? sub(cat([narrow(first, 0, 1, k - 1), fullOf([1], Code.int64, first.place, n)]), first)
      : first;
  return [first, inverse, counts];
}

/** Whether each of n, from the second on as `differs` says of it and the one before, starts a run. */
function startsOf(n: number, place: number, differs: (into: Tensor) => void): Tensor {
  const starts = fullOf([n], Code.bool, place, 1);
  if (n > 1) differs(alias(starts, [n - 1], null, 1));
  return starts;
}

function differentElements(x: Tensor, consecutive: boolean, want: Wanted): Found {
  const flat = flatOf(x);
  const n = flat.count;
  const [line, order] = consecutive || n === 0 ? [flat, null] : chosen(Op.sort, flat, 0, n, [0]);
  const starts = startsOf(n, x.place, (into) => {
    const before = alias(line, [n - 1], null, line.offset);
    const after = alias(line, [n - 1], null, line.offset + 1);
    launchInto(Op.ne, COMPUTE[x.code]!, [into], [after, before], NONE);
  });
  const [first, inverse, counts] = runsOf(starts, order, want);
  return [indexSelect(line, 0, first), reshape(inverse, want.inverse ? x.shape : [-1]), counts];
}

function differentSlices(x: Tensor, dim: number, consecutive: boolean, want: Wanted): Found {
  const moved = contiguous(movedim(x, dim, 0));
  const n = moved.shape[0]!;
  const rows = reshape(moved, [n, n === 0 ? 0 : moved.count / n]);
  const order = consecutive ? null : launch(Op.sortRows, COMPUTE[x.code]!, [n], Code.int64, [rows], NONE);
  const inOrder = order === null ? rows : indexSelect(rows, 0, order);
  const starts = startsOf(n, x.place, (into) => {
    const unequal = any(ne(narrow(inOrder, 0, 1, n - 1), narrow(inOrder, 0, 0, n - 1)), 1);
    launchInto(Op.copy, COMPUTE[Code.bool]!, [into], [unequal], NONE);
  });
  const [first, inverse, counts] = runsOf(starts, order, want);
  const values = reshape(indexSelect(inOrder, 0, first), [first.count, ...moved.shape.slice(1)]);
  return [contiguous(movedim(values, 0, dim)), inverse, counts];
}

function checkSizes(op: string, shape: Shape, dim: number): void {
  if (shape.some((n, i) => n === 0 && (i !== dim || shape.filter((m) => m === 0).length > 1)))
    throw new ShapeError(`${op}: expected no empty dimension besides ${dim}, got shape ${showShape(shape)}`);
}

/** PyTorch records these, and fails when it gets to their derivative. */
function withoutDerivative(name: string): GradRule<null> {
  return {
    name: `${name}Backward`,
    backward() {
      throw new AutogradError('backward: the derivative of unique is not implemented');
    },
  };
}

export type Tuple<Inverse, Counts> = Inverse extends true
  ? Counts extends true
    ? readonly [output: Tensor, inverse: Tensor, counts: Tensor]
    : readonly [output: Tensor, inverse: Tensor]
  : Counts extends true
    ? readonly [output: Tensor, counts: Tensor]
    : Tensor;

export interface ConsecutiveOptions<Inverse, Counts> {
  returnInverse?: Inverse;
  returnCounts?: Counts;
  dim?: number | null;
}
export interface UniqueOptions<Inverse, Counts> extends ConsecutiveOptions<Inverse, Counts> {
  /** The result is in order anyway. */
  sorted?: boolean;
}

export interface UniqueFunction {
  <Inverse extends boolean = false, Counts extends boolean = false>(
    x: Tensor,
    sorted?: boolean,
    returnInverse?: Inverse,
    returnCounts?: Counts,
    dim?: number | null,
  ): Tuple<Inverse, Counts>;
  <Inverse extends boolean = false, Counts extends boolean = false>(
    x: Tensor,
    options: UniqueOptions<Inverse, Counts>,
  ): Tuple<Inverse, Counts>;
  <Inverse extends boolean = false, Counts extends boolean = false>(
    x: Tensor,
    sorted: boolean,
    options: UniqueOptions<Inverse, Counts>,
  ): Tuple<Inverse, Counts>;
}

export interface ConsecutiveFunction {
  <Inverse extends boolean = false, Counts extends boolean = false>(
    x: Tensor,
    returnInverse?: Inverse,
    returnCounts?: Counts,
    dim?: number | null,
  ): Tuple<Inverse, Counts>;
  <Inverse extends boolean = false, Counts extends boolean = false>(
    x: Tensor,
    options: ConsecutiveOptions<Inverse, Counts>,
  ): Tuple<Inverse, Counts>;
}

function different(
  op: string,
  rules: readonly [flat: GradRule<null>, dim: GradRule<null>],
  x: Tensor,
  consecutive: boolean,
  [inverse, counts, dim]: readonly unknown[],
): Tensor | readonly Tensor[] {
  const want = {
    inverse: booleanArgument(op, 'returnInverse', inverse, false),
    counts: booleanArgument(op, 'returnCounts', counts, false),
  };
  const d = dim === undefined || dim === null ? null : wrapDim(op, dim, x.shape.length);
  if (d !== null) {
    if (x.shape.length === 0) throw new ShapeError(`${op}: a 0-d tensor has no dimensions`);
    checkSizes(op, x.shape, d);
  }
  const [values, places, numbers] = withGradMode(op, false, () =>
    d === null ? differentElements(x, consecutive, want) : differentSlices(x, d, consecutive, want),
  );
  record(values, rules[d === null ? 0 : 1], [x], [], null);
  if (!want.inverse && !want.counts) return values;
  return [values, ...(want.inverse ? [places] : []), ...(want.counts ? [numbers] : [])];
}

const UNIQUE = [withoutDerivative('Unique2'), withoutDerivative('UniqueDim')] as const;
const CONSECUTIVE = [
  withoutDerivative('UniqueConsecutive'),
  withoutDerivative('UniqueDimConsecutive'),
] as const;

/**
 * The different elements, or slices along `dim`, in order (https://pytorch.org/docs/stable/generated/torch.unique.html); on
 * demand with the number among them of each element, and how often each is there.
 */
export const unique = ((x: Tensor, ...given: readonly unknown[]) => {
  checkTensor('unique', x);
  const [sorted, ...rest] = bindArguments(
    'unique',
    ['sorted', 'returnInverse', 'returnCounts', 'dim'],
    given,
  );
  booleanArgument('unique', 'sorted', sorted, true);
  return different('unique', UNIQUE, x, false, rest);
}) as UniqueFunction;

/** The elements, or slices along `dim`, without those that equal the one before. */
export const uniqueConsecutive = ((x: Tensor, ...given: readonly unknown[]) => {
  checkTensor('uniqueConsecutive', x);
  const bound = bindArguments('uniqueConsecutive', ['returnInverse', 'returnCounts', 'dim'], given);
  return different('uniqueConsecutive', CONSECUTIVE, x, true, bound);
}) as ConsecutiveFunction;
