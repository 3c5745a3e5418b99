/** The triangles of matrices, or of batches of them. */
import { Op } from '../backend/ops.generated';
import { defineGradient, record, type GradRule } from '../autograd/node';
import { COMPUTE } from '../dtype';
import { ShapeError } from '../errors';
import { showShape } from '../shape';
import { type Tensor, checkTensor } from '../tensor';
import { integerArgument, named, type Named } from './arguments';
import { launch } from './kernel';

type TriangleFunction = Named<[diagonal?: number], { diagonal?: number }, Tensor>;

function triangleOp(name: 'tril' | 'triu', gradient: string): TriangleFunction {
  const rule: GradRule<number> = defineGradient<number>(gradient, (grad, _, diagonal) => [
    call(grad, diagonal),
  ]);
  const call = (x: Tensor, diagonal = 0): Tensor => {
    checkTensor(name, x);
    integerArgument(name, 'diagonal', diagonal);
    if (x.shape.length < 2)
      throw new ShapeError(`${name}: expected at least 2 dimensions, got ${showShape(x.shape)}`);
    return record(
      launch(Op[name], COMPUTE[x.code]!, x.shape, x.code, [x], [diagonal]),
      rule,
      [x],
      [],
      diagonal,
    );
  };
  return named(name, ['diagonal'], call);
}

/** What lies on and below a diagonal; zeros elsewhere. 0 is the main diagonal, 1 the one above it. */
export const tril = triangleOp('tril', 'Tril');
/** What lies on and above a diagonal; zeros elsewhere. */
export const triu = triangleOp('triu', 'Triu');
