/** Connectionist temporal classification. */
import { Op } from '../../backend/ops.generated';
import { attach, defineGradient, requiresGrad } from '../../autograd/node';
import { gradEnabled } from '../../autograd/mode';
import { COMPUTE, Code, isFloatingCode } from '../../dtype';
import { ArgumentError, AutogradError, DTypeError, ShapeError, describe } from '../../errors';
import { showShape } from '../../shape';
import { Tensor } from '../../tensor';
import { booleanArgument, integerArgument } from '../arguments';
import { div } from '../arithmetic';
import { cast } from '../cast';
import { clampMin } from '../clamp';
import { eq } from '../compare';
import { toTypedArray } from '../convert';
import { contiguous } from '../copy';
import { tensor } from '../creation';
import { launch, launchMany } from '../kernel';
import { reshape, unsqueeze } from '../view';
import { where } from '../where';
import { lossOptions, operands, type LossArguments, type Reduced } from './arguments';
import { MEAN, reduced, reductionCode, type Reduction } from './reduction';

export interface CTCLossOptions extends Reduced {
  /** The class that stands for no label (0). */
  blank?: number;
  /** Losses of sequences too short for their target, and their gradients, are 0, not infinite. */
  zeroInfinity?: boolean;
}

/** Lengths as int64 tensors or as arrays. */
export type Lengths = Tensor | readonly number[];

interface Context {
  readonly blank: number;
  /** How far targets are apart; -1: they follow each other. */
  readonly stride: number;
  readonly zeroInfinity: boolean;
}

const CtcLossBackward = defineGradient('CtcLossBackward', () => {
  throw new AutogradError('backward: the derivative of ctcLoss can be taken once only');
});

const CtcLoss = defineGradient<Context>('CtcLoss', (grad, node, { blank, stride, zeroInfinity }) => {
  const saved = [0, 1, 2, 3, 4, 5].map((i) => node.input(i));
  const [x] = saved as [Tensor];
  const inputs = [grad, ...saved];
  const out = launch(Op.ctcLossBackward, COMPUTE[x.code]!, x.shape, x.code, inputs, [
    blank,
    stride,
    zeroInfinity ? 1 : 0,
  ]);
  if (gradEnabled() && (requiresGrad(grad) || requiresGrad(x)))
    attach(out, CtcLossBackward, [grad, x], [], null);
  return [out];
});

function lengthsOf(op: string, name: string, given: Lengths, count: number, most: number): number[] {
  if (given instanceof Tensor && (isFloatingCode(given.code) || given.code === Code.bool))
    throw new DTypeError(`${op}: expected integer ${name}, got ${given.dtype}`);
  if (!(given instanceof Tensor) && !Array.isArray(given))
    throw new ArgumentError(`${op}: expected ${name} to be a Tensor or an array, got ${describe(given)}`);
  const values = Array.from(given instanceof Tensor ? (toTypedArray(given) as Int32Array) : given, Number);
  if (values.length !== count)
    throw new ShapeError(`${op}: expected ${count} ${name}, one for each sequence, got ${values.length}`);
  for (const n of values) {
    if (!Number.isSafeInteger(n) || n < 0 || n > most)
      throw new ArgumentError(`${op}: expected ${name} from 0 to ${most}, got ${describe(n)}`);
  }
  return values;
}

const int64 = (values: readonly number[], like: Tensor): Tensor =>
  cast(tensor(values, { dtype: 'int64' }), Code.int64, like.place);

export function ctcLoss(
  logProbs: Tensor,
  targets: Tensor,
  inputLengths: Lengths,
  targetLengths: Lengths,
  ...given: LossArguments<CTCLossOptions, [blank: number, reduction: Reduction, zeroInfinity: boolean]>
): Tensor {
  const op = 'ctcLoss';
  const options = lossOptions<CTCLossOptions>(op, ['blank', 'reduction', 'zeroInfinity'], given, 3);
  const [x, labels] = operands(op, ['logProbs', 'targets'], logProbs, targets);
  const reduction = reductionCode(op, options.reduction);
  const blank = integerArgument(op, 'blank', options.blank ?? 0);
  const zeroInfinity = booleanArgument(op, 'zeroInfinity', options.zeroInfinity, false);
  const single = x.shape.length === 2;
  if (x.code !== Code.float32 && x.code !== Code.float64)
    throw new DTypeError(`${op}: expected logProbs in float32 or float64, got ${x.dtype}`);
  if (labels.code !== Code.int64 && labels.code !== Code.int32)
    throw new DTypeError(`${op}: expected targets in int64 or int32, got ${labels.dtype}`);
  if ((!single && x.shape.length !== 3) || x.count === 0)
    throw new ShapeError(
      `${op}: expected logProbs [t, n, c] or [t, c], not empty, got ${showShape(x.shape)}`,
    );
  const batch = single ? unsqueeze(x, 1) : x;
  const [steps, count, classes] = batch.shape as [number, number, number];
  if (blank < 0 || blank >= classes)
    throw new ArgumentError(`${op}: expected blank from 0 to ${classes - 1}, got ${blank}`);
  const inputs = lengthsOf(op, 'inputLengths', inputLengths, count, steps);
  const padded = labels.shape.length === 2;
  const lengths = lengthsOf(
    op,
    'targetLengths',
    targetLengths,
    count,
    padded ? labels.shape[1]! : labels.count,
  );
  const total = lengths.reduce((n, m) => n + m, 0);
  if (padded ? labels.shape[0] !== count : labels.shape.length !== 1 || labels.shape[0] !== total)
    throw new ShapeError(
      `${op}: expected targets [${count}, s] or [${total}], got ${showShape(labels.shape)}`,
    );
  const flat = contiguous(reshape(cast(labels, Code.int64), [labels.count]));
  const context = { blank, stride: padded ? labels.shape[1]! : -1, zeroInfinity };
  const lengthsTensor = int64(lengths, x);
  const losses = perSequence(batch, flat, int64(inputs, x), lengthsTensor, Math.max(...lengths), context);
  const finite = zeroInfinity ? where(eq(losses, Infinity), 0, losses) : losses;
  if (reduction === MEAN) return reduced(op, div(finite, clampMin(cast(lengthsTensor, x.code), 1)), MEAN);
  return single && reduction === 0 ? reshape(finite, []) : reduced(op, finite, reduction);
}

function perSequence(
  x: Tensor,
  targets: Tensor,
  inputLengths: Tensor,
  targetLengths: Tensor,
  longest: number,
  context: Context,
): Tensor {
  const [steps, count] = x.shape as [number, number];
  const operandsOf = [x, targets, inputLengths, targetLengths];
  const [loss, states] = launchMany(
    Op.ctcLoss,
    COMPUTE[x.code]!,
    [[count], [count, steps, 2 * longest + 1]],
    [x.code, x.code],
    operandsOf,
    [context.blank, context.stride],
  ) as [Tensor, Tensor];
  if (gradEnabled() && requiresGrad(x)) {
    const node = attach(loss, CtcLoss, [x], [...operandsOf, loss, states], context);
    node.privates = [states];
  }
  return loss;
}
