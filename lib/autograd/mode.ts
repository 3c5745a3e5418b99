/**
 * What is in force for the code that runs: whether operations are recorded, inference and anomaly mode. One set for the
 * thread, and one more for each asynchronous scope under way, which AsyncLocalStorage carries along its awaits.
 */
import { AsyncLocalStorage } from 'async_hooks';
import { ArgumentError, describe } from '../errors';
import type { Keep } from './node';
import type { Tensor } from '../tensor';

/** What operations are computed in instead of their operands' dtype, where that is float32 or a half. */
export interface Autocast {
  /** The dtype of products. */
  readonly code: number;
  readonly isCuda: boolean;
  /** Leaves that were cast, with their versions then, until the outermost scope ends; null: they are cast anew each time. */
  readonly cache: Map<Tensor, { readonly version: number; readonly made: Tensor }> | null;
}

export interface Modes {
  grad: boolean;
  inference: boolean;
  /** `grad`, outside of inference mode. */
  recording: boolean;
  /** Whether recorded operations remember where they were called. */
  anomaly: boolean;
  /** Whether anomaly mode looks for NaN. */
  checkNan: boolean;
  /** Who keeps what recorded operations save; null: their nodes. */
  keep: Keep | null;
  /** Null: off. */
  autocast: Autocast | null;
  /** Of an asynchronous scope: what was in force where it began. */
  readonly outer: Modes | null;
  /** Whether an asynchronous scope's promise is settled: what goes on nevertheless is in the modes around it. */
  over: boolean;
}

/** What a scope changes. */
export type ModeChange = Partial<
  Pick<Modes, 'grad' | 'inference' | 'anomaly' | 'checkNan' | 'keep' | 'autocast'>
>;

const thread: Modes = {
  grad: true,
  inference: false,
  recording: true,
  anomaly: false,
  checkNan: true,
  keep: null,
  autocast: null,
  outer: null,
  over: false,
};
const storage = new AsyncLocalStorage<Modes>();
/** Asynchronous scopes under way: while there are none, nobody needs to ask the storage. */
let scopes = 0;

/** The modes in force; scopes change them and put them back. */
export function currentModes(): Modes {
  return scopes === 0 ? thread : scopedModes();
}

function scopedModes(): Modes {
  let modes = storage.getStore() ?? thread;
  while (modes.over) modes = modes.outer!;
  return modes;
}

/** Whether operations are recorded: every op asks. */
export function gradEnabled(): boolean {
  return scopes === 0 ? thread.recording : scopedModes().recording;
}

/**
 * Whether inference or anomaly mode was ever on in this thread, or a checkpoint made: who must know of them looks at this first. A variable, as
 * calls in what every op does cost more than they seem to: V8 inlines only so much.
 */
export let unusualModes = false;

/** The same, for autocast. */
export let autocastUsed = false;

export function changeModes(modes: Modes, change: ModeChange): void {
  if (change.inference || change.anomaly || change.keep) unusualModes = true;
  if (change.autocast) autocastUsed = true;
  Object.assign(modes, change);
  modes.recording = modes.grad && !modes.inference;
}

/** Sets the modes that most scopes are about: `changeModes` without an object. */
export function setRecording(modes: Modes, grad: boolean, inference: boolean): void {
  modes.grad = grad;
  modes.inference = inference;
  modes.recording = grad && !inference;
}

/** Runs `f` with recording on or off and puts what was before back, also when `f` throws. */
export function withGradMode<T>(op: string, enabled: boolean, f: () => T): T {
  checkFunction(op, f);
  const modes = currentModes();
  const { grad, inference } = modes;
  setRecording(modes, enabled, inference);
  let result: T;
  try {
    result = f();
  } finally {
    setRecording(modes, grad, inference);
  }
  return synchronous(op, result);
}

/** `withGradMode`, for any of the modes. */
export function withModes<T>(op: string, change: ModeChange, f: () => T): T {
  checkFunction(op, f);
  const modes = currentModes();
  const { grad, inference, anomaly, checkNan, keep, autocast } = modes;
  changeModes(modes, change);
  let result: T;
  try {
    result = f();
  } finally {
    changeModes(modes, { grad, inference, anomaly, checkNan, keep, autocast });
  }
  return synchronous(op, result);
}

/** Runs `f` with changed modes that hold until its promise is settled, for nothing but what `f` calls and awaits. */
export async function withModesAsync<T>(
  op: string,
  change: ModeChange,
  f: () => T | PromiseLike<T>,
): Promise<T> {
  checkFunction(op, f);
  const outer = currentModes();
  const { grad, inference, recording, anomaly, checkNan, autocast } = outer;
  const scope: Modes = {
    ...{ grad, inference, recording, anomaly, checkNan, autocast },
    ...{ keep: null, outer, over: false },
  };
  changeModes(scope, change);
  scopes++;
  try {
    return await storage.run(scope, f);
  } finally {
    scope.over = true;
    scopes--;
  }
}

export function checkFunction(op: string, f: unknown): void {
  if (typeof f !== 'function') throw new ArgumentError(`${op}: expected a function, got ${describe(f)}`);
}

/** The result of a scope's function; throws for that of an asynchronous one, and says what to do `instead`. */
export function synchronous<T>(op: string, result: T, instead = `use await ${op}Async(…)`): T {
  if (typeof (result as { then?: unknown } | null | undefined)?.then !== 'function') return result;
  // Nobody else can see the promise: it must not end the process when it is rejected.
  if (result instanceof Promise) result.catch(() => undefined);
  throw new ArgumentError(
    `${op}: expected a synchronous function, got one that returns a promise: its scope would end before it does; ${instead}`,
  );
}
