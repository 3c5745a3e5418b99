/** Memory for time: activations that are computed again in the backward pass. */
import { recomputed } from '../autograd/recompute';
import { checkFunction, synchronous } from '../autograd/mode';
import { ArgumentError, describe } from '../errors';
import { booleanArgument, integerArgument, isOptions } from '../functional/arguments';
import { rememberGenerators } from '../functional/random';

export interface CheckpointOptions {
  /** Both values do the same here: nothing is cut off from the graph, as with false in PyTorch. */
  useReentrant?: boolean;
  /** Whether the second run draws the random numbers of the first (true). */
  preserveRngState?: boolean;
  /** Whether the second run must save tensors of the same shapes and dtypes: 'default' or 'none'. */
  determinismCheck?: 'default' | 'none';
}

const NAMES = ['useReentrant', 'preserveRngState', 'determinismCheck'];

/** The trailing options, if that is what the last argument is: an object of those names alone. */
function withoutOptions(
  op: string,
  args: readonly unknown[],
): readonly [readonly unknown[], CheckpointOptions] {
  const last = args[args.length - 1];
  if (!isOptions(last)) return [args, {}];
  const keys = Object.keys(last);
  if (keys.length === 0 || keys.some((key) => !NAMES.includes(key))) return [args, {}];
  const options = last as CheckpointOptions;
  booleanArgument(op, 'useReentrant', options.useReentrant, false);
  const { determinismCheck: check } = options;
  if (check !== undefined && check !== 'default' && check !== 'none')
    throw new ArgumentError(
      `${op}: expected determinismCheck to be "default" or "none", got ${describe(check)}`,
    );
  return [args.slice(0, -1), options];
}

function run(op: string, f: unknown, args: readonly unknown[], options: CheckpointOptions): unknown {
  const preserve = booleanArgument(op, 'preserveRngState', options.preserveRngState, true);
  const seeded = preserve ? rememberGenerators() : null;
  const around = (again: () => void): void => {
    if (seeded === null) {
      again();
      return;
    }
    const back = rememberGenerators();
    seeded();
    try {
      again();
    } finally {
      back();
    }
  };
  const call = (...given: readonly unknown[]): unknown =>
    synchronous(op, (f as (...x: readonly unknown[]) => unknown)(...given), 'make it synchronous');
  return recomputed(op, call, args, options.determinismCheck !== 'none', around);
}

/**
 * f(...args), without keeping what its operations save for the backward pass: that computes it again
 * (https://pytorch.org/docs/stable/checkpoint.html). Gradients are those of f itself. Options come last, as an object of
 * nothing but their names; any other object is an argument of f.
 */
export function checkpoint<Args extends readonly unknown[], Result>(
  f: (...args: Args) => Result,
  ...args: [...Args] | [...Args, CheckpointOptions]
): Result;
export function checkpoint(f: unknown, ...args: readonly unknown[]): unknown {
  checkFunction('checkpoint', f);
  const [given, options] = withoutOptions('checkpoint', args);
  return run('checkpoint', f, given, options);
}

/** A function, or a module by its `forward`. */
type Step = ((x: never) => unknown) | { forward(x: never): unknown };

function stepOf(step: unknown): (x: unknown) => unknown {
  if (typeof step === 'function') return step as (x: unknown) => unknown;
  const forward = (step as { forward?: unknown } | null | undefined)?.forward;
  if (typeof forward !== 'function')
    throw new ArgumentError(`checkpointSequential: expected functions or modules, got ${describe(step)}`);
  return (x) => (forward as (x: unknown) => unknown).call(step, x);
}

/**
 * Runs functions or modules one after the other, `segments` groups of them by `checkpoint`; the last group keeps what it
 * saves (https://pytorch.org/docs/stable/checkpoint.html#torch.utils.checkpoint.checkpoint_sequential).
 */
export function checkpointSequential<Output = unknown>(
  functions: Iterable<Step>,
  segments: number,
  input: unknown,
  options: CheckpointOptions = {},
): Output {
  const op = 'checkpointSequential';
  if (typeof (functions as Partial<Iterable<Step>> | null | undefined)?.[Symbol.iterator] !== 'function')
    throw new ArgumentError(`${op}: expected a list of functions or modules, got ${describe(functions)}`);
  const steps = Array.from(functions, stepOf);
  const count = integerArgument(op, 'segments', segments);
  if (count < 1 || count > steps.length)
    throw new ArgumentError(`${op}: expected segments from 1 to ${steps.length}, got ${count}`);
  const [surplus, flags] = withoutOptions(op, [options]);
  if (surplus.length > 0 && Object.keys(options).length > 0)
    throw new ArgumentError(`${op}: expected options out of ${NAMES.join(', ')}, got ${describe(options)}`);
  const size = Math.floor(steps.length / count);
  let x: unknown = input;
  for (let k = 0; k < count - 1; k++) {
    const group = steps.slice(k * size, (k + 1) * size);
    x = run(op, (y: unknown) => group.reduce((z, step) => step(z), y), [x], flags);
  }
  return steps.slice((count - 1) * size).reduce((z, step) => step(z), x) as Output;
}
