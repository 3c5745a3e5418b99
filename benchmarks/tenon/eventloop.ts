/**
 * The suite eventloop: how late timers and answers of an HTTP server are while the same process computes, and what
 * that costs. Argument: the number of steps.
 */
import { fork } from 'child_process';
import { createServer } from 'http';
import type { AddressInfo } from 'net';
import { join } from 'path';
import { cpuCapability, getNumThreads, nn, noGrad, optim, randn, setNumThreads, type Tensor } from 'tenon';

const PERIOD_MS = 5;
const steps = Number(process.argv[2] ?? 60);

setNumThreads(2);
const x = randn(1024, 1024);
const w = randn(1024, 1024);
const net = new nn.Linear(1024, 1024);
const optimizer = new optim.SGD(net.parameters(), { lr: 1e-3 });

const WORK: Record<string, () => Tensor> = {
  matmul: () => noGrad(() => x.matmul(w).mean()),
  training: () => {
    const loss = net.forward(x).square().mean();
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    return loss;
  },
};

async function seconds(work: () => void | Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1e3;
}

function quantile99(values: number[]): number {
  values.sort((a, b) => a - b);
  return values[Math.min(values.length - 1, Math.floor(0.99 * values.length))]!;
}

/** Milliseconds by which timers are late, until it is stopped. */
function watchTimers(): () => number[] {
  const late: number[] = [];
  let due = performance.now() + PERIOD_MS;
  let timer = setTimeout(tick, PERIOD_MS);
  function tick(): void {
    late.push(Math.max(0, performance.now() - due));
    due = performance.now() + PERIOD_MS;
    timer = setTimeout(tick, PERIOD_MS);
  }
  return () => {
    clearTimeout(timer);
    return late;
  };
}

async function watchServer(): Promise<() => Promise<number[]>> {
  const server = createServer((_, response) => response.end('ok'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const client = fork(join(__dirname, '..', '..', 'benchmarks', 'tenon', 'http-client.js'), [
    String((server.address() as AddressInfo).port),
  ]);
  await new Promise((resolve) => client.once('message', resolve));
  return async () => {
    client.send('stop');
    const [times] = await new Promise<[number[]]>((resolve) =>
      client.once('message', (m) => resolve([m as number[]])),
    );
    client.disconnect();
    server.close();
    server.closeAllConnections();
    return times;
  };
}

async function main(): Promise<void> {
  const rows: Record<string, { timer: number; http: number; cost: number; served: number }> = {};
  for (const [name, step] of Object.entries(WORK)) {
    const synchronous = (): void => {
      for (let i = 0; i < steps; i++) step().item();
    };
    const asynchronous = async (): Promise<void> => {
      for (let i = 0; i < steps; i++) await step().itemAsync();
    };
    synchronous();
    await asynchronous();
    let alone = 0;
    let awaited = 0;
    for (let pair = 0; pair < 3; pair++) {
      alone += await seconds(synchronous);
      awaited += await seconds(asynchronous);
    }
    const server = await watchServer();
    const timers = watchTimers();
    const serving = await seconds(asynchronous);
    rows[name] = {
      timer: quantile99(timers()),
      http: quantile99(await server()),
      cost: awaited / alone,
      served: (3 * serving) / alone,
    };
  }
  console.log(
    JSON.stringify({
      label: `Tenon (${cpuCapability()})`,
      isa: cpuCapability(),
      threads: getNumThreads(),
      rows,
    }),
  );
}

void main();
