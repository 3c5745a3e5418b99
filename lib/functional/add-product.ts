/** beta input + alpha (a times b), for the products of matrices, vectors and batches of them. */
import { inLowPrecision } from './autocast';
import { Op } from '../backend/ops.generated';
import { withGradMode } from '../autograd/mode';
import { defineGradient, record, requiresGrad, type GradRule } from '../autograd/node';
import { checkInPlace, recordInPlace } from '../autograd/view';
import { COMPUTE, Code, isFloatingCode } from '../dtype';
import { ArgumentError, ShapeError } from '../errors';
import { broadcastsTo, sameShape, showShape, type Shape } from '../shape';
import { type Tensor, checkTensor, cudaInUse } from '../tensor';
import { checkOptions, numberArgument } from './arguments';
import { mul } from './arithmetic';
import { cast } from './cast';
import { logicalOr } from './compare';
import { brought, gathered } from './devices';
import { launch, launchInto } from './kernel';
import { checkResultFits, promotedCode } from './kinds';
import { AddmmRule, bmm, checkSame, matmul, mm, mv, type AddmmOptions } from './matmul';
import { permute, reshape, transpose, unsqueeze } from './view';

type Factors = Required<AddmmOptions>;

export interface AddProductFunction {
  (input: Tensor, a: Tensor, b: Tensor, options?: AddmmOptions): Tensor;
}

interface ProductSpec {
  /** The ranks of a and b. */
  readonly ranks: readonly [number, number];
  /** The shape of the product; null when the sizes don't fit. */
  shape(a: Shape, b: Shape): Shape | null;
  multiply(a: Tensor, b: Tensor): Tensor;
  readonly rule: GradRule<Factors>;
  /** The operands are converted to one dtype; otherwise they must have it. */
  readonly promotes?: boolean;
}

function factorsOf(op: string, options: AddmmOptions | undefined): Factors {
  checkOptions(op, ['beta', 'alpha'], options);
  return {
    beta: numberArgument(op, 'beta', options?.beta ?? 1),
    alpha: numberArgument(op, 'alpha', options?.alpha ?? 1),
  };
}

function checkSizes(op: string, spec: ProductSpec, a: Tensor, b: Tensor): Shape {
  const [ra, rb] = spec.ranks;
  if (a.shape.length !== ra || b.shape.length !== rb)
    throw new ShapeError(
      `${op}: expected ${ra}-d times ${rb}-d, got ${showShape(a.shape)} and ${showShape(b.shape)}`,
    );
  const shape = spec.shape(a.shape, b.shape);
  if (shape === null)
    throw new ShapeError(`${op}: sizes differ: ${showShape(a.shape)} times ${showShape(b.shape)}`);
  return shape;
}

/** beta input + alpha product in one pass over the elements; with beta 0 the input doesn't count, NaN or not. */
function combined(input: Tensor, product: Tensor, { beta, alpha }: Factors): Tensor {
  if (product.code === Code.bool) {
    const scaled = mul(product, alpha !== 0);
    return beta === 0 ? scaled : logicalOr(input, scaled);
  }
  if (beta === 0) return alpha === 1 ? product : mul(product, alpha);
  const base = beta === 1 ? input : mul(input, beta);
  return launch(Op.addScaled, COMPUTE[product.code]!, product.shape, product.code, [base, product], [alpha]);
}

function valueOf(
  op: string,
  spec: ProductSpec,
  input: Tensor,
  a: Tensor,
  b: Tensor,
  factors: Factors,
): Tensor {
  if (spec.promotes !== true) {
    checkSame(op, a, b);
    checkSame(op, input, a);
  }
  if (!isFloatingCode(input.code) && !(Number.isInteger(factors.beta) && Number.isInteger(factors.alpha)))
    throw new ArgumentError(
      `${op}: for integers beta and alpha must be integers, got ${factors.beta} and ${factors.alpha}`,
    );
  return withGradMode(op, false, () => {
    if (a.code !== Code.float16 && a.code !== Code.bfloat16)
      return combined(input, spec.multiply(a, b), factors);
    // Half types are rounded once, at the end.
    const [x, y, z] = [input, a, b].map((t) => cast(t, Code.float32)) as [Tensor, Tensor, Tensor];
    return cast(combined(x, spec.multiply(y, z), factors), input.code);
  });
}

/** What the derivative of each operand looks at. */
const savedOf = (a: Tensor, b: Tensor): (Tensor | null)[] => [
  requiresGrad(b) ? a : null,
  requiresGrad(a) ? b : null,
];

function checkOperands(op: string, input: unknown, a: unknown, b: unknown): void {
  checkTensor(op, input);
  checkTensor(op, a, 'the first factor');
  checkTensor(op, b, 'the second factor');
}

function addProductOp(name: string, spec: ProductSpec): AddProductFunction {
  return (input, a, b, options) => {
    checkOperands(name, input, a, b);
    const factors = factorsOf(name, options);
    if (cudaInUse) [input, a, b] = gathered(name, input, a, b);
    const shape = checkSizes(name, spec, a, b);
    if (spec.promotes === true) [input, a, b] = promoted(name, input, a, b);
    if (!broadcastsTo(input.shape, shape))
      throw new ShapeError(
        `${name}: an input of shape ${showShape(input.shape)} does not broadcast to ${showShape(shape)}`,
      );
    const out = valueOf(name, spec, input, a, b, factors);
    return record(out, spec.rule, [input, a, b], savedOf(a, b), factors);
  };
}

function inPlaceOp(name: string, spec: ProductSpec): AddProductFunction {
  return (input, a, b, options) => {
    checkOperands(name, input, a, b);
    const factors = factorsOf(name, options);
    if (a.place !== input.place) a = cast(brought(name, input, a), a.code, input.place);
    if (b.place !== input.place) b = cast(brought(name, input, b), b.code, input.place);
    const shape = checkSizes(name, spec, a, b);
    if (!sameShape(shape, input.shape))
      throw new ShapeError(
        `${name}: expected a tensor of shape ${showShape(shape)}, got ${showShape(input.shape)}`,
      );
    let before = input;
    if (spec.promotes === true) [before, a, b] = promoted(name, input, a, b);
    checkResultFits(name, input, before.code);
    checkInPlace(name, input, [input, a, b]);
    const saved = savedOf(a, b);
    const out = valueOf(name, spec, before, a, b, factors);
    launchInto(Op.copy, COMPUTE[input.code]!, [input], [out], []);
    return recordInPlace(input, spec.rule, [input, a, b], saved, -1, factors);
  };
}

function promoted(op: string, input: Tensor, a: Tensor, b: Tensor): [Tensor, Tensor, Tensor] {
  const product = promotedCode(op, a, b);
  const code = promotedCode(op, input, a.code === product ? a : b);
  return [cast(input, code), cast(a, code), cast(b, code)];
}

const ruleOf = (
  name: string,
  gradA: (grad: Tensor, b: Tensor) => Tensor,
  gradB: (grad: Tensor, a: Tensor) => Tensor,
): GradRule<Factors> =>
  defineGradient<Factors>(name, (grad, node, { beta, alpha }) => [
    node.needs(0) ? mul(grad, beta) : null,
    node.needs(1) ? mul(gradA(grad, node.input(1)), alpha) : null,
    node.needs(2) ? mul(gradB(grad, node.input(0)), alpha) : null,
  ]);

const turned = (x: Tensor): Tensor => transpose(x, -2, -1);
const outerProduct = (a: Tensor, b: Tensor): Tensor => mul(unsqueeze(a, 1), b);

const ADDMM: ProductSpec = {
  ranks: [2, 2],
  shape: ([m, k], [j, n]) => (k === j ? [m!, n!] : null),
  multiply: mm,
  rule: AddmmRule,
};
const ADDMV: ProductSpec = {
  ranks: [2, 1],
  shape: ([m, k], [j]) => (k === j ? [m!] : null),
  multiply: mv,
  rule: ruleOf('Addmv', outerProduct, (grad, a) => mv(turned(a), grad)),
};
const ADDBMM: ProductSpec = {
  ranks: [3, 3],
  shape: ([l, m, k], [i, j, n]) => (l === i && k === j ? [m!, n!] : null),
  // The sum over the batch is a part of the sum over the inner dimension.
  multiply: (a, b) => {
    const [l, m, k] = a.shape as [number, number, number];
    return mm(reshape(permute(a, 1, 0, 2), [m, l * k]), reshape(b, [l * k, b.shape[2]!]));
  },
  rule: ruleOf(
    'Addbmm',
    (grad, b) => matmul(grad, turned(b)),
    (grad, a) => matmul(turned(a), grad),
  ),
};
const BADDBMM: ProductSpec = {
  ranks: [3, 3],
  shape: ([l, m, k], [i, j, n]) => (l === i && k === j ? [l!, m!, n!] : null),
  multiply: bmm,
  rule: ruleOf(
    'Baddbmm',
    (grad, b) => bmm(grad, turned(b)),
    (grad, a) => bmm(turned(a), grad),
  ),
};
const ADDR: ProductSpec = {
  ranks: [1, 1],
  shape: ([m], [n]) => [m!, n!],
  multiply: outerProduct,
  rule: ruleOf('Addr', mv, (grad, a) => mv(turned(grad), a)),
  promotes: true,
};

/** `addmm`, in place. */
export const addmm_ = inPlaceOp('addmm_', ADDMM);
/** beta input + alpha a @ b, of a matrix and a vector (https://pytorch.org/docs/stable/generated/torch.addmv.html). */
export const addmv = inLowPrecision(addProductOp('addmv', ADDMV), 'cuda');
/** `addmv`, in place. */
export const addmv_ = inPlaceOp('addmv_', ADDMV);
/** beta input + alpha times the sum of the products of two batches of matrices (https://pytorch.org/docs/stable/generated/torch.addbmm.html). */
export const addbmm = inLowPrecision(addProductOp('addbmm', ADDBMM));
/** `addbmm`, in place. */
export const addbmm_ = inPlaceOp('addbmm_', ADDBMM);
/** beta input + alpha times the products of two batches of matrices (https://pytorch.org/docs/stable/generated/torch.baddbmm.html). */
export const baddbmm = inLowPrecision(addProductOp('baddbmm', BADDBMM));
/** `baddbmm`, in place. */
export const baddbmm_ = inPlaceOp('baddbmm_', BADDBMM);
/** beta input + alpha times the outer product of two vectors (https://pytorch.org/docs/stable/generated/torch.addr.html). */
export const addr = inLowPrecision(addProductOp('addr', ADDR), 'cuda');
/** `addr`, in place. */
export const addr_ = inPlaceOp('addr_', ADDR);
