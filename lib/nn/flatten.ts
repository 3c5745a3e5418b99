import { bindArguments, integerArgument } from '../functional/arguments';
import { flatten, type FlattenOptions } from '../functional/view';
import type { Tensor } from '../tensor';
import { Module } from './module';

/** Makes one dimension of those from `startDim` (1) to `endDim` (-1). */
export class Flatten extends Module {
  readonly startDim: number;
  readonly endDim: number;

  constructor(startDim?: number, endDim?: number);
  constructor(startDim: number, options: { endDim?: number });
  constructor(options: FlattenOptions);
  constructor(...given: readonly unknown[]) {
    super();
    const [startDim = 1, endDim = -1] = bindArguments('Flatten', ['startDim', 'endDim'], given);
    this.startDim = integerArgument('Flatten', 'startDim', startDim);
    this.endDim = integerArgument('Flatten', 'endDim', endDim);
  }

  override forward(input: Tensor): Tensor {
    return flatten(input, this.startDim, this.endDim);
  }

  override extraRepr(): string {
    return `start_dim=${this.startDim}, end_dim=${this.endDim}`;
  }
}

/** Its input. */
export class Identity extends Module {
  override forward(input: Tensor): Tensor {
    return input;
  }
}
