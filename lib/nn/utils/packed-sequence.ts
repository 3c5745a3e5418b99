import { DTYPES, isFloatingCode } from '../../dtype';
import type { DeviceLike } from '../../device';
import { ArgumentError, DTypeError, describe } from '../../errors';
import { bindArguments } from '../../functional/arguments';
import { arange, empty } from '../../functional/creation';
import { scatter } from '../../functional/scatter';
import { type Tensor, checkTensor } from '../../tensor';

/** The permutation that undoes another (https://pytorch.org/docs/stable/nn.html#module-torch.nn.utils): null for null. */
export function invertPermutation(permutation: Tensor): Tensor;
export function invertPermutation(permutation: null): null;
export function invertPermutation(permutation: Tensor | null): Tensor | null;
export function invertPermutation(permutation: Tensor | null): Tensor | null {
  if (permutation === null || permutation === undefined) return null;
  checkTensor('invertPermutation', permutation, 'permutation');
  const { dtype, device } = permutation;
  if (isFloatingCode(permutation.code))
    throw new DTypeError(`invertPermutation: expected indices, got ${DTYPES[permutation.code]}`);
  const places = arange(permutation.numel(), { dtype, device });
  return scatter(empty(permutation.shape, { dtype, device }), 0, permutation, places);
}

/** @internal The elements of a tensor of whole numbers. */
export function integersOf(t: Tensor): number[] {
  return Array.from(t.toTypedArray() as ArrayLike<number | bigint>, Number);
}

const NAMES = ['data', 'batchSizes', 'sortedIndices', 'unsortedIndices'];

/**
 * Sequences of different lengths, the longest first, step by step
 * (https://pytorch.org/docs/stable/generated/torch.nn.utils.rnn.PackedSequence.html): `data` has the rows of all sequences at
 * the first step, then those of the ones that have a second, …; `batchSizes` how many each step has. `sortedIndices` is how
 * the sequences were put in order, `unsortedIndices` how to undo that. To be made by `packPaddedSequence` or `packSequence`.
 */
export class PackedSequence extends Array<Tensor | null> {
  /** What arrays make of it is an array. */
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }

  constructor(
    data: Tensor,
    batchSizes: Tensor,
    sortedIndices?: Tensor | null,
    unsortedIndices?: Tensor | null,
  );
  constructor(
    pair: readonly [data: Tensor, batchSizes: Tensor],
    batchSizes?: null,
    sortedIndices?: Tensor | null,
    unsortedIndices?: Tensor | null,
  );
  constructor(...given: readonly unknown[]) {
    super();
    const bound = bindArguments('PackedSequence', NAMES, given).map((value) => value ?? null);
    let [data, batchSizes] = bound;
    if (batchSizes === null) {
      if (!Array.isArray(data) || data.length !== 2)
        throw new ArgumentError(`PackedSequence: expected data and batchSizes, got ${describe(data)}`);
      [data, batchSizes] = data as unknown[];
    }
    const [sorted, unsorted] = bound.slice(2);
    checkTensor('PackedSequence', data, 'data');
    checkTensor('PackedSequence', batchSizes, 'batchSizes');
    for (const t of [sorted, unsorted]) if (t !== null) checkTensor('PackedSequence', t, 'indices');
    if (batchSizes.place !== 0)
      throw new ArgumentError(`PackedSequence: expected batchSizes on the CPU, got ${batchSizes.device}`);
    if (batchSizes.dtype !== 'int64' || batchSizes.shape.length !== 1)
      throw new ArgumentError(
        `PackedSequence: expected batchSizes as int64 of one dimension, got ${batchSizes.dtype} of ${batchSizes.shape.length}`,
      );
    const order = sorted as Tensor | null;
    this.push(data, batchSizes, order, (unsorted as Tensor | null) ?? invertPermutation(order));
  }

  get data(): Tensor {
    return this[0]!;
  }
  get batchSizes(): Tensor {
    return this[1]!;
  }
  get sortedIndices(): Tensor | null {
    return this[2]!;
  }
  get unsortedIndices(): Tensor | null {
    return this[3]!;
  }
  get isCuda(): boolean {
    return this.data.isCuda;
  }

  /** `Tensor.to` for the data; the indices go to its device, `batchSizes` stay on the CPU. */
  to(...args: Parameters<Tensor['to']>): PackedSequence {
    const data = this.data.to(...args);
    if (data === this.data) return this;
    const moved = (t: Tensor | null): Tensor | null => t && t.to(data.device);
    return new PackedSequence(data, this.batchSizes, moved(this.sortedIndices), moved(this.unsortedIndices));
  }
  cpu(): PackedSequence {
    return this.to('cpu');
  }
  cuda(device: DeviceLike = 'cuda'): PackedSequence {
    return this.to(device);
  }
  float(): PackedSequence {
    return this.to('float32');
  }
  double(): PackedSequence {
    return this.to('float64');
  }
  half(): PackedSequence {
    return this.to('float16');
  }
  long(): PackedSequence {
    return this.to('int64');
  }
  int(): PackedSequence {
    return this.to('int32');
  }
  short(): PackedSequence {
    return this.to('int16');
  }
  char(): PackedSequence {
    return this.to('int8');
  }
  byte(): PackedSequence {
    return this.to('uint8');
  }
}
