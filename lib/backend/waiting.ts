/** Waiting for the CPU stream without blocking the event loop. */
import { binding, onCompleted } from './load';
import { flush } from './commands';

interface Waiter {
  ticket: number;
  resolve: () => void;
}

let waiters: Waiter[] = [];
let listening = false;

function listen(): void {
  while (waiters.length > 0) {
    const lowest = waiters.reduce((least, { ticket }) => Math.min(least, ticket), Infinity);
    listening = binding.listen(lowest);
    if (listening) return;
    resolveCompleted();
  }
}

function resolveCompleted(): void {
  const done = binding.completed();
  const ready = waiters.filter(({ ticket }) => ticket <= done);
  waiters = waiters.filter(({ ticket }) => ticket > done);
  for (const { resolve } of ready) resolve();
}

onCompleted(() => {
  if (!listening) return;
  listening = false;
  binding.unlisten();
  resolveCompleted();
  listen();
});

/** How long a chain of promises that need not wait may keep the event loop from turning. */
const TURN_MS = 5;
let lastTurn = 0;

/** A turn of the event loop, if the last one here is long ago. */
function turn(): Promise<void> | undefined {
  const now = performance.now();
  if (now - lastTurn < TURN_MS) return undefined;
  return new Promise((resolve) => {
    setImmediate(() => {
      lastTurn = performance.now();
      resolve();
    });
  });
}

/** Resolves when the launch with this ticket is complete (0: it is). Keeps what awaits it alive until then. */
export async function whenCompleted(ticket: number): Promise<void> {
  if (ticket === 0 || ticket <= binding.completed()) return turn();
  lastTurn = performance.now();
  return new Promise((resolve) => {
    waiters.push({ ticket, resolve });
    if (listening) binding.unlisten();
    listen();
  });
}

/** Waits for all launches. Throws the first error that one of them met and that no reader has thrown. */
export function synchronize(): void {
  flush();
  binding.synchronize();
}

/** `synchronize()` that leaves the event loop free. */
export async function synchronizeAsync(): Promise<void> {
  flush();
  await whenCompleted(binding.submitted());
  binding.reportFailure();
}
