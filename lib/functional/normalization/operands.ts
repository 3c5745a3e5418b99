/** What the normalisations have in common: operands as their kernels take them, and the gradient's formula. */
import type { Node } from '../../autograd/node';
import { COMPUTE, Code, DTYPES, isFloatingCode } from '../../dtype';
import { ArgumentError, DTypeError, ShapeError } from '../../errors';
import { sameShape, showShape, type Shape } from '../../shape';
import { checkTensor, type Tensor } from '../../tensor';
import { add, mul, sub } from '../arithmetic';
import { numberArgument } from '../arguments';
import { cast, copied } from '../cast';
import { clone } from '../copy';
import { rsqrt } from '../elementary';
import { mean } from '../reduce';
import { reshape } from '../view';

/** t as dense elements of a dtype: itself, or a copy that nobody records. */
export function dense(t: Tensor, code: number): Tensor {
  return t.code === code && t.layout === null ? t : copied(t, code);
}

/** The tensors that there are, dense and of a dtype. */
export function denseOperands(code: number, ...operands: readonly (Tensor | null)[]): Tensor[] {
  const present: Tensor[] = [];
  for (const t of operands) if (t !== null) present.push(dense(t, code));
  return present;
}

/** The gradients that somebody wants, made by a launch. */
export interface WantedGradients {
  readonly flags: readonly number[];
  readonly shapes: readonly Shape[];
  readonly codes: readonly number[];
}

/** Which gradients of x, weight and bias, of these shapes, a kernel is to make for a node. */
export function wantedGradients(node: Node, shapes: readonly Shape[], code: number): WantedGradients {
  const needed = shapes.map((_, i) => node.needs(i));
  const wanted = shapes.filter((_, i) => needed[i]);
  return { flags: needed.map(Number), shapes: wanted, codes: wanted.map(() => code) };
}

/** Gradients in the places of their inputs, null where there is none. */
export function placed(made: readonly Tensor[], flags: readonly number[]): (Tensor | null)[] {
  let at = 0;
  return flags.map((flag) => (flag ? made[at++]! : null));
}

export function checkFloatingInput(op: string, x: unknown): asserts x is Tensor {
  checkTensor(op, x);
  if (!isFloatingCode(x.code))
    throw new DTypeError(`${op}: expected a floating-point input, got ${DTYPES[x.code]}`);
}

/** Whether a kernel takes a parameter of the dtype for x: x's own, or float32 where x is half. */
export function isBeside(code: number, x: Tensor): boolean {
  return code === x.code || (code === Code.float32 && COMPUTE[x.code] === Code.float32);
}

/** A weight, a bias or a statistic: null if absent; of the given shape, and of a dtype that stands beside x's. */
export function checkParameter(
  op: string,
  name: string,
  t: Tensor | null | undefined,
  x: Tensor,
  shape: Shape,
): Tensor | null {
  if (t === undefined || t === null) return null;
  checkTensor(op, t, name);
  if (!sameShape(t.shape, shape))
    throw new ShapeError(`${op}: expected ${name} of shape ${showShape(shape)}, got ${showShape(t.shape)}`);
  if (!isBeside(t.code, x))
    throw new DTypeError(`${op}: expected ${name} of the input's dtype ${x.dtype}, got ${t.dtype}`);
  return t;
}

/** eps, or what stands for it where none is given. */
export function epsArgument(op: string, eps: number | null | undefined, otherwise: number): number {
  const value = numberArgument(op, 'eps', eps ?? otherwise);
  if (!(value >= 0)) throw new ArgumentError(`${op}: expected eps >= 0, got ${value}`);
  return value;
}

/** The shape of one number for each channel that broadcasts to x [n, c, ...]. */
export function besideChannels(x: Tensor): Shape {
  return x.shape.slice(1).map((n, i) => (i === 0 ? n : 1));
}

/** What is left of a normalisation of no elements: weight and bias, of a shape that broadcasts, and their gradients. */
export function ofNothing(x: Tensor, weight: Tensor | null, bias: Tensor | null, shape: Shape): Tensor {
  let out = clone(x);
  if (weight !== null) out = mul(out, reshape(weight, shape));
  if (bias !== null) out = add(out, reshape(bias, shape));
  return cast(out, x.code);
}

/** How x was normalised: over which dimensions, around its mean or not. */
export interface Spread {
  readonly dims: readonly number[];
  readonly centred: boolean;
  readonly eps: number;
}

/**
 * The normalised x, and the gradient of x from that of the former: made of operations, so that both can be
 * differentiated once more.
 */
export function differentiable(
  x: Tensor,
  grad: Tensor,
  { dims, centred, eps }: Spread,
): { normal: Tensor; ofX: Tensor } {
  const middle = (t: Tensor): Tensor => mean(t, dims, true);
  const centre = centred ? sub(x, middle(x)) : x;
  const inverse = rsqrt(add(middle(mul(centre, centre)), eps));
  const normal = mul(centre, inverse);
  const rest = sub(grad, mul(normal, middle(mul(grad, normal))));
  return { normal, ofX: mul(inverse, centred ? sub(rest, middle(grad)) : rest) };
}
