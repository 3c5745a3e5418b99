/** The triangles of matrices, or of batches of them. */
import { Op } from '../backend/ops.generated';
import { checkInPlace, recordInPlace } from '../autograd/view';
import { defineGradient, record, type GradRule } from '../autograd/node';
import { COMPUTE } from '../dtype';
import { ShapeError } from '../errors';
import { showShape } from '../shape';
import { type Tensor, checkTensor } from '../tensor';
import { integerArgument, named, type Named } from './arguments';
import { launch, launchInto } from './kernel';

type TriangleFunction = Named<[diagonal?: number], { diagonal?: number }, Tensor>;

/** A function, and its twin in place. */
function triangleOp(name: 'tril' | 'triu', gradient: string): [TriangleFunction, TriangleFunction] {
  const rule: GradRule<number> = defineGradient<number>(gradient, (grad, _, diagonal) => [
    call(grad, diagonal),
  ]);
  const checked = (op: string, x: Tensor, diagonal: number): void => {
    checkTensor(op, x);
    integerArgument(op, 'diagonal', diagonal);
    if (x.shape.length < 2)
      throw new ShapeError(`${op}: expected at least 2 dimensions, got ${showShape(x.shape)}`);
  };
  const triangleOf = (x: Tensor, diagonal: number): Tensor =>
    launch(Op[name], COMPUTE[x.code]!, x.shape, x.code, [x], [diagonal]);
  const call = (x: Tensor, diagonal = 0): Tensor => {
    checked(name, x, diagonal);
    return record(triangleOf(x, diagonal), rule, [x], [], diagonal);
  };
  const change = (x: Tensor, diagonal = 0): Tensor => {
    const op = `${name}_`;
    checked(op, x, diagonal);
    checkInPlace(op, x, [x]);
    // The kernel writes row-major tensors.
    if (x.layout === null) launchInto(Op[name], COMPUTE[x.code]!, [x], [x], [diagonal]);
    else launchInto(Op.copy, COMPUTE[x.code]!, [x], [triangleOf(x, diagonal)], []);
    return recordInPlace(x, rule, [x], [], -1, diagonal);
  };
  return [named(name, ['diagonal'], call), named(`${name}_`, ['diagonal'], change)];
}

/** What lies on and below a diagonal; zeros elsewhere. 0 is the main diagonal, 1 the one above it. */
export const [tril, tril_] = triangleOp('tril', 'Tril');
/** What lies on and above a diagonal; zeros elsewhere. */
export const [triu, triu_] = triangleOp('triu', 'Triu');
