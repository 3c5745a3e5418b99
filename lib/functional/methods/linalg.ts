/** Linear algebra as methods of Tensor. */
import type { Tensor } from '../../tensor';
import { attach, attachUnary } from '../attach';
import { cholesky, choleskyInverse, choleskySolve } from '../linalg/cholesky';
import { det, logdet, slogdet } from '../linalg/det';
import type { Results } from '../linalg/matrices';
import { pinverse } from '../linalg/pinv';
import { matrixExp, matrixPower } from '../linalg/power';
import { qr } from '../linalg/qr';
import { inv } from '../linalg/solve';
import { svd } from '../linalg/svd';

interface Upper {
  upper?: boolean;
}

declare module '../../tensor' {
  interface Tensor {
    inverse(): Tensor;
    det(): Tensor;
    /** The logarithm of the determinant; NaN where that is negative. */
    logdet(): Tensor;
    /** The sign of the determinant, and the logarithm of its magnitude. */
    slogdet(): Results<readonly ['sign', 'logabsdet']>;
    /** The pseudo-inverse. */
    pinverse(rcond?: number | { rcond?: number }): Tensor;
    cholesky(upper?: boolean | Upper): Tensor;
    /** The inverse of the matrix that this is the Cholesky factor of. */
    choleskyInverse(upper?: boolean | Upper): Tensor;
    /** The solution X of A X = this, where `input2` is the Cholesky factor of A. */
    choleskySolve(input2: Tensor, upper?: boolean | Upper): Tensor;
    qr(some?: boolean | { some?: boolean }): Results<readonly ['Q', 'R']>;
    svd(some?: boolean, computeUv?: boolean): Results<readonly ['U', 'S', 'V']>;
    svd(options: { some?: boolean; computeUv?: boolean }): Results<readonly ['U', 'S', 'V']>;
    matrixPower(n: number): Tensor;
    matrixExp(): Tensor;
  }
}

attachUnary({ inverse: inv, det, logdet, slogdet, matrixExp });
attach({
  pinverse,
  cholesky,
  choleskyInverse,
  choleskySolve,
  qr,
  svd,
  matrixPower,
} satisfies Record<string, (x: Tensor, ...rest: never[]) => unknown>);
