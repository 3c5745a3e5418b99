/** Compiles Tenon's programs, so that they start as users' programs do: plain JavaScript on the built package. */
import { transformFileSync } from '@swc/core';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'fs';
import * as path from 'path';
import { BenchmarkError, COMPILED, ROOT } from './process';

export function compilePrograms(): void {
  if (!existsSync(path.join(ROOT, 'dist', 'index.js')))
    throw new BenchmarkError('the benchmarks use the built package: npm run build');
  const sources = path.join(ROOT, 'benchmarks', 'tenon');
  mkdirSync(COMPILED, { recursive: true });
  for (const file of readdirSync(sources).filter((name) => name.endsWith('.ts'))) {
    const { code } = transformFileSync(path.join(sources, file), {
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
