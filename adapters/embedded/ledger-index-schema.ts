/**
 * Tables of the ledger index. The version is part of the file's name: a new shape is a new file, and the old one can be deleted.
 *
 * What repeats in entries is kept once: `entry_groups` (what entries are summed by) and `entry_classes` (a group with line item and publisher).
 * `sums` holds the sum of every group over blocks of entries of a stream, in blocks of four sizes, so that the sum over any prefix of a
 * stream reads at most 31 blocks of each size and, entry by entry, the 1023 entries at its end. An amount is kept as two integers, whole
 * thousands of units and the rest, since SQLite turns a sum beyond 64 bits into a float without a word.
 */
export const indexFileName = 'ledger-index-1.db';

/** Two to this power entries make a block of each level. */
export const blockBits = [10, 15, 20, 25] as const;

/** The weight of the higher of an amount's two integers. */
export const upperWeight = 1_000_000_000;

export const indexSchema = `
  CREATE TABLE IF NOT EXISTS streams (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, truth TEXT NOT NULL, shard INTEGER NOT NULL,
    revision INTEGER, event_id TEXT NOT NULL, next_offset INTEGER NOT NULL, next_ordinal INTEGER NOT NULL, fold_time INTEGER NOT NULL,
    chain_head BLOB NOT NULL, entry_count INTEGER NOT NULL, last_booking TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS checkpoints (store TEXT PRIMARY KEY, commit_position TEXT NOT NULL, prepare_position TEXT NOT NULL)
    WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS ticks (stream INTEGER NOT NULL, advanced_to INTEGER NOT NULL, "offset" INTEGER NOT NULL,
    PRIMARY KEY (stream, advanced_to)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS closes (stream INTEGER NOT NULL, calendar INTEGER NOT NULL, period TEXT NOT NULL, "offset" INTEGER NOT NULL,
    PRIMARY KEY (stream, calendar, period)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS entry_groups (number INTEGER PRIMARY KEY, advertiser_id TEXT NOT NULL, campaign_id TEXT NOT NULL,
    currency TEXT NOT NULL, kind TEXT NOT NULL, debit_account TEXT NOT NULL, credit_account TEXT NOT NULL, service_period TEXT NOT NULL,
    posting_period TEXT NOT NULL,
    UNIQUE (advertiser_id, campaign_id, currency, kind, debit_account, credit_account, service_period, posting_period));
  CREATE INDEX IF NOT EXISTS entry_groups_by_campaign ON entry_groups (campaign_id);
  CREATE TABLE IF NOT EXISTS entry_classes (number INTEGER PRIMARY KEY, entry_group INTEGER NOT NULL, line_item_id TEXT NOT NULL,
    publisher_id TEXT NOT NULL, UNIQUE (entry_group, line_item_id, publisher_id));
  CREATE TABLE IF NOT EXISTS entries (stream INTEGER NOT NULL, number INTEGER NOT NULL, source_offset INTEGER NOT NULL,
    ordinal INTEGER NOT NULL, class INTEGER NOT NULL, opens_booking INTEGER NOT NULL, selection, amount INTEGER NOT NULL,
    posted_at INTEGER NOT NULL, selected_at INTEGER NOT NULL, reference TEXT NOT NULL, chain_hash BLOB NOT NULL,
    PRIMARY KEY (stream, number)) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS entries_by_selection ON entries (selection, stream, number);
  CREATE TABLE IF NOT EXISTS sums (stream INTEGER NOT NULL, entry_group INTEGER NOT NULL, level INTEGER NOT NULL, block INTEGER NOT NULL,
    entries INTEGER NOT NULL, bookings INTEGER NOT NULL, upper INTEGER NOT NULL, lower INTEGER NOT NULL,
    PRIMARY KEY (stream, entry_group, level, block)) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS sums_by_block ON sums (stream, block, entry_group) WHERE level = 0;
  CREATE TABLE IF NOT EXISTS event_shards (topic TEXT NOT NULL, shard INTEGER NOT NULL, next INTEGER NOT NULL, PRIMARY KEY (topic, shard))
    WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS events (selection NOT NULL, topic TEXT NOT NULL, shard INTEGER NOT NULL, "offset" INTEGER NOT NULL,
    PRIMARY KEY (selection, topic, shard, "offset")) WITHOUT ROWID;`;
