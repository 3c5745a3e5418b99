/** Linear algebra, as torch.linalg has it. */
export { matmul } from './functional/matmul';
export { linalgCholesky as cholesky, choleskyEx } from './functional/linalg/cholesky';
export { cross, vecdot } from './functional/linalg/cross';
export { det, slogdet } from './functional/linalg/det';
export { eigh, eigvalsh } from './functional/linalg/eigh';
export { lstsq } from './functional/linalg/lstsq';
export { lu, luFactor, luFactorEx, luSolve } from './functional/linalg/lu';
export { matrixNorm, norm, vectorNorm, type MatrixOrder, type NormOptions } from './functional/linalg/norms';
export { cond, matrixRank, pinv, type Tolerance, type ToleranceOptions } from './functional/linalg/pinv';
export { linalgMatrixPower as matrixPower, matrixExp, multiDot } from './functional/linalg/power';
export { householderProduct, linalgQr as qr } from './functional/linalg/qr';
export { inv, invEx, solve, solveEx } from './functional/linalg/solve';
export { linalgSvd as svd, svdvals } from './functional/linalg/svd';
export { tensorinv, tensorsolve, vander } from './functional/linalg/tensors';
export { solveTriangular } from './functional/linalg/triangular';
export type { Results } from './functional/linalg/matrices';
