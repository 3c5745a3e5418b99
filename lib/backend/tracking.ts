/**
 * Where tensors were made: the line of the user's code, for each live one. Off unless asked for, as a stack costs more
 * than a small operation.
 */
import { ArgumentError, describe } from '../errors';
import { captureStack, userFrames } from './user-frames';

const SLOT_MASK = (1 << 22) - 1;

/** Whether births are noted: read at every one of them. */
export let tracking = false;

/** By slot index, so that it never outgrows the table of slots: an id, and where its tensor was made. */
let births: { id: number; site: string }[] = [];
/** One string a site, however many tensors it made. */
let sites = new Map<string, string>();

/** The innermost place in user code: `file:line`. */
function callSite(): string {
  for (const frame of userFrames(captureStack(callSite))) {
    const place = /^\s+at (?:.*\()?(?:file:\/\/)?(.+:\d+):\d+\)?$/.exec(frame)?.[1];
    if (place !== undefined) return place;
  }
  return 'unknown';
}

/** Notes where the tensor of a new id is being made. */
export function noteBirth(id: number): void {
  const found = callSite();
  let site = sites.get(found);
  if (site === undefined) sites.set(found, (site = found));
  births[id & SLOT_MASK] = { id, site };
}

/** Where the tensor of this id was made; undefined: before tracking began. */
export function birthplace(id: number): string | undefined {
  const birth = births[id & SLOT_MASK];
  return birth?.id === id ? birth.site : undefined;
}

/**
 * Notes from now on, for every new tensor, the line of your code that made it, for `memorySummary()` and
 * `liveTensorReport()`; `setTensorTracking(false)` stops that and forgets what was noted. The environment variable
 * TENON_TRACK_TENSORS=1 begins at the start. Each tensor costs some 10 microseconds more while it is on, else nothing.
 */
export function setTensorTracking(on: boolean): void {
  if (typeof on !== 'boolean')
    throw new ArgumentError(`setTensorTracking: expected a boolean, got ${describe(on)}`);
  tracking = on;
  if (on) return;
  births = [];
  sites = new Map();
}

/** Whether new tensors are noted. */
export function isTensorTracking(): boolean {
  return tracking;
}

const wanted = process.env.TENON_TRACK_TENSORS;
if (wanted !== undefined && !['', '0', '1'].includes(wanted))
  throw new ArgumentError(`tenon: expected TENON_TRACK_TENSORS to be 0 or 1, got ${describe(wanted)}`);
tracking = wanted === '1';
