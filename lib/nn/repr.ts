import { describe } from '../errors';

const MOST_SHOWN = 64;

/** Values as Python prints them, numbers as integers or floats: in the lines that describe modules. */
export function shown(value: unknown, asFloat = false): string {
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'boolean') return boolText(value);
  if (Array.isArray(value) && value.length <= MOST_SHOWN)
    return `(${value.map((item) => shown(item, asFloat)).join(', ')}${value.length === 1 ? ',' : ''})`;
  if (typeof value === 'string') return value;
  if (typeof value !== 'number') return describe(value);
  return asFloat ? floatText(value) : value === Infinity ? 'inf' : String(value);
}

/** name=value, ... */
export function fields(values: Record<string, unknown>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}=${shown(value)}`)
    .join(', ');
}

/** A number as Python prints a float: `0.1`, `1.0`, `1e-05`. */
export function floatText(x: number): string {
  if (!Number.isFinite(x)) return Number.isNaN(x) ? 'nan' : x < 0 ? '-inf' : 'inf';
  const size = Math.abs(x);
  if (size !== 0 && (size < 1e-4 || size >= 1e16)) return x.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
  return Number.isInteger(x) ? `${BigInt(x)}.0` : String(x);
}

/** A boolean as Python prints it. */
export function boolText(x: boolean): string {
  return x ? 'True' : 'False';
}
