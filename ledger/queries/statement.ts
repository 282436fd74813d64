import { AdtallyError } from '../../domain/errors.ts';
import { majorUnits } from '../../domain/money.ts';
import type { GroupSum } from '../../ports/ledger-index.ts';
import type {
  CurrencyStatement,
  StatementAnswer,
  StatementCredit,
  StatementLine,
  StatementQuestion,
} from '../../ports/ledger-queries.ts';
import { type Cut, type CutPorts, findCut, sealOf } from './cut.ts';
import { type Sides, shownAmount } from './shown.ts';

/** What a statement says of its advertiser; the ledgers know only the id. */
export interface StatementParty {
  readonly name: string;
  readonly time_zone: string;
  readonly calendar: number;
  readonly currency: string;
}

export interface StatementPorts extends CutPorts {
  /** From the catalogue; null if it has no such advertiser. */
  readonly advertiser: (advertiserId: string) => Promise<StatementParty | null>;
}

/** What an advertiser owes, on an invoice or not yet: the account that a statement is of. */
const receivables = ['advertiser:unbilled', 'advertiser:invoiced'] as const;

/** The statement of one posting period, from the final ledger. */
export async function answerStatement(ports: StatementPorts, question: StatementQuestion): Promise<StatementAnswer> {
  const { advertiserId, period, at } = question;
  const party = await ports.advertiser(advertiserId);
  if (party === null) throw new AdtallyError('NOT_FOUND', `there is no advertiser ${advertiserId}`);
  const cut = await findCut(ports, ['tentative', 'final'], at);
  const streams = cut.streams.filter(({ truth }) => truth === 'final');
  const sums = await ports.index.sums(streams, { advertiserId });
  const open = await openStreams(ports, cut, { calendar: party.calendar, period });
  const currencies = [...new Set([party.currency, ...sums.map(({ currency }) => currency)])].toSorted();
  return {
    ...sealOf(cut),
    advertiser_id: advertiserId,
    name: party.name,
    time_zone: party.time_zone,
    period,
    final: open.length === 0,
    open_streams: open,
    accounts: receivables,
    normal_side: 'debit',
    statements: currencies.map((currency) => statementOf(currency, period, sums)),
  };
}

/** Streams that have not passed the close of the period at the cut. */
async function openStreams(ports: CutPorts, cut: Cut, closed: { calendar: number; period: string }): Promise<string[]> {
  const passed = await Promise.all(
    cut.streams.map(async ({ stream, offset }) => {
      const closedAt = await ports.index.closedAt(stream, closed.calendar, closed.period);
      return closedAt !== null && closedAt < offset;
    }),
  );
  return cut.streams.filter((_, index) => passed[index] === false).map(({ stream }) => stream);
}

/** Error: `INVARIANT_BROKEN` if opening, lines, credits and adjustments are not the closing. */
function statementOf(currency: string, period: string, sums: readonly GroupSum[]): CurrencyStatement {
  const own = sums.filter((sum) => sum.currency === currency && sum.posting_period <= period);
  const within = own.filter(({ posting_period }) => posting_period === period);
  const opening = sidesOf(own.filter(({ posting_period }) => posting_period < period));
  const closing = sidesOf(own);
  const moved = within.filter((sum) => netOf(sum) !== 0n);
  const sections = {
    lines: section(moved.filter(({ kind }) => kind === 'certify')),
    credits: section(moved.filter(({ kind }) => kind === 'reverse')),
    adjustments: section(moved.filter(({ kind }) => kind === 'adjust')),
  };
  checkClosing({ currency, period, opening, closing, listed: Object.values(sections).flat() });
  const invoicedMicros = within.reduce((sum, group) => sum + invoicedOf(group), 0n);
  return {
    currency,
    opening: shownAmount(opening),
    lines: sections.lines.map(shownLine),
    credits: sections.credits.map(shownCredit),
    adjustments: sections.adjustments.map(shownCredit),
    closing: shownAmount(closing),
    invoiced_micros: String(invoicedMicros),
    invoiced: majorUnits(invoicedMicros),
  };
}

interface SectionLine {
  readonly campaign_id: string;
  readonly service_period: string;
  readonly category: string;
  events: number;
  readonly sides: Sides;
}

/** Sums by campaign, month of delivery and category, in their order. */
function section(sums: readonly GroupSum[]): readonly SectionLine[] {
  const lines = new Map<string, SectionLine>();
  for (const sum of sums) {
    const category = categoryOf(sum);
    const { campaign_id, service_period } = sum;
    const key = [campaign_id, service_period, category].join('\n');
    const fresh = { campaign_id, service_period, category, events: 0, sides: { debitMicros: 0n, creditMicros: 0n } };
    const line = lines.get(key) ?? fresh;
    lines.set(key, line);
    line.events += sum.bookings;
    addTo(line.sides, sum);
  }
  return [...lines].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, line]) => line);
}

function shownLine({ campaign_id, service_period, events, sides }: SectionLine): StatementLine {
  return { campaign_id, service_period, events, ...shownAmount(sides) };
}

function shownCredit(line: SectionLine): StatementCredit {
  return { category: line.category, ...shownLine(line) };
}

/** The ground of what was taken back: the contra account that it went to. */
function categoryOf({ debit_account }: GroupSum): string {
  return debit_account.startsWith('contra:') ? debit_account.slice('contra:'.length).toUpperCase() : '';
}

function isReceivable(account: string): boolean {
  return (receivables as readonly string[]).includes(account);
}

/** What a sum takes from what is owed: credits − debits; 0 for an invoice, which moves it from one account to the other. */
function netOf({ debit_account, credit_account, amountMicros }: GroupSum): bigint {
  return (isReceivable(credit_account) ? amountMicros : 0n) - (isReceivable(debit_account) ? amountMicros : 0n);
}

/** What an invoice moved; less than nothing for a credit note. */
function invoicedOf({ kind, debit_account, amountMicros }: GroupSum): bigint {
  if (kind !== 'invoice') return 0n;
  return debit_account === 'advertiser:invoiced' ? amountMicros : -amountMicros;
}

function addTo(sides: Sides, sum: GroupSum): void {
  if (netOf(sum) < 0n) sides.debitMicros += sum.amountMicros;
  if (netOf(sum) > 0n) sides.creditMicros += sum.amountMicros;
}

function sidesOf(sums: readonly GroupSum[]): Sides {
  const sides = { debitMicros: 0n, creditMicros: 0n };
  for (const sum of sums) addTo(sides, sum);
  return sides;
}

function checkClosing(of: {
  currency: string;
  period: string;
  opening: Sides;
  closing: Sides;
  listed: readonly SectionLine[];
}) {
  const net = ({ debitMicros, creditMicros }: Sides) => creditMicros - debitMicros;
  const expected = of.listed.reduce((sum, { sides }) => sum + net(sides), net(of.opening));
  if (expected === net(of.closing)) return;
  const sides = `${expected} listed, ${net(of.closing)} on the accounts`;
  throw new AdtallyError(
    'INVARIANT_BROKEN',
    `the statement of ${of.period} in ${of.currency} does not add up: ${sides}`,
  );
}
