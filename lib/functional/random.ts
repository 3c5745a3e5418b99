/** Random tensors: Philox, counter based, so that a seed gives the same numbers everywhere. */
import { randomInt } from 'crypto';
import { Op } from '../backend/ops.generated';
import { bumpVersion, type Tensor, checkTensor } from '../tensor';
import { checkInPlace } from '../autograd/view';
import { COMPUTE, Code, DTYPES, INTEGER_RANGE, defaultDtypeCode, isFloatingCode } from '../dtype';
import { ArgumentError, DTypeError, describe } from '../errors';
import { checkShape, type Shape } from '../shape';
import {
  bindArguments,
  checkOptions,
  integerArgument,
  isOptions,
  numberArgument,
  splitOptions,
} from './arguments';
import { TENSOR_OPTIONS, finish, optionsCode, type SizesAndOptions, type TensorOptions } from './creation';
import { launch, launchInto } from './kernel';

/** A source of random numbers: a seed and a place in its sequence (https://pytorch.org/docs/stable/generated/torch.Generator.html). */
export class Generator {
  private seed = 0n;
  private offset = 0;

  /** @internal The scalars of a draw of `count` elements. */
  take(count: number): [low: number, high: number, offset: number] {
    const offset = this.offset;
    this.offset += count;
    return [Number(this.seed & 0xffffffffn), Number((this.seed >> 32n) & 0xffffffffn), offset];
  }

  /** Starts the sequence of a seed: a whole number of up to 64 bits. */
  manualSeed(seed: number | bigint): this {
    if (typeof seed === 'number' ? !Number.isSafeInteger(seed) : typeof seed !== 'bigint')
      throw new ArgumentError(`manualSeed: expected an integer, got ${describe(seed)}`);
    this.seed = BigInt.asUintN(64, BigInt(seed));
    this.offset = 0;
    return this;
  }

  /** The seed in use. */
  initialSeed(): bigint {
    return this.seed;
  }

  /** A new seed from the system's randomness. */
  reseed(): bigint {
    this.manualSeed((BigInt(randomInt(2 ** 32)) << 32n) | BigInt(randomInt(2 ** 32)));
    return this.seed;
  }

  /** Seed and place: what `setState` takes. */
  getState(): { seed: bigint; offset: number } {
    return { seed: this.seed, offset: this.offset };
  }

  setState(state: { seed: bigint; offset: number }): this {
    if (typeof state?.seed !== 'bigint' || !Number.isSafeInteger(state.offset) || state.offset < 0)
      throw new ArgumentError('setState: expected what getState() returned');
    this.seed = BigInt.asUintN(64, state.seed);
    this.offset = state.offset;
    return this;
  }
}

/** The generator of all draws that name none. */
export const defaultGenerator = new Generator();
defaultGenerator.reseed();

/** Seeds the default generator: the same seed, the same numbers. */
export function manualSeed(seed: number | bigint): Generator {
  return defaultGenerator.manualSeed(seed);
}

/** Seeds the default generator from the system's randomness; returns the seed. */
export function seed(): bigint {
  return defaultGenerator.reseed();
}

export interface RandomOptions extends TensorOptions {
  generator?: Generator;
}

const RANDOM_OPTIONS: readonly string[] = [...TENSOR_OPTIONS, 'generator'];

function generatorOf(op: string, options: RandomOptions | undefined): Generator {
  checkOptions(op, RANDOM_OPTIONS, options);
  const generator = options?.generator ?? defaultGenerator;
  if (!(generator instanceof Generator))
    throw new ArgumentError(`${op}: expected generator to be a Generator, got ${describe(generator)}`);
  return generator;
}

function withoutGenerator(options: RandomOptions | undefined): TensorOptions | undefined {
  if (!isOptions(options)) return options;
  const { dtype, device, requiresGrad } = options as RandomOptions;
  return { dtype, device, requiresGrad };
}

function draw(
  op: string,
  kernel: number,
  shape: Shape,
  options: RandomOptions | undefined,
  otherwise: number,
  floating: boolean,
  parameters: readonly number[],
): Tensor {
  const generator = generatorOf(op, options);
  const plain = withoutGenerator(options);
  const code = optionsCode(op, plain, otherwise);
  if (floating && !isFloatingCode(code))
    throw new DTypeError(`${op}: expected floating point, got ${DTYPES[code]}`);
  const count = shape.reduce((n, size) => n * size, 1);
  const out = launch(kernel, COMPUTE[code]!, shape, code, [], [...generator.take(count), ...parameters]);
  return finish(op, out, plain);
}

function sizesOf(op: string, given: readonly unknown[]): [Shape, RandomOptions | undefined] {
  const [sizes, options] = splitOptions(given[given.length - 1] === undefined ? given.slice(0, -1) : given);
  return [checkShape(op, sizes), options as RandomOptions | undefined];
}

type RandomSizes =
  SizesAndOptions | [...sizes: number[], options: RandomOptions] | [readonly number[], RandomOptions];

/** Uniform in [0, 1): `rand(2, 3)`. */
export function rand(...sizes: RandomSizes): Tensor {
  const [shape, options] = sizesOf('rand', sizes);
  return draw('rand', Op.uniform, shape, options, defaultDtypeCode(), true, [0, 1]);
}

/** Normal, mean 0 and standard deviation 1: `randn(3, 4)`. */
export function randn(...sizes: RandomSizes): Tensor {
  const [shape, options] = sizesOf('randn', sizes);
  return draw('randn', Op.normal, shape, options, defaultDtypeCode(), true, [0, 1]);
}

/** Normal with the given mean and standard deviation. */
export function normal(mean: number, std: number, size: readonly number[], options?: RandomOptions): Tensor {
  numberArgument('normal', 'mean', mean);
  if (!(numberArgument('normal', 'std', std) >= 0))
    throw new ArgumentError(`normal: expected std >= 0, got ${std}`);
  return draw('normal', Op.normal, checkShape('normal', [size]), options, defaultDtypeCode(), true, [
    mean,
    std,
  ]);
}

/** Uniform in [0, 1), of t's shape and dtype. */
export function randLike(t: Tensor, options?: RandomOptions): Tensor {
  checkTensor('randLike', t);
  return draw('randLike', Op.uniform, t.shape, options, t.code, true, [0, 1]);
}

/** Normal, of t's shape and dtype. */
export function randnLike(t: Tensor, options?: RandomOptions): Tensor {
  checkTensor('randnLike', t);
  return draw('randnLike', Op.normal, t.shape, options, t.code, true, [0, 1]);
}

/** What a dtype holds of the whole numbers that can be drawn, by code. */
function drawableRange(code: number): readonly [low: number, high: number] {
  if (code === Code.bool) return [0, 1];
  if (code === Code.float16) return [-65504, 65504];
  return INTEGER_RANGE[code] ?? [-Infinity, Infinity];
}

function checkRange(op: string, low: unknown, high: unknown, code: number): [low: number, high: number] {
  const from = integerArgument(op, 'low', low);
  const to = integerArgument(op, 'high', high);
  if (from >= to) throw new ArgumentError(`${op}: expected low < high, got ${from} and ${to}`);
  const [least, most] = drawableRange(code);
  if (from < least || to - 1 > most)
    throw new ArgumentError(`${op}: ${DTYPES[code]} can't hold all numbers from ${from} to ${to - 1}`);
  return [from, to];
}

/** Whole numbers from `low` (0) to before `high`, int64: `randint(10, [2, 3])`, `randint(3, 10, [2, 3])`. */
export function randint(high: number, size: readonly number[], options?: RandomOptions): Tensor;
export function randint(low: number, high: number, size: readonly number[], options?: RandomOptions): Tensor;
export function randint(...given: readonly unknown[]): Tensor {
  const [args, rest] = splitOptions(given[given.length - 1] === undefined ? given.slice(0, -1) : given);
  if (args.length < 2 || args.length > 3)
    throw new ArgumentError(
      `randint: expected (high, size) or (low, high, size), got ${args.length} arguments`,
    );
  const options = rest as RandomOptions | undefined;
  const [low, high, size] = args.length === 2 ? [0, args[0], args[1]] : args;
  const code = optionsCode('randint', withoutGenerator(options), Code.int64);
  const range = checkRange('randint', low, high, code);
  return draw('randint', Op.randint, checkShape('randint', [size]), options, code, false, range);
}

/** The whole numbers from 0 to before n in random order, int64. */
export function randperm(n: number, options?: RandomOptions): Tensor {
  const code = optionsCode('randperm', withoutGenerator(options), Code.int64);
  if (code === Code.bool) throw new DTypeError('randperm: not defined for bool');
  const shape = checkShape('randperm', [integerArgument('randperm', 'n', n)]);
  if (n > 0) checkRange('randperm', 0, n, code);
  return draw('randperm', Op.randperm, shape, options, code, false, []);
}

function drawInto(
  op: string,
  t: Tensor,
  kernel: number,
  parameters: readonly number[],
  generator: unknown,
): Tensor {
  const source = generatorOf(op, { generator: generator as Generator | undefined });
  checkInPlace(op, t, []);
  launchInto(kernel, COMPUTE[t.code]!, [t], [], [...source.take(t.count), ...parameters]);
  bumpVersion(t);
  return t;
}

function checkFloating(op: string, t: Tensor): void {
  checkTensor(op, t);
  if (!isFloatingCode(t.code)) throw new DTypeError(`${op}: expected floating point, got ${t.dtype}`);
}

/** The options of `uniform_`, `normal_` and `random_` besides what they are called by position. */
export interface DrawOptions {
  generator?: Generator;
}

/** Fills t uniformly from [from, to), [0, 1) unless given. */
export function uniform_(t: Tensor, ...given: readonly unknown[]): Tensor {
  checkFloating('uniform_', t);
  const [low, high, generator] = bindArguments('uniform_', ['from', 'to', 'generator'], given);
  const from = low === undefined ? 0 : numberArgument('uniform_', 'from', low);
  const to = high === undefined ? 1 : numberArgument('uniform_', 'to', high);
  if (!(from <= to) || !Number.isFinite(to - from))
    throw new ArgumentError(`uniform_: expected from <= to, both finite, got ${from} and ${to}`);
  return drawInto('uniform_', t, Op.uniform, [from, to], generator);
}

/** Fills t normally, with mean 0 and standard deviation 1 unless given. */
export function normal_(t: Tensor, ...given: readonly unknown[]): Tensor {
  checkFloating('normal_', t);
  const [center, deviation, generator] = bindArguments('normal_', ['mean', 'std', 'generator'], given);
  const mean = center === undefined ? 0 : numberArgument('normal_', 'mean', center);
  const std = deviation === undefined ? 1 : numberArgument('normal_', 'std', deviation);
  if (!(std >= 0)) throw new ArgumentError(`normal_: expected std >= 0, got ${std}`);
  return drawInto('normal_', t, Op.normal, [mean, std], generator);
}

/** Fills t with whole numbers from `from` (0) to before `to`. */
export function random_(t: Tensor, ...given: readonly unknown[]): Tensor {
  checkTensor('random_', t);
  const [from, to, generator] = bindArguments('random_', ['from', 'to', 'generator'], given);
  const range =
    to === undefined ? checkRange('random_', 0, from, t.code) : checkRange('random_', from ?? 0, to, t.code);
  return drawInto('random_', t, Op.randint, range, generator);
}
