/** NumPy's files: what NumPy wrote, and what it is to read (which the bytes written by it show). */
import { readFileSync } from 'fs';
import { join } from 'path';
import { DTypeError, FileError, arange, io, ones, tensor, testing, zeros, type DType } from 'tenon';
import { expectError } from '../errors/table';
import { file, path } from './files';

(expect as unknown as { addEqualityTesters(testers: unknown[]): void }).addEqualityTesters([
  testing.tensorEquality,
]);

interface Fixture {
  arrays: { name: string; file: string; shape: number[]; values: number[] }[];
  archives: Record<string, string>;
  refused: Record<string, string>;
}
const fixture = JSON.parse(readFileSync(join(__dirname, '../fixtures/io.json'), 'utf8')) as Fixture;

const bytes = (base64: string): Buffer => Buffer.from(base64, 'base64');

const DTYPES: Record<string, DType> = {
  f4: 'float32',
  f8: 'float64',
  f2: 'float16',
  i1: 'int8',
  u1: 'uint8',
  i2: 'int16',
  i4: 'int32',
  i8: 'int64',
  b1: 'bool',
  u2: 'int32',
  u4: 'int64',
  u8: 'int64',
};

test.each(fixture.arrays.map((a) => [a.name, a] as const))('reads %s', (name, array) => {
  const t = io.loadNpy(file(bytes(array.file)));
  expect(t.shape).toEqual(array.shape);
  expect(Array.from(t.double().reshape(-1).toTypedArray() as Float64Array)).toEqual(array.values);
  expect(t.dtype).toBe(DTYPES[/[fiub]\d/.exec(name)?.[0] ?? 'f4']);
});

test.each(
  fixture.arrays
    .filter((a) => /^[<|].* (C|1-d|0-d|empty)$/.test(a.name) && !/u[248]/.test(a.name))
    .map((a) => [a.name, a] as const),
)('writes %s as NumPy does', (_, array) => {
  const original = bytes(array.file);
  const written = path();
  io.saveNpy(io.loadNpy(file(original)), written);
  // Headers differ in their padding, and in the order of entries between versions of NumPy.
  const dataOf = (b: Buffer): Buffer => b.subarray(10 + b.readUInt16LE(8));
  const headerOf = (b: Buffer): string[] =>
    b
      .toString('latin1', 10, 10 + b.readUInt16LE(8))
      .match(/'\w+': (\([^)]*\)|[^,]*)/g)!
      .sort();
  const got = readFileSync(written);
  expect([headerOf(got), dataOf(got)]).toEqual([headerOf(original), dataOf(original)]);
  expect((10 + got.readUInt16LE(8)) % 64).toBe(0);
});

test('strided tensors are written row major', () => {
  const name = path('.npy');
  const t = arange(12).view(3, 4).t().narrow(0, 1, 2);
  io.saveNpy(t, name);
  expect(io.loadNpy(name)).toEqual(t);
});

test('more than one piece', () => {
  const name = path();
  const t = arange(5_000_001);
  io.saveNpy(t, name);
  expect(io.loadNpy(name).equal(t)).toBe(true);
});

test.each(Object.entries(fixture.archives))('reads an archive, %s', (_, base64) => {
  const { weight, bias, größe, ...rest } = io.loadNpz(file(bytes(base64)));
  expect([weight!.shape, weight!.dtype, bias!.shape, bias!.dtype]).toEqual([
    [2, 3, 4],
    'float32',
    [3, 4],
    'float16',
  ]);
  expect(weight!.reshape(-1).tolist()).toEqual(Array.from({ length: 24 }, (_, i) => i % 7));
  expect(bias!.tolist<number[][]>()[1]).toEqual([4, 5, 6, 0]);
  expect([größe!.item(), rest]).toEqual([3, {}]);
});

test.each([false, true])('archives come back as they were, compressed: %s', (compressed) => {
  const name = path('.npz');
  const tensors = {
    a: arange(6).view(2, 3).t(),
    'b/c': ones(3, { dtype: 'float16' }),
    empty: zeros(0, 2),
    flag: tensor(true),
    ['__proto__']: tensor([1]),
  };
  io.saveNpz(tensors, name, { compressed });
  expect(io.loadNpz(name)).toEqual(tensors);
  io.saveNpz({}, name);
  expect(io.loadNpz(name)).toEqual({});
});

test.each(Object.entries(fixture.refused))('refuses %s', (_, base64) => {
  expectError(
    () => io.loadNpy(file(bytes(base64))),
    FileError,
    /^loadNpy: ".*: (there is no dtype for|its header is not understood)/,
  );
});

test('bfloat16 is not NumPy’s', () => {
  expectError(
    () => io.saveNpy(ones(1, { dtype: 'bfloat16' }), path()),
    DTypeError,
    /^saveNpy: NumPy has no bfloat16/,
  );
});
