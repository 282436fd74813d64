import type { Answer } from '../../answer.ts';
import type { NameOf } from '../../entity-names.ts';
import { count, micros } from '../../format.ts';
import { FreshnessLine } from '../../parts/fresh.tsx';
import type { ReportAnswer, ReportRow } from '../../parts/report.tsx';
import { Empty, Section, Shown } from '../../parts/states.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { BidderLink } from './bidders.tsx';
import { numberOf, rangeOf } from './steps.ts';

/** How long bidders take, on one scale with the time that they are given. */
export function Latency({ answer, nameOf }: { readonly answer: Answer<ReportAnswer>; readonly nameOf: NameOf }) {
  return (
    <Section
      id="latency"
      title="Answers against time-outs"
      note="A time-out is what 95 of a hundred of the last answers needed and a quarter more, and never more than the auction has left. What does not come in time counts as longer than anything."
    >
      <Shown answer={answer} what="the times">
        {({ rows }) =>
          rows.length === 0 ? <Empty title="Nobody was asked in this window" /> : <Times rows={rows} nameOf={nameOf} />
        }
      </Shown>
    </Section>
  );
}

function Times({ rows, nameOf }: { readonly rows: readonly ReportRow[]; readonly nameOf: NameOf }) {
  const widest = Math.max(1, ...rows.flatMap((row) => [numberOf(row, 'timeout_most_us'), numberOf(row, 'p99_us')]));
  const us = (name: string, title: string): Column<ReportRow> => ({
    title,
    name,
    isNumber: true,
    value: (row) => row[name] ?? null,
    cell: (row) => (row[name] === null ? <span class="dim">–</span> : micros(numberOf(row, name))),
  });
  const plain = (name: string, title: string): Column<ReportRow> => ({
    title,
    name,
    isNumber: true,
    value: (row) => row[name] ?? null,
    cell: (row) => (numberOf(row, name) === 0 ? <span class="dim">0</span> : count(numberOf(row, name))),
  });
  const hidden = ['solicited', 'answered', 'max_us', 'timeout_least_us', 'timeout_most_us', 'used_p95'];
  return (
    <>
      <p class="key">
        <span class="key-range" /> median to 95th <span class="key-tail" /> to 99th <span class="key-given" /> time
        given <span class="dim">· 0 to {micros(widest)}</span>
      </p>
      <Table<ReportRow>
        caption="Time of the answers and time given"
        isCaptionHidden
        name="bidder-latency"
        rows={rows}
        rowKey={(row) => String(row['bidder_id'])}
        columns={[
          {
            title: 'Bidder',
            name: 'bidder_id',
            value: (row) => row['bidder_id'] ?? null,
            cell: (row) => <BidderLink id={String(row['bidder_id'])} nameOf={nameOf} />,
          },
          {
            title: 'Drawn',
            name: 'drawn',
            isTitleHidden: true,
            isWide: true,
            value: () => null,
            cell: (row) => <Strip row={row} widest={widest} />,
          },
          us('p50_us', 'Median'),
          us('p95_us', '95th'),
          us('p99_us', '99th'),
          us('timeout_p50_us', 'Given'),
          {
            title: 'In time',
            name: 'in_time',
            isNumber: true,
            value: (row) => row['in_time'] ?? null,
            cell: (row) => (row['in_time'] === null ? '–' : `${(numberOf(row, 'in_time') * 100).toFixed(1)} %`),
          },
          plain('timed_out', 'Timed out'),
          plain('late', 'Late'),
          plain('not_awaited', 'Not awaited'),
          ...hidden.map((name) => ({
            title: name,
            name,
            value: (row: ReportRow) => row[name] ?? null,
            isHidden: true,
          })),
        ]}
      />
      <FreshnessLine />
    </>
  );
}

function Strip({ row, widest }: { readonly row: ReportRow; readonly widest: number }) {
  const at = (name: string) => (numberOf(row, name) / widest) * 100;
  const span = (from: string, to: string) => ({ left: `${at(from)}%`, width: `${Math.max(0.4, at(to) - at(from))}%` });
  return (
    <div class="strip" aria-hidden="true">
      <span class="strip-given" style={span('timeout_least_us', 'timeout_most_us')} />
      {row['p50_us'] === null ? null : (
        <>
          <span class="strip-tail" style={span('p50_us', 'p99_us')} />
          <span class="strip-range" style={span('p50_us', 'p95_us')} />
        </>
      )}
      <span class="strip-mark" style={{ left: `${at('timeout_p50_us')}%` }} />
    </div>
  );
}

/** One bidder's times by range, each beside how often it was given so long. */
export function Distribution({ rows }: { readonly rows: readonly ReportRow[] }) {
  // What was given is the same requests over other ranges: a scale of its own keeps both to be seen.
  const most = (...names: readonly string[]) =>
    Math.max(1, ...rows.map((row) => names.reduce((sum, name) => sum + numberOf(row, name), 0)));
  const [mostTaken, mostGiven] = [most('answers', 'given_up'), most('timeouts')];
  const width = (value: number, whole: number) => ({ width: `${(value / whole) * 100}%` });
  const plain = (name: string, title: string): Column<ReportRow> => ({
    title,
    name,
    isNumber: true,
    value: (row) => row[name] ?? null,
    cell: (row) => (numberOf(row, name) === 0 ? <span class="dim">0</span> : count(numberOf(row, name))),
  });
  return (
    <>
      <p class="key">
        <span class="key-range" /> answers <span class="key-missed" /> given up on <span class="key-given" /> time
        given, on a scale of its own
      </p>
      <Table<ReportRow>
        caption="Times by range"
        isCaptionHidden
        name="bidder-times"
        rows={rows}
        rowKey={(row) => String(row['from_us'])}
        columns={[
          {
            title: 'Time',
            name: 'from_us',
            value: (row) => row['from_us'] ?? null,
            cell: (row) => <span class="nowrap">{rangeOf(numberOf(row, 'from_us'), numberOf(row, 'below_us'))}</span>,
          },
          { title: 'Below', name: 'below_us', value: (row) => row['below_us'] ?? null, isHidden: true },
          {
            title: 'Drawn',
            name: 'drawn',
            isTitleHidden: true,
            isWide: true,
            value: () => null,
            cell: (row) => (
              <div class="twin" aria-hidden="true">
                <div>
                  <span class="twin-answers" style={width(numberOf(row, 'answers'), mostTaken)} />
                  <span class="twin-missed" style={width(numberOf(row, 'given_up'), mostTaken)} />
                </div>
                <div>
                  <span class="twin-given" style={width(numberOf(row, 'timeouts'), mostGiven)} />
                </div>
              </div>
            ),
          },
          plain('answers', 'Answers'),
          plain('bids', 'Bids'),
          plain('won', 'Won'),
          plain('given_up', 'Given up on'),
          plain('timeouts', 'Given so long'),
        ]}
      />
      <FreshnessLine />
    </>
  );
}
