import { shardOf } from '../../domain/identity.ts';
import type { AdSelected, Beacon, UserExposed } from '../../domain/records.ts';
import type { Outcome, Processor, SourceRecord } from '../runtime/processor.ts';

/** Impression that arrived, or who was selected for, whichever came first. */
interface Half {
  readonly userKey: string | null;
  readonly impression: Impression | null;
  /** No impression of it can be accepted after this moment, ms. */
  readonly until: number;
}

interface Impression {
  readonly beacon: Pick<Beacon, 'received_at'>;
  readonly ids: Pick<UserExposed, 'advertiser_id' | 'campaign_id' | 'line_item_id' | 'creative_id'>;
  readonly offset: number;
}

export interface ExposureState {
  readonly halves: Map<string, Half>;
  /** Selections that were told, or that nobody was selected for, and until when they are remembered, ms. */
  readonly done: Map<string, number>;
  /** Latest times seen in each of the two topics, ms: neither tells how far the other one is. */
  readonly latest: { selected: number; impression: number };
  seen: number;
}

export interface ExposureOptions {
  /** Shards of `exposure`. */
  readonly shards: number;
  /** How long after its time has ended a selection is still remembered: what may come late in the log. */
  readonly graceMs?: number;
}

const sweepEvery = 1_000;

/**
 * Joins AdSelected, which knows the person, with ImpressionRendered, which knows that the ad was seen; each may come first. One UserExposed for each
 * selection, from its first accepted impression. Test selections expose nobody.
 */
export function exposure({ shards, graceMs = 3_600_000 }: ExposureOptions): Processor<ExposureState> {
  return {
    name: 'exposure',
    topics: ['selected', 'impression'],
    initial: () => ({ halves: new Map(), done: new Map(), latest: { selected: 0, impression: 0 }, seen: 0 }),
    process: (state, source) => {
      const exposed = take(state, source, graceMs);
      sweepNowAndThen(state);
      if (exposed === null) return [];
      const shard = shardOf(exposed.user_key, shards);
      const record = { name: 'UserExposed', value: exposed } as const;
      return [{ to: 'log', topic: 'exposure', shard, key: exposed.user_key, record } satisfies Outcome];
    },
    format: 1,
    encode: ({ halves, done, latest, seen }) =>
      Buffer.from(JSON.stringify({ halves: [...halves], done: [...done], latest, seen })),
    decode: (bytes) => {
      const saved = JSON.parse(Buffer.from(bytes).toString()) as {
        halves: [string, Half][];
        done: [string, number][];
        latest: ExposureState['latest'];
        seen: number;
      };
      return { ...saved, halves: new Map(saved.halves), done: new Map(saved.done) };
    },
  };
}

function take(state: ExposureState, { record, shard, offset }: SourceRecord, graceMs: number): UserExposed | null {
  if (record.name === 'AdSelected') {
    state.latest.selected = Math.max(state.latest.selected, record.value.billing.selected_at);
    return selected(state, record.value, shard, graceMs);
  }
  if (record.name !== 'ImpressionRendered') return null;
  const { beacon } = record.value;
  state.latest.impression = Math.max(state.latest.impression, beacon.received_at);
  if (beacon.judgement !== 'ACCEPTED' || beacon.billing.test) return null;
  return impressed(state, beacon, { shard, offset }, graceMs);
}

function selected(state: ExposureState, value: AdSelected, shard: number, graceMs: number): UserExposed | null {
  const { selection_id: id, test } = value.billing;
  const until = value.impression_expires_at + graceMs;
  const half = state.halves.get(id);
  if (state.done.has(id)) return null;
  if (test || value.user_key === null) {
    state.halves.delete(id);
    state.done.set(id, until);
    return null;
  }
  const impression = half?.impression ?? null;
  if (half !== undefined && impression !== null)
    return tell(state, id, half.until, exposedOf(id, value.user_key, impression, shard));
  state.halves.set(id, { userKey: value.user_key, impression: null, until });
  return null;
}

function impressed(
  state: ExposureState,
  beacon: Beacon,
  place: { readonly shard: number; readonly offset: number },
  graceMs: number,
): UserExposed | null {
  const { selection_id: id, advertiser_id, campaign_id, line_item_id, creative_id } = beacon.billing;
  if (state.done.has(id)) return null;
  const half = state.halves.get(id);
  const until = beacon.kind_expires_at + graceMs;
  const ids = { advertiser_id, campaign_id, line_item_id, creative_id };
  const impression = { beacon: { received_at: beacon.received_at }, ids, offset: place.offset };
  const userKey = half?.userKey ?? null;
  if (userKey !== null) return tell(state, id, until, exposedOf(id, userKey, impression, place.shard));
  if (half === undefined) state.halves.set(id, { userKey: null, impression, until });
  return null;
}

function exposedOf(id: string, userKey: string, { beacon, ids, offset }: Impression, shard: number): UserExposed {
  return {
    user_key: userKey,
    selection_id: id,
    ...ids,
    exposed_at: beacon.received_at,
    source_shard: shard,
    source_offset: offset,
  };
}

function tell(state: ExposureState, id: string, until: number, exposed: UserExposed): UserExposed {
  state.halves.delete(id);
  state.done.set(id, until);
  return exposed;
}

/** Forgets by the time of the topic that is further behind, so that reading one far ahead of the other loses nothing. */
function sweepNowAndThen(state: ExposureState): void {
  state.seen += 1;
  if (state.seen % sweepEvery !== 0) return;
  const time = Math.min(state.latest.selected, state.latest.impression);
  for (const [id, { until }] of state.halves) if (until < time) state.halves.delete(id);
  for (const [id, until] of state.done) if (until < time) state.done.delete(id);
}
