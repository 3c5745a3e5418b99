/** Appends a run to benchmarks/history/<suite>.jsonl, one line a run. */
import { execFileSync } from 'child_process';
import { appendFileSync, mkdirSync } from 'fs';
import * as os from 'os';
import * as path from 'path';
import { ROOT } from './process';
import type { Figures } from './statistics';
import type { Result, Row, Suite } from './suite';

/** The commit, with a + if sources differ from it; null outside a repository. */
function commit(): string | null {
  const git = (...args: string[]): string =>
    execFileSync('git', args, { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  try {
    const dirty = git('status', '--porcelain', '--', 'lib', 'native') !== '';
    return git('rev-parse', '--short', 'HEAD') + (dirty ? '+' : '');
  } catch {
    return null;
  }
}

function rounded(x: number): number {
  return Number(x.toPrecision(4));
}

/** Median, spread in percent, best. */
function compact(f: Figures): number[] {
  return [rounded(f.median), Math.round(100 * f.spread), rounded(f.best)];
}

function compactRow(row: Row): object {
  const rivals = Object.entries(row.rivals);
  return {
    name: row.name,
    unit: row.unit,
    tenon: compact(row.tenon),
    ...Object.fromEntries(rivals.map(([name, f]) => [name, compact(f)])),
    ...(rivals.length > 0 && {
      ratio: Object.fromEntries(rivals.map(([name, f]) => [name, rounded(f.ratio)])),
    }),
  };
}

/** `load`: the load average before the run; what others had the machine do. */
export function record(suite: Suite, result: Result, load: number): void {
  const cpus = os.cpus();
  const line = {
    date: new Date().toISOString().slice(0, 16) + 'Z',
    commit: commit(),
    cpu: cpus[0]?.model.trim() ?? process.arch,
    cores: cpus.length,
    load: rounded(load),
    node: process.version,
    isa: result.tenon.isa,
    threads: result.tenon.threads,
    ...(result.tenon.device !== undefined && { gpu: result.tenon.device }),
    suite: suite.name,
    passes: result.passes,
    rivals: result.rivals,
    rows: result.rows.map(compactRow),
  };
  const folder = path.join(ROOT, 'benchmarks', 'history');
  mkdirSync(folder, { recursive: true });
  appendFileSync(path.join(folder, `${suite.name}.jsonl`), JSON.stringify(line) + '\n');
}
