/** Rows as columns of text; a column in which all cells are numbers or empty stands to the right. */
export function textTable(header: readonly string[], rows: readonly (readonly (string | number | null)[])[]): string {
  const cells = [header, ...rows.map((row) => row.map((cell) => visible(String(cell ?? ''))))];
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

/** A User-Agent may say anything: what a terminal would obey is shown as it would be escaped. */
function visible(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

/** Any value of an answer as a cell; what is no plain value as JSON. */
export function cellText(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
