/** The rows of test/fixtures/modules (scripts/fixtures/modules.py): how to build and call a module, and what it must give. */
import { readFileSync, readdirSync } from 'fs';
import { join } from 'path';
import { Tensor, nn } from 'tenon';
import { makeTensor, type EncodedTensor } from '../ops/table';

/** A module's constructor and arguments; an argument may be a module. */
export interface Built {
  module: string;
  args: unknown[];
  options: Record<string, unknown>;
}

/** A tensor, several, or none. */
export type Encoded = EncodedTensor | null | Encoded[];

export interface ModuleCase extends Built {
  /** How PyTorch prints it. */
  text: string;
  state: [string, EncodedTensor][];
  inputs: EncodedTensor[];
  /** Inputs that need no gradient and keep their dtype. */
  fixed: number[];
  call: unknown[];
  callOptions: Record<string, unknown>;
  modes: ('train' | 'eval')[];
  /** One for each call. */
  results: Encoded[];
  grads?: (EncodedTensor | null)[];
  parameterGrads?: [string, EncodedTensor | null][];
  /** After all calls. */
  buffers: [string, EncodedTensor][];
}

const FOLDER = join(__dirname, '../fixtures/modules');

export const CASES = readdirSync(FOLDER).flatMap(
  (family) => JSON.parse(readFileSync(join(FOLDER, family), 'utf8')) as ModuleCase[],
);

export function title(c: ModuleCase, i: number): string {
  const shapes = c.inputs.map((t) => `[${t.shape.join(',')}]`).join(' ');
  return `${i} ${c.module} ${JSON.stringify([c.args, c.options])} of ${shapes} ${c.modes.join()}`;
}

const isBuilt = (value: unknown): value is Built =>
  typeof value === 'object' && value !== null && 'module' in value;

type Constructor = new (...args: unknown[]) => nn.Module;

export function build({ module, args, options }: Built): nn.Module {
  const make = (value: unknown): unknown => (isBuilt(value) ? build(value) : value);
  const given = args.map(make);
  const named = Object.entries(options).map(([name, value]) => [name, make(value)] as const);
  if (named.length > 0) given.push(Object.fromEntries(named));
  return new (nn as unknown as Record<string, Constructor>)[module]!(...given);
}

/** A case's module with its state. */
export function stateOf(c: ModuleCase): nn.StateDict {
  return Object.fromEntries(c.state.map(([key, t]) => [key, makeTensor(t)]));
}

/** Calls a module on a case's inputs. */
export function call(c: ModuleCase, net: nn.Module, inputs: readonly Tensor[]): unknown {
  const fill = (value: unknown): unknown =>
    typeof value === 'string' && value.startsWith('$')
      ? inputs[Number(value.slice(1))]
      : Array.isArray(value)
        ? value.map(fill)
        : value;
  const args = c.call.map(fill);
  const options = Object.entries(c.callOptions).map(([name, value]) => [name, fill(value)] as const);
  if (options.length > 0) args.push(Object.fromEntries(options));
  return net.forward(...args);
}

/** The tensors of a result, in order. */
export function flat(value: unknown): Tensor[] {
  if (value instanceof Tensor) return [value];
  return Array.isArray(value) ? value.flatMap(flat) : [];
}
