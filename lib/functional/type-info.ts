/** The limits of dtypes (https://pytorch.org/docs/stable/type_info.html). */
import {
  DTYPES,
  ELEMENT_SIZE,
  INTEGER_RANGE,
  defaultDtypeCode,
  dtypeCode,
  isFloatingCode,
  type DType,
} from '../dtype';
import { DTypeError } from '../errors';
import { GREATEST } from './number';

export interface FloatInfo {
  readonly dtype: DType;
  readonly bits: number;
  /** The least number that 1 can be told apart from 1 plus it. */
  readonly eps: number;
  readonly max: number;
  readonly min: number;
  /** The least positive number with all its digits. */
  readonly tiny: number;
  readonly smallestNormal: number;
  /** The decimal digits that can be relied on, as 10^-digits. */
  readonly resolution: number;
}

export interface IntegerInfo<N = number | bigint> {
  readonly dtype: DType;
  readonly bits: number;
  readonly max: N;
  readonly min: N;
}

/** Bits of the fraction, the least exponent, and decimal digits, by code. */
const FLOATS: readonly (readonly [fraction: number, exponent: number, digits: number])[] = [
  [23, -126, 6],
  [52, -1022, 15],
  [10, -14, 3],
  [7, -126, 2],
];

/** The limits of a floating-point dtype, the default one unless given. */
export function finfo(dtype?: DType): FloatInfo {
  const code = dtype === undefined ? defaultDtypeCode() : dtypeCode('finfo', dtype);
  if (!isFloatingCode(code))
    throw new DTypeError(`finfo: expected a floating-point dtype, got ${DTYPES[code]}; use iinfo`);
  const [fraction, exponent, digits] = FLOATS[code]!;
  const [max, tiny] = [GREATEST[code]!, 2 ** exponent];
  return {
    dtype: DTYPES[code]!,
    bits: 8 * ELEMENT_SIZE[code]!,
    eps: 2 ** -fraction,
    max,
    min: -max,
    tiny,
    smallestNormal: tiny,
    resolution: Number(`1e-${digits}`),
  };
}

/** The limits of an integer dtype; those of int64 are BigInts. */
export function iinfo(dtype: 'int64'): IntegerInfo<bigint>;
export function iinfo(dtype: 'int8' | 'uint8' | 'int16' | 'int32'): IntegerInfo<number>;
export function iinfo(dtype: DType): IntegerInfo;
export function iinfo(dtype: DType): IntegerInfo {
  const code = dtypeCode('iinfo', dtype);
  const bits = 8 * ELEMENT_SIZE[code]!;
  if (dtype === 'int64') return { dtype, bits, max: 2n ** 63n - 1n, min: -(2n ** 63n) };
  const range = INTEGER_RANGE[code];
  if (!range) throw new DTypeError(`iinfo: expected an integer dtype, got ${dtype}; use finfo`);
  const [min, max] = range;
  return { dtype, bits, max, min };
}
