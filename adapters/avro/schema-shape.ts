/** A schema as text without its doc strings and with its keys sorted: equal for schemas that write and read the same bytes with the same defaults. */
export function schemaShape(schema: unknown): string {
  return JSON.stringify(schema, (key, value: unknown) => {
    if (key === 'doc' && typeof value === 'string') return undefined;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
