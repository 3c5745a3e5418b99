/** Whether operations are recorded for differentiation: what users switch. */
import { ArgumentError, describe } from '../errors';
import { changeModes, currentModes, withGradMode, withModes, withModesAsync } from './mode';

function checkBoolean(op: string, value: unknown): asserts value is boolean {
  if (typeof value !== 'boolean')
    throw new ArgumentError(`${op}: expected a boolean, got ${describe(value)}`);
}

/** Whether operations on tensors that require gradients are recorded. */
export function isGradEnabled(): boolean {
  return currentModes().grad;
}

/** Whether inference mode is on. */
export function isInferenceModeEnabled(): boolean {
  return currentModes().inference;
}

/**
 * Switches recording on or off: for good in this thread, or for the rest of the asynchronous scope that it is called in.
 * With a function: while that runs (https://pytorch.org/docs/stable/generated/torch.set_grad_enabled.html).
 * @throws ArgumentError when `f` returns a promise: `setGradEnabledAsync` is for that.
 */
export function setGradEnabled(enabled: boolean): void;
export function setGradEnabled<T>(enabled: boolean, f: () => T): T;
export function setGradEnabled<T>(enabled: boolean, ...given: [] | [() => T]): T | void {
  checkBoolean('setGradEnabled', enabled);
  if (given.length === 0) changeModes(currentModes(), { grad: enabled });
  else return withGradMode('setGradEnabled', enabled, given[0]);
}

/**
 * Runs `f` without recording: its results don't require gradients (https://pytorch.org/docs/stable/generated/torch.no_grad.html).
 * @throws ArgumentError when `f` returns a promise: `noGradAsync` is for that.
 */
export function noGrad<T>(f: () => T): T {
  return withGradMode('noGrad', false, f);
}

/**
 * Runs `f` with recording on, inside of `noGrad` too.
 * @throws ArgumentError when `f` returns a promise: `enableGradAsync` is for that.
 */
export function enableGrad<T>(f: () => T): T {
  return withGradMode('enableGrad', true, f);
}

/**
 * Runs `f` in inference mode (https://pytorch.org/docs/stable/generated/torch.autograd.grad_mode.inference_mode.html):
 * without recording, and what is made is an inference tensor, which autograd can't use later. `mode: false` leaves
 * inference mode.
 * @throws ArgumentError when `f` returns a promise: `inferenceModeAsync` is for that.
 */
export function inferenceMode<T>(f: () => T): T;
export function inferenceMode<T>(mode: boolean, f: () => T): T;
export function inferenceMode<T>(...given: [() => T] | [boolean, () => T]): T {
  const [mode, f] = modeAndFunction('inferenceMode', given);
  return withModes('inferenceMode', { inference: mode, grad: !mode }, f);
}

function modeAndFunction<F>(op: string, given: [F] | [boolean, F]): [boolean, F] {
  if (given.length < 2) return [true, given[0] as F];
  checkBoolean(op, given[0]);
  return given as [boolean, F];
}

/**
 * `noGrad` for asynchronous functions: recording is off in `f`, in what it calls and after each of its awaits, until its
 * promise is settled, and for nobody else.
 */
export function noGradAsync<T>(f: () => T | PromiseLike<T>): Promise<T> {
  return withModesAsync('noGradAsync', { grad: false }, f);
}

/** `enableGrad` for asynchronous functions. */
export function enableGradAsync<T>(f: () => T | PromiseLike<T>): Promise<T> {
  return withModesAsync('enableGradAsync', { grad: true }, f);
}

/** `setGradEnabled` with a function, for asynchronous ones. */
export async function setGradEnabledAsync<T>(enabled: boolean, f: () => T | PromiseLike<T>): Promise<T> {
  checkBoolean('setGradEnabledAsync', enabled);
  return withModesAsync('setGradEnabledAsync', { grad: enabled }, f);
}

/** `inferenceMode` for asynchronous functions. */
export async function inferenceModeAsync<T>(f: () => T | PromiseLike<T>): Promise<T>;
export async function inferenceModeAsync<T>(mode: boolean, f: () => T | PromiseLike<T>): Promise<T>;
export async function inferenceModeAsync<T>(
  ...given: [() => T | PromiseLike<T>] | [boolean, () => T | PromiseLike<T>]
): Promise<T> {
  const [mode, f] = modeAndFunction('inferenceModeAsync', given);
  return withModesAsync('inferenceModeAsync', { inference: mode, grad: !mode }, f);
}
