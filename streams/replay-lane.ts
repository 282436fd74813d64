import type { CloseMark, Entry, Position, TickMark } from '../domain/records.ts';
import { isBefore } from '../ledger/batch.ts';

/** Something that a ledger stream holds in order, by its place in `spend`. */
export interface Held extends Position {
  readonly entry?: Entry;
  readonly mark?: TickMark | CloseMark;
}

/** The first place where a stream and its replay part, or a further one. */
export interface ReplayDifference {
  readonly stream: string;
  /** Where: offset and ordinal in the shard of `spend`, or a revision of the stream. */
  readonly place: string;
  /** Empty where it is of no single selection. */
  readonly selection_id: string;
  readonly detail: string;
}

/** Holds two sequences against each other as they come, item by item, each at its place. */
export class Lane {
  readonly #real: Held[] = [];
  readonly #replayed: Held[] = [];
  readonly #tell: (held: Held, detail: string) => void;
  #realHead = 0;
  #replayedHead = 0;

  /** `tell` hears of every difference, in order. */
  constructor(tell: (held: Held, detail: string) => void) {
    this.#tell = tell;
  }

  addReal(held: Held): void {
    this.#real.push(held);
  }

  addReplayed(held: Held): void {
    this.#replayed.push(held);
  }

  /** Compares what both have; with `isEnd` also what only one has. */
  compare(isEnd: boolean): void {
    for (;;) {
      const real = this.#real[this.#realHead];
      const replayed = this.#replayed[this.#replayedHead];
      if (real === undefined && replayed === undefined) break;
      if (!isEnd && (real === undefined || replayed === undefined)) break;
      if (replayed === undefined || (real !== undefined && isBefore(real, replayed))) {
        this.#tell(real as Held, `the stream has ${show(real as Held)}, the log does not give it`);
        this.#realHead += 1;
      } else if (real === undefined || isBefore(replayed, real)) {
        this.#tell(replayed, `the log gives ${show(replayed)}, the stream does not have it`);
        this.#replayedHead += 1;
      } else {
        const changed = changes(real, replayed);
        if (changed !== '') this.#tell(real, changed);
        this.#realHead += 1;
        this.#replayedHead += 1;
      }
    }
    this.#real.splice(0, this.#realHead);
    this.#replayed.splice(0, this.#replayedHead);
    this.#realHead = 0;
    this.#replayedHead = 0;
  }
}

function show({ entry, mark }: Held): string {
  if (entry === undefined) return JSON.stringify(mark);
  const { kind, amount_micros, debit_account, credit_account } = entry;
  return `${kind} ${amount_micros} ${debit_account}/${credit_account}`;
}

/** What differs between two items at one place; empty if nothing does. */
function changes(real: Held, replayed: Held): string {
  if (real.entry === undefined || replayed.entry === undefined) {
    const [a, b] = [JSON.stringify(real.mark), JSON.stringify(replayed.mark)];
    return a === b ? '' : `the stream has ${a}, the log gives ${b}`;
  }
  const [a, b] = [real.entry, replayed.entry];
  const fields = (Object.keys(b) as (keyof Entry)[]).filter((field) => field !== 'chain_hash' && a[field] !== b[field]);
  if (fields.length > 0) {
    return fields.map((field) => `${field} is ${String(a[field])}, the log gives ${String(b[field])}`).join('; ');
  }
  if (Buffer.compare(a.chain_hash, b.chain_hash) === 0) return '';
  return `its chain hash is ${hex(a.chain_hash)}, the log gives ${hex(b.chain_hash)}`;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
