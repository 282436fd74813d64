import { type Child, details, h, table } from './dom.ts';
import { count, money, percent } from './format.ts';

type Row = Readonly<Record<string, string | number>>;

/** Figures of `GET /v1/live`. */
export interface Live {
  readonly at: string;
  readonly funnel: readonly Row[];
  readonly spend: readonly Row[];
  readonly accounts: readonly Row[];
  /** Ids of the newest selections. */
  readonly recent: readonly string[];
  readonly ledger_cut: string | null;
  readonly ledger_digest: string;
  readonly reporting: { readonly records: number; readonly age_ms: number | null };
}

/** Stages in their order; those beside the main line are set apart. */
const stages = [
  ['selected', 'Selected', true],
  ['returned', 'Returned', true],
  ['impression', 'Impression', true],
  ['viewable', 'Viewable', true],
  ['click', 'Clicked', false],
  ['billable', 'Billable', true],
  ['absorbed', 'Absorbed: no budget covered it', false],
  ['voided', 'Voided before certification', false],
  ['final', 'Final', true],
  ['reversed', 'Reversed', true],
] as const;

function currenciesOf(rows: readonly Row[]): string[] {
  return [...new Set(rows.map(({ currency }) => String(currency)))].toSorted();
}

export function funnelParts({ funnel }: Live): readonly Child[] {
  if (funnel.length === 0)
    return [h('p', {}, 'Nothing was selected in this window yet. ', h('a', { href: '/demo' }, 'Show an ad'), '.')];
  return currenciesOf(funnel).map((currency) =>
    funnelTable(
      currency,
      funnel.filter((row) => row['currency'] === currency),
    ),
  );
}

function funnelTable(currency: string, rows: readonly Row[]): HTMLElement {
  const of = (stage: string) => rows.find((row) => row['stage'] === stage);
  const counts = stages.map(([stage]) => Number(of(stage)?.['selections'] ?? 0));
  const most = Math.max(1, ...counts);
  const body = stages.map(([stage, title, isMain], index) => {
    const selections = counts[index] ?? 0;
    const bar = h('div');
    bar.style.width = `${(selections / most) * 100}%`;
    return h(
      'tr',
      { class: isMain ? '' : 'aside', 'data-stage': stage },
      h('th', { scope: 'row' }, title),
      h('td', { class: 'bar', 'aria-hidden': 'true' }, selections === 0 ? null : bar),
      h('td', { class: 'number' }, count(selections)),
      h('td', { class: 'number dim' }, percent(selections, counts[0] ?? 0)),
      h('td', { class: 'number' }, money(String(of(stage)?.['amount_micros'] ?? '0'), currency)),
    );
  });
  const head = [
    ['Truth', ''],
    ['', ''],
    ['Selections', 'number'],
    ['of selected', 'number'],
    ['Money', 'number'],
  ] as const;
  return h(
    'div',
    { class: 'scroll' },
    h(
      'table',
      {},
      h('thead', {}, h('tr', {}, ...head.map(([title, side]) => h('th', { scope: 'col', class: side }, title)))),
      h('tbody', {}, ...body),
    ),
  );
}

const states = [
  ['open', 'Reserved', 'open_micros'],
  ['released', 'Released', 'released_micros'],
  ['pending', 'In the hold', 'pending_micros'],
  ['suspended', 'In suspense', 'suspended_micros'],
  ['voided', 'Voided', 'voided_micros'],
  ['billable', 'May be billed', 'billable_micros'],
  ['reversed', 'Reversed', 'reversed_micros'],
  ['absorbed', 'Absorbed by us', 'absorbed_micros'],
] as const;

export function spendParts({ spend, accounts }: Live): readonly Child[] {
  if (spend.length === 0) return [h('p', {}, 'No money moved in this window.')];
  return [
    ...spend.flatMap((row) => spendOf(row)),
    h(
      'p',
      { class: 'dim' },
      'Drawn = reserved + released + incurred; incurred = hold + suspense + voided + certified; certified = may be billed + reversed. What is absorbed is in none of them.',
    ),
    details('accounts', 'Accounts of both ledgers, since ever', accountTable(accounts)),
  ];
}

function spendOf(row: Row): readonly Child[] {
  const currency = String(row['currency']);
  const stack = h('div', { class: 'stack', 'aria-hidden': 'true' });
  const legend = states.map(([state, title, field]) => {
    const amount = String(row[field] ?? '0');
    const part = h('div', { class: state });
    part.style.flexGrow = state === 'absorbed' ? '0' : amount;
    stack.append(part);
    return h(
      'li',
      { 'data-state': state },
      h('span', { class: `swatch ${state}` }),
      title,
      h('b', {}, money(amount, currency)),
    );
  });
  return [
    h('p', {}, 'Drawn ', h('b', {}, money(String(row['drawn_micros'] ?? '0'), currency))),
    stack,
    h('ul', { class: 'legend' }, ...legend),
  ];
}

function accountTable(accounts: readonly Row[]): HTMLElement {
  const columns = [
    { title: 'Account' },
    { title: 'Ledger' },
    { title: 'Grows on' },
    { title: 'Credits − debits', number: true },
  ];
  const rows = accounts.map((row) => [
    String(row['account']),
    String(row['truth']),
    String(row['normal_side']),
    money(String(row['balance_micros']), String(row['currency'])),
  ]);
  return table('Every entry has a debit and a credit: each ledger adds up to zero', columns, rows, true);
}
