import { bindArguments, booleanArgument, numberArgument } from '../functional/arguments';
import { rrelu } from '../functional/rrelu';
import type { Tensor } from '../tensor';
import { floatText } from './repr';
import { Module } from './module';

interface RReLUOptions {
  lower?: number;
  upper?: number;
  inplace?: boolean;
}

/** The leaky rectifier whose slopes are random in training (https://pytorch.org/docs/stable/generated/torch.nn.RReLU.html). */
export class RReLU extends Module {
  readonly lower: number;
  readonly upper: number;
  readonly inplace: boolean;

  constructor(lower?: number, upper?: number, inplace?: boolean);
  constructor(lower: number, upper: number, options: { inplace?: boolean });
  constructor(options: RReLUOptions);
  constructor(...given: readonly unknown[]) {
    super();
    const [lower, upper, inplace] = bindArguments('RReLU', ['lower', 'upper', 'inplace'], given);
    this.lower = numberArgument('RReLU', 'lower', lower ?? 1 / 8);
    this.upper = numberArgument('RReLU', 'upper', upper ?? 1 / 3);
    this.inplace = booleanArgument('RReLU', 'inplace', inplace, false);
  }

  override forward(input: Tensor): Tensor {
    return rrelu(input, this.lower, this.upper, this.training, this.inplace);
  }

  override extraRepr(): string {
    const text = `lower=${floatText(this.lower)}, upper=${floatText(this.upper)}`;
    return this.inplace ? `${text}, inplace=True` : text;
  }
}
