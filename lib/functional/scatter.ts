/** One element for each index along a dimension: read (gather) and written (scatter). */
import { Op } from '../backend/ops.generated';
import { defineGradient, record, type GradRule } from '../autograd/node';
import { COMPUTE, Code } from '../dtype';
import { ArgumentError, DTypeError, ShapeError, describe } from '../errors';
import { sameShape, showShape, wrapDim, type Shape } from '../shape';
import { Tensor, alias, checkTensor, stridesOf } from '../tensor';
import { bindArguments, booleanArgument } from './arguments';
import { besides, inCopy, inPlace, inTheNameOf, unshared, type Change } from './change';
import { copy_ } from './copy';
import { fullOf, launch, launchInto } from './kernel';
import { notDifferentiable } from './kinds';
import { elementValue, numberValue } from './number';
import { narrow, reshape } from './view';
import { converted } from './where';

/** What the `scatter` kernel does with an element and what it finds in its place. */
export const Mode = { replace: 0, add: 1, multiply: 2, largest: 3, smallest: 4 } as const;
export type Mode = (typeof Mode)[keyof typeof Mode];

/** Where elements are, in a tensor of a shape. */
interface Along {
  readonly dim: number;
  readonly shape: Shape;
}

/** Throws unless indices are int64 (or int32, or none). */
export function checkIndexDtype(op: string, index: Tensor): void {
  if (index.code !== Code.int64 && index.code !== Code.int32 && index.count > 0)
    throw new DTypeError(
      `${op}: expected an int64 index, got ${index.dtype}; make it with { dtype: 'int64' }`,
    );
}

/** A dimension of x, and an index that has no more elements than x along the others, as int64. */
function indexAlong(op: string, x: Tensor, dim: unknown, given: unknown): [dim: number, index: Tensor] {
  checkTensor(op, x);
  const d = wrapDim(op, dim, x.shape.length);
  checkTensor(op, given, 'index');
  checkIndexDtype(op, given);
  const { shape } = given;
  if (given.count > 0) {
    if (Math.max(shape.length, 1) !== Math.max(x.shape.length, 1))
      throw new ShapeError(
        `${op}: expected an index of ${x.shape.length} dimensions, as the input has, got shape ${showShape(shape)}`,
      );
    if (shape.some((n, i) => i !== d && n > x.shape[i]!))
      throw new ShapeError(
        `${op}: expected an index no larger than the input's ${showShape(x.shape)}, except in dimension ${d}, got ${showShape(shape)}`,
      );
  }
  return [d, converted(besides(op, x, given), Code.int64)];
}

/** The part of a source that an index is for: as many elements along each dimension. */
function sourceOf(op: string, x: Tensor, index: Tensor, given: unknown): Tensor {
  checkTensor(op, given, 'src');
  if (given.code !== x.code) throw new DTypeError(`${op}: expected a ${x.dtype} src, got ${given.dtype}`);
  const { shape } = index;
  if (
    index.count > 0 &&
    (Math.max(shape.length, 1) !== Math.max(given.shape.length, 1) ||
      shape.some((n, i) => n > (given.shape[i] ?? 1)))
  )
    throw new ShapeError(
      `${op}: expected a src of at least the index's shape ${showShape(shape)}, got ${showShape(given.shape)}`,
    );
  return besides(op, x, given);
}

/** The first elements of t along each dimension, as many as a shape says. */
function corner(t: Tensor, shape: Shape): Tensor {
  const layout = t.shape.length === shape.length && t.count > 0 ? stridesOf(t) : null;
  return sameShape(t.shape, shape) ? t : alias(t, shape, layout, t.offset);
}

/** The same, for derivatives to go through. */
export function cornerOf(t: Tensor, shape: Shape): Tensor {
  if (sameShape(t.shape, shape)) return t;
  if (t.shape.length !== shape.length) return reshape(t, shape);
  return shape.reduce((part, n, i) => narrow(part, i, 0, n), t);
}

/** t as the first elements of a tensor of zeros. */
export function cornerOfZeros(t: Tensor, shape: Shape): Tensor {
  if (sameShape(t.shape, shape)) return t;
  if (t.shape.length !== shape.length)
    return t.count === 0 ? fullOf(shape, t.code, t.place, 0) : reshape(t, shape);
  const whole = fullOf(shape, t.code, t.place, 0);
  copy_(cornerOf(whole, t.shape), t);
  return whole;
}

/** A kernel's write of `source`, of the index's shape, to places along a dimension. */
export function scattered(dim: number, index: Tensor, source: Tensor, mode: Mode): (t: Tensor) => void {
  return (t) =>
    launchInto(Op.scatter, COMPUTE[t.code]!, [t], [unshared(t, source), unshared(t, index)], [dim, mode]);
}

const Gather = defineGradient<Along>('Gather', (grad, node, { dim, shape }) => [
  scatterAdd_(fullOf(shape, grad.code, grad.place, 0), dim, node.input(0), grad),
]);

/** The elements that an index names along a dimension, without recording. */
export function taken(x: Tensor, dim: number, index: Tensor): Tensor {
  return launch(Op.gather, COMPUTE[x.code]!, index.shape, x.code, [x, index], [dim]);
}

/** `gather` under the name of an op that it is part of. */
export function gatherAs(op: string, x: Tensor, dim: unknown, given: unknown): Tensor {
  const [d, index] = indexAlong(op, x, dim, given);
  const out = inTheNameOf(op, () => taken(x, d, index));
  return record(out, Gather, [x], [index], { dim: d, shape: x.shape });
}

/** What `gather` takes by name. */
export interface GatherOptions {
  dim: number;
  index: Tensor;
  /** Gradients are dense here: nothing but false. */
  sparseGrad?: boolean;
}

/**
 * For each index along `dim` the element it names: `out[i][j] = x[index[i][j]][j]` for dim 0
 * (https://docs.pytorch.org/docs/stable/generated/torch.gather.html).
 * @throws IndexError when an index is out of range.
 */
export function gather(x: Tensor, dim: number, index: Tensor, options?: { sparseGrad?: boolean }): Tensor;
export function gather(x: Tensor, options: GatherOptions): Tensor;
export function gather(x: Tensor, ...given: readonly unknown[]): Tensor {
  const [dim, index, sparse] = bindArguments('gather', ['dim', 'index', 'sparseGrad'], given);
  if (booleanArgument('gather', 'sparseGrad', sparse, false))
    throw new ArgumentError('gather: gradients are dense: expected sparseGrad to be false');
  return gatherAs('gather', x, dim, index);
}

const Scatter = defineGradient<Along>('Scatter', (grad, node, { dim, shape }) => {
  const index = node.input(0);
  return [
    node.needs(0) ? scatter(grad, dim, index, 0) : null,
    node.needs(1) ? cornerOfZeros(gather(grad, dim, index), shape) : null,
  ];
});
const ScatterAdd = defineGradient<Along>('ScatterAdd', (grad, node, { dim, shape }) => [
  grad,
  node.needs(1) ? cornerOfZeros(gather(grad, dim, node.input(0)), shape) : null,
]);

const REDUCTIONS: Record<string, Mode> = { add: Mode.add, multiply: Mode.multiply };

function scatterChange(op: string, x: Tensor, given: readonly unknown[]): Change<Along> {
  const [dim, indices, src, reduce, value] = bindArguments(
    op,
    ['dim', 'index', 'src', 'reduce', 'value'],
    given,
  );
  const [d, index] = indexAlong(op, x, dim, indices);
  if (src !== undefined && value !== undefined)
    throw new ArgumentError(`${op}: expected src or value, not both`);
  let mode: Mode = Mode.replace;
  if (reduce !== undefined) {
    if (typeof reduce !== 'string' || !Object.hasOwn(REDUCTIONS, reduce))
      throw new ArgumentError(`${op}: expected reduce to be 'add' or 'multiply', got ${describe(reduce)}`);
    mode = REDUCTIONS[reduce]!;
  }
  // As in PyTorch these have no derivative; scatterAdd and scatterReduce do.
  const rule: GradRule<Along> = mode === Mode.replace ? Scatter : notDifferentiable(op);
  const from = src ?? value;
  const { shape } = index;
  if (from instanceof Tensor) {
    const source = sourceOf(op, x, index, from);
    return {
      rule,
      operands: [source],
      saved: [index],
      context: { dim: d, shape: source.shape },
      write: scattered(d, index, corner(source, shape), mode),
    };
  }
  const element = elementValue(op, numberValue(op, from, 'src'), x.code);
  const repeated = fullOf([], x.code, x.place, element);
  return {
    rule,
    operands: [null],
    saved: [index],
    context: { dim: d, shape },
    write: scattered(
      d,
      index,
      alias(
        repeated,
        shape,
        shape.map(() => 0),
        0,
      ),
      mode,
    ),
  };
}

/** What `scatter` does where something is already, instead of replacing it. */
export interface ScatterOptions {
  reduce?: 'add' | 'multiply';
}

/** The arguments of `scatter` by name: `src` or `value`. */
export interface NamedScatter extends ScatterOptions {
  dim: number;
  index: Tensor;
  src?: Tensor;
  value?: number | boolean | bigint;
}

type Source = Tensor | number | boolean | bigint;

/**
 * A copy of x with the elements of `src`, or a number, where the index says: `x[index[i][j]][j] = src[i][j]` for dim 0
 * (https://docs.pytorch.org/docs/stable/generated/torch.Tensor.scatter_.html). Of equal indices the last one counts.
 * @throws IndexError when an index is out of range.
 */
export function scatter(x: Tensor, dim: number, index: Tensor, src: Source, options?: ScatterOptions): Tensor;
export function scatter(x: Tensor, options: NamedScatter): Tensor;
export function scatter(x: Tensor, ...given: readonly unknown[]): Tensor {
  checkTensor('scatter', x);
  return inCopy('scatter', x, scatterChange('scatter', x, given));
}

/** `scatter`, in place. */
export function scatter_(x: Tensor, ...given: readonly unknown[]): Tensor {
  checkTensor('scatter_', x);
  return inPlace('scatter_', x, scatterChange('scatter_', x, given));
}

/** The arguments of `scatterAdd` by name. */
export interface NamedScatterAdd {
  dim: number;
  index: Tensor;
  src: Tensor;
}

function addition(op: string, x: Tensor, given: readonly unknown[]): Change<Along> {
  const [dim, indices, src] = bindArguments(op, ['dim', 'index', 'src'], given);
  const [d, index] = indexAlong(op, x, dim, indices);
  const source = sourceOf(op, x, index, src);
  return {
    rule: ScatterAdd,
    operands: [source],
    saved: [index],
    context: { dim: d, shape: source.shape },
    write: scattered(d, index, corner(source, index.shape), Mode.add),
  };
}

/** A copy of x to which the elements of `src` are added where the index says. */
export function scatterAdd(x: Tensor, dim: number, index: Tensor, src: Tensor): Tensor;
export function scatterAdd(x: Tensor, options: NamedScatterAdd): Tensor;
export function scatterAdd(x: Tensor, ...given: readonly unknown[]): Tensor {
  checkTensor('scatterAdd', x);
  return inCopy('scatterAdd', x, addition('scatterAdd', x, given));
}

/** `scatterAdd`, in place. */
export function scatterAdd_(x: Tensor, ...given: readonly unknown[]): Tensor {
  checkTensor('scatterAdd_', x);
  return inPlace('scatterAdd_', x, addition('scatterAdd_', x, given));
}

/** The operands of a reduction to places: the dimension, the index, all of src and the part that the index is for. */
export function reductionOperands(
  op: string,
  x: Tensor,
  dim: unknown,
  indices: unknown,
  src: unknown,
): [dim: number, index: Tensor, source: Tensor, part: Tensor] {
  const [d, index] = indexAlong(op, x, dim, indices);
  const source = sourceOf(op, x, index, src);
  return [d, index, source, corner(source, index.shape)];
}
