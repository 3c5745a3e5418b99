/** The modules of nn.functional's further activations (https://pytorch.org/docs/stable/nn.html#non-linear-activations-weighted-sum-nonlinearity). */
import { ArgumentError, ShapeError } from '../errors';
import * as F from '../functional/activations';
import { softmax } from '../functional/activation';
import { checkApproximation } from '../functional/activations/smooth';
import { bindArguments, booleanArgument, integerArgument, numberArgument } from '../functional/arguments';
import { fullOf } from '../functional/kernel';
import { hardshrink, prelu } from '../functional/shrink';
import { showShape } from '../shape';
import { checkTensor, type Tensor } from '../tensor';
import { Factory, floatText, type FactoryOptions } from './factory';
import { checkSize } from './linear';
import { Module } from './module';
import { Parameter } from './parameter';

/** A number as Python prints it, if whole ones are integers. */
const number = (x: number): string => (Number.isInteger(x) ? String(x) : floatText(x));

/** A number as PyTorch prints it: its defaults are floats. */
const text = (given: unknown, value: number): string => (given === undefined ? floatText : number)(value);

interface InPlace {
  inplace?: boolean;
}

/** A module that may overwrite its input. */
abstract class MayOverwrite extends Module {
  readonly inplace: boolean = false;
  protected suffix(before: string): string {
    return this.inplace ? `${before}${before === '' ? '' : ', '}inplace=True` : before;
  }
  override extraRepr(): string {
    return this.suffix('');
  }
}

/** With no option but that. */
abstract class Plain extends MayOverwrite {
  override readonly inplace: boolean;
  constructor(options: boolean | InPlace = {}) {
    super();
    const { name } = this.constructor;
    const [inplace] = bindArguments(name, ['inplace'], [options]);
    this.inplace = booleanArgument(name, 'inplace', inplace, false);
  }
}

/** x kept within 0 and 6. */
export class ReLU6 extends Plain {
  override forward(input: Tensor): Tensor {
    return F.relu6(input, this.inplace);
  }
}

/** ELU with factors that keep mean and variance. */
export class SELU extends Plain {
  override forward(input: Tensor): Tensor {
    return F.selu(input, this.inplace);
  }
}

/** x sigmoid(x). */
export class SiLU extends Plain {
  override forward(input: Tensor): Tensor {
    return F.silu(input, this.inplace);
  }
}

/** x tanh(softplus(x)). */
export class Mish extends Plain {
  override forward(input: Tensor): Tensor {
    return F.mish(input, this.inplace);
  }
}

/** (x + 3) / 6, kept within 0 and 1. */
export class Hardsigmoid extends Plain {
  override forward(input: Tensor): Tensor {
    return F.hardsigmoid(input, this.inplace);
  }
  override extraRepr(): string {
    return '';
  }
}

/** x hardsigmoid(x). */
export class Hardswish extends Plain {
  override forward(input: Tensor): Tensor {
    return F.hardswish(input, this.inplace);
  }
  override extraRepr(): string {
    return '';
  }
}

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

/** x / (1 + |x|). */
export class Softsign extends Module {
  override forward(input: Tensor): Tensor {
    return F.softsign(input);
  }
}

/** x - tanh(x). */
export class Tanhshrink extends Module {
  override forward(input: Tensor): Tensor {
    return F.tanhshrink(input);
  }
}

/** log(sigmoid(x)). */
export class LogSigmoid extends Module {
  override forward(input: Tensor): Tensor {
    return F.logsigmoid(input);
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

/** softmax(-x) along `dim`. */
export class Softmin extends Module {
  readonly dim: number;
  constructor(options: number | { dim: number }) {
    super();
    const [dim] = bindArguments('Softmin', ['dim'], [options]);
    this.dim = integerArgument('Softmin', 'dim', dim);
  }
  override forward(input: Tensor): Tensor {
    return F.softmin(input, this.dim);
  }
  override extraRepr(): string {
    return `dim=${this.dim}`;
  }
}

/** softmax along channels: [n, c, h, w] or [c, h, w]. */
export class Softmax2d extends Module {
  override forward(input: Tensor): Tensor {
    checkTensor('Softmax2d', input);
    const rank = input.shape.length;
    if (rank !== 3 && rank !== 4)
      throw new ShapeError(`Softmax2d: expected [n, c, h, w] or [c, h, w], got ${showShape(input.shape)}`);
    return softmax(input, -3);
  }
}

/** The first half along `dim`, times the sigmoid of the second. */
export class GLU extends Module {
  readonly dim: number;
  constructor(options: number | { dim?: number } = {}) {
    super();
    const [dim = -1] = bindArguments('GLU', ['dim'], [options]);
    this.dim = integerArgument('GLU', 'dim', dim);
  }
  override forward(input: Tensor): Tensor {
    return F.glu(input, this.dim);
  }
  override extraRepr(): string {
    return `dim=${this.dim}`;
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
