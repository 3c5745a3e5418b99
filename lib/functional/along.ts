/** What kernels work along, and the derivative of values that they chose along it. */
import { defineGradient, type GradRule } from '../autograd/node';
import { SCALAR_SHAPE, type Shape } from '../shape';
import { type Tensor, alias } from '../tensor';
import { fullOf } from './kernel';
import { scatterAdd } from './scatter';
import { reshape } from './view';

/** x with a dimension, as kernels that work along one want it; without recording. */
export function laned(x: Tensor): Tensor {
  return x.shape.length === 0 ? alias(x, [1], null, x.offset) : x;
}

/** A row-major tensor that nobody else has in another shape, without recording. */
export function shaped(t: Tensor, shape: Shape): Tensor {
  return t.shape.length === shape.length ? t : alias(t, shape, null, t.offset);
}

/** The shape of x's lanes, with another size along `dim`. */
export function sized(x: Tensor, dim: number, size: number): Shape {
  return x.shape.length === 0 ? [size] : x.shape.map((n, i) => (i === dim ? size : n));
}

/** What was chosen from `shape` along `dim`, and the shape that it has with that dimension. */
export interface Choice {
  readonly shape: Shape;
  readonly dim: number;
  readonly kept: Shape;
}

export function choiceOf(x: Tensor, dim: number, size: number): Choice {
  return { shape: x.shape, dim, kept: sized(x, dim, size) };
}

/** The derivative of values that were chosen along a dimension: the gradient goes to where they came from. */
export function choiceRule(name: string): GradRule<Choice> {
  return defineGradient<Choice>(name, (grad, node, { shape, dim, kept }) => {
    const size = shape.length === 0 ? 1 : shape[dim]!;
    const zeros = fullOf(
      kept.map((n, i) => (i === dim ? size : n)),
      grad.code,
      grad.place,
      0,
    );
    const whole = scatterAdd(zeros, dim, reshape(node.input(0), kept), reshape(grad, kept));
    return [shape.length === 0 ? reshape(whole, SCALAR_SHAPE) : whole];
  });
}
