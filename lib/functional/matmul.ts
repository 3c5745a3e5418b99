/** Matrix products. */
import { runMany } from '../backend/commands';
import { Op } from '../backend/ops.generated';
import { currentScope } from '../backend/scope';
import { autocastUsed, gradEnabled, withGradMode } from '../autograd/mode';
import {
  attach,
  defineGradient,
  record,
  requiresGrad,
  type GradRule,
  type InputGrads,
  type Node,
} from '../autograd/node';
import { COMPUTE, Code, isFloatingCode } from '../dtype';
import { ArgumentError, DTypeError, InternalError, ShapeError } from '../errors';
import { broadcastShapes, numelOf, showShape, type Shape } from '../shape';
import { Tensor, allocate, checkTensor, cudaInUse } from '../tensor';
import { bindArguments, checkOptions, isOptions, numberArgument } from './arguments';
import { lowered } from './autocast';
import { contiguous } from './copy';
import { gathered } from './devices';
import { launch } from './kernel';
import { checkFits } from './kinds';
import { add, mul } from './arithmetic';
import { sum } from './reduce';
import { reshape, squeeze, transpose, unsafeView, unsqueeze } from './view';

type Transposed = 0 | 1 | 2 | 3;
const A = 1;
const B = 2;

// One product and its derivatives: each is a product again, with other operands transposed.
const productRule = (name: string): GradRule<Transposed> =>
  defineGradient<Transposed>(name, (grad, node, transposed) => {
    const ta = (transposed & A) !== 0;
    const tb = (transposed & B) !== 0;
    return [
      node.needs(0)
        ? ta
          ? product(node.input(1), grad, tb, true)
          : product(grad, node.input(1), false, !tb)
        : null,
      node.needs(1)
        ? tb
          ? product(grad, node.input(0), true, ta)
          : product(node.input(0), grad, !ta, false)
        : null,
    ];
  });
const Mm = productRule('Mm');
const Bmm = productRule('Bmm');
const Batched = productRule('UnsafeView');
// One matrix by a batch of them is a product of transposes in PyTorch, and its last step is to put that in order again.
const BatchedClone = productRule('Clone');
const BatchedTranspose = productRule('Transpose');

/** The rule of a product of a batch of matrices, as PyTorch names its last step. */
function batchName(a: Tensor, b: Tensor): GradRule<Transposed> {
  const [ra, rb] = [a.shape.length, b.shape.length];
  const folded = ra === 2 || (ra === 3 && rb === 3 && a.shape[0] === 1 && b.shape[0]! > 1);
  if (!folded || rb === 2) return Batched;
  const empty = numelOf([...b.shape.slice(0, -2), b.shape[rb - 1]!]) === 0;
  return a.shape[ra - 2]! > 1 && !empty ? BatchedClone : BatchedTranspose;
}

/**
 * The product of matrices, or of batches of them that broadcast; either may be taken transposed, which costs nothing.
 * Operands were checked.
 */
function product(
  a: Tensor,
  b: Tensor,
  transposeA: boolean,
  transposeB: boolean,
  batchRule: GradRule<Transposed> = Bmm,
): Tensor {
  const ra = a.shape.length;
  const rb = b.shape.length;
  const m = a.shape[transposeA ? ra - 1 : ra - 2]!;
  const n = b.shape[transposeB ? rb - 2 : rb - 1]!;
  const shape: Shape =
    ra === 2 && rb === 2
      ? [m, n]
      : [...broadcastShapes('matmul', a.shape.slice(0, -2), b.shape.slice(0, -2)), m, n];
  const scalars = [transposeA ? 1 : 0, transposeB ? 1 : 0];
  const out = launch(Op.matmul, COMPUTE[a.code]!, shape, a.code, [a, b], scalars);
  if (gradEnabled()) {
    const needsA = requiresGrad(a);
    const needsB = requiresGrad(b);
    if (needsA || needsB) {
      const transposed = ((transposeA ? A : 0) + (transposeB ? B : 0)) as Transposed;
      attach(
        out,
        shape.length === 2 ? Mm : batchRule,
        [a, b],
        [needsB ? a : null, needsA ? b : null],
        transposed,
      );
    }
  }
  return out;
}

/** @internal Operands of a product have one dtype, which isn't bool. */
export function checkSame(op: string, a: Tensor, b: Tensor): void {
  if (a.code !== b.code)
    throw new DTypeError(`${op}: expected operands of one dtype, got ${a.dtype} and ${b.dtype}`);
  if (a.code === Code.bool) throw new DTypeError(`${op}: not defined for bool`);
}

/**
 * The matrix product, by the ranks of its operands: dot product, matrix by vector, matrix by matrix, or batches of
 * these, which broadcast (https://pytorch.org/docs/stable/generated/torch.matmul.html).
 * @throws ShapeError when inner sizes differ.
 */
export function matmul(a: Tensor, b: Tensor): Tensor {
  checkTensor('matmul', a);
  checkTensor('matmul', b, 'other');
  if (autocastUsed) [a, b] = lowered([a, b] as const);
  return multiplied(a, b);
}

// The dot product and the product with a vector: unlike the others they are not made of views.
const Dot = defineGradient('Dot', (grad, node) => [
  node.needs(0) ? mul(grad, node.input(1)) : null,
  node.needs(1) ? mul(grad, node.input(0)) : null,
]);
const Mv = defineGradient('Mv', (grad, node) => [
  node.needs(0) ? mul(unsqueeze(grad, 1), node.input(1)) : null,
  node.needs(1) ? matmul(transpose(node.input(0), 0, 1), grad) : null,
]);

function multiplied(a: Tensor, b: Tensor, batchRule?: GradRule<Transposed>): Tensor {
  if (a.place !== b.place) [a, b] = gathered('matmul', a, b);
  checkSame('matmul', a, b);
  const ra = a.shape.length;
  const rb = b.shape.length;
  if (ra === 0 || rb === 0)
    throw new ShapeError(
      `matmul: expected at least one dimension, got ${showShape(a.shape)} @ ${showShape(b.shape)}`,
    );
  const inner = a.shape[ra - 1]!;
  const other = b.shape[rb === 1 ? 0 : rb - 2]!;
  if (inner !== other)
    throw new ShapeError(
      `matmul: inner sizes differ: ${showShape(a.shape)} @ ${showShape(b.shape)} (${inner} and ${other})`,
    );
  if (rb === 1 && ra <= 2) {
    const out = withGradMode('matmul', false, () =>
      ra === 1 ? sum(mul(a, b), { dtype: a.dtype }) : squeeze(product(a, unsqueeze(b, 1), false, false), 1),
    );
    return record(out, ra === 1 ? Dot : Mv, [a, b], [a, b], null);
  }
  if (ra === 1 && rb === 2) return squeeze(multiplied(unsqueeze(a, 0), b, batchRule), 0);
  if (ra === 1 || rb === 1) {
    const out = multiplied(
      ra === 1 ? unsqueeze(a, 0) : a,
      rb === 1 ? unsqueeze(b, 1) : b,
      batchRule ?? Batched,
    );
    return unsafeView(
      out,
      out.shape.filter((_, i) => i !== out.shape.length - (ra === 1 ? 2 : 1)),
    );
  }
  // Rows of all matrices times one matrix are one product.
  if (ra > 2 && rb === 2) {
    const rows = product(reshape(contiguous(a), numelOf(a.shape.slice(0, -1)), inner), b, false, false);
    return unsafeView(rows, [...a.shape.slice(0, -1), b.shape[1]!]);
  }
  return product(a, b, false, false, batchRule ?? batchName(a, b));
}

/** @internal The product of operands of these ranks. */
export function ranked(op: string, a: Tensor, b: Tensor, ra: number, rb: number): Tensor {
  checkTensor(op, a);
  checkTensor(op, b, 'other');
  if (a.shape.length !== ra || b.shape.length !== rb)
    throw new ShapeError(
      `${op}: expected ${ra}-d @ ${rb}-d, got ${showShape(a.shape)} @ ${showShape(b.shape)}`,
    );
  if (a.place !== b.place) [a, b] = gathered(op, a, b);
  return multiplied(a, b, Bmm);
}

/** The product of two matrices. */
export function mm(a: Tensor, b: Tensor): Tensor {
  if (autocastUsed) [a, b] = lowered([a, b] as const);
  return ranked('mm', a, b, 2, 2);
}

/** The products of two batches of matrices of equal length. */
export function bmm(a: Tensor, b: Tensor): Tensor {
  checkTensor('bmm', a);
  checkTensor('bmm', b, 'other');
  if (a.shape.length === 3 && b.shape.length === 3 && a.shape[0] !== b.shape[0])
    throw new ShapeError(`bmm: batches differ: ${showShape(a.shape)} @ ${showShape(b.shape)}`);
  if (autocastUsed) [a, b] = lowered([a, b] as const);
  return ranked('bmm', a, b, 3, 3);
}

/** A matrix times a vector. */
export function mv(a: Tensor, b: Tensor): Tensor {
  if (autocastUsed) [a, b] = lowered([a, b] as const, 'cuda');
  return ranked('mv', a, b, 2, 1);
}

/** The sum of products of two vectors. */
export function dot(a: Tensor, b: Tensor): Tensor {
  return ranked('dot', a, b, 1, 1);
}

export interface AddmmOptions {
  /** The factor of the input; 0 leaves it out altogether. */
  beta?: number;
  /** The factor of the product. */
  alpha?: number;
}

/** @internal */
export const AddmmRule = defineGradient<Required<AddmmOptions>>('Addmm', (grad, node, { beta, alpha }) => [
  node.needs(0) ? mul(grad, beta) : null,
  node.needs(1) ? mul(product(grad, node.input(1), false, true), alpha) : null,
  node.needs(2) ? mul(product(node.input(0), grad, true, false), alpha) : null,
]);

/** beta input + alpha a @ b, of two matrices (https://pytorch.org/docs/stable/generated/torch.addmm.html). */
export function addmm(input: Tensor, a: Tensor, b: Tensor, options: AddmmOptions = {}): Tensor {
  checkTensor('addmm', input);
  checkOptions('addmm', ['beta', 'alpha'], options);
  const beta = numberArgument('addmm', 'beta', options.beta ?? 1);
  const alpha = numberArgument('addmm', 'alpha', options.alpha ?? 1);
  checkTensor('addmm', a);
  checkTensor('addmm', b, 'other');
  if (autocastUsed) [input, a, b] = lowered([input, a, b] as const);
  if (cudaInUse) [input, a, b] = gathered('addmm', input, a, b);
  const out = withGradMode('addmm', false, () => {
    const raw = ranked('addmm', a, b, 2, 2);
    checkSame('addmm', input, a);
    if (!isFloatingCode(a.code) && !(Number.isInteger(beta) && Number.isInteger(alpha)))
      throw new ArgumentError(
        `addmm: for integers beta and alpha must be integers, got ${beta} and ${alpha}`,
      );
    checkFits('addmm', raw, input);
    const scaled = alpha === 1 ? raw : mul(raw, alpha);
    if (beta === 0) return scaled;
    return add(beta === 1 ? input : mul(input, beta), scaled);
  });
  return record(out, AddmmRule, [input, a, b], [a, b], { beta, alpha });
}

/** All gradients of a linear map in one launch: only where nobody differentiates further. */
function linearBackward(grad: Tensor, x: Tensor, weight: Tensor, node: Node): InputGrads {
  const gradX = node.needs(0) ? allocate(x.shape, x.code, x.place) : null;
  const gradWeight = node.needs(1) ? allocate(weight.shape, x.code, x.place) : null;
  const gradBias = node.needs(2) ? allocate([weight.shape[0]!], x.code, x.place) : null;
  const grads = [gradX, gradWeight, gradBias];
  const outs: Tensor[] = [];
  for (let i = 0; i < 3; i++) if (grads[i] !== null) outs.push(grads[i]!);
  const asked = [gradX === null ? 0 : 1, gradWeight === null ? 0 : 1, gradBias === null ? 0 : 1];
  runMany(Op.linearBackward, COMPUTE[x.code]!, outs, [grad, x, weight], asked);
  return grads;
}

const NO_ACTIVATION: readonly number[] = [0];

const linearRule = (name: string): GradRule<null> =>
  defineGradient(name, (grad, node) => {
    const x = node.optional(0);
    const weight = node.optional(1);
    // Within a pass that isn't recorded, tensors need no references of their own.
    if (x !== null && weight !== null && x.shape.length === 2 && !gradEnabled() && currentScope !== null)
      return linearBackward(grad, x, weight, node);
    const out = grad.shape[grad.shape.length - 1]!;
    const rows = grad.shape.length === 2 ? grad : reshape(grad, rowsOf(grad), out);
    return [
      node.needs(0) ? inputGrad(grad, weight!) : null,
      node.needs(1)
        ? product(
            rows,
            x!.shape.length === 2 ? x! : reshape(x!, rowsOf(x!), x!.shape[x!.shape.length - 1]!),
            true,
            false,
          )
        : null,
      node.needs(2) ? sum(rows, 0) : null,
    ];
  });

/** The number of rows of all matrices together. */
function rowsOf(t: Tensor): number {
  return numelOf(t.shape.slice(0, -1));
}

function inputGrad(grad: Tensor, weight: Tensor): Tensor {
  if (grad.shape.length === 2) return product(grad, weight, false, false);
  const rows = product(reshape(grad, rowsOf(grad), weight.shape[0]!), weight, false, false);
  return reshape(rows, [...grad.shape.slice(0, -1), weight.shape[1]!]);
}

// As PyTorch names the last step of F.linear, by the rank of the input and whether there is a bias.
const Addmm = linearRule('Addmm');
const LinearMm = linearRule('Mm');
const LinearView = linearRule('View');
const LinearSqueeze = linearRule('Squeeze');
const LinearUnsafeView = linearRule('UnsafeView');

function linearName(rank: number, bias: boolean): GradRule<null> {
  if (rank === 2) return bias ? Addmm : LinearMm;
  if (bias) return LinearView;
  return rank === 1 ? LinearSqueeze : LinearUnsafeView;
}

/** What is wrong with the operands of `linear`. */
function linearError(x: unknown, weight: unknown, bias: unknown): Error {
  checkTensor('linear', x);
  checkTensor('linear', weight, 'weight');
  if (bias !== null) checkTensor('linear', bias, 'bias');
  if (weight.shape.length !== 2 || x.shape[x.shape.length - 1] !== weight.shape[1])
    return new ShapeError(
      `linear: expected input [..., in] and weight [out, in], got ${showShape(x.shape)} and ${showShape(weight.shape)}`,
    );
  checkSame('linear', x, weight);
  if (bias === null) return new InternalError('linear: the operands fit');
  checkSame('linear', x, bias);
  return new ShapeError(
    `linear: expected a bias of shape [${weight.shape[0]}], got ${showShape(bias.shape)}`,
  );
}

/** The rarer forms: operands on several devices, the bias by name, a vector of weights, a bias that broadcasts to the result. */
function linearOtherwise(x: Tensor, weight: Tensor, given: unknown): Tensor {
  if (isOptions(given)) {
    const [bias = null] = bindArguments('linear', ['bias'], [given]);
    return linear(x, weight, bias as Tensor | null);
  }
  const bias = given as Tensor | null;
  const areTensors =
    x instanceof Tensor && weight instanceof Tensor && (bias === null || bias instanceof Tensor);
  if (areTensors && (x.place !== weight.place || (bias !== null && bias.place !== x.place)))
    return linear(...gathered('linear', x, weight, bias));
  if (x instanceof Tensor && weight instanceof Tensor && weight.shape.length === 1) {
    if (bias === null) return matmul(x, weight);
    // Of a matrix PyTorch makes the product with the bias, which wants two matrices.
    if (bias instanceof Tensor && bias.shape.length === 0 && x.shape.length !== 2) {
      const out = matmul(x, weight);
      checkSame('linear', out, bias);
      return add(out, bias);
    }
  }
  const rank = bias instanceof Tensor ? bias.shape.length : -1;
  const broadcasts = bias instanceof Tensor && (rank !== 1 || bias.shape[0] === 1);
  if (!broadcasts || !(weight instanceof Tensor) || weight.shape.length !== 2)
    throw linearError(x, weight, bias);
  if (x instanceof Tensor && x.shape.length === 2) return addmm(bias, x, transpose(weight, 0, 1));
  const out = linear(x, weight);
  checkSame('linear', out, bias);
  checkFits('linear', out, bias);
  return add(out, bias);
}

/**
 * x weightᵀ + bias (https://pytorch.org/docs/stable/generated/torch.nn.functional.linear.html): x [..., in],
 * weight [out, in], bias [out] or null; gives [..., out].
 * @throws ShapeError when sizes don't fit.
 */
export function linear(x: Tensor, weight: Tensor, bias?: Tensor | null): Tensor;
export function linear(x: Tensor, weight: Tensor, options: { bias?: Tensor | null }): Tensor;
export function linear(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null | { bias?: Tensor | null } = null,
): Tensor {
  return autocastUsed
    ? linearOf(...lowered<Parameters<typeof linearOf>>([x, weight, bias]))
    : linearOf(x, weight, bias);
}

function linearOf(x: Tensor, weight: Tensor, bias: Tensor | null | { bias?: Tensor | null }): Tensor {
  // One look at what almost always holds; who is wrong, and how, is found out apart.
  const fits =
    x instanceof Tensor &&
    weight instanceof Tensor &&
    weight.code === x.code &&
    weight.place === x.place &&
    x.code !== Code.bool &&
    weight.shape.length === 2 &&
    x.shape[x.shape.length - 1] === weight.shape[1] &&
    (bias === null ||
      (bias instanceof Tensor &&
        bias.code === x.code &&
        bias.place === x.place &&
        bias.shape.length === 1 &&
        bias.shape[0] === weight.shape[0]));
  if (!fits) return linearOtherwise(x, weight, bias);
  const rank = x.shape.length;
  const n = weight.shape[0]!;
  const input = rank > 2 ? contiguous(x) : x;
  const shape = rank === 2 ? [x.shape[0]!, n] : [...x.shape.slice(0, -1), n];
  const inputs = bias === null ? [input, weight] : [input, weight, bias];
  const out = launch(Op.linear, COMPUTE[x.code]!, shape, x.code, inputs, NO_ACTIVATION);
  if (gradEnabled()) {
    const needsX = requiresGrad(x);
    const needsWeight = requiresGrad(weight);
    if (needsX || needsWeight || (bias !== null && requiresGrad(bias)))
      attach(
        out,
        linearName(rank, bias !== null),
        bias === null ? [input, weight, null] : inputs,
        needsWeight ? inputs : [null, needsX ? weight : null],
        null,
      );
  }
  return out;
}
