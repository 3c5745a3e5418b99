/** When native memory is collected in loops over large results: docs/memory.md. */
import { subscribe, unsubscribe } from 'diagnostics_channel';
import { mkdtempSync, rmSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import { collect, load, memoryStats, save, zeros, type Tensor } from 'tenon';

const MB = 1 << 20;

beforeEach(() => void collect());

test('where all results are dropped, the next ones lie where they lay, whatever else is live', () => {
  const kept = zeros(4096, 4096);
  const x = zeros(1024, 1024);
  const live = memoryStats().liveBytes;
  for (let i = 0; i < 400; i++) x.add(1); // other tests in this process may have left much
  expect(memoryStats().collectAboveBytes - live).toBeLessThan(16 * MB);
  expect(kept.count).toBe(4096 * 4096);
});

test('a loop after another goes on in its memory, though the last results of both are in use for a while', () => {
  const kept = zeros(4096, 4096);
  const x = zeros(1024, 1024);
  let last: Tensor | undefined;
  let highest = 0;
  for (let i = 0; i < 400; i++) last = x.add(1);
  const live = memoryStats().liveBytes;
  for (const op of [() => x.mul(2), () => x.neg(), () => x.abs(), () => x.exp(), () => x.sub(1)]) {
    const before = last;
    for (let i = 0; i < 60; i++) {
      if (i < 12) expect(before!.count).toBe(x.count);
      last = op();
      highest = Math.max(highest, memoryStats().liveBytes - live);
    }
  }
  expect(highest).toBeLessThan(40 * MB); // five of those last results are old now, 20 MB
  expect([kept.count, last!.count]).toEqual([4096 * 4096, x.count]);
});

test('results that stay for a while are left alone: those that live through two collections are old', () => {
  const x = zeros(1024, 1024);
  const live = memoryStats().liveBytes;
  const ring: Tensor[] = [];
  for (let i = 0; i < 200; i++) {
    ring.push(x.add(1));
    if (ring.length > 24) ring.shift();
  }
  expect(memoryStats().collectAboveBytes - live).toBeGreaterThan(128 * MB);
});

test('weights that are loaded again and again take the place of those dropped before, without a major collection', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tenon-near-'));
  const path = join(folder, 'weights.pt');
  save(Object.fromEntries(Array.from({ length: 24 }, (_, i) => [`w${i}`, zeros(1024, 1024)])), path);
  collect();
  const live = memoryStats().liveBytes;
  const kinds: unknown[] = [];
  const tell = (message: unknown): void => void kinds.push((message as { kind: string }).kind);
  subscribe('tenon:collect', tell);
  let last: unknown;
  for (let i = 0; i < 12; i++) last = load(path); // while the one before is still held
  unsubscribe('tenon:collect', tell);
  rmSync(folder, { recursive: true });
  expect(last).toBeDefined();
  expect(kinds).toEqual(Array(12).fill('minor'));
  expect(memoryStats().liveBytes - live).toBeLessThan(300 * MB);
});
