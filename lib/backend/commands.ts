/**
 * Writes the command buffer (its format: native/napi/commands.h): each launch is one call here.
 */
import { OutOfMemoryError } from '../errors';
import { announceError, announceLaunch } from './announce';
import { launchChannel } from './channels';
import { binding, collectNow, words } from './load';
import { spansKept } from './spans';

/** What the boundary needs to know of a tensor. */
export interface Handle {
  id: number;
  readonly shape: readonly number[];
  /** The dtype's code. */
  readonly code: number;
  /** 0: on the CPU; k: on cuda:(k - 1). */
  readonly place: number;
  /** No weak reference: somebody releases it at a known moment. */
  owned: boolean;
}

const WORDS = words.length;
const FIRST = 16;
const FREE = -1;
const VIEW = -2;
const NEW = -3;
const SLOT_BITS = 22;
const SLOT_MASK = (1 << SLOT_BITS) - 1;

/** As many tensors can exist at a time. */
export const MAX_TENSORS = SLOT_MASK;

let at = FIRST;

/** Ids ready for reuse, their generation already advanced. */
const freeIds: number[] = [];
let nextIndex = 1;

/** By slot index: the id of a tensor that must be freed with it (a leaf's gradient that nobody else can see), or 0. */
let companions = new Int32Array(1024);
/** Ids to free that came up while the buffer was in native hands. */
const late: number[] = [];
let inNative = false;

/** An id for a new tensor. */
export function takeId(): number {
  if (freeIds.length > 0) return freeIds.pop()!;
  return nextIndex <= MAX_TENSORS ? nextIndex++ : lastResort();
}

function lastResort(): number {
  flush();
  collectNow();
  if (freeIds.length > 0) return freeIds.pop()!;
  throw new OutOfMemoryError(`tensor: ${MAX_TENSORS} tensors exist, and there can be no more at a time`);
}

function recycle(id: number): void {
  freeIds.push((id + (1 << SLOT_BITS)) & 0x7fffffff);
}

/** Frees a tensor: the command rides along with the next op. */
export function free(id: number): void {
  if ((id & SLOT_MASK) >= nextIndex) return; // never handed out here: a forged tensor, or another thread's
  if (inNative) {
    late.push(id);
    return;
  }
  if (at > WORDS / 2) flush();
  words[at] = FREE;
  words[at + 1] = id;
  at += 2;
  recycle(id);
}

/** Makes `id` be freed when the tensor `of` is swept; 0 takes that back. */
export function setCompanion(of: number, id: number): void {
  const index = of & SLOT_MASK;
  if (index >= companions.length) {
    if (id === 0) return;
    const larger = new Int32Array(Math.max(companions.length * 2, index + 1));
    larger.set(companions);
    companions = larger;
  }
  companions[index] = id;
}

/** Bytes in live tensors, as of the last command. */
export function liveBytes(): number {
  return words[1]!;
}

/** Estimated nanoseconds of all that was launched on the CPU, as of the last command; tiny launches count as nothing. */
export function workDone(): number {
  return words[2]!;
}

/** Frees the tensors whose objects were collected; says how many. */
export function sweep(full: boolean): number {
  if (!inNative) flush();
  let total = 0;
  for (;;) {
    const n = binding.sweep(full);
    for (let i = FIRST; i < FIRST + n; i++) {
      const id = words[i]! | 0; // an integer to the compiler, too
      const index = id & SLOT_MASK;
      if (index < companions.length && companions[index] !== 0) {
        late.push(companions[index]!);
        companions[index] = 0;
      }
      recycle(id);
    }
    total += n;
    if (n < WORDS - FIRST) break;
  }
  if (!inNative) freeLate();
  return total;
}

function freeLate(): void {
  while (late.length > 0) free(late.pop()!);
}

/** Executes what is pending. */
export function flush(): void {
  if (at === FIRST) return;
  words[0] = at;
  at = FIRST;
  binding.run();
}

/** An operand of a launch: a tensor, or a number that stands for a 0-d one. */
export type HandleOrNumber = Handle | number;

/** Where the next command starts. */
function start(): number {
  if (at > WORDS / 2) flush();
  return at;
}

const runNative = binding.run;
const NO_OUTPUTS: readonly Handle[] = [];

/**
 * Writes a launch and executes the buffer. `made`: the output that the op makes last, row major, which gets its weak
 * reference here; `before`: those that it makes before that one; `existing`: those that it writes to.
 *
 * One function for all, and too long for V8 to inline into every op: it is compiled once, as soon as it gets hot.
 */
function submit(
  op: number,
  compute: number,
  made: Handle | null,
  before: readonly Handle[],
  existing: readonly Handle[],
  inputs: readonly HandleOrNumber[],
  scalars: readonly number[],
): void {
  if (spansKept || launchChannel.hasSubscribers) announceLaunch(op, made, before, existing, inputs);
  let p = at;
  if (p > WORDS / 2) {
    flush();
    p = FIRST;
  }
  const makes = before.length;
  const writes = existing.length;
  const reads = inputs.length;
  const numbers = scalars.length;
  words[p] = op;
  words[p + 1] =
    compute | ((makes + writes + (made === null ? 0 : 1)) << 4) | (reads << 13) | (numbers << 23);
  p += 2;
  for (let k = 0; k < makes; k++) {
    const { id, shape, code, place } = before[k]!;
    const rank = shape.length;
    words[p] = id;
    words[p + 1] = 1 + 2 * code + 32 * rank + 4096 * place;
    p += 2;
    for (let i = 0; i < rank; i++) words[p++] = shape[i]!;
  }
  if (made !== null) {
    const shape = made.shape;
    const rank = shape.length;
    words[p] = made.id;
    words[p + 1] = 1 + 2 * made.code + 32 * rank + 4096 * made.place;
    p += 2;
    for (let i = 0; i < rank; i++) words[p++] = shape[i]!;
  }
  for (let k = 0; k < writes; k++) {
    words[p] = existing[k]!.id;
    words[p + 1] = 0;
    p += 2;
  }
  for (let k = 0; k < reads; k++) {
    const x = inputs[k]!;
    if (typeof x === 'number') {
      words[p] = -1;
      words[p + 1] = x;
      p += 2;
    } else words[p++] = x.id;
  }
  for (let k = 0; k < numbers; k++) words[p++] = scalars[k]!;
  words[0] = p;
  at = FIRST;
  inNative = true;
  try {
    if (made === null || made.owned) runNative();
    else runNative(made);
  } catch (error) {
    // A failed launch leaves nothing behind: the ids were never taken.
    if (made !== null) forget(made);
    for (let k = 0; k < makes; k++) forget(before[k]!);
    inNative = false;
    announceError(error);
    throw error;
  } finally {
    inNative = false;
    if (late.length > 0) freeLate();
  }
}

/** Launches an op that makes `out`. */
export function run(
  op: number,
  compute: number,
  out: Handle,
  inputs: readonly HandleOrNumber[],
  scalars: readonly number[],
): void {
  submit(op, compute, out, NO_OUTPUTS, NO_OUTPUTS, inputs, scalars);
}

/** Launches an op that makes `outs` and, behind those, writes to `existing`. */
export function runMany(
  op: number,
  compute: number,
  outs: readonly Handle[],
  inputs: readonly HandleOrNumber[],
  scalars: readonly number[],
  existing: readonly Handle[] = NO_OUTPUTS,
): void {
  const last = outs.length - 1;
  const before = outs.slice(0, last);
  submit(op, compute, outs[last]!, before, existing, inputs, scalars);
  for (let i = 0; i < last; i++) if (!before[i]!.owned) binding.own(before[i]!, before[i]!.id);
}

/** Launches an op that writes to tensors that exist. */
export function runInto(
  op: number,
  compute: number,
  outs: readonly Handle[],
  inputs: readonly HandleOrNumber[],
  scalars: readonly number[],
): void {
  submit(op, compute, null, NO_OUTPUTS, outs, inputs, scalars);
}

/** Executes a command other than a launch, which ends at `end` and makes t. */
function execute(end: number, t: Handle): void {
  words[0] = end;
  at = FIRST;
  inNative = true;
  try {
    if (t.owned) runNative();
    else runNative(t);
  } catch (error) {
    forget(t);
    inNative = false;
    announceError(error);
    throw error;
  } finally {
    inNative = false;
    if (late.length > 0) freeLate();
  }
}

function forget(t: Handle): void {
  recycle(t.id);
  t.id = 0;
}

/** Makes `t` an uninitialised row-major tensor. */
export function makeNew(t: Handle): void {
  const shape = t.shape;
  const rank = shape.length;
  let p = start();
  words[p] = NEW;
  words[p + 1] = t.id;
  words[p + 2] = 1 + 2 * t.code + 32 * rank + 4096 * t.place;
  p += 3;
  for (let i = 0; i < rank; i++) words[p++] = shape[i]!;
  execute(p, t);
}

/** Makes `t` a view of `source`'s storage; `offset` and `strides` in elements. */
export function makeView(t: Handle, source: Handle, offset: number, strides: readonly number[] | null): void {
  const shape = t.shape;
  const rank = shape.length;
  let p = start();
  words[p] = VIEW;
  words[p + 1] = t.id;
  words[p + 2] = source.id;
  words[p + 3] = t.code;
  words[p + 4] = offset;
  words[p + 5] = rank;
  p += 6;
  for (let i = 0; i < rank; i++) words[p++] = shape[i]!;
  if (strides !== null) for (let i = 0; i < rank; i++) words[p++] = strides[i]!;
  else {
    let step = 1;
    for (let i = rank - 1; i >= 0; i--) {
      words[p + i] = step;
      step *= Math.max(shape[i]!, 1);
    }
    p += rank;
  }
  execute(p, t);
}

/** Offers a tensor to all threads under a key. */
export function share(t: Handle, key: string): void {
  flush();
  binding.share(t.id, key);
}

/** Makes `t` a tensor over the memory that a thread offers under a key. */
export function receive(t: Handle, key: string, offset: number, strides: readonly number[]): void {
  flush();
  const words = Float64Array.of(t.code, offset, t.shape.length, ...t.shape, ...strides);
  try {
    if (t.owned) binding.receive(t.id, key, words);
    else binding.receive(t.id, key, words, t);
  } catch (error) {
    forget(t);
    throw error;
  }
}

/** Gives a tensor that had a known owner a weak reference instead. */
export function giveAway(t: Handle): void {
  flush();
  binding.own(t, t.id);
  t.owned = false;
}
