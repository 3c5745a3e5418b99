/** Reductions: over all dimensions or over some. */
import { Op, type OpName } from '../backend/ops.generated';
import { autocastUsed, gradEnabled } from '../autograd/mode';
import { defineGradient, record, type GradRule } from '../autograd/node';
import { COMPUTE, Code, dtypeCode, isFloatingCode, type DType } from '../dtype';
import { ArgumentError, DTypeError, IndexError } from '../errors';
import { reducedShape, showShape, wrapDim, wrapDims, type Shape } from '../shape';
import { Tensor, checkTensor } from '../tensor';
import { bindArguments, booleanArgument, isOptions } from './arguments';
import { widened } from './autocast';
import { eq, isnan, logicalAnd, logicalOr } from './compare';
import { cast } from './cast';
import { NONE, generate, launch, launchMany } from './kernel';
import { div, mul, sub } from './arithmetic';
import { maximum, minimum } from './pointwise';
import { expand, permute, reshape, unsqueeze } from './view';
import { where } from './where';

export type Dims = number | readonly number[] | null;

export interface ReduceOptions {
  dim?: Dims;
  /** Keep the reduced dimensions, with size 1. */
  keepdim?: boolean;
}
export interface TypedReduceOptions extends ReduceOptions {
  /** Convert to it first. */
  dtype?: DType;
}

/** @internal What was reduced, and how: enough to spread a gradient over the input again. */
export interface Reduction {
  readonly shape: Shape;
  readonly dims: readonly number[];
  readonly keptShape: Shape;
}

/** @internal A result of a reduction in the shape it has with `keepdim`. */
export function kept(t: Tensor, r: Reduction): Tensor {
  return reshape(t, r.keptShape);
}

/** @internal */
export function reduction(x: Tensor, dims: readonly number[]): Reduction {
  return { shape: x.shape, dims, keptShape: reducedShape(x.shape, dims, true) };
}

/** @internal How many elements make one result. */
export function count(r: Reduction): number {
  return r.dims.reduce((n, d) => n * r.shape[d]!, 1);
}

const ALL_DIMS: readonly (readonly number[])[] = Array.from({ length: 65 }, (_, rank) =>
  Array.from({ length: rank }, (_unused, i) => i),
);

const Sum = defineGradient<Reduction>('Sum', (grad, _, r) => [expand(kept(grad, r), r.shape)]);
const Mean = defineGradient<Reduction>('Mean', (grad, _, r) => [
  expand(kept(div(grad, count(r)), r), r.shape),
]);

/** What autocast has in float32, unless a dtype is asked for, and where: `prod` on both kinds of device. */
const IN_FLOAT32: ReadonlyMap<string, 'cuda' | undefined> = new Map([
  ['sum', 'cuda'],
  ['prod', undefined],
]);
const NO_ARGUMENTS: readonly unknown[] = [];

/** @internal Reads (dim, keepdim, dtype) and converts x as asked; the result's dtype is `own` unless one was asked for. */
export function typedArguments(
  op: string,
  x: Tensor,
  given: readonly unknown[],
  own: (code: number) => number,
  oneDim = false,
): [x: Tensor, dims: readonly number[], keepdim: boolean, code: number] {
  checkTensor(op, x);
  const [dim, keepdim, dtype] =
    given.length === 0 ? NO_ARGUMENTS : bindArguments(op, ['dim', 'keepdim', 'dtype'], given);
  const code = dtype === undefined || dtype === null ? null : dtypeCode(op, dtype);
  if (autocastUsed && code === null && IN_FLOAT32.has(op)) [x] = widened([x] as const, IN_FLOAT32.get(op));
  if (given.length === 0) return [x, ALL_DIMS[x.shape.length]!, false, own(x.code)];
  const y = code === null ? x : cast(x, code);
  const dims =
    oneDim && dim !== undefined
      ? [wrapDim(op, dim, x.shape.length)].filter(() => x.shape.length > 0)
      : wrapDims(op, dim, x.shape.length);
  if (oneDim && dim === undefined && keepdim !== undefined)
    throw new ArgumentError(`${op}: keepdim needs a dim`);
  return [y, dims, booleanArgument(op, 'keepdim', keepdim, false), code ?? own(x.code)];
}

/** @internal Sums and products of integers and booleans are int64. */
export const wide = (code: number): number => (isFloatingCode(code) ? code : Code.int64);
/** @internal */
export const same = (code: number): number => code;

/** The sum (https://pytorch.org/docs/stable/generated/torch.sum.html); of integers and booleans as int64. */
export function sum(x: Tensor, dim?: Dims, keepdim?: boolean, options?: { dtype?: DType }): Tensor;
export function sum(x: Tensor, dim: Dims, options: TypedReduceOptions): Tensor;
export function sum(x: Tensor, options: TypedReduceOptions): Tensor;
export function sum(x: Tensor, ...given: readonly unknown[]): Tensor {
  const [y, dims, keepdim, code] = typedArguments('sum', x, given, wide);
  const out = launch(Op.sum, COMPUTE[code]!, reducedShape(y.shape, dims, keepdim), code, [y], dims);
  return record(out, Sum, [y], [], reduction(y, dims));
}

/** The sum of what was broadcast from `shape` to x's. */
export function sumTo(x: Tensor, shape: Shape): Tensor {
  const skip = x.shape.length - shape.length;
  const dims: number[] = [];
  for (let i = 0; i < x.shape.length; i++)
    if (i < skip || (shape[i - skip] === 1 && x.shape[i] !== 1)) dims.push(i);
  const out = launch(Op.sum, COMPUTE[x.code]!, shape, x.code, [x], dims);
  return record(out, Sum, [x], [], reduction(x, dims));
}

/**
 * The arithmetic mean (https://pytorch.org/docs/stable/generated/torch.mean.html).
 * @throws DTypeError for integers: name a floating `dtype`.
 */
export function mean(x: Tensor, dim?: Dims, keepdim?: boolean, options?: { dtype?: DType }): Tensor;
export function mean(x: Tensor, dim: Dims, options: TypedReduceOptions): Tensor;
export function mean(x: Tensor, options: TypedReduceOptions): Tensor;
export function mean(x: Tensor, ...given: readonly unknown[]): Tensor {
  const [y, dims, keepdim] = typedArguments('mean', x, given, same);
  if (!isFloatingCode(y.code))
    throw new DTypeError(`mean: expected floating point, got ${y.dtype}; pass { dtype: 'float32' }`);
  const out = launch(Op.mean, COMPUTE[y.code]!, reducedShape(y.shape, dims, keepdim), y.code, [y], dims);
  return record(out, Mean, [y], [], reduction(y, dims));
}

const Prod = defineGradient<Reduction>('Prod', (grad, node, r) => {
  const x = node.input(0);
  if (r.shape.length === 0) return [grad];
  const others = gradEnabled() ? productOfOthersAgain(x, r) : productOfOthers(x, r);
  return [mul(expand(kept(grad, r), r.shape), others)];
});

/**
 * The same by as many products as there are elements to a reduction, each with one of them left out: differentiable
 * also where elements are zero.
 */
function productOfOthersAgain(x: Tensor, r: Reduction): Tensor {
  const n = count(r);
  if (n === 0) return x;
  // The reduced dimensions, as one, come last; before it a copy of it, along which one element is left out.
  const keep = r.shape.map((_, i) => i).filter((i) => !r.dims.includes(i));
  const order = [...keep, ...r.dims];
  const outer = keep.map((i) => r.shape[i]!);
  const rows = reshape(permute(x, order), [...outer, n]);
  const square = expand(unsqueeze(rows, -2), [...outer, n, n]);
  const diagonal = generate(Op.eye, COMPUTE[Code.bool]!, [n, n], Code.bool, x.place, NONE);
  const products = prod(where(diagonal, 1, square), -1);
  const inverse = new Array<number>(order.length);
  order.forEach((d, i) => (inverse[d] = i));
  return permute(
    reshape(
      products,
      order.map((d) => r.shape[d]!),
    ),
    inverse,
  );
}

/** At each element the product of all others reduced with it: right with zeros too. */
function productOfOthers(x: Tensor, r: Reduction): Tensor {
  const zero = eq(x, 0);
  const filled = where(zero, 1, x);
  const rest = launch(Op.prod, COMPUTE[x.code]!, r.keptShape, x.code, [filled], r.dims);
  const zeros = sum(zero, r.dims.slice(), true);
  const others = sub(zeros, cast(zero, Code.int64));
  return where(eq(others, 0), div(rest, filled), 0);
}

/** The product, over all dimensions or over one (https://pytorch.org/docs/stable/generated/torch.prod.html). */
export function prod(x: Tensor, dim?: number, keepdim?: boolean, options?: { dtype?: DType }): Tensor;
export function prod(x: Tensor, dim: number, options: TypedReduceOptions): Tensor;
export function prod(x: Tensor, options: TypedReduceOptions): Tensor;
export function prod(x: Tensor, ...given: readonly unknown[]): Tensor {
  const [y, dims, keepdim, code] = typedArguments('prod', x, given, wide, true);
  const out = launch(Op.prod, COMPUTE[code]!, reducedShape(y.shape, dims, keepdim), code, [y], dims);
  return record(out, Prod, [y], [y], reduction(y, dims));
}

/** The gradient goes to the winners, in equal parts; where a NaN won nobody can say to whom. */
const extremeRule = (name: string): GradRule<Reduction> =>
  defineGradient<Reduction>(name, (grad, node, r) => {
    const won = eq(node.input(0), kept(node.input(1), r));
    return [mul(won, div(kept(grad, r), sum(won, r.dims.slice(), true)))];
  });

/** Over all dimensions: to the winners, NaNs among them. */
const extremeOfAllRule = (name: string): GradRule<Reduction> =>
  defineGradient<Reduction>(name, (grad, node) => {
    const [x, winner] = [node.input(0), node.input(1)];
    const won = logicalOr(eq(x, winner), logicalAnd(isnan(x), isnan(winner)));
    return [where(won, div(grad, sum(won)), 0)];
  });

/** @internal */
export function checkNotEmpty(op: string, x: Tensor, dims: readonly number[]): void {
  if (x.count === 0 && dims.some((d) => x.shape[d] === 0))
    throw new IndexError(`${op}: an empty reduction has no value: shape ${showShape(x.shape)}`);
}

function extremeOver(
  op: string,
  name: OpName,
  x: Tensor,
  dims: readonly number[],
  keepdim: boolean,
  rule: GradRule<Reduction>,
): Tensor {
  if (x.shape.length === 0) dims = [];
  checkNotEmpty(op, x, dims);
  const out = launch(Op[name], COMPUTE[x.code]!, reducedShape(x.shape, dims, keepdim), x.code, [x], dims);
  return record(out, rule, [x], [x, out], reduction(x, dims));
}

/** @internal Reads (dim, keepdim). */
export function reduceArguments(
  op: string,
  x: Tensor,
  given: readonly unknown[],
  oneDim = false,
): [readonly number[], boolean] {
  checkTensor(op, x);
  const [dim, keepdim] = bindArguments(op, ['dim', 'keepdim'], given);
  if (oneDim && dim !== undefined && dim !== null) wrapDim(op, dim, x.shape.length);
  return [wrapDims(op, dim, x.shape.length), booleanArgument(op, 'keepdim', keepdim, false)];
}

export interface ReduceFunction {
  (x: Tensor, dim?: Dims, keepdim?: boolean): Tensor;
  (x: Tensor, dim: Dims, options: { keepdim?: boolean }): Tensor;
  (x: Tensor, options: ReduceOptions): Tensor;
}

function extremeOp(name: 'amax' | 'amin', gradient: string): ReduceFunction {
  const rule = extremeRule(gradient);
  return (x: Tensor, ...given: readonly unknown[]) => {
    const [dims, keepdim] = reduceArguments(name, x, given);
    return extremeOver(name, name, x, dims, keepdim, rule);
  };
}

/** The largest; equal ones share the gradient. */
export const amax = extremeOp('amax', 'Amax');
/** The smallest; equal ones share the gradient. */
export const amin = extremeOp('amin', 'Amin');

function logicalReduceOp(name: 'all' | 'any'): ReduceFunction {
  return (x: Tensor, ...given: readonly unknown[]) => {
    const [all, keepdim] = reduceArguments(name, x, given);
    // An empty list is none of the dimensions here, not all of them.
    const dim = isOptions(given[0]) ? given[0].dim : given[0];
    const dims = Array.isArray(dim) && dim.length === 0 ? [] : all;
    const out = launch(
      Op[name],
      COMPUTE[x.code]!,
      reducedShape(x.shape, dims, keepdim),
      Code.bool,
      [x],
      dims,
    );
    return x.code === Code.uint8 ? cast(out, Code.uint8) : out;
  };
}

/** Whether all are true (not zero). */
export const all = logicalReduceOp('all');
/** Whether any is true (not zero). */
export const any = logicalReduceOp('any');

function argOp(name: 'argmax' | 'argmin') {
  function call(x: Tensor, dim?: number | null, keepdim?: boolean): Tensor;
  function call(x: Tensor, dim: number | null, options: { keepdim?: boolean }): Tensor;
  function call(x: Tensor, options: { dim?: number | null; keepdim?: boolean }): Tensor;
  function call(x: Tensor, ...given: readonly unknown[]): Tensor {
    const [dims, keepdim] = reduceArguments(name, x, given, true);
    if (x.code === Code.bool) throw new DTypeError(`${name}: not defined for bool`);
    checkNotEmpty(name, x, dims);
    return launch(Op[name], COMPUTE[x.code]!, reducedShape(x.shape, dims, keepdim), Code.int64, [x], dims);
  }
  return call;
}

/** The index of the first largest, in the flattened tensor or along `dim`. */
export const argmax = argOp('argmax');
/** The index of the first smallest, in the flattened tensor or along `dim`. */
export const argmin = argOp('argmin');

/** Two tensors by position and by name. */
export type ValuesAndIndices = readonly [Tensor, Tensor] & {
  readonly values: Tensor;
  readonly indices: Tensor;
};

const alongDim = (name: string): GradRule<Reduction> =>
  defineGradient<Reduction>(name, (grad, node, r) => {
    // One hot along the dimension, at the index that won.
    const dim = r.dims[0] ?? 0;
    const index = kept(node.input(0), r);
    const size = r.shape[dim] ?? 1;
    const places = generate(Op.arange, COMPUTE[Code.int64]!, [size], Code.int64, index.place, [0, 1]);
    const along =
      r.shape.length === 0
        ? reshape(places, [])
        : reshape(
            places,
            r.shape.map((n, i) => (i === dim ? n : 1)),
          );
    return [where(eq(along, index), kept(grad, r), 0)];
  });

export interface ExtremeFunction {
  (x: Tensor): Tensor;
  (x: Tensor, other: Tensor): Tensor;
  (x: Tensor, options: { other: Tensor }): Tensor;
  (x: Tensor, dim: number, keepdim?: boolean): ValuesAndIndices;
  (x: Tensor, dim: number, options: { keepdim?: boolean }): ValuesAndIndices;
  (x: Tensor, options: { dim: number; keepdim?: boolean }): ValuesAndIndices;
}

function extremeWithIndices(name: 'max' | 'min'): ExtremeFunction {
  const overAll = extremeOfAllRule(name === 'max' ? 'Max' : 'Min');
  const reducer = name === 'max' ? 'amax' : 'amin';
  const ofTwo = name === 'max' ? maximum : minimum;
  const overDim = alongDim(name === 'max' ? 'Max' : 'Min');
  function call(x: Tensor, ...given: readonly unknown[]): Tensor | ValuesAndIndices {
    checkTensor(name, x);
    if (given.length === 0) return extremeOver(name, reducer, x, ALL_DIMS[x.shape.length]!, false, overAll);
    const [first] = given;
    if (given.length === 1 && first instanceof Tensor) return ofTwo(x, first);
    if (isOptions(first) && 'other' in first)
      return ofTwo(x, bindArguments(name, ['other'], given)[0] as Tensor);
    const [dim, keepdimGiven] = bindArguments(name, ['dim', 'keepdim'], given);
    if (dim === undefined || dim === null) throw new ArgumentError(`${name}: keepdim needs a dim`);
    const keepdim = booleanArgument(name, 'keepdim', keepdimGiven, false);
    const d = wrapDim(name, dim, x.shape.length);
    const dims = x.shape.length === 0 ? [] : [d];
    checkNotEmpty(name, x, dims);
    const shape = reducedShape(x.shape, dims, keepdim);
    const [values, indices] = launchMany(
      Op[name],
      COMPUTE[x.code]!,
      [shape, shape],
      [x.code, Code.int64],
      [x],
      dims,
    ) as [Tensor, Tensor];
    record(values, overDim, [x], [indices], reduction(x, dims));
    return Object.assign([values, indices] as const, { values, indices });
  }
  return call as ExtremeFunction;
}

/** The largest of all, or along `dim` the largest and where they are. */
export const max = extremeWithIndices('max');
/** The smallest of all, or along `dim` the smallest and where they are. */
export const min = extremeWithIndices('min');
