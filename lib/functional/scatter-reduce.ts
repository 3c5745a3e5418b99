/** Elements reduced into the places that indices name along a dimension. */
import { Op } from '../backend/ops.generated';
import { withGradMode } from '../autograd/mode';
import { defineGradient, record, requiresGrad } from '../autograd/node';
import { checkInPlace, recordInPlace } from '../autograd/view';
import { COMPUTE, Code, isFloatingCode } from '../dtype';
import { ArgumentError, DTypeError, ShapeError, describe } from '../errors';
import { sameShape, showShape, wrapDim } from '../shape';
import { alias, checkTensor, type Tensor } from '../tensor';
import { div, mul } from './arithmetic';
import { bindArguments, booleanArgument } from './arguments';
import { cast, copied } from './cast';
import { besides, inTheNameOf, unshared } from './change';
import { eq } from './compare';
import { fullOf, launchInto } from './kernel';
import { asItWas } from './kinds';
import { bitwiseAnd, divRounded } from './pointwise';
import {
  Mode,
  checkIndexDtype,
  cornerOf,
  cornerOfZeros,
  gather,
  reductionOperands,
  scatter,
  scatterAdd,
  scattered,
} from './scatter';
import { converted, where } from './where';

/** How `scatterReduce` makes one of several. */
export type ScatterReduction = 'sum' | 'prod' | 'mean' | 'amax' | 'amin';

interface Reduction {
  readonly dim: number;
  readonly reduce: ScatterReduction;
  readonly includeSelf: boolean;
}

const MODES: Record<ScatterReduction, Mode> = {
  sum: Mode.add,
  mean: Mode.add,
  prod: Mode.multiply,
  amax: Mode.largest,
  amin: Mode.smallest,
};

/** How many elements come together in each place of a tensor like t; 1 where there are none. */
function counts(t: Tensor, r: Reduction, index: Tensor): Tensor {
  const start = fullOf(t.shape, t.code, t.place, r.includeSelf ? 1 : 0);
  const one = fullOf([], t.code, t.place, 1);
  const ones = alias(
    one,
    index.shape,
    index.shape.map(() => 0),
    0,
  );
  scattered(r.dim, index, ones, Mode.add)(start);
  return where(eq(start, 0), 1, start);
}

/** Reduces `part`, of the index's shape, into t. */
function reduceInto(t: Tensor, r: Reduction, index: Tensor, part: Tensor): void {
  const { dim, reduce, includeSelf } = r;
  if (!includeSelf) {
    if (reduce === 'amax' || reduce === 'amin') {
      // Whichever of them comes last is the start: it counts once, however often.
      scattered(dim, index, part, Mode.replace)(t);
    } else {
      const identity = fullOf([], t.code, t.place, reduce === 'prod' ? 1 : 0);
      const zeros = index.shape.map(() => 0);
      scattered(dim, index, alias(identity, index.shape, zeros, 0), Mode.replace)(t);
    }
  }
  scattered(dim, index, part, MODES[reduce])(t);
  if (reduce !== 'mean') return;
  const n = counts(t, r, index);
  const average = isFloatingCode(t.code) ? div(t, n) : divRounded(t, n, { roundingMode: 'floor' });
  launchInto(Op.copy, COMPUTE[t.code]!, [t], [average], []);
}

/**
 * The gradients of scatterReduce and, with the index expanded, of indexReduce: what PyTorch's scatter_reduce_backward says
 * (torch/csrc/autograd/FunctionsManual.cpp). Saved: the tensor before, the index, the source, the tensor after.
 */
const reductionRule = (name: string) =>
  defineGradient<Reduction>(name, (grad, node, r) => {
    const { dim, reduce, includeSelf } = r;
    const [x, index, source, out] = [node.input(0), node.input(1), node.input(2), node.input(3)];
    const src = cornerOf(source, index.shape);
    let ofX: Tensor;
    let ofSource: Tensor;
    switch (reduce) {
      case 'sum':
        ofX = grad;
        ofSource = gather(grad, dim, index);
        break;
      case 'mean': {
        const n = counts(grad, r, index);
        ofX = div(grad, n);
        ofSource = div(gather(grad, dim, index), gather(n, dim, index));
        break;
      }
      case 'prod': {
        const reduced = (to: Tensor, from: Tensor) =>
          scatterReduce(to, dim, index, from, 'prod', { includeSelf });
        const filledX = where(eq(x, 0), 1, x);
        ofX = div(mul(grad, reduced(filledX, src)), filledX);
        const zero = eq(src, 0);
        const zeros = scatterAdd(fullOf(x.shape, x.code, x.place, 0), dim, index, cast(zero, x.code));
        const onlyZero = bitwiseAnd(zero, eq(gather(zeros, dim, index), 1));
        const withoutIt = reduced(x, where(onlyZero, 1, src));
        ofSource = where(
          onlyZero,
          gather(mul(grad, withoutIt), dim, index),
          div(gather(mul(grad, out), dim, index), where(zero, 1, src)),
        );
        break;
      }
      default: {
        // Equal ones share it.
        const isX = cast(eq(x, out), grad.code);
        const isSource = cast(eq(src, gather(out, dim, index)), grad.code);
        const share = div(grad, scatterAdd(isX, dim, index, isSource));
        ofX = mul(isX, share);
        ofSource = mul(isSource, gather(share, dim, index));
      }
    }
    if (!includeSelf) ofX = scatter(ofX, dim, index, 0);
    return [ofX, cornerOfZeros(ofSource, source.shape)];
  });
const ScatterReduce = reductionRule('ScatterReduce');
const IndexReduce = reductionRule('IndexReduce');

/** A reduction whose operands were checked; `index` has the shape of `part`, what there is of the source. */
function reduced(
  op: string,
  x: Tensor,
  r: Reduction,
  index: Tensor,
  source: Tensor,
  part: Tensor,
  changes: boolean,
): Tensor {
  const rule = op.startsWith('index') ? IndexReduce : ScatterReduce;
  const run = (t: Tensor): void =>
    inTheNameOf(op, () =>
      withGradMode(op, false, () => reduceInto(t, r, unshared(t, index), unshared(t, part))),
    );
  if (!changes) {
    const out = copied(x, x.code);
    run(out);
    return record(out, rule, [x, source], [x, index, source, out], r);
  }
  checkInPlace(op, x, [x, source]);
  const before = asItWas(x, requiresGrad(x) || requiresGrad(source));
  run(x);
  return recordInPlace(x, rule, [x, source], [before, index, source, x], 3, r);
}

const REDUCE = ['dim', 'index', 'src', 'reduce', 'includeSelf'] as const;

function scatterReduceOf(op: string, x: Tensor, given: readonly unknown[], changes: boolean): Tensor {
  checkTensor(op, x);
  const [dim, indices, src, reduce, include] = bindArguments(op, REDUCE, given);
  const [d, index, source, part] = reductionOperands(op, x, dim, indices, src);
  if (typeof reduce !== 'string' || !Object.hasOwn(MODES, reduce))
    throw new ArgumentError(
      `${op}: expected reduce to be 'sum', 'prod', 'mean', 'amax' or 'amin', got ${describe(reduce)}`,
    );
  if (reduce === 'mean' && x.code === Code.bool) throw new DTypeError(`${op}: bool has no mean`);
  const r = {
    dim: d,
    reduce: reduce as ScatterReduction,
    includeSelf: booleanArgument(op, 'includeSelf', include, true),
  };
  return reduced(op, x, r, index, source, part, changes);
}

/** Whether what is there already counts as one of the elements (true), or only where none is scattered to. */
export interface ReduceIntoOptions {
  includeSelf?: boolean;
}

/** The arguments of `scatterReduce` by name. */
export interface NamedScatterReduce extends ReduceIntoOptions {
  dim: number;
  index: Tensor;
  src: Tensor;
  reduce: ScatterReduction;
}

/**
 * A copy of x into which the elements of `src` are reduced where the index says
 * (https://docs.pytorch.org/docs/stable/generated/torch.Tensor.scatter_reduce_.html).
 * @throws IndexError when an index is out of range.
 */
export function scatterReduce(
  x: Tensor,
  dim: number,
  index: Tensor,
  src: Tensor,
  reduce: ScatterReduction,
  options?: ReduceIntoOptions,
): Tensor;
export function scatterReduce(x: Tensor, options: NamedScatterReduce): Tensor;
export function scatterReduce(x: Tensor, ...given: readonly unknown[]): Tensor {
  return scatterReduceOf('scatterReduce', x, given, false);
}

/** `scatterReduce`, in place. */
export function scatterReduce_(x: Tensor, ...given: readonly unknown[]): Tensor {
  return scatterReduceOf('scatterReduce_', x, given, true);
}

const INDEX_REDUCE = ['dim', 'index', 'source', 'reduce', 'includeSelf'] as const;

function indexReduceOf(op: string, x: Tensor, given: readonly unknown[], changes: boolean): Tensor {
  checkTensor(op, x);
  const [dim, index, source, reduce, include] = bindArguments(op, INDEX_REDUCE, given);
  if (x.code === Code.bool) throw new DTypeError(`${op}: not defined for bool`);
  const d = wrapDim(op, dim, x.shape.length);
  checkTensor(op, index, 'index');
  checkIndexDtype(op, index);
  if (index.shape.length > 1)
    throw new ShapeError(`${op}: expected a 1-d index, got shape ${showShape(index.shape)}`);
  checkTensor(op, source, 'source');
  const expected = x.shape.map((n, i) => (i === d ? index.count : n));
  if (!sameShape(source.shape, expected) || (expected.length === 0 && index.count !== 1))
    throw new ShapeError(
      `${op}: expected a source of shape ${showShape(expected)}, got ${showShape(source.shape)}`,
    );
  if (source.code !== x.code)
    throw new DTypeError(`${op}: expected a ${x.dtype} source, got ${source.dtype}`);
  if (reduce !== 'prod' && reduce !== 'mean' && reduce !== 'amax' && reduce !== 'amin')
    throw new ArgumentError(
      `${op}: expected reduce to be 'prod', 'mean', 'amax' or 'amin', got ${describe(reduce)}`,
    );
  const r: Reduction = {
    dim: d,
    reduce,
    includeSelf: booleanArgument(op, 'includeSelf', include, true),
  };
  const places = converted(besides(op, x, index), Code.int64);
  const step = places.layout === null ? 1 : places.layout[0]!;
  const strides = expected.map((_, i) => (i === d ? step : 0));
  const everywhere = alias(places, expected, strides, places.offset);
  const from = besides(op, x, source);
  return reduced(op, x, r, everywhere, from, from, changes);
}

/** The arguments of `indexReduce` by name. */
export interface NamedIndexReduce extends ReduceIntoOptions {
  dim: number;
  index: Tensor;
  source: Tensor;
  reduce: Exclude<ScatterReduction, 'sum'>;
}

/** A copy of x into which the entries of `source` along a dimension are reduced, to where a 1-d index says. */
export function indexReduce(
  x: Tensor,
  dim: number,
  index: Tensor,
  source: Tensor,
  reduce: Exclude<ScatterReduction, 'sum'>,
  options?: ReduceIntoOptions,
): Tensor;
export function indexReduce(x: Tensor, options: NamedIndexReduce): Tensor;
export function indexReduce(x: Tensor, ...given: readonly unknown[]): Tensor {
  return indexReduceOf('indexReduce', x, given, false);
}

/** `indexReduce`, in place. */
export function indexReduce_(x: Tensor, ...given: readonly unknown[]): Tensor {
  return indexReduceOf('indexReduce_', x, given, true);
}
