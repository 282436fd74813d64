import type { Answer } from '../../answer.ts';
import type { NameOf } from '../../entity-names.ts';
import { count, percent } from '../../format.ts';
import { place } from '../../location.ts';
import { FreshnessLine } from '../../parts/fresh.tsx';
import { Money } from '../../parts/money.tsx';
import type { ReportAnswer, ReportRow } from '../../parts/report.tsx';
import { Empty, Section, Shown } from '../../parts/states.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { writePlace } from '../../place.ts';
import { Funnel, SmallFunnel } from './funnel.tsx';
import { byBidder, type Counts, countsOf, reasonsOf, type StepName } from './steps.ts';

export function bidderHref(id: string): string {
  const { window, currency } = place.value.params;
  return writePlace({ view: 'market', id, params: { window, currency } });
}

/** A bidder by its name, as a link to its page. */
export function BidderLink({ id, nameOf }: { readonly id: string; readonly nameOf: NameOf }) {
  return (
    <a href={bidderHref(id)} title={id} class={nameOf(id) === id ? 'id' : 'nowrap'}>
      {nameOf(id)}
    </a>
  );
}

export interface BiddersProps {
  readonly bidders: Answer<ReportAnswer>;
  readonly reasons: Answer<ReportAnswer>;
  readonly nameOf: NameOf;
}

/** All bidders as one funnel, and each by itself. */
export function Bidders({ bidders, reasons, nameOf }: BiddersProps) {
  return (
    <Section
      id="funnel"
      title="From eligible to won"
      note="Ads for whose slot a bidder of outside demand was eligible, each bidder by itself. Requests that ended without any ad leave no record here; /metrics counts them."
    >
      <Shown answer={bidders} what="the bidders">
        {({ rows }) =>
          rows.length === 0 ? (
            <Empty title="No bidder was eligible for an ad in this window">
              Choose a longer window, or have one buy: <code>POST /v1/bidders</code> makes it, docs/demand.md says how.
            </Empty>
          ) : (
            <>
              <Funnel counts={countsOf(rows)} reasons={reasonsOf(reasons.data?.rows ?? [])} />
              <FreshnessLine />
              <EachBidder rows={rows} nameOf={nameOf} />
            </>
          )
        }
      </Shown>
    </Section>
  );
}

interface Bidder {
  readonly id: string;
  readonly counts: Counts;
  readonly timeouts: number;
  readonly failed: number;
  readonly rows: readonly ReportRow[];
}

function EachBidder({ rows, nameOf }: { readonly rows: readonly ReportRow[]; readonly nameOf: NameOf }) {
  const sum = (ones: readonly ReportRow[], name: string) => ones.reduce((all, row) => all + Number(row[name] ?? 0), 0);
  const bidders: Bidder[] = byBidder(rows).map(({ id, rows: ones }) => ({
    id,
    counts: countsOf(ones),
    timeouts: sum(ones, 'timeouts'),
    failed: sum(ones, 'failed'),
    rows: ones,
  }));
  const widest = Math.max(...bidders.map(({ counts }) => counts.eligible));
  const step = (name: StepName, title: string): Column<Bidder> => ({
    title,
    name,
    isNumber: true,
    value: ({ counts }) => counts[name],
    cell: ({ counts }) => count(counts[name]),
  });
  const number = (name: 'timeouts' | 'failed', title: string): Column<Bidder> => ({
    title,
    name,
    isNumber: true,
    value: (one) => one[name],
    cell: (one) => (one[name] === 0 ? <span class="dim">0</span> : count(one[name])),
  });
  return (
    <Table<Bidder>
      caption="Bidder by bidder"
      name="bidders"
      rows={bidders}
      rowKey={({ id }) => id}
      columns={[
        {
          title: 'Bidder',
          name: 'bidder_id',
          value: ({ id }) => id,
          cell: ({ id }) => <BidderLink id={id} nameOf={nameOf} />,
        },
        {
          title: 'Drawn',
          name: 'funnel',
          isTitleHidden: true,
          value: () => null,
          cell: ({ counts }) => <SmallFunnel counts={counts} widest={widest} />,
        },
        step('eligible', 'Eligible'),
        step('solicited', 'Asked'),
        step('responded', 'Bids'),
        step('participating', 'Took part'),
        step('won', 'Won'),
        {
          title: 'Win rate',
          name: 'win_rate',
          isNumber: true,
          value: ({ counts }) => (counts.responded === 0 ? null : counts.won / counts.responded),
          cell: ({ counts }) => percent(counts.won, counts.responded),
        },
        number('timeouts', 'Too late'),
        number('failed', 'Faults'),
        {
          title: 'Revenue',
          name: 'revenue_micros',
          isNumber: true,
          value: ({ rows: ones }) =>
            ones.map((row) => `${String(row['revenue_micros'])} ${String(row['currency'])}`).join('; '),
          cell: ({ rows: ones }) => <Revenue rows={ones} />,
        },
      ]}
    />
  );
}

/** What it brought, an amount for each currency in which it brought any. */
export function Revenue({ rows }: { readonly rows: readonly ReportRow[] }) {
  const paid = rows.filter((row) => row['revenue_micros'] !== '0');
  return (
    <>
      {(paid.length === 0 ? rows.slice(0, 1) : paid).map((row) => (
        <div key={String(row['currency'])}>
          <Money micros={String(row['revenue_micros'])} currency={String(row['currency'])} />
        </div>
      ))}
    </>
  );
}
