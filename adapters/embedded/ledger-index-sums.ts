import type { GroupFilter, GroupSum, IndexStep, StreamPrefix } from '../../ports/ledger-index.ts';
import type { EntryClass } from './ledger-index-groups.ts';
import { groupCondition } from './ledger-index-groups.ts';
import { blockBits, upperWeight } from './ledger-index-schema.ts';
import type { Sqlite } from './sqlite.ts';

/** A sum of one group over one block. */
interface BlockSum {
  readonly group: number;
  readonly level: number;
  readonly block: number;
  entries: number;
  bookings: number;
  upper: number;
  lower: number;
}

type SumRow = [
  advertiser: string,
  campaign: string,
  currency: string,
  kind: string,
  debit: string,
  credit: string,
  service: string,
  posting: string,
  entries: bigint,
  bookings: bigint,
  upper: bigint,
  lower: bigint,
];

/** Running sums of entries by group and block. */
export class BlockSums {
  readonly #db: Sqlite;
  readonly #add: ReturnType<Sqlite['prepare']>;

  constructor(db: Sqlite) {
    this.#db = db;
    this.#add = db.prepare(`INSERT INTO sums VALUES (?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (stream, entry_group, level, block) DO UPDATE SET entries = entries + excluded.entries,
        bookings = bookings + excluded.bookings, upper = upper + excluded.upper, lower = lower + excluded.lower`);
  }

  /** Inside a transaction. */
  add(stream: number, entries: IndexStep['entries'], classes: readonly EntryClass[]): void {
    for (const sum of blockSums(entries, classes)) {
      this.#add.run(stream, sum.group, sum.level, sum.block, sum.entries, sum.bookings, sum.upper, sum.lower);
    }
  }

  /** Sums over the first entries of streams given by their numbers. */
  over(prefixes: readonly (StreamPrefix & { readonly number: number })[], filter: GroupFilter): readonly GroupSum[] {
    if (prefixes.length === 0) return [];
    const condition = groupCondition(filter, 3);
    const ranges = prefixes.flatMap(({ number, entries }) => blockRanges(number, entries));
    const statement = this.#db.prepare(sumSql(condition?.sql ?? 'true'));
    statement.setReadBigInts(true);
    const ends = prefixes.map(({ number, entries }) => [number, tailStart(entries), entries]);
    const rows = statement.all(
      JSON.stringify(ranges),
      JSON.stringify(ends),
      ...(condition?.values ?? []),
    ) as unknown as SumRow[];
    return rows.map(toGroupSum);
  }
}

/** What a step adds, by group, level and block. */
function blockSums(entries: IndexStep['entries'], classes: readonly EntryClass[]): Iterable<BlockSum> {
  const sums = new Map<string, BlockSum>();
  for (const [index, { number, entry, opensBooking }] of entries.entries()) {
    const group = classes[index]?.group ?? 0;
    for (const [level, bits] of blockBits.entries()) {
      const block = Math.floor(number / 2 ** bits);
      const key = `${group}/${level}/${block}`;
      const sum = sums.get(key) ?? { group, level, block, entries: 0, bookings: 0, upper: 0, lower: 0 };
      sum.entries += 1;
      sum.bookings += opensBooking ? 1 : 0;
      sum.upper += Math.floor(entry.amount_micros / upperWeight);
      sum.lower += entry.amount_micros % upperWeight;
      sums.set(key, sum);
    }
  }
  return sums.values();
}

/** First entry of a prefix that is in no whole block. */
function tailStart(entries: number): number {
  const size = 2 ** blockBits[0];
  return Math.floor(entries / size) * size;
}

/** The whole blocks that cover a prefix but for its tail, as (stream, level, first block, block after the last), largest first. */
function blockRanges(stream: number, entries: number): readonly (readonly [number, number, number, number])[] {
  let covered = 0;
  const ranges: [number, number, number, number][] = [];
  for (const [level, bits] of [...blockBits.entries()].toReversed()) {
    const size = 2 ** bits;
    const end = Math.floor(entries / size);
    if (end * size > covered) ranges.push([stream, level, covered / size, end]);
    covered = end * size;
  }
  return ranges;
}

/** Groups first, then their blocks by primary key; the tails are scanned once for all groups. */
function sumSql(condition: string): string {
  return `
    WITH ranges (stream, level, first, past) AS (SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(?1)),
      ends (stream, first, past) AS (SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?2)),
      parts (entry_group, entries, bookings, upper, lower) AS (
        SELECT s.entry_group, s.entries, s.bookings, s.upper, s.lower
        FROM entry_groups g CROSS JOIN ranges r CROSS JOIN sums s
        WHERE ${condition} AND s.stream = r.stream AND s.entry_group = g.number AND s.level = r.level
          AND s.block >= r.first AND s.block < r.past
        UNION ALL
        SELECT c.entry_group, 1, e.opens_booking, e.amount / ${upperWeight}, e.amount % ${upperWeight}
        FROM ends t CROSS JOIN entries e CROSS JOIN entry_classes c
        WHERE e.stream = t.stream AND e.number >= t.first AND e.number < t.past AND c.number = e.class)
    SELECT g.advertiser_id, g.campaign_id, g.currency, g.kind, g.debit_account, g.credit_account, g.service_period, g.posting_period,
      sum(p.entries), sum(p.bookings), sum(p.upper), sum(p.lower)
    FROM parts p CROSS JOIN entry_groups g
    WHERE g.number = p.entry_group AND ${condition}
    GROUP BY g.number`;
}

function toGroupSum(row: SumRow): GroupSum {
  const [advertiser_id, campaign_id, currency, kind, debit_account, credit_account, service_period, posting_period] =
    row;
  const [entries, bookings, upper, lower] = row.slice(8) as [bigint, bigint, bigint, bigint];
  return {
    advertiser_id,
    campaign_id,
    currency,
    kind,
    debit_account,
    credit_account,
    service_period,
    posting_period,
    entries: Number(entries),
    bookings: Number(bookings),
    amountMicros: upper * BigInt(upperWeight) + lower,
  };
}
