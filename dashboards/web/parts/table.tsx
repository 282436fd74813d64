import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { CsvCell } from '../../csv.ts';
import { saveRows } from '../save.ts';

export interface Column<R> {
  readonly title: string;
  /** Name of the column in the exported file. */
  readonly name: string;
  /** What the file says: exact. */
  readonly value: (row: R) => CsvCell;
  /** What the table shows, if not the value. */
  readonly cell?: (row: R) => ComponentChildren;
  readonly isNumber?: boolean;
  /** Takes the room that others leave. */
  readonly isWide?: boolean;
  /** Its title is read out, not shown. */
  readonly isTitleHidden?: boolean;
  /** Only in the file. */
  readonly isHidden?: boolean;
}

export interface TableProps<R> {
  readonly caption: string;
  /** Of the exported file. */
  readonly name: string;
  readonly columns: readonly Column<R>[];
  readonly rows: readonly R[];
  readonly rowKey: (row: R, index: number) => string;
  /** Cells of a last row, under a double rule as accountants draw it. */
  readonly total?: readonly ComponentChildren[] | null;
  readonly looksOf?: (row: R) => string;
  /** Saves more than is shown; by default what is shown is saved. */
  readonly onSave?: () => Promise<void> | void;
  readonly isCaptionHidden?: boolean;
}

/** A table that can be saved, and read by anybody: headed rows and columns, numbers under each other, scrolling by keyboard. */
export function Table<R>(props: TableProps<R>) {
  const { caption, name, columns, rows, rowKey, total, looksOf, onSave, isCaptionHidden = false } = props;
  const [problem, setProblem] = useState('');
  const shown = columns.filter(({ isHidden }) => isHidden !== true);
  const sideOf = (column: Column<R> | undefined) =>
    column?.isNumber === true ? 'number' : column?.isWide === true ? 'wide' : undefined;
  const button = (
    <button type="button" class="save" onClick={() => void saveAll()} aria-label={`CSV: save ${caption}`}>
      CSV
    </button>
  );
  const saveAll = async () => {
    try {
      setProblem('');
      if (onSave !== undefined) return await onSave();
      const cells = rows.map((row) => Object.fromEntries(columns.map((column) => [column.name, column.value(row)])));
      saveRows(
        name,
        columns.map((column) => column.name),
        cells,
      );
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <div class="table">
      <div class="table-head">
        <p class={isCaptionHidden ? 'hidden' : 'caption'} id={`caption-${name}`}>
          {caption}
        </p>
        {isCaptionHidden ? null : button}
      </div>
      {problem === '' ? null : <p class="problem">{problem}</p>}
      {/* Wide tables scroll, so the keyboard has to reach them. */}
      <div class="scroll" tabIndex={0} role="group" aria-labelledby={`caption-${name}`}>
        <table aria-labelledby={`caption-${name}`}>
          <thead>
            <tr>
              {shown.map((column) => (
                <th key={column.name} scope="col" class={sideOf(column)}>
                  {column.isTitleHidden === true ? <span class="hidden">{column.title}</span> : column.title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row, index) => (
              <tr key={rowKey(row, index)} class={looksOf?.(row)}>
                {shown.map((column, place) => {
                  const content = column.cell === undefined ? column.value(row) : column.cell(row);
                  return place === 0 ? (
                    <th key={column.name} scope="row" class={sideOf(column)}>
                      {content}
                    </th>
                  ) : (
                    <td key={column.name} class={sideOf(column)}>
                      {content}
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
          {total === undefined || total === null ? null : (
            <tfoot>
              <tr>
                {total.map((content, place) => (
                  // The columns never change their order.
                  <td key={shown[place]?.name} class={sideOf(shown[place])}>
                    {content}
                  </td>
                ))}
              </tr>
            </tfoot>
          )}
        </table>
      </div>
      {isCaptionHidden ? <div class="table-foot">{button}</div> : null}
    </div>
  );
}
