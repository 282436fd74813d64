import { openFileSchemaRegistry } from '../adapters/embedded/file-schema-registry.ts';
import { AdtallyError } from '../domain/errors.ts';
import { uuidV7 } from '../domain/identity.ts';
import { type AnyRecord, BeaconKind, type Billing, type Topic } from '../domain/records.ts';
import { type Grant, signToken, type TokenKey } from '../domain/token.ts';
import type { BufferRecord, LocalBuffer } from '../serving/local-buffer.ts';

export const registry = openFileSchemaRegistry();
export const node = 'node-1';
export const boot = '018f0000-0000-7000-8000-00000000b001';
export const selectedAt = Date.UTC(2026, 0, 1, 12);
const impressionMs = 30 * 60_000;
const clickMs = 24 * 3_600_000;

/** A CPM selection at noon of New Year's Day 2026, UTC; `number` makes another one. */
export function sampleBilling(number = 1, changes: Partial<Billing> = {}): Billing {
  const at = changes.selected_at ?? selectedAt;
  return {
    selection_id: uuidV7(at, Buffer.from(String(number).padStart(10, '0'))),
    shard: number % 4,
    node,
    boot,
    sequence: number,
    advertiser_id: 'adv_1',
    campaign_id: 'cmp_1',
    line_item_id: 'li_1',
    creative_id: 'cr_1',
    publisher_id: 'pub_1',
    placement_id: 'pl_1',
    pricing_model: 'CPM',
    price_micros: 2_500,
    currency: 'EUR',
    revenue_share_ppm: 700_000,
    share_rounding: 'DOWN',
    calendar: 0,
    draw_lease: { node, boot, day: '2026-01-01' },
    test: false,
    selected_at: at,
    expires_at: at + impressionMs + 62_000,
    ...changes,
  };
}

/** A token as serving issues it: everything but the click for half an hour, or with `'click'` the click for a day. */
export function sampleToken(billing: Billing, key: TokenKey, use: 'view' | 'click' = 'view'): string {
  const kinds = BeaconKind.filter((kind) => (kind === 'click') === (use === 'click'));
  const grants: Grant[] = [{ kinds, expiresAt: billing.selected_at + (use === 'click' ? clickMs : impressionMs) }];
  return signToken(billing, grants, key);
}

export interface DecodedRecord {
  readonly topic: Topic;
  readonly shard: number;
  readonly key: string;
  readonly record: AnyRecord;
}

/** A private buffer in memory: entries are on "disk" at once, unless `held`. */
export class MemoryBuffer implements LocalBuffer {
  readonly node = node;
  readonly boot = boot;
  readonly entries: { readonly sequence: number; readonly records: readonly BufferRecord[] }[] = [];
  full = false;
  /** While set, appends wait for it. */
  held: Promise<void> | null = null;
  #last = 0;

  nextSequence(): number {
    return this.#last + 1;
  }

  async append(sequence: number, records: readonly BufferRecord[]): Promise<void> {
    if (this.full) throw new AdtallyError('BUFFER_FULL', 'the private buffer is full');
    if (sequence <= this.#last) throw new AdtallyError('INVARIANT_BROKEN', 'out of order');
    this.#last = sequence;
    this.entries.push({ sequence, records });
    await this.held;
  }

  hasRoomFor(): boolean {
    return !this.full;
  }

  /** Every record appended, decoded, in order. */
  decoded(): DecodedRecord[] {
    return this.entries.flatMap(({ records }) => records.map((record) => decodeRecord(record)));
  }
}

export function decodeRecord({ topic, shard, key, value }: BufferRecord): DecodedRecord {
  return { topic, shard, key, record: registry.decode(value) };
}
