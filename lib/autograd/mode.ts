/** Whether operations are recorded for differentiation. */
import { ArgumentError, describe } from '../errors';

/** @internal Whether operations are recorded: read by every op. Changed by `setGradEnabled` alone. */
export let gradEnabled = true;

/** Whether operations on tensors that require gradients are recorded. */
export function isGradEnabled(): boolean {
  return gradEnabled;
}

/** Switches recording on or off for this thread, for good: `noGrad` and `enableGrad` put it back. */
export function setGradEnabled(enabled: boolean): void {
  if (typeof enabled !== 'boolean')
    throw new ArgumentError(`setGradEnabled: expected a boolean, got ${describe(enabled)}`);
  gradEnabled = enabled;
}

/** @internal Runs `f` in a grad mode and puts the one before back, also when `f` throws. */
export function withGradMode<T>(op: string, enabled: boolean, f: () => T): T {
  if (typeof f !== 'function') throw new ArgumentError(`${op}: expected a function, got ${describe(f)}`);
  const before = gradEnabled;
  gradEnabled = enabled;
  let result: T;
  try {
    result = f();
  } finally {
    gradEnabled = before;
  }
  if (typeof (result as { then?: unknown } | null | undefined)?.then === 'function') {
    // Nobody else can see the promise: it must not end the process when it is rejected.
    if (result instanceof Promise) result.catch(() => undefined);
    throw new ArgumentError(
      `${op}: expected a synchronous function, got one that returns a promise: the mode would end before it does`,
    );
  }
  return result;
}

/**
 * Runs `f` without recording: its results don't require gradients (https://pytorch.org/docs/stable/generated/torch.no_grad.html).
 * @throws ArgumentError when `f` returns a promise.
 */
export function noGrad<T>(f: () => T): T {
  return withGradMode('noGrad', false, f);
}

/**
 * Runs `f` with recording on, inside of `noGrad` too.
 * @throws ArgumentError when `f` returns a promise.
 */
export function enableGrad<T>(f: () => T): T {
  return withGradMode('enableGrad', true, f);
}
