/** Random tensors: Philox, counter based, so that a seed gives the same numbers everywhere. */
import { randomInt } from 'crypto';
import { Op } from '../backend/ops.generated';
import { Tensor, checkTensor } from '../tensor';
import { checkInPlace, recordInPlace } from '../autograd/view';
import { defineGradient, type GradRule } from '../autograd/node';
import { COMPUTE, Code, DTYPES, INTEGER_RANGE, defaultDtypeCode, isFloatingCode } from '../dtype';
import { CPU, deviceName, resolveDevice, type Device, type DeviceLike } from '../device';
import { ArgumentError, DTypeError, describe } from '../errors';
import { broadcastShapes, checkShape, type Shape } from '../shape';
import { checkOptions, integerArgument, isOptions, named, numberArgument } from './arguments';
import {
  TENSOR_OPTIONS,
  finish,
  namedArguments,
  optionsCode,
  optionsPlace,
  shapeAndOptions,
  type SizeOptions,
  type SizesAndOptions,
  type TensorOptions,
} from './creation';
import { generate, launchInto, zerosOf } from './kernel';
import type { Operand } from './kinds';
import { add, mul } from './arithmetic';
import { amin } from './reduce';

/**
 * A source of random numbers: a seed and a place in its sequence (https://pytorch.org/docs/stable/generated/torch.Generator.html).
 * It gives the same numbers on every device.
 */
export class Generator {
  private key = 0n;
  private offset = 0;
  private readonly place: number;

  /** For draws on a device: the CPU, unless another is given. */
  constructor(device: DeviceLike = 'cpu') {
    this.place = resolveDevice('Generator', device);
  }

  get device(): Device {
    return deviceName(this.place);
  }

  /** @internal The scalars of a draw of `count` elements. */
  take(count: number): [low: number, high: number, offset: number] {
    const offset = this.offset;
    this.offset += count;
    return [Number(this.key & 0xffffffffn), Number((this.key >> 32n) & 0xffffffffn), offset];
  }

  /** Starts the sequence of a seed: a whole number of up to 64 bits. */
  manualSeed(seed: number | bigint): this {
    if (typeof seed === 'number' ? !Number.isSafeInteger(seed) : typeof seed !== 'bigint')
      throw new ArgumentError(`manualSeed: expected an integer, got ${describe(seed)}`);
    this.key = BigInt.asUintN(64, BigInt(seed));
    this.offset = 0;
    return this;
  }

  /** The seed in use. */
  initialSeed(): bigint {
    return this.key;
  }

  /** A new seed from the system's randomness. */
  seed(): bigint {
    this.manualSeed((BigInt(randomInt(2 ** 32)) << 32n) | BigInt(randomInt(2 ** 32)));
    return this.key;
  }

  /** Seed and place: what `setState` takes. */
  getState(): GeneratorState {
    return { seed: this.key, offset: this.offset };
  }

  setState(state: GeneratorState): this {
    if (typeof state?.seed !== 'bigint' || !Number.isSafeInteger(state.offset) || state.offset < 0)
      throw new ArgumentError('setState: expected what getState() returned');
    this.key = BigInt.asUintN(64, state.seed);
    this.offset = state.offset;
    return this;
  }

  /** One of its own that goes on from the same place. */
  cloneState(): Generator {
    return new Generator(this.device).setState(this.getState());
  }
}

/** Where a generator is in its sequence. */
export interface GeneratorState {
  readonly seed: bigint;
  readonly offset: number;
}

/** The generator of all draws on the CPU that name none. */
export const defaultGenerator = new Generator();
defaultGenerator.seed();

/** Those of draws on CUDA devices, by place, as they are needed. */
let cudaGenerators: Generator[] = [];
/** What they start with. */
let cudaSeed: number | bigint = defaultGenerator.initialSeed();

/** @internal The generator of all draws on the device of a place that name none. */
export function generatorOn(place: number): Generator {
  return place === CPU ? defaultGenerator : (cudaGenerators[place] ??= new Generator().manualSeed(cudaSeed));
}

/** @internal Seeds the generators of all CUDA devices. */
export function seedCuda(seed: number | bigint): void {
  new Generator().manualSeed(seed); // throws for what is none
  cudaGenerators = [];
  cudaSeed = seed;
}

/** Seeds the default generators, that of the CPU and those of CUDA devices: the same seed, the same numbers. */
export function manualSeed(seed: number | bigint): Generator {
  defaultGenerator.manualSeed(seed);
  seedCuda(seed);
  return defaultGenerator;
}

/** Seeds the default generators from the system's randomness; returns the seed. */
export function seed(): bigint {
  const value = defaultGenerator.seed();
  seedCuda(value);
  return value;
}

/** The seed of the CPU's default generator. */
export function initialSeed(): bigint {
  return defaultGenerator.initialSeed();
}

/** Where the CPU's default generator is: what `setRngState` takes. */
export function getRngState(): GeneratorState {
  return defaultGenerator.getState();
}

/** Puts the CPU's default generator where it was when `getRngState` was called. */
export function setRngState(state: GeneratorState): void {
  defaultGenerator.setState(state);
}

/** @internal Puts all default generators back to where they are now. */
export function rememberGenerators(): () => void {
  const states = cudaGenerators.map((g) => g.getState());
  const [state, generators, start] = [defaultGenerator.getState(), cudaGenerators, cudaSeed];
  return () => {
    defaultGenerator.setState(state);
    cudaGenerators = [];
    generators.forEach((g, place) => (cudaGenerators[place] = g.setState(states[place]!)));
    cudaSeed = start;
  };
}

export interface RandomOptions extends TensorOptions {
  generator?: Generator;
}

const RANDOM_OPTIONS: readonly string[] = [...TENSOR_OPTIONS, 'generator'];

/** @internal The generator of a draw on the device of a place. */
export function generatorOf(op: string, options: RandomOptions | undefined, place: number): Generator {
  checkOptions(op, RANDOM_OPTIONS, options);
  const generator = options?.generator ?? generatorOn(place);
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
  like?: Tensor,
): Tensor {
  checkOptions(op, RANDOM_OPTIONS, options);
  const plain = withoutGenerator(options);
  const place = optionsPlace(op, plain, like?.place);
  const generator = generatorOf(op, options, place);
  const code = optionsCode(op, plain, otherwise);
  if (floating && !isFloatingCode(code))
    throw new DTypeError(`${op}: expected floating point, got ${DTYPES[code]}`);
  const count = shape.reduce((n, size) => n * size, 1);
  const out = generate(kernel, COMPUTE[code]!, shape, code, place, [...generator.take(count), ...parameters]);
  return finish(op, out, plain);
}

type RandomSizes =
  | SizesAndOptions
  | [...sizes: number[], options: RandomOptions]
  | [readonly number[], RandomOptions]
  | [SizeOptions & RandomOptions];

/** Uniform in [0, 1): `rand(2, 3)`. */
export function rand(...sizes: RandomSizes): Tensor {
  const [shape, options] = shapeAndOptions<RandomOptions>('rand', sizes);
  return draw('rand', Op.uniform, shape, options, defaultDtypeCode(), true, [0, 1]);
}

/** Normal, mean 0 and standard deviation 1: `randn(3, 4)`. */
export function randn(...sizes: RandomSizes): Tensor {
  const [shape, options] = shapeAndOptions<RandomOptions>('randn', sizes);
  return draw('randn', Op.normal, shape, options, defaultDtypeCode(), true, [0, 1]);
}

function checkDeviation(op: string, std: unknown): void {
  const value = numberArgument(op, 'std', std);
  if (!(value >= 0)) throw new ArgumentError(`${op}: expected std >= 0, got ${value}`);
}

interface Distribution {
  mean?: number;
  std?: number;
}

/** Normal with the given mean and standard deviation: numbers and a size, or a tensor for one of them or both. */
export function normal(mean: number, std: number, size: readonly number[], options?: RandomOptions): Tensor;
export function normal(mean: Tensor, std?: Tensor | number, options?: RandomOptions): Tensor;
export function normal(mean: number, std: Tensor, options?: RandomOptions): Tensor;
export function normal(options: SizeOptions & RandomOptions & Distribution): Tensor;
export function normal(...given: readonly unknown[]): Tensor {
  const [[mean = 0, std = 1, size], options] = namedArguments<RandomOptions>(
    'normal',
    ['mean', 'std', 'size'],
    given,
  );
  if (!(mean instanceof Tensor)) numberArgument('normal', 'mean', mean);
  if (!(std instanceof Tensor)) checkDeviation('normal', std);
  else if (std.count > 0 && amin(std).item() < 0) throw new ArgumentError('normal: expected std >= 0');
  if (mean instanceof Tensor || std instanceof Tensor) {
    if (size !== undefined) throw new ArgumentError('normal: tensors have a size of their own');
    const of = (t: unknown): Shape => (t instanceof Tensor ? t.shape : []);
    const like = (mean instanceof Tensor ? mean : std) as Tensor;
    const shape = broadcastShapes('normal', of(mean), of(std));
    const standard = draw('normal', Op.normal, shape, options, like.code, true, [0, 1], like);
    return add(mul(standard, std as Operand), mean as Operand);
  }
  return draw('normal', Op.normal, checkShape('normal', [size]), options, defaultDtypeCode(), true, [
    mean as number,
    std as number,
  ]);
}

/** Uniform in [0, 1), of t's shape and dtype. */
export function randLike(t: Tensor, options?: RandomOptions): Tensor {
  checkTensor('randLike', t);
  return draw('randLike', Op.uniform, t.shape, options, t.code, true, [0, 1], t);
}

/** Normal, of t's shape and dtype. */
export function randnLike(t: Tensor, options?: RandomOptions): Tensor {
  checkTensor('randnLike', t);
  return draw('randnLike', Op.normal, t.shape, options, t.code, true, [0, 1], t);
}

/** Whole numbers from `low` to before `high`, which the dtype must have. */
function checkRange(op: string, low: unknown, high: unknown, code: number): [number, number] {
  const range: [number, number] = [integerArgument(op, 'low', low), integerArgument(op, 'high', high)];
  if (range[0] >= range[1])
    throw new ArgumentError(`${op}: expected low < high, got ${range[0]} and ${range[1]}`);
  const [least, most] = drawableRange(code);
  if (range[0] < least || range[1] - 1 > most)
    throw new ArgumentError(
      `${op}: ${DTYPES[code]} does not hold the numbers from ${range[0]} to ${range[1] - 1}`,
    );
  return range;
}

/** What a dtype holds of the whole numbers that can be drawn, by code. */
function drawableRange(code: number): readonly [low: number, high: number] {
  if (code === Code.bool) return [0, 1];
  if (code === Code.float16) return [-65504, 65504];
  return INTEGER_RANGE[code] ?? [-Infinity, Infinity];
}

interface IntegerRange {
  low?: number;
  high?: number;
  size?: readonly number[];
}

/** Whole numbers from `low` (0) to before `high`, int64: `randint(10, [2, 3])`, `randint(3, 10, [2, 3])`. */
export function randint(high: number, size: readonly number[], options?: RandomOptions): Tensor;
export function randint(low: number, high: number, size: readonly number[], options?: RandomOptions): Tensor;
export function randint(high: number, options: RandomOptions & IntegerRange): Tensor;
export function randint(low: number, high: number, options: RandomOptions & IntegerRange): Tensor;
export function randint(options: RandomOptions & IntegerRange): Tensor;
export function randint(...given: readonly unknown[]): Tensor {
  const [values, options] = namedArguments<RandomOptions>('randint', ['low', 'high', 'size'], given);
  // (high, size) and (high, { size }) have no low.
  const [low, high, size] = Array.isArray(values[1])
    ? [0, values[0], values[1]]
    : values[1] === undefined
      ? [0, values[0], values[2]]
      : [values[0] ?? 0, values[1], values[2]];
  const code = optionsCode('randint', withoutGenerator(options), Code.int64);
  const range = checkRange('randint', low, high, code);
  if (size === undefined)
    throw new ArgumentError('randint: expected (high, size) or (low, high, size), got no size');
  return draw('randint', Op.randint, checkShape('randint', [size]), options, Code.int64, false, range);
}

/** Whole numbers from `low` (0) to before `high` in t's shape and dtype. */
export function randintLike(t: Tensor, high: number, options?: RandomOptions): Tensor;
export function randintLike(t: Tensor, low: number, high: number, options?: RandomOptions): Tensor;
export function randintLike(t: Tensor, ...given: readonly unknown[]): Tensor {
  checkTensor('randintLike', t);
  const [values, options] = namedArguments<RandomOptions>('randintLike', ['low', 'high'], given);
  const [low, high] = values[1] === undefined ? [0, values[0]] : values;
  const code = optionsCode('randintLike', withoutGenerator(options), t.code);
  const range = checkRange('randintLike', low, high, code);
  return draw('randintLike', Op.randint, t.shape, options, t.code, false, range, t);
}

/** The whole numbers from 0 to before n in random order, int64. */
export function randperm(n: number, options?: RandomOptions): Tensor {
  const code = optionsCode('randperm', withoutGenerator(options), Code.int64);
  if (code === Code.bool) throw new DTypeError('randperm: not defined for bool');
  const shape = checkShape('randperm', [integerArgument('randperm', 'n', n)]);
  if (n > 0) checkRange('randperm', 0, n, code);
  return draw('randperm', Op.randperm, shape, options, code, false, []);
}

/** @internal What is drawn has no gradient. */
export const drawRule = (name: string): GradRule<null> => defineGradient(name, (grad) => [zerosOf(grad)]);
const Uniform = drawRule('Uniform');
const Normal = drawRule('Normal');
const Random = drawRule('Random');

/** @internal Fills t with draws of a kernel. */
export function drawInto(
  op: string,
  t: Tensor,
  kernel: number,
  parameters: readonly number[],
  generator: Generator | undefined,
  rule: GradRule<null>,
): Tensor {
  const source = generatorOf(op, generator === undefined ? undefined : { generator }, t.place);
  checkInPlace(op, t, [t]);
  launchInto(kernel, COMPUTE[t.code]!, [t], [], [...source.take(t.count), ...parameters]);
  return recordInPlace(t, rule, [t], [], -1, null);
}

/** @internal */
export function checkFloating(op: string, t: Tensor): void {
  checkTensor(op, t);
  if (!isFloatingCode(t.code)) throw new DTypeError(`${op}: expected floating point, got ${t.dtype}`);
}

/** What draws take besides their parameters. */
export interface Source {
  generator?: Generator;
}

/** Fills t uniformly from [from, to). */
export const uniform_ = named<
  [from?: number, to?: number, generator?: Generator],
  Source & { from?: number; to?: number },
  Tensor
>('uniform_', ['from', 'to', 'generator'], (t, from = 0, to = 1, generator) => {
  checkFloating('uniform_', t);
  numberArgument('uniform_', 'from', from);
  numberArgument('uniform_', 'to', to);
  if (!(from <= to) || !Number.isFinite(to - from))
    throw new ArgumentError(`uniform_: expected from <= to, both finite, got ${from} and ${to}`);
  return drawInto('uniform_', t, Op.uniform, [from, to], generator, Uniform);
});

/** Fills t normally. */
export const normal_ = named<
  [mean?: number, std?: number, generator?: Generator],
  Source & Distribution,
  Tensor
>('normal_', ['mean', 'std', 'generator'], (t, mean = 0, std = 1, generator) => {
  checkFloating('normal_', t);
  numberArgument('normal_', 'mean', mean);
  checkDeviation('normal_', std);
  return drawInto('normal_', t, Op.normal, [mean, std], generator, Normal);
});

/** The whole numbers from 0 up to this one have a place in the dtype, by code. */
const MOST_AT_RANDOM: readonly number[] = [
  2 ** 24,
  2 ** 53,
  2 ** 11,
  2 ** 8,
  127,
  255,
  32767,
  2 ** 31 - 1,
  2 ** 53 - 1,
  1,
];

/** Fills t with whole numbers from `from` (0) to before `to`; unless that is given, to the last that the dtype has. */
export const random_ = named<
  [from?: number, to?: number, generator?: Generator],
  Source & { from?: number; to?: number },
  Tensor
>('random_', ['from', 'to', 'generator'], (t, first, second, generator) => {
  checkTensor('random_', t);
  const [from, to] = second === undefined ? [0, first ?? MOST_AT_RANDOM[t.code]! + 1] : [first ?? 0, second];
  const given = first !== undefined || second !== undefined;
  const range = given ? checkRange('random_', from, to, t.code) : [from, to];
  return drawInto('random_', t, Op.randint, range, generator, Random);
});
