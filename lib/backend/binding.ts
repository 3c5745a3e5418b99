import type { TensorTypedArray } from '../dtype';
import type { TenonError } from '../errors';

/** What the addon exports (native/napi/addon.cpp). */
export interface Addon {
  /**
   * The functions for one copy of this library, with tensors of their own. `words` is the command buffer; `collect`
   * frees memory when the system has none left; `completed` is called when a ticket that was listened to is complete;
   * `cudaImages` is the path of the kernels for CUDA, read when a CUDA device is first used.
   */
  create(
    words: Float64Array,
    makeError: (code: number, message: string) => TenonError,
    collect: () => void,
    completed: () => void,
    cudaImages: string,
  ): Binding;
  /** The package's version when it was built. */
  readonly version?: string;
  /** The compiler that built it. */
  readonly compiler: string;
  /** How many processors' time this process's container may use; 0: no limit. */
  cpuQuota(): number;
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
  /**
   * Calls `use` with the memory of a contiguous CPU tensor itself, which is taken back when that returns; false, without a
   * call, where the engine takes no memory that is not its own.
   */
  lend(id: number, use: (memory: ArrayBuffer) => void): boolean;
  /**
   * Fills a contiguous CPU tensor from an open file's bytes from a position on. Their CRC-32 if it is asked for, else 0; -1: they
   * can't be read so, and whoever reads them otherwise hears why.
   */
  readFile(id: number, file: number, position: number, summed: boolean): number;
  /** The CRC-32 of bytes that follow those whose checksum is known. */
  crc32(bytes: Uint8Array, crc: number): number;
  /** download() in the stream's order, without waiting: the ticket that completes it, or 0. The array must live until then. */
  readLater(id: number, bytes: TensorTypedArray | Uint16Array): number;
  /** Throws if a completed read found a tensor whose computation had failed. */
  checkRead(ticket: number): void;
  /** The last launch handed to the executor, or 0 if all are complete. */
  submitted(): number;
  completed(): number;
  /** Asks for a call of `completed`, and keeps the process alive until `unlisten`; false: it is complete already. */
  listen(ticket: number): boolean;
  unlisten(): void;
  /** Waits for all launches, then `reportFailure()`. */
  synchronize(): void;
  /** Throws the first failure of a launch that nobody has heard of. */
  reportFailure(): void;
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
  /** Null: none. As a default it holds only if none was set, by any thread. */
  setMemoryLimit(bytes: number | null, isDefault: boolean): void;
  /** Five numbers a tensor of this thread: id, dtype, bytes of its elements, and its storage's number and bytes. */
  liveTensors(): Float64Array;
  resetPeakMemory(): void;
  emptyCache(): void;
  getNumThreads(): number;
  setNumThreads(n: number): void;
  startRecording(): void;
  stopRecording(): string[];
  /** Says whether to keep records of launches, and whether to print each to stderr. */
  logLaunches(keep: boolean, print: boolean): void;
  /** The records (native/core/launch_log.h) from a position on; then how many were lost, and where they end. */
  launchLog(from: number): Float64Array;
  /** Marks the records of the launches that follow. */
  tagLaunches(tag: number): void;
  /** The records' clock, in nanoseconds. */
  launchClock(): number;
  /** JSON of a CudaStatus (lib/backend/cuda.ts). The first call initialises the driver. */
  cudaStatus(): string;
  /** Waits for all that was launched on a device; throws the first failure that nobody has heard of. */
  cudaSynchronize(index: number): void;
  /** The ticket that completes when all that was launched on a device has; 0: it has. */
  cudaSynchronizeLater(index: number): number;
  /** Eight numbers (lib/cuda/memory.ts). */
  cudaMemory(index: number): Float64Array;
  cudaEmptyCache(index: number): void;
  cudaResetPeak(index: number): void;
  /** A stream's number; 0 is the device's default stream. */
  cudaStreamCreate(index: number): number;
  cudaStreamDestroy(index: number, stream: number): void;
  /** Makes it the stream of the launches on that device that follow. */
  cudaSetStream(index: number, stream: number): void;
  cudaStreamSynchronize(index: number, stream: number): void;
  /** Whether all that was launched on it is complete. */
  cudaStreamQuery(index: number, stream: number): boolean;
  cudaStreamWaitEvent(index: number, stream: number, event: number): void;
  /** An event's number. */
  cudaEventCreate(index: number, timing: boolean): number;
  cudaEventDestroy(event: number): void;
  cudaEventRecord(event: number, index: number, stream: number): void;
  cudaEventQuery(event: number): boolean;
  cudaEventSynchronize(event: number): void;
  /** In milliseconds. */
  cudaEventElapsed(start: number, end: number): number;
  readonly isa: string;
}

/** Bytes over the whole process, tensors of this thread. */
export interface NativeMemory {
  readonly liveBytes: number;
  readonly peakBytes: number;
  readonly cachedBytes: number;
  /** What kernels have to work in. */
  readonly workingBytes: number;
  /** What live, cached and working bytes may be together; null: no limit. */
  readonly limitBytes: number | null;
  /** Blocks asked of the system since the start. */
  readonly systemAllocations: number;
  readonly liveTensors: number;
}
