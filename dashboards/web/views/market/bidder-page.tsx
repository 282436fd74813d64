import { useAnswer } from '../../answer.ts';
import type { NameOf } from '../../entity-names.ts';
import { count, percent, plural, words } from '../../format.ts';
import { place } from '../../location.ts';
import { usualWindow, WindowChoice } from '../../parts/choice.tsx';
import { FreshnessLine } from '../../parts/fresh.tsx';
import { Name } from '../../parts/links.tsx';
import { type ReportAnswer, type ReportRow, reportPath } from '../../parts/report.tsx';
import { Badge, Empty, Section, Shown } from '../../parts/states.tsx';
import { Table } from '../../parts/table.tsx';
import { Title } from '../../parts/title.tsx';
import { writePlace } from '../../place.ts';
import { Revenue } from './bidders.tsx';
import { Funnel } from './funnel.tsx';
import { Distribution, Latency } from './latency.tsx';
import { Lost } from './lost.tsx';
import { Now } from './now.tsx';
import { OverTime } from './over-time.tsx';
import { countsOf, numberOf, reasonsOf } from './steps.ts';

interface Bidder {
  readonly name: string;
  readonly endpoint: string;
  readonly line_item_id: string;
  readonly campaign_id: string;
  readonly advertiser_id: string;
  readonly status: string;
  readonly archived?: boolean;
  readonly tiers: readonly string[];
  readonly qps_limit: number;
  readonly timeout_min_ms: number;
  readonly timeout_max_ms: number;
}

/** One bidder: what became of what it was eligible for, how fast it is, and what it brought. */
export function BidderPage({ id, nameOf }: { readonly id: string; readonly nameOf: NameOf }) {
  const { window = usualWindow, currency: chosen } = place.value.params;
  const parameters = { from: `-${window}`, bidder_id: id };
  const bidder = useAnswer<Bidder>(`/v1/bidders/${encodeURIComponent(id)}`);
  const bidders = useAnswer<ReportAnswer>(reportPath('bidders', parameters));
  const reasons = useAnswer<ReportAnswer>(reportPath('bidder_reasons', parameters));
  const latency = useAnswer<ReportAnswer>(reportPath('bidder_latency', parameters));
  const times = useAnswer<ReportAnswer>(reportPath('bidder_times', parameters));
  const currency = chosen ?? String(bidders.data?.rows[0]?.['currency'] ?? '');
  return (
    <>
      <Title
        title={nameOf(id)}
        lead={
          <a href={writePlace({ view: 'market', params: { ...place.value.params, measure: null } })}>← All bidders</a>
        }
      >
        <WindowChoice />
      </Title>
      <Shown answer={bidder} what="the bidder">
        {(one) => <Facts id={id} bidder={one} />}
      </Shown>
      <Section id="funnel" title="From eligible to won" note="Each ad for whose slot its line item was eligible, once.">
        <Shown answer={bidders} what="what became of it">
          {({ rows }) =>
            rows.length === 0 ? (
              <Empty title="It was eligible for no ad in this window">Choose a longer window.</Empty>
            ) : (
              <>
                <Figures rows={rows} />
                <Funnel counts={countsOf(rows)} reasons={reasonsOf(reasons.data?.rows ?? [])} />
                <FreshnessLine />
              </>
            )
          }
        </Shown>
        <Shown answer={reasons} what="why">
          {({ rows }) => (rows.length === 0 ? null : <Reasons rows={rows} />)}
        </Shown>
      </Section>
      <Latency answer={latency} nameOf={nameOf} />
      <Section
        id="times"
        title="Where a time-out cuts"
        note="How long its answers took, and beside it how long it was given. What was given up on took at least so long: how much longer, nobody knows."
      >
        <Shown answer={times} what="its times">
          {({ rows }) =>
            rows.length === 0 ? <Empty title="It was not asked in this window" /> : <Distribution rows={rows} />
          }
        </Shown>
      </Section>
      <OverTime window={window} currency={currency} nameOf={nameOf} bidderId={id} />
      <Now nameOf={nameOf} bidderId={id} />
      <Lost window={window} currency={currency} nameOf={nameOf} bidderId={id} />
    </>
  );
}

function Facts({ id, bidder }: { readonly id: string; readonly bidder: Bidder }) {
  const { status, tiers, qps_limit, timeout_min_ms, timeout_max_ms } = bidder;
  return (
    <Section
      id="bidder"
      title="Terms"
      actions={
        <Badge looks={status.toLowerCase() === 'active' && bidder.archived !== true ? 'good' : 'late'}>
          {bidder.archived === true ? 'archived' : words(status.toLowerCase())}
        </Badge>
      }
    >
      <dl class="facts">
        <div>
          <dt>Id</dt>
          <dd class="mono">{id}</dd>
        </div>
        <div>
          <dt>Endpoint</dt>
          <dd class="mono">{bidder.endpoint}</dd>
        </div>
        <div>
          <dt>Buys for</dt>
          <dd>
            <Name id={bidder.advertiser_id} /> → <Name id={bidder.campaign_id} /> →{' '}
            <a href={writePlace({ view: 'catalogue', id: bidder.line_item_id })}>
              <span class="id">{bidder.line_item_id}</span>
            </a>
          </dd>
        </div>
        <div>
          <dt>Tiers</dt>
          <dd>{tiers.length === 0 ? 'all' : tiers.join(', ')}</dd>
        </div>
        <div>
          <dt>Limits</dt>
          <dd>
            {qps_limit === 0 ? 'no limit of requests' : `${count(qps_limit)} requests a second`}, {timeout_min_ms} to{' '}
            {timeout_max_ms} ms
          </dd>
        </div>
      </dl>
    </Section>
  );
}

function Figures({ rows }: { readonly rows: readonly ReportRow[] }) {
  const counts = countsOf(rows);
  const sum = (name: string) => rows.reduce((all, row) => all + numberOf(row, name), 0);
  return (
    <dl class="figures">
      <div>
        <dt>Revenue</dt>
        <dd>
          <Revenue rows={rows} />
        </dd>
      </div>
      <div>
        <dt>Win rate</dt>
        <dd>
          {percent(counts.won, counts.responded)} <small>of its bids</small>
        </dd>
      </div>
      <div>
        <dt>Too late</dt>
        <dd>
          {count(sum('timeouts'))} <small>{percent(sum('timeouts'), counts.solicited)} of asked</small>
        </dd>
      </div>
      <div>
        <dt>Faults</dt>
        <dd>
          {count(sum('failed'))} <small>{percent(sum('failed'), counts.solicited)} of asked</small>
        </dd>
      </div>
    </dl>
  );
}

const stepTitles: Readonly<Record<string, string>> = {
  not_asked: 'not asked',
  in_time: 'not there in time',
  fault: 'faulty',
  no_bid: 'no bid',
  no_part: 'took no part',
};

function Reasons({ rows }: { readonly rows: readonly ReportRow[] }) {
  return (
    <details>
      <summary>{plural(rows.length, 'way')} in which it ended</summary>
      <Table<ReportRow>
        caption="What became of the ads for which it was eligible"
        name="bidder-reasons"
        rows={rows}
        rowKey={(row) => `${String(row['step'])}/${String(row['reason'])}`}
        columns={[
          {
            title: 'Step',
            name: 'step',
            value: (row) => row['step'] ?? null,
            cell: (row) => stepTitles[String(row['step'])] ?? String(row['step']),
          },
          {
            title: 'Why',
            name: 'reason',
            value: (row) => row['reason'] ?? null,
            cell: (row) => words(String(row['reason'])),
          },
          {
            title: 'Ads',
            name: 'ads',
            isNumber: true,
            value: (row) => row['ads'] ?? null,
            cell: (row) => count(numberOf(row, 'ads')),
          },
          {
            title: 'Of eligible',
            name: 'share',
            isNumber: true,
            value: (row) => row['share'] ?? null,
            cell: (row) => `${(numberOf(row, 'share') * 100).toFixed(1)} %`,
          },
        ]}
      />
    </details>
  );
}
