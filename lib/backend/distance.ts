/**
 * How many bytes are to come between two collections outside of steps. The fewer, the sooner memory is used again that the
 * processor still has cached. But who lives through two of them is old, and only a major one frees it: where what is live
 * grows from collection to collection, they are too near.
 */

/**
 * The least, as in a loop over `a.add(b)`: a collection (some 50 µs) for so many bytes costs less than results in memory that
 * is no longer cached (some 20 µs for a MB).
 */
const NEAR = 6 << 20;

/** NEAR, doubled so often. */
let doublings = 2;
/** After so many collections that were far enough apart they come nearer; each time that was a mistake, it takes twice as many. */
let patience = 1;
const MOST_PATIENCE = 1024;
let calm = 0;
/** The least that was live, and what has come since then. */
let lowest = Infinity;
let since = 0;

/** Bytes until the next collection, where single results have up to `largest` bytes. */
export function distance(largest: number): number {
  return Math.max(NEAR, 0.5 * largest) * 2 ** doublings;
}

/** To be called after each collection: `came`: bytes since the last one, freed or not; `room`: the greatest distance. */
export function keepDistance(live: number, came: number, largest: number, room: number): void {
  const reach = distance(largest);
  since += came;
  if (live < lowest || since > 64 * reach) {
    lowest = live;
    since = 0;
  }
  calm++;
  // V8 collects now and then by itself: what that made old is little.
  if (live - lowest > Math.max(reach, 2.5 * largest, since / 8)) {
    if (reach < room) doublings++;
    patience = Math.min(Math.max(2 * patience, 8), MOST_PATIENCE);
    lowest = live;
    since = 0;
  } else if (calm < patience) return;
  else if (doublings > 0) doublings--;
  else patience = Math.max(patience >> 1, 1);
  calm = 0;
}
