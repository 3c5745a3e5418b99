/** Activations that PyTorch, too, makes of other functions. */
import { Code, COMPUTE, isFloatingCode, type DType } from '../../dtype';
import { DTypeError, ShapeError } from '../../errors';
import { showShape, wrapDim } from '../../shape';
import { type Tensor, checkTensor } from '../../tensor';
import { softmax } from '../softmax';
import { bindArguments, named } from '../arguments';
import { add, div, mul, neg, sub } from '../arithmetic';
import { cast } from '../cast';
import { abs, sigmoid, tanh } from '../elementary';
import { underName } from '../node-name';
import { narrow } from '../view';

/** x / (1 + |x|) (https://pytorch.org/docs/stable/generated/torch.nn.functional.softsign.html). */
export function softsign(x: Tensor): Tensor {
  checkTensor('softsign', x);
  return div(x, add(abs(x), 1));
}

/** x - tanh(x) (https://pytorch.org/docs/stable/generated/torch.nn.functional.tanhshrink.html). */
export function tanhshrink(x: Tensor): Tensor {
  checkTensor('tanhshrink', x);
  return sub(x, tanh(x));
}

/** softmax(-x) (https://pytorch.org/docs/stable/generated/torch.nn.functional.softmin.html). */
export function softmin(x: Tensor, dim: number, options?: { dtype?: DType }): Tensor;
export function softmin(x: Tensor, options: { dim: number; dtype?: DType }): Tensor;
export function softmin(x: Tensor, ...given: readonly unknown[]): Tensor {
  checkTensor('softmin', x);
  const [dim, dtype] = bindArguments('softmin', ['dim', 'dtype'], given) as [number, DType?];
  return softmax(neg(x), dtype === undefined ? { dim } : { dim, dtype });
}

/** The first half along `dim` (-1), times the sigmoid of the second (https://pytorch.org/docs/stable/generated/torch.nn.functional.glu.html). */
export const glu = named<[dim?: number], { dim?: number }, Tensor>('glu', ['dim'], (x, dim = -1) => {
  checkTensor('glu', x);
  if (!isFloatingCode(x.code)) throw new DTypeError(`glu: expected floating point, got ${x.dtype}`);
  if (x.shape.length === 0) throw new ShapeError('glu: a 0-d input can not be halved');
  const d = wrapDim('glu', dim, x.shape.length);
  const size = x.shape[d]!;
  if (size % 2 !== 0)
    throw new ShapeError(`glu: expected an even size along dimension ${d}, got ${showShape(x.shape)}`);
  // Of half types in float32, so that results are rounded once.
  const half = x.code === Code.float16 || x.code === Code.bfloat16;
  const wide = half ? cast(x, COMPUTE[x.code]!) : x;
  const [a, b] = [narrow(wide, d, 0, size / 2), narrow(wide, d, size / 2, size / 2)];
  const out = mul(a, sigmoid(b));
  return underName('Glu', half ? cast(out, x.code) : out);
});
