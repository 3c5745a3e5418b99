/** What layers with tensors of their own have in common: where those are, and of which dtype. */
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
