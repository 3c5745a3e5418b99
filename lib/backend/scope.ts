/**
 * Who owns the tensors made now. Inside of a scope they get no weak reference: the scope's end releases those that
 * nobody took. Outside of one, the collector decides.
 */
import { free, giveAway, type Handle } from './commands';

/** A list that keeps its memory when it is emptied. */
export class Scope {
  readonly tensors: Handle[] = [];
  count = 0;

  add(t: Handle): void {
    this.tensors[this.count++] = t;
  }
}

/** The scope that new tensors go to, or null outside of any. Changed by `enterScope` alone. */
export let currentScope: Scope | null = null;

/** Makes `scope` the current one and returns the one before, to be put back with another call. */
export function enterScope(scope: Scope | null): Scope | null {
  const previous = currentScope;
  currentScope = scope;
  return previous;
}

/** Releases a tensor at a known moment. Its slot goes; the storage stays while views of it live. */
export function release(t: Handle): void {
  if (t.id === 0) return;
  free(t.id);
  t.id = 0;
}

/** Hands an owned tensor to user code: from here on the collector decides. */
export function expose(t: Handle): void {
  if (t.owned && t.id !== 0) giveAway(t);
  t.owned = false;
}

/** Does some work on tensors that are made for it alone: all that it makes are released at its end. */
export function inPassing(work: () => void): void {
  const scope = new Scope();
  const outer = enterScope(scope);
  try {
    work();
  } finally {
    enterScope(outer);
    for (const t of scope.tensors) release(t);
  }
}
