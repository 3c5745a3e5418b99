/** Products of each with each, and of last dimensions. */
import { ShapeError } from '../errors';
import { MAX_RANK, showShape, type Shape } from '../shape';
import { type Tensor, checkTensor } from '../tensor';
import { mul } from './arithmetic';
import { ranked } from './matmul';
import { underName } from './node-name';
import { contractedProduct } from './tensordot';
import { reshape, unsafeView, unsqueeze } from './view';

/** The products of each element of a vector with each of another (https://pytorch.org/docs/stable/generated/torch.outer.html). */
export function outer(x: Tensor, vec2: Tensor): Tensor {
  checkTensor('outer', x);
  checkTensor('outer', vec2, 'vec2');
  if (x.shape.length !== 1 || vec2.shape.length !== 1)
    throw new ShapeError(
      `outer: expected two vectors, got ${showShape(x.shape)} and ${showShape(vec2.shape)}`,
    );
  return mul(unsqueeze(x, 1), vec2);
}

/** Sums of products over the last dimensions; with a 0-d operand the product (https://pytorch.org/docs/stable/generated/torch.inner.html). */
export function inner(x: Tensor, other: Tensor): Tensor {
  checkTensor('inner', x);
  checkTensor('inner', other, 'other');
  const [rx, ro] = [x.shape.length, other.shape.length];
  if (rx === 0 || ro === 0) return mul(x, other);
  if (x.shape[rx - 1] !== other.shape[ro - 1])
    throw new ShapeError(`inner: the last sizes differ: ${showShape(x.shape)} and ${showShape(other.shape)}`);
  return contractedProduct('inner', x, other, [rx - 1], [ro - 1]);
}

/** Kronecker's product: each element of x times all of `other` (https://pytorch.org/docs/stable/generated/torch.kron.html). */
export function kron(x: Tensor, other: Tensor): Tensor {
  checkTensor('kron', x);
  checkTensor('kron', other, 'other');
  const rank = Math.max(x.shape.length, other.shape.length);
  if (rank > MAX_RANK / 2)
    throw new ShapeError(`kron: expected at most ${MAX_RANK / 2} dimensions, got ${rank}`);
  const filled = (shape: Shape): number[] => [...new Array<number>(rank - shape.length).fill(1), ...shape];
  const [a, b] = [filled(x.shape), filled(other.shape)];
  const product = mul(
    reshape(
      x,
      a.flatMap((n) => [n, 1]),
    ),
    reshape(
      other,
      b.flatMap((n) => [1, n]),
    ),
  );
  return unsafeView(
    product,
    a.map((n, i) => n * b[i]!),
  );
}

/** The sum of products of two vectors: `dot`, as there are no complex numbers to conjugate. */
export function vdot(x: Tensor, other: Tensor): Tensor {
  return underName('Vdot', ranked('vdot', x, other, 1, 1));
}
