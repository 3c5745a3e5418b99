/** Inverses, and systems of linear equations. */
import { autocastUsed, gradEnabled, withGradMode } from '../../autograd/mode';
import { defineGradient, record } from '../../autograd/node';
import { ShapeError } from '../../errors';
import { sameShape, showShape } from '../../shape';
import { checkTensor, type Tensor } from '../../tensor';
import { booleanArgument, named } from '../arguments';
import { neg } from '../arithmetic';
import { inFloat32, widened } from '../autocast';
import { matmul } from '../matmul';
import { expand, squeeze, unsafeView, unsqueeze } from '../view';
import { Asked, factored, solvedBy } from './lu';
import {
  batchOf,
  batchedTogether,
  checkFloating,
  checkSquare,
  identity,
  paired,
  results,
  transposed,
  type Results,
} from './matrices';

const Inv = defineGradient('LinalgInvEx', (grad, node) => {
  const inverse = transposed(node.input(0));
  return [neg(matmul(inverse, matmul(grad, inverse)))];
});

function inverted(x: Tensor, asked: Asked): [Tensor, Tensor] {
  const [lu, pivots, info] = factored(x, asked);
  const n = x.shape[x.shape.length - 1]!;
  const out = solvedBy(lu, pivots, expand(identity(n, x), [...batchOf(x), n, n]));
  return [record(out, Inv, [x], [out], null), info];
}

/**
 * The inverse (https://pytorch.org/docs/stable/generated/torch.linalg.inv.html).
 * @throws LinAlgError when a matrix is singular.
 */
export function inv(x: Tensor): Tensor {
  checkTensor('linalg.inv', x);
  if (autocastUsed) [x] = widened([x] as const, 'cpu');
  checkSquare('linalg.inv', x);
  return inverted(x, Asked.inv)[0];
}

/** `inv`, with the number of the first zero pivot of each matrix (0: none) instead of an error. */
export const invEx = inFloat32(
  named<[checkErrors?: boolean], { checkErrors?: boolean }, Results<readonly ['inverse', 'info']>>(
    'linalg.invEx',
    ['checkErrors'],
    (x, checkErrors) => {
      checkSquare('linalg.invEx', x);
      const check = booleanArgument('linalg.invEx', 'checkErrors', checkErrors, false);
      return results(['inverse', 'info'], inverted(x, check ? Asked.inv : Asked.nobody));
    },
  ),
  'cpu',
);

interface Equation {
  readonly left: boolean;
  /** B is a vector for each matrix. */
  readonly vector: boolean;
}

const Solve = defineGradient<Equation>('LinalgSolveEx', (grad, node, { left, vector }) => {
  const asMatrix = (t: Tensor): Tensor => (vector ? unsqueeze(t, -1) : t);
  const [a, x, lu, pivots] = [node.input(0), asMatrix(node.input(1)), node.input(2), node.input(3)];
  const g = asMatrix(grad);
  // Only the matrix itself is differentiable again.
  const gradB = gradEnabled()
    ? solved(transposed(a), g, { left, vector: false })
    : solvedBy(lu, pivots, g, left, true);
  const gradA = node.needs(0)
    ? neg(left ? matmul(gradB, transposed(x)) : matmul(transposed(x), gradB))
    : null;
  return [gradA, node.needs(1) ? (vector ? squeeze(gradB, -1) : gradB) : null];
});

/** `b` is a matrix, or a vector for each of the matrices `a`; sizes fit. */
function solved(a: Tensor, b: Tensor, equation: Equation, asked = Asked.solve): Tensor {
  const [lu, pivots] = factored(a, asked);
  const out = withGradMode('linalg.solve', false, () => {
    if (!equation.vector) return solvedBy(lu, pivots, b, equation.left);
    return unsafeView(solvedBy(lu, pivots, unsqueeze(b, -1), equation.left), b.shape);
  });
  return record(out, Solve, [a, b], [a, out, lu, pivots], equation);
}

/** Checks what `solve` and its likes are given; gives both with the same leading sizes. */
function equationOf(op: string, a: Tensor, b: Tensor, left: unknown): [Tensor, Tensor, Equation] {
  checkSquare(op, a, 'A');
  checkTensor(op, b, 'B');
  checkFloating(op, b);
  const onLeft = booleanArgument(op, 'left', left, true);
  const rows = a.shape.slice(0, -1);
  const vector = b.shape.length === 1 || sameShape(b.shape, rows);
  const n = rows[rows.length - 1]!;
  const size = vector && !onLeft ? 1 : b.shape[b.shape.length - (vector || !onLeft ? 1 : 2)];
  if (b.shape.length === 0 || size !== n)
    throw new ShapeError(
      `${op}: sizes differ in ${onLeft ? 'AX = B' : 'XA = B'}: A ${showShape(a.shape)}, B ${showShape(b.shape)}`,
    );
  const [p, q] = paired(op, a, b);
  if (vector) return [p, sameShape(q.shape, rows) ? q : expand(q, rows), { left: onLeft, vector }];
  return [...batchedTogether(op, p, q), { left: onLeft, vector }];
}

type SolveArguments = [B: Tensor, left?: boolean];
interface NamedSolve {
  B?: Tensor;
  left?: boolean;
}

/**
 * The solution of A X = B, or of X A = B without `left`; B may be a vector for each matrix
 * (https://pytorch.org/docs/stable/generated/torch.linalg.solve.html).
 * @throws LinAlgError when a matrix is singular.
 */
export const solve = inFloat32(
  named<SolveArguments, NamedSolve, Tensor>('linalg.solve', ['B', 'left'], (a, b, left) =>
    solved(...equationOf('linalg.solve', a, b, left)),
  ),
  'cpu',
);

/** `solve`, with the number of the first zero pivot of each matrix (0: none) instead of an error. */
export const solveEx = named<
  [...SolveArguments, checkErrors?: boolean],
  NamedSolve & { checkErrors?: boolean },
  Results<readonly ['result', 'info']>
>('linalg.solveEx', ['B', 'left', 'checkErrors'], (a, b, left, checkErrors) => {
  const [p, q, equation] = equationOf('linalg.solveEx', a, b, left);
  const asked = booleanArgument('linalg.solveEx', 'checkErrors', checkErrors, false)
    ? Asked.solve
    : Asked.nobody;
  const [, , info] = factored(p.detach(), Asked.nobody);
  return results(['result', 'info'], [solved(p, q, equation, asked), info]);
});
