/** Memory stays flat in ordinary loops (test/memory/loops.js), without the user's help. */
import { execFileSync } from 'child_process';
import { join } from 'path';

const LOOPS = join(__dirname, 'loops.js');

interface Resident {
  before: number;
  highest: number;
  after: number;
}

function runLoops(...args: string[]): unknown {
  return JSON.parse(execFileSync(process.execPath, [LOOPS, ...args], { encoding: 'utf8' }));
}

test.each(runLoops() as string[])('%s', (name) => {
  const { before, highest, after } = runLoops(name) as Resident;
  expect(highest - before).toBeLessThan(40);
  expect(after - before).toBeLessThan(40);
});
