/** Initial values, in place and unrecorded (https://pytorch.org/docs/stable/nn.init.html). */
import { noGrad } from '../autograd';
import { ArgumentError, ShapeError, describe } from '../errors';
import { showShape } from '../shape';
import { checkTensor, type Tensor } from '../tensor';
import { bindArguments, named, numberArgument } from '../functional/arguments';
import { eye } from '../functional/creation';
import type { Generator } from '../functional/random';

export type Nonlinearity =
  'linear' | `conv${'' | '_transpose'}${1 | 2 | 3}d` | 'sigmoid' | 'tanh' | 'relu' | 'leaky_relu' | 'selu';
/** PyTorch's spelling is understood, too. */
export type FanMode = 'fanIn' | 'fanOut' | 'fan_in' | 'fan_out';

export interface InitOptions {
  generator?: Generator;
}

/** How much a nonlinearity shrinks the variance of its input: the factor that makes up for it. */
export const calculateGain = named<[param?: number], { param?: number }, number, Nonlinearity>(
  'calculateGain',
  ['param'],
  gainOf,
);

function gainOf(nonlinearity: Nonlinearity, param = 0.01): number {
  numberArgument('calculateGain', 'param', param);
  switch (nonlinearity) {
    case 'linear':
    case 'conv1d':
    case 'conv2d':
    case 'conv3d':
    case 'conv_transpose1d':
    case 'conv_transpose2d':
    case 'conv_transpose3d':
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
  return fans('calculateFanInAndFanOut', t);
}

function fans(op: string, t: Tensor): [fanIn: number, fanOut: number] {
  checkTensor(op, t);
  if (t.shape.length < 2)
    throw new ShapeError(
      `${op}: fan in and fan out need at least 2 dimensions, got shape ${showShape(t.shape)}`,
    );
  const receptive = t.shape.slice(2).reduce((a, b) => a * b, 1);
  return [t.shape[1]! * receptive, t.shape[0]! * receptive];
}

function unrecorded(op: string, t: Tensor, f: () => Tensor): Tensor {
  checkTensor(op, t);
  return noGrad(f);
}

/** Uniform in [a, b). */
export function uniform_(t: Tensor, a?: number, b?: number, options?: InitOptions): Tensor;
export function uniform_(t: Tensor, options: InitOptions & { a?: number; b?: number }): Tensor;
export function uniform_(t: Tensor, ...given: readonly unknown[]): Tensor {
  const [a = 0, b = 1, generator] = bindArguments('uniform_', ['a', 'b', 'generator'], given);
  return unrecorded('uniform_', t, () => t.uniform_(a as number, b as number, { generator } as InitOptions));
}
export function normal_(t: Tensor, mean?: number, std?: number, options?: InitOptions): Tensor;
export function normal_(t: Tensor, options: InitOptions & { mean?: number; std?: number }): Tensor;
export function normal_(t: Tensor, ...given: readonly unknown[]): Tensor {
  const [mean = 0, std = 1, generator] = bindArguments('normal_', ['mean', 'std', 'generator'], given);
  return unrecorded('normal_', t, () =>
    t.normal_(mean as number, std as number, { generator } as InitOptions),
  );
}
export function constant_(t: Tensor, value: number): Tensor {
  return unrecorded('constant_', t, () => t.fill_(value));
}
export function zeros_(t: Tensor): Tensor {
  return unrecorded('zeros_', t, () => t.zero_());
}
export function ones_(t: Tensor): Tensor {
  return unrecorded('ones_', t, () => t.fill_(1));
}

/** Ones on the diagonal of a matrix, zeros elsewhere. */
export function eye_(t: Tensor): Tensor {
  return unrecorded('eye_', t, () => {
    if (t.shape.length !== 2)
      throw new ShapeError(`eye_: expected a matrix, got shape ${showShape(t.shape)}`);
    return t.copy_(eye(t.shape[0]!, t.shape[1]!));
  });
}

export { dirac_, orthogonal_, sparse_ } from './init-patterns';
export { truncNormal_, type TruncNormalOptions } from './init-truncated';

export interface XavierOptions extends InitOptions {
  gain?: number;
}

/** The standard deviation of Glorot and Bengio, "Understanding the difficulty of training deep feedforward networks" (2010). */
function xavier(op: string, t: Tensor, given: readonly unknown[]): [std: number, InitOptions] {
  const [gain = 1, generator] = bindArguments(op, ['gain', 'generator'], given);
  const [fanIn, fanOut] = fans(op, t);
  const std = numberArgument(op, 'gain', gain) * Math.sqrt(2 / (fanIn + fanOut));
  return [std, { generator: generator as Generator | undefined }];
}

/** Uniform, with the variance of Glorot and Bengio (2010); `gain` (1) by position or by name. */
export function xavierUniform_(t: Tensor, gain?: number | XavierOptions, options?: InitOptions): Tensor;
export function xavierUniform_(t: Tensor, ...given: readonly unknown[]): Tensor {
  const [std, options] = xavier('xavierUniform_', t, given);
  const bound = Math.sqrt(3) * std;
  return uniform_(t, -bound, bound, options);
}

/** Normal, with the same variance. */
export function xavierNormal_(t: Tensor, gain?: number | XavierOptions, options?: InitOptions): Tensor;
export function xavierNormal_(t: Tensor, ...given: readonly unknown[]): Tensor {
  const [std, options] = xavier('xavierNormal_', t, given);
  return normal_(t, 0, std, options);
}

export interface KaimingOptions extends InitOptions {
  /** The negative slope, for 'leaky_relu'. */
  a?: number;
  mode?: FanMode;
  nonlinearity?: Nonlinearity;
}

/** The standard deviation of He et al., "Delving deep into rectifiers" (2015). */
function kaiming(op: string, t: Tensor, given: KaimingArguments): [std: number, InitOptions] {
  const [a = 0, mode = 'fanIn', nonlinearity = 'leaky_relu', generator] = bindArguments(op, KAIMING, given);
  const fan = FANS.indexOf(mode as FanMode);
  if (fan < 0)
    throw new ArgumentError(`${op}: expected mode to be 'fanIn' or 'fanOut', got ${describe(mode)}`);
  const gain = calculateGain(nonlinearity as Nonlinearity, a as number);
  const size = fans(op, t)[fan % 2]!;
  return [gain / Math.sqrt(Math.max(1, size)), { generator: generator as Generator | undefined }];
}

const KAIMING = ['a', 'mode', 'nonlinearity', 'generator'];
const FANS: readonly FanMode[] = ['fanIn', 'fanOut', 'fan_in', 'fan_out'];

/** By position or by name. */
export type KaimingArguments =
  | [options?: KaimingOptions]
  | [a: number, mode?: FanMode, nonlinearity?: Nonlinearity, options?: InitOptions]
  | [a: number, options: KaimingOptions];

/** Uniform, with the variance of He et al. (2015). */
export function kaimingUniform_(t: Tensor, ...given: KaimingArguments): Tensor {
  const [std, rest] = kaiming('kaimingUniform_', t, given);
  const bound = Math.sqrt(3) * std;
  return uniform_(t, -bound, bound, rest);
}

/** Normal, with the same variance. */
export function kaimingNormal_(t: Tensor, ...given: KaimingArguments): Tensor {
  const [std, rest] = kaiming('kaimingNormal_', t, given);
  return normal_(t, 0, std, rest);
}
