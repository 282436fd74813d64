import { billableKind } from '../domain/billing.ts';
import { eventId } from '../domain/identity.ts';
import type { AdSelected, AnyRecord, Beacon, BeaconKind, Billing, Topic } from '../domain/records.ts';
import type { Outcome, Processor, SourceRecord } from '../streams/runtime/processor.ts';
import { boots, content, noon } from './spend-story.ts';

export const browser =
  'Mozilla/5.0 (X11; Linux x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36';
const half = 30 * 60_000;
let receipts = 0;

/** A beacon of a person at home, a second after the selection unless told otherwise. */
export function beacon(billing: Billing, kind: BeaconKind, change: Partial<Beacon> = {}): Beacon {
  receipts += 1;
  return {
    receipt_id: `receipt-${receipts}`,
    event_id: eventId(billing.selection_id, kind, 0),
    kind,
    ordinal: 0,
    origin: { node: 'n0', boot: boots[0] as string, sequence: receipts },
    billing,
    key_id: 'k1',
    kind_expires_at: billing.selected_at + (kind === 'click' ? 48 * half : half),
    judgement: 'ACCEPTED',
    received_at: billing.selected_at + 1_000,
    occurred_at: null,
    transport: kind === 'click' ? 'REDIRECT' : 'PIXEL',
    network: '81.2.69.0/24',
    user_agent: browser,
    ...change,
  };
}

export function seen(of: Beacon): AnyRecord {
  if (of.kind === 'impression') return { name: 'ImpressionRendered', value: { beacon: of } };
  if (of.kind === 'viewable') return { name: 'AdViewable', value: { beacon: of } };
  return { name: 'AdClicked', value: { beacon: of, click_id: 'c', draw_lease: null } };
}

/** What serving writes to `spend` with a billable beacon. */
export function charged({ billing, kind, receipt_id, origin, received_at }: Beacon): AnyRecord {
  const event_id = eventId(billing.selection_id, 'incurred', 0);
  const value = {
    event_id,
    receipt_id,
    kind,
    billing,
    draw_lease: billing.draw_lease,
    origin,
    incurred_at: received_at,
  };
  return { name: 'SpendIncurred', value };
}

export function selectedFor(userKey: string | null, billing: Billing): AnyRecord {
  const value: Pick<AdSelected, 'billing' | 'user_key' | 'impression_expires_at' | 'click_expires_at'> = {
    billing,
    user_key: userKey,
    impression_expires_at: billing.selected_at + half,
    click_expires_at: billing.selected_at + 48 * half,
  };
  return { name: 'AdSelected', value: value as AdSelected }; // no processor here reads the rest
}

export function ticked(afterNoonMs: number): AnyRecord {
  return { name: 'TimeAdvanced', value: { advanced_to: noon + afterNoonMs, ticker: 'test' } };
}

const topicOf: Partial<Record<AnyRecord['name'], Topic>> = {
  AdSelected: 'selected',
  ImpressionRendered: 'impression',
  AdViewable: 'engagement',
  AdClicked: 'click',
  UserExposed: 'exposure',
  PersonSeen: 'persons',
  PersonForgotten: 'persons',
};

/** One shard of every topic, as it was written. */
export class ShardStory {
  readonly #lists = new Map<Topic, SourceRecord[]>();

  add(...records: readonly AnyRecord[]): this {
    for (const record of records) {
      const topic = topicOf[record.name] ?? 'spend';
      const list = this.list(topic);
      list.push({ topic, shard: 0, offset: list.length, key: 'k', record });
    }
    return this;
  }

  /** A beacon and, if it is billable, its charge. */
  see(...beacons: readonly Beacon[]): this {
    for (const one of beacons) {
      if (billableKind(one.billing.pricing_model) === one.kind && one.judgement === 'ACCEPTED') this.add(charged(one));
      this.add(seen(one));
    }
    return this;
  }

  list(topic: Topic): SourceRecord[] {
    const known = this.#lists.get(topic) ?? [];
    this.#lists.set(topic, known);
    return known;
  }
}

/** Lets a processor read records, and through a checkpoint in the middle. */
export function processAll<State>(processor: Processor<State>, records: readonly SourceRecord[]): readonly Outcome[] {
  let state = processor.initial(0);
  const outcomes: Outcome[] = [];
  for (const [index, source] of records.entries()) {
    if (index === records.length >> 1) state = processor.decode(processor.encode(state), 0);
    outcomes.push(...processor.process(state, source));
  }
  outcomes.push(...(processor.flush?.(state) ?? []));
  return outcomes;
}

export { content, noon };
