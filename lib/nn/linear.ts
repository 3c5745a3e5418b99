import { ArgumentError, DTypeError, describe } from '../errors';
import { DTYPES, dtypeCode, getDefaultDtype, isFloatingCode, type DType } from '../dtype';
import { resolveDevice, type DeviceLike } from '../device';
import { booleanArgument, checkOptions } from '../functional/arguments';
import { linear } from '../functional/matmul';
import { uninitialised, type Tensor } from '../tensor';
import * as init from './init';
import { Module } from './module';
import { Parameter } from './parameter';

/** @internal Throws for what is no size. */
export function checkSize(layer: string, name: string, value: unknown): void {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0)
    throw new ArgumentError(
      `${layer}: expected ${name} to be a non-negative integer, got ${describe(value)}`,
    );
}

export interface LinearOptions {
  /** Learn an additive bias (true). */
  bias?: boolean;
  dtype?: DType;
  device?: DeviceLike;
}

/**
 * y = x weightᵀ + bias (https://pytorch.org/docs/stable/generated/torch.nn.Linear.html): [..., inFeatures] to
 * [..., outFeatures]. Both start uniform within ±1/√inFeatures.
 */
export class Linear extends Module {
  readonly in_features: number;
  readonly out_features: number;
  /** [outFeatures, inFeatures] */
  weight: Parameter;
  /** [outFeatures] */
  bias: Parameter | null;

  constructor(inFeatures: number, outFeatures: number, options: boolean | LinearOptions = {}) {
    super();
    checkSize('Linear', 'inFeatures', inFeatures);
    checkSize('Linear', 'outFeatures', outFeatures);
    const given: LinearOptions = typeof options === 'boolean' ? { bias: options } : options;
    checkOptions('Linear', ['bias', 'dtype', 'device'], given);
    const bias = booleanArgument('Linear', 'bias', given.bias, true);
    const code = dtypeCode('Linear', given.dtype ?? getDefaultDtype());
    if (!isFloatingCode(code))
      throw new DTypeError(`Linear: expected a floating-point dtype, got ${DTYPES[code]}`);
    resolveDevice('Linear', given.device);
    this.in_features = inFeatures;
    this.out_features = outFeatures;
    this.weight = new Parameter(uninitialised([outFeatures, inFeatures], code));
    this.bias = !bias ? null : new Parameter(uninitialised([outFeatures], code));
    this.resetParameters();
  }

  resetParameters(): void {
    init.kaimingUniform_(this.weight, { a: Math.sqrt(5) });
    if (this.bias === null) return;
    const bound = this.in_features > 0 ? 1 / Math.sqrt(this.in_features) : 0;
    init.uniform_(this.bias, -bound, bound);
  }

  override forward(input: Tensor): Tensor {
    return linear(input, this.weight, this.bias);
  }

  override extraRepr(): string {
    return `in_features=${this.in_features}, out_features=${this.out_features}, bias=${this.bias === null ? 'False' : 'True'}`;
  }
}
