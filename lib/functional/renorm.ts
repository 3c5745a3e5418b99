/** Slices that are scaled down to a largest norm. */
import { Op } from '../backend/ops.generated';
import { checkInPlace, recordInPlace } from '../autograd/view';
import { autocastUsed, withGradMode } from '../autograd/mode';
import { defineGradient, record, requiresGrad } from '../autograd/node';
import { COMPUTE, Code, isFloatingCode } from '../dtype';
import { ArgumentError, DTypeError, ShapeError } from '../errors';
import { showShape, wrapDim } from '../shape';
import { type Tensor, checkTensor } from '../tensor';
import { bindArguments, numberArgument } from './arguments';
import { add, div, mul, sub } from './arithmetic';
import { widened } from './autocast';
import { cast } from './cast';
import { eq, gt } from './compare';
import { abs, reciprocal, sign, sqrt } from './elementary';
import { NONE, launchInto } from './kernel';
import { asItWas } from './kinds';
import { pow } from './pointwise';
import { amax, sum } from './reduce';
import { where } from './where';

/** Added to norms, so that nothing is divided by zero. */
const EPSILON = 1e-7;

interface Renorm {
  readonly p: number;
  /** All but the one that slices are taken along. */
  readonly dims: readonly number[];
  readonly most: number;
}

/** The p-norm of every slice. */
function normOf(x: Tensor, { p, dims }: Renorm): Tensor {
  if (p === 2) return sqrt(sum(mul(x, x), dims, true));
  if (p === 1) return sum(abs(x), dims, true);
  if (p === Infinity) return amax(abs(x), dims, true);
  return pow(sum(pow(abs(x), p), dims, true), 1 / p);
}

/** The derivative of the norm for x, times `grad`: 0 where the norm has a corner. */
function normGrad(grad: Tensor, x: Tensor, norm: Tensor, { p, dims }: Renorm): Tensor {
  if (p === 1) return mul(sign(x), grad);
  if (p === 2) return where(eq(norm, 0), 0, mul(x, div(grad, norm)));
  if (p === Infinity) {
    const largest = eq(abs(x), norm);
    return mul(sign(x), where(largest, div(grad, sum(largest, dims, true)), 0));
  }
  if (p < 2) return where(eq(x, 0), 0, mul(mul(sign(x), pow(abs(x), p - 1)), mul(grad, pow(norm, 1 - p))));
  const scaled = where(eq(norm, 0), 0, div(grad, pow(norm, p - 1)));
  return mul(mul(x, pow(abs(x), p - 2)), scaled);
}

const Renorm = defineGradient<Renorm>('Renorm', (grad, node, r) => {
  const x = node.input(0);
  const norm = normOf(x, r);
  const inverse = reciprocal(add(norm, EPSILON));
  const ofNorm = normGrad(sum(mul(x, grad), r.dims, true), x, norm, r);
  const scaled = mul(mul(inverse, r.most), sub(grad, mul(inverse, ofNorm)));
  return [where(gt(norm, r.most), scaled, grad)];
});

function renormArguments(op: string, x: Tensor, given: readonly unknown[]): Renorm {
  checkTensor(op, x);
  const [p, dim, maxnorm] = bindArguments(op, ['p', 'dim', 'maxnorm'], given);
  const power = numberArgument(op, 'p', p);
  const most = numberArgument(op, 'maxnorm', maxnorm);
  if (!(power > 0)) throw new ArgumentError(`${op}: expected p > 0, got ${power}`);
  if (!(most >= 0)) throw new ArgumentError(`${op}: expected maxnorm >= 0, got ${most}`);
  if (x.shape.length < 2)
    throw new ShapeError(`${op}: expected at least 2 dimensions, got shape ${showShape(x.shape)}`);
  const d = wrapDim(op, dim, x.shape.length);
  if (!isFloatingCode(x.code)) throw new DTypeError(`${op}: expected floating point, got ${x.dtype}`);
  return { p: power, dims: x.shape.map((_, i) => i).filter((i) => i !== d), most };
}

/** In float32 for half types, without recording. */
function renormed(op: string, x: Tensor, r: Renorm): Tensor {
  return withGradMode(op, false, () => {
    if (x.count === 0) return x.clone();
    const wider = x.code === Code.float64 ? x : cast(x, Code.float32);
    const norm = normOf(wider, r);
    const factor = where(gt(norm, r.most), mul(reciprocal(add(norm, EPSILON)), r.most), 1);
    return cast(mul(wider, factor), x.code);
  });
}

export interface RenormFunction {
  (x: Tensor, p: number, dim: number, maxnorm: number): Tensor;
  (x: Tensor, options: { p: number; dim: number; maxnorm: number }): Tensor;
}

/** Each slice of `dim` whose p-norm exceeds `maxnorm` scaled down to that (https://pytorch.org/docs/stable/generated/torch.renorm.html). */
export const renorm = ((x: Tensor, ...given: readonly unknown[]) => {
  const r = renormArguments('renorm', x, given);
  if (autocastUsed) [x] = widened([x] as const, 'cuda');
  return record(renormed('renorm', x, r), Renorm, [x], [x], r);
}) as RenormFunction;

/** `renorm`, in place. */
export const renorm_ = ((x: Tensor, ...given: readonly unknown[]) => {
  const r = renormArguments('renorm_', x, given);
  checkInPlace('renorm_', x, [x]);
  const before = asItWas(x, requiresGrad(x));
  launchInto(Op.copy, COMPUTE[x.code]!, [x], [renormed('renorm_', x, r)], NONE);
  return recordInPlace(x, Renorm, [x], [before], -1, r);
}) as RenormFunction;
