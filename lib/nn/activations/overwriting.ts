/** What activations have in common that may overwrite their input, and how the numbers of any are printed. */
import { bindArguments, booleanArgument } from '../../functional/arguments';
import { Module } from '../module';
import { floatText } from '../repr';

/** A number as Python prints it, if whole ones are integers. */
export const number = (x: number): string => (Number.isInteger(x) ? String(x) : floatText(x));

/** A number as PyTorch prints it: its defaults are floats. */
export const text = (given: unknown, value: number): string =>
  (given === undefined ? floatText : number)(value);

export interface InPlace {
  inplace?: boolean;
}

/** A module that may overwrite its input. */
export abstract class MayOverwrite extends Module {
  readonly inplace: boolean = false;
  protected suffix(before: string): string {
    return this.inplace ? `${before}${before === '' ? '' : ', '}inplace=True` : before;
  }
  override extraRepr(): string {
    return this.suffix('');
  }
}

/** With no option but that. */
export abstract class Plain extends MayOverwrite {
  override readonly inplace: boolean;
  constructor(options: boolean | InPlace = {}) {
    super();
    const { name } = this.constructor;
    const [inplace] = bindArguments(name, ['inplace'], [options]);
    this.inplace = booleanArgument(name, 'inplace', inplace, false);
  }
}
