/** Values as Python prints them: in the lines that describe modules. */
export function shown(value: unknown): string {
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (Array.isArray(value)) return `(${value.map(shown).join(', ')}${value.length === 1 ? ',' : ''})`;
  if (typeof value === 'string') return value;
  return value === Infinity ? 'inf' : String(Number(value));
}

/** name=value, ... */
export function fields(values: Record<string, unknown>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}=${shown(value)}`)
    .join(', ');
}
