import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { monthEnds } from '../domain/calendar.ts';
import { eventId, uuidV7 } from '../domain/identity.ts';
import type { Billing, EntriesBooked, Entry, Lease, PricingModel } from '../domain/records.ts';
import { expectedEntries } from '../reconcile/expected-entries.ts';
import { FactBook } from '../reconcile/facts.ts';
import { checkEntries } from '../reconcile/ledger-check.ts';
import { chainHash } from '../reconcile/ledger-reading.ts';
import type { Placed } from '../reconcile/log-reading.ts';
import { adjustmentsThatHold, Walk } from '../reconcile/outcome.ts';
import { Timeline } from '../reconcile/timeline.ts';
import type { SpendRecord } from '../streams/processors/spend-lifecycle.ts';
import { EntryChain, genesis } from '../ledger/chain.ts';
import { SpendFold } from '../streams/runtime/spend-fold.ts';

const startMs = Date.UTC(2026, 9, 30, 22);
const holdMs = 60_000;
const horizonMs = 40 * 86_400_000;
const boots = [0, 1, 2].map((index) => uuidV7(startMs, new Uint8Array(10).fill(index + 1)));
const models: readonly PricingModel[] = ['CPM', 'VCPM', 'CPC'];
const kinds = { CPM: 'impression', VCPM: 'viewable', CPC: 'click', NONE: 'click' } as const;

function lease(index: number): Lease {
  return { node: `n${index}`, boot: boots[index] as string, day: '2026-10-30' };
}

function billing(index: number, price: number): Billing {
  const model = models[index % 3] as PricingModel;
  const selectedAt = startMs + index * 1_000;
  return {
    selection_id: uuidV7(selectedAt, new Uint8Array(10).fill(index + 20)),
    shard: 0,
    node: 'n0',
    boot: boots[0] as string,
    sequence: index + 1,
    advertiser_id: `adv_${index % 2}`,
    campaign_id: `cmp_${index % 2}`,
    line_item_id: 'li_1',
    creative_id: 'cr_1',
    publisher_id: 'pub_1',
    placement_id: 'pl_1',
    pricing_model: model,
    price_micros: price,
    currency: 'EUR',
    revenue_share_ppm: 333_333,
    share_rounding: (['DOWN', 'UP', 'HALF_EVEN'] as const)[index % 3] as 'DOWN',
    calendar: 0,
    draw_lease: model === 'CPC' ? null : lease(0),
    test: index % 11 === 10,
    selected_at: selectedAt,
    expires_at: selectedAt + 120_000,
  };
}

type Act =
  | {
      readonly act: 'reserve' | 'incur';
      readonly of: number;
      readonly lease: number | null;
      readonly conflict: boolean;
    }
  | { readonly act: 'verdict'; readonly of: number; readonly rule: string }
  | { readonly act: 'tick'; readonly byMs: number }
  | { readonly act: 'fence'; readonly boot: number }
  | { readonly act: 'close'; readonly skip: number }
  | {
      readonly act: 'adjust';
      readonly of: number;
      readonly action: 'RELEASE' | 'VOID' | 'REVERSE';
      readonly part: number;
      readonly stale: boolean;
    };

const of = fc.integer({ min: 0, max: 5 });
const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      act: fc.constantFrom('reserve' as const, 'incur' as const),
      of,
      lease: fc.option(fc.integer({ min: 0, max: 2 })),
      conflict: fc.boolean().map((b) => b),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ act: fc.constant('verdict' as const), of, rule: fc.constantFrom('manual', 'declared_bot') }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      act: fc.constant('tick' as const),
      byMs: fc.constantFrom(0, 20_000, 61_000, 121_000, 90_000_000, 41 * 86_400_000),
    }),
  },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('fence' as const), boot: fc.integer({ min: 0, max: 2 }) }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('close' as const), skip: fc.integer({ min: 0, max: 1 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      act: fc.constant('adjust' as const),
      of,
      action: fc.constantFrom('RELEASE' as const, 'VOID' as const, 'REVERSE' as const),
      part: fc.integer({ min: 1, max: 3 }),
      stale: fc.boolean(),
    }),
  },
);

/** Turns acts into the records of a shard; adjustments rely on what the recount says at that point, unless they are meant to be stale. */
class Shard {
  readonly placed: Placed<SpendRecord>[] = [];
  readonly timeline = new Timeline(0);
  readonly book = new FactBook();
  private time = startMs;
  private closed = 0;
  private adjustments = 0;
  private readonly price: number;

  constructor(price: number) {
    this.price = price;
    this.put({
      name: 'PolicySet',
      value: {
        revision: 1,
        hold_ms: holdMs,
        horizon_ms: horizonMs,
        rules_version: 1,
        calendars: [{ calendar: 0, zone: 'UTC', months: monthEnds(startMs, 'UTC', 24) }],
        set_by: 'test',
        set_at: startMs,
      },
    });
  }

  put(record: SpendRecord): void {
    const placed = { topic: 'spend' as const, shard: 0, offset: this.placed.length, value: record };
    this.placed.push(placed);
    const at = <T>(value: T): Placed<T> => ({ topic: 'spend', shard: 0, offset: placed.offset, value });
    if (record.name === 'PolicySet') this.timeline.addPolicy(at(record.value));
    else if (record.name === 'TimeAdvanced') this.timeline.addTick(placed.offset, record.value.advanced_to);
    else if (record.name === 'NodeFenced') this.timeline.addFence(placed.offset, record.value.node, record.value.boot);
    else if (record.name === 'PeriodClosed') {
      if (this.timeline.addClose(at(record.value))) this.closed += 1;
    } else this.book.add(placed);
  }

  private content(index: number, conflict: boolean): Billing {
    const content = billing(index, this.price);
    return conflict ? { ...content, price_micros: content.price_micros + 7 } : content;
  }

  apply(a: Act): void {
    const origin = { node: 'n0', boot: boots[0] as string, sequence: 1 };
    if (a.act === 'tick')
      this.put({ name: 'TimeAdvanced', value: { advanced_to: (this.time += a.byMs), ticker: 't' } });
    else if (a.act === 'fence')
      this.put({
        name: 'NodeFenced',
        value: { node: `n${a.boot}`, boot: boots[a.boot] as string, fenced_at: this.time },
      });
    else if (a.act === 'close') {
      const period = monthEnds(startMs, 'UTC', 24)[this.closed + a.skip]?.period ?? '';
      this.put({ name: 'PeriodClosed', value: { calendar: 0, period, closed_by: 't', closed_at: this.time } });
    } else if (a.act === 'verdict') {
      const selectionId = this.content(a.of, false).selection_id;
      this.put({
        name: 'TrafficInvalidated',
        value: {
          event_id: eventId(selectionId, `invalidated:${a.rule}`, 0),
          selection_id: selectionId,
          category: 'SIVT',
          rule: a.rule,
          rules_version: 1,
          reason: 'r',
          evidence: [],
          judged_by: 't',
          judged_at: this.time,
        },
      });
    } else if (a.act === 'adjust') this.adjust(a);
    else {
      const content = this.content(a.of, a.conflict && this.price % 3 === 0);
      const drawn = content.pricing_model === 'CPC' ? (a.lease === null ? null : lease(a.lease)) : content.draw_lease;
      if (a.act === 'incur') {
        this.put({
          name: 'SpendIncurred',
          value: {
            event_id: eventId(content.selection_id, 'incurred', 0),
            receipt_id: content.boot,
            kind: kinds[content.pricing_model],
            billing: content,
            draw_lease: drawn,
            origin,
            incurred_at: this.time,
          },
        });
      } else if (content.pricing_model !== 'CPC') {
        this.put({
          name: 'SpendReserved',
          value: {
            event_id: eventId(content.selection_id, 'reserved', 0),
            billing: content,
            draw_lease: drawn,
            origin,
            reserved_at: this.time,
          },
        });
      }
    }
  }

  private adjust(a: Extract<Act, { act: 'adjust' }>): void {
    const content = this.content(a.of, false);
    const { standing } = this.walk(content.selection_id);
    this.adjustments += 1;
    const left = standing.certified - standing.reversed;
    this.put({
      name: 'Adjusted',
      value: {
        event_id: content.selection_id,
        selection_id: content.selection_id,
        billing: content,
        adjustment_number: this.adjustments,
        action: a.action,
        amount_micros: a.action === 'REVERSE' ? Math.max(1, Math.floor(left / a.part)) : standing.suspended,
        relied_certified_micros: standing.certified,
        relied_reversed_micros: standing.reversed + (a.stale ? 1 : 0),
        reason: 'finance',
        adjusted_by: 't',
        adjusted_at: this.time,
      },
    });
  }

  walk(selectionId: string) {
    const holding = adjustmentsThatHold([...this.book.selections.values()].flatMap((facts) => facts.adjustments));
    return new Walk(this.timeline, holding).run(this.book.of(selectionId), this.placed.length);
  }
}

function foldAll(records: readonly SpendRecord[]): EntriesBooked[] {
  const tail = () => ({ next: { offset: 0, ordinal: 0 }, chainHead: genesis, entryCount: 0 });
  const fold = new SpendFold({ shard: 0, tails: { tentative: tail(), final: tail() }, maxAppendBytes: 1 << 20 });
  for (const record of records) fold.fold(record);
  return [...fold.take('tentative', true), ...fold.take('final', true)];
}

describe('the recount and the production fold', () => {
  it('hash an entry alike, each by its own reading of the form', () => {
    const texts = fc.string({ unit: 'grapheme', maxLength: 40 });
    const number = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
    const names = ['kind', 'selection_id', 'advertiser_id', 'campaign_id', 'line_item_id', 'publisher_id'] as const;
    const accounts = ['debit_account', 'credit_account', 'currency', 'service_period', 'posting_period'] as const;
    const numbers = ['source_offset', 'ordinal', 'amount_micros', 'posted_at', 'selected_at'] as const;
    const fields = {
      ...Object.fromEntries([...names, ...accounts, 'reference'].map((name) => [name, texts])),
      ...Object.fromEntries(numbers.map((name) => [name, number])),
    };
    fc.assert(
      fc.property(fc.array(fc.record(fields), { maxLength: 4 }), (entries) => {
        const chain = new EntryChain('final-3');
        for (const fieldsOfEntry of entries) {
          const entry = { ...(fieldsOfEntry as unknown as Entry), chain_hash: new Uint8Array() };
          const before = Uint8Array.from(chain.head);
          expect(Buffer.from(chain.link(entry))).toEqual(Buffer.from(chainHash('final-3', entry, before)));
        }
      }),
    );
  });

  it('agree on every entry of every selection of any shard, though they share no rule', () => {
    fc.assert(
      fc.property(
        fc.array(act, { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 1, max: 5_000_000 }),
        (acts, price) => {
          const shard = new Shard(price);
          for (const one of acts) shard.apply(one);
          const batches = foldAll(shard.placed.map((placed) => placed.value));
          for (let index = 0; index < 6; index += 1) {
            const content = billing(index, price);
            const id = content.selection_id;
            const facts = shard.book.of(id);
            const first =
              [...facts.reserved, ...facts.incurred, ...facts.adjustments].sort((a, b) => a.offset - b.offset)[0]?.value
                .billing ?? content;
            const expected = expectedEntries(first, shard.walk(id).movements, shard.timeline);
            for (const truth of ['tentative', 'final'] as const) {
              const actual = batches
                .filter((batch) => batch.truth === truth)
                .flatMap((batch) => batch.entries.filter((entry) => entry.selection_id === id));
              expect(
                checkEntries(
                  { truth, shard: 0, selectionId: id, campaignId: '' },
                  expected.filter((entry) => entry.truth === truth),
                  actual,
                ),
              ).toBeNull();
            }
          }
        },
      ),
      { numRuns: 1_000 },
    );
  });
});
