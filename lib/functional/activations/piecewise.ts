/** Activations that are made of straight lines, or of a parabola between two. */
import { withGradMode } from '../../autograd/mode';
import { defineGradient, record } from '../../autograd/node';
import { Code, isFloatingCode } from '../../dtype';
import { ArgumentError, DTypeError } from '../../errors';
import { type Tensor, checkTensor } from '../../tensor';
import { booleanArgument, named, numberArgument } from '../arguments';
import { mul, sub } from '../arithmetic';
import { cast } from '../cast';
import { clamp } from '../clamp';
import { gt, le, logicalAnd, logicalOr, lt } from '../compare';
import { relu as reluOf, relu_ } from '../elementary';
import { underName } from '../node-name';
import { maskedFill, maskedFill_, where } from '../where';
import { activationOp, chosen } from './op';

interface InPlace {
  inplace?: boolean;
}

/** max(0, x) (https://pytorch.org/docs/stable/generated/torch.nn.functional.relu.html). */
export const relu = named<[inplace?: boolean], InPlace, Tensor>('relu', ['inplace'], (x, inplace) =>
  inplace === undefined || !booleanArgument('relu', 'inplace', inplace, false) ? reluOf(x) : relu_(x),
);

const leakyReluOp = activationOp({
  kernel: 'leakyRelu',
  derivative: 'leakyReluBackward',
  gradient: 'LeakyRelu',
});

interface LeakyReluOptions extends InPlace {
  negativeSlope?: number;
}

/** x above 0, `negativeSlope` (0.01) x below (https://pytorch.org/docs/stable/generated/torch.nn.functional.leaky_relu.html). */
export const leakyRelu = named<[negativeSlope?: number, inplace?: boolean], LeakyReluOptions, Tensor>(
  'leakyRelu',
  ['negativeSlope', 'inplace'],
  (x, slope = 0.01, inplace) =>
    chosen(leakyReluOp, booleanArgument('leakyRelu', 'inplace', inplace, false))('leakyRelu', x, [
      numberArgument('leakyRelu', 'negativeSlope', slope),
    ]),
);

/** `leakyRelu`, in place. */
export const leakyRelu_ = named<[negativeSlope?: number], { negativeSlope?: number }, Tensor>(
  'leakyRelu_',
  ['negativeSlope'],
  (x, slope = 0.01) =>
    leakyReluOp.inPlace('leakyRelu_', x, [numberArgument('leakyRelu_', 'negativeSlope', slope)]),
);

const hardtanhOp = activationOp({
  kernel: 'clamp',
  derivative: 'hardtanhBackward',
  gradient: 'Hardtanh',
  integers: true,
});

function bounds(op: string, x: Tensor, min: unknown, max: unknown): readonly [min: number, max: number] {
  checkTensor(op, x);
  const [low, high] = [numberArgument(op, 'minVal', min), numberArgument(op, 'maxVal', max)];
  if (low > high)
    throw new ArgumentError(`${op}: expected minVal not to exceed maxVal, got ${low} and ${high}`);
  if (isFloatingCode(x.code)) return [low, high];
  if (x.code === Code.uint8 && low < 0)
    throw new ArgumentError(`${op}: expected bounds that uint8 has, got ${low} and ${high}`);
  return [Math.trunc(low), Math.trunc(high)];
}

interface HardtanhOptions extends InPlace {
  minVal?: number;
  maxVal?: number;
}

/** x kept within `minVal` (-1) and `maxVal` (1) (https://pytorch.org/docs/stable/generated/torch.nn.functional.hardtanh.html). */
export const hardtanh = named<[minVal?: number, maxVal?: number, inplace?: boolean], HardtanhOptions, Tensor>(
  'hardtanh',
  ['minVal', 'maxVal', 'inplace'],
  (x, min = -1, max = 1, inplace) => {
    const limits = bounds('hardtanh', x, min, max);
    return chosen(hardtanhOp, booleanArgument('hardtanh', 'inplace', inplace, false))('hardtanh', x, limits);
  },
);

/** `hardtanh`, in place. */
export const hardtanh_ = named<
  [minVal?: number, maxVal?: number],
  { minVal?: number; maxVal?: number },
  Tensor
>('hardtanh_', ['minVal', 'maxVal'], (x, min = -1, max = 1) =>
  hardtanhOp.inPlace('hardtanh_', x, bounds('hardtanh_', x, min, max)),
);

/** x kept within 0 and 6 (https://pytorch.org/docs/stable/generated/torch.nn.functional.relu6.html). */
export const relu6 = named<[inplace?: boolean], InPlace, Tensor>('relu6', ['inplace'], (x, inplace) =>
  chosen(hardtanhOp, booleanArgument('relu6', 'inplace', inplace, false))('relu6', x, [0, 6]),
);

const hardsigmoidOp = activationOp({
  kernel: 'hardsigmoid',
  derivative: 'hardsigmoidBackward',
  gradient: 'Hardsigmoid',
});
const hardswishOp = activationOp({
  kernel: 'hardswish',
  derivative: 'hardswishBackward',
  gradient: 'Hardswish',
  curvature: (x) => mul(cast(logicalAnd(gt(x, -3), lt(x, 3)), x.code), 1 / 3),
});

/** (x + 3) / 6, kept within 0 and 1 (https://pytorch.org/docs/stable/generated/torch.nn.functional.hardsigmoid.html). */
export const hardsigmoid = named<[inplace?: boolean], InPlace, Tensor>(
  'hardsigmoid',
  ['inplace'],
  (x, inplace) =>
    chosen(hardsigmoidOp, booleanArgument('hardsigmoid', 'inplace', inplace, false))('hardsigmoid', x),
);

/** x hardsigmoid(x) (https://pytorch.org/docs/stable/generated/torch.nn.functional.hardswish.html). */
export const hardswish = named<[inplace?: boolean], InPlace, Tensor>('hardswish', ['inplace'], (x, inplace) =>
  chosen(hardswishOp, booleanArgument('hardswish', 'inplace', inplace, false))('hardswish', x),
);

/** What the comparison and the replacement are, as elements of x's dtype. */
function limits(
  op: string,
  x: Tensor,
  threshold: unknown,
  value: unknown,
): [threshold: number, value: number] {
  checkTensor(op, x);
  if (x.code === Code.bool) throw new DTypeError(`${op}: not defined for bool`);
  const pair = [numberArgument(op, 'threshold', threshold), numberArgument(op, 'value', value)] as [
    number,
    number,
  ];
  return isFloatingCode(x.code) ? pair : [Math.trunc(pair[0]), Math.trunc(pair[1])];
}

interface ThresholdOptions extends InPlace {
  threshold: number;
  value: number;
}

/** x where it is above the threshold, `value` elsewhere (https://pytorch.org/docs/stable/generated/torch.nn.functional.threshold.html). */
export const threshold = named<
  [threshold: number, value: number, inplace?: boolean],
  ThresholdOptions,
  Tensor
>('threshold', ['threshold', 'value', 'inplace'], (x, limit, value, inplace) => {
  const [t, v] = limits('threshold', x, limit, value);
  const fill = booleanArgument('threshold', 'inplace', inplace, false) ? maskedFill_ : maskedFill;
  return underName('Threshold', fill(x, le(x, t), v));
});

/** `threshold`, in place. */
export const threshold_ = named<
  [threshold: number, value: number],
  { threshold: number; value: number },
  Tensor
>('threshold_', ['threshold', 'value'], (x, limit, value) => {
  const [t, v] = limits('threshold_', x, limit, value);
  return underName('Threshold', maskedFill_(x, le(x, t), v));
});

const Softshrink = defineGradient<number>('Softshrink', (g, node, size) => {
  const x = node.input(0);
  return [where(logicalOr(gt(x, size), lt(x, -size)), g, 0)];
});

/** x brought nearer to 0 by `lambd` (0.5), and 0 where it is nearer already (https://pytorch.org/docs/stable/generated/torch.nn.functional.softshrink.html). */
export const softshrink = named<[lambd?: number], { lambd?: number }, Tensor>(
  'softshrink',
  ['lambd'],
  (x, lambd = 0.5) => {
    checkTensor('softshrink', x);
    const size = numberArgument('softshrink', 'lambd', lambd);
    if (!(size >= 0)) throw new ArgumentError(`softshrink: expected lambd to be at least 0, got ${size}`);
    if (!isFloatingCode(x.code)) throw new DTypeError(`softshrink: expected floating point, got ${x.dtype}`);
    const out = withGradMode('softshrink', false, () => sub(x, clamp(x, -size, size)));
    return record(out, Softshrink, [x], [x], size);
  },
);
