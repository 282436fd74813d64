import type { Entry } from '../../domain/records.ts';
import { ledgerStream, readBatch } from '../../ledger/batch.ts';
import { ledgerTruths } from '../../ports/ledger-index.ts';
import type { LedgerStore } from '../../ports/ledger-store.ts';
import type { SchemaRegistry } from '../../ports/schema-registry.ts';
import type { Account } from '../../simulate/account.ts';

export interface LedgerCountOptions {
  readonly ledger: LedgerStore;
  readonly registry: SchemaRegistry;
  readonly shards: number;
}

/** What the ledgers hold of everything that the client was promised to be charged for. */
export interface Charges {
  /** Selections whose billable event was acknowledged in time. */
  readonly acknowledged: number;
  /** Of these in the tentative ledger, or absorbed. */
  readonly tentative: number;
  /** Of these certified in the final ledger, absorbed, or voided. */
  readonly final: number;
  readonly absorbed: number;
  readonly voided: number;
  /** Of these in neither ledger: ids. */
  readonly lost: readonly string[];
  /** Charged twice, or another amount than the price: sentences. */
  readonly double: readonly string[];
  /** Charged although no billable event was ever sent: ids. */
  readonly unfounded: readonly string[];
  /** Charged without an acknowledgement, of which only the answer was lost. */
  readonly unanswered: number;
}

/** Of one selection under one kind: records of the log that caused entries, and what they sum up to. */
interface Booked {
  readonly offsets: Set<number>;
  micros: bigint;
}

const pageEvents = 64;
const none: Booked = { offsets: new Set(), micros: 0n };

/** Reads both ledgers entry by entry, on and on. Shares nothing with the folds but the format of what is stored. */
export class LedgerCount {
  readonly #options: LedgerCountOptions;
  readonly #next = new Map<string, number>();
  /** Selection → `truth/kind` → what was booked. */
  readonly #booked = new Map<string, Map<string, Booked>>();

  constructor(options: LedgerCountOptions) {
    this.#options = options;
  }

  /** Takes in what was appended since the last call. Error: `LEDGER_UNAVAILABLE`. */
  async readOn(): Promise<void> {
    const { ledger, registry, shards } = this.#options;
    for (const truth of ledgerTruths) {
      for (let shard = 0; shard < shards; shard += 1) {
        const stream = ledgerStream(truth, shard);
        for (let isMore = true; isMore; ) {
          const from = this.#next.get(stream) ?? 0;
          const page = await ledger.readForwards(stream, from, pageEvents);
          for (const event of page) for (const entry of readBatch(event, registry).entries) this.#take(truth, entry);
          this.#next.set(stream, from + page.length);
          isMore = page.length === pageEvents;
        }
      }
    }
  }

  /** Holds what was read so far against the client's account. */
  charges(account: Account): Charges {
    const expected = account.charges();
    const doubtful = account.doubtful();
    const ids = [...expected.keys()];
    const is = (id: string, ...kinds: readonly string[]) => kinds.some((kind) => this.#of(id, kind).offsets.size > 0);
    const price = (id: string) => (expected.get(id) ?? doubtful.get(id))?.amountMicros;
    const charged = [...this.#booked.keys()].filter((id) => is(id, 'tentative/incur', 'final/absorb'));
    return {
      acknowledged: ids.length,
      tentative: ids.filter((id) => is(id, 'tentative/incur', 'final/absorb')).length,
      final: ids.filter((id) => is(id, 'final/certify', 'final/absorb', 'tentative/void')).length,
      absorbed: ids.filter((id) => is(id, 'final/absorb')).length,
      voided: ids.filter((id) => is(id, 'tentative/void', 'final/reverse')).length,
      lost: ids.filter((id) => !is(id, 'tentative/incur', 'final/absorb')),
      double: charged.flatMap((id) => this.#wrongOf(id, price(id))),
      unfounded: charged.filter((id) => price(id) === undefined),
      unanswered: charged.filter((id) => !expected.has(id) && doubtful.has(id)).length,
    };
  }

  /** What must not be in a ledger of one selection. */
  #wrongOf(id: string, price: number | undefined): readonly string[] {
    const [incur, absorb, certify] = ['tentative/incur', 'final/absorb', 'final/certify'].map((kind) =>
      this.#of(id, kind),
    ) as [Booked, Booked, Booked];
    const wrong: string[] = [];
    if (incur.offsets.size + absorb.offsets.size > 1) wrong.push(`${id} is charged twice`);
    if (certify.offsets.size + absorb.offsets.size > 1) wrong.push(`${id} is settled twice`);
    for (const { offsets, micros } of [incur, absorb, certify]) {
      if (offsets.size > 0 && price !== undefined && micros !== BigInt(price)) {
        wrong.push(`${id} is charged ${micros} instead of ${price}`);
      }
    }
    return wrong;
  }

  #of(id: string, kind: string): Booked {
    return this.#booked.get(id)?.get(kind) ?? none;
  }

  #take(truth: string, { selection_id: id, kind, source_offset, amount_micros }: Entry): void {
    const own = this.#booked.get(id) ?? new Map<string, Booked>();
    const booked = own.get(`${truth}/${kind}`) ?? { offsets: new Set<number>(), micros: 0n };
    booked.offsets.add(source_offset);
    booked.micros += BigInt(amount_micros);
    own.set(`${truth}/${kind}`, booked);
    this.#booked.set(id, own);
  }
}
