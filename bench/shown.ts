/** A figure as every bench prints it. */
export function show(name: string, value: number | string): void {
  console.log(`${name}: ${typeof value === 'number' && !Number.isInteger(value) ? value.toFixed(2) : value}`);
}
