import type { CloseMark, Entry, Position, TickMark } from '../domain/records.ts';
import type { LedgerCheckpoint } from './ledger-store.ts';

/** The two ledgers. Stream `{truth}-{shard}` holds one shard of one of them. */
export const ledgerTruths = ['tentative', 'final'] as const;
export type LedgerTruth = (typeof ledgerTruths)[number];

/** How far a ledger stream was read into the index; written in one step with what was read. */
export interface IndexedStream {
  readonly stream: string;
  readonly truth: LedgerTruth;
  readonly shard: number;
  /** Last event of the stream that is in the index, and its id. */
  readonly revision: number;
  readonly eventId: string;
  /** Next source position: every entry of a lower one is in the index. */
  readonly next: Position;
  /** Fold time there, ms. */
  readonly foldTime: number;
  readonly chainHead: Uint8Array;
  readonly entryCount: number;
  /** Names the booking (source offset, selection, kind) that the last entry belongs to: the next entry may carry it on. */
  readonly lastBooking: string;
}

/** An entry with its place in its stream, from 0. */
export interface NumberedEntry {
  readonly number: number;
  readonly entry: Entry;
}

/** What one or more ledger events of one stream add to the index. */
export interface IndexStep {
  /** The stream after this step. */
  readonly to: IndexedStream;
  /** Numbered on without gaps. `opensBooking`: not a further leg of the booking before it. */
  readonly entries: readonly (NumberedEntry & { readonly opensBooking: boolean })[];
  readonly ticks: readonly TickMark[];
  readonly closes: readonly CloseMark[];
}

/** What entries are summed by. */
export type EntryGroup = Pick<
  Entry,
  | 'advertiser_id'
  | 'campaign_id'
  | 'currency'
  | 'kind'
  | 'debit_account'
  | 'credit_account'
  | 'service_period'
  | 'posting_period'
>;

export interface GroupSum extends EntryGroup {
  readonly entries: number;
  /** Bookings that began in this group: a certification of three legs counts once over all its groups. */
  readonly bookings: number;
  readonly amountMicros: bigint;
}

/** What must hold of the group of an entry; what is left out holds of all. `account`: debited or credited. */
export type GroupFilter = Readonly<
  Partial<Record<'advertiserId' | 'campaignId' | 'account' | 'kind' | 'servicePeriod' | 'postingPeriod', string>>
>;

export type EntryFilter = GroupFilter & { readonly selectionId?: string };

/** The first `entries` entries of a stream. */
export interface StreamPrefix {
  readonly stream: string;
  readonly entries: number;
}

export interface EntryScan {
  readonly stream: string;
  /** Numbers `from` ≤ n < `to`. */
  readonly from: number;
  readonly to: number;
  readonly filter: EntryFilter;
  readonly limit: number;
}

/**
 * Read model of the ledger streams, built from them alone; it can be dropped and built again at any time, and several processes may build it
 * together. Error: `STATE_UNAVAILABLE` (retriable).
 */
export interface LedgerIndexStore {
  indexedStream(stream: string): Promise<IndexedStream | null>;
  /** All streams, in the order of their names. */
  indexedStreams(): Promise<readonly IndexedStream[]>;
  /** Adds a step in one transaction if the stream is still at `from` (null: never read); false, and nothing happens, if not. */
  advance(from: number | null, step: IndexStep): Promise<boolean>;
  /** How far a ledger store was followed: all before it is in the index. Null: it never was. */
  checkpoint(store: string): Promise<LedgerCheckpoint | null>;
  setCheckpoint(store: string, checkpoint: LedgerCheckpoint): Promise<void>;
  /** First tick of a stream that reaches a time, or null if none has. */
  firstTickAt(stream: string, timeMs: number): Promise<TickMark | null>;
  /** The tick that reached the highest time, or null. */
  lastTick(stream: string): Promise<TickMark | null>;
  /** Offset of the first record that closed a period of a calendar in a stream, or null. */
  closedAt(stream: string, calendar: number, period: string): Promise<number | null>;
  /** How many entries a stream has below a source offset, and the hash of the last of them (null: there is none). */
  entriesBelow(stream: string, offset: number): Promise<StreamPrefix & { readonly chainHead: Uint8Array | null }>;
  /** Sums over prefixes of streams, exact, one row a group, in any order. */
  sums(prefixes: readonly StreamPrefix[], filter: GroupFilter): Promise<readonly GroupSum[]>;
  /** Entries of one stream in its order, at most `limit`. */
  entries(scan: EntryScan): Promise<readonly NumberedEntry[]>;
  /** Forgets everything of the streams, and how far stores were followed. */
  dropLedgers(): Promise<void>;
  close(): Promise<void>;
}
