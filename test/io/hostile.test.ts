/** Files that are damaged, or made to do harm: typed errors, and no more memory than the file is large. */
import { readFileSync } from 'fs';
import { join } from 'path';
import { deflateRawSync } from 'zlib';
import { FileError, TenonError, arange, io, load, ones, rand, save, tensor } from 'tenon';
import { expectError } from '../errors/table';
import { file, path, safetensors } from './files';

describe('safetensors headers', () => {
  const entry = (changes: object): Buffer =>
    safetensors({ a: { dtype: 'F32', shape: [2], data_offsets: [0, 8], ...changes } }, Buffer.alloc(8));
  const two = (a: number[], b: number[], size = 8): Buffer =>
    safetensors(
      {
        a: { dtype: 'U8', shape: [a[1]! - a[0]!], data_offsets: a },
        b: { dtype: 'U8', shape: [b[1]! - b[0]!], data_offsets: b },
      },
      Buffer.alloc(size),
    );
  test.each<[string, Buffer, RegExp]>([
    ['nothing', Buffer.alloc(0), /expected a safetensors file, got one of 0 bytes/],
    ['half a length', Buffer.alloc(5), /got one of 5 bytes/],
    [
      'a header that is longer than the file',
      safetensors('{}', undefined, 3n),
      /a header of 3 bytes is not possible/,
    ],
    ['a huge header', safetensors('{}', undefined, 2n ** 63n), /a header of 9223372036854776000 bytes/],
    ['an empty header', safetensors(''), /its header is no JSON object/],
    ['a list', safetensors([1]), /its header is no JSON object/],
    ['no JSON', safetensors('{"a":'), /the header: Unexpected end/],
    ['no UTF-8', safetensors('').fill(0xff, 8), /header/],
    ['text without an end', safetensors('{"a'), /the header: a string has no end/],
    ['a name twice', safetensors('{"a":{},"\\u0061":{}}'), /the name "a" is there twice/],
    ['a field twice', safetensors('{"a":{"dtype":"F32","dtype":"F64"}}'), /the name "dtype" is there twice/],
    ['deep nesting', safetensors(`{"a":${'['.repeat(100_000)}`), /nested more than 3 levels/],
    ['an entry that is no object', safetensors({ a: 3 }), /tensor "a": its entry is no object/],
    ['an unknown dtype', entry({ dtype: 'F8_E4M3' }), /the dtype "F8_E4M3" is unknown/],
    ['no dtype', entry({ dtype: undefined }), /the dtype undefined is unknown/],
    ['NaN in the shape', entry({ shape: [NaN] }), /its shape is not a list/],
    ['a negative size', entry({ shape: [-2] }), /its shape is not a list/],
    ['a fraction', entry({ shape: [0.5] }), /its shape is not a list/],
    ['text for a size', entry({ shape: ['2'] }), /its shape is not a list/],
    ['65 dimensions', entry({ shape: new Array(65).fill(1) }), /its shape is not a list of up to 64/],
    ['a huge shape', entry({ shape: [2 ** 40, 2 ** 40] }), /more than 2\^53 elements/],
    ['a huge empty shape', entry({ shape: [0, 2 ** 50, 2 ** 50], data_offsets: [0, 0] }), /more than 2\^53/],
    ['another size', entry({ shape: [3] }), /8 bytes are not 3 elements of float32/],
    ['offsets backwards', entry({ data_offsets: [8, 0] }), /-8 bytes are not 2 elements/],
    ['negative offsets', entry({ data_offsets: [-8, 0] }), /its offsets are not two positions/],
    ['three offsets', entry({ data_offsets: [0, 8, 8] }), /its offsets are not two/],
    [
      'offsets beyond the end',
      entry({ shape: [3], data_offsets: [0, 12] }),
      /it has 8 bytes of data, its header says 12/,
    ],
    [
      'data that nobody claims',
      entry({ shape: [1], data_offsets: [0, 4] }),
      /it has 8 bytes of data, its header says 4/,
    ],
    [
      'overlapping data',
      two([0, 5], [4, 8]),
      /its data begins at 4, expected 5: data must neither overlap nor leave gaps/,
    ],
    ['the same data twice', two([0, 8], [0, 8]), /its data begins at 0, expected 8/],
    ['a gap', two([0, 3], [4, 8]), /its data begins at 4, expected 3/],
    ['metadata that is no text', safetensors({ __metadata__: { a: 1 } }), /its metadata is not text by name/],
    ['metadata that is a list', safetensors({ __metadata__: [] }), /its metadata is not text/],
    [
      'bool that is neither',
      safetensors({ a: { dtype: 'BOOL', shape: [2], data_offsets: [0, 2] } }, Buffer.from([1, 2])),
      /a byte of bool is neither 0 nor 1/,
    ],
  ])('%s', (_, bytes, message) => expectError(() => io.loadFile(file(bytes)), FileError, message));
});

test.each<[unknown, RegExp]>([
  ['[', /the structure: /],
  ['["tensor","a",false]', /there is no tensor "a"/],
  ['["tensor",1,false]', /a value of the kind "tensor" makes no sense/],
  ['["evil"]', /a value of the kind "evil"/],
  ['{}', /an object makes no sense/],
  ['["object",["a"]]', /an entry is not a key and a value/],
  ['["bigint","1e9"]', /a value of the kind "bigint"/],
  [`["bigint","${'9'.repeat(2000)}"]`, /a value of the kind "bigint"/],
  [`${'["list",'.repeat(5000)}1${']'.repeat(5000)}`, /nested more than 260 levels/],
])('structure %#', (json, message) => {
  const bytes = safetensors({ __metadata__: { 'tenon.structure': json } });
  expectError(() => load(file(bytes)), FileError, message);
});

describe('.npy headers', () => {
  const npy = (text: string, data = 0, version = 1): Buffer => {
    const start = Buffer.from('\x93NUMPY\x00\x00\x00\x00', 'latin1');
    start[6] = version;
    start.writeUInt16LE(text.length, 8);
    return Buffer.concat([start, Buffer.from(text), Buffer.alloc(data)]);
  };
  const header = (descr: string, order: string, shape: string): string =>
    `{'descr': ${descr}, 'fortran_order': ${order}, 'shape': ${shape}, }`;
  test.each<[string, Buffer, RegExp]>([
    ['nothing', Buffer.alloc(3), /expected a \.npy file/],
    ['another version', npy('{}', 0, 9), /version 9 of the/],
    ['no dict', npy('[]'), /its header is no dict/],
    ['an empty dict', npy('{}'), /lacks one of descr/],
    ['a field twice', npy("{'descr': '<f4', 'descr': '<f4'}"), /has descr twice/],
    ['a negative size', npy(header("'<f4'", 'False', '(-1,)')), /not understood/],
    ['a huge shape', npy(header("'<f4'", 'False', '(99999999999, 99999999999)')), /is not possible/],
    ['too many sizes', npy(header("'<f4'", 'False', `(${'1,'.repeat(70)})`)), /is not possible/],
    ['a gap in the shape', npy(header("'<f4'", 'False', '(1,,2)')), /is not possible/],
    ['data cut off', npy(header("'<f4'", 'False', '(3,)'), 11), /it has 11 bytes of data, expected 12/],
    [
      'much data promised',
      npy(header("'<f8'", 'False', '(1000000000,)'), 8),
      /it has 8 bytes of data, expected 8000000000/,
    ],
    ['an unknown dtype', npy(header("'<c8'", 'False', '(1,)'), 8), /there is no dtype for "<c8"/],
    ['an expression', npy(header("'<f4'", 'False or exit()', '(1,)'), 8), /not understood/],
  ])('%s', (_, bytes, message) => expectError(() => io.loadNpy(file(bytes)), FileError, message));

  test('archives that unpack to more than they can hold', () => {
    const name = path();
    io.saveNpz({ a: ones(100) }, name);
    const bytes = readFileSync(name);
    const zeros = deflateRawSync(Buffer.alloc(2 ** 24));
    expect(zeros.length).toBeLessThan(20_000);
    // The sizes in the directory's extra field.
    const at = bytes.lastIndexOf(Buffer.from('PK\x01\x02', 'latin1')) + 46 + 'a.npy'.length + 4;
    bytes.writeBigUInt64LE(2n ** 40n, at);
    expectError(() => io.loadNpz(file(bytes)), FileError, /the sizes of "a\.npy" are not possible/);
  });
});

/** A small generator of its own (mulberry32), so that the files are the same in every run. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

/** Bytes changed, cut, doubled, or with numbers in them changed. */
function mutated(original: Buffer, pick: (below: number) => number): Buffer {
  let bytes = Buffer.from(original);
  const times = 1 + pick(4);
  for (let k = 0; k < times; k++) {
    const at = pick(Math.min(bytes.length, pick(3) === 0 ? bytes.length : 400));
    switch (pick(7)) {
      case 0:
        bytes[at] = pick(256);
        break;
      case 1:
        bytes[at]! ^= 1 << pick(8);
        break;
      case 2:
        bytes = bytes.subarray(0, at + 1);
        break;
      case 3:
        bytes = Buffer.concat([
          bytes.subarray(0, at),
          Buffer.from(['0', '9', '"', '[', '}', '-', ',', 'e'][pick(8)]!),
          bytes.subarray(at),
        ]);
        break;
      case 4:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + pick(8))]);
        break;
      case 5:
        bytes = Buffer.concat([bytes, bytes.subarray(at)]);
        break;
      default: {
        // A digit.
        const digits = [...bytes.subarray(0, 400).keys()].filter(
          (i) => bytes[i]! >= 0x30 && bytes[i]! <= 0x39,
        );
        if (digits.length > 0) bytes[digits[pick(digits.length)]!] = 0x30 + pick(10);
      }
    }
    if (bytes.length === 0) return bytes;
  }
  return bytes;
}

describe('mutated files', () => {
  const state = {
    net: { weight: rand(20, 30), bias: ones(20, { dtype: 'float16' }), mask: tensor([true, false]) },
    steps: [1, 2, { lr: 0.1, big: 5n }],
    ids: arange(50),
  };
  const make: Record<string, [write: (name: string) => void, read: (name: string) => unknown]> = {
    safetensors: [(name) => save(state, name), (name) => load(name)],
    npy: [(name) => io.saveNpy(rand(20, 30).t(), name), (name) => io.loadNpy(name)],
    npz: [(name) => io.saveNpz(state.net, name), (name) => io.loadNpz(name)],
    'npz compressed': [
      (name) => io.saveNpz(state.net, name, { compressed: true }),
      (name) => io.loadNpz(name),
    ],
  };

  test.each(Object.entries(make))('300 of %s: read, or refused by a typed error', (kind, [write, read]) => {
    const name = path();
    write(name);
    const original = readFileSync(name);
    const pick = random(kind.length);
    let refused = 0;
    const before = process.memoryUsage().rss;
    for (let i = 0; i < 300; i++) {
      const bytes = mutated(original, pick);
      try {
        read(file(bytes));
      } catch (error) {
        if (!(error instanceof TenonError)) throw new Error(`file ${i}`, { cause: error });
        expect([error.name, error.code]).toEqual(['FileError', 'ERR_TENON_FILE']);
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(100);
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * 2 ** 20);
  });
});

test('NumPy’s own files, cut off anywhere', () => {
  const { archives } = JSON.parse(readFileSync(join(__dirname, '../fixtures/io.json'), 'utf8')) as {
    archives: Record<string, string>;
  };
  for (const base64 of Object.values(archives)) {
    const whole = Buffer.from(base64, 'base64');
    for (let n = 0; n < whole.length; n += 7)
      expectError(() => io.loadNpz(file(whole.subarray(0, n))), FileError, /^loadNpz: /);
  }
});
