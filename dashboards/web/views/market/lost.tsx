import { useAnswer } from '../../answer.ts';
import type { NameOf } from '../../entity-names.ts';
import { count } from '../../format.ts';
import { Money } from '../../parts/money.tsx';
import { type ReportAnswer, type ReportRow, reportPath } from '../../parts/report.tsx';
import { Empty, Section, Shown } from '../../parts/states.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { saveAnswer } from '../../save.ts';
import { BidderLink } from './bidders.tsx';
import { numberOf } from './steps.ts';

/** What time cost: by estimate, since a bid that did not come in time is not in the log. */
export function Lost({
  window,
  currency,
  nameOf,
  bidderId = '',
}: {
  readonly window: string;
  readonly currency: string;
  readonly nameOf: NameOf;
  readonly bidderId?: string;
}) {
  const path = reportPath('lost_to_time', { from: `-${window}`, bidder_id: bidderId });
  const answer = useAnswer<ReportAnswer>(path);
  return (
    <Section
      id="lost"
      title="Lost to time-outs"
      note="By estimate: a bidder that was not there in time is taken to have bid as it did in the answers that came, against what won the ad instead. An upper bound of what more time would bring; with fewer than 16 answers nothing is estimated."
    >
      <Shown answer={answer} what="what was lost">
        {({ rows }) =>
          rows.length === 0 ? (
            <Empty title="Everybody who was asked was there in time" />
          ) : (
            <>
              <AtMost rows={rows.filter((row) => row['currency'] === currency)} currency={currency} />
              <LostTable rows={rows} nameOf={nameOf} onSave={() => saveAnswer(path, 'lost_to_time.csv')} />
            </>
          )
        }
      </Shown>
    </Section>
  );
}

/** All bidders together. Of two that were late for one ad only one could have won it: the sum is a bound. */
function AtMost({ rows, currency }: { readonly rows: readonly ReportRow[]; readonly currency: string }) {
  const micros = (name: string) => rows.reduce((sum, row) => sum + BigInt(String(row[name] ?? '0')), 0n);
  const ads = (name: string) => count(rows.reduce((sum, row) => sum + numberOf(row, name), 0));
  return (
    <dl class="figures">
      <div>
        <dt>Lost to time-outs, at most</dt>
        <dd>
          <Money micros={micros('lost_micros')} currency={currency} />{' '}
          <small>{ads('would_have_won')} ads won by others</small>
        </dd>
      </div>
      <div>
        <dt>Given up on purpose, at most</dt>
        <dd>
          <Money micros={micros('not_awaited_micros')} currency={currency} />{' '}
          <small>{ads('not_awaited')} answers not awaited</small>
        </dd>
      </div>
    </dl>
  );
}

function LostTable({
  rows,
  nameOf,
  onSave,
}: {
  readonly rows: readonly ReportRow[];
  readonly nameOf: NameOf;
  readonly onSave: () => Promise<void>;
}) {
  const plain = (name: string, title: string): Column<ReportRow> => ({
    title,
    name,
    isNumber: true,
    value: (row) => row[name] ?? null,
    cell: (row) => (row[name] === null ? <span class="dim">too few answers</span> : count(numberOf(row, name))),
  });
  const money = (name: string, title: string): Column<ReportRow> => ({
    title,
    name,
    isNumber: true,
    value: (row) => row[name] ?? null,
    cell: (row) =>
      row[name] === null ? '–' : <Money micros={String(row[name])} currency={String(row['currency'] ?? '')} />,
  });
  return (
    <Table<ReportRow>
      caption="By bidder and currency"
      isCaptionHidden
      name="lost-to-time"
      rows={rows}
      rowKey={(row) => `${String(row['bidder_id'])}/${String(row['currency'])}`}
      onSave={onSave}
      columns={[
        {
          title: 'Bidder',
          name: 'bidder_id',
          value: (row) => row['bidder_id'] ?? null,
          cell: (row) => <BidderLink id={String(row['bidder_id'])} nameOf={nameOf} />,
        },
        { title: 'Currency', name: 'currency', value: (row) => row['currency'] ?? null },
        plain('timed_out', 'Timed out'),
        plain('late', 'Late'),
        plain('would_have_won', 'Would have won'),
        money('lost_micros', 'Lost'),
        plain('not_awaited', 'Not awaited'),
        money('not_awaited_micros', 'Given up on purpose'),
      ]}
    />
  );
}
