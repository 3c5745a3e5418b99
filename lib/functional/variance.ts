/** Variance and standard deviation. */
import { withGradMode } from '../autograd/mode';
import { defineGradient, record, type GradRule, type InputGrads, type Node } from '../autograd/node';
import { Code, DTYPES, isFloatingCode } from '../dtype';
import { ArgumentError, DTypeError, describe } from '../errors';
import { reducedShape, wrapDims } from '../shape';
import { type Tensor, checkTensor } from '../tensor';
import { bindArguments, booleanArgument } from './arguments';
import { div, mul, sub } from './arithmetic';
import { cast } from './cast';
import { eq } from './compare';
import { sqrt } from './elementary';
import { type Dims, type ReduceOptions, type Reduction, count, kept, mean, reduction, sum } from './reduce';
import { expand, reshape } from './view';
import { where } from './where';

/** What `var` and `std` take; `correction` is subtracted from the number of elements. */
export interface VarianceOptions extends ReduceOptions {
  correction?: number;
  /** true: a correction of 1, false: of 0. */
  unbiased?: boolean;
}

interface Variance extends Reduction {
  /** The number of elements of a reduction less the correction. */
  readonly freedom: number;
  readonly all: boolean;
}

/** 2 (x - mean) / freedom; of all elements and without freedom, infinite unless x is the mean. */
function varianceGrad(grad: Tensor, x: Tensor, v: Variance): Tensor {
  const center = mean(x, v.dims.slice(), true);
  if (v.all && v.freedom <= 0) return mul(grad, where(eq(x, center), NaN, Infinity));
  return mul(mul(kept(grad, v), 2 / v.freedom), sub(x, center));
}

const Var = defineGradient<Variance>('Var', (grad, node, v) => [varianceGrad(grad, node.input(0), v)]);
const Std = defineGradient<Variance>('Std', (grad, node, v) => {
  const deviation = node.input(1);
  const ofVariance = where(eq(deviation, 0), 0, div(grad, mul(deviation, 2)));
  return [varianceGrad(ofVariance, node.input(0), v)];
});

function varianceArguments(op: string, x: Tensor, given: readonly unknown[]): [Variance, boolean] {
  checkTensor(op, x);
  if (!isFloatingCode(x.code)) throw new DTypeError(`${op}: expected floating point, got ${DTYPES[x.code]}`);
  const bound = bindArguments(op, ['dim', 'correction', 'keepdim', 'unbiased'], given);
  let [dim, correction] = bound;
  let unbiased = bound[3];
  if (typeof dim === 'boolean') [dim, unbiased] = [undefined, dim];
  if (typeof correction === 'boolean') [correction, unbiased] = [undefined, correction];
  if (unbiased !== undefined) {
    if (correction !== undefined) throw new ArgumentError(`${op}: expected correction or unbiased, not both`);
    correction = booleanArgument(op, 'unbiased', unbiased, true) ? 1 : 0;
  }
  if (correction !== undefined && typeof correction !== 'number')
    throw new ArgumentError(`${op}: expected correction to be a number, got ${describe(correction)}`);
  const r = reduction(x, wrapDims(op, dim, x.shape.length));
  const freedom = count(r) - (correction ?? 1);
  const all = dim === undefined || dim === null || x.shape.length === 0;
  return [{ ...r, freedom, all }, booleanArgument(op, 'keepdim', bound[2], false)];
}

/** The mean square of what is left without the mean, or its root, and the mean: in float32 for half types. */
function moments(
  op: string,
  x: Tensor,
  v: Variance,
  keepdim: boolean,
  root: boolean,
): [deviation: Tensor, mean: Tensor] {
  return withGradMode(op, false, () => {
    const wider = x.code === Code.float64 ? x : cast(x, Code.float32);
    const center = mean(wider, v.dims.slice(), true);
    const centered = sub(wider, center);
    const freedom = count(v) === 0 ? 0 : Math.max(0, v.freedom);
    const out = div(sum(mul(centered, centered), v.dims.slice(), keepdim), freedom);
    const shape = reducedShape(x.shape, v.dims, keepdim);
    return [cast(root ? sqrt(out) : out, x.code), cast(reshape(center, shape), x.code)];
  });
}

/** The variance (https://pytorch.org/docs/stable/generated/torch.var.html). */
export function variance(x: Tensor, ...given: readonly unknown[]): Tensor {
  const [v, keepdim] = varianceArguments('var', x, given);
  return record(moments('var', x, v, keepdim, false)[0], Var, [x], [x], v);
}

/** The standard deviation. */
export function std(x: Tensor, ...given: readonly unknown[]): Tensor {
  const [v, keepdim] = varianceArguments('std', x, given);
  const [out] = moments('std', x, v, keepdim, true);
  return record(out, Std, [x], [x, out], v);
}

const meanGrad = (grad: Tensor, _: Node, v: Variance): InputGrads => [
  expand(kept(div(grad, count(v)), v), v.shape),
];

export interface WithMeanFunction {
  (x: Tensor, dim?: Dims, options?: Omit<VarianceOptions, 'dim'>): readonly [Tensor, Tensor];
  (x: Tensor, dim: Dims, unbiased: boolean, keepdim?: boolean): readonly [Tensor, Tensor];
  (x: Tensor, unbiased: boolean): readonly [Tensor, Tensor];
  (x: Tensor, options: VarianceOptions): readonly [Tensor, Tensor];
}

function withMean(op: 'varMean' | 'stdMean', name: string): WithMeanFunction {
  const root = op === 'stdMean';
  const spreadRule: GradRule<Variance> = {
    name: `${name}Backward`,
    backward: (root ? Std : Var).backward,
  };
  const meanRule = defineGradient<Variance>(name, meanGrad);
  return (x: Tensor, ...given: readonly unknown[]) => {
    const [v, keepdim] = varianceArguments(op, x, given);
    const [spread, center] = moments(op, x, v, keepdim, root);
    record(spread, spreadRule, [x], root ? [x, spread] : [x], v);
    record(center, meanRule, [x], [], v);
    return [spread, center] as const;
  };
}

/** The variance and the mean (https://pytorch.org/docs/stable/generated/torch.var_mean.html). */
export const varMean = withMean('varMean', 'VarMean');
/** The standard deviation and the mean. */
export const stdMean = withMean('stdMean', 'StdMean');
