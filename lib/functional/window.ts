/** Windows of signal processing (Harris, On the use of windows for harmonic analysis, 1978). */
import { DTYPES, defaultDtypeCode, isFloatingCode } from '../dtype';
import { ArgumentError, DTypeError, OutOfMemoryError } from '../errors';
import type { Tensor } from '../tensor';
import { booleanArgument, integerArgument, numberArgument } from './arguments';
import { namedArguments, optionsCode, tensor, type TensorOptions } from './creation';

export interface WindowOptions extends TensorOptions {
  /** As a part of a periodic signal, not symmetric. */
  periodic?: boolean;
}

interface HammingOptions extends WindowOptions {
  alpha?: number;
  beta?: number;
}

/** As many numbers as a typed array holds. */
const MOST = 2 ** 32;

/** A window whose values f gives at places from 0 to 1. */
function windowOf(
  op: string,
  names: readonly string[],
  given: readonly unknown[],
  f: (at: number, parameters: readonly unknown[]) => number,
): Tensor {
  const [[length, periodic, ...parameters], options] = namedArguments<TensorOptions>(
    op,
    ['windowLength', 'periodic', ...names],
    given,
  );
  const n = integerArgument(op, 'windowLength', length);
  if (n < 0) throw new ArgumentError(`${op}: expected windowLength >= 0, got ${n}`);
  if (n > MOST) throw new OutOfMemoryError(`${op}: a window of ${n} elements is too long`);
  const last = booleanArgument(op, 'periodic', periodic, true) ? n : n - 1;
  const code = optionsCode(op, options, defaultDtypeCode());
  if (!isFloatingCode(code)) throw new DTypeError(`${op}: expected a floating dtype, got ${DTYPES[code]}`);
  parameters.forEach((value, i) => value !== undefined && numberArgument(op, names[i]!, value));
  const values = Float64Array.from({ length: n }, (_, i) => (n === 1 ? 1 : f(i / last, parameters)));
  return tensor(values, { ...options, dtype: DTYPES[code] });
}

const cosine = (at: number): number => Math.cos(2 * Math.PI * at);

interface WindowFunction {
  (windowLength: number, periodic?: boolean, options?: TensorOptions): Tensor;
  (windowLength: number, options: WindowOptions): Tensor;
}

const windowOp =
  (op: string, f: (at: number) => number): WindowFunction =>
  (...given: readonly unknown[]) =>
    windowOf(op, [], given, f);

/** A triangle (https://pytorch.org/docs/stable/generated/torch.bartlett_window.html). */
export const bartlettWindow = windowOp('bartlettWindow', (at) => 1 - Math.abs(2 * at - 1));
/** 0.42 - 0.5 cos 2πt + 0.08 cos 4πt (https://pytorch.org/docs/stable/generated/torch.blackman_window.html). */
export const blackmanWindow = windowOp(
  'blackmanWindow',
  (at) => 0.42 - 0.5 * cosine(at) + 0.08 * cosine(2 * at),
);
/** 0.5 - 0.5 cos 2πt (https://pytorch.org/docs/stable/generated/torch.hann_window.html). */
export const hannWindow = windowOp('hannWindow', (at) => 0.5 - 0.5 * cosine(at));

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
  return windowOf(
    'hammingWindow',
    ['alpha', 'beta'],
    given,
    (at, [alpha = 0.54, beta = 0.46]) => (alpha as number) - (beta as number) * cosine(at),
  );
}
