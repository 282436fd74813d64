import { useMemo } from 'preact/hooks';
import { count, duration, moment, percent, words } from '../../format.ts';
import type { Requests as Figures } from '../../live.ts';
import { Chart } from '../../parts/chart.tsx';
import { FreshnessOf } from '../../parts/fresh.tsx';
import { Empty, Section } from '../../parts/states.tsx';
import { Table } from '../../parts/table.tsx';

/** What serving was asked: a request that got no ad leaves nothing in the log, so these are the counts of the processes. */
export function Requests({ requests, at }: { readonly requests: Figures; readonly at: string }) {
  const { over_ms, since, requests: asked, slots, ads, answers, refused, per_second, no_ad } = requests;
  const span = over_ms < 300_000 ? `the ${duration(over_ms)} since this console began to watch` : 'the last 5 minutes';
  const inTime = answers['in_time'] ?? 0;
  return (
    <Section
      id="requests"
      title="Requests"
      note={`As the serving processes count them, over ${span}. Watched since ${moment(since)} UTC; what came before is not in them.`}
    >
      <dl class="figures">
        <div>
          <dt>Requests a second</dt>
          <dd>{per_second === null ? '–' : per_second < 10 ? per_second.toFixed(1) : count(Math.round(per_second))}</dd>
        </div>
        <div>
          <dt>Slots filled</dt>
          <dd>
            {percent(ads, slots)} <small>of {count(slots)}</small>
          </dd>
        </div>
        <div>
          <dt>Answered in time</dt>
          <dd>
            {percent(inTime, asked)} <small>of {count(asked)}</small>
          </dd>
        </div>
        <div>
          <dt>Shed for overload</dt>
          <dd>{count(answers['shed'] ?? 0)}</dd>
        </div>
        <div>
          <dt>Refused as a flood</dt>
          <dd>{count(refused)}</dd>
        </div>
      </dl>
      <div class="pair uneven">
        <Minutes minutes={requests.minutes} at={at} />
        {no_ad.length === 0 ? (
          <p class="note">{slots === 0 ? 'No slot was asked for.' : 'Every slot got an ad.'}</p>
        ) : (
          <Table<Figures['no_ad'][number]>
            caption="Why slots stayed empty"
            name="no-ad"
            rows={no_ad}
            rowKey={({ reason }) => reason}
            columns={[
              { title: 'Reason', name: 'reason', value: ({ reason }) => reason, cell: ({ reason }) => words(reason) },
              {
                title: 'Slots',
                name: 'slots',
                isNumber: true,
                value: ({ slots: some }) => some,
                cell: ({ slots: some }) => count(some),
              },
              { title: 'Of all', name: 'share', isNumber: true, value: ({ slots: some }) => percent(some, slots) },
            ]}
          />
        )}
      </div>
    </Section>
  );
}

function Minutes({ minutes, at }: { readonly minutes: Figures['minutes']; readonly at: string }) {
  const key = minutes.map(({ minute, requests }) => `${minute}${requests}`).join();
  const { times, series } = useMemo(
    () => ({
      times: minutes.map(({ minute }) => Date.parse(minute) / 1_000),
      series: [
        {
          title: 'Requests',
          colour: 'accent',
          values: minutes.map(({ requests }) => requests),
          shown: count,
          isFilled: true,
        },
        { title: 'Ads', colour: 'seen', values: minutes.map(({ ads }) => ads), shown: count },
        { title: 'Refused', colour: 'bad', values: minutes.map(({ refused }) => refused), shown: count },
      ],
    }),
    [key],
  );
  if (times.length < 2) return <Empty title="A chart comes after two minutes of watching" />;
  // Whole minutes only: it is as fresh as the end of the last.
  const asOf = ((times.at(-1) ?? 0) + 60) * 1_000;
  const fresh = { as_of: new Date(asOf).toISOString(), behind_ms: Math.max(0, Date.parse(at) - asOf) };
  return (
    <FreshnessOf.Provider value={fresh}>
      <div>
        <Chart
          title="Requests, ads and refusals, by minute"
          times={times}
          axis={count}
          series={series}
          heightPx={180}
        />
      </div>
    </FreshnessOf.Provider>
  );
}
