import { hourOf, shownMoney } from '../../format.ts';
import type { Row } from '../../live.ts';
import { FreshnessLine } from '../../parts/fresh.tsx';
import { type Column, columnsOf } from './stacked-columns.ts';

export interface StackedHoursProps {
  readonly hours: readonly Row[];
  readonly currency: string;
  /** Name of a state, which is its colour, and its title; from the bottom up. */
  readonly states: readonly (readonly [name: string, title: string])[];
}

const mostLabels = 6;

/** What became of the money that was drawn, hour by hour of selection or day by day; the table beside it has the figures. */
export function StackedHours({ hours, currency, states }: StackedHoursProps) {
  const { columns, most, isByDay } = columnsOf(
    hours,
    states.map(([name]) => name),
  );
  const titleOf = ({ at, amounts }: Column) =>
    [
      isByDay ? at.slice(0, 10) : hourOf(at),
      ...states.flatMap(([, title], index) => {
        const amount = amounts[index] ?? 0n;
        return amount === 0n ? [] : [`${title} ${shownMoney(amount, currency)}`];
      }),
    ].join('\n');
  // Few columns have a label each, many only the first and the last.
  const labelled = columns.length <= mostLabels ? columns : [columns[0], columns.at(-1)];
  return (
    <figure class="stacked">
      <div class="stacked-top">
        <span>{shownMoney(most, currency)}</span>
        <ul>
          {states.map(([name, title]) => (
            <li key={name}>
              <span class="swatch" style={{ '--colour': `var(--${name})` }} />
              {title}
            </li>
          ))}
        </ul>
      </div>
      <div
        class="stacked-columns"
        role="img"
        aria-label={`What became of the money drawn, by ${isByDay ? 'day' : 'hour'} of selection`}
      >
        {columns.map((column) => (
          <div key={column.at} title={titleOf(column)}>
            {column.shares.map((share, index) =>
              share === 0 ? null : (
                <span
                  key={states[index]?.[0]}
                  style={{ '--colour': `var(--${states[index]?.[0] ?? 'dim'})`, height: `${share}%` }}
                />
              ),
            )}
          </div>
        ))}
      </div>
      <div class={columns.length <= mostLabels ? 'stacked-axis each' : 'stacked-axis'}>
        {labelled.map((column) =>
          column === undefined ? null : (
            <span key={column.at}>{isByDay ? column.at.slice(0, 10) : hourOf(column.at)}</span>
          ),
        )}
      </div>
      <FreshnessLine />
    </figure>
  );
}
