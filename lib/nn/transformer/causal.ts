/** The causal mask: made, and recognized. */
import { Code, dtypeCode, getDefaultDtype, type DType } from '../../dtype';
import { resolveDevice, type DeviceLike } from '../../device';
import { bindArguments, integerArgument } from '../../functional/arguments';
import { equal } from '../../functional/closeness';
import { fullOf } from '../../functional/kernel';
import { triu } from '../../functional/triangle';
import type { Tensor } from '../../tensor';

const OP = 'generateSquareSubsequentMask';

function maskOf(size: number, code: number, place: number): Tensor {
  return triu(fullOf([size, size], code, place, code === Code.bool ? 1 : -Infinity, OP), 1);
}

export interface SubsequentMaskOptions {
  device?: DeviceLike;
  dtype?: DType;
}

/** [size, size]: -infinity above the diagonal, 0 elsewhere. */
export function squareSubsequentMask(...given: readonly unknown[]): Tensor {
  const [size, device, dtype] = bindArguments(OP, ['sz', 'device', 'dtype'], given);
  const code = dtypeCode(OP, dtype ?? getDefaultDtype());
  return maskOf(integerArgument(OP, 'sz', size), code, resolveDevice(OP, device));
}

/** Whether attention is to be causal: as the caller says, or, if he doesn't, as the mask shows. */
export function isCausalMask(mask: Tensor | null, said: boolean | null, size: number): boolean {
  if (said !== null || mask === null) return said === true;
  if (mask.shape.length !== 2 || mask.shape[0] !== size || mask.shape[1] !== size) return false;
  return equal(mask, maskOf(size, mask.code, mask.place));
}
