/** Layers that take images apart into blocks, and put them together. */
import { bindArguments } from '../functional/arguments';
import { fold, unfold } from '../functional/fold';
import { perDim, type PerDim } from '../functional/spatial';
import type { Tensor } from '../tensor';
import { Module } from './module';
import { shown } from './repr';

interface BlockOptions {
  dilation?: PerDim;
  padding?: PerDim;
  stride?: PerDim;
}

export type UnfoldArguments =
  | [kernelSize: PerDim, dilation?: PerDim, padding?: PerDim, stride?: PerDim]
  | [kernelSize: PerDim, options: BlockOptions]
  | [options: BlockOptions & { kernelSize: PerDim }];

export type FoldArguments =
  | [outputSize: PerDim, kernelSize: PerDim, dilation?: PerDim, padding?: PerDim, stride?: PerDim]
  | [outputSize: PerDim, kernelSize: PerDim, options: BlockOptions]
  | [options: BlockOptions & { outputSize: PerDim; kernelSize: PerDim }];

/** The value as it was given, if it is one. */
function checked(layer: string, name: string, value: unknown, least: number): PerDim {
  perDim(layer, name, value, 2, least);
  return value as PerDim;
}

abstract class Blocks extends Module {
  readonly kernelSize: PerDim;
  readonly dilation: PerDim;
  readonly padding: PerDim;
  readonly stride: PerDim;

  constructor(layer: string, given: readonly unknown[]) {
    super();
    const [kernelSize, dilation = 1, padding = 0, stride = 1] = given;
    this.kernelSize = checked(layer, 'kernelSize', kernelSize, 1);
    this.dilation = checked(layer, 'dilation', dilation, 1);
    this.padding = checked(layer, 'padding', padding, 0);
    this.stride = checked(layer, 'stride', stride, 1);
  }

  override extraRepr(): string {
    return `kernel_size=${shown(this.kernelSize)}, dilation=${shown(this.dilation)}, padding=${shown(this.padding)}, stride=${shown(this.stride)}`;
  }
}

const BLOCKS = ['kernelSize', 'dilation', 'padding', 'stride'];

/**
 * The sliding blocks of images as columns (https://pytorch.org/docs/stable/generated/torch.nn.Unfold.html): [N, C, H, W]
 * to [N, C KH KW, blocks].
 */
export class Unfold extends Blocks {
  constructor(...given: UnfoldArguments) {
    super('Unfold', bindArguments('Unfold', BLOCKS, given));
  }
  override forward(input: Tensor): Tensor {
    return unfold(input, this.kernelSize, this.dilation, this.padding, this.stride);
  }
}

/**
 * Blocks added up to images (https://pytorch.org/docs/stable/generated/torch.nn.Fold.html): [N, C KH KW, blocks] to
 * [N, C, H, W].
 */
export class Fold extends Blocks {
  readonly outputSize: PerDim;
  constructor(...given: FoldArguments) {
    const [outputSize, ...blocks] = bindArguments('Fold', ['outputSize', ...BLOCKS], given);
    super('Fold', blocks);
    this.outputSize = checked('Fold', 'outputSize', outputSize, 1);
  }
  override forward(input: Tensor): Tensor {
    return fold(input, this.outputSize, this.kernelSize, this.dilation, this.padding, this.stride);
  }
  override extraRepr(): string {
    return `output_size=${shown(this.outputSize)}, ${super.extraRepr()}`;
  }
}
