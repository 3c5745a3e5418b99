/** What batch and instance norm have in common: weights and running statistics for each channel. */
import { Code } from '../dtype';
import { ShapeError } from '../errors';
import { bindArguments, booleanArgument, numberArgument } from '../functional/arguments';
import { fullOf } from '../functional/kernel';
import { showShape } from '../shape';
import type { Tensor } from '../tensor';
import { Factory, type FactoryOptions } from './factory';
import { boolText, floatText } from './repr';
import * as init from './init';
import { checkSize } from './linear';
import { Module } from './module';
import { Buffer, type Parameter } from './parameter';

/** What the layers take besides the number of channels. */
export interface ChannelNormOptions extends FactoryOptions {
  /** Added to the variance (1e-5). */
  eps?: number;
  /** How far running statistics move towards a batch's (0.1); null: so that they are the mean of all. */
  momentum?: number | null;
  /** Learn a weight, and a bias unless that is false, for each channel. */
  affine?: boolean;
  /** Keep the mean and variance of what was seen in training. */
  trackRunningStats?: boolean;
  bias?: boolean;
}

const NAMES = ['numFeatures', 'eps', 'momentum', 'affine', 'trackRunningStats', 'device', 'dtype', 'bias'];

/** The arguments of such a layer. */
export type ChannelNormArguments =
  | [numFeatures: number, options?: ChannelNormOptions]
  | [numFeatures: number, eps: number, options?: ChannelNormOptions]
  | [numFeatures: number, eps: number, momentum: number | null, options?: ChannelNormOptions]
  | [numFeatures: number, eps: number, momentum: number | null, affine: boolean, options?: ChannelNormOptions]
  | [
      numFeatures: number,
      eps: number,
      momentum: number | null,
      affine: boolean,
      trackRunningStats: boolean,
      options?: ChannelNormOptions,
    ]
  | [options: ChannelNormOptions & { numFeatures: number }];

export abstract class ChannelNorm extends Module {
  readonly numFeatures: number;
  eps: number;
  momentum: number | null;
  readonly affine: boolean;
  readonly trackRunningStats: boolean;
  /** [numFeatures], or null. */
  weight: Parameter | null;
  /** [numFeatures], or null. */
  bias: Parameter | null;
  /** The mean of what was seen in training, or null. */
  running_mean: Tensor | null;
  /** Its variance, or null. */
  running_var: Tensor | null;
  /** How many batches were seen, or null. */
  num_batches_tracked: Tensor | null;

  /** @param usual whether `affine` and `trackRunningStats` are true unless given. */
  constructor(given: readonly unknown[], usual: boolean) {
    super();
    const { name } = this.constructor;
    const [numFeatures, eps, momentum, affine, track, device, dtype, bias] = bindArguments(
      name,
      NAMES,
      given,
    );
    checkSize(name, 'numFeatures', numFeatures);
    const factory = new Factory(name, device, dtype);
    this.numFeatures = numFeatures;
    this.eps = numberArgument(name, 'eps', eps ?? 1e-5);
    this.momentum = momentum === null ? null : numberArgument(name, 'momentum', momentum ?? 0.1);
    this.affine = booleanArgument(name, 'affine', affine, usual);
    this.trackRunningStats = booleanArgument(name, 'trackRunningStats', track, usual);
    const biased = booleanArgument(name, 'bias', bias, true);
    this.weight = this.affine ? factory.parameter([numFeatures]) : null;
    this.bias = this.affine && biased ? factory.parameter([numFeatures]) : null;
    const { code, place } = factory;
    const statistic = (shape: readonly number[], value: number, of: number): Tensor | null =>
      this.trackRunningStats ? Buffer(fullOf(shape, of, place, value, name)) : null;
    this.running_mean = statistic([numFeatures], 0, code);
    this.running_var = statistic([numFeatures], 1, code);
    this.num_batches_tracked = statistic([], 0, Code.int64);
    this.resetParameters();
  }

  /** Forgets what was seen in training. */
  resetRunningStats(): void {
    if (!this.trackRunningStats) return;
    if (this.running_mean !== null) init.zeros_(this.running_mean);
    if (this.running_var !== null) init.ones_(this.running_var);
    if (this.num_batches_tracked !== null) init.zeros_(this.num_batches_tracked);
  }

  /** The weights as they were at first, and no statistics. */
  resetParameters(): void {
    this.resetRunningStats();
    if (this.weight !== null) init.ones_(this.weight);
    if (this.bias !== null) init.zeros_(this.bias);
  }

  override extraRepr(): string {
    const momentum = this.momentum === null ? 'None' : floatText(this.momentum);
    const flags = [this.affine, this.bias !== null, this.trackRunningStats].map(boolText);
    return (
      `${this.numFeatures}, eps=${floatText(this.eps)}, momentum=${momentum}, affine=${flags[0]}, ` +
      `bias=${flags[1]}, track_running_stats=${flags[2]}`
    );
  }
}

/** Throws unless the input has one of the numbers of dimensions that a layer takes. */
export function checkRank(layer: Module, input: Tensor, ranks: readonly number[]): void {
  if (!ranks.includes(input.shape.length))
    throw new ShapeError(
      `${layer.constructor.name}: expected ${ranks.map((rank) => `${rank}D`).join(' or ')} input, got ${showShape(input.shape)}`,
    );
}
