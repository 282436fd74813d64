import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCsv } from '../test/csv-reader.ts';
import { csvLine, csvTable } from './csv.ts';

describe('a line of CSV', () => {
  it('comes back as it was, whatever its texts hold', () => {
    const text = fc.oneof(
      fc.string(),
      fc.string({ unit: fc.constantFrom('"', ',', '\r', '\n', "'", '=', '-', '1', 'a') }),
    );
    fc.assert(
      fc.property(fc.array(text, { minLength: 1 }), (cells) => {
        const [read] = parseCsv(csvLine(cells));
        expect(read?.map((cell) => cell.replace(/^'/, ''))).toEqual(cells);
      }),
    );
  });

  it('never begins a cell with what a spreadsheet runs, but for plain numbers', () => {
    fc.assert(
      fc.property(fc.constantFrom('=', '+', '-', '@', '\t', '\r'), fc.string(), (start, rest) => {
        const [cell] = parseCsv(csvLine([start + rest]))[0] ?? [];
        expect(cell?.startsWith("'") || /^-[0-9]+(\.[0-9]+)?$/.test(start + rest)).toBe(true);
      }),
    );
    expect(csvLine(['=1+1', '-12.50', '-1-1', '@x', "'quoted'", '+49'])).toBe(
      "'=1+1,-12.50,'-1-1,'@x,''quoted','+49\r\n",
    );
  });

  it('leaves null empty and names the columns first', () => {
    expect(csvTable(['a', 'b'], [{ a: null, b: 'x,y' }])).toBe('a,b\r\n,"x,y"\r\n');
  });
});
