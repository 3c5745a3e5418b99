import { ArgumentError, describe } from '../errors';
import { bindArguments, integerArgument } from '../functional/arguments';
import { flatten, unflatten, type FlattenOptions } from '../functional/view';
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

/** Makes several dimensions of one: the opposite of Flatten (https://pytorch.org/docs/stable/generated/torch.nn.Unflatten.html). */
export class Unflatten extends Module {
  readonly dim: number;
  readonly unflattenedSize: readonly number[];

  constructor(dim: number, unflattenedSize: readonly number[] | { unflattenedSize: readonly number[] });
  constructor(options: { dim: number; unflattenedSize: readonly number[] });
  constructor(...given: readonly unknown[]) {
    super();
    const [dim, sizes] = bindArguments('Unflatten', ['dim', 'unflattenedSize'], given);
    this.dim = integerArgument('Unflatten', 'dim', dim);
    if (!Array.isArray(sizes))
      throw new ArgumentError(
        `Unflatten: expected unflattenedSize to be an array of sizes, got ${describe(sizes)}`,
      );
    this.unflattenedSize = Array.from(sizes, (size) => integerArgument('Unflatten', 'each size', size));
  }

  override forward(input: Tensor): Tensor {
    return unflatten(input, this.dim, this.unflattenedSize);
  }

  override extraRepr(): string {
    const sizes = this.unflattenedSize;
    return `dim=${this.dim}, unflattened_size=(${sizes.join(', ')}${sizes.length === 1 ? ',' : ''})`;
  }
}

/** Its input. */
export class Identity extends Module {
  override forward(input: Tensor): Tensor {
    return input;
  }
}
