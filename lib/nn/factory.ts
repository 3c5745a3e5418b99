/** What layers with tensors of their own have in common: where and of which dtype those are, and how Python prints options. */
import { resolveDevice, type DeviceLike } from '../device';
import { DTYPES, dtypeCode, getDefaultDtype, isFloatingCode, type DType } from '../dtype';
import { DTypeError } from '../errors';
import { uninitialised } from '../tensor';
import { Parameter } from './parameter';

/** The options of a layer that say where its tensors are, and of which dtype. */
export interface FactoryOptions {
  dtype?: DType;
  device?: DeviceLike;
}

/** Makes the tensors of a layer. */
export class Factory {
  readonly code: number;
  readonly place: number;

  constructor(
    private readonly layer: string,
    device: unknown,
    dtype: unknown,
  ) {
    this.code = dtypeCode(layer, dtype ?? getDefaultDtype());
    if (!isFloatingCode(this.code))
      throw new DTypeError(`${layer}: expected a floating-point dtype, got ${DTYPES[this.code]}`);
    this.place = resolveDevice(layer, device);
  }

  /** A parameter without values yet. */
  parameter(shape: readonly number[], requiresGrad = true): Parameter {
    return new Parameter(uninitialised(shape, this.code, this.place, this.layer), requiresGrad);
  }
}

/** A number as Python prints a float: `0.1`, `1.0`, `1e-05`. */
export function floatText(x: number): string {
  if (!Number.isFinite(x)) return Number.isNaN(x) ? 'nan' : x < 0 ? '-inf' : 'inf';
  const size = Math.abs(x);
  if (size !== 0 && (size < 1e-4 || size >= 1e16)) return x.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
  return Number.isInteger(x) ? `${BigInt(x)}.0` : String(x);
}

/** A boolean as Python prints it. */
export function boolText(x: boolean): string {
  return x ? 'True' : 'False';
}
