/** Windows of signal processing (Harris, On the use of windows for harmonic analysis, 1978). */
import { Op } from '../backend/ops.generated';
import { COMPUTE, Code, DTYPES, defaultDtypeCode, isFloatingCode } from '../dtype';
import { DTypeError, onBehalfOf } from '../errors';
import { checkShape } from '../shape';
import type { Tensor } from '../tensor';
import { booleanArgument, integerArgument, numberArgument } from './arguments';
import { add, div, mul, sub } from './arithmetic';
import { cast } from './cast';
import { finish, namedArguments, optionsCode, optionsPlace, type TensorOptions } from './creation';
import { abs, cos } from './elementary';
import { fullOf, generate } from './kernel';

export interface WindowOptions extends TensorOptions {
  /** As a part of a periodic signal, not symmetric. */
  periodic?: boolean;
}

interface HammingOptions extends WindowOptions {
  alpha?: number;
  beta?: number;
}

/** A window whose values f makes of places from 0 to 1: in float64, then converted. */
function windowOf(
  op: string,
  names: readonly string[],
  given: readonly unknown[],
  f: (at: Tensor, parameters: readonly unknown[]) => Tensor,
): Tensor {
  const [[length, periodic, ...parameters], options] = namedArguments<TensorOptions>(
    op,
    ['windowLength', 'periodic', ...names],
    given,
  );
  const [n] = checkShape(op, [integerArgument(op, 'windowLength', length)]) as [number];
  const last = booleanArgument(op, 'periodic', periodic, true) ? n : n - 1;
  const code = optionsCode(op, options, defaultDtypeCode());
  if (!isFloatingCode(code)) throw new DTypeError(`${op}: expected a floating dtype, got ${DTYPES[code]}`);
  const place = optionsPlace(op, options);
  parameters.forEach((value, i) => value !== undefined && numberArgument(op, names[i]!, value));
  if (n === 1) return finish(op, fullOf([1], code, place, 1, op), options);
  try {
    const places = generate(Op.arange, COMPUTE[Code.float64]!, [n], Code.float64, place, [0, 1]);
    return finish(op, cast(f(div(places, last), parameters), code), options);
  } catch (error) {
    throw onBehalfOf(op, error);
  }
}

/** factor cos 2πkt */
const cosine = (at: Tensor, factor: number, k = 1): Tensor => mul(cos(mul(at, 2 * Math.PI * k)), factor);

interface WindowFunction {
  (windowLength: number, periodic?: boolean, options?: TensorOptions): Tensor;
  (windowLength: number, options: WindowOptions): Tensor;
}

const windowOp =
  (op: string, f: (at: Tensor) => Tensor): WindowFunction =>
  (...given: readonly unknown[]) =>
    windowOf(op, [], given, f);

/** A triangle (https://pytorch.org/docs/stable/generated/torch.bartlett_window.html). */
export const bartlettWindow = windowOp('bartlettWindow', (at) => sub(1, abs(sub(mul(at, 2), 1))));
/** 0.42 - 0.5 cos 2πt + 0.08 cos 4πt (https://pytorch.org/docs/stable/generated/torch.blackman_window.html). */
export const blackmanWindow = windowOp('blackmanWindow', (at) =>
  add(sub(0.42, cosine(at, 0.5)), cosine(at, 0.08, 2)),
);
/** 0.5 - 0.5 cos 2πt (https://pytorch.org/docs/stable/generated/torch.hann_window.html). */
export const hannWindow = windowOp('hannWindow', (at) => sub(0.5, cosine(at, 0.5)));

/** alpha - beta cos 2πt, of 0.54 and 0.46 (https://pytorch.org/docs/stable/generated/torch.hamming_window.html). */
export function hammingWindow(
  windowLength: number,
  periodic?: boolean,
  alpha?: number,
  beta?: number,
  options?: TensorOptions,
): Tensor;
export function hammingWindow(windowLength: number, periodic: boolean, options: HammingOptions): Tensor;
export function hammingWindow(windowLength: number, options: HammingOptions): Tensor;
export function hammingWindow(...given: readonly unknown[]): Tensor {
  return windowOf('hammingWindow', ['alpha', 'beta'], given, (at, [alpha = 0.54, beta = 0.46]) =>
    sub(alpha as number, cosine(at, beta as number)),
  );
}
