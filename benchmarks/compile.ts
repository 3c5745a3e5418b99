/** Compiles Tenon's programs, so that they start as users' programs do: plain JavaScript on the built package. */
import type * as Swc from '@swc/core';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'fs';
import * as path from 'path';
import { BenchmarkError, COMPILED, ROOT } from './process';

export function compilePrograms(): void {
  if (!existsSync(path.join(ROOT, 'dist', 'index.js')))
    throw new BenchmarkError('the benchmarks use the built package: npm run build');
  const folder = path.join(ROOT, 'benchmarks', 'tenon');
  const sources = readdirSync(folder).filter((name) => name.endsWith('.ts'));
  if (sources.length === 0) return; // they were compiled before they came here
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- is not where they come compiled
  const { transformFileSync } = require('@swc/core') as typeof Swc;
  mkdirSync(COMPILED, { recursive: true });
  for (const file of sources) {
    const { code } = transformFileSync(path.join(folder, file), {
      swcrc: false,
      jsc: {
        target: 'es2022',
        parser: { syntax: 'typescript' },
        transform: { useDefineForClassFields: false },
      },
      module: { type: 'commonjs' },
    });
    writeFileSync(path.join(COMPILED, file.replace(/\.ts$/, '.js')), code);
  }
}
