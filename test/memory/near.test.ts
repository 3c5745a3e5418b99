/** When native memory is collected in loops over large results (test/memory/near.js): docs/memory.md. */
import { execFileSync } from 'child_process';
import { join } from 'path';

const MB = 1 << 20;

function run<T>(name: string): T {
  return JSON.parse(
    execFileSync(process.execPath, [join(__dirname, 'near.js'), name], { encoding: 'utf8' }),
  ) as T;
}

test('where all results are dropped, the next ones lie where they lay, whatever else is live', () => {
  const { limit, kept } = run<{ limit: number; kept: number }>('dropped');
  expect(limit).toBeLessThan(16 * MB);
  expect(kept).toBe(4096 * 4096);
});

test('a loop after another goes on in its memory, though the last results of both are in use for a while', () => {
  const { highest, ...counts } = run<{ highest: number; kept: number; last: number }>('inTurn');
  expect(highest).toBeLessThan(40 * MB); // five of those last results are old now, 20 MB
  expect(counts).toEqual({ kept: 4096 * 4096, last: 1024 * 1024 });
});

test('small results of long operations are collected by the work they took', () => {
  const { long, short } = run<{ long: number; short: number }>('small');
  expect(long).toBeLessThan(2 * MB); // some 300 times 4 KB
  expect(short).toBeGreaterThan(4 * MB);
});

test('a result has not seen the collection that made room for it', () => {
  const { kinds, count } = run<{ kinds: string[]; count: number }>('replaced');
  expect(count).toBe(2048 * 1024);
  // One for each: none lives through two, which would bring them further apart.
  expect(kinds.filter((kind) => kind === 'minor').length).toBeGreaterThan(330);
});

test('collections keep such a distance that what a loop holds until its next turn does not become old', () => {
  const { kinds, count } = run<{ kinds: string[]; count: number }>('chained');
  expect(count).toBe(1024 * 1024);
  const majors = kinds.filter((kind) => kind === 'major').length;
  expect(kinds.length - majors).toBeGreaterThan(100);
  expect(majors).toBeLessThan(20);
});

test('results that stay for a while are left alone: those that live through two collections are old', () => {
  expect(run<{ limit: number }>('held').limit).toBeGreaterThan(128 * MB);
});

test('weights that are loaded again and again take the place of those dropped before, without major collections', () => {
  const { kinds, live, last } = run<{ kinds: string[]; live: number; last: number }>('loaded');
  expect(last).toBe(24);
  const count = (kind: string) => kinds.filter((k) => k === kind).length;
  expect(count('minor')).toBe(12);
  // V8's own collections may make one load old (seen on Node 24).
  expect(count('major')).toBeLessThanOrEqual(1);
  expect(live).toBeLessThan(300 * MB);
});
