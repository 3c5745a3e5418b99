import { ArgumentError, describe } from '../errors';
import type { DType } from '../dtype';
import type { DeviceLike } from '../device';
import { bindArguments, booleanArgument } from '../functional/arguments';
import { linear } from '../functional/matmul';
import type { Tensor } from '../tensor';
import { Factory } from './factory';
import * as init from './init';
import { Module } from './module';
import type { Parameter } from './parameter';
import { boolText } from './repr';

/** @internal Throws for what is no size. */
export function checkSize(layer: string, name: string, value: unknown): asserts value is number {
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

const LINEAR = ['inFeatures', 'outFeatures', 'bias', 'device', 'dtype'];

/**
 * y = x weightᵀ + bias (https://pytorch.org/docs/stable/generated/torch.nn.Linear.html): [..., inFeatures] to
 * [..., outFeatures]. Both start uniform within ±1/√inFeatures.
 */
export class Linear extends Module {
  readonly inFeatures: number;
  readonly outFeatures: number;
  /** [outFeatures, inFeatures] */
  weight: Parameter;
  /** [outFeatures] */
  bias: Parameter | null;

  constructor(inFeatures: number, outFeatures: number, options?: LinearOptions);
  constructor(
    inFeatures: number,
    outFeatures: number,
    bias: boolean,
    options?: { dtype?: DType; device?: DeviceLike },
  );
  constructor(options: LinearOptions & { inFeatures: number; outFeatures: number });
  constructor(...given: readonly unknown[]) {
    super();
    const [inFeatures, outFeatures, withBias, device, dtype] = bindArguments('Linear', LINEAR, given);
    checkSize('Linear', 'inFeatures', inFeatures);
    checkSize('Linear', 'outFeatures', outFeatures);
    const bias = booleanArgument('Linear', 'bias', withBias, true);
    const factory = new Factory('Linear', device, dtype);
    this.inFeatures = inFeatures;
    this.outFeatures = outFeatures;
    this.weight = factory.parameter([outFeatures, inFeatures]);
    this.bias = !bias ? null : factory.parameter([outFeatures]);
    this.resetParameters();
  }

  resetParameters(): void {
    init.kaimingUniform_(this.weight, { a: Math.sqrt(5) });
    if (this.bias === null) return;
    const bound = this.inFeatures > 0 ? 1 / Math.sqrt(this.inFeatures) : 0;
    init.uniform_(this.bias, -bound, bound);
  }

  override forward(input: Tensor): Tensor {
    return linear(input, this.weight, this.bias);
  }

  override extraRepr(): string {
    return `in_features=${this.inFeatures}, out_features=${this.outFeatures}, bias=${boolText(this.bias !== null)}`;
  }
}
