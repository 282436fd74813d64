import { useEffect, useMemo } from 'preact/hooks';
import { count, duration, micros, percent, plural, timeOfDay } from '../format.ts';
import { followLive, type Lag, type Live, live, liveProblem, type Row } from '../live.ts';
import { place } from '../location.ts';
import { Chart } from '../parts/chart.tsx';
import { Choice, usualWindow, WindowChoice } from '../parts/choice.tsx';
import { Money } from '../parts/money.tsx';
import { Empty, Problem, Section, Waiting } from '../parts/states.tsx';
import { Table } from '../parts/table.tsx';
import { Title } from '../parts/title.tsx';
import { writePlace } from '../place.ts';
import { session } from '../session.ts';
import { viewsOf } from '../views.ts';
import { Requests } from './overview/requests.tsx';

/** What is asked first: does it tally, what has become of what was chosen, and which truth lags. */
export default function Overview() {
  const window = place.value.params['window'] ?? usualWindow;
  useEffect(() => followLive(window), [window]);
  const figures = live.value;
  return (
    <>
      <Title title="Overview" lead="What was chosen, what can be proved to have happened, and what may be billed.">
        <WindowChoice />
      </Title>
      {liveProblem.value === null ? null : <Problem error={new Error(liveProblem.value)} />}
      {figures === null ? <Waiting what="the truths" /> : <Figures figures={figures} />}
    </>
  );
}

function Figures({ figures }: { readonly figures: Live }) {
  return (
    <>
      <Verdict figures={figures} />
      <Funnel figures={figures} />
      <Requests requests={figures.requests} at={figures.at} />
      <div class="pair uneven">
        <Lags figures={figures} />
        <Minutes figures={figures} />
      </div>
      <div class="pair uneven">
        <Stages figures={figures} />
        <Participation figures={figures} />
      </div>
      <p class="foot">
        Read at {timeOfDay(figures.at)} UTC; counted by reporting at {timeOfDay(figures.counted_at)}. Reporting holds{' '}
        {count(figures.reporting.records)} records, {count(figures.quarantined)} are in quarantine. Final ledger at the
        cut {figures.ledger_cut ?? 'of its beginning'}, digest <span class="mono">{figures.ledger_digest}</span>
      </p>
    </>
  );
}

function Verdict({ figures: { alerts } }: { readonly figures: Live }) {
  const level = alerts.some((one) => one.level === 'wrong') ? 'bad' : alerts.length > 0 ? 'late' : 'good';
  return (
    <section class={`sheet verdict ${level}`} aria-label="Alerts" aria-live="polite">
      <strong>{level === 'good' ? 'Nothing to look at' : `${plural(alerts.length, 'thing')} to look at`}</strong>
      {alerts.length === 0 ? (
        <span class="dim">Every truth is within its tolerance and the last audits tallied.</span>
      ) : (
        <ul class="alerts">
          {alerts.map(({ name, level: one, sentence, truth }) => (
            <li key={name + sentence}>
              <span class={`badge ${one === 'wrong' ? 'bad' : 'late'}`}>{name}</span> {sentence}{' '}
              <WhereToLook name={name} truth={truth ?? null} />
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

/** The view that says why; nothing for a key that it is not open to. */
function WhereToLook({ name, truth }: { readonly name: string; readonly truth: string | null }) {
  const isAudit = name.startsWith('Audit');
  const view = isAudit ? 'reconciliation' : 'operations';
  const who = session.value;
  if (who === null || !viewsOf(who.role, who.advertiser_id !== null).some((one) => one.name === view)) return null;
  const href = writePlace({ view, params: { truth } });
  return <a href={href}>{isAudit ? 'Run one now' : 'Find out why'}</a>;
}

/** Stages in their order; those beside the main line are set apart. */
const stages = [
  ['selected', 'Selected', true],
  ['returned', 'Returned', true],
  ['impression', 'Impression', true],
  ['viewable', 'Viewable', false],
  ['click', 'Clicked', false],
  ['billable', 'Billable', true],
  ['absorbed', 'Absorbed: no budget covered it', false],
  ['voided', 'Voided before certification', false],
  ['final', 'Final', true],
  ['reversed', 'Reversed', false],
] as const;

interface Step {
  readonly stage: string;
  readonly title: string;
  readonly isMain: boolean;
  readonly selections: number;
  readonly micros: string;
}

function currenciesOf(rows: readonly Row[]): string[] {
  return [...new Set(rows.map(({ currency }) => String(currency)))].toSorted();
}

function Funnel({ figures: { funnel } }: { readonly figures: Live }) {
  const currencies = currenciesOf(funnel);
  const most = (one: string) => Number(funnel.find((row) => row['currency'] === one)?.['selections'] ?? 0);
  const usual = currencies.toSorted((a, b) => most(b) - most(a))[0] ?? '';
  const currency = place.value.params['currency'] ?? usual;
  const of = (stage: string) => funnel.find((row) => row['stage'] === stage && row['currency'] === currency);
  const steps: Step[] = stages.map(([stage, title, isMain]) => ({
    stage,
    title,
    isMain,
    selections: Number(of(stage)?.['selections'] ?? 0),
    micros: String(of(stage)?.['amount_micros'] ?? '0'),
  }));
  const selected = steps[0]?.selections ?? 0;
  const widest = Math.max(1, ...steps.map(({ selections }) => selections));
  return (
    <Section
      id="funnel"
      title="Truth funnel"
      note="Each step is counted from its own evidence, never from the step before."
      actions={
        currencies.length < 2 ? null : (
          <Choice
            label="Currency"
            param="currency"
            usual={usual}
            options={currencies.map((value) => ({ value, title: value }))}
          />
        )
      }
    >
      {selected === 0 ? (
        <Empty title="Nothing was selected in this window yet">
          Choose a longer window, or <a href="/demo">show an ad</a>.
        </Empty>
      ) : (
        <Table<Step>
          caption={`Selections and money in ${currency} by truth`}
          isCaptionHidden
          name="truth-funnel"
          rows={steps}
          rowKey={({ stage }) => stage}
          looksOf={({ isMain }) => (isMain ? '' : 'aside')}
          columns={[
            { title: 'Truth', name: 'stage', value: ({ stage }) => stage, cell: ({ title }) => title },
            {
              title: 'Drawn',
              isTitleHidden: true,
              isWide: true,
              name: 'bar',
              value: () => null,
              cell: ({ selections }) => (
                <div class="bar" aria-hidden="true">
                  {selections === 0 ? null : <div style={{ width: `${(selections / widest) * 100}%` }} />}
                </div>
              ),
            },
            {
              title: 'Selections',
              name: 'selections',
              isNumber: true,
              value: ({ selections }) => selections,
              cell: ({ selections }) => <span data-stage={currency}>{count(selections)}</span>,
            },
            {
              title: 'Of selected',
              name: 'share',
              isNumber: true,
              isWide: true,
              value: ({ selections }) => percent(selections, selected),
            },
            {
              title: `Money`,
              name: 'amount_micros',
              isNumber: true,
              value: ({ micros: amount }) => amount,
              cell: ({ micros: amount }) => <Money micros={amount} currency={currency} />,
            },
          ]}
        />
      )}
    </Section>
  );
}

const questions: Readonly<Record<string, string>> = {
  pacing: 'What budget is left right now?',
  tentative: 'What is reserved, and what is incurred?',
  final: 'What may be billed?',
  fraud: 'What is taken back?',
  reporting: 'What do analysts see?',
};

function Lags({ figures: { truths, time } }: { readonly figures: Live }) {
  return (
    <Section
      id="lags"
      title="Which truth lags"
      note="Against the evidence itself: the age of the oldest record of the log that a truth does not hold yet."
    >
      <Table<Lag>
        caption="Lag of each truth"
        isCaptionHidden
        name="truth-lags"
        rows={truths}
        rowKey={({ truth }) => truth}
        columns={[
          {
            title: 'Truth',
            name: 'truth',
            value: ({ truth }) => truth,
            cell: ({ truth }) => (
              <>
                {truth} <span class="dim">{questions[truth]}</span>
              </>
            ),
          },
          {
            title: 'Lag',
            name: 'lag_ms',
            isNumber: true,
            value: ({ lag_ms }) => lag_ms,
            cell: ({ lag_ms }) => (lag_ms === null ? 'nothing runs' : lag_ms === 0 ? 'none' : duration(lag_ms)),
          },
          {
            title: 'Against what it may be',
            name: 'tolerance_ms',
            isWide: true,
            value: ({ tolerance_ms }) => tolerance_ms,
            cell: ({ lag_ms, tolerance_ms }) => {
              const share = Math.min(1, (lag_ms ?? 0) / tolerance_ms);
              return (
                <span title={`${duration(lag_ms ?? 0)} of ${duration(tolerance_ms)}`}>
                  <span class={(lag_ms ?? 0) > tolerance_ms ? 'meter late' : 'meter'} aria-hidden="true">
                    <span style={{ width: `${share * 100}%` }} />
                  </span>
                  <span class="hidden">
                    {duration(lag_ms ?? 0)} of {duration(tolerance_ms)}
                  </span>
                </span>
              );
            },
          },
          {
            title: 'May be',
            name: 'may',
            isNumber: true,
            value: ({ tolerance_ms }) => tolerance_ms,
            cell: ({ tolerance_ms }) => duration(tolerance_ms),
          },
          {
            title: 'Records it lacks',
            name: 'records',
            isNumber: true,
            value: ({ records }) => records,
            cell: ({ records }) => (records === null ? '–' : count(records)),
          },
        ]}
      />
      <p class="note">
        {time.age_ms === null
          ? 'The time of the folds has not begun.'
          : `The time of the folds is ${duration(time.age_ms)} old and may be ${duration(time.tolerance_ms)}; nothing is certified before it has passed the hold.`}
      </p>
    </Section>
  );
}

const chartSpan = 60;

function Minutes({ figures: { minutes, at } }: { readonly figures: Live }) {
  const { times, selected, seen } = useMemo(() => seriesOf(minutes), [minutes]);
  const shown = (value: number) => count(value);
  return (
    <Section id="minutes" title="Selections a minute" note={`By minute of selection, to ${at.slice(11, 16)} UTC.`}>
      {times.length === 0 ? (
        <Empty title="No selection in this window" />
      ) : (
        <Chart
          title="Selections and those seen, by minute"
          times={times}
          axis={(value) => count(value)}
          series={[
            { title: 'Selected', colour: 'accent', values: selected, shown, isFilled: true },
            { title: 'Seen', colour: 'seen', values: seen, shown },
          ]}
        />
      )}
    </Section>
  );
}

/** Minutes in which nothing was chosen are minutes as well. */
function seriesOf(minutes: Live['minutes']) {
  const byTime = new Map(minutes.map((one) => [Date.parse(one.minute) / 1_000, one]));
  const known = [...byTime.keys()];
  const times: number[] = [];
  if (known.length > 0) {
    const first = Math.min(...known) - chartSpan;
    for (let at = first; at <= Math.max(...known) + chartSpan; at += chartSpan) times.push(at);
  }
  return {
    times,
    selected: times.map((at) => byTime.get(at)?.selections ?? 0),
    seen: times.map((at) => byTime.get(at)?.impressions ?? 0),
  };
}

function Stages({ figures: { stages: rows } }: { readonly figures: Live }) {
  const number = (row: Row, name: string) => Number(row[name] ?? 0);
  const us = (name: string, title: string) => ({
    title,
    name,
    isNumber: true,
    value: (row: Row) => row[name] ?? null,
    cell: (row: Row) => micros(number(row, name)),
  });
  const plain = (name: string, title: string) => ({
    title,
    name,
    isNumber: true,
    value: (row: Row) => row[name] ?? null,
    cell: (row: Row) => (number(row, name) === 0 ? <span class="dim">0</span> : count(number(row, name))),
  });
  return (
    <Section
      id="stages"
      title="Latency by stage"
      note="As every selection of the last 15 minutes records it; the deadline is shared out among the stages."
    >
      {rows.length === 0 ? (
        <Empty title="No decision in the last 15 minutes" />
      ) : (
        <Table<Row>
          caption="Time that each stage of a decision took"
          isCaptionHidden
          name="stage-latency"
          rows={rows}
          rowKey={(row) => String(row['stage'])}
          columns={[
            { title: 'Stage', name: 'stage', value: (row) => row['stage'] ?? null },
            us('p50_us', 'p50'),
            us('p95_us', 'p95'),
            us('p99_us', 'p99'),
            us('max_us', 'Longest'),
            plain('over_share', 'Over its share'),
            plain('skipped', 'Skipped'),
          ]}
        />
      )}
    </Section>
  );
}

function Participation({ figures: { participation: rows } }: { readonly figures: Live }) {
  const average = (name: string, title: string) => ({
    title,
    name,
    isNumber: true,
    value: (row: Row) => row[name] ?? null,
    cell: (row: Row) => (Number(row[name] ?? 0) / Math.max(1, Number(row['selections']))).toFixed(1),
  });
  return (
    <Section
      id="participation"
      title="Participation"
      note="Bidders behind a selection of the last 15 minutes, on average, step by step."
    >
      {rows.length === 0 ? (
        <Empty title="No selection in this window" />
      ) : (
        <Table<Row>
          caption="Bidders behind the selections, by tier"
          isCaptionHidden
          name="participation"
          rows={rows}
          rowKey={(row) => String(row['tier'])}
          columns={[
            { title: 'Tier', name: 'tier', value: (row) => row['tier'] ?? null },
            average('eligible', 'Eligible'),
            average('solicited', 'Asked'),
            average('responded', 'Bid'),
            average('participating', 'Took part'),
            {
              title: 'Degraded',
              name: 'degraded',
              isNumber: true,
              value: (row) => row['degraded'] ?? null,
              cell: (row) => percent(Number(row['degraded']), Number(row['selections'])),
            },
          ]}
        />
      )}
    </Section>
  );
}
