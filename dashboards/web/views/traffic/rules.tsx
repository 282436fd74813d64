import type { Answer } from '../../answer.ts';
import { count, percent, plural, words } from '../../format.ts';
import { FreshnessLine } from '../../parts/fresh.tsx';
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

export interface RulesProps {
  readonly answer: Answer<ReportAnswer>;
  /** Of the amounts; verdicts are counted whatever their currency. */
  readonly currency: string;
  readonly onSave: () => Promise<void>;
}

/** Verdicts by rule, with the money that each took back before certification and after it. */
export function Rules({ answer, currency, onSave }: RulesProps) {
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
              <FreshnessLine />
              <RuleTable rows={byRule(rows, currency)} currency={currency} onSave={onSave} />
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

interface Rule {
  readonly rule: string;
  readonly category: string;
  readonly verdicts: number;
  readonly charges: number;
  /** In the chosen currency. */
  readonly money: ReadonlyMap<string, bigint>;
}

function byRule(rows: readonly ReportRow[], currency: string): Rule[] {
  const groups = Map.groupBy(rows, (row) => `${String(row['category'])}/${String(row['rule'])}`);
  return Array.from(groups.values(), (ones) => ({
    rule: String(ones[0]?.['rule']),
    category: String(ones[0]?.['category']),
    verdicts: ones.reduce((sum, row) => sum + Number(row['verdicts'] ?? 0), 0),
    charges: ones.reduce((sum, row) => sum + Number(row['charges'] ?? 0), 0),
    money: new Map(
      ends.map(({ name }) => [
        name,
        sumOf(
          ones.filter((row) => row['currency'] === currency),
          name,
        ),
      ]),
    ),
  })).toSorted((a, b) => b.verdicts - a.verdicts || (a.rule < b.rule ? -1 : 1));
}

function RuleTable({
  rows,
  currency,
  onSave,
}: {
  readonly rows: readonly Rule[];
  readonly currency: string;
  readonly onSave: () => Promise<void>;
}) {
  const most = Math.max(...rows.map(({ verdicts }) => verdicts));
  const number = (name: 'verdicts' | 'charges', title: string): Column<Rule> => ({
    title,
    name,
    isNumber: true,
    value: (row) => row[name],
    cell: (row) => count(row[name]),
  });
  return (
    <Table<Rule>
      caption={`${plural(rows.length, 'rule')}; verdicts of every currency, amounts in ${currency}, the file has all`}
      name="verdicts-by-rule"
      rows={rows}
      rowKey={({ rule, category }) => `${category}/${rule}`}
      onSave={onSave}
      columns={[
        {
          title: 'Rule',
          name: 'rule',
          value: ({ rule }) => rule,
          cell: ({ rule }) => <span class="nowrap">{words(rule)}</span>,
        },
        {
          title: 'Category',
          name: 'category',
          value: ({ category }) => category,
          cell: ({ category }) => <Badge looks="plain">{category}</Badge>,
        },
        {
          title: 'Drawn',
          name: 'drawn',
          isTitleHidden: true,
          isWide: true,
          value: () => null,
          cell: ({ verdicts }) => (
            <div class="bar" aria-hidden="true">
              <div style={{ width: `${(verdicts / most) * 100}%` }} />
            </div>
          ),
        },
        number('verdicts', 'Verdicts'),
        number('charges', 'Charged'),
        ...ends.map(
          ({ name, title }): Column<Rule> => ({
            title: title.split(' ')[0] ?? title,
            name,
            isNumber: true,
            value: ({ money }) => String(money.get(name) ?? 0n),
            cell: ({ money }) => <Money micros={money.get(name) ?? 0n} currency={currency} />,
          }),
        ),
      ]}
    />
  );
}
