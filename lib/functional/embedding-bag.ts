/** Sums, means or maxima of bags of a table's rows. */
import { withGradMode } from '../autograd/mode';
import { Code, COMPUTE, isFloatingCode } from '../dtype';
import { ArgumentError, DTypeError, IndexError, ShapeError, describe } from '../errors';
import { sameShape, showShape } from '../shape';
import { type Tensor, checkTensor, cudaInUse } from '../tensor';
import { div, mul } from './arithmetic';
import { booleanArgument, named } from './arguments';
import { cast } from './cast';
import { tolist } from './convert';
import { clampMax } from './clamp';
import { eq, logicalOr, lt, ne } from './compare';
import { arange, tensor } from './creation';
import { gathered } from './devices';
import { checkTable, indicesOf, limitRows, lookUp, paddingOf, refuseSparse } from './embedding';
import { indexAdd, indexSelect } from './index-select';
import { fullOf } from './kernel';
import { underName } from './node-name';
import { gather } from './scatter';
import { scatterReduce } from './scatter-reduce';
import { expand, reshape, unsqueeze } from './view';
import { where } from './where';

/** What becomes of the rows of a bag. */
export type BagMode = 'sum' | 'mean' | 'max';
const MODES: readonly BagMode[] = ['sum', 'mean', 'max'];

/** Which entries go into which bag. */
interface Bags {
  readonly count: number;
  /** Of each entry that is in one. */
  readonly bag: number[];
  /** Where those are among all. */
  readonly places: number[];
}

/** The bags that offsets cut `size` entries into, those of value `padding` left out. */
function cut(
  offsets: readonly number[],
  size: number,
  entries: readonly number[] | null,
  padding: number,
): Bags {
  const [bag, places]: [number[], number[]] = [[], []];
  for (let i = 0; i + 1 < offsets.length; i++)
    for (let k = offsets[i]!; k < offsets[i + 1]!; k++)
      if (entries === null || entries[k] !== padding) {
        bag.push(i);
        places.push(k);
      }
  return { count: Math.max(0, offsets.length - 1), bag, places };
}

/** Offsets of all bags and the end of the last one. */
function readOffsets(op: string, given: unknown, size: number, includeLast: boolean): number[] {
  checkTensor(op, given, 'offsets');
  if (given.shape.length !== 1)
    throw new ShapeError(`${op}: expected offsets of one dimension, got ${showShape(given.shape)}`);
  const list = tolist<number[]>(indicesOf(op, given));
  if (includeLast && list.length === 0)
    throw new ShapeError(`${op}: expected at least one offset, as the last one is included`);
  if (list.length > 0 && list[0] !== 0)
    throw new IndexError(`${op}: expected the first offset to be 0, got ${list[0]}`);
  if (!includeLast) list.push(size);
  for (let i = 1; i < list.length; i++)
    if (list[i]! < list[i - 1]! || list[i]! > size)
      throw new IndexError(
        `${op}: expected offsets that grow up to the ${size} entries, got ${list[i]} behind ${list[i - 1]}`,
      );
  return list;
}

/** Where bags start: every `width` entries for a matrix, which has a bag in each row. */
function offsetsOf(op: string, input: Tensor, given: unknown, includeLast: boolean): number[] {
  const absent = given === undefined || given === null;
  if (input.shape.length === 2) {
    if (!absent) throw new ArgumentError(`${op}: expected no offsets, as each row of the input is a bag`);
    const [rows, width] = input.shape as [number, number];
    return Array.from({ length: rows + 1 }, (_, i) => i * width);
  }
  if (input.shape.length !== 1)
    throw new ShapeError(`${op}: expected an input of 1 or 2 dimensions, got ${showShape(input.shape)}`);
  if (absent) throw new ArgumentError(`${op}: expected offsets, as the input has one dimension`);
  return readOffsets(op, given, input.count, includeLast);
}

function checkSampleWeights(
  op: string,
  given: unknown,
  input: Tensor,
  table: Tensor,
  mode: BagMode,
): Tensor | null {
  if (given === undefined || given === null) return null;
  checkTensor(op, given, 'perSampleWeights');
  if (mode !== 'sum')
    throw new ArgumentError(`${op}: expected mode 'sum', as there are perSampleWeights, got '${mode}'`);
  if (!sameShape(given.shape, input.shape))
    throw new ShapeError(
      `${op}: expected perSampleWeights of the input's shape ${showShape(input.shape)}, got ${showShape(given.shape)}`,
    );
  if (given.code !== table.code)
    throw new DTypeError(
      `${op}: expected perSampleWeights of the weight's dtype ${table.dtype}, got ${given.dtype}`,
    );
  return given;
}

/** The largest elements of bags; of several the first, which alone has a gradient. */
function largest(zeros: Tensor, rows: Tensor, bag: Tensor): Tensor {
  const n = rows.shape[0]!;
  const index = expand(unsqueeze(bag, 1), rows.shape);
  const first = withGradMode('embeddingBag', false, () => {
    const values = scatterReduce(zeros, 0, index, rows, 'amax', { includeSelf: false });
    const found = logicalOr(eq(rows, gather(values, 0, index)), ne(rows, rows));
    const places = unsqueeze(cast(arange(n, { dtype: 'int64' }), Code.int64, rows.place), 1);
    const none = fullOf(zeros.shape, Code.int64, rows.place, n);
    return scatterReduce(none, 0, index, where(found, expand(places, rows.shape), n), 'amin');
  });
  return where(lt(first, n), gather(rows, 0, clampMax(first, n - 1)), zeros);
}

/** The rows [n, d], joined by bag. */
function join(rows: Tensor, bags: Bags, bag: Tensor, mode: BagMode): Tensor {
  const width = rows.shape[1]!;
  const zeros = fullOf([bags.count, width], rows.code, rows.place, 0);
  if (mode === 'max' && rows.count > 0) return largest(zeros, rows, bag);
  const total = indexAdd(zeros, 0, bag, rows);
  if (mode === 'sum') return total;
  const sizes = new Array<number>(bags.count).fill(0);
  for (const i of bags.bag) sizes[i]!++;
  const counts = tensor(
    sizes.map((n) => Math.max(1, n)),
    { dtype: 'float64' },
  );
  return div(total, cast(reshape(counts, [bags.count, 1]), rows.code, rows.place));
}

interface BagOptions {
  weight?: Tensor;
  offsets?: Tensor | null;
  maxNorm?: number | null;
  normType?: number;
  scaleGradByFreq?: boolean;
  mode?: BagMode;
  sparse?: boolean;
  perSampleWeights?: Tensor | null;
  includeLastOffset?: boolean;
  paddingIdx?: number | null;
}

/**
 * For each bag of indices the mean (or sum, or maximum) of the rows of `weight` [n, d] that they name: [bags, d]. A bag is a
 * row of the input, or goes from one of `offsets` to the next
 * (https://pytorch.org/docs/stable/generated/torch.nn.functional.embedding_bag.html).
 */
export const embeddingBag = named<
  [
    weight: Tensor,
    offsets?: Tensor | null,
    maxNorm?: number | null,
    normType?: number,
    scaleGradByFreq?: boolean,
    mode?: BagMode,
    sparse?: boolean,
    perSampleWeights?: Tensor | null,
    includeLastOffset?: boolean,
    paddingIdx?: number | null,
  ],
  BagOptions,
  Tensor
>(
  'embeddingBag',
  [
    'weight',
    'offsets',
    'maxNorm',
    'normType',
    'scaleGradByFreq',
    'mode',
    'sparse',
    'perSampleWeights',
    'includeLastOffset',
    'paddingIdx',
  ],
  (
    input,
    table,
    offsets,
    maxNorm,
    normType = 2,
    scaleGradByFreq,
    mode = 'mean',
    sparse,
    perSampleWeights,
    includeLastOffset,
    paddingIdx,
  ) => {
    const op = 'embeddingBag';
    checkTensor(op, input);
    checkTable(op, table);
    if (!isFloatingCode(table.code))
      throw new DTypeError(`${op}: expected a floating-point weight, got ${table.dtype}`);
    if (!MODES.includes(mode))
      throw new ArgumentError(`${op}: expected mode to be 'sum', 'mean' or 'max', got ${describe(mode)}`);
    refuseSparse(op, sparse);
    const byFrequency = booleanArgument(op, 'scaleGradByFreq', scaleGradByFreq, false);
    if (byFrequency && mode === 'max')
      throw new ArgumentError(`${op}: scaleGradByFreq is not for mode 'max'`);
    const includeLast = booleanArgument(op, 'includeLastOffset', includeLastOffset, false);
    let weights = checkSampleWeights(op, perSampleWeights, input, table, mode);
    if (cudaInUse) [input, table, weights] = gathered(op, input, table, weights);
    const rows = table.shape[0]!;
    const padding = paddingOf(op, paddingIdx, rows);
    const index = reshape(indicesOf(op, input), -1);
    const starts = offsetsOf(op, input, offsets, includeLast);
    if (maxNorm !== undefined && maxNorm !== null) limitRows(op, table, index, maxNorm, normType);

    const entries = padding < 0 ? null : tolist<number[]>(index);
    const bags = cut(starts, index.count, entries, padding);
    const placed = (list: readonly number[]): Tensor =>
      cast(tensor([...list], { dtype: 'int64' }), Code.int64, table.place);
    const [bag, places] = [placed(bags.bag), placed(bags.places)];
    const used = bags.places.length === index.count ? index : indexSelect(index, 0, places);
    const code = COMPUTE[table.code]!;
    let found = cast(lookUp(table, used, { rows, padding: -1, byFrequency }), code);
    if (weights !== null) {
      const flat = indexSelect(reshape(weights, -1), 0, places);
      found = mul(found, unsqueeze(cast(flat, code), 1));
    }
    return underName('EmbeddingBag', cast(join(found, bags, bag, mode), table.code));
  },
);
