/** Running sums, products and extremes along a dimension. */
import { Op } from '../backend/ops.generated';
import { autocastUsed } from '../autograd/mode';
import { checkInPlace, recordInPlace } from '../autograd/view';
import { defineGradient, record, requiresGrad, type GradRule } from '../autograd/node';
import { COMPUTE, Code, DTYPES, dtypeCode, isFloatingCode, type DType } from '../dtype';
import { DTypeError } from '../errors';
import { wrapDim } from '../shape';
import { type Tensor, checkTensor } from '../tensor';
import { choiceOf, choiceRule, laned, shaped, sized } from './along';
import { mul, sub } from './arithmetic';
import { bindArguments } from './arguments';
import { widened } from './autocast';
import { cast } from './cast';
import { isinf } from './compare';
import { exp } from './elementary';
import { cat } from './join';
import { NONE, fullOf, launch, launchInto, launchMany } from './kernel';
import { asItWas } from './kinds';
import type { ValuesAndIndices } from './reduce';
import { narrow } from './view';
import { maskedFill } from './where';

/** Sums and products of integers and booleans are int64. */
const wide = (code: number): number => (isFloatingCode(code) ? code : Code.int64);

/** A kernel of one result for each element of its operands. */
function scanned(op: number, code: number, inputs: readonly Tensor[], scalars: readonly number[]): Tensor {
  const [x] = inputs as [Tensor];
  const out = launch(op, COMPUTE[code]!, laned(x).shape, code, inputs.map(laned), scalars);
  return shaped(out, x.shape);
}

interface Running {
  readonly dim: number;
  readonly reverse: boolean;
}

const Cumsum: GradRule<Running> = defineGradient<Running>('Cumsum', (grad, _, { dim, reverse }) => [
  runningSum(grad, grad.code, dim, !reverse),
]);

/** The sums of the elements up to each, or (`reverse`) from each on. */
function runningSum(x: Tensor, code: number, dim: number, reverse: boolean): Tensor {
  const out = scanned(Op.cumsum, code, [x], [dim, Number(reverse)]);
  return record(out, Cumsum, [x], [], { dim, reverse });
}

/** Each element of t is that before it along `dim` (`by` 1) or behind it (-1); the one without such is `filling`. */
function shifted(t: Tensor, dim: number, by: 1 | -1, filling: number): Tensor {
  const rest = t.shape[dim]! - 1;
  const end = fullOf(sized(t, dim, 1), t.code, t.place, filling);
  const kept = narrow(t, dim, by > 0 ? 0 : 1, rest);
  return cat(by > 0 ? [end, kept] : [kept, end], dim);
}

const LinearScan: GradRule<Running> = defineGradient<Running>(
  'LinearScan',
  (grad, node, { dim, reverse }) => {
    const by = reverse ? -1 : 1;
    // The gradient of y[i] is what came for it and what y[i + 1] = a[i + 1] y[i] + … hands back.
    const total = linearScan(shifted(node.input(0), dim, reverse ? 1 : -1, 0), grad, dim, !reverse);
    return [node.needs(0) ? mul(total, shifted(node.input(1), dim, by, 0)) : null, total];
  },
);

/** y[i] = a[i] y[i - 1] + b[i] along `dim`, y[-1] = 0; `reverse`: from the end. */
function linearScan(a: Tensor, b: Tensor, dim: number, reverse: boolean): Tensor {
  const out = scanned(Op.linearScan, b.code, [a, b], [dim, Number(reverse)]);
  return record(out, LinearScan, [a, b], [a, out], { dim, reverse });
}

/**
 * The derivative for x[k] is the product of what is before it, times g[k] + x[k + 1] (g[k + 1] + x[k + 2] (…)): no
 * division, so zeros are like any other number.
 */
const Cumprod: GradRule<number> = defineGradient<number>('Cumprod', (grad, node, dim) => {
  const x = node.input(0);
  if (x.shape.length === 0 || x.count === 0) return [grad];
  const behind = linearScan(shifted(x, dim, -1, 0), grad, dim, true);
  return [mul(shifted(runningProduct(x, x.code, dim), dim, 1, 1), behind)];
});

function runningProduct(x: Tensor, code: number, dim: number): Tensor {
  return record(scanned(Op.cumprod, code, [x], [dim]), Cumprod, [x], [x], dim);
}

export interface ScanOptions {
  /** Convert to it first. */
  dtype?: DType;
}

export interface ScanFunction {
  (x: Tensor, dim: number, options?: ScanOptions): Tensor;
  (x: Tensor, options: ScanOptions & { dim: number }): Tensor;
}

/** The dimension, and the dtype's code if one was asked for. */
function scanArguments(
  op: string,
  x: Tensor,
  given: readonly unknown[],
): [dim: number, code: number | undefined] {
  checkTensor(op, x);
  const [dim, dtype] = bindArguments(op, ['dim', 'dtype'], given);
  const d = wrapDim(op, dim, x.shape.length);
  return [d, dtype === undefined || dtype === null ? undefined : dtypeCode(op, dtype)];
}

function scanOp(
  op: string,
  run: (x: Tensor, code: number, dim: number) => Tensor,
): (x: Tensor, ...given: readonly unknown[]) => Tensor {
  return (x, ...given) => {
    const [dim, code] = scanArguments(op, x, given);
    if (code === Code.bool && x.count > 0) throw new DTypeError(`${op}: not defined for bool`);
    if (autocastUsed && code === undefined) [x] = widened([x] as const, 'cuda');
    return run(code === undefined ? x : cast(x, code), code ?? wide(x.code), dim);
  };
}

/** The running sum along a dimension (https://pytorch.org/docs/stable/generated/torch.cumsum.html); of integers as int64. */
export const cumsum = scanOp('cumsum', (x, code, dim) => runningSum(x, code, dim, false)) as ScanFunction;
/** The running product along a dimension (https://pytorch.org/docs/stable/generated/torch.cumprod.html); of integers as int64. */
export const cumprod = scanOp('cumprod', runningProduct) as ScanFunction;

/** x is overwritten with what the kernel makes of it, in its own dtype; `note` records that. */
function scanInPlace(
  op: string,
  kernel: number,
  note: (x: Tensor, before: Tensor, dim: number) => Tensor,
  keeps: boolean,
): ScanFunction {
  return (x: Tensor, ...given: readonly unknown[]) => {
    const [dim, code = x.code] = scanArguments(op, x, given);
    if (code !== x.code)
      throw new DTypeError(`${op}: the result is ${DTYPES[code]}, which ${x.dtype} can't hold`);
    if (code === Code.bool) throw new DTypeError(`${op}: not defined for bool`);
    checkInPlace(op, x, [x]);
    const before = asItWas(x, keeps && requiresGrad(x));
    const out = scanned(kernel, code, [x], kernel === Op.cumsum ? [dim, 0] : [dim]);
    launchInto(Op.copy, COMPUTE[code]!, [x], [out], NONE);
    return note(x, before, dim);
  };
}

/** `cumsum`, in place. */
export const cumsum_ = scanInPlace(
  'cumsum_',
  Op.cumsum,
  (x, _, dim) => recordInPlace(x, Cumsum, [x], [], -1, { dim, reverse: false }),
  false,
);
/** `cumprod`, in place. */
export const cumprod_ = scanInPlace(
  'cumprod_',
  Op.cumprod,
  (x, before, dim) => recordInPlace(x, Cumprod, [x], [before], -1, dim),
  true,
);

/** g[k] e^(x[k] - y[k]) and what the results behind y[k] hand back, e^(y[k] - y[k + 1]) of it from one to the one before. */
const Logcumsumexp: GradRule<number> = defineGradient<number>('Logcumsumexp', (grad, node, dim) => {
  const [x, y] = [node.input(0), node.input(1)];
  if (x.shape.length === 0 || x.count === 0) return [grad];
  const shares = maskedFill(exp(sub(y, shifted(y, dim, -1, Infinity))), isinf(y), 0);
  return [mul(exp(sub(x, y)), linearScan(shares, grad, dim, true))];
});

export interface DimFunction<Result> {
  (x: Tensor, dim: number): Result;
  (x: Tensor, options: { dim: number }): Result;
}

/** The logarithm of the running sum of exponentials (https://pytorch.org/docs/stable/generated/torch.logcumsumexp.html). */
export const logcumsumexp = ((x: Tensor, ...given: readonly unknown[]) => {
  checkTensor('logcumsumexp', x);
  const [given0] = bindArguments('logcumsumexp', ['dim'], given);
  const dim = wrapDim('logcumsumexp', given0, x.shape.length);
  if (!isFloatingCode(x.code)) throw new DTypeError(`logcumsumexp: expected floating point, got ${x.dtype}`);
  const out = scanned(Op.logcumsumexp, x.code, [x], [dim]);
  return record(out, Logcumsumexp, [x], [x, out], dim);
}) as DimFunction<Tensor>;

function runningExtreme(name: 'cummax' | 'cummin', gradient: string): DimFunction<ValuesAndIndices> {
  const rule = choiceRule(gradient);
  return (x: Tensor, ...given: readonly unknown[]) => {
    checkTensor(name, x);
    const [given0] = bindArguments(name, ['dim'], given);
    const dim = wrapDim(name, given0, x.shape.length);
    const { shape } = laned(x);
    const [values, indices] = launchMany(
      Op[name],
      COMPUTE[x.code]!,
      [shape, shape],
      [x.code, Code.int64],
      [laned(x)],
      [dim],
    ).map((t) => shaped(t, x.shape)) as [Tensor, Tensor];
    record(values, rule, [x], [indices], choiceOf(x, dim, shape[dim]!));
    return Object.assign([values, indices] as const, { values, indices });
  };
}

/** The largest so far along a dimension, and where it is: the last of equal ones (https://pytorch.org/docs/stable/generated/torch.cummax.html). */
export const cummax = runningExtreme('cummax', 'Cummax');
/** The smallest so far along a dimension, and where it is: the last of equal ones. */
export const cummin = runningExtreme('cummin', 'Cummin');
