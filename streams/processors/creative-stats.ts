import type { Beacon } from '../../domain/records.ts';
import type { Outcome, Processor } from '../runtime/processor.ts';

/** Valid impressions and clicks of a creative in one shard, cumulative. */
export interface CreativeCount {
  impressions: number;
  clicks: number;
}

interface SelectionCount {
  readonly creativeId: string;
  readonly at: number;
  impression: boolean;
  click: boolean;
  invalid: boolean;
}

interface StatsState {
  readonly shard: number;
  readonly creatives: Map<string, CreativeCount>;
  readonly selections: Map<string, SelectionCount>;
  /** Verdicts that came before any evidence, with the time they were given by. */
  readonly early: Map<string, number>;
  readonly changed: Set<string>;
  /** Writes so far: the version of the next one. */
  version: number;
  latest: number;
  sweepAt: number;
}

const sweepEveryMs = 60_000;

/** Key of the view with a shard's counts of a creative; its readers add the shards up. Value: JSON `{"impressions": n, "clicks": n}`. */
export function statsViewKey(creativeId: string, shard: number): string {
  return `stats:${creativeId}/${shard}`;
}

/** Counts each creative's impressions and clicks, once a selection, without what was judged invalid, however late the verdict. */
export function createCreativeStats(keepMs: number): Processor<StatsState> {
  return {
    name: 'creative-stats',
    topics: ['impression', 'click', 'spend'],
    flushEveryMs: 1_000,
    initial: (shard) => ({
      shard,
      creatives: new Map(),
      selections: new Map(),
      early: new Map(),
      changed: new Set(),
      version: 0,
      latest: 0,
      sweepAt: 0,
    }),
    process(state, { record }) {
      if (record.name === 'ImpressionRendered' || record.name === 'AdClicked') countBeacon(state, record.value.beacon);
      else if (record.name === 'TrafficInvalidated')
        invalidate(state, record.value.selection_id, record.value.judged_at);
      else if (record.name === 'TimeAdvanced') sweep(state, record.value.advanced_to, keepMs);
      return [];
    },
    flush(state): readonly Outcome[] {
      if (state.changed.size === 0) return [];
      state.version += 1;
      const outcomes = [...state.changed].map((creativeId): Outcome => {
        const value = Buffer.from(JSON.stringify(state.creatives.get(creativeId)));
        return { to: 'view', write: { key: statsViewKey(creativeId, state.shard), version: state.version, value } };
      });
      state.changed.clear();
      return outcomes;
    },
    encode: ({ creatives, selections, early, version, latest }) =>
      Buffer.from(
        JSON.stringify({ creatives: [...creatives], selections: [...selections], early: [...early], version, latest }),
      ),
    decode(bytes, shard) {
      const saved = JSON.parse(Buffer.from(bytes).toString('utf8')) as {
        creatives: [string, CreativeCount][];
        selections: [string, SelectionCount][];
        early: [string, number][];
        version: number;
        latest: number;
      };
      const { version, latest } = saved;
      // All counts are written again: the last write before the checkpoint may be newer or older than it.
      return {
        shard,
        creatives: new Map(saved.creatives),
        selections: new Map(saved.selections),
        early: new Map(saved.early),
        changed: new Set(saved.creatives.map(([id]) => id)),
        version: version + versionsAheadOfCheckpoint,
        latest,
        sweepAt: latest,
      };
    },
  };
}

/** More writes than can lie between two checkpoints, so that what is written after a restart is newer than all before it. */
const versionsAheadOfCheckpoint = 100_000;

function countBeacon(state: StatsState, { billing, judgement, kind }: Beacon): void {
  if (judgement !== 'ACCEPTED' || billing.test) return;
  const { selection_id: id, creative_id: creativeId, selected_at: at } = billing;
  const known = state.selections.get(id) ?? {
    creativeId,
    at,
    impression: false,
    click: false,
    invalid: state.early.has(id),
  };
  state.selections.set(id, known);
  const field = kind === 'click' ? 'click' : 'impression';
  if (known[field]) return;
  known[field] = true;
  if (!known.invalid) add(state, creativeId, field, 1);
}

function invalidate(state: StatsState, selectionId: string, at: number): void {
  const known = state.selections.get(selectionId);
  if (known === undefined) state.early.set(selectionId, at);
  if (known === undefined || known.invalid) return;
  known.invalid = true;
  if (known.impression) add(state, known.creativeId, 'impression', -1);
  if (known.click) add(state, known.creativeId, 'click', -1);
}

function add(state: StatsState, creativeId: string, field: 'impression' | 'click', by: number): void {
  const counts = state.creatives.get(creativeId) ?? { impressions: 0, clicks: 0 };
  if (field === 'impression') counts.impressions += by;
  else counts.clicks += by;
  state.creatives.set(creativeId, counts);
  state.changed.add(creativeId);
}

function sweep(state: StatsState, now: number, keepMs: number): void {
  state.latest = Math.max(state.latest, now);
  if (state.latest < state.sweepAt) return;
  state.sweepAt = state.latest + sweepEveryMs;
  for (const [id, { at }] of state.selections) if (at + keepMs < state.latest) state.selections.delete(id);
  for (const [id, at] of state.early) if (at + keepMs < state.latest) state.early.delete(id);
}
