/** Channels normalised over a batch. */
import { noGrad } from '../autograd';
import { ArgumentError, ShapeError } from '../errors';
import { item } from '../functional/convert';
import { batchNorm } from '../functional/normalization/batch-norm';
import { showShape } from '../shape';
import { checkTensor, type Tensor } from '../tensor';
import { Module } from './module';
import { ChannelNorm, checkRank, type ChannelNormArguments } from './norm-base';

/** What all batch normalizations are. */
export abstract class BatchNorm extends ChannelNorm {
  constructor(...given: ChannelNormArguments) {
    super(given, true);
  }

  /** Throws for inputs of another number of dimensions. */
  protected abstract checkInput(input: Tensor): void;

  /** Counts the batch; how far statistics move towards its own. */
  private share(): number {
    const seen = this.num_batches_tracked;
    if (!this.training || !this.trackRunningStats || seen === null) return this.momentum ?? 0;
    noGrad(() => seen.add_(1));
    return this.momentum ?? 1 / item(seen);
  }

  override forward(input: Tensor): Tensor {
    checkTensor(this.constructor.name, input);
    this.checkInput(input);
    const share = this.share();
    const { training } = this;
    const known = !training || this.trackRunningStats;
    const byBatch = training || (this.running_mean === null && this.running_var === null);
    return batchNorm(
      input,
      known ? this.running_mean : null,
      known ? this.running_var : null,
      this.weight,
      this.bias,
      byBatch,
      share,
      this.eps,
    );
  }
}

/** Batch norm of [n, c] or [n, c, l] (https://pytorch.org/docs/stable/generated/torch.nn.BatchNorm1d.html). */
export class BatchNorm1d extends BatchNorm {
  protected override checkInput(input: Tensor): void {
    checkRank(this, input, [2, 3]);
  }
}

/** Batch norm of [n, c, h, w] (https://pytorch.org/docs/stable/generated/torch.nn.BatchNorm2d.html). */
export class BatchNorm2d extends BatchNorm {
  protected override checkInput(input: Tensor): void {
    checkRank(this, input, [4]);
  }
}

/** Batch norm of [n, c, d, h, w] (https://pytorch.org/docs/stable/generated/torch.nn.BatchNorm3d.html). */
export class BatchNorm3d extends BatchNorm {
  protected override checkInput(input: Tensor): void {
    checkRank(this, input, [5]);
  }
}

/**
 * Batch norm of [n, c, ...]; where nothing is distributed, statistics are those of this process
 * (https://pytorch.org/docs/stable/generated/torch.nn.SyncBatchNorm.html).
 */
export class SyncBatchNorm extends BatchNorm {
  protected override checkInput(input: Tensor): void {
    if (input.shape.length < 2)
      throw new ShapeError(`SyncBatchNorm: expected at least 2D input, got ${showShape(input.shape)}`);
    if (input.shape[1] === 0)
      throw new ShapeError(`SyncBatchNorm: expected at least one channel, got ${showShape(input.shape)}`);
  }

  /** A module in whose place, and in the places of whose children, batch norms are of this kind: with the same tensors. */
  static convertSyncBatchnorm(module: Module): Module {
    if (!(module instanceof Module)) throw new ArgumentError('convertSyncBatchnorm: expected a Module');
    return synchronized(module, new Map());
  }
}

/** The module that stands for another, and so for its children; `known`: those that were met before. */
function synchronized(module: Module, known: Map<Module, Module>): Module {
  const met = known.get(module);
  if (met !== undefined) return met;
  let out = module;
  if (module instanceof BatchNorm && !(module instanceof SyncBatchNorm)) {
    const { numFeatures, eps, momentum, affine, trackRunningStats } = module;
    const made = new SyncBatchNorm(numFeatures, { eps, momentum, affine, trackRunningStats });
    const { weight, bias, running_mean, running_var, num_batches_tracked, training } = module;
    out = Object.assign(made, { weight, bias, running_mean, running_var, num_batches_tracked, training });
  }
  known.set(module, out);
  for (const [name, child] of module.namedChildren()) {
    const converted = synchronized(child, known);
    if (converted !== child) out.registerModule(name, converted);
  }
  return out;
}
