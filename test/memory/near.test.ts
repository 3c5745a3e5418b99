/** When native memory is collected in loops over large results: docs/memory.md. */
import { collect, memoryStats, zeros, type Tensor } from 'tenon';

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
