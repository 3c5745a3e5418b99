/** Convolution and its two gradients: each is linear in two operands, and its derivatives are the others. */
import { Op } from '../backend/ops.generated';
import { defineGradient, record, requiresGrad, type GradRule } from '../autograd/node';
import { COMPUTE } from '../dtype';
import type { Shape } from '../shape';
import type { Tensor } from '../tensor';
import { contiguous } from './copy';
import { launch } from './kernel';
import { sum } from './reduce';

/** Which elements meet: the shapes of input, weight and result, and how the weight moves over the input. */
export interface Convolving {
  /** [n, c, size...] */
  readonly x: Shape;
  /** [f, c / groups, kernel...] */
  readonly w: Shape;
  /** [n, f, size...] */
  readonly y: Shape;
  /** Strides, zeros before the input, and dilations, each for every size; then groups. */
  readonly scalars: readonly number[];
}

/** The sum of every channel. */
function channelSums(grad: Tensor): Tensor {
  return sum(
    grad,
    grad.shape.map((_, i) => i).filter((i) => i !== 1),
  );
}

const Convolution: GradRule<Convolving> = defineGradient<Convolving>('Convolution', (grad, node, how) => [
  node.needs(0) ? spread(grad, node.input(1), null, how) : null,
  node.needs(1) ? correlate(grad, node.input(0), how) : null,
  node.needs(2) ? channelSums(grad) : null,
]);
const Transposed: GradRule<Convolving> = defineGradient<Convolving>('Convolution', (grad, node, how) => [
  node.needs(0) ? convolve(grad, node.input(1), null, how) : null,
  node.needs(1) ? correlate(node.input(0), grad, how) : null,
  node.needs(2) ? channelSums(grad) : null,
]);
const OfWeight: GradRule<Convolving> = defineGradient<Convolving>(
  'ConvolutionBackward',
  (grad, node, how) => [
    node.needs(0) ? convolve(node.input(1), grad, null, how) : null,
    node.needs(1) ? spread(node.input(0), grad, null, how) : null,
  ],
);

function compute(
  op: number,
  rule: GradRule<Convolving>,
  shape: Shape,
  a: Tensor,
  b: Tensor,
  bias: Tensor | null,
  how: Convolving,
): Tensor {
  const inputs = [contiguous(a), contiguous(b)];
  if (bias !== null) inputs.push(contiguous(bias));
  const out = launch(op, COMPUTE[a.code]!, shape, a.code, inputs, how.scalars);
  const saved = [requiresGrad(b) ? a : null, requiresGrad(a) ? b : null];
  return record(out, rule, [a, b, bias], saved, how);
}

/** The convolution of x with w. */
export function convolve(x: Tensor, w: Tensor, bias: Tensor | null, how: Convolving): Tensor {
  return compute(Op.convolution, Convolution, how.y, x, w, bias, how);
}

/** The gradient of x for a gradient y of the result, which is the transposed convolution of y; `bias` is one for x. */
export function spread(y: Tensor, w: Tensor, bias: Tensor | null, how: Convolving): Tensor {
  return compute(Op.convolutionInput, Transposed, how.x, y, w, bias, how);
}

/** The gradient of w for a gradient y of the result. */
function correlate(y: Tensor, x: Tensor, how: Convolving): Tensor {
  return compute(Op.convolutionWeight, OfWeight, how.w, y, x, null, how);
}
