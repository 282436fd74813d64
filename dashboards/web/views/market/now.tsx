import { type Answer, useAnswer } from '../../answer.ts';
import type { NameOf } from '../../entity-names.ts';
import { count, plural, timeOfDay, words } from '../../format.ts';
import { Badge, Empty, Section, Shown } from '../../parts/states.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { BidderLink } from './bidders.tsx';

interface BidderNow {
  readonly bidder_id: string;
  readonly breaker: 'closed' | 'half_open' | 'open';
  readonly share: number | null;
  readonly timeout_least_ms: number | null;
  readonly timeout_most_ms: number | null;
  readonly came_late: number;
}

interface MarketNow {
  readonly processes: number;
  readonly seen_at: string | null;
  readonly bidders: readonly BidderNow[];
  readonly in_flight: number;
  readonly mishandled: number;
  readonly notices_waiting: number;
  readonly notices: readonly { readonly kind: string; readonly outcome: string; readonly notices: number }[];
}

/** How bidders stand at the moment, as the processes count it, and notices that they were not told of yet. */
export function Now({ nameOf, bidderId }: { readonly nameOf: NameOf; readonly bidderId?: string }) {
  const answer: Answer<MarketNow> = useAnswer<MarketNow>('/v1/market/bidders');
  return (
    <Section
      id="now"
      title="Right now"
      note="As serving and streams count it, each since it started: breaker, share of the requests let through and time given, where a bidder stands worst."
      actions={
        <button type="button" class="quiet" onClick={answer.again}>
          Ask again
        </button>
      }
    >
      <Shown answer={answer} what="the processes">
        {(now) => {
          const bidders = now.bidders.filter(({ bidder_id }) => bidderId === undefined || bidder_id === bidderId);
          return now.processes === 0 ? (
            <Empty title="No process answers">Operations says which, and why.</Empty>
          ) : (
            <>
              <Figures now={now} />
              {bidders.length === 0 ? (
                <Empty title="Nobody was asked since the processes started" />
              ) : (
                <Health bidders={bidders} nameOf={nameOf} />
              )}
              <p class="foot">
                {plural(now.processes, 'process', 'processes')}
                {now.seen_at === null ? '' : `, read at ${timeOfDay(now.seen_at).slice(0, 8)} UTC`}
              </p>
            </>
          );
        }}
      </Shown>
    </Section>
  );
}

function Figures({ now }: { readonly now: MarketNow }) {
  const became = (outcome: string) =>
    now.notices.reduce((sum, one) => sum + (one.outcome === outcome ? one.notices : 0), 0);
  const outcomes = [...new Set(now.notices.map(({ outcome }) => outcome))];
  return (
    <dl class="figures">
      <div>
        <dt>Notices outstanding</dt>
        <dd>{count(now.notices_waiting)}</dd>
      </div>
      <div>
        <dt>Notices by outcome</dt>
        <dd class="small">
          {outcomes.length === 0 ? 'none yet' : outcomes.map((one) => `${words(one)} ${count(became(one))}`).join(', ')}
        </dd>
      </div>
      <div>
        <dt>Bid requests under way</dt>
        <dd>{count(now.in_flight)}</dd>
      </div>
      <div>
        <dt>Without an outcome</dt>
        <dd>
          <Badge looks={now.mishandled === 0 ? 'good' : 'bad'}>{count(now.mishandled)}</Badge>
        </dd>
      </div>
    </dl>
  );
}

function Health({ bidders, nameOf }: { readonly bidders: readonly BidderNow[]; readonly nameOf: NameOf }) {
  const columns: Column<BidderNow>[] = [
    {
      title: 'Bidder',
      name: 'bidder_id',
      value: ({ bidder_id }) => bidder_id,
      cell: ({ bidder_id }) => <BidderLink id={bidder_id} nameOf={nameOf} />,
    },
    {
      title: 'Breaker',
      name: 'breaker',
      value: ({ breaker }) => breaker,
      cell: ({ breaker }) => (
        <Badge looks={breaker === 'closed' ? 'good' : breaker === 'open' ? 'bad' : 'late'}>{words(breaker)}</Badge>
      ),
    },
    {
      title: 'Let through',
      name: 'share',
      isNumber: true,
      value: ({ share }) => share,
      cell: ({ share }) => (share === null ? '–' : `${Math.round(share * 100)} %`),
    },
    {
      title: 'Time given',
      name: 'timeout_most_ms',
      isNumber: true,
      value: ({ timeout_most_ms }) => timeout_most_ms,
      cell: ({ timeout_least_ms: least, timeout_most_ms: most }) => givenOf(least, most),
    },
    { title: 'Least', name: 'timeout_least_ms', value: ({ timeout_least_ms }) => timeout_least_ms, isHidden: true },
    {
      title: 'Came too late',
      name: 'came_late',
      isNumber: true,
      value: ({ came_late }) => came_late,
      cell: ({ came_late }) => (came_late === 0 ? <span class="dim">0</span> : count(came_late)),
    },
  ];
  return (
    <Table<BidderNow>
      caption="How each bidder stands"
      isCaptionHidden
      name="bidders-now"
      rows={bidders}
      rowKey={({ bidder_id }) => bidder_id}
      columns={columns}
    />
  );
}

function givenOf(least: number | null, most: number | null): string {
  if (least === null || most === null) return '–';
  const [from, to] = [Math.round(least), Math.round(most)];
  return from === to ? `${to} ms` : `${from}–${to} ms`;
}
