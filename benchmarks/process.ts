/** Runs the programs that are measured, each in a process of its own. */
import { spawn, type ChildProcessWithoutNullStreams } from 'child_process';
import { existsSync } from 'fs';
import * as path from 'path';
import { createInterface } from 'readline';
import type { Failure, Hello, Reply, Request } from './protocol';

export const ROOT = path.join(__dirname, '..');
/** Where compile.ts puts Tenon's programs. */
export const COMPILED = path.join(ROOT, 'build', 'benchmarks');

/** What went wrong is for the reader, without a stack. */
export class BenchmarkError extends Error {}

export interface Program {
  command: string;
  args: readonly string[];
}

/** A program of benchmarks/tenon, as JavaScript. */
export function tenonProgram(name: string): Program {
  const compiled = path.join(COMPILED, `${name}.js`);
  const plain = path.join(ROOT, 'benchmarks', 'tenon', `${name}.js`);
  return { command: process.execPath, args: [existsSync(plain) ? plain : compiled] };
}

/** A program of benchmarks/rivals; PYTHON names another interpreter than python3. */
export function rivalProgram(name: string): Program {
  return {
    command: process.env['PYTHON'] ?? 'python3',
    args: ['-B', path.join(ROOT, 'benchmarks', 'rivals', `${name}.py`)],
  };
}

/** A started process: its lines one after the other, and its end. */
class Running {
  private readonly child: ChildProcessWithoutNullStreams;
  private readonly lines: AsyncIterator<string>;
  private readonly ended: Promise<void>;
  private stderr = '';
  private failure = '';

  constructor(private readonly program: Program) {
    this.child = spawn(program.command, program.args, { cwd: ROOT });
    this.child.stderr.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    this.child.stdin.on('error', (error) => (this.failure ||= error.message));
    this.ended = new Promise((resolve) => {
      this.child.on('error', (error) => {
        this.failure = error.message;
        resolve();
      });
      this.child.on('close', () => resolve());
    });
    this.lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
  }

  send(message: object): void {
    this.child.stdin.write(JSON.stringify(message) + '\n');
  }

  /** The next line, which must be JSON and no failure. */
  async next<T>(): Promise<T> {
    const line = await this.lines.next();
    if (line.done) {
      await this.ended;
      throw new BenchmarkError(`${this.name()} ended early: ${this.failure || this.stderr.trim()}`);
    }
    const message = JSON.parse(line.value) as T | Failure;
    if (typeof message === 'object' && message !== null && 'error' in message) {
      await this.end();
      throw new BenchmarkError(`${this.name()}: ${message.error}`);
    }
    return message;
  }

  async end(): Promise<void> {
    this.child.stdin.end();
    await this.ended;
  }

  private name(): string {
    return path.basename(this.program.args.at(-1) ?? this.program.command);
  }
}

/** A program that answers requests until it is closed. */
export class Worker {
  private constructor(
    private readonly running: Running,
    readonly hello: Hello,
  ) {}

  static async start(program: Program): Promise<Worker> {
    const running = new Running(program);
    return new Worker(running, await running.next<Hello>());
  }

  ask(request: Request<unknown>): Promise<Reply> {
    this.running.send(request);
    return this.running.next<Reply>();
  }

  close(): Promise<void> {
    return this.running.end();
  }
}

/** Runs a program that prints one line and ends; `ms` is the whole process, from spawn to exit. */
export async function runOnce<T>(program: Program): Promise<{ message: T; ms: number }> {
  const start = performance.now();
  const running = new Running(program);
  const message = await running.next<T>();
  await running.end();
  return { message, ms: performance.now() - start };
}
