/** Steps of training of whole networks, and what memory they take. */
import { runPlan, type Case } from '../measure';
import { Worker, rivalProgram, tenonProgram } from '../process';
import type { Timing } from '../protocol';
import { eachClose, type Measure } from '../statistics';
import { makeRow, type Result, type Row, type Suite, type SuiteOptions } from '../suite';

const MODELS = {
  mlp: 'MLP 784-512-256-10, batch 128, Adam',
  cnn: 'CNN of the MNIST example, batch 64, Adadelta',
  gpt: 'char-GPT, 4 layers of 128, block 64, batch 12, AdamW',
  lstm: 'LSTM 2×128, length 64, batch 32, Adam',
} as const;

const time: Measure = { unit: 'ms/step', better: 'lower', figure: (seconds) => 1e3 * seconds };
const memory: Measure = { unit: 'MB', better: 'lower', figure: (bytes) => bytes / 2 ** 20 };

const steps = (calls: number, warmCalls: number): Timing => ({
  warmCalls,
  warmMs: 0,
  calls,
  batchMs: 0,
  batches: 1,
});

/** The most memory of a process that does nothing but train a model, as the system counts it. */
async function peakMemory(model: string, quick: boolean, rival: boolean): Promise<number> {
  const worker = await Worker.start(rival ? rivalProgram('torch_models') : tenonProgram('models'));
  try {
    const timing = steps(quick ? 1 : 20, 0);
    await worker.ask({ work: { model, threads: 2 }, timing, check: false });
    const reply = await worker.ask({ work: { model: 'memory' }, timing, check: true });
    return reply.check[0]!;
  } finally {
    await worker.close();
  }
}

async function memoryRow(model: keyof typeof MODELS, { quick, rivals }: SuiteOptions): Promise<Row> {
  const own = await peakMemory(model, quick, false);
  const others = rivals.includes('torch')
    ? [{ rival: 'torch' as const, passes: [[await peakMemory(model, quick, true)]] }]
    : [];
  return makeRow(
    `${model}: peak memory of the process`,
    memory,
    { rival: 'torch', ratio: 1 / 1.6 },
    [[own]],
    others,
  );
}

export const models: Suite = {
  name: 'models',
  title: 'training steps of whole networks',
  rivals: ['torch'],
  async run(options) {
    const names = Object.keys(MODELS) as (keyof typeof MODELS)[];
    const cases = names.flatMap((model) =>
      [1, 2].map((threads): Case => ({
        name: `${MODELS[model]}, ${threads} thread${threads === 1 ? '' : 's'}`,
        work: { model, threads },
        measure: time,
        timing: options.quick ? steps(1, 0) : steps(model === 'mlp' ? 60 : 10, 3),
        agree: eachClose(1e-3),
        goal: { rival: 'torch', ratio: 1 },
      })),
    );
    const [passes, rounds] = options.quick ? [1, 1] : [3, 2];
    const result: Result = await runPlan({ program: 'models', cases, passes, rounds }, options);
    for (const model of names) result.rows.push(await memoryRow(model, options));
    return result;
  },
};
