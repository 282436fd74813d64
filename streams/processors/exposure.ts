import { shardOf } from '../../domain/identity.ts';
import type { Beacon, UserExposed } from '../../domain/records.ts';
import type { Outcome, Processor } from '../runtime/processor.ts';

interface Seen {
  readonly beacon: Beacon;
  readonly offset: number;
}

/** A selection of which one half is known: who was asking, or that the ad was seen. */
interface Half {
  /** Null: the selection has no person; undefined: it was not read yet. */
  userKey?: string | null;
  seen?: Seen;
  /** Once both halves were there, only this is kept, so that a duplicate counts nothing. */
  told: boolean;
  /** Selection time, ms: what it is forgotten by. */
  readonly at: number;
}

interface ExposureState {
  readonly halves: Map<string, Half>;
  /** Highest selection time seen, ms. */
  latest: number;
  sweepAt: number;
}

export interface ExposureOptions {
  /** Shards of the `exposure` topic. */
  readonly shards: number;
  /** How long after its selection an impression may come, ms, buffers included. */
  readonly keepMs: number;
}

const sweepEveryMs = 60_000;

/**
 * Joins the person of a selection with its impression, whichever is read first, and tells once that the person was exposed. Both lie in the same
 * shard; of several arrivals of one impression the first read in time counts.
 */
export function createExposure({ shards, keepMs }: ExposureOptions): Processor<ExposureState> {
  return {
    name: 'exposure',
    topics: ['selected', 'impression'],
    initial: () => ({ halves: new Map(), latest: 0, sweepAt: 0 }),
    process(state, { record, shard, offset }): readonly Outcome[] {
      if (record.name === 'AdSelected') {
        const { billing, user_key: userKey } = record.value;
        if (billing.test) return [];
        const half = halfOf(state, billing.selection_id, billing.selected_at);
        half.userKey = userKey;
        sweep(state, billing.selected_at, keepMs);
        return tell(half, shard, shards);
      }
      if (record.name !== 'ImpressionRendered') return [];
      const { beacon } = record.value;
      if (beacon.judgement !== 'ACCEPTED' || beacon.billing.test) return [];
      const half = halfOf(state, beacon.billing.selection_id, beacon.billing.selected_at);
      half.seen ??= { beacon, offset };
      return tell(half, shard, shards);
    },
    encode: ({ halves, latest }) => Buffer.from(JSON.stringify({ halves: [...halves], latest })),
    decode(bytes) {
      const { halves, latest } = JSON.parse(Buffer.from(bytes).toString('utf8')) as {
        halves: [string, Half][];
        latest: number;
      };
      return { halves: new Map(halves), latest, sweepAt: latest };
    },
  };
}

function halfOf(state: ExposureState, selectionId: string, at: number): Half {
  const known = state.halves.get(selectionId) ?? { told: false, at };
  state.halves.set(selectionId, known);
  return known;
}

function tell(half: Half, shard: number, shards: number): readonly Outcome[] {
  const { userKey, seen } = half;
  if (half.told || userKey === undefined || seen === undefined) return [];
  half.told = true;
  delete half.seen;
  if (userKey === null) return [];
  const { billing, received_at } = seen.beacon;
  const value: UserExposed = {
    user_key: userKey,
    selection_id: billing.selection_id,
    advertiser_id: billing.advertiser_id,
    campaign_id: billing.campaign_id,
    line_item_id: billing.line_item_id,
    creative_id: billing.creative_id,
    exposed_at: received_at,
    source_shard: shard,
    source_offset: seen.offset,
  };
  return [
    {
      to: 'log',
      topic: 'exposure',
      shard: shardOf(userKey, shards),
      key: userKey,
      record: { name: 'UserExposed', value },
    },
  ];
}

function sweep(state: ExposureState, now: number, keepMs: number): void {
  state.latest = Math.max(state.latest, now);
  if (state.latest < state.sweepAt) return;
  state.sweepAt = state.latest + sweepEveryMs;
  for (const [id, { at }] of state.halves) if (at + keepMs < state.latest) state.halves.delete(id);
}
