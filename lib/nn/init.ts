/** Initial values, in place and unrecorded (https://pytorch.org/docs/stable/nn.init.html). */
import { noGrad } from '../autograd';
import { ArgumentError, ShapeError, describe } from '../errors';
import { showShape } from '../shape';
import type { Tensor } from '../tensor';
import type { Generator } from '../functional/random';

export type Nonlinearity = 'linear' | 'sigmoid' | 'tanh' | 'relu' | 'leaky_relu' | 'selu';
export type FanMode = 'fanIn' | 'fanOut';

export interface InitOptions {
  generator?: Generator;
}

/** How much a nonlinearity shrinks the variance of its input: the factor that makes up for it. */
export function calculateGain(nonlinearity: Nonlinearity, param = 0.01): number {
  switch (nonlinearity) {
    case 'linear':
    case 'sigmoid':
      return 1;
    case 'tanh':
      return 5 / 3;
    case 'relu':
      return Math.SQRT2;
    case 'leaky_relu':
      return Math.sqrt(2 / (1 + param * param));
    case 'selu':
      return 3 / 4;
    default:
      throw new ArgumentError(`calculateGain: unknown nonlinearity ${describe(nonlinearity)}`);
  }
}

/** The number of inputs of an output element, and of outputs of an input element. */
export function calculateFanInAndFanOut(t: Tensor): [fanIn: number, fanOut: number] {
  if (t.shape.length < 2)
    throw new ShapeError(
      `init: fan in and fan out need at least 2 dimensions, got shape ${showShape(t.shape)}`,
    );
  const receptive = t.shape.slice(2).reduce((a, b) => a * b, 1);
  return [t.shape[1]! * receptive, t.shape[0]! * receptive];
}

function unrecorded(f: () => Tensor): Tensor {
  return noGrad(f);
}

export function uniform_(t: Tensor, a = 0, b = 1, options: InitOptions = {}): Tensor {
  return unrecorded(() => t.uniform_(a, b, options));
}
export function normal_(t: Tensor, mean = 0, std = 1, options: InitOptions = {}): Tensor {
  return unrecorded(() => t.normal_(mean, std, options));
}
export function constant_(t: Tensor, value: number): Tensor {
  return unrecorded(() => t.fill_(value));
}
export function zeros_(t: Tensor): Tensor {
  return constant_(t, 0);
}
export function ones_(t: Tensor): Tensor {
  return constant_(t, 1);
}

export interface XavierOptions extends InitOptions {
  gain?: number;
}

/** Uniform, with the variance of Glorot and Bengio, "Understanding the difficulty of training deep feedforward networks" (2010). */
export function xavierUniform_(t: Tensor, { gain = 1, ...rest }: XavierOptions = {}): Tensor {
  const [fanIn, fanOut] = calculateFanInAndFanOut(t);
  const bound = gain * Math.sqrt(6 / (fanIn + fanOut));
  return uniform_(t, -bound, bound, rest);
}

/** Normal, with the same variance. */
export function xavierNormal_(t: Tensor, { gain = 1, ...rest }: XavierOptions = {}): Tensor {
  const [fanIn, fanOut] = calculateFanInAndFanOut(t);
  return normal_(t, 0, gain * Math.sqrt(2 / (fanIn + fanOut)), rest);
}

export interface KaimingOptions extends InitOptions {
  /** The negative slope, for 'leaky_relu'. */
  a?: number;
  mode?: FanMode;
  nonlinearity?: Nonlinearity;
}

function kaimingStd(
  t: Tensor,
  { a = 0, mode = 'fanIn', nonlinearity = 'leaky_relu' }: KaimingOptions,
): number {
  const [fanIn, fanOut] = calculateFanInAndFanOut(t);
  if (mode !== 'fanIn' && mode !== 'fanOut')
    throw new ArgumentError(`init: expected mode to be 'fanIn' or 'fanOut', got ${describe(mode)}`);
  return calculateGain(nonlinearity, a) / Math.sqrt(mode === 'fanIn' ? fanIn : fanOut);
}

/** Uniform, with the variance of He et al., "Delving deep into rectifiers" (2015). */
export function kaimingUniform_(t: Tensor, options: KaimingOptions = {}): Tensor {
  if (t.numel() === 0) return t;
  const bound = Math.sqrt(3) * kaimingStd(t, options);
  return uniform_(t, -bound, bound, options.generator ? { generator: options.generator } : {});
}

/** Normal, with the same variance. */
export function kaimingNormal_(t: Tensor, options: KaimingOptions = {}): Tensor {
  if (t.numel() === 0) return t;
  return normal_(t, 0, kaimingStd(t, options), options.generator ? { generator: options.generator } : {});
}
