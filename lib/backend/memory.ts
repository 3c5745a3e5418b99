/**
 * When to collect. Native memory is reclaimed in an ordinary synchronous loop: every tensor that user code can see has
 * a weak reference, and when enough of them or enough bytes have come into being, a forced minor collection (0.1-1 ms)
 * is followed by a sweep of the references.
 */
import { performance } from 'perf_hooks';
import * as v8 from 'v8';
import * as vm from 'vm';
import { collectChannel, type CollectMessage } from './channels';
import { binding, onOutOfMemory } from './load';
import type { NativeMemory } from './binding';
import { flush, liveBytes, sweep, workDone } from './commands';
import { distance, keepDistance } from './distance';
import { addSpan, spansKept } from './spans';

type Collector = (options?: { type: 'minor' | 'major' }) => void;

/** The engine's own collector, without leaving `gc` in the global scope. */
function findCollector(): Collector | null {
  const { Bun } = globalThis as { Bun?: { gc(synchronous: boolean): void } };
  if (Bun !== undefined) return () => Bun.gc(true);
  if (typeof globalThis.gc === 'function') return globalThis.gc as unknown as Collector;
  try {
    v8.setFlagsFromString('--expose-gc');
    return vm.runInNewContext('gc') as Collector;
  } catch {
    return null;
  } finally {
    v8.setFlagsFromString('--no-expose-gc');
  }
}

const collector = findCollector();

const MB = 1 << 20;
/** No collection for bytes below this where steps have ended. */
const FLOOR = 16 * MB;
const MIN_BIRTHS = 4096;
/**
 * Where all is dropped for a while already, small results of long operations needn't walk through the memory of so many
 * births: a collection after so many of them costs a hundredth of so many nanoseconds of work.
 */
const NEAR_BIRTHS = 64;
const NEAR_WORK = 1e7;
/** Minor sweeps miss what V8's own major collections freed: look at everything now and then. */
const FULL_SWEEP_EVERY = 32;

let births = 0;
let birthLimit = MIN_BIRTHS;
let nearBirths = Infinity;
let workAtLast = 0;
let byteLimit = FLOOR;
/** The highest live bytes within the current step, and the decayed highest of the steps before. */
let stepPeak = 0;
let peak = 0;
let liveAfterLast = 0;
let liveAfterMajor = 0;
/**
 * Rises with every collection that freed as much as had come since the last, none of them at the end of a step, and falls
 * with every other; above 0, all that is made is being dropped at once. One miss doesn't end that: where a loop follows
 * another, the last result of each is still in use.
 */
let dropping = 0;
const MOST_DROPPING = 3;
/** From so much on, results that are dropped are what the process is doing. */
const SURELY_DROPPING = 2;
/** Live bytes at the last birth, and what has come at most between two of them since the last collection. */
let liveAtBirth = 0;
let largest = 0;
let sinceFullSweep = 0;

/** What is to be told of collections, once it is safe to: not from inside of the allocator. */
const messages: CollectMessage[] = [];

/** Collects and sweeps; says how many tensors that freed. */
function collectGarbage(kind: CollectMessage['kind'], full: boolean): number {
  const observed = spansKept || collectChannel.hasSubscribers;
  const start = observed ? performance.now() : 0;
  const before = liveBytes();
  if (kind === 'minor') collector?.({ type: 'minor' });
  else collector?.();
  const freed = sweep(full);
  if (!observed) return freed;
  const end = performance.now();
  if (spansKept) addSpan('collection', `${kind} collection`, start, end);
  if (collectChannel.hasSubscribers)
    messages.push({ kind, ms: end - start, freed, freedBytes: before - liveBytes() });
  return freed;
}

function publishCollections(): void {
  while (messages.length > 0) collectChannel.publish(messages.shift());
}

function minor(): void {
  sinceFullSweep++;
  const full = sinceFullSweep >= FULL_SWEEP_EVERY;
  if (full) sinceFullSweep = 0;
  collectGarbage('minor', full);
}

function major(): void {
  sinceFullSweep = 0;
  collectGarbage('major', true);
  liveAfterMajor = liveBytes();
}

/**
 * A minor collection; a major one, too, when so much is left that a good part of it may be old garbage. `held`: bytes of
 * what was made last, which may still be in use; a major collection would only make it old.
 */
function reclaim(atStepEnd: boolean, held = 0): void {
  const before = liveBytes();
  minor();
  const live = liveBytes();
  const isAll = before - live >= 0.9 * (before - liveAfterLast);
  dropping = atStepEnd ? 0 : isAll ? Math.min(dropping + 1, MOST_DROPPING) : dropping >> 1;
  if (!atStepEnd) keepDistance(live, before - liveAfterLast, largest, roomBeside(live));
  if (live > 1.5 * liveAfterMajor + 2 * FLOOR + held) major();
  settle();
  publishCollections();
}

/** Bytes that garbage may fill: a collection costs less than fresh memory, so all that lies free. */
const roomBeside = (live: number): number =>
  Math.max(2 * FLOOR, Math.min(live, binding.memory().cachedBytes));

/** After a collection: the limits follow what is live and what whole steps need. */
function settle(): void {
  const live = liveBytes();
  const { liveTensors, limitBytes, liveBytes: hostBytes } = binding.memory();
  births = 0;
  birthLimit = Math.max(MIN_BIRTHS, liveTensors / 2);
  nearBirths = dropping >= SURELY_DROPPING ? NEAR_BIRTHS : Infinity;
  workAtLast = workDone();
  liveAfterLast = live;
  if (peak === 0 || dropping > 0) byteLimit = live + Math.min(distance(largest), roomBeside(live));
  else byteLimit = Math.max(FLOOR, 1.5 * live, 1.5 * peak);
  liveAtBirth = live;
  largest = 0;
  // Before the memory limit calls for a major collection. It is the CPU's alone; what is live is on all devices.
  if (limitBytes !== null && byteLimit - live > limitBytes - hostBytes)
    byteLimit = live + Math.max(0.75 * (limitBytes - hostBytes), FLOOR / 8);
}

/** To be called before every tensor that gets a weak reference; may collect, so operands' ids are read after it. */
export function beforeBirth(): void {
  const live = liveBytes();
  if (live > stepPeak) stepPeak = live;
  if (live - liveAtBirth > largest) largest = live - liveAtBirth;
  liveAtBirth = live;
  if (
    ++births >= birthLimit ||
    live > byteLimit ||
    (births >= nearBirths && workDone() - workAtLast > NEAR_WORK)
  )
    reclaim(false);
}

/**
 * Makes tensors of so many bytes, all of which will stay: collects before, if it is to be done, rather than amid them, which
 * would make them old.
 */
export function withRoom<T>(bytes: number, make: () => T): T {
  // Of many, a collection costs next to nothing, and the memory of what was dropped is used again.
  if (bytes < FLOOR && liveBytes() + bytes <= byteLimit) return make();
  reclaim(true, bytes); // a loop of loads still holds the last one, of as many bytes
  byteLimit = Math.max(byteLimit, liveBytes() + bytes + FLOOR);
  try {
    return make();
  } finally {
    settle(); // whatever a file said of its size
  }
}

/** The preferred moment: the end of `backward()` and of `optimizer.step()`, when a step's activations are garbage. */
export function stepEnd(): void {
  const live = liveBytes();
  if (live - liveAfterLast < FLOOR / 2) return;
  if (live > stepPeak) stepPeak = live;
  peak = Math.max(stepPeak, 0.9 * peak);
  stepPeak = live;
  if (live - liveAfterLast < 0.5 * peak) return;
  reclaim(true);
}

/** Frees every tensor that nothing refers to any more; says how many there were. */
export function collect(): number {
  flush();
  const freed = collectGarbage('major', true);
  liveAfterMajor = liveBytes();
  settle();
  publishCollections();
  return freed;
}

/** The limits anew, after the memory limit was changed. */
export { settle as adjustLimits };

/** What tensors occupy: bytes over the whole process, tensors of this thread. */
export interface MemoryStats extends NativeMemory {
  /** Live bytes beyond which a new tensor triggers a collection. */
  readonly collectAboveBytes: number;
}

export function memoryStats(): MemoryStats {
  flush();
  return { ...binding.memory(), collectAboveBytes: byteLimit };
}

onOutOfMemory(() => {
  collectGarbage('major', true);
  queueMicrotask(publishCollections);
});
