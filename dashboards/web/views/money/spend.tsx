import { useEffect, useMemo } from 'preact/hooks';
import { exactAmount, hourOf, shownMoney } from '../../format.ts';
import { followLive, live, liveProblem, type Row } from '../../live.ts';
import { place } from '../../location.ts';
import { Chart } from '../../parts/chart.tsx';
import { Choice, usualWindow, WindowChoice } from '../../parts/choice.tsx';
import { Money } from '../../parts/money.tsx';
import { Empty, Problem, Section, Waiting } from '../../parts/states.tsx';
import { Table } from '../../parts/table.tsx';

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
            <Money micros={amount(row, 'drawn')} currency={currency} />
          </dd>
        </div>
        {states.map(([state, title]) => (
          <div key={state} data-state={state}>
            <dt>
              <span class="swatch" style={{ '--colour': `var(--${state})` }} />
              {title}
            </dt>
            <dd>
              <Money micros={amount(row, state)} currency={currency} />
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
        Beside all that, <Money micros={amount(row, 'absorbed')} currency={currency} /> was absorbed: seen and paid to
        publishers, covered by no budget, billed to nobody.
      </p>
    </>
  );
}

function Hours({ hours, currency }: { readonly hours: readonly Row[]; readonly currency: string }) {
  const drawn = useMemo(() => {
    const numbers = (state: string) => hours.map((row) => Number(amount(row, state)) / 1_000_000);
    return {
      times: hours.map((row) => Date.parse(String(row['hour'])) / 1_000),
      incurred: numbers('incurred'),
      billable: numbers('billable'),
      lost: hours.map((row) => (Number(amount(row, 'voided')) + Number(amount(row, 'reversed'))) / 1_000_000),
    };
  }, [hours]);
  const shown = (value: number) => shownMoney(BigInt(Math.round(value * 1_000_000)), currency);
  const money = (state: string, title: string) => ({
    title,
    name: field(state),
    isNumber: true,
    value: (row: Row) => amount(row, state),
    cell: (row: Row) => <Money micros={amount(row, state)} currency={currency} />,
  });
  return (
    <Section id="hours" title="By hour of selection">
      {hours.length < 2 ? null : (
        <Chart
          title="Spend by hour: incurred, may be billed, taken back"
          times={drawn.times}
          axis={(value) => exactAmount(BigInt(Math.round(value * 1_000_000)), 0)}
          series={[
            { title: 'Incurred', colour: 'accent', values: drawn.incurred, shown, isFilled: true },
            { title: 'May be billed', colour: 'seen', values: drawn.billable, shown },
            { title: 'Voided and reversed', colour: 'voided', values: drawn.lost, shown },
          ]}
        />
      )}
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
