import { ArgumentError, DTypeError, describe } from '../errors';
import { DTYPES, dtypeCode, getDefaultDtype, isFloatingCode, type DType } from '../dtype';
import { resolveDevice, type DeviceLike } from '../device';
import { bindArguments, booleanArgument } from '../functional/arguments';
import { linear } from '../functional/matmul';
import { uninitialised, type Tensor } from '../tensor';
import * as init from './init';
import { Module } from './module';
import { Parameter } from './parameter';

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
    const code = dtypeCode('Linear', dtype ?? getDefaultDtype());
    if (!isFloatingCode(code))
      throw new DTypeError(`Linear: expected a floating-point dtype, got ${DTYPES[code]}`);
    const place = resolveDevice('Linear', device);
    this.inFeatures = inFeatures;
    this.outFeatures = outFeatures;
    this.weight = new Parameter(uninitialised([outFeatures, inFeatures], code, place, 'Linear'));
    this.bias = !bias ? null : new Parameter(uninitialised([outFeatures], code, place, 'Linear'));
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
    return `in_features=${this.inFeatures}, out_features=${this.outFeatures}, bias=${this.bias === null ? 'False' : 'True'}`;
  }
}
