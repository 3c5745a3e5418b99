'use strict';
// How the package tests count and print. A check that can't be made here is skipped, with the reason.
const counts = { passed: 0, failed: 0, skipped: 0 };

async function check(name, action) {
  try {
    const figures = await action();
    counts.passed++;
    console.log(`PASS ${name}${figures ? `: ${figures}` : ''}`);
  } catch (error) {
    counts.failed++;
    console.log(`FAIL ${name}: ${error.message}\n${error.stdout ?? ''}${error.stderr ?? ''}`);
  }
}

function skip(name, reason) {
  counts.skipped++;
  console.log(`SKIP ${name}: ${reason}`);
}

function expectEqual(got, expected) {
  if (got !== expected) throw new Error(`expected ${expected}, got ${got}`);
}

/** At most: figures that users were promised. */
function expectAtMost(what, got, limit, unit) {
  if (got > limit) throw new Error(`${what}: expected at most ${limit} ${unit}, got ${got.toFixed(2)}`);
  return `${Number(got.toFixed(2))} ${unit} (at most ${limit})`;
}

module.exports = { check, skip, expectEqual, expectAtMost, counts };
