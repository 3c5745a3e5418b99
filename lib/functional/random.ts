/** Random tensors: Philox, counter based, so that a seed gives the same numbers everywhere. */
import { randomInt } from 'crypto';
import { Op } from '../backend/ops.generated';
import { bumpVersion, type Tensor, checkTensor } from '../tensor';
import { checkInPlace } from '../autograd/view';
import { COMPUTE, Code, DTYPES, defaultDtypeCode, isFloatingCode } from '../dtype';
import { ArgumentError, DTypeError, describe } from '../errors';
import { checkShape, type Shape } from '../shape';
import { checkOptions, integerArgument, numberArgument, splitOptions } from './arguments';
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
  if (options === undefined) return undefined;
  const { dtype, device, requiresGrad } = options;
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

function checkRange(op: string, low: number, high: number): void {
  integerArgument(op, 'low', low);
  integerArgument(op, 'high', high);
  if (low >= high) throw new ArgumentError(`${op}: expected low < high, got ${low} and ${high}`);
}

/** Whole numbers from `low` (0) to before `high`, int64: `randint(10, [2, 3])`, `randint(3, 10, [2, 3])`. */
export function randint(high: number, size: readonly number[], options?: RandomOptions): Tensor;
export function randint(low: number, high: number, size: readonly number[], options?: RandomOptions): Tensor;
export function randint(...given: readonly unknown[]): Tensor {
  const [args, options] = splitOptions(given[given.length - 1] === undefined ? given.slice(0, -1) : given);
  const [low, high, size] = args.length === 2 ? [0, args[0], args[1]] : args;
  checkRange('randint', low as number, high as number);
  const range = [low as number, high as number];
  return draw(
    'randint',
    Op.randint,
    checkShape('randint', [size]),
    options as RandomOptions | undefined,
    Code.int64,
    false,
    range,
  );
}

/** The whole numbers from 0 to before n in random order, int64. */
export function randperm(n: number, options?: RandomOptions): Tensor {
  return draw('randperm', Op.randperm, checkShape('randperm', [n]), options, Code.int64, false, []);
}

function drawInto(
  op: string,
  t: Tensor,
  kernel: number,
  parameters: readonly number[],
  generator?: Generator,
): Tensor {
  checkTensor(op, t);
  const source = generatorOf(op, generator === undefined ? undefined : { generator });
  checkInPlace(op, t, []);
  launchInto(kernel, COMPUTE[t.code]!, [t], [], [...source.take(t.count), ...parameters]);
  bumpVersion(t);
  return t;
}

function checkFloating(op: string, t: Tensor): void {
  checkTensor(op, t);
  if (!isFloatingCode(t.code)) throw new DTypeError(`${op}: expected floating point, got ${t.dtype}`);
}

/** Fills t uniformly from [from, to). */
export function uniform_(t: Tensor, from = 0, to = 1, generator?: Generator): Tensor {
  checkFloating('uniform_', t);
  if (!(numberArgument('uniform_', 'from', from) <= numberArgument('uniform_', 'to', to)))
    throw new ArgumentError(`uniform_: expected from <= to, got ${from} and ${to}`);
  return drawInto('uniform_', t, Op.uniform, [from, to], generator);
}

/** Fills t normally. */
export function normal_(t: Tensor, mean = 0, std = 1, generator?: Generator): Tensor {
  checkFloating('normal_', t);
  numberArgument('normal_', 'mean', mean);
  if (!(numberArgument('normal_', 'std', std) >= 0))
    throw new ArgumentError(`normal_: expected std >= 0, got ${std}`);
  return drawInto('normal_', t, Op.normal, [mean, std], generator);
}

/** Fills t with whole numbers from `from` to before `to`. */
export function random_(t: Tensor, from: number, to: number, generator?: Generator): Tensor {
  checkRange('random_', from, to);
  return drawInto('random_', t, Op.randint, [from, to], generator);
}
