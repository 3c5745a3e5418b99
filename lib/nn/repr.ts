/** Values as Python prints them: in the lines that describe modules. */
export function shown(value: unknown): string {
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (Array.isArray(value)) return `(${value.map(shown).join(', ')}${value.length === 1 ? ',' : ''})`;
  if (typeof value === 'number') return value === Infinity ? 'inf' : String(value);
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** name=value, ... */
export function fields(values: Record<string, unknown>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}=${shown(value)}`)
    .join(', ');
}
