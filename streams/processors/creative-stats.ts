import { type CreativeStats, creativeStatsKey, encodeCreativeStats } from '../../domain/creative-stats-view.ts';
import { timeOfUuidV7 } from '../../domain/identity.ts';
import type { Beacon, Topic } from '../../domain/records.ts';
import type { Outcome, Processor, SourceRecord } from '../runtime/processor.ts';

/** What was counted of a selection, so that it counts once and can be taken back. */
interface Counted {
  readonly creativeId: string | null;
  readonly impression: boolean;
  readonly click: boolean;
  readonly invalid: boolean;
  /** Records that said something of it, repetitions too. */
  readonly records: number;
}

/** Counts of a creative, and how many records they are made of. */
interface Tally extends CreativeStats {
  readonly records: number;
}

export interface CreativeStatsState {
  readonly shard: number;
  readonly selections: Map<string, Counted>;
  readonly creatives: Map<string, Tally>;
  readonly changed: Set<string>;
  /** Next offset by topic. */
  readonly next: Partial<Record<Topic, number>>;
  time: number;
}

export interface CreativeStatsOptions {
  /** How long after its selection a beacon or verdict still changes the counts, ms of fold time. */
  readonly keepMs?: number;
}

const nothing: Counted = { creativeId: null, impression: false, click: false, invalid: false, records: 0 };

/** Versions of format 1 were sums of offsets, which lie far below. */
const versionsBegin = 1_000_000_000_000;

/** Counts impressions and clicks of each creative; what a verdict invalidates is taken out again. */
export function creativeStats({ keepMs = 26 * 3_600_000 }: CreativeStatsOptions = {}): Processor<CreativeStatsState> {
  return {
    name: 'creative-stats',
    topics: ['impression', 'click', 'spend'],
    flushEveryMs: 1_000,
    initial: (shard) => ({
      shard,
      selections: new Map(),
      creatives: new Map(),
      changed: new Set(),
      next: {},
      time: 0,
    }),
    process: (state, source) => {
      if (source.offset < (state.next[source.topic] ?? 0)) return [];
      state.next[source.topic] = source.offset + 1;
      take(state, source, keepMs);
      return [];
    },
    flush: writeChanged,
    repeatable: true,
    format: 2,
    encode: ({ shard, selections, creatives, changed, next, time }) =>
      Buffer.from(
        JSON.stringify({
          shard,
          selections: [...selections],
          creatives: [...creatives],
          changed: [...changed],
          next,
          time,
        }),
      ),
    decode: (bytes) => {
      const saved = JSON.parse(Buffer.from(bytes).toString()) as Pick<CreativeStatsState, 'shard' | 'next' | 'time'> & {
        selections: [string, Counted][];
        creatives: [string, Tally][];
        changed: string[];
      };
      const { shard, next, time } = saved;
      return {
        shard,
        next,
        time,
        selections: new Map(saved.selections),
        creatives: new Map(saved.creatives),
        changed: new Set(saved.changed),
      };
    },
  };
}

function take(state: CreativeStatsState, { record }: SourceRecord, keepMs: number): void {
  switch (record.name) {
    case 'ImpressionRendered':
      return beaconOf(state, record.value.beacon, { impression: true });
    case 'AdClicked':
      return beaconOf(state, record.value.beacon, { click: true });
    case 'TrafficInvalidated':
      return change(state, record.value.selection_id, { invalid: true });
    case 'TimeAdvanced':
      state.time = Math.max(state.time, record.value.advanced_to);
      return forget(state, state.time - keepMs);
    default:
  }
}

function beaconOf(state: CreativeStatsState, beacon: Beacon, seen: Partial<Counted>): void {
  if (beacon.judgement !== 'ACCEPTED' || beacon.billing.test) return;
  change(state, beacon.billing.selection_id, { ...seen, creativeId: beacon.billing.creative_id });
}

/** Takes out what the selection counted for before, puts in what it counts for now. */
function change(state: CreativeStatsState, selectionId: string, by: Partial<Counted>): void {
  const before = state.selections.get(selectionId) ?? nothing;
  const after = { ...before, ...by, records: before.records + 1 };
  state.selections.set(selectionId, after);
  const creativeId = after.creativeId;
  if (creativeId === null) return;
  const impressions = worth(after, 'impression') - worth(before, 'impression');
  const clicks = worth(after, 'click') - worth(before, 'click');
  const records = before.creativeId === null ? after.records : 1;
  const known = state.creatives.get(creativeId) ?? { impressions: 0, clicks: 0, records: 0 };
  state.creatives.set(creativeId, {
    impressions: known.impressions + impressions,
    clicks: known.clicks + clicks,
    records: known.records + records,
  });
  state.changed.add(creativeId);
}

function worth(counted: Counted, kind: 'impression' | 'click'): number {
  return counted[kind] && !counted.invalid ? 1 : 0;
}

/** Selections come about in the order of their times; the odd one out is forgotten a little later. */
function forget(state: CreativeStatsState, before: number): void {
  for (const selectionId of state.selections.keys()) {
    if (timeOfUuidV7(selectionId) >= before) return;
    state.selections.delete(selectionId);
  }
}

/**
 * The version is the number of records that the counts are made of. Two owners in a rebalance read the topics in different orders, so that how far one has
 * read is no measure; whoever has taken all of a creative's records has the most of them, and all who have say the same.
 */
function writeChanged(state: CreativeStatsState): readonly Outcome[] {
  const outcomes = [...state.changed].map((creativeId): Outcome => {
    const { records, ...stats } = state.creatives.get(creativeId) ?? { impressions: 0, clicks: 0, records: 0 };
    const write = { version: versionsBegin + records, value: encodeCreativeStats(stats) };
    return { to: 'view', write: { key: creativeStatsKey(creativeId, state.shard), ...write } };
  });
  state.changed.clear();
  return outcomes;
}
