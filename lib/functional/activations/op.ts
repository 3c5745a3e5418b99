/** Activations that have a kernel, and another one for their derivative. */
import { Op, type OpName } from '../../backend/ops.generated';
import { checkInPlace, recordInPlace } from '../../autograd/view';
import { defineGradient, record, requiresGrad } from '../../autograd/node';
import { COMPUTE, Code, isFloatingCode } from '../../dtype';
import { DTypeError } from '../../errors';
import { type Tensor, checkTensor } from '../../tensor';
import { mul } from '../arithmetic';
import { launch, launchInto, zerosOf } from '../kernel';
import { asItWas } from '../kinds';

type Numbers = readonly number[];

interface ActivationKernels {
  readonly kernel: OpName;
  /** Of the gradient and the input, with the same numbers. */
  readonly derivative: OpName;
  /** PyTorch's name for the node. */
  readonly gradient: string;
  /** The second derivative, made of differentiable functions; left out: 0 everywhere. */
  readonly curvature?: (x: Tensor, numbers: Numbers) => Tensor;
  /** Integers are taken, too. */
  readonly integers?: boolean;
}

export interface Activation {
  (op: string, x: Tensor, numbers?: Numbers): Tensor;
  readonly inPlace: (op: string, x: Tensor, numbers?: Numbers) => Tensor;
}

const NONE: Numbers = [];

/** f(x, numbers), element by element; errors name the function `op`. */
export function activationOp(spec: ActivationKernels): Activation {
  const [forward, backward] = [Op[spec.kernel], Op[spec.derivative]];
  const { curvature } = spec;
  const Slope = defineGradient<Numbers>(`${spec.gradient}Backward`, (h, node, numbers) => {
    const [g, x] = [node.input(0), node.input(1)];
    const bent = (): Tensor => (curvature === undefined ? zerosOf(x) : mul(mul(h, g), curvature(x, numbers)));
    return [node.needs(0) ? slope(h, x, numbers) : null, node.needs(1) ? bent() : null];
  });
  const slope = (g: Tensor, x: Tensor, numbers: Numbers): Tensor => {
    const out = launch(backward, COMPUTE[x.code]!, x.shape, x.code, [g, x], numbers);
    return record(out, Slope, [g, x], [g, x], numbers);
  };
  const rule = defineGradient<Numbers>(spec.gradient, (g, node, numbers) => [
    slope(g, node.input(0), numbers),
  ]);
  const check = (op: string, x: Tensor): void => {
    checkTensor(op, x);
    if (isFloatingCode(x.code) || (spec.integers && x.code !== Code.bool)) return;
    throw new DTypeError(`${op}: expected floating point, got ${x.dtype}`);
  };
  const call = (op: string, x: Tensor, numbers = NONE): Tensor => {
    check(op, x);
    const out = launch(forward, COMPUTE[x.code]!, x.shape, x.code, [x], numbers);
    return record(out, rule, [x], [x], numbers);
  };
  const inPlace = (op: string, x: Tensor, numbers = NONE): Tensor => {
    check(op, x);
    checkInPlace(op, x, [x]);
    const before = asItWas(x, requiresGrad(x));
    launchInto(forward, COMPUTE[x.code]!, [x], [x], numbers);
    return recordInPlace(x, rule, [x], [before], -1, numbers);
  };
  return Object.assign(call, { inPlace });
}

/** The function, or its form in place. */
export function chosen(
  f: Activation,
  inplace: boolean,
): (op: string, x: Tensor, numbers?: Numbers) => Tensor {
  return inplace ? f.inPlace : f;
}
