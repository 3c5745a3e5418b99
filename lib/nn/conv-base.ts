/** What convolutions and transposed ones have in common: sizes, parameters and how they print. */
import { ArgumentError, DTypeError, describe } from '../errors';
import { DTYPES, dtypeCode, getDefaultDtype, isFloatingCode } from '../dtype';
import { resolveDevice } from '../device';
import { booleanArgument } from '../functional/arguments';
import { groupsArgument } from '../functional/conv';
import { perDim } from '../functional/spatial';
import { uninitialised } from '../tensor';
import * as init from './init';
import { checkSize } from './linear';
import { Module } from './module';
import { Parameter } from './parameter';

/** How the input goes on beyond its ends. */
export type PaddingMode = 'zeros' | 'reflect' | 'replicate' | 'circular';
export const PADDING_MODES: readonly unknown[] = ['zeros', 'reflect', 'replicate', 'circular'];

/** Numbers as a Python tuple. */
export function tuple(values: readonly number[]): string {
  return `(${values.join(', ')}${values.length === 1 ? ',' : ''})`;
}

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
    const code = dtypeCode(layer, given.dtype ?? getDefaultDtype());
    if (!isFloatingCode(code))
      throw new DTypeError(`${layer}: expected a floating-point dtype, got ${DTYPES[code]}`);
    const place = resolveDevice(layer, given.device);
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
    this.weight = new Parameter(uninitialised([...channels, ...this.kernelSize], code, place, layer));
    this.bias = bias ? new Parameter(uninitialised([outChannels], code, place, layer)) : null;
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
      `${this.inChannels}, ${this.outChannels}, kernel_size=${tuple(this.kernelSize)}, stride=${tuple(this.stride)}`,
    ];
    if (typeof padding === 'string') parts.push(`padding=${padding}`);
    else if (padding.some((n) => n !== 0)) parts.push(`padding=${tuple(padding)}`);
    if (dilation.some((n) => n !== 1)) parts.push(`dilation=${tuple(dilation)}`);
    if (outputPadding.some((n) => n !== 0)) parts.push(`output_padding=${tuple(outputPadding)}`);
    if (groups !== 1) parts.push(`groups=${groups}`);
    if (this.bias === null) parts.push('bias=False');
    if (paddingMode !== 'zeros') parts.push(`padding_mode=${paddingMode}`);
    return parts.join(', ');
  }
}
