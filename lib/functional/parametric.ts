/** Functions of one operand and of numbers: what kernels take as scalars. */
import { Op, type OpName } from '../backend/ops.generated';
import { checkInPlace, recordInPlace } from '../autograd/view';
import { defineGradient, record, requiresGrad } from '../autograd/node';
import { COMPUTE, defaultDtypeCode, isFloatingCode } from '../dtype';
import { type Tensor, checkTensor } from '../tensor';
import { launch, launchInto } from './kernel';
import { asItWas, checkResultFits } from './kinds';

type Numbers = readonly number[];

export interface ParametricFunction {
  (x: Tensor, numbers: Numbers): Tensor;
  readonly inPlace: (x: Tensor, numbers: Numbers) => Tensor;
}

/** f(x, numbers), element by element, by the kernel of that name, which computes in floating point. */
export function parametricOp(
  name: OpName,
  gradient: string,
  backward: (grad: Tensor, x: Tensor, numbers: Numbers) => Tensor,
): ParametricFunction {
  const op = Op[name];
  const rule = defineGradient<Numbers>(gradient, (grad, node, numbers) => [
    backward(grad, node.input(0), numbers),
  ]);
  const codeOf = (x: Tensor): number => (isFloatingCode(x.code) ? x.code : defaultDtypeCode());
  const call = (x: Tensor, numbers: Numbers): Tensor => {
    const code = codeOf(x);
    return record(launch(op, COMPUTE[code]!, x.shape, code, [x], numbers), rule, [x], [x], numbers);
  };
  const inPlaceName = `${name}_`;
  const inPlace = (x: Tensor, numbers: Numbers): Tensor => {
    checkTensor(inPlaceName, x);
    const code = codeOf(x);
    checkResultFits(inPlaceName, x, code);
    checkInPlace(inPlaceName, x, [x]);
    const before = asItWas(x, requiresGrad(x));
    launchInto(op, COMPUTE[code]!, [x], [x], numbers);
    return recordInPlace(x, rule, [x], [before], -1, numbers);
  };
  return Object.assign(call, { inPlace });
}
