'use strict';
// Loops over large results. Run by near.test.ts, each in a process of its own, where nothing else is made or collected:
//   node test/memory/near.js NAME
// Prints what the test of that name expects something of, in bytes beside what lives all the time.
const { subscribe } = require('diagnostics_channel');
const { mkdtempSync, rmSync } = require('fs');
const { tmpdir } = require('os');
const { join } = require('path');
const { collect, load, memoryStats, save, zeros } = require('../../dist');

const LOOPS = {
  /** The limit where all results are dropped. */
  dropped() {
    const kept = zeros(4096, 4096);
    const x = zeros(1024, 1024);
    const live = memoryStats().liveBytes;
    for (let i = 0; i < 400; i++) x.add(1);
    return { limit: memoryStats().collectAboveBytes - live, kept: kept.count };
  },

  /** The highest of loops that follow each other, the last results of both in use for a while. */
  inTurn() {
    const kept = zeros(4096, 4096);
    const x = zeros(1024, 1024);
    let last;
    let highest = 0;
    for (let i = 0; i < 400; i++) last = x.add(1);
    const live = memoryStats().liveBytes;
    for (const op of [() => x.mul(2), () => x.neg(), () => x.abs(), () => x.exp(), () => x.sub(1)]) {
      const before = last;
      for (let i = 0; i < 60; i++) {
        if (i < 12 && before.count !== x.count) throw new Error('the result was freed');
        last = op();
        highest = Math.max(highest, memoryStats().liveBytes - live);
      }
    }
    return { highest, kept: kept.count, last: last.count };
  },

  /** The most that small results occupy where each takes a while, and where each takes next to nothing. */
  small() {
    const x = zeros(1024, 1024);
    const y = zeros(1024);
    const highest = (op) => {
      collect();
      const live = memoryStats().liveBytes;
      let most = 0;
      for (let i = 0; i < 3000; i++) {
        op();
        most = Math.max(most, memoryStats().liveBytes - live);
      }
      return most;
    };
    for (let i = 0; i < 400; i++) x.add(1);
    return { long: highest(() => x.mv(y)), short: highest(() => y.add(1)) };
  },

  /** Collections in a loop that holds a large result until it has made the next one. */
  replaced() {
    const x = zeros(2048, 1024);
    const kinds = [];
    subscribe('tenon:collect', ({ kind }) => kinds.push(kind));
    let last;
    for (let i = 0; i < 400; i++) last = x.add(1);
    return { kinds, count: last.count };
  },

  /** Collections in a loop whose variables hold results until its next turn. */
  chained() {
    const x = zeros(1024, 1024);
    const kinds = [];
    subscribe('tenon:collect', ({ kind }) => kinds.push(kind));
    let a, b, c, d;
    for (let i = 0; i < 400; i++) {
      a = x.neg();
      b = a.abs();
      c = b.relu();
      d = a.add(c);
    }
    return { kinds, count: d.count };
  },

  /** The limit where results stay for a while. */
  held() {
    const x = zeros(1024, 1024);
    const live = memoryStats().liveBytes;
    const ring = [];
    for (let i = 0; i < 200; i++) {
      ring.push(x.add(1));
      if (ring.length > 24) ring.shift();
    }
    return { limit: memoryStats().collectAboveBytes - live };
  },

  /** The kinds of collections while weights are loaded again and again, the ones before still held; what lives then. */
  loaded() {
    const folder = mkdtempSync(join(tmpdir(), 'tenon-near-'));
    const path = join(folder, 'weights.pt');
    save(Object.fromEntries(Array.from({ length: 24 }, (_, i) => [`w${i}`, zeros(1024, 1024)])), path);
    collect();
    const live = memoryStats().liveBytes;
    const kinds = [];
    subscribe('tenon:collect', ({ kind }) => kinds.push(kind));
    let last;
    for (let i = 0; i < 12; i++) last = load(path);
    rmSync(folder, { recursive: true });
    return { kinds, live: memoryStats().liveBytes - live, last: Object.keys(last).length };
  },
};

console.log(JSON.stringify(LOOPS[process.argv[2]]()));
