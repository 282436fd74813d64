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
}

export interface CreativeStatsState {
  readonly shard: number;
  readonly selections: Map<string, Counted>;
  readonly creatives: Map<string, CreativeStats>;
  readonly changed: Set<string>;
  /** Next offset by topic: their sum only grows, and is the version of what is written. */
  readonly next: Partial<Record<Topic, number>>;
  time: number;
}

export interface CreativeStatsOptions {
  /** How long after its selection a beacon or verdict still changes the counts, ms of fold time. */
  readonly keepMs?: number;
}

const nothing: Counted = { creativeId: null, impression: false, click: false, invalid: false };

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
    format: 1,
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
        creatives: [string, CreativeStats][];
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
  const after = { ...before, ...by };
  state.selections.set(selectionId, after);
  const creativeId = after.creativeId;
  if (creativeId === null) return;
  const impressions = worth(after, 'impression') - worth(before, 'impression');
  const clicks = worth(after, 'click') - worth(before, 'click');
  if (impressions === 0 && clicks === 0) return;
  const known = state.creatives.get(creativeId) ?? { impressions: 0, clicks: 0 };
  state.creatives.set(creativeId, { impressions: known.impressions + impressions, clicks: known.clicks + clicks });
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

function writeChanged(state: CreativeStatsState): readonly Outcome[] {
  const version = Object.values(state.next).reduce((sum, next) => sum + next, 0);
  const outcomes = [...state.changed].map((creativeId): Outcome => {
    const value = encodeCreativeStats(state.creatives.get(creativeId) ?? { impressions: 0, clicks: 0 });
    return { to: 'view', write: { key: creativeStatsKey(creativeId, state.shard), version, value } };
  });
  state.changed.clear();
  return outcomes;
}
