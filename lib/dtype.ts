import { DTypeError, describe } from './errors';

/** The name of an element type, as in PyTorch. */
export type DType =
  'float32' | 'float64' | 'float16' | 'bfloat16' | 'int8' | 'uint8' | 'int16' | 'int32' | 'int64' | 'bool';

/** The dtypes in native order: a dtype's code is its index here (native/core/dtype.h). */
export const DTYPES: readonly DType[] = [
  'float32',
  'float64',
  'float16',
  'bfloat16',
  'int8',
  'uint8',
  'int16',
  'int32',
  'int64',
  'bool',
];

/** @internal Codes of the dtypes. */
export const Code = {
  float32: 0,
  float64: 1,
  float16: 2,
  bfloat16: 3,
  int8: 4,
  uint8: 5,
  int16: 6,
  int32: 7,
  int64: 8,
  bool: 9,
} as const;

export const float32 = 'float32';
export const float64 = 'float64';
export const float16 = 'float16';
export const bfloat16 = 'bfloat16';
export const int8 = 'int8';
export const uint8 = 'uint8';
export const int16 = 'int16';
export const int32 = 'int32';
export const int64 = 'int64';
export const bool = 'bool';
/** PyTorch's other names. */
export const float = 'float32';
export const double = 'float64';
export const half = 'float16';
export const short = 'int16';
export const int = 'int32';
export const long = 'int64';

/** @internal Bytes per element, by code. */
export const ELEMENT_SIZE: readonly number[] = [4, 8, 2, 2, 1, 1, 2, 4, 8, 1];

/** @internal */
export function isFloatingCode(code: number): boolean {
  return code <= 3;
}

/** @internal The least and the greatest value of the integer dtypes that don't hold all whole numbers JavaScript has, by code. */
export const INTEGER_RANGE: readonly (readonly [low: number, high: number] | null)[] = [
  null,
  null,
  null,
  null,
  [-128, 127],
  [0, 255],
  [-32768, 32767],
  [-(2 ** 31), 2 ** 31 - 1],
  null,
  null,
];

/** @internal The kernels compute in float32, float64, int32 or int64; this is the one for a dtype, by code. */
export const COMPUTE: readonly number[] = [0, 1, 0, 0, 7, 7, 7, 7, 8, 7];

/** The typed array that holds a dtype's elements on the JavaScript side, by code; half types travel as float32. */
export type TensorTypedArray =
  Float32Array | Float64Array | Int8Array | Uint8Array | Int16Array | Int32Array | BigInt64Array;

/** The kinds of promotion: a higher one wins whatever the widths. */
enum Category {
  bool,
  integer,
  floating,
}

function category(code: number): Category {
  return code <= 3 ? Category.floating : code === 9 ? Category.bool : Category.integer;
}

const INTEGER_WIDTH: readonly number[] = [0, 0, 0, 0, 1, 1, 2, 3, 4];

/** @internal The dtype (by code) that holds both, for operands of the same standing: PyTorch's promote_types. */
export function promoteCodes(a: number, b: number): number {
  if (a === b) return a;
  const ca = category(a);
  const cb = category(b);
  if (ca !== cb) return ca > cb ? a : b;
  if (ca === Category.integer) {
    if (INTEGER_WIDTH[a] !== INTEGER_WIDTH[b]) return INTEGER_WIDTH[a]! > INTEGER_WIDTH[b]! ? a : b;
    return 6; // int8 and uint8: int16 holds both
  }
  if (a === 1 || b === 1) return 1;
  return 0; // any two different ones of float32, float16, bfloat16
}

/** @internal How an operand takes part in promotion: dimensioned tensors rule over 0-d ones, those over numbers. */
export enum Standing {
  number,
  scalarTensor,
  dimensioned,
}

/**
 * @internal PyTorch's result_type of two operands: the one of lower standing counts only when its category is higher.
 * A number's code is that of int64, the default dtype or bool.
 */
export function resultCode(a: number, standingA: Standing, b: number, standingB: Standing): number {
  if (a === b) return a;
  if (standingA === standingB) return promoteCodes(a, b);
  const [high, low] = standingA > standingB ? [a, b] : [b, a];
  return category(low) > category(high) ? low : high;
}

let defaultCode = 0;

/** @internal */
export function defaultDtypeCode(): number {
  return defaultCode;
}

/** The dtype of numbers in `tensor`, `zeros`, `randn`…: `'float32'` unless set otherwise. */
export function getDefaultDtype(): DType {
  return DTYPES[defaultCode]!;
}

/** @internal */
export function setDefaultDtypeCode(code: number): void {
  defaultCode = code;
}

/** The dtype that both can be converted to without a change of kind (https://pytorch.org/docs/stable/generated/torch.promote_types.html). */
export function promoteTypes(a: DType, b: DType): DType {
  return DTYPES[promoteCodes(dtypeCode('promoteTypes', a), dtypeCode('promoteTypes', b))]!;
}

/** Whether numbers of one dtype may become those of the other without a change of kind (https://pytorch.org/docs/stable/generated/torch.can_cast.html). */
export function canCast(from: DType, to: DType): boolean {
  return category(dtypeCode('canCast', from)) <= category(dtypeCode('canCast', to));
}

const CODES = new Map<unknown, number>(DTYPES.map((name, code) => [name, code]));

/** @internal The code of a dtype's name; throws a DTypeError that names `op`. */
export function dtypeCode(op: string, dtype: unknown): number {
  const code = CODES.get(dtype);
  if (code === undefined)
    throw new DTypeError(`${op}: expected a dtype (${DTYPES.join(', ')}), got ${describe(dtype)}`);
  return code;
}
