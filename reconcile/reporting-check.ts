import { isUuid } from '../domain/identity.ts';
import type { AnyRecord } from '../domain/records.ts';
import type { EventLog } from '../ports/event-log.ts';
import { type Break, causes, type Explained, structureBreak } from './breaks.ts';
import type { ExpectedEntry } from './expected-entries.ts';
import type { Reported, RowsOfShard } from './reporting-reading.ts';
import type { Recounted } from './recount.ts';
import { type LogSources, readSlots, recordAt } from './log-reading.ts';

/** Reporting may lag by so much before what it lacks is a break, ms … */
const lagMs = 300_000;
/** … but of a selection whose window has closed only by so much. */
const closedLagMs = 10_000;

/** Compares what reporting says of one selection with the entries that the recount derives. `lastTime` is the fold time of its shard. */
export function checkReported(
  one: Recounted,
  reported: Omit<Reported, 'rows'>,
  lastTime: number,
): { readonly breaks: readonly Break[]; readonly explained: readonly Explained[] } {
  const wanted = new Map<string, number>();
  const mayCome = new Map<string, number>();
  for (const entry of one.entries) {
    const sums = isBehind(entry, one, reported, lastTime) ? mayCome : wanted;
    const key = `${entry.truth}|${entry.kind}|${entry.debit}|${entry.credit}`;
    sums.set(key, (sums.get(key) ?? 0) + entry.amountMicros);
  }
  const actual = reported.bySelection.get(one.selectionId) ?? new Map<string, number>();
  const gaps = [...new Set([...wanted.keys(), ...mayCome.keys(), ...actual.keys()])].map((key) =>
    gapOf(key, { wanted, mayCome, actual }),
  );
  const wrong = gaps.filter((gap) => gap.micros !== 0);
  const late = gaps.filter((gap) => gap.micros === 0 && gap.lateMicros > 0);
  return {
    breaks: wrong.length === 0 ? [] : [sumsBreak(one, wrong)],
    explained: late.map(({ lateMicros }) => behind(one, lateMicros)),
  };
}

/** True if the sink had not come so far, and had the right not to. */
function isBehind(
  entry: ExpectedEntry,
  one: Recounted,
  { journalled }: Pick<Reported, 'journalled'>,
  lastTime: number,
): boolean {
  const ageMs = lastTime - entry.postedAt;
  const isSunk = entry.sourceOffset < (journalled.get(entry.truth) ?? 0);
  return !isSunk && ageMs <= (one.closed ? closedLagMs : lagMs);
}

interface Gap {
  readonly key: string;
  readonly expected: number;
  readonly actual: number;
  /** Beyond what may still come. */
  readonly micros: number;
  readonly lateMicros: number;
}

function gapOf(key: string, sums: Readonly<Record<'wanted' | 'mayCome' | 'actual', ReadonlyMap<string, number>>>): Gap {
  const expected = sums.wanted.get(key) ?? 0;
  const actual = sums.actual.get(key) ?? 0;
  const most = expected + (sums.mayCome.get(key) ?? 0);
  if (actual < expected) return { key, expected, actual, micros: expected - actual, lateMicros: 0 };
  if (actual > most) return { key, expected: most, actual, micros: actual - most, lateMicros: 0 };
  return { key, expected: most, actual, micros: 0, lateMicros: most - actual };
}

function sumsBreak(one: Recounted, wrong: readonly Gap[]): Break {
  const worst = wrong.reduce((a, b) => (a.micros >= b.micros ? a : b));
  return {
    code: 'reporting_sums',
    truth: 'reporting',
    selectionId: one.selectionId,
    campaignId: one.campaignId,
    expectedMicros: worst.expected,
    actualMicros: worst.actual,
    differenceMicros: worst.micros,
    refs: [],
    detail: wrong.map(({ key, expected, actual }) => `${key}: ${actual}, recounted ${expected}`).join('; '),
  };
}

function behind(one: Recounted, amountMicros: number): Explained {
  const { selectionId, campaignId, shard } = one;
  const offset = one.entries.at(-1)?.sourceOffset ?? 0;
  const refs = [{ topic: 'spend' as const, shard, offset }];
  return { cause: 'sink_behind', between: causes.sink_behind, selectionId, campaignId, amountMicros, refs };
}

/** Reporting has entries of a selection that neither evidence nor spend knows. */
export function unknownReported(selectionId: string, sums: ReadonlyMap<string, number>): Break {
  const most = Math.max(...sums.values());
  return {
    code: 'reporting_unknown_selection',
    truth: 'reporting',
    selectionId,
    campaignId: '',
    expectedMicros: 0,
    actualMicros: most,
    differenceMicros: most,
    refs: [],
    detail: 'reporting has entries of a selection that neither evidence nor spend knows',
  };
}

/** So many rows that are missing or stand twice are named one by one. */
const namedRows = 50;
const tailRecords = 2_000;

/**
 * Every row of reporting stands for one record of the log, from the first on: what is missing, what stands twice, what the log does not have. Rows
 * that the sink has not reached are missed only once it had the time. `isClosed` says so of selections.
 */
export async function checkRows(
  rows: readonly RowsOfShard[],
  sources: LogSources,
  isClosed: (selectionId: string) => boolean,
): Promise<Break[]> {
  const newest = await newestAppend(sources.log, rows);
  const breaks: Break[] = [];
  for (const shard of rows) {
    const { missing, doubled, beyond } = shard;
    const tail = await lostTail(shard, sources.log, { newest, isClosed });
    const place = `${shard.topic}/${shard.shard}`;
    const counted = [
      [missing, 'the row of this record is missing'],
      [tail, 'the row of this record is missing, though later ones had to come'],
      [doubled, 'the row of this record stands twice; reports count it once'],
    ] as const;
    for (const [offsets, detail] of counted) {
      for (const offset of offsets.slice(0, namedRows))
        breaks.push(await rowBreak(shard, offset, { detail, isMissing: offsets !== doubled }, sources));
      if (offsets.length > namedRows)
        breaks.push(
          structureBreak('reporting', 'reporting_rows', `${detail}: ${offsets.length} in all`, { refs: [place] }),
        );
    }
    if (beyond > 0)
      breaks.push(
        structureBreak('reporting', 'reporting_rows', `${beyond} rows stand for records that the log does not have`, {
          refs: [place],
        }),
      );
  }
  return breaks;
}

async function newestAppend(log: EventLog, rows: readonly RowsOfShard[]): Promise<number> {
  let newest = 0;
  for (const { topic, shard, log: bounds } of rows) {
    if (bounds.next === bounds.first) continue;
    const [last] = await readSlots(log, { topic, shard }, { first: bounds.next - 1, next: bounds.next });
    newest = Math.max(newest, last?.appendedAt ?? 0);
  }
  return newest;
}

/** Offsets beyond the last row that should have been sunk by now. */
async function lostTail(
  { topic, shard, reached, log: bounds }: RowsOfShard,
  log: EventLog,
  due: { readonly newest: number; readonly isClosed: (selectionId: string) => boolean },
): Promise<readonly number[]> {
  if (reached >= bounds.next) return [];
  const next = Math.min(reached + tailRecords, bounds.next);
  const records = await readSlots(log, { topic, shard }, { first: reached, next });
  return records.flatMap((record) => {
    if (record === null) return [];
    const waitedMs = due.newest - record.appendedAt;
    return waitedMs > (due.isClosed(record.key) ? closedLagMs : lagMs) ? [record.offset] : [];
  });
}

async function rowBreak(
  { topic, shard }: RowsOfShard,
  offset: number,
  { detail, isMissing }: { readonly detail: string; readonly isMissing: boolean },
  sources: LogSources,
): Promise<Break> {
  const found = await recordAt(sources, { topic, shard, offset });
  const { key = '', record = null } = found ?? {};
  const carried = record === null ? null : carriedBy(record);
  const selectionId = carried?.selectionId ?? (isUuid(key) ? key : '');
  const micros = carried?.micros ?? 0;
  return {
    code: 'reporting_rows',
    truth: 'reporting',
    selectionId,
    campaignId: carried?.campaignId ?? '',
    expectedMicros: micros,
    actualMicros: isMissing ? 0 : micros,
    differenceMicros: isMissing ? micros : 0,
    refs: [`${topic}/${shard}@${offset}`],
    detail: `${record?.name ?? 'record'}: ${detail}`,
  };
}

interface Carried {
  readonly selectionId: string;
  readonly campaignId: string;
  readonly micros: number;
}

/** The money that a row of reporting carries: that of the entry, or the price of the selection it counts for. */
function carriedBy({ name, value }: AnyRecord): Carried | null {
  switch (name) {
    case 'EntryBooked': {
      const { selection_id: selectionId, campaign_id: campaignId, amount_micros: micros } = value.entry;
      return { selectionId, campaignId, micros };
    }
    case 'AdSelected':
    case 'MarkupReturned':
    case 'SpendReserved':
    case 'SpendIncurred':
      return priced(value.billing);
    case 'ImpressionRendered':
    case 'AdViewable':
    case 'AdClicked':
      return priced(value.beacon.billing);
    default:
      return null;
  }
}

function priced(of: { selection_id: string; campaign_id: string; price_micros: number; test: boolean }): Carried {
  return { selectionId: of.selection_id, campaignId: of.campaign_id, micros: of.test ? 0 : of.price_micros };
}
