/** Samples normalised by themselves: layer, RMS, group and response norm. */
import { ArgumentError } from '../errors';
import { bindArguments, booleanArgument, integerArgument, numberArgument } from '../functional/arguments';
import { groupNorm } from '../functional/normalization/group-norm';
import { layerNorm, normalizedShapeOf, rmsNorm } from '../functional/normalization/layer-norm';
import { crossMapLRN2d, localResponseNorm } from '../functional/normalization/response-norm';
import type { Shape } from '../shape';
import type { Tensor } from '../tensor';
import { Factory, type FactoryOptions } from './factory';
import { boolText, floatText, shown } from './repr';
import * as init from './init';
import { checkSize } from './linear';
import { Module } from './module';
import type { Parameter } from './parameter';

/** Weight and bias as they are at first. */
function reset(weight: Parameter | null, bias: Parameter | null): void {
  if (weight !== null) init.ones_(weight);
  if (bias !== null) init.zeros_(bias);
}

type NormalizedShape = number | readonly number[];

export interface LayerNormOptions extends FactoryOptions {
  /** Added to the variance (1e-5). */
  eps?: number;
  /** Learn a weight, and a bias unless that is false, for each element. */
  elementwiseAffine?: boolean;
  bias?: boolean;
}

const LAYER_NORM = ['normalizedShape', 'eps', 'elementwiseAffine', 'bias', 'device', 'dtype'];

/** Layer norm over the last dimensions (https://pytorch.org/docs/stable/generated/torch.nn.LayerNorm.html). */
export class LayerNorm extends Module {
  readonly normalizedShape: Shape;
  eps: number;
  readonly elementwiseAffine: boolean;
  weight: Parameter | null;
  bias: Parameter | null;

  constructor(normalizedShape: NormalizedShape, options?: LayerNormOptions);
  constructor(normalizedShape: NormalizedShape, eps: number, options?: LayerNormOptions);
  constructor(
    normalizedShape: NormalizedShape,
    eps: number,
    elementwiseAffine: boolean,
    options?: LayerNormOptions,
  );
  constructor(
    normalizedShape: NormalizedShape,
    eps: number,
    elementwiseAffine: boolean,
    bias: boolean,
    options?: FactoryOptions,
  );
  constructor(options: LayerNormOptions & { normalizedShape: NormalizedShape });
  constructor(...given: readonly unknown[]) {
    super();
    const [shape, eps, affine, biased, device, dtype] = bindArguments('LayerNorm', LAYER_NORM, given);
    this.normalizedShape = normalizedShapeOf('LayerNorm', shape);
    this.eps = numberArgument('LayerNorm', 'eps', eps ?? 1e-5);
    this.elementwiseAffine = booleanArgument('LayerNorm', 'elementwiseAffine', affine, true);
    const withBias = booleanArgument('LayerNorm', 'bias', biased, true);
    const factory = new Factory('LayerNorm', device, dtype);
    this.weight = this.elementwiseAffine ? factory.parameter(this.normalizedShape) : null;
    this.bias = this.elementwiseAffine && withBias ? factory.parameter(this.normalizedShape) : null;
    this.resetParameters();
  }

  resetParameters(): void {
    reset(this.weight, this.bias);
  }

  override forward(input: Tensor): Tensor {
    return layerNorm(input, this.normalizedShape, this.weight, this.bias, this.eps);
  }

  override extraRepr(): string {
    const flags = [this.elementwiseAffine, this.bias !== null].map(boolText);
    return `${shown(this.normalizedShape)}, eps=${floatText(this.eps)}, elementwise_affine=${flags[0]}, bias=${flags[1]}`;
  }
}

export interface RMSNormOptions extends FactoryOptions {
  /** Added to the mean square; null: the epsilon of the input's dtype. */
  eps?: number | null;
  elementwiseAffine?: boolean;
}

const RMS_NORM = ['normalizedShape', 'eps', 'elementwiseAffine', 'device', 'dtype'];

/** RMS norm over the last dimensions (https://pytorch.org/docs/stable/generated/torch.nn.RMSNorm.html). */
export class RMSNorm extends Module {
  readonly normalizedShape: Shape;
  eps: number | null;
  readonly elementwiseAffine: boolean;
  weight: Parameter | null;

  constructor(normalizedShape: NormalizedShape, options?: RMSNormOptions);
  constructor(normalizedShape: NormalizedShape, eps: number | null, options?: RMSNormOptions);
  constructor(
    normalizedShape: NormalizedShape,
    eps: number | null,
    elementwiseAffine: boolean,
    options?: FactoryOptions,
  );
  constructor(options: RMSNormOptions & { normalizedShape: NormalizedShape });
  constructor(...given: readonly unknown[]) {
    super();
    const [shape, eps, affine, device, dtype] = bindArguments('RMSNorm', RMS_NORM, given);
    this.normalizedShape = normalizedShapeOf('RMSNorm', shape);
    this.eps = eps === undefined || eps === null ? null : numberArgument('RMSNorm', 'eps', eps);
    this.elementwiseAffine = booleanArgument('RMSNorm', 'elementwiseAffine', affine, true);
    const factory = new Factory('RMSNorm', device, dtype);
    this.weight = this.elementwiseAffine ? factory.parameter(this.normalizedShape) : null;
    this.resetParameters();
  }

  resetParameters(): void {
    reset(this.weight, null);
  }

  override forward(input: Tensor): Tensor {
    return rmsNorm(input, this.normalizedShape, this.weight, this.eps);
  }

  override extraRepr(): string {
    const eps = this.eps === null ? 'None' : floatText(this.eps);
    return `${shown(this.normalizedShape)}, eps=${eps}, elementwise_affine=${boolText(this.elementwiseAffine)}`;
  }
}

export interface GroupNormOptions extends FactoryOptions {
  /** Added to the variance (1e-5). */
  eps?: number;
  /** Learn a weight, and a bias unless that is false, for each channel. */
  affine?: boolean;
  bias?: boolean;
}

const GROUP_NORM = ['numGroups', 'numChannels', 'eps', 'affine', 'device', 'dtype', 'bias'];

/** Group norm of [n, c, ...] (https://pytorch.org/docs/stable/generated/torch.nn.GroupNorm.html). */
export class GroupNorm extends Module {
  readonly numGroups: number;
  readonly numChannels: number;
  eps: number;
  readonly affine: boolean;
  weight: Parameter | null;
  bias: Parameter | null;

  constructor(numGroups: number, numChannels: number, options?: GroupNormOptions);
  constructor(numGroups: number, numChannels: number, eps: number, options?: GroupNormOptions);
  constructor(
    numGroups: number,
    numChannels: number,
    eps: number,
    affine: boolean,
    options?: GroupNormOptions,
  );
  constructor(numGroups: number, options: GroupNormOptions & { numChannels: number });
  constructor(options: GroupNormOptions & { numGroups: number; numChannels: number });
  constructor(...given: readonly unknown[]) {
    super();
    const bound = bindArguments('GroupNorm', GROUP_NORM, given);
    const [numGroups, numChannels, eps, affine, device, dtype, biased] = bound;
    checkSize('GroupNorm', 'numGroups', numGroups);
    checkSize('GroupNorm', 'numChannels', numChannels);
    if (numGroups === 0 || numChannels % numGroups !== 0)
      throw new ArgumentError(`GroupNorm: ${numChannels} channels can't be divided into ${numGroups} groups`);
    this.numGroups = numGroups;
    this.numChannels = numChannels;
    this.eps = numberArgument('GroupNorm', 'eps', eps ?? 1e-5);
    this.affine = booleanArgument('GroupNorm', 'affine', affine, true);
    const withBias = booleanArgument('GroupNorm', 'bias', biased, true);
    const factory = new Factory('GroupNorm', device, dtype);
    this.weight = this.affine ? factory.parameter([numChannels]) : null;
    this.bias = this.affine && withBias ? factory.parameter([numChannels]) : null;
    this.resetParameters();
  }

  resetParameters(): void {
    reset(this.weight, this.bias);
  }

  override forward(input: Tensor): Tensor {
    return groupNorm(input, this.numGroups, this.weight, this.bias, this.eps);
  }

  override extraRepr(): string {
    const flags = [this.affine, this.bias !== null].map(boolText);
    return `${this.numGroups}, ${this.numChannels}, eps=${floatText(this.eps)}, affine=${flags[0]}, bias=${flags[1]}`;
  }
}

interface ResponseOptions {
  alpha?: number;
  beta?: number;
  k?: number;
}

abstract class ResponseNorm extends Module {
  readonly size: number;
  readonly alpha: number;
  readonly beta: number;
  readonly k: number;

  constructor(size: number, options?: ResponseOptions);
  constructor(size: number, alpha: number, options?: ResponseOptions);
  constructor(size: number, alpha: number, beta: number, options?: ResponseOptions);
  constructor(size: number, alpha: number, beta: number, k: number);
  constructor(options: ResponseOptions & { size: number });
  constructor(...given: readonly unknown[]) {
    super();
    const { name } = this.constructor;
    const bound = bindArguments(name, ['size', 'alpha', 'beta', 'k'], given);
    const [size, alpha = 1e-4, beta = 0.75, k = 1] = bound;
    this.size = integerArgument(name, 'size', size);
    this.alpha = numberArgument(name, 'alpha', alpha);
    this.beta = numberArgument(name, 'beta', beta);
    this.k = numberArgument(name, 'k', k);
  }

  override extraRepr(): string {
    return `${this.size}, alpha=${floatText(this.alpha)}, beta=${floatText(this.beta)}, k=${this.textOfK()}`;
  }

  protected textOfK(): string {
    return floatText(this.k);
  }
}

/** Response norm over neighbouring channels (https://pytorch.org/docs/stable/generated/torch.nn.LocalResponseNorm.html). */
export class LocalResponseNorm extends ResponseNorm {
  override forward(input: Tensor): Tensor {
    return localResponseNorm(input, this.size, this.alpha, this.beta, this.k);
  }
}

/** Response norm of [n, c, h, w] over channels that are as many on both sides (https://pytorch.org/docs/stable/nn.html#normalization-layers). */
export class CrossMapLRN2d extends ResponseNorm {
  override forward(input: Tensor): Tensor {
    return crossMapLRN2d(input, this.size, this.alpha, this.beta, this.k);
  }

  /** PyTorch's own k is a whole number. */
  protected override textOfK(): string {
    return Number.isInteger(this.k) ? String(this.k) : floatText(this.k);
  }
}
