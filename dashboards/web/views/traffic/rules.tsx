import type { Answer } from '../../answer.ts';
import { count, percent, plural, words } from '../../format.ts';
import { entriesHref } from '../../parts/links.tsx';
import { Money } from '../../parts/money.tsx';
import type { ReportAnswer, ReportRow } from '../../parts/report.tsx';
import { Badge, Empty, Section, Shown } from '../../parts/states.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { ToEntries } from './allowed.tsx';

/** What became of the money on which a verdict fell, by where it stood. */
const ends = [
  {
    name: 'voided_micros',
    title: 'Voided before certification',
    note: 'It was never billed.',
    colour: 'voided',
    href: entriesHref({ truth: 'tentative', kind: 'void' }),
  },
  {
    name: 'reversed_micros',
    title: 'Reversed after it',
    note: 'A credit on the advertiser’s statement.',
    colour: 'reversed',
    href: entriesHref({ truth: 'final', kind: 'reverse' }),
  },
  {
    name: 'absorbed_micros',
    title: 'Absorbed',
    note: 'No budget covered it, so it was never the advertiser’s.',
    colour: 'absorbed',
    href: entriesHref({ truth: 'final', kind: 'absorb_void' }),
  },
] as const;

/** Verdicts by rule, with the money that each took back before certification and after it. */
export function Rules({ answer, currency }: { readonly answer: Answer<ReportAnswer>; readonly currency: string }) {
  return (
    <Section
      id="rules"
      title="Taken back, before and after certification"
      note="GIVT: general invalid traffic, such as declared robots. SIVT: sophisticated, seen only in a pattern. QUALITY: a decision of finance."
    >
      <Shown answer={answer} what="the rules">
        {({ rows }) =>
          rows.length === 0 ? (
            <Empty title="No verdict in this window">Choose a longer one.</Empty>
          ) : (
            <>
              <Ends rows={rows.filter((row) => row['currency'] === currency)} currency={currency} />
              <RuleTable rows={rows} />
            </>
          )
        }
      </Shown>
    </Section>
  );
}

function sumOf(rows: readonly ReportRow[], name: string): bigint {
  return rows.reduce((sum, row) => sum + BigInt(String(row[name] ?? '0')), 0n);
}

function Ends({ rows, currency }: { readonly rows: readonly ReportRow[]; readonly currency: string }) {
  const sums = ends.map((end) => ({ ...end, sum: sumOf(rows, end.name) }));
  const all = sums.reduce((total, { sum }) => total + Number(sum), 0);
  return (
    <>
      <dl class="figures">
        {sums.map(({ name, title, note, colour, href, sum }) => (
          <div key={name} data-end={name}>
            <dt>
              <span class="swatch" style={{ '--colour': `var(--${colour})` }} />
              {title}
            </dt>
            <dd>
              <ToEntries href={href}>
                <Money micros={sum} currency={currency} />
              </ToEntries>{' '}
              <small>{percent(Number(sum), all)}</small>
            </dd>
            <dd class="small">{note}</dd>
          </div>
        ))}
      </dl>
      {all === 0 ? null : (
        <div class="stack" aria-hidden="true">
          {sums.map(({ name, colour, sum }) =>
            sum === 0n ? null : <div key={name} style={{ flexGrow: Number(sum), '--colour': `var(--${colour})` }} />,
          )}
        </div>
      )}
    </>
  );
}

function RuleTable({ rows }: { readonly rows: readonly ReportRow[] }) {
  const most = Math.max(...rows.map((row) => Number(row['verdicts'])));
  const number = (name: string, title: string): Column<ReportRow> => ({
    title,
    name,
    isNumber: true,
    value: (row) => row[name] ?? null,
    cell: (row) => count(Number(row[name] ?? 0)),
  });
  return (
    <Table<ReportRow>
      caption={plural(rows.length, 'rule and currency', 'rules and currencies')}
      name="verdicts-by-rule"
      rows={rows.toSorted((a, b) => Number(b['verdicts']) - Number(a['verdicts']))}
      rowKey={(row) => `${String(row['rule'])}/${String(row['currency'])}`}
      columns={[
        {
          title: 'Rule',
          name: 'rule',
          value: (row) => row['rule'] ?? null,
          cell: (row) => words(String(row['rule'])),
        },
        {
          title: 'Category',
          name: 'category',
          value: (row) => row['category'] ?? null,
          cell: (row) => <Badge looks="plain">{String(row['category'])}</Badge>,
        },
        {
          title: 'Drawn',
          name: 'drawn',
          isTitleHidden: true,
          isWide: true,
          value: () => null,
          cell: (row) => (
            <div class="bar" aria-hidden="true">
              <div style={{ width: `${(Number(row['verdicts']) / most) * 100}%` }} />
            </div>
          ),
        },
        number('verdicts', 'Verdicts'),
        number('charges', 'Charged'),
        { title: 'Currency', name: 'currency', value: (row) => row['currency'] ?? null, isHidden: true },
        ...ends.map(
          ({ name, title }): Column<ReportRow> => ({
            title: title.split(' ')[0] ?? title,
            name,
            isNumber: true,
            value: (row) => row[name] ?? null,
            cell: (row) => <Money micros={String(row[name])} currency={String(row['currency'])} />,
          }),
        ),
      ]}
    />
  );
}
