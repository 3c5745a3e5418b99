import type { TensorTypedArray } from '../dtype';
import type { TenonError } from '../errors';

/** What the addon exports (native/napi/addon.cpp). */
export interface Addon {
  /**
   * The functions for one copy of this library, with tensors of their own. `words` is the command buffer; `collect`
   * frees memory when the system has none left.
   */
  create(
    words: Float64Array,
    makeError: (code: number, message: string) => TenonError,
    collect: () => void,
  ): Binding;
  /** The names of ops.def's rows. */
  readonly ops: readonly string[];
  /** The instruction sets that can be chosen here, the best one first. */
  readonly isas: readonly string[];
}

/** Only numbers and typed arrays cross. */
export interface Binding {
  /** Executes the command buffer; an object given becomes the weakly held owner of the last tensor made. */
  run(this: void, owner?: object): void;
  /** Frees tensors whose objects were collected; their ids are in the buffer, the count is returned. */
  sweep(full: boolean): number;
  /** Gives an existing tensor a weakly held owner. */
  own(owner: object, id: number): void;
  upload(id: number, bytes: TensorTypedArray | Uint16Array): void;
  download(id: number, bytes: TensorTypedArray | Uint16Array): void;
  item(id: number): number;
  itemBigInt(id: number): bigint;
  elements(id: number, indices: Float64Array, out: Float64Array | BigInt64Array): void;
  /** Offers a tensor to all threads under a key, when all that writes to it has run. */
  share(id: number, key: string): void;
  /** Makes a tensor over the memory offered under a key. `words`: dtype, offset, rank, shape..., strides... */
  receive(id: number, key: string, words: Float64Array, owner?: object): void;
  /** Takes an offer back; says whether there was one. */
  releaseShared(key: string): boolean;
  /** The handle is no longer held here. */
  letGoShared(key: string): void;
  memory(): NativeMemory;
  resetPeakMemory(): void;
  emptyCache(): void;
  getNumThreads(): number;
  setNumThreads(n: number): void;
  startRecording(): void;
  stopRecording(): string[];
  readonly isa: string;
}

/** Bytes over the whole process, tensors of this thread. */
export interface NativeMemory {
  readonly liveBytes: number;
  readonly peakBytes: number;
  readonly cachedBytes: number;
  /** Blocks asked of the system since the start. */
  readonly systemAllocations: number;
  readonly liveTensors: number;
}
