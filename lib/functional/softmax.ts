/** softmax and its like. (sigmoid, tanh and relu are elementary functions: pointwise.ts.) */
import { autocastUsed } from '../autograd/mode';
import { widened } from './autocast';
import { Op, type OpName } from '../backend/ops.generated';
import { defineGradient, record } from '../autograd/node';
import { COMPUTE, DTYPES, dtypeCode, isFloatingCode, type DType } from '../dtype';
import { ArgumentError, DTypeError } from '../errors';
import { wrapDim } from '../shape';
import { type Tensor, checkTensor } from '../tensor';
import { bindArguments } from './arguments';
import { cast } from './cast';
import { launch } from './kernel';
import { mul, neg, sub } from './arithmetic';
import { exp } from './elementary';
import { sum } from './reduce';

const Softmax = defineGradient<number>('Softmax', (grad, node, dim) => [
  softmaxBackward(grad, node.input(0), dim),
]);
const LogSoftmax = defineGradient<number>('LogSoftmax', (grad, node, dim) => [
  logSoftmaxBackward(grad, node.input(0), dim),
]);

function alongDim(op: OpName, inputs: readonly [Tensor, ...Tensor[]], dim: number): Tensor {
  const [x] = inputs;
  return launch(Op[op], COMPUTE[x.code]!, x.shape, x.code, inputs, [dim]);
}

// y (g - sum(g y)): both derivatives written out once more for double backward.
const SoftmaxBackward = defineGradient<number>('SoftmaxBackwardData', (h, node, dim) => {
  const g = node.input(0);
  const y = node.input(1);
  const dot = sum(mul(g, y), dim, true);
  return [
    node.needs(0) ? softmaxBackward(h, y, dim) : null,
    node.needs(1) ? sub(mul(h, sub(g, dot)), mul(g, sum(mul(h, y), dim, true))) : null,
  ];
});

function softmaxBackward(grad: Tensor, y: Tensor, dim: number): Tensor {
  return record(alongDim('softmaxBackward', [grad, y], dim), SoftmaxBackward, [grad, y], [grad, y], dim);
}

// g - exp(y) sum(g)
const LogSoftmaxBackward = defineGradient<number>('LogSoftmaxBackwardData', (h, node, dim) => {
  const g = node.input(0);
  const y = node.input(1);
  const p = exp(y);
  return [
    node.needs(0) ? sub(h, sum(mul(h, p), dim, true)) : null,
    node.needs(1) ? neg(mul(mul(h, p), sum(g, dim, true))) : null,
  ];
});

/** @internal */
export function logSoftmaxBackward(grad: Tensor, y: Tensor, dim: number): Tensor {
  return record(
    alongDim('logSoftmaxBackward', [grad, y], dim),
    LogSoftmaxBackward,
    [grad, y],
    [grad, y],
    dim,
  );
}

function prepare(op: string, x: Tensor, given: readonly unknown[]): [Tensor, number] {
  checkTensor(op, x);
  const [dim, dtype] = bindArguments(op, ['dim', 'dtype'], given);
  if (autocastUsed && dtype === undefined) [x] = widened([x] as const, 'cuda');
  if (dim === undefined) throw new ArgumentError(`${op}: expected a dim`);
  const y = dtype === undefined ? x : cast(x, dtypeCode(op, dtype));
  if (!isFloatingCode(y.code)) throw new DTypeError(`${op}: expected floating point, got ${DTYPES[y.code]}`);
  return [y, wrapDim(op, dim, x.shape.length)];
}

/** exp(x) scaled to sum to 1 along `dim` (https://pytorch.org/docs/stable/generated/torch.nn.functional.softmax.html). */
export function softmax(x: Tensor, dim: number, options?: { dtype?: DType }): Tensor;
export function softmax(x: Tensor, options: { dim: number; dtype?: DType }): Tensor;
export function softmax(x: Tensor, ...given: readonly unknown[]): Tensor {
  const [y, dim] = prepare('softmax', x, given);
  const out = alongDim('softmax', [y], dim);
  return record(out, Softmax, [y], [out], dim);
}

/** log(softmax(x)), without the loss of small probabilities. */
export function logSoftmax(x: Tensor, dim: number, options?: { dtype?: DType }): Tensor;
export function logSoftmax(x: Tensor, options: { dim: number; dtype?: DType }): Tensor;
export function logSoftmax(x: Tensor, ...given: readonly unknown[]): Tensor {
  const [y, dim] = prepare('logSoftmax', x, given);
  const out = alongDim('logSoftmax', [y], dim);
  return record(out, LogSoftmax, [y], [out], dim);
}
