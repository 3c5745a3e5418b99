/** The form in place of functions that have no kernel of their own to write over their operand. */
import { Op } from '../backend/ops.generated';
import { gradEnabled } from '../autograd/mode';
import { checkInPlace, recordInPlace } from '../autograd/view';
import { requiresGrad, type GradRule } from '../autograd/node';
import { COMPUTE } from '../dtype';
import { ShapeError } from '../errors';
import { sameShape, showShape } from '../shape';
import { Tensor, checkTensor } from '../tensor';
import { clone } from './copy';
import { launchInto, zerosOf } from './kernel';
import { checkResultFits } from './kinds';

/** What `f`, which is told the op's name, gives for x and the rest, written over x; `gradient` is the node's name. */
export function overwriting<Rest extends readonly unknown[]>(
  op: string,
  gradient: string,
  f: (op: string, x: Tensor, ...rest: Rest) => Tensor,
): (x: Tensor, ...rest: Rest) => Tensor {
  const rule: GradRule<null> = {
    name: `${gradient}Backward`,
    backward: (grad, node) => [node.needs(0) ? zerosOf(grad) : null, grad],
  };
  return (x, ...rest) => {
    checkTensor(op, x);
    const recorded = gradEnabled() && [x, ...rest].some((t) => t instanceof Tensor && requiresGrad(t));
    // The derivative of f may need x as it was.
    const out = f(op, recorded ? clone(x) : x, ...rest);
    checkResultFits(op, x, out.code);
    if (!sameShape(out.shape, x.shape))
      throw new ShapeError(`${op}: the result's shape ${showShape(out.shape)} is not ${showShape(x.shape)}`);
    checkInPlace(op, x, [x, out]);
    launchInto(Op.copy, COMPUTE[x.code]!, [x], [out], []);
    return recordInPlace(x, rule, [x, out], [], -1, null);
  };
}
