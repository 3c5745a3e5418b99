/** Streams, queues of work on a device of which several run beside each other, and events, marks in them. */
import { checkFunction, synchronous } from '../autograd/mode';
import { flush } from '../backend/commands';
import { binding } from '../backend/load';
import { cudaIndex, currentCudaIndex, deviceName, setCurrentCudaIndex, type Device } from '../device';
import { ArgumentError, describe } from '../errors';
import { booleanArgument, checkOptions } from '../functional/arguments';
import type { CudaDeviceLike } from './devices';

export interface StreamOptions {
  /** The current device, unless given. */
  device?: CudaDeviceLike;
}

interface Owned {
  readonly index: number;
  readonly id: number;
}

const lostStreams = new FinalizationRegistry<Owned>(({ index, id }) => binding.cudaStreamDestroy(index, id));

/** The constructor's sign that the device's default stream is meant. */
const DEFAULT = Symbol('default stream');

/**
 * A queue of work on one device: what is launched while it is the current stream runs in its order, and beside that of other
 * streams (https://pytorch.org/docs/stable/generated/torch.cuda.Stream.html). Where one stream uses what another computes,
 * say so with `waitStream` or events, as in PyTorch.
 */
export class Stream {
  readonly device: Device;
  /** @internal The device's index. */
  readonly index: number;
  private id = 0;

  constructor(options?: StreamOptions);
  /** @internal */
  constructor(options: StreamOptions | undefined, sign: typeof DEFAULT);
  constructor(options?: StreamOptions, sign?: symbol) {
    checkOptions('Stream', ['device'], options);
    this.index = cudaIndex('Stream', options?.device);
    this.device = deviceName(this.index + 1);
    if (sign === DEFAULT) return;
    this.id = binding.cudaStreamCreate(this.index);
    lostStreams.register(this, { index: this.index, id: this.id }, this);
  }

  /** @internal The native number: 0 is the default stream; throws for what was disposed of. */
  get handle(): number {
    if (this.id < 0) throw new ArgumentError('Stream: it was disposed of');
    return this.id;
  }

  /** Waits for all that was launched on it. */
  synchronize(): void {
    flush();
    binding.cudaStreamSynchronize(this.index, this.handle);
  }

  /** Whether all that was launched on it is complete. */
  query(): boolean {
    flush();
    return binding.cudaStreamQuery(this.index, this.handle);
  }

  /** What is launched on it from here on starts after the event. */
  waitEvent(event: Event): void {
    if (!(event instanceof Event))
      throw new ArgumentError(`waitEvent: expected an Event, got ${describe(event)}`);
    event.wait(this);
  }

  /** What is launched on it from here on starts after all that was launched on the other stream. */
  waitStream(other: Stream): void {
    checkStream('waitStream', other);
    this.waitEvent(other.recordEvent());
  }

  /** An event, a new one unless given, that happens when all that was launched here is complete. */
  recordEvent(event: Event = new Event()): Event {
    if (!(event instanceof Event))
      throw new ArgumentError(`recordEvent: expected an Event, got ${describe(event)}`);
    event.record(this);
    return event;
  }

  /** Gives it back when its work is done, instead of when the collector notices. A current stream can't be. */
  dispose(): void {
    if (this.id <= 0) return;
    if (current[this.index] === this)
      throw new ArgumentError('Stream: the current stream cannot be disposed of');
    lostStreams.unregister(this);
    binding.cudaStreamDestroy(this.index, this.id);
    this.id = -1;
  }
}

export function checkStream(op: string, value: unknown): asserts value is Stream {
  if (!(value instanceof Stream)) throw new ArgumentError(`${op}: expected a Stream, got ${describe(value)}`);
}

/** By the devices' indices. */
const defaults: Stream[] = [];
const current: Stream[] = [];

/** The stream that a device's work is launched on unless another is asked for. */
export function defaultStream(device?: CudaDeviceLike): Stream {
  const index = cudaIndex('defaultStream', device);
  return (defaults[index] ??= new Stream({ device: index }, DEFAULT));
}

/** The stream that a device's work is launched on now. */
export function currentStream(device?: CudaDeviceLike): Stream {
  const index = cudaIndex('currentStream', device);
  return current[index] ?? defaultStream(index);
}

/** Launches work on the stream's device there from here on: `stream(s, () => …)` puts back what was before. */
export function setStream(s: Stream): void {
  checkStream('setStream', s);
  // What was freed before belongs to the stream before.
  flush();
  binding.cudaSetStream(s.index, s.handle);
  current[s.index] = s;
}

/**
 * Runs `f` with a stream as the current one, on the stream's device
 * (https://pytorch.org/docs/stable/generated/torch.cuda.stream.html).
 * @throws ArgumentError when `f` returns a promise.
 */
export function stream<T>(s: Stream, f: () => T): T {
  checkStream('stream', s);
  checkFunction('stream', f);
  const before = currentStream(s.index);
  const device = currentCudaIndex();
  setStream(s);
  setCurrentCudaIndex(s.index);
  let result: T;
  try {
    result = f();
  } finally {
    setStream(before);
    setCurrentCudaIndex(device);
  }
  return synchronous('stream', result, 'use setStream(…)');
}

export interface EventOptions {
  /** Let `elapsedTime` measure from and to it. */
  enableTiming?: boolean;
}

const lostEvents = new FinalizationRegistry<number>((id) => binding.cudaEventDestroy(id));

/**
 * A mark in the work of a stream, which other streams and this thread can wait for
 * (https://pytorch.org/docs/stable/generated/torch.cuda.Event.html).
 */
export class Event {
  private readonly timing: boolean;
  /** The native number; 0: it was never recorded. */
  private id = 0;

  constructor(options?: EventOptions) {
    checkOptions('Event', ['enableTiming'], options);
    this.timing = booleanArgument('Event', 'enableTiming', options?.enableTiming, false);
  }

  /** Happens when all that was launched on the stream (the current one, unless given) until now is complete. */
  record(stream: Stream = currentStream()): void {
    checkStream('record', stream);
    flush();
    const { index, handle } = stream;
    if (this.id === 0) {
      this.id = binding.cudaEventCreate(index, this.timing);
      lostEvents.register(this, this.id);
    }
    binding.cudaEventRecord(this.id, index, handle);
  }

  /** What is launched on the stream (the current one, unless given) from here on starts after the event. */
  wait(stream: Stream = currentStream()): void {
    checkStream('wait', stream);
    if (this.id === 0) return;
    flush();
    binding.cudaStreamWaitEvent(stream.index, stream.handle, this.id);
  }

  /** Whether it has happened; true for one that was never recorded. */
  query(): boolean {
    return this.id === 0 || binding.cudaEventQuery(this.id);
  }

  /** Waits until it has happened. */
  synchronize(): void {
    if (this.id !== 0) binding.cudaEventSynchronize(this.id);
  }

  /** The milliseconds from this event to another; both were made with `enableTiming` and have happened. */
  elapsedTime(end: Event): number {
    if (!(end instanceof Event))
      throw new ArgumentError(`elapsedTime: expected an Event, got ${describe(end)}`);
    if (!this.timing || !end.timing)
      throw new ArgumentError('elapsedTime: expected events made with { enableTiming: true }');
    if (this.id === 0 || end.id === 0)
      throw new ArgumentError('elapsedTime: expected events that were recorded');
    if (!this.query() || !end.query())
      throw new ArgumentError('elapsedTime: expected events that have happened: call synchronize() first');
    return binding.cudaEventElapsed(this.id, end.id);
  }
}
