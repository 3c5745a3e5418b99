#!/usr/bin/env node
/** The command `tenon`. */
import { spawnSync } from 'child_process';
import * as path from 'path';
import { ROOT } from '../backend/addon-file';
import { examine, format } from './doctor';

const USAGE = `usage: tenon doctor [--json]   says what was loaded and what it found, or why it can't be loaded
       tenon build [...]       builds the native binary from the sources in the package`;

function main([command, ...rest]: string[]): number {
  if (command === 'doctor' && rest.every((option) => option === '--json')) {
    const report = examine();
    console.log(rest.length > 0 ? JSON.stringify(report, null, 2) : format(report));
    return report.ok ? 0 : 1;
  }
  if (command === 'build') {
    const script = path.join(ROOT, 'scripts', 'build.js');
    return spawnSync(process.execPath, [script, ...rest], { stdio: 'inherit' }).status ?? 1;
  }
  const asked = command === '--help' || command === '-h';
  (asked ? console.log : console.error)(USAGE);
  return asked ? 0 : 2;
}

process.exitCode = main(process.argv.slice(2));
