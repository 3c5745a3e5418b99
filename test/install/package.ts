/** A copy of the package as it lies in a user's node_modules, to break. */
import { spawnSync } from 'child_process';
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from 'fs';
import { tmpdir } from 'os';
import { dirname, join } from 'path';
import { addonPath } from '../../lib/backend/load';

const ROOT = join(__dirname, '../..');

export interface Outcome {
  status: number | null;
  stdout: string;
  stderr: string;
}

export class PackageCopy {
  /** The user's folder, the package in it, and the native binary in that. */
  readonly app = realpathSync(mkdtempSync(join(tmpdir(), 'tenon-')));
  readonly folder = join(this.app, 'node_modules/tenon');
  readonly binary: string;

  /** `prebuilt`: the binary lies where those of the published package do, for `libc`; otherwise as one built here. */
  constructor(prebuilt: boolean, libc = 'glibc') {
    const runs = (file: string): boolean => !/\.(map|ts)$/.test(file);
    for (const part of ['dist', 'package.json', 'node_modules/node-gyp-build'])
      cpSync(join(ROOT, part), join(this.folder, part), { recursive: true, filter: runs });
    this.binary = prebuilt
      ? join(this.folder, 'prebuilds', `${process.platform}-${process.arch}`, `tenon.${libc}.node`)
      : join(this.folder, 'build/Release/tenon.node');
    mkdirSync(dirname(this.binary), { recursive: true });
    cpSync(addonPath, this.binary);
  }

  run(args: string[], env: Record<string, string> = {}): Outcome {
    return spawnSync(process.execPath, args, {
      cwd: this.app,
      env: { ...process.env, TENON_CPU_ISA: '', ...env },
      encoding: 'utf8',
    });
  }

  /** The NativeError that a program gets that requires the package; null if it loads. */
  loadError(env: Record<string, string> = {}): { name: string; code: string; message: string } | null {
    const code = `try { require('tenon'); console.log('null') } catch ({ name, code, message }) {
      console.log(JSON.stringify({ name, code, message })) }`;
    const { status, stdout, stderr } = this.run(['-e', code], env);
    if (status !== 0) throw new Error(`loading ended the process: ${stderr}`);
    return JSON.parse(stdout) as { name: string; code: string; message: string } | null;
  }

  doctor(...options: string[]): Outcome {
    return this.run([join(this.folder, 'dist/cli/tenon.js'), 'doctor', ...options]);
  }

  remove(): void {
    rmSync(this.app, { recursive: true });
  }
}
