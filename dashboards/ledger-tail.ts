import { AdtallyError } from '../domain/errors.ts';
import { formatTime } from '../domain/time-text.ts';
import type { IndexedStream, LedgerIndexStore } from '../ports/ledger-index.ts';

/** An entry as the tail shows it. */
export interface TailEntry {
  readonly stream: string;
  readonly number: number;
  readonly kind: string;
  readonly selection_id: string | null;
  readonly debit_account: string;
  readonly credit_account: string;
  readonly amount_micros: string;
  readonly currency: string;
  readonly posted_at: string;
  readonly reference: string;
}

export interface Tail {
  /** How many entries each stream has now, to go on from. */
  readonly to: string;
  /** Time that every stream has reached: what happened before it is booked. Null while a ledger has not begun. */
  readonly ledger_time: string | null;
  readonly entries: readonly TailEntry[];
  /** There is more between the two places than is shown. */
  readonly cut_short: boolean;
}

const mostEntries = 1_000;
const placeForm = /^(tentative|final)-[0-9]{1,4}:[0-9]{1,15}$/;

/** Both ledgers as they grow: every entry of every stream between two moments. */
export class LedgerTail {
  readonly #index: Pick<LedgerIndexStore, 'indexedStreams' | 'entries'>;

  constructor(index: Pick<LedgerIndexStore, 'indexedStreams' | 'entries'>) {
    this.#index = index;
  }

  /** Entries since a place that an earlier answer gave; none with null: only where the ledgers are now. Error: `VALIDATION_FAILED`. */
  async since(from: string | null): Promise<Tail> {
    const streams = await this.#index.indexedStreams();
    const to = streams.map(({ stream, entryCount }) => `${stream}:${entryCount}`).join(',');
    const times = streams.map(({ foldTime }) => foldTime);
    const ledgerTime = times.length === 0 ? null : formatTime(Math.min(...times));
    const entries = from === null ? [] : await this.#between(readPlace(from), streams);
    const shown = entries.slice(0, mostEntries);
    return { to, ledger_time: ledgerTime, entries: shown, cut_short: entries.length > shown.length };
  }

  async #between(from: ReadonlyMap<string, number>, streams: readonly IndexedStream[]): Promise<TailEntry[]> {
    const found: TailEntry[] = [];
    for (const { stream, entryCount } of streams) {
      const scan = { stream, from: from.get(stream) ?? 0, to: entryCount, filter: {}, limit: mostEntries + 1 };
      for (const { number, entry } of await this.#index.entries(scan)) {
        const { kind, selection_id, debit_account, credit_account, amount_micros, currency, posted_at, reference } =
          entry;
        found.push({
          stream,
          number,
          kind,
          selection_id,
          debit_account,
          credit_account,
          amount_micros: String(amount_micros),
          currency,
          posted_at: formatTime(posted_at),
          reference,
        });
      }
    }
    return found;
  }
}

function readPlace(text: string): ReadonlyMap<string, number> {
  const places = text === '' ? [] : text.split(',');
  if (!places.every((place) => placeForm.test(place))) {
    throw new AdtallyError('VALIDATION_FAILED', 'from is a place in the ledgers as an earlier answer gave it', {
      path: 'from',
    });
  }
  return new Map(places.map((place) => [place.split(':', 1)[0] ?? '', Number(place.slice(place.indexOf(':') + 1))]));
}
