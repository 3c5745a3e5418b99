/** Tensors as text, character for character as PyTorch prints them (https://pytorch.org/docs/stable/generated/torch.set_printoptions.html). */
import { inspect } from 'util';
import { ArgumentError, describe } from './errors';
import { getDefaultDtype, type DType } from './dtype';
import type { Shape } from './shape';

/** What is needed of a tensor to print it. */
export interface Printable {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly isParameter?: boolean;
  readonly suffixes: { readonly gradFn?: string; readonly requiresGrad?: boolean; readonly device?: string };
  /** The elements at these row-major positions; BigInts beyond 2^53. Only what is shown is asked for. */
  gather(positions: readonly number[]): (number | bigint)[];
}

export interface PrintOptions {
  /** Digits after the point (4). */
  precision: number;
  /** Tensors of more elements are summarised (1000). */
  threshold: number;
  /** Elements at each end of a summarised dimension (3). */
  edgeitems: number;
  /** Characters per line (80). */
  linewidth: number;
  /** Scientific notation: always, never, or (null) as the values need it. */
  sciMode: boolean | null;
}

export type PrintProfile = 'default' | 'short' | 'full';

const PROFILES: Record<PrintProfile, Omit<PrintOptions, 'sciMode'>> = {
  default: { precision: 4, threshold: 1000, edgeitems: 3, linewidth: 80 },
  short: { precision: 2, threshold: 1000, edgeitems: 2, linewidth: 80 },
  full: { precision: 4, threshold: Infinity, edgeitems: 3, linewidth: 80 },
};

const options: PrintOptions = { ...PROFILES.default, sciMode: null };

/** Changes how tensors print; what is left out stays, but `sciMode` goes back to automatic, as in PyTorch. */
export function setPrintoptions(changes: Partial<PrintOptions> & { profile?: PrintProfile } = {}): void {
  if (typeof changes !== 'object' || changes === null)
    throw new ArgumentError(`setPrintoptions: expected an object of options, got ${describe(changes)}`);
  const { profile, ...rest } = changes;
  if (profile !== undefined && !Object.keys(PROFILES).includes(profile))
    throw new ArgumentError(
      `setPrintoptions: expected profile to be 'default', 'short' or 'full', got ${describe(profile)}`,
    );
  for (const [key, value] of Object.entries(rest)) {
    if (!Object.hasOwn(options, key))
      throw new ArgumentError(
        `setPrintoptions: unknown option ${describe(key)}; expected one of ${Object.keys(options).join(', ')}`,
      );
    const fits =
      key === 'sciMode'
        ? value === null || typeof value === 'boolean'
        : typeof value === 'number' && value >= 0 && (Number.isInteger(value) || value === Infinity);
    if (!fits || (key === 'precision' && (value as number) > 100))
      throw new ArgumentError(
        `setPrintoptions: expected ${key} to be ${key === 'sciMode' ? 'a boolean or null' : 'a whole number'}, got ${describe(value)}`,
      );
  }
  Object.assign(options, profile === undefined ? {} : PROFILES[profile], { sciMode: null }, rest);
}

export function getPrintoptions(): PrintOptions {
  return { ...options };
}

/** A hundred digits are all that a number needs to show that it lies halfway between two shorter ones. */
const MANY = 100;

/** Digits of a number, cut from `exact`; halfway cases go to the even digit, where toFixed and toExponential go up. */
function roundHalfEven(rounded: string, exact: string): string {
  const kept = exact.slice(0, rounded.length);
  const rest = exact.slice(rounded.length).replace('.', '');
  const isTie = /^50*$/.test(rest);
  return isTie && kept.length === rounded.length && '02468'.includes(kept.replace(/\.$/, '').slice(-1))
    ? kept
    : rounded;
}

/** '{:.nf}' of Python. */
function fixed(value: number, digits: number): string {
  if (!Number.isFinite(value)) return nonFinite(value);
  const magnitude = Math.abs(value);
  const text =
    magnitude < 1e21
      ? roundHalfEven(magnitude.toFixed(digits), magnitude.toFixed(MANY))
      : BigInt(magnitude).toString() + (digits > 0 ? `.${'0'.repeat(digits)}` : '');
  return isNegative(value) ? `-${text}` : text;
}

/** '{:.ne}' of Python: two digits in the exponent at least. */
function scientific(value: number, digits: number): string {
  if (!Number.isFinite(value)) return nonFinite(value);
  const [mantissa, exponent] = Math.abs(value).toExponential(digits).split('e') as [string, string];
  const [exact, sameExponent] = Math.abs(value).toExponential(MANY).split('e') as [string, string];
  const even = exponent === sameExponent ? roundHalfEven(mantissa, exact) : mantissa;
  const text = `${even}e${exponent.replace(/^([+-])(\d)$/, '$10$2')}`;
  return isNegative(value) ? `-${text}` : text;
}

function isNegative(value: number): boolean {
  return value < 0 || Object.is(value, -0);
}

function nonFinite(value: number): string {
  return Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf';
}

/** How the elements of one tensor are written: all of one width. */
class Formatter {
  private readonly floating: boolean;
  private readonly bool: boolean;
  private intMode = true;
  private sciMode = false;
  width = 1;

  constructor(values: readonly (number | bigint)[], dtype: DType) {
    this.floating = dtype.includes('float');
    this.bool = dtype === 'bool';
    if (!this.floating) {
      for (const v of values) this.width = Math.max(this.width, this.text(v).length);
      return;
    }
    const shown = (values as readonly number[]).filter((v) => Number.isFinite(v) && v !== 0);
    if (shown.length === 0) return;
    let least = Infinity;
    let most = 0;
    for (const v of shown) {
      least = Math.min(least, Math.abs(v));
      most = Math.max(most, Math.abs(v));
      if (!Number.isInteger(v)) this.intMode = false;
    }
    this.sciMode = options.sciMode ?? (most / least > 1000 || most > 1e8 || least < 1e-4);
    for (const v of shown) this.width = Math.max(this.width, this.text(v).length);
  }

  private text(value: number | bigint): string {
    if (this.bool) return value ? 'True' : 'False';
    if (!this.floating) return String(value);
    const v = value as number;
    if (this.sciMode) return scientific(v, options.precision);
    if (this.intMode) return Number.isFinite(v) ? `${fixed(v, 0)}.` : nonFinite(v);
    return fixed(v, options.precision);
  }

  format(value: number | bigint): string {
    return this.text(value).padStart(this.width);
  }
}

/** The indices of a dimension that are shown; null marks the gap. */
function shownIndices(size: number, summarize: boolean): (number | null)[] {
  const edge = options.edgeitems;
  if (!summarize || size <= 2 * edge) return Array.from({ length: size }, (_, i) => i);
  const first = Array.from({ length: edge }, (_, i) => i);
  return [...first, null, ...first.map((i) => size - edge + i)];
}

/** The row-major positions that are shown, in order. */
function shownPositions(shape: Shape, summarize: boolean): number[] {
  if (summarize && options.edgeitems === 0 && shape.length > 0) return [];
  let positions = [0];
  for (const size of shape) {
    const indices = shownIndices(size, summarize).filter((i) => i !== null);
    positions = positions.flatMap((p) => indices.map((i) => p * size + i));
  }
  return positions;
}

function write(shape: Shape, indent: number, summarize: boolean, next: () => string, width: number): string {
  if (shape.length === 0) return next();
  const [size, ...rest] = shape as [number, ...number[]];
  const gap = '\n' + ' '.repeat(indent + 1);
  if (rest.length === 0) {
    const perLine = Math.max(1, Math.floor((options.linewidth - indent) / (width + 2)));
    const items =
      summarize && options.edgeitems === 0
        ? ['...']
        : shownIndices(size, summarize).map((i) => (i === null ? ' ...' : next()));
    const lines: string[] = [];
    for (let i = 0; i < items.length; i += perLine) lines.push(items.slice(i, i + perLine).join(', '));
    return `[${lines.join(`,${gap}`)}]`;
  }
  const slices = shownIndices(size, summarize).map((i) =>
    i === null ? '...' : write(rest, indent + 1, summarize, next, width),
  );
  return `[${slices.join(`,${'\n'.repeat(shape.length - 1)}${' '.repeat(indent + 1)}`)}]`;
}

function contents(t: Printable, indent: number): string {
  const summarize = t.shape.reduce((n, size) => n * size, 1) > options.threshold;
  const values = t.gather(shownPositions(t.shape, summarize));
  const formatter = new Formatter(values, t.dtype);
  let at = 0;
  return write(t.shape, indent, summarize, () => formatter.format(values[at++]!), formatter.width);
}

/** What stands behind the elements, and how many characters PyTorch's spelling of it has: lines break where its do. */
interface Suffix {
  readonly text: string;
  readonly width: number;
}

const plain = (text: string): Suffix => ({ text, width: text.length });

function addSuffixes(text: string, suffixes: readonly Suffix[], indent: number): string {
  let out = text;
  let length = text.length - text.lastIndexOf('\n') + 1;
  for (const suffix of suffixes)
    if (length + suffix.width + 2 > options.linewidth) {
      out += `,\n${' '.repeat(indent)}${suffix.text}`;
      length = indent + suffix.width;
    } else {
      out += `, ${suffix.text}`;
      length += suffix.width + 2;
    }
  return `${out})`;
}

/** `grad_fn=<…>`, with a number behind `Backward`. */
function gradFnSuffix(name: string): Suffix {
  const text = `gradFn=<${name}>`;
  return { text, width: text.length + (name.endsWith('Backward') ? 2 : 1) };
}

const REQUIRES_GRAD: Suffix = { text: 'requiresGrad=true', width: 'requires_grad=True'.length };

/** @internal The text of a tensor. */
export function formatTensor(t: Printable): string {
  const prefix = 'tensor(';
  const suffixes: Suffix[] = [];
  const { device, gradFn, requiresGrad } = t.suffixes;
  if (device !== undefined) suffixes.push(plain(`device='${device}'`));
  const empty = t.shape.includes(0);
  const defaultDtype = t.dtype === getDefaultDtype();
  if (empty) {
    if (t.shape.length !== 1) suffixes.push(plain(`size=(${t.shape.join(', ')})`));
    if (!defaultDtype) suffixes.push(plain(`dtype=torch.${t.dtype}`));
  } else {
    if (options.edgeitems === 0)
      suffixes.push(plain(`size=(${t.shape.join(', ')}${t.shape.length === 1 ? ',' : ''})`));
    if (!defaultDtype && t.dtype !== 'int64' && t.dtype !== 'bool')
      suffixes.push(plain(`dtype=torch.${t.dtype}`));
  }
  if (gradFn !== undefined) suffixes.push(gradFnSuffix(gradFn));
  else if (requiresGrad) suffixes.push(REQUIRES_GRAD);
  const body = empty ? '[]' : contents(t, prefix.length);
  const text = addSuffixes(prefix + body, suffixes, prefix.length);
  return t.isParameter ? `Parameter containing:\n${text}` : text;
}

/** @internal What to give util.inspect for a text: its lines are indented where it is part of something else. */
export function inspected(text: string): unknown {
  return text.includes('\n') ? { [inspect.custom]: () => text } : text;
}
