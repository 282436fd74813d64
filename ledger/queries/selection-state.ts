import type { AnyRecord, Billing, Entry } from '../../domain/records.ts';
import type { SelectionState } from '../../ports/ledger-queries.ts';
import { formatTime } from '../../domain/time-text.ts';

/** Entries of one selection in both ledgers, each in its order. */
export interface SelectionEntries {
  readonly tentative: readonly Entry[];
  readonly final: readonly Entry[];
}

/** Amounts of the life cycle of one selection, micros. */
export interface SelectionAmounts {
  readonly drawn: bigint;
  readonly open: bigint;
  readonly released: bigint;
  readonly incurred: bigint;
  readonly pending: bigint;
  readonly suspended: bigint;
  readonly voided: bigint;
  /** Left what is tentative. */
  readonly certified: bigint;
  readonly reversed: bigint;
  /** Certified in the final ledger, less what was taken back. */
  readonly billable: bigint;
  readonly absorbed: bigint;
  readonly absorbedVoided: bigint;
}

/** Adds the entries of a selection up to the amounts of invariant 3. */
export function amountsOf({ tentative, final }: SelectionEntries): SelectionAmounts {
  const kind = (name: string) => total(tentative, isKind(name));
  const [drawn, released, incurred, voided, certified] = [
    kind('draw'),
    kind('release'),
    kind('incur'),
    kind('void'),
    kind('certify'),
  ];
  const suspended = balance(tentative, 'suspense');
  const reversed = total(final, ({ credit_account }) => credit_account === 'advertiser:unbilled');
  const absorbed = balance(final.filter(isKind('absorb')), 'absorbed');
  return {
    drawn,
    open: drawn - released - incurred,
    released,
    incurred,
    pending: incurred - suspended - voided - certified,
    suspended,
    voided,
    certified,
    reversed,
    billable: total(final, isKind('certify')) - reversed,
    absorbed,
    absorbedVoided: -balance(final.filter(isKind('absorb_void')), 'absorbed'),
  };
}

/** The state that amounts are in; null if there are none. */
export function stateOfAmounts(amounts: SelectionAmounts): SelectionState | null {
  if (amounts.suspended > 0n) return 'suspended';
  if (amounts.pending > 0n) return 'incurred';
  if (amounts.open > 0n) return 'reserved';
  if (amounts.billable > 0n || amounts.reversed > 0n) return stateOfCertified(amounts);
  if (amounts.voided > 0n) return 'voided';
  if (amounts.absorbed > 0n) return amounts.absorbed === amounts.absorbedVoided ? 'absorbed_voided' : 'absorbed';
  return amounts.released > 0n ? 'released' : null;
}

/** The state of a selection without entries, by what the log has of it. */
export function stateOfEvents(records: readonly (AnyRecord | null)[]): { state: SelectionState; why: string } {
  if (records.length === 0) return { state: 'unknown', why: 'Neither the ledgers nor the log know it.' };
  const billing = contentOf(records);
  if (billing?.test) return { state: 'test', why: 'It is a test: it takes the whole path and is never billed.' };
  if (billing?.pricing_model === 'NONE' || billing?.price_micros === 0) {
    return { state: 'unpriced', why: 'It has no price (a house or fallback ad): it moves no money.' };
  }
  const spends = records.filter((record) => record?.name === 'SpendReserved' || record?.name === 'SpendIncurred');
  const why =
    spends.length === 0
      ? 'No record of it commits money.'
      : 'The ledgers have booked none of its spend records at this cut.';
  return { state: 'unbooked', why };
}

/** The token-derived content of a selection, of the first record that carries it; null if none does. */
export function contentOf(records: readonly (AnyRecord | null)[]): Billing | null {
  for (const record of records) {
    const billing = record && billingOf(record);
    if (billing !== null) return billing;
  }
  return null;
}

function billingOf({ value }: AnyRecord): Billing | null {
  if ('billing' in value) return value.billing;
  return 'beacon' in value ? value.beacon.billing : null;
}

/** One sentence for each booking of a selection, in the order in which they were booked. */
export function storyOf({ tentative, final }: SelectionEntries): readonly string[] {
  const bookings = [...firstLegs(tentative), ...firstLegs(final).filter(({ kind }) => kind !== 'certify')];
  bookings.sort((a, b) => a.source_offset - b.source_offset);
  return bookings.map(
    (entry) => `${formatTime(entry.posted_at)}: ${sentenceOf(entry)} (offset ${entry.source_offset}).`,
  );
}

function firstLegs(entries: readonly Entry[]): readonly Entry[] {
  return entries.filter((entry, index) => {
    const before = entries[index - 1];
    return before?.kind !== entry.kind || before.source_offset !== entry.source_offset;
  });
}

function sentenceOf({ kind, debit_account, reference }: Entry): string {
  const ground = `${debit_account.replace('contra:', '').toUpperCase()}, rule ${reference}`;
  switch (kind) {
    case 'draw':
      return 'Its price was drawn on a lease of its campaign';
    case 'release':
      return 'A draw was released: it expired, or was one too many';
    case 'incur':
      return 'Its billable event arrived: the hold began';
    case 'suspend':
      return 'Two records of it disagree: it is held until somebody decides';
    case 'void':
      return `It was voided before it was final: ${ground}`;
    case 'certify':
      return 'The hold passed: it may be billed';
    case 'reverse':
      return `It was taken back after it was final: ${ground}`;
    case 'adjust':
      return `Finance adjusted it: ${reference}`;
    case 'absorb':
      return 'No live draw covers it: the platform pays for it, the advertiser does not';
    case 'absorb_void':
      return `It is not paid for after all: invalid traffic, rule ${reference}`;
    default:
      return `It was booked as ${kind}`;
  }
}

function stateOfCertified({ billable, reversed }: SelectionAmounts): SelectionState {
  if (reversed === 0n) return 'final';
  return billable === 0n ? 'reversed' : 'partly_reversed';
}

function isKind(name: string) {
  return ({ kind }: Entry) => kind === name;
}

function total(entries: readonly Entry[], counts: (entry: Entry) => boolean): bigint {
  return entries.reduce((sum, entry) => (counts(entry) ? sum + BigInt(entry.amount_micros) : sum), 0n);
}

/** Debits − credits. */
function balance(entries: readonly Entry[], account: string): bigint {
  const debits = total(entries, ({ debit_account }) => debit_account === account);
  return debits - total(entries, ({ credit_account }) => credit_account === account);
}
