/** The loop of a program that is measured: answers requests (../protocol.ts) until its input ends. */
import { createInterface } from 'readline';
import { cpu, cpuCapability, getNumThreads } from 'tenon';
import type { Hello, Reply, Request, Timing } from '../protocol';

/** A piece of work, ready to be measured. */
export interface Job {
  /** Does it `calls` times. */
  batch(calls: number): void;
  /** Numbers that depend on the last result. */
  check(): number[];
}

function seconds(job: Job, calls: number): number {
  const start = process.hrtime.bigint();
  job.batch(calls);
  cpu.synchronize(); // large launches run beside this thread
  return Number(process.hrtime.bigint() - start) / 1e9;
}

/** Seconds a call, one figure a batch; rivals/serve.py does the same. */
function measure(job: Job, timing: Timing): number[] {
  let perCall = 0;
  if (timing.warmCalls > 0) perCall = seconds(job, timing.warmCalls) / timing.warmCalls;
  // The first calls may take long for what no later one does again, such as fresh memory: they don't count here.
  let spent = 0;
  for (let calls = 1; 1e3 * spent < timing.warmMs; calls *= 2) {
    const elapsed = seconds(job, calls);
    spent += elapsed;
    perCall = elapsed / calls;
  }
  const calls = Math.max(timing.calls, perCall > 0 ? Math.ceil(timing.batchMs / 1e3 / perCall) : 0);
  return Array.from({ length: timing.batches }, () => seconds(job, calls) / calls);
}

function say(message: Hello | Reply): void {
  process.stdout.write(JSON.stringify(message) + '\n');
}

/** `prepare` makes inputs outside the measured time. `device`: the GPU that does the work. */
export async function serve<Work>(prepare: (work: Work) => Job, device?: string): Promise<void> {
  const threads = getNumThreads();
  const label = `Tenon (${device ?? cpuCapability()})`;
  say({ label, isa: cpuCapability(), threads, ...(device !== undefined && { device }) });
  for await (const line of createInterface({ input: process.stdin })) {
    const request = JSON.parse(line) as Request<Work>;
    const job = prepare(request.work);
    const figures = measure(job, request.timing);
    say({ seconds: figures, check: request.check ? job.check() : [] });
  }
}
