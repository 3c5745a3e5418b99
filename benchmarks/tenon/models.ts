/** Tenon's side of the suite models. */
import { noGrad, setNumThreads } from 'tenon';
import { MODELS } from './networks';
import { serve, type Job } from './serve';

/** The most memory this process has had. */
const memory: Job = {
  batch: () => undefined,
  check: () => [process.resourceUsage().maxRSS * 1024],
};

function prepare({ model, threads }: { model: string; threads: number }): Job {
  if (model === 'memory') return memory;
  setNumThreads(threads);
  const { net, optimizer, loss } = MODELS[model]!();
  // What is compared: before any step, and without what is drawn at random.
  net.eval();
  const first = noGrad(() => loss().item());
  net.train();
  return {
    batch(calls) {
      for (let i = 0; i < calls; i++) {
        optimizer.zeroGrad();
        loss().backward();
        optimizer.step();
      }
    },
    check: () => [first],
  };
}

void serve(prepare);
