/** Powers of matrices. */
import { Op } from '../backend/ops.generated';
import { COMPUTE } from '../dtype';
import { ArgumentError, ShapeError } from '../errors';
import { showShape } from '../shape';
import { type Tensor, checkTensor } from '../tensor';
import { integerArgument, named } from './arguments';
import { clone } from './copy';
import { NONE, generate } from './kernel';
import { matmul } from './matmul';
import { expand } from './view';

/** x times itself so many times, by squaring. */
function positivePower(x: Tensor, n: number): Tensor {
  if (n === 3) return matmul(matmul(x, x), x);
  let result: Tensor | null = null;
  for (let square = x; ; square = matmul(square, square)) {
    if (n % 2 === 1) result = result === null ? square : matmul(result, square);
    n = Math.floor(n / 2);
    if (n === 0) return result!;
  }
}

/** A power of square matrices with n >= 0; 0 gives the identity (https://pytorch.org/docs/stable/generated/torch.matrix_power.html). */
export const matrixPower = named<[n: number], { n?: number }, Tensor>('matrixPower', ['n'], (x, n) => {
  checkTensor('matrixPower', x);
  const [rows, columns] = x.shape.slice(-2);
  if (columns === undefined || rows !== columns)
    throw new ShapeError(`matrixPower: expected square matrices, got shape ${showShape(x.shape)}`);
  if (integerArgument('matrixPower', 'n', n) < 0)
    throw new ArgumentError(`matrixPower: expected n >= 0, got ${n}; invert the matrix first`);
  if (n === 0) {
    const identity = generate(Op.eye, COMPUTE[x.code]!, [columns, columns], x.code, x.place, NONE);
    return clone(expand(identity, x.shape));
  }
  return n === 1 ? clone(x) : positivePower(x, n);
});
