/** JavaScript's numbers, booleans and BigInts as operands and as elements of tensors. */
import { Code, DTYPES, INTEGER_RANGE, defaultDtypeCode, isFloatingCode } from '../dtype';
import { ArgumentError, describe } from '../errors';

/** The dtype's code that a number has as an operand: whole ones count as int64. */
export function numberCode(value: number | bigint | boolean): number {
  if (typeof value === 'boolean') return Code.bool;
  if (typeof value === 'bigint') return Code.int64;
  return Number.isInteger(value) ? Code.int64 : defaultDtypeCode();
}

/** The value of a number, boolean or BigInt as kernels take it. */
export function numberValue(op: string, value: unknown, name = 'the value'): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value === 'bigint') {
    const n = Number(value);
    if (Number.isSafeInteger(n)) return n;
    throw new ArgumentError(`${op}: ${name} = ${describe(value)} exceeds 2^53; make it a tensor`);
  }
  throw new ArgumentError(
    `${op}: expected ${name} to be a number, a boolean or a BigInt, got ${describe(value)}`,
  );
}

/** The greatest finite element of the floating dtypes, by code. */
export const GREATEST: readonly number[] = [
  3.4028234663852886e38,
  Number.MAX_VALUE,
  65504,
  3.3895313892515355e38,
];
/** As far as there are doubles. */
const INT64_RANGE = [-(2 ** 63), 2 ** 63 - 1024] as const;

/**
 * A number that becomes an element of a dtype: fractions are cut off for integers; whole negative numbers wrap for uint8.
 * @throws ArgumentError when the dtype has no such number.
 */
export function elementValue(op: string, value: number, code: number): number {
  if (code === Code.bool) return Number.isNaN(value) ? 1 : value;
  if (isFloatingCode(code)) {
    if (Number.isFinite(value) && Math.abs(value) > GREATEST[code]!) throw outOfRange(op, value, code);
    return value;
  }
  const [low, high] = INTEGER_RANGE[code] ?? INT64_RANGE;
  const wraps = code === Code.uint8 && Number.isInteger(value) && value >= -high;
  if (!(value <= high && (value >= low || wraps))) throw outOfRange(op, value, code);
  return value < low ? value + high + 1 : Math.trunc(value);
}

function outOfRange(op: string, value: number, code: number): ArgumentError {
  return new ArgumentError(`${op}: ${value} can't be converted to ${DTYPES[code]}`);
}

/** `elementValue` of a tensor of one element: floats that are too large become infinite. */
export function scalarElement(op: string, value: number, code: number): number {
  return isFloatingCode(code) ? value : elementValue(op, value, code);
}

const FLOAT = new Float32Array(1);
const BITS = new Uint32Array(FLOAT.buffer);

/** The number of float16 or bfloat16 that is nearest to a float32 value, halves to even. */
export function roundToHalf(value: number, code: number): number {
  const x = Math.fround(value);
  if (!Number.isFinite(x) || x === 0) return x;
  if (code === Code.float16) {
    // Its numbers are multiples of 2^-24, and from 2^-14 on have 11 digits.
    const exponent = Math.max(-14, Math.floor(Math.log2(Math.abs(x))));
    const unit = 2 ** (exponent - 10);
    const scaled = x / unit;
    const whole = Math.round(scaled);
    const nearest = whole - scaled === 0.5 && whole % 2 !== 0 ? whole - 1 : whole;
    return Math.abs(nearest * unit) > 65504 ? Math.sign(x) * Infinity : nearest * unit;
  }
  FLOAT[0] = x;
  BITS[0] = (BITS[0]! + 0x7fff + ((BITS[0]! >>> 16) & 1)) & 0xffff0000;
  return FLOAT[0];
}
