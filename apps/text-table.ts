/** Rows as columns of text; a column in which all cells are numbers or empty stands to the right. */
export function textTable(header: readonly string[], rows: readonly (readonly (string | number | null)[])[]): string {
  const cells = [header, ...rows.map((row) => row.map((cell) => String(cell ?? '')))];
  const widths = header.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const isRight = header.map((_, column) => cells.slice(1).every((row) => /^(-?[0-9.]+)?$/.test(row[column] ?? '')));
  const lines = cells.map((row) =>
    row.map((cell, column) => {
      const width = widths[column] ?? 0;
      return isRight[column] ? cell.padStart(width) : cell.padEnd(width);
    }),
  );
  return `${lines.map((line) => line.join('  ').trimEnd()).join('\n')}\n`;
}

/** Any value of an answer as a cell; what is no plain value as JSON. */
export function cellText(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
