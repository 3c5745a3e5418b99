/** The rows of test/fixtures/ops (scripts/fixtures/ops.py): how to run them and what they must give. */
import { readFileSync, readdirSync } from 'fs';
import { join } from 'path';
import * as tenon from 'tenon';
import { Tensor, tensor, type DType } from 'tenon';

export interface EncodedTensor {
  shape: number[];
  dtype: DType;
  /** Little-endian elements in base64: half types as float32, bool as bytes. */
  data: string;
}

export interface Case {
  op: string;
  args: unknown[];
  options: Record<string, unknown>;
  inputs: EncodedTensor[];
  /** Inputs that keep their dtype. */
  fixed: number[];
  results: Partial<Record<DType, EncodedTensor[]>>;
  grads?: (EncodedTensor | null)[];
  second?: boolean;
  /** false: the gradients are not those that difference quotients tell. */
  numeric?: boolean;
}

const FOLDER = join(__dirname, '../fixtures/ops');

export const CASES = readdirSync(FOLDER).flatMap(
  (family) => JSON.parse(readFileSync(join(FOLDER, family), 'utf8')) as Case[],
);

export function title(c: Case, i: number): string {
  const shapes = c.inputs.map((t) => `[${t.shape.join(',')}]`).join(' ');
  return `${i} ${c.op} ${shapes} ${JSON.stringify(c.args)} ${JSON.stringify(c.options)}`;
}

const ARRAYS = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Float32Array,
  bfloat16: Float32Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  bool: Uint8Array,
} as const;

/** The elements as numbers (int64 values in the fixtures are small). */
export function decode(t: EncodedTensor): number[] {
  const bytes = Uint8Array.from(Buffer.from(t.data, 'base64'));
  return Array.from(new ARRAYS[t.dtype](bytes.buffer) as Float64Array, Number);
}

export function numbersOf(t: Tensor): number[] {
  return Array.from(t.toTypedArray() as Float64Array, Number);
}

export function makeTensor(t: EncodedTensor): Tensor {
  const bytes = Uint8Array.from(Buffer.from(t.data, 'base64'));
  return tensor(new ARRAYS[t.dtype](bytes.buffer)).to(t.dtype).reshape(t.shape);
}

/** How the elements of a tensor lie in memory. */
export type Layout = 'dense' | 'transposed' | 'strided';

/** The layouts that a case is run in: `view` promises nothing for transposed ones, `asStrided` looks past them. */
export function layoutsOf(c: Case): readonly Layout[] {
  if (c.op === 'asStrided') return ['dense'];
  return c.op === 'view' ? ['dense', 'strided'] : ['dense', 'transposed', 'strided'];
}

/** The same tensor on memory of another order, or with gaps. */
export function laidOut(t: Tensor, layout: Layout): Tensor {
  const rank = t.shape.length;
  if (layout === 'transposed' && rank > 1) return t.transpose(0, -1).contiguous().transpose(0, -1);
  if (layout === 'strided' && rank > 0) return tenon.stack([t, t], rank).select(rank, 1);
  return t;
}

type Callable = (...args: unknown[]) => unknown;

function lookUp(path: string): Callable | undefined {
  let value: unknown = tenon;
  for (const name of path.split('.')) value = (value as Record<string, unknown>)[name];
  return value as Callable | undefined;
}

/** Runs a case on given inputs: as a method where there is one, else as a function. */
export function run(c: Case, inputs: readonly Tensor[], as: 'method' | 'function' = 'method'): Tensor[] {
  const fill = (value: unknown): unknown =>
    typeof value === 'string' && value.startsWith('$')
      ? inputs[Number(value.slice(1))]
      : Array.isArray(value)
        ? value.map(fill)
        : value === 'Infinity' || value === '-Infinity'
          ? Number(value)
          : value;
  const args = c.args.map(fill);
  const options = Object.entries(c.options).map(([name, value]) => [name, fill(value)] as const);
  if (options.length > 0) args.push(Object.fromEntries(options));
  const [first] = args;
  const method = first instanceof Tensor ? (first as unknown as Record<string, Callable>)[c.op] : undefined;
  const useMethod =
    method !== undefined && c.op !== 'where' && (as === 'method' || lookUp(c.op) === undefined);
  const out = useMethod ? method.apply(first, args.slice(1)) : lookUp(c.op)!(...args);
  return out instanceof Tensor ? [out] : Array.from(out as readonly Tensor[]);
}

/** Relative and absolute tolerance of a dtype. */
export const TOLERANCE: Partial<Record<DType, [number, number]>> = {
  float32: [3e-6, 1e-6],
  float64: [1e-12, 1e-12],
  float16: [2e-3, 2e-3],
  bfloat16: [1.6e-2, 1.6e-2],
};

// Jest's `expect` takes longer than what is tested here, so these ask it only to say what is wrong.

export function expectClose(
  actual: readonly number[],
  expected: readonly number[],
  [rtol, atol]: readonly [number, number],
): void {
  if (actual.length !== expected.length) expect(actual).toEqual(expected);
  for (let i = 0; i < actual.length; i++) {
    const a = actual[i]!;
    const e = expected[i]!;
    if (Object.is(a, e) || a === e) continue;
    // What is relative to an infinity lets everything through.
    if (Number.isFinite(e) && Math.abs(a - e) <= atol + rtol * Math.abs(e)) continue;
    throw new Error(
      `element ${i}: expected ${e}, got ${a}\n got ${String(actual.slice(0, 20))}\nwant ${String(expected.slice(0, 20))}`,
    );
  }
}

/** A tensor of this shape and dtype, with these elements. */
export function expectTensor(
  actual: Tensor,
  want: EncodedTensor,
  tolerance: readonly [number, number],
  dtype = want.dtype,
): void {
  const { shape } = actual;
  const same = shape.length === want.shape.length && want.shape.every((size, i) => shape[i] === size);
  if (!same || actual.dtype !== dtype) expect([shape, actual.dtype]).toEqual([want.shape, dtype]);
  expectClose(numbersOf(actual), decode(want), tolerance);
}
