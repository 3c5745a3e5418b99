import { DTypeError, ShapeError } from '../errors';
import { isFloatingCode } from '../dtype';
import { numelOf, sameShape, showShape } from '../shape';
import { type Tensor, checkTensor, cudaInUse } from '../tensor';
import { bindArguments } from './arguments';
import { add } from './arithmetic';
import { gathered } from './devices';
import { ranked } from './matmul';
import { permute, reshape, squeeze, unsqueeze } from './view';

const OP = 'bilinear';

function checkOperands(x1: Tensor, x2: Tensor, weight: Tensor, bias: Tensor | null): void {
  const [a, b, w] = [x1.shape, x2.shape, weight.shape];
  const fits =
    w.length === 3 &&
    a.length > 0 &&
    sameShape(a.slice(0, -1), b.slice(0, -1)) &&
    b.length === a.length &&
    a.at(-1) === w[1] &&
    b.at(-1) === w[2] &&
    (bias === null || (bias.shape.length === 1 && bias.shape[0] === w[0]));
  if (!fits)
    throw new ShapeError(
      `${OP}: expected [..., in1], [..., in2], weight [out, in1, in2] and bias [out], got ` +
        [x1, x2, weight, ...(bias === null ? [] : [bias])].map((t) => showShape(t.shape)).join(', '),
    );
  for (const t of [x2, weight, bias])
    if (t !== null && t.code !== x1.code)
      throw new DTypeError(`${OP}: expected operands of one dtype, got ${x1.dtype} and ${t.dtype}`);
  if (!isFloatingCode(x1.code)) throw new DTypeError(`${OP}: expected floating point, got ${x1.dtype}`);
}

/**
 * x1ᵀ weight[o] x2 + bias[o] for each o (https://pytorch.org/docs/stable/generated/torch.nn.functional.bilinear.html):
 * [..., in1] and [..., in2], weight [out, in1, in2], bias [out] or null; gives [..., out].
 */
export function bilinear(x1: Tensor, x2: Tensor, weight: Tensor, bias?: Tensor | null): Tensor;
export function bilinear(x1: Tensor, x2: Tensor, weight: Tensor, options: { bias?: Tensor | null }): Tensor;
export function bilinear(x1: Tensor, x2: Tensor, weight: Tensor, ...given: readonly unknown[]): Tensor {
  checkTensor(OP, x1, 'input1');
  checkTensor(OP, x2, 'input2');
  checkTensor(OP, weight, 'weight');
  let bias = (bindArguments(OP, ['bias'], given)[0] ?? null) as Tensor | null;
  if (bias !== null) checkTensor(OP, bias, 'bias');
  if (cudaInUse) [x1, x2, weight, bias] = gathered(OP, x1, x2, weight, bias);
  checkOperands(x1, x2, weight, bias);
  const batch = x1.shape.slice(0, -1);
  const rows = numelOf(batch);
  const [out, in1, in2] = weight.shape as readonly [number, number, number];
  // Autocast leaves the products alone: the result has the operands' dtype, and its digits.
  const half = ranked(OP, reshape(x1, rows, in1), reshape(permute(weight, 1, 0, 2), in1, out * in2), 2, 2);
  const products = ranked(OP, reshape(half, rows, out, in2), unsqueeze(reshape(x2, rows, in2), 2), 3, 3);
  const y = reshape(squeeze(products, 2), [...batch, out]);
  return bias === null ? y : add(y, bias);
}
