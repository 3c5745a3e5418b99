import { ArgumentError } from '../errors';
import { bindArguments, booleanArgument, integerArgument } from '../functional/arguments';
import { logSoftmax, softmax } from '../functional/activation';
import { relu, relu_, sigmoid, tanh } from '../functional/elementary';
import type { Tensor } from '../tensor';
import { Module } from './module';

/** 1 / (1 + exp(-x)), element by element. */
export class Sigmoid extends Module {
  override forward(input: Tensor): Tensor {
    return sigmoid(input);
  }
}

/** The hyperbolic tangent, element by element. */
export class Tanh extends Module {
  override forward(input: Tensor): Tensor {
    return tanh(input);
  }
}

/** max(0, x), element by element; `inplace` overwrites the input. */
export class ReLU extends Module {
  readonly inplace: boolean;
  constructor(options: boolean | { inplace?: boolean } = {}) {
    super();
    const [inplace] = bindArguments('ReLU', ['inplace'], [options]);
    this.inplace = booleanArgument('ReLU', 'inplace', inplace, false);
  }
  override forward(input: Tensor): Tensor {
    return this.inplace ? relu_(input) : relu(input);
  }
  override extraRepr(): string {
    return this.inplace ? 'inplace=True' : '';
  }
}

abstract class AlongDim extends Module {
  readonly dim: number;
  constructor(options: number | { dim: number }) {
    super();
    const { name } = this.constructor;
    const [dim] = bindArguments(name, ['dim'], [options]);
    if (dim === undefined || dim === null)
      throw new ArgumentError(`${name}: expected a dim: new nn.${name}({ dim: 1 })`);
    this.dim = integerArgument(name, 'dim', dim);
  }
  override extraRepr(): string {
    return `dim=${this.dim}`;
  }
}

/** Probabilities: exp(x) scaled to sum to 1 along `dim`. */
export class Softmax extends AlongDim {
  override forward(input: Tensor): Tensor {
    return softmax(input, this.dim);
  }
}

/** Their logarithms. */
export class LogSoftmax extends AlongDim {
  override forward(input: Tensor): Tensor {
    return logSoftmax(input, this.dim);
  }
}
