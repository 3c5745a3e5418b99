/** Matrix products. */
import { runMany } from '../backend/commands';
import { Op } from '../backend/ops.generated';
import { currentScope } from '../backend/scope';
import { gradEnabled } from '../autograd/mode';
import {
  attach,
  defineGradient,
  requiresGrad,
  type GradRule,
  type InputGrads,
  type Node,
} from '../autograd/node';
import { COMPUTE, Code } from '../dtype';
import { DTypeError, ShapeError } from '../errors';
import { broadcastShapes, numelOf, showShape, type Shape } from '../shape';
import { type Tensor, allocate, checkTensor } from '../tensor';
import { checkOptions, numberArgument } from './arguments';
import { cast, contiguous } from './copy';
import { launch } from './kernel';
import { addWithAlpha, mul } from './pointwise';
import { sum } from './reduce';
import { reshape, squeeze, unsqueeze } from './view';

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

/**
 * The product of matrices, or of batches of them that broadcast; either may be taken transposed, which costs nothing.
 * Operands were checked.
 */
function product(a: Tensor, b: Tensor, transposeA: boolean, transposeB: boolean): Tensor {
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
  if (gradEnabled) {
    const needsA = requiresGrad(a);
    const needsB = requiresGrad(b);
    if (needsA || needsB) {
      const transposed = ((transposeA ? A : 0) + (transposeB ? B : 0)) as Transposed;
      attach(out, shape.length === 2 ? Mm : Bmm, [a, b], [needsB ? a : null, needsA ? b : null], transposed);
    }
  }
  return out;
}

function checkSame(op: string, a: Tensor, b: Tensor): void {
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
  if (ra === 1 && rb === 1) return cast(sum(mul(a, b)), a.code);
  if (ra === 1) return squeeze(matmul(unsqueeze(a, 0), b), -2);
  if (rb === 1) return squeeze(matmul(a, unsqueeze(b, 1)), -1);
  // Rows of all matrices times one matrix are one product.
  if (ra > 2 && rb === 2) {
    const rows = product(reshape(contiguous(a), numelOf(a.shape.slice(0, -1)), inner), b, false, false);
    return reshape(rows, [...a.shape.slice(0, -1), b.shape[1]!]);
  }
  return product(a, b, false, false);
}

function ranked(op: string, a: Tensor, b: Tensor, ra: number, rb: number): Tensor {
  checkTensor(op, a);
  checkTensor(op, b, 'other');
  if (a.shape.length !== ra || b.shape.length !== rb)
    throw new ShapeError(
      `${op}: expected ${ra}-d @ ${rb}-d, got ${showShape(a.shape)} @ ${showShape(b.shape)}`,
    );
  return matmul(a, b);
}

/** The product of two matrices. */
export function mm(a: Tensor, b: Tensor): Tensor {
  return ranked('mm', a, b, 2, 2);
}

/** The products of two batches of matrices of equal length. */
export function bmm(a: Tensor, b: Tensor): Tensor {
  checkTensor('bmm', a);
  checkTensor('bmm', b, 'other');
  if (a.shape.length === 3 && b.shape.length === 3 && a.shape[0] !== b.shape[0])
    throw new ShapeError(`bmm: batches differ: ${showShape(a.shape)} @ ${showShape(b.shape)}`);
  return ranked('bmm', a, b, 3, 3);
}

/** A matrix times a vector. */
export function mv(a: Tensor, b: Tensor): Tensor {
  return ranked('mv', a, b, 2, 1);
}

/** The sum of products of two vectors. */
export function dot(a: Tensor, b: Tensor): Tensor {
  return ranked('dot', a, b, 1, 1);
}

/** What `addmm` multiplies its terms by. */
export interface AddmmOptions {
  beta?: number;
  alpha?: number;
}

/** beta input + alpha a @ b; both are 1 unless given (https://pytorch.org/docs/stable/generated/torch.addmm.html). */
export function addmm(input: Tensor, a: Tensor, b: Tensor, options?: AddmmOptions): Tensor {
  checkTensor('addmm', input);
  checkOptions('addmm', ['beta', 'alpha'], options);
  const beta = numberArgument('addmm', 'beta', options?.beta ?? 1);
  const alpha = numberArgument('addmm', 'alpha', options?.alpha ?? 1);
  const ab = ranked('addmm', a, b, 2, 2);
  broadcastShapes('addmm', input.shape, ab.shape);
  // A beta of 0 leaves the input out, whatever it holds.
  if (beta === 0) return alpha === 1 ? ab : mul(ab, alpha);
  return addWithAlpha(beta === 1 ? input : mul(input, beta), ab, alpha === 1 ? undefined : { alpha });
}

/** All gradients of a linear map in one launch: only where nobody differentiates further. */
function linearBackward(grad: Tensor, x: Tensor, weight: Tensor, node: Node): InputGrads {
  const gradX = node.needs(0) ? allocate(x.shape, x.code) : null;
  const gradWeight = node.needs(1) ? allocate(weight.shape, x.code) : null;
  const gradBias = node.needs(2) ? allocate([weight.shape[0]!], x.code) : null;
  const grads = [gradX, gradWeight, gradBias];
  const asked = grads.map((g) => (g === null ? 0 : 1));
  const outs = grads.filter((g) => g !== null);
  runMany(Op.linearBackward, COMPUTE[x.code]!, outs, [grad, x, weight], asked);
  return grads;
}

const NO_ACTIVATION: readonly number[] = [0];

const linearRule = (name: string): GradRule<null> =>
  defineGradient(name, (grad, node) => {
    const x = node.optional(0);
    const weight = node.optional(1);
    // Within a pass that isn't recorded, tensors need no references of their own.
    if (x !== null && weight !== null && x.shape.length === 2 && !gradEnabled && currentScope() !== null)
      return linearBackward(grad, x, weight, node);
    const out = grad.shape[grad.shape.length - 1]!;
    const rows = grad.shape.length === 2 ? grad : reshape(grad, -1, out);
    return [
      node.needs(0) ? inputGrad(grad, weight!) : null,
      node.needs(1)
        ? product(
            rows,
            x!.shape.length === 2 ? x! : reshape(x!, -1, x!.shape[x!.shape.length - 1]!),
            true,
            false,
          )
        : null,
      node.needs(2) ? sum(rows, 0) : null,
    ];
  });

function inputGrad(grad: Tensor, weight: Tensor): Tensor {
  if (grad.shape.length === 2) return product(grad, weight, false, false);
  const rows = product(reshape(grad, -1, weight.shape[0]!), weight, false, false);
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

/**
 * x weightᵀ + bias (https://pytorch.org/docs/stable/generated/torch.nn.functional.linear.html): x [..., in],
 * weight [out, in], bias [out] or null; gives [..., out].
 * @throws ShapeError when sizes don't fit.
 */
export function linear(x: Tensor, weight: Tensor, bias: Tensor | null = null): Tensor {
  checkTensor('linear', x);
  checkTensor('linear', weight, 'weight');
  if (bias !== null) checkTensor('linear', bias, 'bias');
  const rank = x.shape.length;
  if (rank === 0 || weight.shape.length !== 2 || x.shape[rank - 1] !== weight.shape[1])
    throw new ShapeError(
      `linear: expected input [..., in] and weight [out, in], got ${showShape(x.shape)} and ${showShape(weight.shape)}`,
    );
  const n = weight.shape[0]!;
  if (bias !== null && (bias.shape.length !== 1 || bias.shape[0] !== n))
    throw new ShapeError(`linear: expected a bias of shape [${n}], got ${showShape(bias.shape)}`);
  checkSame('linear', x, weight);
  if (bias !== null) checkSame('linear', x, bias);
  const input = rank > 2 ? contiguous(x) : x;
  const shape = rank === 2 ? [x.shape[0]!, n] : [...x.shape.slice(0, -1), n];
  const inputs = bias === null ? [input, weight] : [input, weight, bias];
  const out = launch(Op.linear, COMPUTE[x.code]!, shape, x.code, inputs, NO_ACTIVATION);
  if (gradEnabled) {
    const needsX = requiresGrad(x);
    const needsWeight = requiresGrad(weight);
    if (needsX || needsWeight || (bias !== null && requiresGrad(bias)))
      attach(
        out,
        linearName(rank, bias !== null),
        [input, weight, bias],
        [needsWeight ? input : null, needsX || needsWeight ? weight : null],
        null,
      );
  }
  return out;
}
