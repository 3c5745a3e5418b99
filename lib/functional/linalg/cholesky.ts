/** Cholesky decompositions of positive-definite matrices: A = L Lᵀ. */
import { defineGradient, record, type GradRule } from '../../autograd/node';
import { Code } from '../../dtype';
import { ShapeError } from '../../errors';
import { showShape } from '../../shape';
import type { Tensor } from '../../tensor';
import { booleanArgument, named } from '../arguments';
import { add, mul, neg } from '../arithmetic';
import { inFloat32 } from '../autocast';
import { matmul } from '../matmul';
import { tril } from '../triangle';
import { expand } from '../view';
import {
  batchOf,
  batchedTogether,
  checkMatrices,
  checkSquare,
  checkSquareShape,
  decompose,
  identity,
  paired,
  results,
  transposed,
  type Results,
} from './matrices';
import { solveTriangular } from './triangular';

// With Φ(X) = tril(X) of which the diagonal is halved: gA = L⁻ᵀ sym Φ(Lᵀ gL) L⁻¹ (https://arxiv.org/abs/1602.07527).
const choleskyRule = (name: string): GradRule<boolean> =>
  defineGradient<boolean>(name, (grad, node, upper) => {
    const [lower, gradL] = upper ? [transposed(node.input(0)), transposed(grad)] : [node.input(0), grad];
    const phi = tril(matmul(transposed(lower), gradL));
    const symmetric = mul(add(phi, transposed(tril(phi, -1))), 0.5);
    const half = solveTriangular(transposed(lower), symmetric, { upper: true });
    return [solveTriangular(lower, half, { upper: false, left: false })];
  });
const LinalgCholesky = choleskyRule('LinalgCholeskyEx');
const Cholesky = choleskyRule('Cholesky');

function factor(x: Tensor, upper: boolean, check: boolean, rule: GradRule<boolean>): [Tensor, Tensor] {
  const scalars = [upper ? 1 : 0, check ? 1 : 0];
  const shapes = [x.shape, batchOf(x)];
  const [out, info] = decompose('cholesky', shapes, [x.code, Code.int32], [x], scalars) as [Tensor, Tensor];
  return [record(out, rule, [x], [out], upper), info];
}

const choleskyOp = (op: string, rule: GradRule<boolean>) =>
  inFloat32(
    named<[upper?: boolean], { upper?: boolean }, Tensor>(op, ['upper'], (x, upper) => {
      checkSquare(op, x);
      return factor(x, booleanArgument(op, 'upper', upper, false), true, rule)[0];
    }),
    'cpu',
  );

/**
 * L of A = L Lᵀ, or U of A = Uᵀ U; only that triangle of A is looked at
 * (https://pytorch.org/docs/stable/generated/torch.linalg.cholesky.html).
 * @throws LinAlgError when a matrix is not positive-definite.
 */
export const linalgCholesky = choleskyOp('linalg.cholesky', LinalgCholesky);
/** `linalg.cholesky`. */
export const cholesky = choleskyOp('cholesky', Cholesky);

/** `linalg.cholesky`, with the order of the leading minor that is not positive-definite (0: none) instead of an error. */
export const choleskyEx = inFloat32(
  named<
    [upper?: boolean, checkErrors?: boolean],
    { upper?: boolean; checkErrors?: boolean },
    Results<readonly ['L', 'info']>
  >('linalg.choleskyEx', ['upper', 'checkErrors'], (x, upper, checkErrors) => {
    const op = 'linalg.choleskyEx';
    checkSquare(op, x);
    const [isUpper, check] = [
      booleanArgument(op, 'upper', upper, false),
      booleanArgument(op, 'checkErrors', checkErrors, false),
    ];
    return results(['L', 'info'], factor(x, isUpper, check, LinalgCholesky));
  }),
  'cpu',
);

/** The solution of A X = B by the factor of A; nothing is recorded. */
function solved(b: Tensor, factorOf: Tensor, upper: boolean): Tensor {
  const of = (a: Tensor, right: Tensor, isUpper: boolean): Tensor =>
    decompose('solveTriangular', [right.shape], [right.code], [a, right], [isUpper ? 1 : 0, 0])[0]!;
  const factors = factorOf.detach();
  const flipped = transposed(factors);
  return upper ? of(factors, of(flipped, b, false), true) : of(flipped, of(factors, b, false), true);
}

const CholeskySolve = defineGradient<boolean>('CholeskySolve', (grad, node, upper) => {
  const [factors, x] = [node.input(0), node.input(1)];
  const gradB = solve(grad, factors, upper);
  if (!node.needs(1)) return [gradB, null];
  const outer = matmul(gradB, transposed(x));
  const both = add(outer, transposed(outer));
  return [node.needs(0) ? gradB : null, neg(upper ? matmul(factors, both) : matmul(both, factors))];
});

function solve(b: Tensor, factors: Tensor, upper: boolean): Tensor {
  const out = solved(b, factors, upper);
  return record(out, CholeskySolve, [b, factors], [factors, out], upper);
}

/** The solution of A X = B, where A is told by its Cholesky factor (https://pytorch.org/docs/stable/generated/torch.cholesky_solve.html). */
export const choleskySolve = inFloat32(
  named<[input2: Tensor, upper?: boolean], { input2?: Tensor; upper?: boolean }, Tensor>(
    'choleskySolve',
    ['input2', 'upper'],
    (b, factors, upper) => {
      checkMatrices('choleskySolve', b);
      checkSquare('choleskySolve', factors, 'input2');
      const isUpper = booleanArgument('choleskySolve', 'upper', upper, false);
      if (b.shape[b.shape.length - 2] !== factors.shape[factors.shape.length - 1])
        throw new ShapeError(
          `choleskySolve: sizes differ: input ${showShape(b.shape)}, factor ${showShape(factors.shape)}`,
        );
      return solve(...batchedTogether('choleskySolve', ...paired('choleskySolve', b, factors)), isUpper);
    },
  ),
  'cpu',
);

const CholeskyInverse = defineGradient<boolean>('CholeskyInverse', (grad, node, upper) => {
  const [factors, inverse] = [node.input(0), node.input(1)];
  const both = matmul(inverse, matmul(add(grad, transposed(grad)), inverse));
  return [neg(upper ? matmul(factors, both) : matmul(both, factors))];
});

/** The inverse of A, told by its Cholesky factor. */
export const choleskyInverse = inFloat32(
  named<[upper?: boolean], { upper?: boolean }, Tensor>('choleskyInverse', ['upper'], (factors, upper) => {
    checkMatrices('choleskyInverse', factors);
    checkSquareShape('choleskyInverse', factors);
    const isUpper = booleanArgument('choleskyInverse', 'upper', upper, false);
    const n = factors.shape[factors.shape.length - 1]!;
    const out = solved(expand(identity(n, factors), factors.shape), factors, isUpper);
    return record(out, CholeskyInverse, [factors], [factors, out], isUpper);
  }),
  'cpu',
);
