/** The programs of test/fixtures/programs.json (scripts/fixtures/programs.py) give what PyTorch gives, or throw where it raises. */
import { readFileSync } from 'fs';
import { join } from 'path';
import { runInThisContext } from 'vm';
import * as tenon from 'tenon';
import { IndexError, Tensor, TenonError, cpu, cuda } from 'tenon';
import { TOLERANCE, decode, expectClose, numbersOf, type EncodedTensor } from './ops/table';

/** A tensor; `grad` is the name of its node, or 'leaf', where it requires a gradient. */
type Encoded = EncodedTensor & { grad?: string };
type Expected =
  | null
  | boolean
  | number
  | string
  | Expected[]
  | Encoded
  | { number: string }
  | { raises: 'Error' | 'IndexError' };

interface Group {
  start: string;
  rows: [program: string, expected: Expected][];
}

const GROUPS = JSON.parse(readFileSync(join(__dirname, 'fixtures/programs.json'), 'utf8')) as Group[];

function expectNumber(actual: unknown, expected: number): void {
  expect(typeof actual === 'bigint' ? 'number' : typeof actual).toBe('number');
  expectClose([Number(actual)], [expected], [3e-6, 1e-6]);
}

function expectTensor(actual: unknown, expected: Encoded): void {
  if (!(actual instanceof Tensor)) throw new Error(`expected a Tensor, got ${String(actual)}`);
  expect(actual.dtype).toBe(expected.dtype);
  expect(actual.shape).toEqual(expected.shape);
  expectClose(numbersOf(actual), decode(expected), TOLERANCE[expected.dtype] ?? [0, 0]);
  const grad = !actual.requiresGrad ? undefined : actual.gradFn === null ? 'leaf' : actual.gradFn.name;
  expect(grad).toBe(expected.grad);
}

function expectValue(actual: unknown, expected: Expected): void {
  if (Array.isArray(expected)) {
    const values = [...(actual as Iterable<unknown>)];
    expect(values.length).toBe(expected.length);
    values.forEach((value, i) => expectValue(value, expected[i]!));
  } else if (typeof expected === 'number') expectNumber(actual, expected);
  // A bool's item is 0 or 1.
  else if (typeof expected === 'boolean' && typeof actual === 'number') expect(actual).toBe(Number(expected));
  else if (typeof expected !== 'object' || expected === null) expect(actual ?? null).toBe(expected);
  else if ('number' in expected) expectNumber(actual, Number(expected.number));
  else if ('raises' in expected) throw new Error(`expected an error, got ${String(actual)}`);
  else expectTensor(actual, expected);
}

function run(start: string, program: string): unknown {
  const f = runInThisContext(`(function (tenon) { ${start} ${program} })`) as (library: object) => unknown;
  return f(tenon);
}

/** Whether tensors are made on a CUDA device (test/default-device.ts). */
const onCuda = tenon.getDefaultDevice() !== 'cpu';

function check(start: string, program: string, expected: Expected): void {
  if (onCuda && typeof expected === 'string' && /^(tensor|Parameter)/.test(expected)) return; // there with its device
  let value: unknown;
  try {
    value = run(start, program);
    cpu.synchronize();
    // What is wrong with data is found there, later.
    if (onCuda) cuda.synchronize();
  } catch (error) {
    if (typeof expected !== 'object' || expected === null || !('raises' in expected)) throw error;
    if (!(error instanceof TenonError)) throw error;
    if (expected.raises === 'IndexError') expect(error).toBeInstanceOf(IndexError);
    return;
  }
  expectValue(value, expected);
}

test.each(GROUPS.map((group, i) => [`${i} ${group.start}`, group] as const))('%s', (_, { start, rows }) => {
  const wrong: string[] = [];
  for (const [program, expected] of rows) {
    try {
      check(start, program, expected);
    } catch (error) {
      wrong.push(`${program}\n  ${(error as Error).message.replace(/\n/g, '\n  ')}`);
    }
  }
  if (wrong.length > 0) throw new Error(wrong.join('\n'));
});
