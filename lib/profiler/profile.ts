import { inSpan } from '../backend/spans';
import { ArgumentError, describe } from '../errors';
import { averagesOf, type KeyAverages, type KeyAveragesOptions } from './averages';
import { writeChromeTrace } from './chrome-trace';
import { eventsOf, type ProfilerEvent } from './events';
import { record, type Recorded } from './recording';

/**
 * What ran in this thread between `start` and `stop`: every kernel with its time, operands and bytes
 * (https://pytorch.org/docs/stable/profiler.html).
 */
export class Profile {
  private stopRecording: (() => Recorded) | null = null;
  private recorded: Recorded | null = null;
  private list: readonly ProfilerEvent[] | null = null;

  /** Starts anew; what was recorded before is dropped. */
  start(): this {
    if (this.stopRecording !== null) throw new ArgumentError('Profile.start: it has been started');
    this.recorded = this.list = null;
    this.stopRecording = record();
    return this;
  }

  /** Waits for what was launched, and ends the recording. */
  stop(): this {
    if (this.stopRecording === null) throw new ArgumentError('Profile.stop: it has not been started');
    this.recorded = this.stopRecording();
    this.stopRecording = null;
    return this;
  }

  /** Whether it has been started and not stopped. */
  get isRunning(): boolean {
    return this.stopRecording !== null;
  }

  private finished(op: string): Recorded {
    if (this.recorded === null)
      throw new ArgumentError(`${op}: the profile has to be started and stopped first`);
    return this.recorded;
  }

  /** Everything, in the order of its beginning. */
  events(): readonly ProfilerEvent[] {
    return (this.list ??= eventsOf(this.finished('events')));
  }

  /** Launches without an event: there were too many. */
  get lostEvents(): number {
    return this.finished('lostEvents').lost;
  }

  /** The events by name and phase: `profile.keyAverages().table()` is the usual thing to look at. */
  keyAverages(options: KeyAveragesOptions = {}): KeyAverages {
    this.finished('keyAverages');
    return averagesOf(this.events(), options);
  }

  /** Writes a file for chrome://tracing or https://ui.perfetto.dev. */
  exportChromeTrace(path: string): void {
    if (typeof path !== 'string' || path === '')
      throw new ArgumentError(`exportChromeTrace: expected a path, got ${describe(path)}`);
    this.finished('exportChromeTrace');
    writeChromeTrace(path, this.events());
  }
}

/**
 * Profiles `f`; if that returns a promise, until it is settled. All that runs in this thread meanwhile is recorded, also
 * what others do while `f` awaits.
 */
export function profile(f: (profile: Profile) => PromiseLike<unknown>): Promise<Profile>;
export function profile(f: (profile: Profile) => unknown): Profile;
export function profile(f: (profile: Profile) => unknown): Profile | Promise<Profile> {
  if (typeof f !== 'function') throw new ArgumentError(`profile: expected a function, got ${describe(f)}`);
  const running = new Profile().start();
  // `f` may have stopped it.
  const finish = (): Profile => (running.isRunning ? running.stop() : running);
  let result: unknown;
  try {
    result = f(running);
  } catch (error) {
    finish();
    throw error;
  }
  if (typeof (result as { then?: unknown } | null | undefined)?.then !== 'function') return finish();
  return Promise.resolve(result).finally(finish).then(finish);
}

/**
 * Runs `f` and, while a profile is running, notes its time under a name; if it returns a promise, until that is settled
 * (https://pytorch.org/docs/stable/generated/torch.autograd.profiler.record_function.html).
 */
export function recordFunction<T>(name: string, f: () => T): T {
  if (typeof name !== 'string' || name === '')
    throw new ArgumentError(`recordFunction: expected a name, got ${describe(name)}`);
  if (typeof f !== 'function')
    throw new ArgumentError(`recordFunction: expected a function, got ${describe(f)}`);
  return inSpan('user', name, f);
}
