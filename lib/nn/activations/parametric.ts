/** Activations with numbers to choose, or to learn (https://pytorch.org/docs/stable/nn.html#non-linear-activations-weighted-sum-nonlinearity). */
import { ArgumentError } from '../../errors';
import * as F from '../../functional/activations';
import { checkApproximation } from '../../functional/activations/smooth';
import { bindArguments, booleanArgument, numberArgument } from '../../functional/arguments';
import { fullOf } from '../../functional/kernel';
import { hardshrink, prelu } from '../../functional/shrink';
import type { Tensor } from '../../tensor';
import { Factory, type FactoryOptions } from '../factory';
import { checkSize } from '../linear';
import { Module } from '../module';
import { Parameter } from '../parameter';
import { MayOverwrite, number, text, type InPlace } from './overwriting';

/** x above 0, `negativeSlope` (0.01) x below. */
export class LeakyReLU extends MayOverwrite {
  readonly negativeSlope: number;
  override readonly inplace: boolean;
  constructor(negativeSlope?: number | (InPlace & { negativeSlope?: number }), options?: boolean | InPlace);
  constructor(...given: readonly unknown[]) {
    super();
    const [slope = 0.01, inplace] = bindArguments('LeakyReLU', ['negativeSlope', 'inplace'], given);
    this.negativeSlope = numberArgument('LeakyReLU', 'negativeSlope', slope);
    this.inplace = booleanArgument('LeakyReLU', 'inplace', inplace, false);
  }
  override forward(input: Tensor): Tensor {
    return F.leakyRelu(input, this.negativeSlope, this.inplace);
  }
  override extraRepr(): string {
    return this.suffix(`negative_slope=${number(this.negativeSlope)}`);
  }
}

type AlphaArguments = [alpha?: number | (InPlace & { alpha?: number }), options?: boolean | InPlace];

abstract class WithAlpha extends MayOverwrite {
  readonly alpha: number;
  override readonly inplace: boolean;
  /** How PyTorch prints the number: its default is a float. */
  protected readonly text: string;
  constructor(...given: AlphaArguments) {
    super();
    const { name } = this.constructor;
    const [alpha, inplace] = bindArguments(name, ['alpha', 'inplace'], given);
    this.alpha = numberArgument(name, 'alpha', alpha ?? 1);
    this.text = text(alpha, this.alpha);
    this.inplace = booleanArgument(name, 'inplace', inplace, false);
  }
  override extraRepr(): string {
    return this.suffix(`alpha=${this.text}`);
  }
}

/** x above 0, alpha (exp(x) - 1) below. */
export class ELU extends WithAlpha {
  override forward(input: Tensor): Tensor {
    return F.elu(input, this.alpha, this.inplace);
  }
}

/** x above 0, alpha (exp(x / alpha) - 1) below. */
export class CELU extends WithAlpha {
  override forward(input: Tensor): Tensor {
    return F.celu(input, this.alpha, this.inplace);
  }
}

/** x Φ(x), or its approximation by `tanh`. */
export class GELU extends Module {
  readonly approximate: F.GeluApproximation;
  constructor(options: F.GeluApproximation | { approximate?: F.GeluApproximation } = {}) {
    super();
    const [approximate = 'none'] = bindArguments('GELU', ['approximate'], [options]);
    this.approximate = checkApproximation('GELU', approximate);
  }
  override forward(input: Tensor): Tensor {
    return F.gelu(input, this.approximate);
  }
  override extraRepr(): string {
    return `approximate='${this.approximate}'`;
  }
}

/** log(1 + exp(beta x)) / beta; x where beta x is above the threshold. */
export class Softplus extends Module {
  readonly beta: number;
  readonly threshold: number;
  /** How PyTorch prints the numbers: its defaults are floats. */
  protected readonly text: string;
  constructor(
    beta?: number | { beta?: number; threshold?: number },
    threshold?: number | { threshold?: number },
  );
  constructor(...given: readonly unknown[]) {
    super();
    const [beta, threshold] = bindArguments('Softplus', ['beta', 'threshold'], given);
    this.beta = numberArgument('Softplus', 'beta', beta ?? 1);
    this.threshold = numberArgument('Softplus', 'threshold', threshold ?? 20);
    this.text = `beta=${text(beta, this.beta)}, threshold=${text(threshold, this.threshold)}`;
  }
  override forward(input: Tensor): Tensor {
    return F.softplus(input, this.beta, this.threshold);
  }
  override extraRepr(): string {
    return this.text;
  }
}

abstract class Shrink extends Module {
  readonly lambd: number;
  constructor(options: number | { lambd?: number } = {}) {
    super();
    const { name } = this.constructor;
    const [lambd = 0.5] = bindArguments(name, ['lambd'], [options]);
    this.lambd = numberArgument(name, 'lambd', lambd);
  }
  override extraRepr(): string {
    return number(this.lambd);
  }
}

/** x brought nearer to 0 by `lambd`, and 0 where it is nearer already. */
export class Softshrink extends Shrink {
  override forward(input: Tensor): Tensor {
    return F.softshrink(input, this.lambd);
  }
}

/** 0 where |x| <= lambd, x elsewhere. */
export class Hardshrink extends Shrink {
  override forward(input: Tensor): Tensor {
    return hardshrink(input, this.lambd);
  }
}

interface HardtanhOptions extends InPlace {
  minVal?: number;
  maxVal?: number;
}

/** x kept within `minVal` (-1) and `maxVal` (1). */
export class Hardtanh extends MayOverwrite {
  readonly minVal: number;
  readonly maxVal: number;
  override readonly inplace: boolean;
  /** How PyTorch prints the numbers: its defaults are floats. */
  protected readonly text: string;
  constructor(
    minVal?: number | HardtanhOptions,
    maxVal?: number | HardtanhOptions,
    options?: boolean | InPlace,
  );
  constructor(...given: readonly unknown[]) {
    super();
    const [min, max, inplace] = bindArguments('Hardtanh', ['minVal', 'maxVal', 'inplace'], given);
    this.minVal = numberArgument('Hardtanh', 'minVal', min ?? -1);
    this.maxVal = numberArgument('Hardtanh', 'maxVal', max ?? 1);
    if (!(this.maxVal > this.minVal))
      throw new ArgumentError(
        `Hardtanh: expected maxVal to be above minVal, got ${this.maxVal} and ${this.minVal}`,
      );
    this.text = `min_val=${text(min, this.minVal)}, max_val=${text(max, this.maxVal)}`;
    this.inplace = booleanArgument('Hardtanh', 'inplace', inplace, false);
  }
  override forward(input: Tensor): Tensor {
    return F.hardtanh(input, this.minVal, this.maxVal, this.inplace);
  }
  override extraRepr(): string {
    return this.suffix(this.text);
  }
}

interface ThresholdOptions extends InPlace {
  threshold: number;
  value: number;
}

/** x where it is above the threshold, `value` elsewhere. */
export class Threshold extends MayOverwrite {
  readonly threshold: number;
  readonly value: number;
  override readonly inplace: boolean;
  constructor(threshold: number, value: number, options?: boolean | InPlace);
  constructor(options: ThresholdOptions);
  constructor(...given: readonly unknown[]) {
    super();
    const [threshold, value, inplace] = bindArguments('Threshold', ['threshold', 'value', 'inplace'], given);
    this.threshold = numberArgument('Threshold', 'threshold', threshold);
    this.value = numberArgument('Threshold', 'value', value);
    this.inplace = booleanArgument('Threshold', 'inplace', inplace, false);
  }
  override forward(input: Tensor): Tensor {
    return F.threshold(input, this.threshold, this.value, this.inplace);
  }
  override extraRepr(): string {
    return this.suffix(`threshold=${number(this.threshold)}, value=${number(this.value)}`);
  }
}

export interface PReLUOptions extends FactoryOptions {
  numParameters?: number;
  /** What the slopes start with (0.25). */
  init?: number;
}

/** x above 0, a learned slope times x below: one, or one for each channel. */
export class PReLU extends Module {
  readonly numParameters: number;
  readonly init: number;
  /** [numParameters] */
  weight: Parameter;
  constructor(numParameters?: number | PReLUOptions, init?: number | PReLUOptions, options?: PReLUOptions);
  constructor(...given: readonly unknown[]) {
    super();
    const names = ['numParameters', 'init', 'device', 'dtype'];
    const [count = 1, init = 0.25, device, dtype] = bindArguments('PReLU', names, given);
    checkSize('PReLU', 'numParameters', count);
    this.numParameters = count;
    this.init = numberArgument('PReLU', 'init', init);
    const { code, place } = new Factory('PReLU', device, dtype);
    this.weight = new Parameter(fullOf([count], code, place, this.init));
  }
  override forward(input: Tensor): Tensor {
    return prelu(input, this.weight);
  }
  override extraRepr(): string {
    return `num_parameters=${this.numParameters}`;
  }
}
