import { useState } from 'preact/hooks';
import { useAnswer } from '../../answer.ts';
import { count, plainAmount, words } from '../../format.ts';
import { place, setParams } from '../../location.ts';
import { entriesHref, Name } from '../../parts/links.tsx';
import { Money } from '../../parts/money.tsx';
import { OwnerChoice } from '../../parts/owner-choice.tsx';
import { SealLine } from '../../parts/seal.tsx';
import { Badge, Empty, Problem, Section, Shown } from '../../parts/states.tsx';
import { Table } from '../../parts/table.tsx';
import { saveAnswer } from '../../save.ts';
import { session } from '../../session.ts';
import type { Statement, StatementLine } from './ledger.ts';

const usualPeriod = () => new Date().toISOString().slice(0, 7);

/** What an advertiser is charged for one month, line by line, and as a file. */
export function StatementTab() {
  const { advertiser = session.value?.advertiser_id ?? undefined, period = usualPeriod() } = place.value.params;
  const path = advertiser === undefined ? null : `/v1/ledger/statements/${advertiser}?period=${period}`;
  const answer = useAnswer<Statement>(path);
  return (
    <Section
      id="statement"
      title="Statement"
      note="Opening + charges + credits + adjustments = closing. What an advertiser owes is below zero."
      actions={
        <>
          <OwnerChoice withCampaign={false} />
          <label class="choice">
            <span>Month</span>
            <input
              type="month"
              value={period}
              onChange={({ currentTarget }) => setParams({ period: currentTarget.value || null })}
            />
          </label>
          {path === null ? null : <Download path={path} name={`statement-${advertiser}-${period}`} />}
        </>
      }
    >
      {path === null ? (
        <Empty title="Choose an advertiser">A statement is of one advertiser and one posting month.</Empty>
      ) : (
        <Shown answer={answer} what="the statement">
          {(data) => <Sheet data={data} />}
        </Shown>
      )}
    </Section>
  );
}

function Download({ path, name }: { readonly path: string; readonly name: string }) {
  const [error, setError] = useState<unknown>(null);
  const save = (accept: string, suffix: string) => {
    setError(null);
    saveAnswer(path, `${name}.${suffix}`, accept).catch(setError);
  };
  return (
    <>
      <button type="button" onClick={() => save('text/csv', 'csv')}>
        Download CSV
      </button>
      <button type="button" class="quiet" onClick={() => save('application/json', 'json')}>
        JSON
      </button>
      {error === null ? null : <Problem error={error} />}
    </>
  );
}

interface Line {
  readonly section: 'opening' | 'charge' | 'credit' | 'adjustment';
  readonly campaign: string;
  readonly service: string;
  readonly category: string;
  readonly events: number | null;
  readonly micros: string;
}

function linesOf(one: Statement['statements'][number]): Line[] {
  const lines = (section: Line['section'], rows: readonly StatementLine[]): Line[] =>
    rows.map(({ campaign_id, service_period, category = '', events, amount_micros }) => ({
      section,
      campaign: campaign_id,
      service: service_period,
      category,
      events,
      micros: amount_micros,
    }));
  const opening = { campaign: '', service: '', category: '', events: null, micros: one.opening.amount_micros };
  return [
    { section: 'opening', ...opening },
    ...lines('charge', one.lines),
    ...lines('credit', one.credits),
    ...lines('adjustment', one.adjustments),
  ];
}

function Sheet({ data }: { readonly data: Statement }) {
  const { name, time_zone, final, open_streams, period, advertiser_id } = data;
  return (
    <>
      <p>
        <Badge looks={final ? 'good' : 'late'}>{final ? 'Final' : 'Not final yet'}</Badge> <strong>{name}</strong>,{' '}
        {period} in {time_zone}.{' '}
        <span class="dim">
          {final
            ? 'Both ledgers have passed the close of the month on every shard: it never changes again.'
            : `${open_streams.length} streams have not passed the close of the month.`}
        </span>
      </p>
      {data.statements.length === 0 ? <Empty title="No entry in this month" /> : null}
      {data.statements.map((one) => (
        <Table<Line>
          key={one.currency}
          caption={`Amounts in ${one.currency}`}
          name={`statement-lines-${one.currency}`}
          rows={linesOf(one)}
          rowKey={({ section, campaign, service, category }) => `${section} ${campaign} ${service} ${category}`}
          looksOf={({ section }) => (section === 'opening' ? 'aside' : '')}
          onSave={() =>
            saveAnswer(
              `/v1/ledger/statements/${advertiser_id}?period=${period}`,
              `statement-${advertiser_id}-${period}.csv`,
            )
          }
          columns={[
            {
              title: 'What',
              name: 'section',
              value: ({ section }) => section,
              cell: ({ section, category }) => `${words(section)}${category === '' ? '' : ` · ${category}`}`,
            },
            {
              title: 'Campaign',
              name: 'campaign_id',
              value: ({ campaign }) => campaign,
              cell: ({ campaign }) => <Name id={campaign} />,
            },
            { title: 'Delivered in', name: 'service_period', value: ({ service }) => service },
            {
              title: 'Events',
              name: 'events',
              isNumber: true,
              value: ({ events }) => events,
              cell: ({ events }) => (events === null ? '' : count(events)),
            },
            {
              title: 'Amount',
              name: 'amount_micros',
              isNumber: true,
              value: ({ micros }) => plainAmount(micros),
              cell: ({ campaign, service, micros }) =>
                campaign === '' ? (
                  <Money micros={micros} currency={one.currency} exact />
                ) : (
                  <a
                    href={entriesHref({
                      truth: 'final',
                      account: 'advertiser:unbilled',
                      advertiser: advertiser_id,
                      campaign,
                      service,
                      posting: period,
                    })}
                    title="Its entries"
                  >
                    <Money micros={micros} currency={one.currency} exact />
                  </a>
                ),
            },
          ]}
          total={[
            'Closing',
            '',
            '',
            '',
            <Money key="sum" micros={one.closing.amount_micros} currency={one.currency} exact />,
          ]}
        />
      ))}
      <SealLine seal={data} />
    </>
  );
}
