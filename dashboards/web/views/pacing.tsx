import { useEffect, useMemo, useState } from 'preact/hooks';
import { type Answer, useAnswer } from '../answer.ts';
import { duration, exactAmount, moment, percent, plural, shownMoney, timeOfDay, words } from '../format.ts';
import { place } from '../location.ts';
import { nameOf } from '../names.ts';
import { Chart } from '../parts/chart.tsx';
import { FreshnessOf, freshnessSince } from '../parts/fresh.tsx';
import { Name } from '../parts/links.tsx';
import { Money } from '../parts/money.tsx';
import { ReportTable } from '../parts/report.tsx';
import { Badge, Empty, Section, Shown } from '../parts/states.tsx';
import { type Column, Table } from '../parts/table.tsx';
import { Title } from '../parts/title.tsx';
import { writePlace } from '../place.ts';
import { session } from '../session.ts';
import { forecastOf, type Pacing, type Phase, phaseOf, wholeWindows, windowErrors } from './pacing/forecast.ts';
import { outlookOf } from './pacing/outlook.ts';

const askEveryMs = 2_000;
const listEveryMs = 5_000;
const mostListed = 500;

/** Whether campaigns spend as planned, and what holds them back. */
export default function PacingView() {
  const list = useAnswer<{ items: readonly Pacing[]; next_cursor: string | null }>(
    `/v1/pacing/campaigns?limit=${mostListed}`,
  );
  useRepeated(list, listEveryMs);
  return (
    <>
      <Title title="Pacing" lead="What budget the allocator believes is left, and whether spending follows its plan." />
      <Shown answer={{ ...list, isWaiting: list.data === null && list.isWaiting }} what="the campaigns">
        {({ items, next_cursor: next }) => <Campaigns items={items} isCut={next !== null} />}
      </Shown>
      <Chosen first={list.data?.items[0]?.campaign_id ?? null} />
    </>
  );
}

/** The campaign that the address names, else the first one. */
function Chosen({ first }: { readonly first: string | null }) {
  const campaign = place.value.params['campaign'] ?? first;
  const answer = useAnswer<Pacing>(campaign === null ? null : `/v1/pacing/campaigns/${encodeURIComponent(campaign)}`);
  useRepeated(answer, askEveryMs);
  if (campaign === null) return null;
  return (
    <Shown answer={{ ...answer, isWaiting: answer.data === null && answer.isWaiting }} what="the pacing">
      {(pacing) => (
        <FreshnessOf.Provider value={freshnessSince(pacing.at)}>
          <Campaign key={pacing.campaign_id} pacing={pacing} />
        </FreshnessOf.Provider>
      )}
    </Shown>
  );
}

/** Asks again after a while, as long as somebody looks. */
function useRepeated({ data, error, again }: Answer<unknown>, everyMs: number): void {
  useEffect(() => {
    if (data === null && error === null) return undefined;
    const timer = setInterval(() => {
      if (!document.hidden) again();
    }, everyMs);
    return () => clearInterval(timer);
  }, [data, error]);
}

const phases: Readonly<Record<Phase, { readonly title: string; readonly looks: 'good' | 'late' | 'plain' }>> = {
  running: { title: 'in flight', looks: 'good' },
  spent: { title: 'all committed', looks: 'good' },
  before: { title: 'not begun', looks: 'plain' },
  over: { title: 'over', looks: 'plain' },
  paused: { title: 'paused', looks: 'late' },
  waiting: { title: 'budget to come', looks: 'late' },
};

/** Spent more or less than planned by now, in parts per million of the budget; null without a plan. */
function aheadPpm({ target_micros, actual_micros, budget }: Pacing): number | null {
  const total = Number(budget.effective_micros ?? budget.wanted_micros);
  if (target_micros === null || total === 0) return null;
  return Math.round(((Number(actual_micros) - Number(target_micros)) / total) * 1_000_000);
}

function signedPercent(ppm: number | null): string {
  if (ppm === null) return '–';
  const text = (Math.abs(ppm) / 10_000).toFixed(1);
  return `${Number(text) === 0 ? '' : ppm < 0 ? '−' : '+'}${text} %`;
}

function Campaigns({ items, isCut }: { readonly items: readonly Pacing[]; readonly isCut: boolean }) {
  if (items.length === 0) {
    return <Empty title="No campaign yet">A campaign appears here once it is in the catalogue.</Empty>;
  }
  const chosen = place.value.params['campaign'] ?? items[0]?.campaign_id;
  const money = (name: string, title: string, micros: (row: Pacing) => string | null): Column<Pacing> => ({
    title,
    name,
    isNumber: true,
    value: micros,
    cell: (row) => <MoneyOrNone micros={micros(row)} currency={row.currency} />,
  });
  return (
    <Section
      id="campaigns"
      title="Campaigns"
      note="All that are not archived. Choose one to see its windows and leases."
    >
      <Table<Pacing>
        caption={isCut ? `The first ${items.length} campaigns` : plural(items.length, 'campaign')}
        name="pacing-campaigns"
        rows={items}
        rowKey={({ campaign_id }) => campaign_id}
        looksOf={({ campaign_id }) => (campaign_id === chosen ? 'chosen' : '')}
        columns={[
          {
            title: 'Campaign',
            name: 'campaign_id',
            value: ({ campaign_id }) => campaign_id,
            cell: ({ campaign_id }) => (
              <a
                href={writePlace({ view: 'pacing', params: { campaign: campaign_id } })}
                aria-current={campaign_id === chosen ? 'true' : undefined}
              >
                <Name id={campaign_id} />
              </a>
            ),
          },
          {
            title: 'State',
            name: 'state',
            value: phaseOf,
            cell: (row) => <Badge looks={phases[phaseOf(row)].looks}>{phases[phaseOf(row)].title}</Badge>,
          },
          money('budget_micros', 'Budget', ({ budget }) => budget.effective_micros ?? budget.wanted_micros),
          money('target_micros', 'Plan by now', (row) => row.target_micros),
          money('actual_micros', 'Spent', (row) => row.actual_micros),
          {
            title: 'Ahead, of budget',
            name: 'ahead_ppm',
            isNumber: true,
            value: aheadPpm,
            cell: (row) => signedPercent(aheadPpm(row)),
          },
          {
            title: 'Held back by',
            name: 'throttle',
            value: ({ throttle }) => throttle,
            cell: ({ throttle }) => (throttle === '' ? <span class="dim">nothing</span> : words(throttle)),
          },
          {
            title: 'Forecast, of budget',
            name: 'forecast_micros',
            isNumber: true,
            value: (row) => forecastOf(row)?.micros.toString() ?? null,
            cell: (row) => <ForecastShare pacing={row} />,
          },
        ]}
      />
    </Section>
  );
}

function ForecastShare({ pacing }: { readonly pacing: Pacing }) {
  const forecast = forecastOf(pacing);
  if (forecast === null) return <span class="dim">–</span>;
  const total = Number(pacing.budget.effective_micros ?? pacing.budget.wanted_micros);
  return <span title={outlookOf(pacing)}>{percent(Number(forecast.micros), total)}</span>;
}

function MoneyOrNone({ micros, currency }: { readonly micros: string | null | undefined; readonly currency: string }) {
  return micros === null || micros === undefined ? <>–</> : <Money micros={micros} currency={currency} />;
}

/** Why grants are held back, in words. */
const throttles: Readonly<Record<string, string>> = {
  inactive: 'It is paused or archived.',
  flight: 'Its flight has not begun or is over.',
  no_node: 'No serving node draws.',
  budget: 'The whole budget is committed.',
  daily_budget: 'The budget of the day is committed.',
  plan: 'What is spent, and what is out and expected to be shown, is as much as the plan wants by now.',
  no_demand: 'Nodes hold more than they can draw.',
};

function Campaign({ pacing }: { readonly pacing: Pacing }) {
  const { currency, budget, spend, today, throttle, campaign_id, advertiser_id, flight, time_zone } = pacing;
  const money = (micros: string | null | undefined) => <MoneyOrNone micros={micros} currency={currency} />;
  const effective = budget.effective_micros ?? budget.wanted_micros;
  return (
    <>
      <Section
        id="campaign"
        title={nameOf(campaign_id)}
        note={
          <>
            <Name id={advertiser_id} /> → <span class="id">{campaign_id}</span>, {pacing.pacing},{' '}
            {moment(flight.starts_at)} to {moment(flight.ends_at)} UTC, days of {time_zone}
          </>
        }
        actions={
          <Badge looks={throttle === '' ? 'good' : 'late'}>
            {throttle === '' ? 'Nothing holds it back' : words(throttle)}
          </Badge>
        }
      >
        <dl class="figures eight">
          <div>
            <dt>Budget in effect</dt>
            <dd>{money(effective)}</dd>
          </div>
          <div>
            <dt>Committed</dt>
            <dd>
              {money(spend['committed_micros'])}{' '}
              <small>{percent(Number(spend['committed_micros']), Number(effective))}</small>
            </dd>
          </div>
          <div>
            <dt>With the nodes</dt>
            <dd>{money(spend['outstanding_micros'])}</dd>
          </div>
          <div>
            <dt>Left to grant</dt>
            <dd>{money(pacing.available_micros)}</dd>
          </div>
          <div>
            <dt>Today</dt>
            <dd>
              {money(today['committed_micros'])}{' '}
              {budget.daily_micros === null ? null : <small>of {money(budget.daily_micros)}</small>}
            </dd>
          </div>
          <div>
            <dt>Where the plan is</dt>
            <dd>{money(pacing.target_micros)}</dd>
          </div>
          <div>
            <dt>Where it is</dt>
            <dd>{money(pacing.actual_micros)}</dd>
          </div>
          <div>
            <dt>Planned rate</dt>
            <dd>
              {money(pacing.rate_micros)} {pacing.rate_micros === null ? null : <small>a second</small>}
            </dd>
          </div>
        </dl>
        <p id="outlook">{outlookOf(pacing)}</p>
        {throttle === '' ? null : <p class="note">{throttles[throttle] ?? words(throttle)}</p>}
      </Section>
      <Windows pacing={pacing} />
      <FromWarehouse pacing={pacing} />
      <Leases pacing={pacing} />
    </>
  );
}

/** What of each window's spending the plan had foreseen. */
function errorText(pacing: Pacing): string {
  const errors = windowErrors(pacing);
  if (errors === null) return '';
  const { count: windows, medianPpm, p95Ppm } = errors;
  const share = (ppm: number) => `${(ppm / 10_000).toFixed(1)} %`;
  return ` Off its target by ${share(medianPpm)} in half of ${plural(windows, 'whole window')}, by at most ${share(p95Ppm)} in 95 of 100.`;
}

function Windows({ pacing }: { readonly pacing: Pacing }) {
  const { windows, currency } = pacing;
  // What still runs would be drawn as a fall.
  const whole = wholeWindows(pacing);
  const key = whole.map(({ from, actual_micros }) => `${from}${actual_micros}`).join();
  const drawn = useMemo(
    () => ({
      times: whole.map(({ from }) => Date.parse(from) / 1_000),
      target: whole.map(({ target_micros }) => Number(target_micros) / 1_000_000),
      actual: whole.map(({ actual_micros }) => Number(actual_micros) / 1_000_000),
    }),
    [key],
  );
  const shown = (value: number) => shownMoney(BigInt(Math.round(value * 1_000_000)), currency);
  const [first] = windows;
  return (
    <Section
      id="windows"
      title="Target and actual"
      note={
        first === undefined
          ? undefined
          : `In windows of ${duration(Date.parse(first.to) - Date.parse(first.from))}; as far as they are over.${errorText(pacing)}`
      }
    >
      {windows.length === 0 ? (
        <Empty title="No window yet">Windows are kept while the campaign runs.</Empty>
      ) : (
        <>
          <Chart
            title="Spend in each window, target and actual"
            times={drawn.times}
            axis={(value) => exactAmount(BigInt(Math.round(value * 1_000_000)), 0)}
            series={[
              { title: 'Actual', colour: 'accent', values: drawn.actual, shown, isFilled: true },
              { title: 'Target', colour: 'seen', values: drawn.target, shown },
            ]}
          />
          <details>
            <summary>The windows as a table</summary>
            <Table<Pacing['windows'][number]>
              caption="Windows, newest first"
              name="pacing-windows"
              rows={windows.toReversed()}
              rowKey={({ from }) => from}
              columns={[
                {
                  title: 'From, UTC',
                  name: 'from',
                  value: ({ from }) => from,
                  cell: ({ from }) => timeOfDay(from).slice(0, 8),
                },
                {
                  title: 'Target',
                  name: 'target_micros',
                  isNumber: true,
                  value: ({ target_micros }) => target_micros,
                  cell: ({ target_micros }) => <Money micros={target_micros} currency={currency} />,
                },
                {
                  title: 'Actual',
                  name: 'actual_micros',
                  isNumber: true,
                  value: ({ actual_micros }) => actual_micros,
                  cell: ({ actual_micros }) => <Money micros={actual_micros} currency={currency} />,
                },
                {
                  title: 'Error',
                  name: 'error_ppm',
                  isNumber: true,
                  value: ({ error_ppm }) => error_ppm,
                  cell: ({ error_ppm }) => signedPercent(error_ppm),
                },
              ]}
            />
          </details>
        </>
      )}
    </Section>
  );
}

/** The same by the warehouse, which counts selections by themselves and reaches further back. */
function FromWarehouse({ pacing: { campaign_id, pacing } }: { readonly pacing: Pacing }) {
  const [isOpen, setOpen] = useState(false);
  const { role, advertiser_id } = session.value ?? { role: '', advertiser_id: null };
  const mayAsk = (role === 'admin' || role === 'analyst') && advertiser_id === null;
  if (!mayAsk || pacing !== 'even') return null;
  return (
    <Section
      id="error-report"
      title="Error by the warehouse"
      note="Target and actual in windows of 30 s by the report pacing_error: its target is the budget spread evenly over the flight, without the allocator’s catching up."
      actions={
        <button type="button" class="quiet" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          {isOpen ? 'Hide the report' : 'Read the report'}
        </button>
      }
    >
      {isOpen ? (
        <ReportTable
          name="pacing_error"
          parameters={{ campaign_id, from: '-15m', window_seconds: '30' }}
          hidden={['campaign_id', 'currency']}
        />
      ) : null}
    </Section>
  );
}

function Leases({ pacing: { leases, currency } }: { readonly pacing: Pacing }) {
  type Lease = Pacing['leases'][number];
  const money = (
    name: 'granted_micros' | 'returned_micros' | 'drawn_micros' | 'outstanding_micros',
    title: string,
  ) => ({
    title,
    name,
    isNumber: true,
    value: (row: Lease) => row[name],
    cell: (row: Lease) => <Money micros={row[name]} currency={currency} />,
  });
  return (
    <Section
      id="leases"
      title="Leases"
      note="What each boot of a node may draw without asking. Whatever a fenced boot has not drawn comes back."
    >
      {leases.length === 0 ? (
        <Empty title="No node holds a lease" />
      ) : (
        <Table<Lease>
          caption="Leases by node, boot and budget day"
          isCaptionHidden
          name="leases"
          rows={leases}
          rowKey={({ node, boot, day }) => `${node} ${boot} ${day}`}
          columns={[
            { title: 'Node', name: 'node', value: ({ node }) => node },
            {
              title: 'Boot',
              name: 'boot',
              value: ({ boot }) => boot,
              cell: ({ boot }) => <span class="id">{boot.slice(0, 8)}</span>,
            },
            { title: 'Day', name: 'day', value: ({ day }) => day },
            money('granted_micros', 'Granted'),
            money('returned_micros', 'Returned'),
            money('drawn_micros', 'Drawn'),
            money('outstanding_micros', 'Outstanding'),
          ]}
        />
      )}
    </Section>
  );
}
