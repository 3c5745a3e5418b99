/** Activations along a dimension. */
import { ArgumentError, ShapeError } from '../../errors';
import { glu, softmin } from '../../functional/activations';
import { bindArguments, integerArgument } from '../../functional/arguments';
import { logSoftmax, softmax } from '../../functional/softmax';
import { showShape } from '../../shape';
import { checkTensor, type Tensor } from '../../tensor';
import { Module } from '../module';

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

/** softmax(-x) along `dim`. */
export class Softmin extends AlongDim {
  override forward(input: Tensor): Tensor {
    return softmin(input, this.dim);
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
    return glu(input, this.dim);
  }
  override extraRepr(): string {
    return `dim=${this.dim}`;
  }
}
