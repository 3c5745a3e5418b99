/** Threads for tests: each runs a script on the built library. */
import { join } from 'path';
import { Worker } from 'worker_threads';

const LIBRARY = JSON.stringify(join(__dirname, '../../dist'));

/** A thread that runs `script`, which sees the library as `tenon`, its input as `input`, and `reply(value)`. */
export function startWorker(script: string, input?: unknown): Worker {
  const source = `
    const { parentPort, workerData: input } = require('worker_threads');
    const tenon = require(${LIBRARY});
    const reply = (value) => parentPort.postMessage(value);
    ${script}`;
  return new Worker(source, { eval: true, workerData: input });
}

/** The first message of a thread that runs `script`; when it has ended. */
export async function inWorker<T>(script: string, input?: unknown): Promise<T> {
  const worker = startWorker(script, input);
  return new Promise((resolve, reject) => {
    let first: { value: T } | null = null;
    worker.on('message', (value: T) => (first ??= { value }));
    worker.on('error', reject);
    worker.on('exit', (code) => {
      if (first === null) reject(new Error(`the worker said nothing and ended with ${code}`));
      else resolve(first.value);
    });
  });
}

/** The first message of a thread that goes on. */
export async function messageOf<T>(worker: Worker): Promise<T> {
  return new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}
