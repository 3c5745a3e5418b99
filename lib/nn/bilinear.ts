import { ArgumentError } from '../errors';
import { bindArguments, booleanArgument } from '../functional/arguments';
import { bilinear } from '../functional/bilinear';
import type { Tensor } from '../tensor';
import { Factory, type FactoryOptions } from './factory';
import * as init from './init';
import { checkSize, type LinearOptions } from './linear';
import { Module } from './module';
import type { Parameter } from './parameter';

const NAMES = ['in1Features', 'in2Features', 'outFeatures', 'bias', 'device', 'dtype'];

/**
 * y = x1ᵀ weight x2 + bias (https://pytorch.org/docs/stable/generated/torch.nn.Bilinear.html): [..., in1Features] and
 * [..., in2Features] to [..., outFeatures]. Both start uniform within ±1/√in1Features.
 */
export class Bilinear extends Module {
  readonly in1Features: number;
  readonly in2Features: number;
  readonly outFeatures: number;
  /** [outFeatures, in1Features, in2Features] */
  weight: Parameter;
  /** [outFeatures] */
  bias: Parameter | null;

  constructor(in1Features: number, in2Features: number, outFeatures: number, options?: LinearOptions);
  constructor(
    in1Features: number,
    in2Features: number,
    outFeatures: number,
    bias: boolean,
    options?: FactoryOptions,
  );
  constructor(options: LinearOptions & { in1Features: number; in2Features: number; outFeatures: number });
  constructor(...given: readonly unknown[]) {
    super();
    const [in1, in2, out, withBias, device, dtype] = bindArguments('Bilinear', NAMES, given);
    checkSize('Bilinear', 'in1Features', in1);
    checkSize('Bilinear', 'in2Features', in2);
    checkSize('Bilinear', 'outFeatures', out);
    if (in1 === 0) throw new ArgumentError('Bilinear: expected in1Features to be above 0, got 0');
    const bias = booleanArgument('Bilinear', 'bias', withBias, true);
    const factory = new Factory('Bilinear', device, dtype);
    this.in1Features = in1;
    this.in2Features = in2;
    this.outFeatures = out;
    this.weight = factory.parameter([out, in1, in2]);
    this.bias = bias ? factory.parameter([out]) : null;
    this.resetParameters();
  }

  resetParameters(): void {
    const bound = 1 / Math.sqrt(this.in1Features);
    init.uniform_(this.weight, -bound, bound);
    if (this.bias !== null) init.uniform_(this.bias, -bound, bound);
  }

  override forward(input1: Tensor, input2: Tensor): Tensor {
    return bilinear(input1, input2, this.weight, this.bias);
  }

  override extraRepr(): string {
    const { in1Features, in2Features, outFeatures, bias } = this;
    return `in1_features=${in1Features}, in2_features=${in2Features}, out_features=${outFeatures}, bias=${bias === null ? 'False' : 'True'}`;
  }
}
