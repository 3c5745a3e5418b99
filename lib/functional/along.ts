/** Elements along one dimension by indices that each place in the others has of its own. */
import { Op } from '../backend/ops.generated';
import { defineGradient, record, type GradRule } from '../autograd/node';
import { COMPUTE } from '../dtype';
import { SCALAR_SHAPE, type Shape } from '../shape';
import { type Tensor, alias } from '../tensor';
import { copied } from './cast';
import { launch } from './kernel';
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

function rowMajor(index: Tensor): Tensor {
  return index.layout === null ? index : copied(index, index.code);
}

interface Along {
  readonly dim: number;
  readonly size: number;
}

const Gather = defineGradient<Along>('Gather', (grad, node, { dim, size }) => [
  addAlong(grad, node.input(0), dim, size),
]);

/** x's elements along `dim` that `index` names, of x's sizes but along `dim`. */
export function takeAlong(x: Tensor, index: Tensor, dim: number): Tensor {
  const places = rowMajor(index);
  const out = launch(Op.takeAlong, COMPUTE[x.code]!, places.shape, x.code, [x, places], [dim]);
  return record(out, Gather, [x], [places], { dim, size: x.shape[dim]! });
}

const ScatterAdd = defineGradient<number>('ScatterAdd', (grad, node, dim) => [
  takeAlong(grad, node.input(0), dim),
]);

/** Zeros, `size` of them along `dim`, to which `source` is added at the places along `dim` that `index` names. */
export function addAlong(source: Tensor, index: Tensor, dim: number, size: number): Tensor {
  const places = rowMajor(index);
  const shape = sized(source, dim, size);
  const out = launch(Op.addAlong, COMPUTE[source.code]!, shape, source.code, [source, places], [dim]);
  return record(out, ScatterAdd, [source], [places], dim);
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
    const whole = addAlong(reshape(grad, kept), reshape(node.input(0), kept), dim, size);
    return [shape.length === 0 ? reshape(whole, SCALAR_SHAPE) : whole];
  });
}
