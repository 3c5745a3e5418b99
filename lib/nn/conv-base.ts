/** What convolutions and transposed ones have in common: sizes, parameters and how they print. */
import { ArgumentError, describe } from '../errors';
import { booleanArgument } from '../functional/arguments';
import { groupsArgument } from '../functional/conv';
import { perDim } from '../functional/spatial';
import { Factory } from './factory';
import * as init from './init';
import { checkSize } from './linear';
import { Module } from './module';
import type { Parameter } from './parameter';
import { shown } from './repr';

/** How the input goes on beyond its ends. */
export type PaddingMode = 'zeros' | 'reflect' | 'replicate' | 'circular';
export const PADDING_MODES: readonly unknown[] = ['zeros', 'reflect', 'replicate', 'circular'];

/** What a constructor was given. */
export interface ConvSizes {
  readonly inChannels: unknown;
  readonly outChannels: unknown;
  readonly kernelSize: unknown;
  readonly stride: unknown;
  readonly padding: number[] | 'valid' | 'same';
  readonly outputPadding: unknown;
  readonly dilation: unknown;
  readonly groups: unknown;
  readonly bias: unknown;
  readonly paddingMode: unknown;
  readonly device: unknown;
  readonly dtype: unknown;
}

/** A layer that convolves; weight and bias start uniform within ±1/√(the weights of a result's element). */
export abstract class ConvNd extends Module {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernelSize: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[] | 'valid' | 'same';
  readonly dilation: readonly number[];
  readonly transposed: boolean;
  readonly outputPadding: readonly number[];
  readonly groups: number;
  readonly paddingMode: PaddingMode;
  /** [outChannels, inChannels / groups, kernel...]; transposed [inChannels, outChannels / groups, kernel...] */
  weight: Parameter;
  /** [outChannels] */
  bias: Parameter | null;

  constructor(layer: string, dims: number, transposed: boolean, given: ConvSizes) {
    super();
    const { inChannels, outChannels, paddingMode = 'zeros' } = given;
    checkSize(layer, 'inChannels', inChannels);
    checkSize(layer, 'outChannels', outChannels);
    const groups = groupsArgument(layer, given.groups ?? 1);
    if (inChannels % groups !== 0 || outChannels % groups !== 0)
      throw new ArgumentError(
        `${layer}: expected channels that groups = ${groups} divide, got ${inChannels} and ${outChannels}`,
      );
    if (!PADDING_MODES.includes(paddingMode))
      throw new ArgumentError(
        `${layer}: expected paddingMode to be one of ${PADDING_MODES.join(', ')}, got ${describe(paddingMode)}`,
      );
    const bias = booleanArgument(layer, 'bias', given.bias, true);
    const factory = new Factory(layer, given.device, given.dtype);
    this.inChannels = inChannels;
    this.outChannels = outChannels;
    this.kernelSize = perDim(layer, 'kernelSize', given.kernelSize, dims, 1);
    this.stride = perDim(layer, 'stride', given.stride ?? 1, dims, 1);
    this.padding = given.padding;
    this.dilation = perDim(layer, 'dilation', given.dilation ?? 1, dims, 1);
    this.transposed = transposed;
    this.outputPadding = perDim(layer, 'outputPadding', given.outputPadding ?? 0, dims, 0);
    this.groups = groups;
    this.paddingMode = paddingMode as PaddingMode;
    const channels = transposed ? [inChannels, outChannels / groups] : [outChannels, inChannels / groups];
    this.weight = factory.parameter([...channels, ...this.kernelSize]);
    this.bias = bias ? factory.parameter([outChannels]) : null;
    this.resetParameters();
  }

  resetParameters(): void {
    init.kaimingUniform_(this.weight, { a: Math.sqrt(5) });
    if (this.bias === null) return;
    const [fanIn] = init.calculateFanInAndFanOut(this.weight);
    const bound = fanIn > 0 ? 1 / Math.sqrt(fanIn) : 0;
    init.uniform_(this.bias, -bound, bound);
  }

  override extraRepr(): string {
    const { padding, dilation, outputPadding, groups, paddingMode } = this;
    const parts = [
      `${this.inChannels}, ${this.outChannels}, kernel_size=${shown(this.kernelSize)}, stride=${shown(this.stride)}`,
    ];
    if (typeof padding === 'string') parts.push(`padding=${padding}`);
    else if (padding.some((n) => n !== 0)) parts.push(`padding=${shown(padding)}`);
    if (dilation.some((n) => n !== 1)) parts.push(`dilation=${shown(dilation)}`);
    if (outputPadding.some((n) => n !== 0)) parts.push(`output_padding=${shown(outputPadding)}`);
    if (groups !== 1) parts.push(`groups=${groups}`);
    if (this.bias === null) parts.push('bias=False');
    if (paddingMode !== 'zeros') parts.push(`padding_mode=${paddingMode}`);
    return parts.join(', ');
  }
}
