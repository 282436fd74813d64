import { useEffect, useMemo } from 'preact/hooks';
import { type Answer, useAnswer } from '../answer.ts';
import { duration, exactAmount, moment, percent, shownMoney, timeOfDay, words } from '../format.ts';
import { place } from '../location.ts';
import { names } from '../names.ts';
import { Chart } from '../parts/chart.tsx';
import { Choice } from '../parts/choice.tsx';
import { Name } from '../parts/links.tsx';
import { Money } from '../parts/money.tsx';
import { Badge, Empty, Section, Shown } from '../parts/states.tsx';
import { Table } from '../parts/table.tsx';
import { Title } from '../parts/title.tsx';
import { session } from '../session.ts';
import { forecastOf, type Pacing } from './pacing/forecast.ts';

const askEveryMs = 2_000;

/** Whether a campaign spends as planned, and what holds it back. */
export default function PacingView() {
  const bound = session.value?.advertiser_id ?? null;
  const campaigns = [...names.value.values()]
    .filter(({ advertiser_id }) => advertiser_id !== null && (bound === null || advertiser_id === bound))
    .toSorted((a, b) => a.name.localeCompare(b.name));
  const usual = campaigns[0]?.id ?? '';
  const campaign = place.value.params['campaign'] ?? usual;
  const answer = useAnswer<Pacing>(campaign === '' ? null : `/v1/pacing/campaigns/${encodeURIComponent(campaign)}`);
  useRepeated(answer);
  return (
    <>
      <Title title="Pacing" lead="What budget the allocator believes is left, and whether spending follows its plan.">
        <Choice
          label="Campaign"
          param="campaign"
          usual={usual}
          options={campaigns.map(({ id, name }) => ({ value: id, title: name }))}
        />
      </Title>
      {campaign === '' ? (
        <Empty title="No campaign yet">A campaign appears here once it is in the catalogue.</Empty>
      ) : (
        <Shown answer={{ ...answer, isWaiting: answer.data === null && answer.isWaiting }} what="the pacing">
          {(pacing) => <Campaign pacing={pacing} />}
        </Shown>
      )}
    </>
  );
}

/** Asks again after a while, as long as somebody looks. */
function useRepeated({ data, error, again }: Answer<Pacing>): void {
  useEffect(() => {
    if (data === null && error === null) return undefined;
    const timer = setInterval(() => {
      if (!document.hidden) again();
    }, askEveryMs);
    return () => clearInterval(timer);
  }, [data, error]);
}

/** Why grants are held back, in words. */
const throttles: Readonly<Record<string, string>> = {
  inactive: 'It is paused or archived.',
  flight: 'Its flight has not begun or is over.',
  no_node: 'No serving node draws.',
  budget: 'The whole budget is committed.',
  daily_budget: 'The budget of the day is committed.',
  plan: 'It is ahead of its plan.',
  no_demand: 'Nodes hold more than they can draw.',
};

function Campaign({ pacing }: { readonly pacing: Pacing }) {
  const { currency, budget, spend, today, throttle, campaign_id, advertiser_id, flight, time_zone } = pacing;
  const money = (micros: string | null | undefined) =>
    micros === null || micros === undefined ? '–' : <Money micros={micros} currency={currency} />;
  const effective = budget.effective_micros ?? budget.wanted_micros;
  const forecast = forecastOf(pacing);
  return (
    <>
      <Section
        id="campaign"
        title="Budget"
        note={
          <>
            <Name id={advertiser_id} /> → <Name id={campaign_id} />, {pacing.pacing}, {moment(flight.starts_at)} to{' '}
            {moment(flight.ends_at)} UTC, days of {time_zone}
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
        </dl>
        <p class="note">
          {throttle === '' ? '' : `${throttles[throttle] ?? ''} `}
          {forecast === null ? (
            'No forecast: no whole window has passed in the flight.'
          ) : (
            <>
              At the rate of the last minutes, <Money micros={forecast.micros} currency={currency} /> will be committed
              when the flight ends
              {forecast.endsBefore === null ? '' : `; the budget is gone at ${moment(forecast.endsBefore)} UTC`}.
            </>
          )}
        </p>
      </Section>
      <Windows pacing={pacing} />
      <Leases pacing={pacing} />
    </>
  );
}

function Windows({ pacing: { windows, currency } }: { readonly pacing: Pacing }) {
  const key = windows.map(({ from, actual_micros }) => `${from}${actual_micros}`).join();
  const drawn = useMemo(
    () => ({
      times: windows.map(({ from }) => Date.parse(from) / 1_000),
      target: windows.map(({ target_micros }) => Number(target_micros) / 1_000_000),
      actual: windows.map(({ actual_micros }) => Number(actual_micros) / 1_000_000),
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
          : `In windows of ${duration(Date.parse(first.to) - Date.parse(first.from))}; the last one still runs.`
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
                  cell: ({ error_ppm }) => (error_ppm === null ? '–' : `${(error_ppm / 10_000).toFixed(1)} %`),
                },
              ]}
            />
          </details>
        </>
      )}
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
