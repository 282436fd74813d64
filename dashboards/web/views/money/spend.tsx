import { useEffect } from 'preact/hooks';
import { hourOf } from '../../format.ts';
import { followLive, live, liveProblem, type Row } from '../../live.ts';
import { place } from '../../location.ts';
import { Choice, usualWindow, WindowChoice } from '../../parts/choice.tsx';
import { type EntryFilter, entriesHref } from '../../parts/links.tsx';
import { Money } from '../../parts/money.tsx';
import { Empty, Problem, Section, Waiting } from '../../parts/states.tsx';
import { Table } from '../../parts/table.tsx';
import { StackedHours } from './stacked-hours.tsx';

/** Where money that was drawn is now; the first five and the last two add up to what was drawn. */
const states = [
  ['billable', 'May be billed'],
  ['pending', 'In the hold'],
  ['suspended', 'In suspense'],
  ['open', 'Reserved'],
  ['released', 'Released'],
  ['voided', 'Voided'],
  ['reversed', 'Reversed'],
] as const;

/** The entries that a figure is the sum of: those that moved money into a state, or those of the account in which it still is. */
const entriesOf: Readonly<Record<string, EntryFilter>> = {
  drawn: { truth: 'tentative', kind: 'draw' },
  open: { truth: 'tentative', account: 'campaign:reserved' },
  released: { truth: 'tentative', kind: 'release' },
  incurred: { truth: 'tentative', kind: 'incur' },
  pending: { truth: 'tentative', account: 'campaign:incurred' },
  suspended: { truth: 'tentative', account: 'suspense' },
  voided: { truth: 'tentative', kind: 'void' },
  certified: { truth: 'final', kind: 'certify', account: 'advertiser:unbilled' },
  billable: { truth: 'final', account: 'advertiser:unbilled' },
  reversed: { truth: 'final', kind: 'reverse', account: 'advertiser:unbilled' },
  absorbed: { truth: 'final', account: 'absorbed' },
};

/** An amount that leads to its entries, for those who may see them. */
function Figure({
  state,
  micros,
  currency,
}: {
  readonly state: string;
  readonly micros: string;
  readonly currency: string;
}) {
  const shown = <Money micros={micros} currency={currency} />;
  const filter = entriesOf[state];
  if (filter === undefined || micros === '0') return shown;
  return (
    <a href={entriesHref(filter)} title="Its entries, those of other hours included">
      {shown}
    </a>
  );
}

const field = (state: string) => `${state}_micros`;
const amount = (row: Row | undefined, state: string) => String(row?.[field(state)] ?? '0');

/** Spend by state: now, and by hour of selection. */
export function Spend() {
  const window = place.value.params['window'] ?? usualWindow;
  useEffect(() => followLive(window), [window]);
  const figures = live.value;
  if (liveProblem.value !== null) return <Problem error={new Error(liveProblem.value)} />;
  if (figures === null) return <Waiting what="spend by state" />;
  const currencies = figures.spend.map((row) => String(row['currency'])).toSorted();
  const usual = currencies[0] ?? '';
  const currency = place.value.params['currency'] ?? usual;
  const row = figures.spend.find((one) => one['currency'] === currency);
  const hours = figures.spend_hours.filter((one) => one['currency'] === currency);
  const controls = (
    <>
      {currencies.length < 2 ? null : (
        <Choice
          label="Currency"
          param="currency"
          usual={usual}
          options={currencies.map((value) => ({ value, title: value }))}
        />
      )}
      <WindowChoice />
    </>
  );
  return (
    <>
      <Section
        id="states"
        title="What became of it"
        note="Drawn = reserved + released + in the hold + in suspense + voided + may be billed + reversed."
        actions={controls}
      >
        {row === undefined ? <Empty title="No money moved in this window" /> : <States row={row} currency={currency} />}
      </Section>
      {hours.length === 0 ? null : <Hours hours={hours} currency={currency} />}
    </>
  );
}

function States({ row, currency }: { readonly row: Row; readonly currency: string }) {
  return (
    <>
      <dl class="figures eight">
        <div>
          <dt>Drawn</dt>
          <dd>
            <Figure state="drawn" micros={amount(row, 'drawn')} currency={currency} />
          </dd>
        </div>
        {states.map(([state, title]) => (
          <div key={state} data-state={state}>
            <dt>
              <span class="swatch" style={{ '--colour': `var(--${state})` }} />
              {title}
            </dt>
            <dd>
              <Figure state={state} micros={amount(row, state)} currency={currency} />
            </dd>
          </div>
        ))}
      </dl>
      <div class="stack" aria-hidden="true">
        {states
          .filter(([state]) => amount(row, state) !== '0')
          .map(([state]) => (
            <div key={state} style={{ '--colour': `var(--${state})`, 'flex-grow': amount(row, state) }} />
          ))}
      </div>
      <p class="note">
        Beside all that, <Figure state="absorbed" micros={amount(row, 'absorbed')} currency={currency} /> was absorbed:
        seen and paid to publishers, covered by no budget, billed to nobody.
      </p>
    </>
  );
}

function Hours({ hours, currency }: { readonly hours: readonly Row[]; readonly currency: string }) {
  const money = (state: string, title: string) => ({
    title,
    name: field(state),
    isNumber: true,
    value: (row: Row) => amount(row, state),
    cell: (row: Row) => <Figure state={state} micros={amount(row, state)} currency={currency} />,
  });
  return (
    <Section
      id="hours"
      title="By hour of selection"
      note="What became of the money drawn for the ads of each hour, as it now stands."
    >
      <StackedHours hours={hours} currency={currency} states={states} />
      <Table<Row>
        caption={`Spend in ${currency} by hour of selection, UTC`}
        name="spend-by-hour"
        rows={hours}
        rowKey={(row) => String(row['hour'])}
        columns={[
          {
            title: 'Hour',
            name: 'hour',
            value: (row) => String(row['hour']),
            cell: (row) => hourOf(String(row['hour'])),
          },
          money('drawn', 'Drawn'),
          money('released', 'Released'),
          money('incurred', 'Incurred'),
          money('pending', 'In the hold'),
          money('voided', 'Voided'),
          money('certified', 'Certified'),
          money('reversed', 'Reversed'),
          money('billable', 'May be billed'),
          money('absorbed', 'Absorbed'),
        ]}
      />
    </Section>
  );
}
