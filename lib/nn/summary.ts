/** A network's layers, the shapes that they give, and their parameters, as a table. */
import { noGrad, type HookHandle } from '../autograd';
import { ArgumentError, describe } from '../errors';
import { checkOptions, isListOf } from '../functional/arguments';
import { zeros } from '../functional/creation';
import type { DType } from '../dtype';
import { Tensor } from '../tensor';
import { Module } from './module';

/** The sizes of an input, its batch included. */
export type InputShape = readonly number[];

export interface SummaryOptions {
  /** Of the inputs that are made (that of the first parameter). */
  dtype?: DType;
  /** Levels of modules that are listed (all). */
  depth?: number;
}

interface Row {
  readonly name: string;
  shape: string;
  readonly own: number;
}

function isShape(value: unknown): value is InputShape {
  return isListOf(value, (size) => Number.isSafeInteger(size) && (size as number) >= 0);
}

function shapeOf(output: unknown): string {
  if (output instanceof Tensor) return `[${output.shape.join(', ')}]`;
  if (Array.isArray(output)) return output.map(shapeOf).filter(Boolean).join(', ');
  return '';
}

const grouped = (n: number): string => String(n).replace(/\B(?=(\d{3})+$)/g, ',');

/** Lines of cells, the last right-aligned, under a head. */
function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  foot: readonly string[],
): string {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]!.length)));
  const last = head.length - 1;
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => (i === last ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
      .join('  ')
      .trimEnd();
  const rule = '─'.repeat(widths.reduce((sum, width) => sum + width + 2, -2));
  return [line(head), rule, ...rows.map(line), rule, ...foot].join('\n');
}

/**
 * What each module of a network gives for inputs of these shapes (of zeros), and how many parameters it has: a table to
 * print. The network is run once, in evaluation mode and without gradients. `input` is a shape, several, or tensors.
 *
 * `console.log(nn.summary(net, [1, 3, 32, 32]))`
 */
export function summary(
  model: Module,
  input: InputShape | readonly InputShape[] | Tensor | readonly Tensor[],
  options: SummaryOptions = {},
): string {
  if (!(model instanceof Module))
    throw new ArgumentError(`summary: expected a Module, got ${describe(model)}`);
  checkOptions('summary', ['dtype', 'depth'], options);
  const { depth = Infinity } = options;
  if (typeof depth !== 'number' || !(depth >= 0))
    throw new ArgumentError(`summary: expected depth to be a number >= 0, got ${describe(depth)}`);
  const inputs = inputsOf(model, input, options.dtype);

  const rows = new Map<Module, Row>();
  const handles: HookHandle[] = [];
  for (const [name, module] of model.namedModules()) {
    const level = name === '' ? 0 : name.split('.').length;
    if (level > depth) continue;
    const own = module.parameters(level === depth).reduce((sum, p) => sum + p.numel(), 0);
    const label = `${'  '.repeat(level)}${name === '' ? '' : `${name.split('.').pop()!}: `}${module.constructor.name}`;
    const row: Row = { name: label, shape: '', own };
    rows.set(module, row);
    handles.push(
      module.registerForwardHook((_, __, output) => {
        row.shape = shapeOf(output);
      }),
    );
  }
  const training = new Map(model.modules().map((module) => [module, module.training]));
  try {
    model.eval();
    noGrad(() => void model.forward(...inputs));
  } finally {
    for (const [module, was] of training) module.training = was;
    for (const handle of handles) handle.remove();
  }

  const parameters = model.parameters();
  const count = (list: readonly Tensor[]): number => list.reduce((sum, p) => sum + p.numel(), 0);
  const bytes = [...parameters, ...model.buffers()].reduce((sum, t) => sum + t.numel() * t.elementSize(), 0);
  return table(
    ['Module', 'Output', 'Parameters'],
    [...rows.values()].map(({ name, shape, own }) => [name, shape || '-', own === 0 ? '-' : grouped(own)]),
    [
      `Parameters: ${grouped(count(parameters))}, trained: ${grouped(count(parameters.filter((p) => p.requiresGrad)))}`,
      `Memory of parameters and buffers: ${(bytes / 2 ** 20).toFixed(2)} MiB`,
    ],
  );
}

function inputsOf(model: Module, input: unknown, dtype: DType | undefined): Tensor[] {
  const [first] = model.parameters();
  const made = (shape: InputShape): Tensor =>
    zeros(shape, {
      dtype: dtype ?? first?.dtype ?? 'float32',
      ...(first === undefined ? {} : { device: first.device }),
    });
  if (input instanceof Tensor) return [input];
  if (isShape(input)) return [made(input)];
  if (isListOf<Tensor>(input, (one) => one instanceof Tensor)) return input;
  if (isListOf<InputShape>(input, isShape)) return input.map(made);
  throw new ArgumentError(`summary: expected the shape of an input, or several, got ${describe(input)}`);
}
