'use strict';
// A process that ends, or ends threads, with work in flight. Run by exit.test.ts, each in a process of its own:
//   node test/workers/endings.js NAME SEED
// Without a name it prints what there is: the exit status (or the signal) and the output that are expected of each.
const { Worker, isMainThread, parentPort, workerData } = require('worker_threads');
const tenon = require('../../dist');

const { matmul, memoryStats, nn, optim, randn, sigmoid } = tenon;

/** What a thread works on: each call is one synchronous piece. */
const WORK = {
  small: () => {
    const [a, b] = [randn(8, 8), randn(8, 8)];
    return () => {
      for (let i = 0; i < 200; i++) a.matmul(b).add(a).mul(0.5).sum();
    };
  },
  large: () => {
    const a = randn(1024, 1024);
    return () => matmul(a, a);
  },
  elementwise: () => {
    const x = randn(1 << 20);
    return () => sigmoid(x).add(x).sum();
  },
  training: () => {
    const net = new nn.Sequential(new nn.Linear(64, 256), new nn.Sigmoid(), new nn.Linear(256, 1));
    const optimizer = new optim.SGD(net.parameters(), { lr: 0.01, momentum: 0.9 });
    const x = randn(128, 64);
    return () => {
      optimizer.zeroGrad();
      net.forward(x).square().mean().backward();
      optimizer.step();
    };
  },
  // Threads that come and go with what others hold, too.
  shared: () => {
    const x = workerData?.handle ? tenon.fromShared(workerData.handle) : randn(1000);
    return () => {
      const handle = tenon.shareTensor(x.add(1));
      tenon.fromShared(handle).mul_(2);
      tenon.releaseShared(handle);
      x.add_(1);
    };
  },
};
const KINDS = Object.keys(WORK);

/** Repeats a piece of work for ever; `turns`: the event loop turns in between. */
function workOn(step, turns) {
  if (!turns) for (;;) step();
  step();
  setImmediate(workOn, step, turns);
}

if (!isMainThread) {
  const step = WORK[workerData.kind]();
  step();
  parentPort.postMessage('at work');
  if (workerData.ending === 'exit') setTimeout(() => process.exit(3), 5);
  if (workerData.ending === 'throw')
    setTimeout(() => {
      throw new Error('from a thread');
    }, 5);
  if (workerData.ending === 'return') return;
  workOn(step, workerData.turns);
}

// Numbers that are the same for the same seed.
let state = Number(process.argv[3] ?? 1);
const random = (n) => (state = (state * 48271) % 2147483647) % n;
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const started = [];
function start(kind, options = {}) {
  const worker = new Worker(__filename, { workerData: { kind, turns: random(2) === 1, ...options } });
  started.push(worker);
  return worker;
}
const atWork = (worker) => new Promise((resolve) => worker.once('message', resolve));
const ended = (worker) => new Promise((resolve) => worker.once('exit', resolve));

/** Threads at three kinds of work, which are others for other seeds. */
async function crowd() {
  const kinds = [...KINDS];
  const three = Array.from({ length: 3 }, () => kinds.splice(random(kinds.length), 1)[0]);
  await Promise.all(three.map((kind) => atWork(start(kind))));
}

/** After a collection. */
const liveBytes = () => {
  tenon.collect();
  return memoryStats().liveBytes;
};

/** Each: the exit status or signal, what is printed, and what happens. */
const ENDINGS = {
  'a natural end': [0, 'end', () => {
    for (const kind of KINDS) WORK[kind]()();
    console.log('end');
  }],
  'a natural end of threads and process': [0, '0', async () => {
    const worker = start(KINDS[random(KINDS.length)], { ending: 'return' });
    console.log(await ended(worker));
  }],
  'a natural end beside threads that do not count': [0, '', async () => {
    await crowd();
    started.forEach((worker) => worker.unref());
  }],
  'process.exit right after an op': [7, '', () => {
    for (const kind of KINDS) WORK[kind]()();
    process.exit(7);
  }],
  'process.exit while threads compute': [7, '', async () => {
    await crowd();
    const step = WORK[KINDS[random(KINDS.length)]]();
    for (let i = random(5); i >= 0; i--) step();
    process.exit(7);
  }],
  'process.exit while threads load': [7, '', async () => {
    KINDS.forEach((kind) => start(kind));
    await pause(random(80));
    process.exit(7);
  }],
  'an uncaught exception': [1, '', async () => {
    await crowd();
    WORK.large()();
    setTimeout(() => {
      throw new Error('meant to be uncaught');
    }, random(20));
    workOn(WORK.training(), true);
  }],
  'an unhandled rejection': [1, '', async () => {
    await crowd();
    WORK.elementwise()();
    throw new Error('meant to be unhandled');
  }],
  'SIGTERM with a handler': [5, '', async () => {
    process.on('SIGTERM', () => process.exit(5));
    await crowd();
    setTimeout(() => process.kill(process.pid, 'SIGTERM'), random(20));
    workOn(WORK[KINDS[random(KINDS.length)]](), true);
  }],
  'SIGTERM without a handler': ['SIGTERM', '', async () => {
    await crowd();
    setTimeout(() => process.kill(process.pid, 'SIGTERM'), random(20));
    workOn(WORK[KINDS[random(KINDS.length)]](), true);
  }],
  'process.exit in a thread': [0, '3 4', async () => {
    const worker = start('training', { ending: 'exit', turns: true });
    console.log(await ended(worker), tenon.ones(4).sum().item());
  }],
  'an exception in a thread': [0, 'from a thread 1 4', async () => {
    const worker = start('small', { ending: 'throw', turns: true });
    const message = new Promise((resolve) => worker.once('error', (error) => resolve(error.message)));
    const status = ended(worker);
    console.log(await message, await status, tenon.ones(4).sum().item());
  }],
  'ten terminated threads': [0, 'freed true', async () => {
    const handle = tenon.shareTensor(tenon.zeros(1000));
    const before = liveBytes();
    for (let i = 0; i < 10; i += 2) {
      const pair = [0, 1].map(() => start(KINDS[random(KINDS.length)], { handle }));
      // Some while they load, most at work.
      if (random(4) === 0) await pause(random(60));
      else await Promise.all(pair.map(atWork));
      WORK[KINDS[random(KINDS.length)]]()();
      await pause(random(20));
      await Promise.all(pair.map((worker) => worker.terminate()));
    }
    // What a thread had offered when it ended stays for a minute: a few KB.
    console.log('freed', liveBytes() - before < 1e6, ...(liveBytes() - before < 1e6 ? [] : [liveBytes() - before]));
  }],
}; // prettier-ignore

if (isMainThread) {
  const [, , name] = process.argv;
  if (name === undefined)
    console.log(
      JSON.stringify(Object.entries(ENDINGS).map(([key, [status, printed]]) => [key, status, printed])),
    );
  else void ENDINGS[name][2]();
}
