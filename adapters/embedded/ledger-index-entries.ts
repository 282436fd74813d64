import { formatUuid, isUuid, parseUuid } from '../../domain/identity.ts';
import type { Entry } from '../../domain/records.ts';
import type { EntryScan, IndexStep, NumberedEntry } from '../../ports/ledger-index.ts';
import { type EntryClass, type GroupCondition, groupCondition } from './ledger-index-groups.ts';
import { blockBits } from './ledger-index-schema.ts';
import type { Sqlite } from './sqlite.ts';

type EntryRow = [
  ...[number: number, offset: number, ordinal: number, kind: string, selection: string | Uint8Array | null],
  ...[advertiser: string, campaign: string, lineItem: string, publisher: string, debit: string, credit: string],
  ...[amount: number, currency: string, service: string, posting: string, postedAt: number, selectedAt: number],
  ...[reference: string, hash: Uint8Array],
];

const rowSql = (index = '') => `
  SELECT e.number, e.source_offset, e.ordinal, g.kind, e.selection, g.advertiser_id, g.campaign_id, c.line_item_id, c.publisher_id,
    g.debit_account, g.credit_account, e.amount, g.currency, g.service_period, g.posting_period, e.posted_at, e.selected_at, e.reference,
    e.chain_hash
  FROM entries e ${index} CROSS JOIN entry_classes c CROSS JOIN entry_groups g
  WHERE c.number = e.class AND g.number = c.entry_group AND e.stream = ?1 AND e.number >= ?2 AND e.number < ?3`;

const blockSize = 2 ** blockBits[0];
/** Blocks looked up at a time. */
const blocksAhead = 64;

/** A selection as it is stored: 16 bytes if it is a UUID, NULL if there is none. */
export function selectionCell(selectionId: string): string | Uint8Array | null {
  if (selectionId === '') return null;
  return isUuid(selectionId) ? parseUuid(selectionId) : selectionId;
}

function selectionText(cell: string | Uint8Array | null): string {
  return cell instanceof Uint8Array ? formatUuid(cell) : (cell ?? '');
}

/** The entries themselves, in the order of their streams. */
export class EntryRows {
  readonly #db: Sqlite;
  readonly #statements: ReturnType<typeof prepare>;

  constructor(db: Sqlite) {
    this.#db = db;
    this.#statements = prepare(db);
  }

  /** Inside a transaction. */
  add(stream: number, entries: IndexStep['entries'], classes: readonly EntryClass[]): void {
    for (const [index, { number, entry, opensBooking }] of entries.entries()) {
      this.#statements.add.run({
        stream,
        number,
        source_offset: entry.source_offset,
        ordinal: entry.ordinal,
        class: classes[index]?.class ?? 0,
        opens_booking: opensBooking ? 1 : 0,
        selection: selectionCell(entry.selection_id),
        amount: entry.amount_micros,
        posted_at: entry.posted_at,
        selected_at: entry.selected_at,
        reference: entry.reference,
        chain_hash: entry.chain_hash,
      });
    }
  }

  /** How many of the first `count` entries have a source offset below `offset`: offsets never fall within a stream. */
  countBelow(stream: number, count: number, offset: number): number {
    let low = 0;
    let high = count;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const [found] = this.#statements.offsetAt.get(stream, middle) as unknown as [number];
      if (found < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  hashOf(stream: number, number: number): Uint8Array | null {
    return (this.#statements.hashAt.get(stream, number) as unknown as [Uint8Array] | undefined)?.[0] ?? null;
  }

  scan(stream: number, { from, to, filter, limit }: EntryScan): readonly NumberedEntry[] {
    const condition = groupCondition(filter, filter.selectionId === undefined ? 5 : 6);
    if (filter.selectionId !== undefined) {
      const cell = selectionCell(filter.selectionId);
      const sql = `${rowSql('INDEXED BY entries_by_selection')} AND e.selection IS ?5`;
      return this.#rows(sql, { stream, from, to, limit, condition, extra: [cell] });
    }
    if (condition === null) return this.#rows(rowSql(), { stream, from, to, limit, condition, extra: [] });
    return this.#scanBlocks(stream, { from, to, limit, condition });
  }

  /** Only blocks in which an entry of such a group is known to be. */
  #scanBlocks(stream: number, scan: { from: number; to: number; limit: number; condition: GroupCondition }) {
    const found: NumberedEntry[] = [];
    let from = scan.from;
    while (from < scan.to && found.length < scan.limit) {
      const blocks = this.#blocksOf(stream, { from, to: scan.to }, scan.condition);
      for (const block of blocks) {
        const start = Math.max(from, block * blockSize);
        const to = Math.min(scan.to, (block + 1) * blockSize);
        const limit = scan.limit - found.length;
        if (start < to && limit > 0)
          found.push(...this.#rows(rowSql(), { stream, from: start, to, limit, condition: scan.condition, extra: [] }));
      }
      const last = blocks.at(-1);
      if (last === undefined) break;
      from = (last + 1) * blockSize;
    }
    return found;
  }

  #blocksOf(stream: number, { from, to }: { from: number; to: number }, condition: GroupCondition): readonly number[] {
    const sql = `SELECT DISTINCT s.block FROM sums s INDEXED BY sums_by_block CROSS JOIN entry_groups g
      WHERE s.level = 0 AND s.stream = ?1 AND s.block >= ?2 AND s.block <= ?3 AND g.number = s.entry_group AND ${condition.sql}
      ORDER BY s.block LIMIT ?4`;
    const [first, last] = [from, to - 1].map((number) => Math.floor(number / blockSize));
    const places = [stream, first ?? 0, last ?? 0, blocksAhead];
    return (this.#db.prepare(sql).all(...places, ...condition.values) as unknown as [number][]).map(([block]) => block);
  }

  #rows(
    sql: string,
    range: {
      readonly stream: number;
      readonly from: number;
      readonly to: number;
      readonly limit: number;
      readonly condition: GroupCondition | null;
      readonly extra: readonly (string | Uint8Array | null)[];
    },
  ): readonly NumberedEntry[] {
    const { stream, from, to, limit, condition, extra } = range;
    const filtered = condition === null ? sql : `${sql} AND ${condition.sql}`;
    const statement = this.#db.prepare(`${filtered} ORDER BY e.number LIMIT ?4`);
    const rows = statement.all(stream, from, to, limit, ...extra, ...(condition?.values ?? []));
    return (rows as unknown as EntryRow[]).map(toNumberedEntry);
  }
}

function prepare(db: Sqlite) {
  return {
    add: db.prepare(`INSERT INTO entries VALUES (:stream, :number, :source_offset, :ordinal, :class, :opens_booking, :selection, :amount,
      :posted_at, :selected_at, :reference, :chain_hash)`),
    offsetAt: db.prepare('SELECT source_offset FROM entries WHERE stream = ? AND number = ?'),
    hashAt: db.prepare('SELECT chain_hash FROM entries WHERE stream = ? AND number = ?'),
  };
}

function toNumberedEntry(row: EntryRow): NumberedEntry {
  const [number, source_offset, ordinal, kind, selection, advertiser_id, campaign_id, line_item_id, publisher_id] = row;
  const [debit_account, credit_account, amount_micros, currency, service_period, posting_period] = row.slice(9) as [
    ...[string, string, number, string, string, string],
  ];
  const [posted_at, selected_at, reference, chain_hash] = row.slice(15) as [number, number, string, Uint8Array];
  const entry: Entry = {
    source_offset,
    ordinal,
    kind,
    selection_id: selectionText(selection),
    advertiser_id,
    campaign_id,
    line_item_id,
    publisher_id,
    debit_account,
    credit_account,
    amount_micros,
    currency,
    service_period,
    posting_period,
    posted_at,
    selected_at,
    reference,
    chain_hash,
  };
  return { number, entry };
}
