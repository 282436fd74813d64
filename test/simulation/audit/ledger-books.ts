import type { EntriesBooked, Entry } from '../../../domain/records.ts';
import type { Story } from '../story.ts';
import { monthAfter, monthIn } from './calendar-months.ts';

/** What the entries of both ledgers say of one selection, micros. */
export interface Account {
  drawn: number;
  released: number;
  incurred: number;
  voided: number;
  suspended: number;
  /** Certified by the tentative ledger, and by the final one. */
  passed: number;
  certified: number;
  reversed: number;
  absorbed: number;
  absorbedBack: number;
  /** Net of what the final ledger gave each. */
  publisher: number;
  platform: number;
  rounding: number;
  incurredAt: number;
  /** Places of the records that made it incur or be absorbed. */
  readonly charges: Set<string>;
  readonly history: string[];
}

function noAccount(): Account {
  const zero = { drawn: 0, released: 0, incurred: 0, voided: 0, suspended: 0, passed: 0, certified: 0, reversed: 0 };
  const final = { absorbed: 0, absorbedBack: 0, publisher: 0, platform: 0, rounding: 0, incurredAt: 0 };
  return { ...zero, ...final, charges: new Set(), history: [] };
}

/** Where a stream stands. */
interface Stream {
  next: { readonly offset: number; readonly ordinal: number };
  count: number;
  chainHead: string;
  readonly closed: Map<number, string>;
}

/**
 * Both ledgers as an auditor reads them, entry by entry as they are written; complains the moment that something can't be right. Knows what was issued and what
 * a ledger is, and none of the rules by which the platform books.
 */
export class LedgerBooks {
  readonly accounts = new Map<string, Account>();
  readonly streams = new Map<string, Stream>();
  /** What stands against a campaign: open, pending, suspended, certified, less what was taken back. */
  readonly committed = new Map<string, number>();
  /** Entries by (truth, shard, offset, ordinal), to be held against the journal. */
  readonly entries = new Map<string, string>();
  /** By shard, sums by truth, kind and accounts, micros; of what belongs to selections. */
  readonly totals = new Map<number, Map<string, bigint>>();
  /** Highest budget that ever took effect, by campaign. */
  readonly highest = new Map<string, number>();
  readonly zones = new Map<string, string>();
  holdMs = 0;
  readonly #story: Story;

  constructor(story: Story) {
    this.#story = story;
  }

  book(batch: EntriesBooked): void {
    const name = `${batch.truth}-${batch.shard}`;
    const { first, next } = batch;
    const stream = this.streams.get(name) ?? {
      next: { offset: 0, ordinal: 0 },
      count: 0,
      chainHead: '',
      closed: new Map(),
    };
    this.streams.set(name, stream);
    if (first.offset !== stream.next.offset || first.ordinal !== stream.next.ordinal) {
      this.#wrong(
        `${name} goes on at ${first.offset}.${first.ordinal}, it stood at ${stream.next.offset}.${stream.next.ordinal}`,
      );
    }
    const closes = [...batch.closes];
    for (const entry of batch.entries) {
      while (closes[0] !== undefined && closes[0].offset < entry.source_offset) this.#close(stream, closes.shift());
      this.#entry(batch, stream, entry);
    }
    for (const close of closes) this.#close(stream, close);
    stream.next = next;
    stream.count += batch.entries.length;
    stream.chainHead = Buffer.from(batch.chain_head).toString('hex');
    if (stream.count !== batch.entry_count)
      this.#wrong(`${name} says it has ${batch.entry_count} entries, it has ${stream.count}`);
  }

  account(selectionId: string): Account {
    const known = this.accounts.get(selectionId) ?? noAccount();
    this.accounts.set(selectionId, known);
    return known;
  }

  #close(stream: Stream, close: EntriesBooked['closes'][number] | undefined): void {
    if (close !== undefined) stream.closed.set(close.calendar, close.period);
  }

  #entry({ truth, shard }: EntriesBooked, stream: Stream, entry: Entry): void {
    const where = `${truth}-${shard}@${entry.source_offset}.${entry.ordinal}`;
    this.entries.set(where, Buffer.from(entry.chain_hash).toString('hex'));
    if (!(entry.amount_micros > 0) || entry.debit_account === entry.credit_account)
      this.#wrong(`${where} is no double entry`);
    if (entry.kind === 'invoice') return;
    this.#total(truth, shard, entry);
    const issued = this.#story.issued.get(entry.selection_id);
    if (issued === undefined) return this.#wrong(`${where} books ${entry.selection_id}, which nobody selected`);
    const { billing } = issued;
    if (billing.shard !== shard)
      this.#wrong(`${where} books ${entry.selection_id}, which belongs to shard ${billing.shard}`);
    if (billing.campaign_id !== entry.campaign_id || billing.currency !== entry.currency)
      this.#wrong(`${where} names another campaign or currency`);
    this.#periods(where, stream, entry, billing.calendar);
    const account = this.account(entry.selection_id);
    account.history.push(
      `${where} ${entry.kind} ${entry.amount_micros} ${entry.debit_account} / ${entry.credit_account}`,
    );
    if (truth === 'tentative') this.#tentative(where, entry, account, billing);
    else this.#final(where, entry, account, billing.price_micros);
  }

  #total(truth: string, shard: number, { kind, debit_account, credit_account, amount_micros: amount }: Entry): void {
    const totals = this.totals.get(shard) ?? new Map<string, bigint>();
    this.totals.set(shard, totals);
    const key = `${truth} ${kind} ${debit_account} ${credit_account}`;
    totals.set(key, (totals.get(key) ?? 0n) + BigInt(amount));
  }

  #periods(where: string, stream: Stream, entry: Entry, calendar: number): void {
    const zone = this.zones.get(entry.advertiser_id);
    if (zone === undefined) return;
    const service = monthIn(zone, entry.selected_at);
    if (entry.service_period !== service)
      this.#wrong(`${where} says it was delivered in ${entry.service_period}, it was in ${service}`);
    const closed = stream.closed.get(calendar) ?? '';
    const now = monthIn(zone, entry.posted_at);
    const posting = now > closed ? now : monthAfter(closed);
    if (entry.posting_period !== posting)
      this.#wrong(`${where} is booked in ${entry.posting_period}, ${posting} is open (closed through ${closed})`);
  }

  #tentative(
    where: string,
    entry: Entry,
    account: Account,
    billing: { price_micros: number; expires_at: number; pricing_model: string },
  ): void {
    const { kind, amount_micros: amount, posted_at: at, campaign_id: campaign } = entry;
    if (amount !== billing.price_micros) this.#wrong(`${where} moves ${amount}, the price is ${billing.price_micros}`);
    if (kind === 'draw') {
      account.drawn += amount;
      this.#commit(where, campaign, amount);
    } else if (kind === 'release') {
      account.released += amount;
      this.#commit(where, campaign, -amount);
      if (billing.pricing_model !== 'CPC' && at < billing.expires_at)
        this.#wrong(`${where} releases at ${at}, the reservation lives until ${billing.expires_at}`);
    } else if (kind === 'incur') {
      account.incurred += amount;
      account.incurredAt = at;
      account.charges.add(where);
    } else if (kind === 'void') {
      account.voided += amount;
      this.#commit(where, campaign, -amount);
    } else if (kind === 'certify') {
      account.passed += amount;
      if (entry.credit_account !== 'suspense' && at < account.incurredAt + this.holdMs)
        this.#wrong(`${where} certifies at ${at}, the hold lasts until ${account.incurredAt + this.holdMs}`);
    }
    if (entry.debit_account === 'suspense') account.suspended += amount;
    if (entry.credit_account === 'suspense') account.suspended -= amount;
    const open = account.drawn - account.released - account.incurred;
    const pending = account.incurred - account.suspended - account.voided - account.passed;
    if (open < 0 || pending < 0)
      this.#wrong(`${where} leaves ${entry.selection_id} below zero: open ${open}, pending ${pending}`);
    if (account.incurred > billing.price_micros) this.#wrong(`${where} charges ${entry.selection_id} twice`);
  }

  #final(where: string, entry: Entry, account: Account, priceMicros: number): void {
    const { kind, amount_micros: amount, debit_account: debit, credit_account: credit } = entry;
    if (debit === 'advertiser:unbilled' && kind === 'certify') account.certified += amount;
    if (credit === 'advertiser:unbilled' && (kind === 'reverse' || kind === 'adjust')) {
      account.reversed += amount;
      this.#commit(where, entry.campaign_id, -amount);
    }
    if (debit === 'absorbed') account.absorbed += amount;
    if (debit === 'absorbed') account.charges.add(`${where.slice(0, where.lastIndexOf('.'))}`);
    if (credit === 'absorbed') account.absorbedBack += amount;
    for (const [name, sign] of [
      [credit, 1],
      [debit, -1],
    ] as const) {
      if (name === 'publisher:payable') account.publisher += sign * amount;
      if (name === 'platform:revenue') account.platform += sign * amount;
      if (name === 'rounding') account.rounding += sign * amount;
    }
    if (account.reversed > account.certified)
      this.#wrong(`${where} takes back more of ${entry.selection_id} than was certified`);
    if (
      account.certified > priceMicros ||
      account.absorbed > priceMicros ||
      (account.certified > 0 && account.absorbed > 0)
    ) {
      this.#wrong(`${where} charges ${entry.selection_id} twice`);
    }
  }

  #commit(where: string, campaign: string, micros: number): void {
    const committed = (this.committed.get(campaign) ?? 0) + micros;
    this.committed.set(campaign, committed);
    const highest = this.highest.get(campaign) ?? 0;
    if (committed > highest)
      this.#wrong(`${where}: ${committed} stand against ${campaign}, its budget never was more than ${highest}`);
  }

  #wrong(problem: string): void {
    this.#story.complain(problem);
  }
}
