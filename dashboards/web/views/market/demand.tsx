import { useAnswer } from '../../answer.ts';
import type { NameOf } from '../../entity-names.ts';
import { count, percent, words } from '../../format.ts';
import { FreshnessLine } from '../../parts/fresh.tsx';
import { Money } from '../../parts/money.tsx';
import { type ReportAnswer, type ReportRow, reportPath } from '../../parts/report.tsx';
import { Badge, Empty, Section, Shown } from '../../parts/states.tsx';
import { Table } from '../../parts/table.tsx';
import { saveAnswer } from '../../save.ts';
import { BidderLink } from './bidders.tsx';
import { numberOf } from './steps.ts';

const rowsShown = 12;

/** Own line items and bidders in one list, by what they won. */
export function Demand({
  window,
  currency,
  nameOf,
}: {
  readonly window: string;
  readonly currency: string;
  readonly nameOf: NameOf;
}) {
  const path = reportPath('demand', { from: `-${window}` });
  const answer = useAnswer<ReportAnswer>(path);
  return (
    <Section
      id="demand"
      title="Own line items next to bidders"
      note="Who won the ads and what they brought. Revenue is of billable events taken; the eCPM is that by which the winner was ranked."
    >
      <Shown answer={answer} what="who won">
        {({ rows }) => {
          const own = rows.filter((row) => row['currency'] === currency);
          return own.length === 0 ? (
            <Empty title={currency === '' ? 'Nothing was sold in this window' : `Nothing was sold in ${currency}`} />
          ) : (
            <>
              <Shares rows={own} />
              <FreshnessLine />
              <Winners rows={own} nameOf={nameOf} onSave={() => saveAnswer(path, 'demand.csv')} />
            </>
          );
        }}
      </Shown>
    </Section>
  );
}

const sellers = [
  { seller: 'own', title: 'Own line items', colour: 'accent' },
  { seller: 'bidder', title: 'Bidders', colour: 'seen' },
  { seller: 'house', title: 'House ads', colour: 'released' },
] as const;

function Shares({ rows }: { readonly rows: readonly ReportRow[] }) {
  const adsOf = (seller: string) =>
    rows.filter((row) => row['seller'] === seller).reduce((sum, row) => sum + numberOf(row, 'selections'), 0);
  const all = rows.reduce((sum, row) => sum + numberOf(row, 'selections'), 0);
  return (
    <>
      <div class="stack" aria-hidden="true">
        {sellers.map(({ seller, colour }) =>
          adsOf(seller) === 0 ? null : (
            <div key={seller} style={{ flexGrow: adsOf(seller), '--colour': `var(--${colour})` }} />
          ),
        )}
      </div>
      <p class="key">
        {sellers.map(({ seller, title, colour }) => (
          <span key={seller}>
            <span class="swatch" style={{ '--colour': `var(--${colour})` }} />
            {title} {count(adsOf(seller))} <span class="dim">{percent(adsOf(seller), all)}</span>
          </span>
        ))}
      </p>
    </>
  );
}

function Winners({
  rows,
  nameOf,
  onSave,
}: {
  readonly rows: readonly ReportRow[];
  readonly nameOf: NameOf;
  readonly onSave: () => Promise<void>;
}) {
  const text = (row: ReportRow, name: string) => String(row[name] ?? '');
  const money = (row: ReportRow, name: string) => <Money micros={text(row, name)} currency={text(row, 'currency')} />;
  const shown = rows.slice(0, rowsShown);
  return (
    <Table<ReportRow>
      caption={
        rows.length > shown.length
          ? `The ${shown.length} that won most, of ${rows.length}; the file has all currencies`
          : 'By ads won; the file has all currencies'
      }
      name="demand"
      rows={shown}
      rowKey={(row) => `${text(row, 'line_item_id')}/${text(row, 'bidder_id')}/${text(row, 'seller')}`}
      onSave={onSave}
      columns={[
        {
          title: 'Line item',
          name: 'line_item',
          value: (row) => text(row, 'line_item'),
          cell: (row) =>
            text(row, 'bidder_id') === '' ? (
              <span title={text(row, 'line_item_id')}>{text(row, 'line_item') || text(row, 'line_item_id')}</span>
            ) : (
              <BidderLink id={text(row, 'bidder_id')} nameOf={nameOf} />
            ),
        },
        {
          title: 'Whose',
          name: 'seller',
          value: (row) => text(row, 'seller'),
          cell: (row) => <Badge looks="plain">{words(text(row, 'seller'))}</Badge>,
        },
        {
          title: 'Ads',
          name: 'selections',
          isNumber: true,
          value: (row) => row['selections'] ?? null,
          cell: (row) => count(numberOf(row, 'selections')),
        },
        {
          title: 'Share',
          name: 'share',
          isNumber: true,
          value: (row) => row['share'] ?? null,
          cell: (row) => `${(numberOf(row, 'share') * 100).toFixed(1)} %`,
        },
        {
          title: 'Seen',
          name: 'impressions',
          isNumber: true,
          value: (row) => row['impressions'] ?? null,
          cell: (row) => count(numberOf(row, 'impressions')),
        },
        {
          title: 'eCPM',
          name: 'ecpm_micros',
          isNumber: true,
          value: (row) => row['ecpm_micros'] ?? null,
          cell: (row) => money(row, 'ecpm_micros'),
        },
        {
          title: 'Revenue',
          name: 'revenue_micros',
          isNumber: true,
          value: (row) => row['revenue_micros'] ?? null,
          cell: (row) => money(row, 'revenue_micros'),
        },
      ]}
    />
  );
}
