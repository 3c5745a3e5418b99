/** TENON_TRACE=1 prints each launch to stderr, TENON_TRACE=path.json writes a Chrome trace when the process ends. */
import { isMainThread, threadId } from 'worker_threads';
import { ArgumentError, describe } from '../errors';
import { Profile } from './profile';
import { printLaunches } from './recording';

/** To be called once, when the library is loaded. */
export function traceAsTold(): void {
  const wanted = process.env.TENON_TRACE;
  if (wanted === undefined || wanted === '' || wanted === '0') return;
  if (wanted === '1') {
    printLaunches(true);
    return;
  }
  if (!wanted.endsWith('.json'))
    throw new ArgumentError(
      `tenon: expected TENON_TRACE to be 1 or the path of a .json file, got ${describe(wanted)}`,
    );
  const path = isMainThread ? wanted : wanted.replace(/\.json$/, `.worker-${threadId}.json`);
  const profile = new Profile().start();
  process.on('exit', () => {
    try {
      profile.stop().exportChromeTrace(path);
    } catch (error) {
      process.stderr.write(`tenon: the trace could not be written: ${(error as Error).message}\n`);
    }
  });
}
