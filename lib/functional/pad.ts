/** Padding: more elements, or fewer, at the ends of the last dimensions. */
import { Op } from '../backend/ops.generated';
import { autocastUsed } from '../autograd/mode';
import { defineGradient, record, type GradRule } from '../autograd/node';
import { COMPUTE, Code } from '../dtype';
import { ArgumentError, DTypeError, ShapeError, describe } from '../errors';
import { checkShape, showShape } from '../shape';
import { alias, checkTensor, stridesOf, uninitialised, type Tensor } from '../tensor';
import { integerArgument, named } from './arguments';
import { widened } from './autocast';
import { borderedAlong, type BorderMode } from './border';
import { copied } from './cast';
import { NONE, fullOf, launchInto } from './kernel';
import { underName } from './node-name';
import { elementValue, numberValue } from './number';

export type PaddingMode = 'constant' | BorderMode;

/** What is added before and behind the elements of a dimension; negative: cut off. */
type Ends = readonly [before: number, behind: number];

/** The sizes with what is added, `ends` being those of the last dimensions, the last one first. */
function paddedShape(x: Tensor, ends: readonly Ends[]): number[] {
  const shape = x.shape.slice();
  ends.forEach(([before, behind], i) => {
    const d = shape.length - 1 - i;
    shape[d]! += before + behind;
    if (shape[d]! < 0)
      throw new ShapeError(
        `pad: dimension ${d} of size ${x.shape[d]} can't be cut by ${-before} and ${-behind}; got shape ${showShape(x.shape)}`,
      );
  });
  checkShape('pad', [shape]);
  return shape;
}

const ConstantPadNd: GradRule<readonly Ends[]> = defineGradient<readonly Ends[]>(
  'ConstantPadNd',
  (grad, _, ends) => [
    constantPad(
      grad,
      ends.map(([before, behind]) => [-before, -behind]),
      0,
    ),
  ],
);

/** @internal x between elements of one value. */
export function constantPad(x: Tensor, ends: readonly Ends[], value: number): Tensor {
  const shape = paddedShape(x, ends);
  const grows = ends.some(([before, behind]) => before > 0 || behind > 0);
  const out = grows
    ? fullOf(shape, x.code, x.place, value, 'pad')
    : uninitialised(shape, x.code, x.place, 'pad');
  // What stays of x, and where it goes.
  const common = shape.slice();
  const [from, to] = [stridesOf(x), stridesOf(out)];
  let [source, target] = [x.offset, out.offset];
  ends.forEach(([before, behind], i) => {
    const d = shape.length - 1 - i;
    common[d] = Math.max(0, x.shape[d]! + Math.min(before, 0) + Math.min(behind, 0));
    source += Math.max(-before, 0) * from[d]!;
    target += Math.max(before, 0) * to[d]!;
  });
  if (!common.includes(0))
    launchInto(
      Op.copy,
      COMPUTE[x.code]!,
      [alias(out, common, to, target)],
      [alias(x, common, from, source)],
      NONE,
    );
  return record(out, ConstantPadNd, [x], [], ends);
}

const NODES = {
  reflect: (rank: number) => `ReflectionPad${rank}D`,
  replicate: (rank: number) => `ReplicationPad${rank}D`,
  circular: () => 'CopySlices',
} as const;

/** Of up to how many dimensions autocast on the CPU has a mode in float32. */
const IN_FLOAT32 = { reflect: 2, replicate: 3, circular: 0 } as const;

function checkRepeating(x: Tensor, ends: readonly Ends[], mode: BorderMode): void {
  const [rank, dims] = [x.shape.length, ends.length];
  if (dims < 1 || dims > 3 || (rank !== dims + 1 && rank !== dims + 2))
    throw new ShapeError(
      `pad: expected for mode '${mode}' 2 amounts for 2-d or 3-d input, 4 for 3-d or 4-d, 6 for 4-d or 5-d, ` +
        `got ${2 * dims} for shape ${showShape(x.shape)}`,
    );
  if (mode === 'circular') {
    for (const [i, [before, behind]] of ends.entries()) {
      const n = x.shape[rank - 1 - i]!;
      const left = n + Math.min(before, 0) + Math.min(behind, 0);
      if (Math.max(before, behind) > (left > 0 ? n : 0))
        throw new ShapeError(
          `pad: expected for mode 'circular' amounts of at most the size, got ${before} and ${behind} for dimension ${rank - 1 - i} of ${showShape(x.shape)}`,
        );
    }
    return;
  }
  if (x.code === Code.bool) throw new DTypeError(`pad: mode '${mode}' is not defined for bool`);
  if (x.shape.some((n, d) => n === 0 && (d > 0 || rank === dims + 1)))
    throw new ShapeError(
      `pad: expected for mode '${mode}' no empty dimension but that of the batch, got ${showShape(x.shape)}`,
    );
  for (const [i, [before, behind]] of ends.entries()) {
    const d = rank - 1 - i;
    const n = x.shape[d]!;
    if (mode === 'reflect' && (before >= n || behind >= n))
      throw new ShapeError(
        `pad: expected for mode 'reflect' amounts smaller than the size, got ${before} and ${behind} for dimension ${d} of ${showShape(x.shape)}`,
      );
    if (n + before + behind < 1)
      throw new ShapeError(
        `pad: nothing would be left of dimension ${d} of ${showShape(x.shape)}, cut by ${-before} and ${-behind}`,
      );
  }
}

/** x with repeated elements at the ends: a dimension after the other. */
function repeatingPad(x: Tensor, ends: readonly Ends[], mode: BorderMode): Tensor {
  checkRepeating(x, ends, mode);
  if (autocastUsed && ends.length <= IN_FLOAT32[mode]) [x] = widened([x] as const, 'cpu');
  paddedShape(x, ends);
  let out = x;
  for (let i = ends.length - 1; i >= 0; i--) {
    const [before, behind] = ends[i]!;
    if (before === 0 && behind === 0 && (i > 0 || out !== x)) continue;
    out = borderedAlong(out, x.shape.length - 1 - i, before, behind, mode);
  }
  return underName(NODES[mode](ends.length), out);
}

function endsOf(x: Tensor, given: unknown): Ends[] {
  if (!Array.isArray(given) || given.length % 2 !== 0)
    throw new ArgumentError(
      `pad: expected pad to be a list of two amounts for each dimension, the last one first, got ${describe(given)}`,
    );
  const amounts = Array.from(given as unknown[], (n) => integerArgument('pad', 'each amount', n) + 0);
  if (amounts.length > 2 * x.shape.length)
    throw new ShapeError(
      `pad: expected at most two amounts for each dimension of ${showShape(x.shape)}, got ${amounts.length}`,
    );
  return Array.from({ length: amounts.length / 2 }, (_, i) => [amounts[2 * i]!, amounts[2 * i + 1]!]);
}

interface PadOptions {
  pad?: readonly number[];
  /** 'constant' (the default), 'reflect', 'replicate' or 'circular'. */
  mode?: PaddingMode;
  /** What 'constant' adds (0). */
  value?: number | bigint | boolean | null;
}

/**
 * x with elements added at the ends of its last dimensions, or cut off where `pad` is negative
 * (https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.pad.html). `pad` lists the amounts before and
 * behind the last dimension, then those of the one before it. Mode 'constant' adds `value` in any number of dimensions;
 * 'reflect' mirrors, 'replicate' repeats the outermost elements, 'circular' goes on from the other end, all in the last
 * one to three dimensions of a batch [N, C, ...] or one of its samples.
 * @throws ShapeError when the amounts don't go with the shape.
 */
export const pad = named<
  [pad: readonly number[], mode?: PaddingMode, value?: PadOptions['value']],
  PadOptions,
  Tensor
>('pad', ['pad', 'mode', 'value'], (x, amounts, mode = 'constant', value = null) => {
  checkTensor('pad', x);
  const ends = endsOf(x, amounts);
  const number = value === null ? 0 : numberValue('pad', value, 'value');
  if (mode === 'constant') {
    if (ends.length === 0) return record(copied(x, x.code), ConstantPadNd, [x], [], ends);
    // A floating-point number to PyTorch, of which negative ones don't wrap.
    if (x.code === Code.uint8 && number < 0)
      throw new ArgumentError(`pad: ${number} can't be converted to uint8`);
    return constantPad(x, ends, elementValue('pad', number, x.code));
  }
  if (typeof mode !== 'string' || !Object.hasOwn(NODES, mode))
    throw new ArgumentError(
      `pad: expected mode to be 'constant', 'reflect', 'replicate' or 'circular', got ${describe(mode)}`,
    );
  if (number !== 0) throw new ArgumentError(`pad: mode '${mode}' takes no value, got ${describe(value)}`);
  return repeatingPad(x, ends, mode);
});
