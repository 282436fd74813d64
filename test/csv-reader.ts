/** A reader of RFC 4180 as a spreadsheet has one, written from the standard. */
export function parseCsv(text: string): string[][] {
  const rows: string[][] = [[]];
  let cell = '';
  let quoted = false;
  for (let i = 0; i < text.length; i += 1) {
    const [char, next] = [text[i], text[i + 1]];
    if (quoted && char === '"' && next === '"') [cell, i] = [`${cell}"`, i + 1];
    else if (char === '"') quoted = !quoted;
    else if (!quoted && char === ',') [cell] = ['', rows.at(-1)?.push(cell)];
    else if (!quoted && char === '\r' && next === '\n') {
      rows.at(-1)?.push(cell);
      rows.push([]);
      [cell, i] = ['', i + 1];
    } else cell += char;
  }
  return rows.slice(0, -1);
}
