/** Systems of triangular matrices. */
import { defineGradient, record } from '../../autograd/node';
import { ArgumentError, ShapeError } from '../../errors';
import { showShape } from '../../shape';
import type { Tensor } from '../../tensor';
import { booleanArgument, named } from '../arguments';
import { neg } from '../arithmetic';
import { matmul } from '../matmul';
import { tril, triu } from '../triangle';
import {
  batchedTogether,
  checkMatrices,
  checkSquareShape,
  decompose,
  paired,
  transposed,
  transposedCopy,
} from './matrices';

interface System {
  readonly upper: boolean;
  readonly left: boolean;
  readonly unitriangular: boolean;
}

/** The solution of A X = B or X A = B; nothing is recorded. */
function solved(a: Tensor, b: Tensor, { upper, left, unitriangular }: System): Tensor {
  if (!left)
    return transposedCopy(
      solved(transposedCopy(a), transposedCopy(b), { upper: !upper, left: true, unitriangular }),
    );
  const scalars = [upper ? 1 : 0, unitriangular ? 1 : 0];
  return decompose('solveTriangular', [b.shape], [b.code], [a, b], scalars)[0]!;
}

const SolveTriangular = defineGradient<System>('LinalgSolveTriangular', (grad, node, system) => {
  const [a, x] = [node.input(0), node.input(1)];
  const { upper, left, unitriangular } = system;
  const gradB = solve(transposed(a), grad, { upper: !upper, left, unitriangular });
  if (!node.needs(0)) return [null, gradB];
  const gradA = neg(left ? matmul(gradB, transposed(x)) : matmul(transposed(x), gradB));
  const diagonal = unitriangular ? 1 : 0;
  return [upper ? triu(gradA, diagonal) : tril(gradA, -diagonal), node.needs(1) ? gradB : null];
});

function solve(a: Tensor, b: Tensor, system: System): Tensor {
  const out = solved(a, b, system);
  return record(out, SolveTriangular, [a, b], [a, out], system);
}

/**
 * The solution of A X = B, or of X A = B without `left`, for a triangular A, whose other triangle (and diagonal, if it is
 * of ones) is not looked at (https://pytorch.org/docs/stable/generated/torch.linalg.solve_triangular.html).
 */
export const solveTriangular = named<
  [B: Tensor, upper: boolean, left?: boolean, unitriangular?: boolean],
  { B?: Tensor; upper: boolean; left?: boolean; unitriangular?: boolean },
  Tensor
>('linalg.solveTriangular', ['B', 'upper', 'left', 'unitriangular'], (a, b, upper, left, unitriangular) => {
  const op = 'linalg.solveTriangular';
  checkMatrices(op, a, 'A');
  checkMatrices(op, b, 'B');
  if (upper === undefined) throw new ArgumentError(`${op}: expected upper to be true or false`);
  const system = {
    upper: booleanArgument(op, 'upper', upper, false),
    left: booleanArgument(op, 'left', left, true),
    unitriangular: booleanArgument(op, 'unitriangular', unitriangular, false),
  };
  checkSquareShape(op, a, 'A');
  if (b.shape[b.shape.length - (system.left ? 2 : 1)] !== a.shape[a.shape.length - 1])
    throw new ShapeError(
      `${op}: sizes differ in ${system.left ? 'AX = B' : 'XA = B'}: A ${showShape(a.shape)}, B ${showShape(b.shape)}`,
    );
  return solve(...batchedTogether(op, ...paired(op, a, b)), system);
});
