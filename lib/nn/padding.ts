/** Layers that pad: the same at all ends, or so much at each (https://docs.pytorch.org/docs/stable/nn.html#padding-layers). */
import { ArgumentError, describe } from '../errors';
import { bindArguments, integerArgument, numberArgument, type WithOptions } from '../functional/arguments';
import { pad, type PaddingMode } from '../functional/pad';
import type { Tensor } from '../tensor';
import { Module } from './module';
import { fields, shown } from './repr';

/** One amount for all ends, or one for each: of the last dimension before and behind, then of the one before it. */
export type Padding = number | readonly number[];
type Amounts = [padding: Padding] | [options: { padding: Padding }];
type AmountsAndValue =
  | [padding: Padding, value: number]
  | WithOptions<[padding: Padding, value: number], { padding?: Padding; value?: number }>;

abstract class Pad extends Module {
  readonly padding: readonly number[];
  constructor(dims: number, padding: unknown) {
    super();
    const layer = this.constructor.name;
    const list: unknown = typeof padding === 'number' ? new Array<number>(2 * dims).fill(padding) : padding;
    if (!Array.isArray(list))
      throw new ArgumentError(
        `${layer}: expected padding to be a number or a list of ${2 * dims}, got ${describe(padding)}`,
      );
    this.padding = Array.from(list as unknown[], (n) => integerArgument(layer, 'padding', n));
  }
  override extraRepr(): string {
    return shown(this.padding);
  }
}

abstract class ConstantPad extends Pad {
  readonly value: number;
  constructor(dims: number, layer: string, given: readonly unknown[]) {
    const [padding, value] = bindArguments(layer, ['padding', 'value'], given);
    super(dims, padding);
    this.value = numberArgument(layer, 'value', value);
  }
  override forward(input: Tensor): Tensor {
    return pad(input, this.padding, 'constant', this.value);
  }
  override extraRepr(): string {
    return fields({ padding: this.padding, value: this.value });
  }
}

abstract class PadOfMode extends Pad {
  private readonly mode: PaddingMode;
  constructor(dims: number, layer: string, given: readonly unknown[], mode: PaddingMode = 'constant') {
    super(dims, bindArguments(layer, ['padding'], given)[0]);
    this.mode = mode;
  }
  override forward(input: Tensor): Tensor {
    return pad(input, this.padding, this.mode);
  }
}

/** Adds `value` at the ends of the last dimension, of input [..., W]. */
export class ConstantPad1d extends ConstantPad {
  constructor(...given: AmountsAndValue) {
    super(1, 'ConstantPad1d', given);
  }
}

/** Adds `value` at the ends of the last two dimensions, of input [..., H, W]. */
export class ConstantPad2d extends ConstantPad {
  constructor(...given: AmountsAndValue) {
    super(2, 'ConstantPad2d', given);
  }
}

/** Adds `value` at the ends of the last three dimensions, of input [..., D, H, W]. */
export class ConstantPad3d extends ConstantPad {
  constructor(...given: AmountsAndValue) {
    super(3, 'ConstantPad3d', given);
  }
}

/** Adds zeros at the ends of the last dimension, of input [..., W]. */
export class ZeroPad1d extends PadOfMode {
  constructor(...given: Amounts) {
    super(1, 'ZeroPad1d', given);
  }
}

/** Adds zeros at the ends of the last two dimensions, of input [..., H, W]. */
export class ZeroPad2d extends PadOfMode {
  constructor(...given: Amounts) {
    super(2, 'ZeroPad2d', given);
  }
}

/** Adds zeros at the ends of the last three dimensions, of input [..., D, H, W]. */
export class ZeroPad3d extends PadOfMode {
  constructor(...given: Amounts) {
    super(3, 'ZeroPad3d', given);
  }
}

/** Mirrors the elements at the ends of the last dimension, of input [N, C, W] or [C, W]. */
export class ReflectionPad1d extends PadOfMode {
  constructor(...given: Amounts) {
    super(1, 'ReflectionPad1d', given, 'reflect');
  }
}

/** Mirrors the elements at the ends of the last two dimensions, of input [N, C, H, W] or [C, H, W]. */
export class ReflectionPad2d extends PadOfMode {
  constructor(...given: Amounts) {
    super(2, 'ReflectionPad2d', given, 'reflect');
  }
}

/** Mirrors the elements at the ends of the last three dimensions, of input [N, C, D, H, W] or [C, D, H, W]. */
export class ReflectionPad3d extends PadOfMode {
  constructor(...given: Amounts) {
    super(3, 'ReflectionPad3d', given, 'reflect');
  }
}

/** Repeats the outermost elements of the last dimension, of input [N, C, W] or [C, W]. */
export class ReplicationPad1d extends PadOfMode {
  constructor(...given: Amounts) {
    super(1, 'ReplicationPad1d', given, 'replicate');
  }
}

/** Repeats the outermost elements of the last two dimensions, of input [N, C, H, W] or [C, H, W]. */
export class ReplicationPad2d extends PadOfMode {
  constructor(...given: Amounts) {
    super(2, 'ReplicationPad2d', given, 'replicate');
  }
}

/** Repeats the outermost elements of the last three dimensions, of input [N, C, D, H, W] or [C, D, H, W]. */
export class ReplicationPad3d extends PadOfMode {
  constructor(...given: Amounts) {
    super(3, 'ReplicationPad3d', given, 'replicate');
  }
}

/** Goes on from the other end at the ends of the last dimension, of input [N, C, W] or [C, W]. */
export class CircularPad1d extends PadOfMode {
  constructor(...given: Amounts) {
    super(1, 'CircularPad1d', given, 'circular');
  }
}

/** Goes on from the other end at the ends of the last two dimensions, of input [N, C, H, W] or [C, H, W]. */
export class CircularPad2d extends PadOfMode {
  constructor(...given: Amounts) {
    super(2, 'CircularPad2d', given, 'circular');
  }
}

/** Goes on from the other end at the ends of the last three dimensions, of input [N, C, D, H, W] or [C, D, H, W]. */
export class CircularPad3d extends PadOfMode {
  constructor(...given: Amounts) {
    super(3, 'CircularPad3d', given, 'circular');
  }
}
