import { exactAmount, hourOf, percent, plural, words } from '../../format.ts';
import { place, setParams } from '../../location.ts';
import { nameOf } from '../../names.ts';
import { Choice } from '../../parts/choice.tsx';
import { Name, SelectionLink } from '../../parts/links.tsx';
import { Money } from '../../parts/money.tsx';
import { Empty, Section } from '../../parts/states.tsx';
import { Table } from '../../parts/table.tsx';
import { saveRows } from '../../save.ts';
import { type Difference, type Hop, hops, hourOfSelection, lostBetween, type Run, type Side, standsIn } from './run.ts';

/** A place in the map: one campaign, one hour, from one truth to the next. */
interface Cell {
  readonly side: Side;
  readonly hop: Hop;
  readonly title: string;
}

const cellKey = ({ side, hop }: Pick<Cell, 'side' | 'hop'>) => `${side.campaign_id}/${side.hour}/${hop.name}`;

/**
 * What is lost from each truth to the next, by campaign and hour. With one hour in view the columns are the truths; with all, they are the hours of one
 * step. A cell that holds something unexplained is red, whatever its size.
 */
export function HeatMap({ run }: { readonly run: Run }) {
  const sides = run.sides ?? [];
  const hours = [...new Set(sides.map(({ hour }) => hour))].toSorted();
  const usualHour = hours.length === 1 ? (hours[0] ?? '') : 'all';
  const hour = place.value.params['hour'] ?? usualHour;
  const hop = hops.find(({ name }) => name === place.value.params['between']) ?? hops[0];
  const byHour = hour === 'all';
  const shown = byHour ? hours.slice(-48) : hours.filter((one) => one === hour);
  const campaigns = [...new Map(sides.map((one) => [`${one.campaign_id} ${one.currency}`, one])).values()];
  const rows = campaigns.map(({ campaign_id, currency }) => ({
    campaign: campaign_id,
    currency,
    cells: shown.flatMap((at): (Cell | null)[] => {
      const side = sides.find((one) => one.campaign_id === campaign_id && one.hour === at && one.currency === currency);
      if (side === undefined) return byHour ? [null] : hops.map(() => null);
      return byHour ? [{ side, hop, title: hourOf(at) }] : hops.map((each) => ({ side, hop: each, title: each.title }));
    }),
  }));
  const titles = byHour ? shown.map(hourOf) : hops.map(({ title }) => title);
  const chosen = rows
    .flatMap(({ cells }) => cells)
    .find((cell) => cell !== null && cellKey(cell) === place.value.params['cell']);
  return (
    <Section
      id="heat"
      title="Differences by campaign and hour"
      note="What is lost from one truth to the next; the darker, the greater its share. Choose a cell for its causes."
      actions={
        <>
          <Choice
            label="Hour of selection, UTC"
            param="hour"
            usual={usualHour}
            clears={['cell']}
            options={[{ value: 'all', title: 'All hours' }, ...hours.map((value) => ({ value, title: hourOf(value) }))]}
          />
          {byHour ? (
            <Choice
              label="Between"
              param="between"
              usual={hops[0].name}
              clears={['cell']}
              options={hops.map(({ name, title }) => ({ value: name, title }))}
            />
          ) : null}
        </>
      }
    >
      {rows.length === 0 ? (
        <Empty title="Nothing was selected" />
      ) : (
        <div class="table">
          <div class="table-head">
            <button
              type="button"
              class="save"
              onClick={() => saveSides(sides)}
              aria-label="CSV: save all truths side by side"
            >
              CSV
            </button>
          </div>
          <div class="heat" tabIndex={0} role="group" aria-labelledby="heat">
            <table aria-labelledby="heat">
              <thead>
                <tr>
                  <th scope="col">Campaign</th>
                  {titles.map((title) => (
                    <th key={title} scope="col">
                      {title}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {rows.map(({ campaign, currency, cells }) => (
                  <tr key={`${campaign} ${currency}`}>
                    <th scope="row">
                      <Name id={campaign} /> <span class="dim">{currency}</span>
                    </th>
                    {cells.map((cell, index) => (
                      <HeatCell key={titles[index]} cell={cell} run={run} />
                    ))}
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </div>
      )}
      {chosen === undefined || chosen === null ? null : <Detail cell={chosen} run={run} />}
    </Section>
  );
}

function HeatCell({ cell, run }: { readonly cell: Cell | null; readonly run: Run }) {
  if (cell === null) return <td class="dim">·</td>;
  const { side, hop, title } = cell;
  const lost = lostBetween(side, hop);
  const size = lost < 0n ? -lost : lost;
  const whole = Number(side['selected_micros'] ?? 0);
  const heat = whole === 0 ? 0 : Math.min(1, Number(size) / whole);
  const isBroken = (run.breaks ?? []).some(
    ({ campaign_id, selection_id, truth }) =>
      campaign_id === side.campaign_id &&
      (hop.truths as readonly string[]).slice(1).includes(truth) &&
      (selection_id === '' || hourOfSelection(selection_id) === side.hour),
  );
  const isChosen = place.value.params['cell'] === cellKey(cell);
  return (
    <td
      class={`${isBroken ? 'broken' : ''} ${isChosen ? 'chosen' : ''}`}
      style={{ '--heat': size === 0n ? '0%' : `${Math.round(12 + heat * 60)}%` }}
    >
      <button
        type="button"
        aria-pressed={isChosen}
        title={`${exactAmount(lost, 6)} ${side.currency}, ${percent(Number(size), whole)} of what was selected`}
        onClick={() => setParams({ cell: isChosen ? null : cellKey(cell) })}
      >
        <span class="hidden">
          {nameOf(side.campaign_id)}, {title}
          {isBroken ? ', unexplained' : ''}:{' '}
        </span>
        <Money micros={lost} currency={side.currency} />
      </button>
    </td>
  );
}

const figures = [
  ['Selected', 'selected', 'selected_micros'],
  ['Billable by delivery', 'billable', 'billable_micros'],
  ['Tentative: incurred', null, 'tentative_incurred_micros'],
  ['Absorbed', null, 'absorbed_micros'],
  ['Voided', null, 'voided_micros'],
  ['Final: certified', null, 'certified_micros'],
  ['Reversed', null, 'reversed_micros'],
  ['May be billed', null, 'final_billable_micros'],
  ['Reporting says', null, 'reported_billable_micros'],
] as const;

/** One cell: all truths side by side, and the differences of the step one by one. */
function Detail({ cell: { side, hop }, run }: { readonly cell: Cell; readonly run: Run }) {
  const found = (run.differences ?? []).filter(
    (one) =>
      one.campaign_id === side.campaign_id && standsIn(one, hop) && hourOfSelection(one.selection_id) === side.hour,
  );
  return (
    <>
      <h3>
        {nameOf(side.campaign_id)}, {hourOf(side.hour)}, {hop.title.toLowerCase()}
      </h3>
      <dl class="facts">
        {figures.map(([title, counted, field]) => (
          <div key={field}>
            <dt>{title}</dt>
            <dd>
              <Money micros={String(side[field] ?? '0')} currency={side.currency} />
              {counted === null ? null : <span class="dim"> {plural(Number(side[counted] ?? 0), 'ad')}</span>}
            </dd>
          </div>
        ))}
      </dl>
      {found.length === 0 ? (
        <p class="note">No difference of this step is listed here.</p>
      ) : (
        <Table<Difference>
          caption={`${plural(found.length, 'difference')}${(run.differences_total ?? 0) > (run.differences?.length ?? 0) ? ' of those that the report lists' : ''}`}
          name="differences"
          rows={found}
          rowKey={({ selection_id, cause }) => `${selection_id} ${cause}`}
          columns={[
            {
              title: 'Ad',
              name: 'selection_id',
              value: ({ selection_id }) => selection_id,
              cell: ({ selection_id }) => <SelectionLink id={selection_id} />,
            },
            { title: 'Cause', name: 'cause', value: ({ cause }) => cause, cell: ({ cause }) => words(cause) },
            {
              title: 'Amount',
              name: 'amount_micros',
              isNumber: true,
              value: ({ amount_micros }) => amount_micros,
              cell: ({ amount_micros }) => <Money micros={amount_micros} currency={side.currency} exact />,
            },
            {
              title: 'Records',
              name: 'records',
              value: ({ refs }) => refs.join(' '),
              cell: ({ refs }) => <span class="id">{refs.slice(0, 3).join(', ')}</span>,
            },
          ]}
        />
      )}
    </>
  );
}

function saveSides(sides: readonly Side[]): void {
  const columns = Object.keys(sides[0] ?? {});
  saveRows('truths-side-by-side', columns, sides);
}
