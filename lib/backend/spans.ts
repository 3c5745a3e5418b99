/**
 * What the JavaScript thread is doing, by name: passes, steps, collections and what `profiler.recordFunction` marks.
 * Launches carry the number of the span they were made in. Kept only while a profile runs.
 */
import { AsyncLocalStorage } from 'async_hooks';
import { performance } from 'perf_hooks';

export type SpanKind = 'user' | 'backward' | 'gradient' | 'optimizer' | 'collection';

export interface Span {
  /** From 1 on, in the order of their beginnings. */
  readonly number: number;
  readonly name: string;
  readonly kind: SpanKind;
  readonly parent: Span | null;
  /** Whether it awaited something: others ran meanwhile. */
  isAsync: boolean;
  /** By performance.now(). */
  readonly start: number;
  /** null: it goes on. */
  end: number | null;
}

/** Whether spans are kept. Changed by `keepSpans` and `dropSpans` alone. */
export let spansKept = false;

let keepers = 0;
let spans: Span[] = [];
const storage = new AsyncLocalStorage<Span>();

/** Keeps spans until as many calls of `dropSpans`. */
export function keepSpans(): void {
  keepers++;
  spansKept = true;
}

export function dropSpans(): void {
  if (--keepers > 0) return;
  spansKept = false;
  spans = [];
}

/** All spans since spans are kept, span n at index n - 1. */
export function keptSpans(): readonly Span[] {
  return spans;
}

/** The span that the running code is in; one of an earlier profile doesn't count. */
function currentSpan(): Span | null {
  const span = storage.getStore();
  return span !== undefined && spans[span.number - 1] === span ? span : null;
}

/** Its number; 0: none. */
export function currentSpanNumber(): number {
  return currentSpan()?.number ?? 0;
}

function begin(kind: SpanKind, name: string, start: number): Span {
  const number = spans.length + 1;
  const span = { number, name, kind, parent: currentSpan(), isAsync: false, start, end: null };
  spans.push(span);
  return span;
}

/** Runs `f` as a span, which lasts until its promise is settled if it returns one. */
export function inSpan<T>(kind: SpanKind, name: string, f: () => T): T {
  if (!spansKept) return f();
  const span = begin(kind, name, performance.now());
  const end = (): void => void (span.end = performance.now());
  let result: T;
  try {
    result = storage.run(span, f);
  } catch (error) {
    end();
    throw error;
  }
  if (typeof (result as { then?: unknown } | null | undefined)?.then !== 'function') {
    end();
    return result;
  }
  span.isAsync = true;
  return Promise.resolve(result).finally(end) as T;
}

/** Adds a span that is over. */
export function addSpan(kind: SpanKind, name: string, start: number, end: number): void {
  begin(kind, name, start).end = end;
}
