/** Batches of sequences of different lengths, padded and packed (https://pytorch.org/docs/stable/nn.html#module-torch.nn.utils). */
import type { DeviceLike } from '../../device';
import { ArgumentError, ShapeError, describe } from '../../errors';
import { bindArguments, booleanArgument, isListOf, numberArgument } from '../../functional/arguments';
import { cast } from '../../functional/cast';
import { indexCopy } from '../../functional/index-fill';
import { clone } from '../../functional/copy';
import { tensor } from '../../functional/creation';
import { indexSelect } from '../../functional/index-select';
import { cat, stack } from '../../functional/join';
import { fullOf } from '../../functional/kernel';
import { sort } from '../../functional/sort';
import { narrow, reshape, select, unbind } from '../../functional/view';
import { sameShape, showShape } from '../../shape';
import { Tensor, checkTensor } from '../../tensor';
import { PackedSequence, integersOf } from './packed-sequence';

export { PackedSequence, invertPermutation } from './packed-sequence';

/** Lengths of sequences: of a list, or of a tensor of one dimension. */
export type Lengths = readonly number[] | Tensor;

export interface PackPaddedOptions {
  /** The input is [batch, time, ...] rather than [time, batch, ...] (false). */
  batchFirst?: boolean;
  /** Refuse sequences that are not in order of length, the longest first, rather than sort them (true). */
  enforceSorted?: boolean;
}

function lengthList(op: string, lengths: unknown): number[] {
  const list =
    lengths instanceof Tensor && lengths.shape.length === 1 ? integersOf(lengths).map(Math.trunc) : lengths;
  if (!isListOf<number>(list, (n) => Number.isSafeInteger(n)))
    throw new ArgumentError(
      `${op}: expected lengths as integers or a 1-d tensor of them, got ${describe(lengths)}`,
    );
  return list;
}

/** How many sequences have a first step, a second, …; `lengths` fall. */
function sizesOf(lengths: readonly number[]): number[] {
  const sizes = new Array<number>(lengths[0]!);
  let many = lengths.length;
  for (let t = 0; t < sizes.length; t++) {
    while (lengths[many - 1]! <= t) many--;
    sizes[t] = many;
  }
  return sizes;
}

/** The places of packed rows among those of a padded batch. */
function places(
  sizes: readonly number[],
  time: number,
  batch: number,
  batchFirst: boolean,
  device: DeviceLike,
): Tensor {
  const list: number[] = [];
  sizes.forEach((size, t) => {
    for (let b = 0; b < size; b++) list.push(batchFirst ? b * time + t : t * batch + b);
  });
  return tensor(list, { dtype: 'int64', device });
}

/**
 * Packs a padded batch (https://pytorch.org/docs/stable/generated/torch.nn.utils.rnn.pack_padded_sequence.html):
 * [time, batch, ...], or [batch, time, ...] with `batchFirst`.
 */
export function packPaddedSequence(
  input: Tensor,
  lengths: Lengths,
  batchFirst?: boolean | PackPaddedOptions,
  enforceSorted?: boolean | PackPaddedOptions,
): PackedSequence;
export function packPaddedSequence(
  input: Tensor,
  options: PackPaddedOptions & { lengths: Lengths },
): PackedSequence;
export function packPaddedSequence(input: Tensor, ...given: readonly unknown[]): PackedSequence {
  const op = 'packPaddedSequence';
  checkTensor(op, input);
  const [lengths, first, enforce] = bindArguments(op, ['lengths', 'batchFirst', 'enforceSorted'], given);
  const batchFirst = booleanArgument(op, 'batchFirst', first, false);
  const enforceSorted = booleanArgument(op, 'enforceSorted', enforce, true);
  let list = lengthList(op, lengths);
  if (input.shape.length < 2)
    throw new ShapeError(`${op}: expected at least 2 dimensions, got ${showShape(input.shape)}`);
  if (input.numel() === 0)
    throw new ShapeError(`${op}: can't pack an empty tensor, got ${showShape(input.shape)}`);
  const [time, batch] = (batchFirst ? [input.shape[1], input.shape[0]] : input.shape) as [number, number];
  if (list.length !== batch)
    throw new ShapeError(`${op}: expected a length for each of ${batch} sequences, got ${list.length}`);
  const bad = list.find((n) => n <= 0 || n > time);
  if (bad !== undefined) throw new ArgumentError(`${op}: expected lengths from 1 to ${time}, got ${bad}`);
  let order: Tensor | null = null;
  if (!enforceSorted) {
    order = sort(tensor(list, { dtype: 'int64', device: 'cpu' }), { descending: true })[1].to(input.device);
    list = [...list].sort((a, b) => b - a);
  } else if (list.some((n, i) => i > 0 && n > list[i - 1]!))
    throw new ArgumentError(
      `${op}: expected lengths that never grow; pass { enforceSorted: false } to have them sorted`,
    );
  const across = batchFirst ? 0 : 1;
  const sorted = order === null ? input : indexSelect(input, across, order);
  const sizes = sizesOf(list);
  const rows = reshape(sorted, time * batch, ...input.shape.slice(2));
  const data = indexSelect(rows, 0, places(sizes, time, batch, batchFirst, input.device));
  return new PackedSequence(data, tensor(sizes, { dtype: 'int64', device: 'cpu' }), order, null);
}

export interface PadPackedOptions {
  batchFirst?: boolean;
  /** What is behind the end of shorter sequences (0). */
  paddingValue?: number;
  /** Pad to this length, at least that of the longest sequence. */
  totalLength?: number | null;
}

/**
 * The padded batch that was packed, and the lengths
 * (https://pytorch.org/docs/stable/generated/torch.nn.utils.rnn.pad_packed_sequence.html).
 */
export function padPackedSequence(
  sequence: PackedSequence,
  batchFirst?: boolean | PadPackedOptions,
  paddingValue?: number | PadPackedOptions,
  totalLength?: number | null,
): [Tensor, Tensor];
export function padPackedSequence(sequence: PackedSequence, ...given: readonly unknown[]): [Tensor, Tensor] {
  const op = 'padPackedSequence';
  checkPacked(op, sequence);
  const [first, value = 0, total] = bindArguments(op, ['batchFirst', 'paddingValue', 'totalLength'], given);
  const batchFirst = booleanArgument(op, 'batchFirst', first, false);
  const paddingValue = numberArgument(op, 'paddingValue', value);
  const { data, batchSizes, unsortedIndices } = sequence;
  const sizes = integersOf(batchSizes);
  const steps = sizes.length;
  const time = total === undefined || total === null ? steps : total;
  if (typeof time !== 'number' || !Number.isSafeInteger(time) || time < steps)
    throw new ArgumentError(
      `${op}: expected totalLength to be at least ${steps}, the length of the longest sequence, got ${describe(total)}`,
    );
  const batch = sizes[0] ?? 0;
  const rows = data.shape[0] ?? 0;
  if (
    batch === 0 ||
    !sizes.every((n, t) => n > 0 && (t === 0 || n <= sizes[t - 1]!)) ||
    sizes.reduce((a, b) => a + b, 0) !== rows
  )
    throw new ShapeError(
      `${op}: expected batchSizes that never grow and add up to the rows of data, ${rows}`,
    );
  const rest = data.shape.slice(1);
  const filled = fullOf([time * batch, ...rest], data.code, data.place, paddingValue, op);
  const flat = indexCopy(filled, 0, places(sizes, time, batch, batchFirst, data.device), data);
  const padded = reshape(flat, ...(batchFirst ? [batch, time] : [time, batch]), ...rest);
  const counts = Array.from({ length: batch }, (_, b) => sizes.filter((n) => n > b).length);
  const lengths = tensor(counts, { dtype: 'int64', device: 'cpu' });
  if (unsortedIndices === null) return [padded, lengths];
  return [
    indexSelect(padded, batchFirst ? 0 : 1, unsortedIndices),
    indexSelect(lengths, 0, unsortedIndices.to('cpu')),
  ];
}

function checkPacked(op: string, value: unknown): asserts value is PackedSequence {
  if (!(value instanceof PackedSequence))
    throw new ArgumentError(`${op}: expected a PackedSequence, got ${describe(value)}`);
}

export interface PadOptions {
  batchFirst?: boolean;
  paddingValue?: number;
  /** Where the padding goes: 'right' (behind) or 'left'. */
  paddingSide?: 'left' | 'right';
}

/** The sequences of a list, or the slices of a tensor along its first dimension. */
function listOf(op: string, sequences: unknown): Tensor[] {
  const list = sequences instanceof Tensor ? unbind(sequences) : sequences;
  if (!Array.isArray(list) || list.length === 0)
    throw new ArgumentError(`${op}: expected a list of at least one Tensor, got ${describe(sequences)}`);
  for (const [i, t] of (list as unknown[]).entries()) {
    checkTensor(op, t, `sequences[${i}]`);
    const ofFirst = (list[0] as Tensor).shape.slice(1);
    if (t.shape.length === 0 || !sameShape(t.shape.slice(1), ofFirst))
      throw new ShapeError(
        `${op}: expected sequences that differ in length only, got ${showShape((list[0] as Tensor).shape)} and ${showShape(t.shape)}`,
      );
  }
  return list as Tensor[];
}

/**
 * Sequences [time, ...] side by side, shorter ones padded
 * (https://pytorch.org/docs/stable/generated/torch.nn.utils.rnn.pad_sequence.html): [time, batch, ...], or
 * [batch, time, ...] with `batchFirst`.
 */
export function padSequence(
  sequences: readonly Tensor[] | Tensor,
  batchFirst?: boolean | PadOptions,
  paddingValue?: number | PadOptions,
  paddingSide?: 'left' | 'right',
): Tensor;
export function padSequence(sequences: readonly Tensor[] | Tensor, ...given: readonly unknown[]): Tensor {
  const op = 'padSequence';
  const names = ['batchFirst', 'paddingValue', 'paddingSide'];
  const [first, value = 0, side = 'right'] = bindArguments(op, names, given);
  const batchFirst = booleanArgument(op, 'batchFirst', first, false);
  const paddingValue = numberArgument(op, 'paddingValue', value);
  if (side !== 'left' && side !== 'right')
    throw new ArgumentError(`${op}: expected paddingSide to be 'left' or 'right', got ${describe(side)}`);
  const list = listOf(op, sequences);
  const { code, place } = list[0]!;
  const time = Math.max(...list.map((t) => t.shape[0]!));
  const padded = list.map((t) => {
    const missing = time - t.shape[0]!;
    const own = cast(t, code, place);
    if (missing === 0) return own;
    const padding = fullOf([missing, ...t.shape.slice(1)], code, place, paddingValue, op);
    return cat(side === 'left' ? [padding, own] : [own, padding], 0);
  });
  return stack(padded, batchFirst ? 0 : 1);
}

/**
 * The sequences of a padded batch (https://pytorch.org/docs/stable/generated/torch.nn.utils.rnn.unpad_sequence.html).
 */
export function unpadSequence(
  paddedSequences: Tensor,
  lengths: Lengths,
  batchFirst?: boolean | { batchFirst?: boolean },
): Tensor[];
export function unpadSequence(
  paddedSequences: Tensor,
  options: { lengths: Lengths; batchFirst?: boolean },
): Tensor[];
export function unpadSequence(padded: Tensor, ...given: readonly unknown[]): Tensor[] {
  const op = 'unpadSequence';
  checkTensor(op, padded, 'paddedSequences');
  const [lengths, first] = bindArguments(op, ['lengths', 'batchFirst'], given);
  const across = booleanArgument(op, 'batchFirst', first, false) ? 0 : 1;
  if (padded.shape.length < 2)
    throw new ShapeError(`${op}: expected at least 2 dimensions, got ${showShape(padded.shape)}`);
  const list = lengthList(op, lengths);
  const [batch, time] = [padded.shape[across]!, padded.shape[1 - across]!];
  if (list.length !== batch)
    throw new ShapeError(`${op}: expected a length for each of ${batch} sequences, got ${list.length}`);
  return list.map((n, b) => clone(narrow(select(padded, across, b), 0, 0, Math.max(0, Math.min(n, time)))));
}

/** Packs a list of sequences (https://pytorch.org/docs/stable/generated/torch.nn.utils.rnn.pack_sequence.html). */
export function packSequence(
  sequences: readonly Tensor[],
  enforceSorted?: boolean | { enforceSorted?: boolean },
): PackedSequence;
export function packSequence(sequences: readonly Tensor[], ...given: readonly unknown[]): PackedSequence {
  const [enforce] = bindArguments('packSequence', ['enforceSorted'], given);
  const enforceSorted = booleanArgument('packSequence', 'enforceSorted', enforce, true);
  const list = listOf('packSequence', sequences);
  const lengths = list.map((t) => t.shape[0]!);
  return packPaddedSequence(padSequence(list), lengths, { enforceSorted });
}

/** The sequences that were packed (https://pytorch.org/docs/stable/generated/torch.nn.utils.rnn.unpack_sequence.html). */
export function unpackSequence(packedSequences: PackedSequence): Tensor[] {
  checkPacked('unpackSequence', packedSequences);
  const [padded, lengths] = padPackedSequence(packedSequences, true);
  return unpadSequence(padded, lengths, true);
}
