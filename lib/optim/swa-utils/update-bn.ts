/** Statistics of batch normalization for a model whose parameters were averaged. */
import { noGrad, noGradAsync } from '../../autograd';
import type { DeviceLike } from '../../device';
import { ArgumentError, describe } from '../../errors';
import { BatchNorm } from '../../nn/batch-norm';
import { Module } from '../../nn/module';
import { Tensor } from '../../tensor';

/** A batch: the model's input, or an array that begins with it. */
export type Batch = Tensor | readonly [Tensor, ...unknown[]];

/** Forgets the statistics, and counts all batches alike until `restore` is called; null where there is nothing to do. */
function prepare(op: string, model: unknown): (() => void) | null {
  if (!(model instanceof Module)) throw new ArgumentError(`${op}: expected a Module, got ${describe(model)}`);
  const found = model.modules().filter((module) => module instanceof BatchNorm);
  if (found.length === 0) return null;
  const momenta = found.map((module) => module.momentum);
  for (const module of found) {
    module.resetRunningStats();
    module.momentum = null;
  }
  const { training } = model;
  model.train();
  return () => {
    found.forEach((module, i) => {
      module.momentum = momenta[i]!;
    });
    model.train(training);
  };
}

function feed(op: string, model: Module, batch: unknown, device: DeviceLike | null | undefined): void {
  const input: unknown = Array.isArray(batch) ? batch[0] : batch;
  if (!(input instanceof Tensor))
    throw new ArgumentError(`${op}: expected batches of Tensors, got ${describe(input)}`);
  model.forward(device === undefined || device === null ? input : input.to(device));
}

/**
 * Computes the running statistics of a model's batch normalizations anew, from all batches
 * (https://pytorch.org/docs/stable/generated/torch.optim.swa_utils.update_bn.html).
 */
export function updateBn(loader: Iterable<Batch>, model: Module, device?: DeviceLike | null): void {
  if (typeof (loader as Partial<Iterable<Batch>> | null | undefined)?.[Symbol.iterator] !== 'function')
    throw new ArgumentError(`updateBn: expected a list of batches, got ${describe(loader)}`);
  const restore = prepare('updateBn', model);
  if (restore === null) return;
  try {
    noGrad(() => {
      for (const batch of loader) feed('updateBn', model, batch, device);
    });
  } finally {
    restore();
  }
}

/** `updateBn` for batches that have to be waited for. */
export async function updateBnAsync(
  loader: AsyncIterable<Batch> | Iterable<Batch>,
  model: Module,
  device?: DeviceLike | null,
): Promise<void> {
  const restore = prepare('updateBnAsync', model);
  if (restore === null) return;
  try {
    await noGradAsync(async () => {
      for await (const batch of loader) feed('updateBnAsync', model, batch, device);
    });
  } finally {
    restore();
  }
}
