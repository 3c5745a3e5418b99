/** Tensors that go through files in several pieces, from and into their own memory. */
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import { FileError, arange, collect, io, load, memoryStats, save, zeros, type Tensor } from 'tenon';
import { binding } from '../../lib/backend/load';

const folder = mkdtempSync(join(tmpdir(), 'tenon-large-'));
afterAll(() => rmSync(folder, { recursive: true }));

const long = (): Tensor => arange(700_001, { dtype: 'float32' });
const tensors = {
  long,
  transposed: (): Tensor => arange(600_000, { dtype: 'float32' }).view(600, 1000).t(),
  view: (): Tensor => long().narrow(0, 3, 650_000),
  bools: (): Tensor => long().remainder(3).eq(0),
  halves: (): Tensor => long().remainder(97).to('bfloat16'),
  empty: (): Tensor => long().narrow(0, 0, 0),
};

describe.each(['from and into tensors themselves', 'by way of a buffer'])('%s', (way) => {
  beforeEach(() => {
    if (way === 'by way of a buffer') jest.spyOn(binding, 'lend').mockReturnValue(false);
  });
  afterEach(() => jest.restoreAllMocks());

  test.each(Object.entries(tensors))('%s', (name, make) => {
    const t = make();
    for (const file of ['weights.safetensors', 'weights.pt']) {
      save({ t }, join(folder, file));
      const back = load<{ t: Tensor }>(join(folder, file)).t;
      expect(back.dtype).toBe(t.dtype);
      expect(back.equal(t)).toBe(true);
    }
    if (name === 'halves') return; // NumPy has no such dtype
    io.saveNpy(t, join(folder, 'weights.npy'));
    expect(io.loadNpy(join(folder, 'weights.npy')).equal(t)).toBe(true);
  });
});

test('what is still being computed is waited for', () => {
  const t = long();
  for (let i = 0; i < 20; i++) t.add_(1);
  save({ t }, join(folder, 'busy.safetensors'));
  t.zero_();
  expect(load<{ t: Tensor }>(join(folder, 'busy.safetensors')).t.equal(long().add(20))).toBe(true);
});

test('a file that says it is huge leaves no room behind it', () => {
  const path = join(folder, 'huge.safetensors');
  writeFileSync(path, Buffer.alloc(8, 255));
  truncateSync(path, 2 ** 40);
  const before = memoryStats().collectAboveBytes;
  expect(() => load(path)).toThrow(FileError);
  expect(memoryStats().collectAboveBytes).toBeLessThan(before + 2 ** 30);
});

test('memory that was lent to a read that failed is free again', () => {
  const path = join(folder, 'flags.safetensors');
  save({ t: zeros(1 << 20, { dtype: 'bool' }) }, path);
  const bytes = readFileSync(path);
  bytes[bytes.length - 1] = 7;
  writeFileSync(path, bytes);
  collect();
  const before = memoryStats().liveBytes;
  for (let i = 0; i < 20; i++) expect(() => load(path)).toThrow(/a byte of bool is neither 0 nor 1/);
  collect();
  expect(memoryStats().liveBytes - before).toBeLessThan(4 << 20);
});
