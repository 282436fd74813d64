import { ledgerStream, readBatch } from '../../ledger/batch.ts';
import { ledgerTruths } from '../../ports/ledger-index.ts';
import type { LedgerStore } from '../../ports/ledger-store.ts';
import type { SchemaRegistry } from '../../ports/schema-registry.ts';

export interface BookingsOptions {
  readonly ledger: LedgerStore;
  readonly registry: SchemaRegistry;
  readonly shards: number;
}

/** What became of impressions that were acknowledged and are to be paid for. */
export interface ChargedImpressions {
  readonly acknowledged: number;
  /** In the tentative ledger exactly once (or, if no lease covered them any more, in the final one at our cost). */
  readonly incurredOnce: number;
  /** In the final ledger exactly once: billed, or at our cost. */
  readonly settledOnce: number;
  /** Of these at our cost. */
  readonly absorbed: number;
  readonly voided: number;
  /** Some that are not in both ledgers once. */
  readonly wrong: readonly string[];
}

const pageEvents = 64;

/** Reads every stream of both ledgers, on and on, and counts what was booked for each selection. */
export class Bookings {
  readonly #options: BookingsOptions;
  /** Next revision by stream. */
  readonly #next = new Map<string, number>();
  /** Selection → kind, as `tentative/incur` → records of the log that caused an entry of it. */
  readonly #counts = new Map<string, Map<string, number>>();

  constructor(options: BookingsOptions) {
    this.#options = options;
  }

  /** Takes in what was appended since the last call. Error: `LEDGER_UNAVAILABLE`. */
  async readOn(): Promise<void> {
    for (const truth of ledgerTruths) {
      for (let shard = 0; shard < this.#options.shards; shard += 1) await this.#readStream(truth, shard);
    }
  }

  count(selectionId: string, kind: string): number {
    return this.#counts.get(selectionId)?.get(kind) ?? 0;
  }

  /** Holds acknowledged impressions against what was read so far. */
  charges(selectionIds: readonly string[]): ChargedImpressions {
    const of = (kind: string) => (id: string) => this.count(id, kind);
    const [incurs, certifies, absorbs] = [of('tentative/incur'), of('final/certify'), of('final/absorb')];
    const isIncurredOnce = (id: string) => incurs(id) + absorbs(id) === 1;
    const isSettledOnce = (id: string) => certifies(id) + absorbs(id) === 1;
    return {
      acknowledged: selectionIds.length,
      incurredOnce: selectionIds.filter(isIncurredOnce).length,
      settledOnce: selectionIds.filter(isSettledOnce).length,
      absorbed: selectionIds.filter((id) => absorbs(id) > 0).length,
      voided: selectionIds.filter((id) => this.count(id, 'tentative/void') > 0).length,
      wrong: selectionIds.filter((id) => !isIncurredOnce(id) || !isSettledOnce(id)).slice(0, 5),
    };
  }

  async #readStream(truth: (typeof ledgerTruths)[number], shard: number): Promise<void> {
    const { ledger, registry } = this.#options;
    const stream = ledgerStream(truth, shard);
    for (let from = this.#next.get(stream) ?? 0; ; ) {
      const page = await ledger.readForwards(stream, from, pageEvents);
      for (const event of page) this.#take(truth, readBatch(event, registry).entries);
      from += page.length;
      this.#next.set(stream, from);
      if (page.length < pageEvents) return;
    }
  }

  #take(truth: string, entries: ReturnType<typeof readBatch>['entries']): void {
    for (const [index, { selection_id, kind, source_offset }] of entries.entries()) {
      const before = entries[index - 1];
      // A price is split among accounts: several entries of one record are one booking.
      const isPart =
        before?.selection_id === selection_id && before.kind === kind && before.source_offset === source_offset;
      if (isPart) continue;
      const own = this.#counts.get(selection_id) ?? new Map<string, number>();
      own.set(`${truth}/${kind}`, (own.get(`${truth}/${kind}`) ?? 0) + 1);
      this.#counts.set(selection_id, own);
    }
  }
}
