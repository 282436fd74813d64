import fc from 'fast-check';
import type { Billing } from '../domain/records.ts';
import type { SpendRecord } from '../streams/processors/spend-lifecycle.ts';
import {
  adjusted,
  closed,
  content,
  fenced,
  horizonMs,
  incurred,
  lease,
  policy,
  reserved,
  SpendStory,
  tick,
  verdict,
} from './spend-story.ts';

const selections = 8;

/** Contents of the selections of a history, of every model and rounding, two advertisers and calendars, odd prices; one is a test. */
export const contents: readonly Billing[] = Array.from({ length: selections }, (_, index) =>
  content(index, {
    pricing_model: (['CPM', 'VCPM', 'CPC', 'CPC'] as const)[index % 4] as 'CPM',
    price_micros: 1_001 + index * 333_333,
    share_rounding: (['DOWN', 'UP', 'HALF_EVEN'] as const)[index % 3] as 'DOWN',
    calendar: index % 2,
    advertiser_id: `adv_${index % 2}`,
    campaign_id: `cmp_${index % 3}`,
    draw_lease: index % 4 >= 2 || index === 5 ? null : lease(index % 2),
    test: index === 7,
  }),
);

const of = fc.nat({ max: selections - 1 });

type Act =
  | {
      readonly act: 'reserve' | 'incur';
      readonly of: number;
      readonly lease: number | null;
      readonly contradicts: boolean;
    }
  | { readonly act: 'verdict'; readonly of: number; readonly rule: string }
  | { readonly act: 'tick'; readonly byMs: number }
  | { readonly act: 'fence'; readonly index: number }
  | { readonly act: 'close'; readonly period: string; readonly calendar: number }
  | {
      readonly act: 'adjust';
      readonly of: number;
      readonly action: 'RELEASE' | 'VOID' | 'REVERSE';
      readonly part: number;
      readonly stale: boolean;
    }
  | { readonly act: 'policy'; readonly revision: number; readonly holdMs: number }
  | { readonly act: 'repeat'; readonly back: number };

const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      act: fc.constantFrom('reserve' as const, 'incur' as const),
      of,
      lease: fc.option(fc.nat({ max: 2 })),
      contradicts: fc.integer({ min: 0, max: 9 }).map((die) => die === 0),
    }),
  },
  { weight: 2, arbitrary: fc.record({ act: fc.constant('verdict' as const), of, rule: fc.constantFrom('a', 'b') }) },
  {
    weight: 4,
    arbitrary: fc.record({
      act: fc.constant('tick' as const),
      byMs: fc.oneof(fc.nat({ max: 5_000_000 }), fc.nat({ max: 86_400_000 }), fc.constant(horizonMs / 2)),
    }),
  },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('fence' as const), index: fc.nat({ max: 2 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      act: fc.constant('close' as const),
      period: fc.constantFrom('2026-10', '2026-11'),
      calendar: fc.nat({ max: 1 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      act: fc.constant('adjust' as const),
      of,
      action: fc.constantFrom('RELEASE' as const, 'VOID' as const, 'REVERSE' as const),
      part: fc.integer({ min: 1, max: 4 }),
      stale: fc.integer({ min: 0, max: 4 }).map((die) => die === 0),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      act: fc.constant('policy' as const),
      revision: fc.integer({ min: 1, max: 4 }),
      holdMs: fc.integer({ min: 0, max: 7_200_000 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ act: fc.constant('repeat' as const), back: fc.integer({ min: 1, max: 12 }) }) },
);

/** Any life of a spend shard that begins as it must. Corrections mostly rely on what is, since others are only refused. */
export const history: fc.Arbitrary<readonly SpendRecord[]> = fc
  .array(act, { minLength: 1, maxLength: 70 })
  .map((acts) => written(acts));

function written(acts: readonly Act[]): readonly SpendRecord[] {
  const story = new SpendStory();
  const records: SpendRecord[] = [policy(), tick(0)];
  let afterNoonMs = 0;
  for (const one of acts) {
    if (one.act === 'tick') afterNoonMs += one.byMs;
    const record = recordOf(one, { story, records, afterNoonMs });
    records.push(record);
    story.and(record);
  }
  return records;
}

interface Sofar {
  readonly story: SpendStory;
  readonly records: readonly SpendRecord[];
  readonly afterNoonMs: number;
}

function recordOf(one: Act, { story, records, afterNoonMs }: Sofar): SpendRecord {
  switch (one.act) {
    case 'reserve':
      return reserved(contentOf(one));
    case 'incur':
      return incurred(contentOf(one), one.lease === null ? null : lease(one.lease));
    case 'verdict':
      return verdict(contents[one.of] as Billing, one.rule);
    case 'tick':
      return tick(afterNoonMs);
    case 'fence':
      return fenced(one.index);
    case 'close':
      return closed(one.period, one.calendar);
    case 'policy':
      return policy({ revision: one.revision, hold_ms: one.holdMs });
    case 'adjust':
      return correction(one, story);
    case 'repeat':
      return records[records.length - one.back] ?? tick(afterNoonMs);
    default:
      return one satisfies never;
  }
}

function contentOf({ of: index, contradicts }: { of: number; contradicts: boolean }): Billing {
  const billing = contents[index] as Billing;
  return contradicts ? { ...billing, price_micros: billing.price_micros + 1 } : billing;
}

function correction(one: Extract<Act, { act: 'adjust' }>, { state }: SpendStory): SpendRecord {
  const known = state.selections.get((contents[one.of] as Billing).selection_id, state.foldTime);
  const billing = known?.billing ?? (contents[one.of] as Billing);
  const certified = known?.certifiedMicros ?? billing.price_micros;
  const reversedSoFar = known?.reversedMicros ?? 0;
  return adjusted(state.adjustments + (one.stale ? 2 : 1), billing, {
    action: one.action,
    amount_micros: one.part === 4 ? certified - reversedSoFar : Math.floor(certified / one.part / 2),
    relied_certified_micros: certified,
    relied_reversed_micros: reversedSoFar,
  });
}

/** Many selections through their whole life: some clicked twice, some expired, some judged, with ticks in between. */
export function manyRecords(selected: number): readonly SpendRecord[] {
  const records: SpendRecord[] = [policy(), tick(0)];
  for (let index = 0; index < selected; index += 1) {
    const billing = content(index, index % 3 === 0 ? { pricing_model: 'CPC', price_micros: 90_001 + index } : {});
    const arrivals =
      index % 3 === 0 ? [incurred(billing, lease(1)), incurred(billing, lease(index % 3))] : [reserved(billing)];
    if (index % 3 === 1) arrivals.push(incurred(billing));
    if (index % 50 === 1) arrivals.push(verdict(billing));
    records.push(...arrivals);
    if (index % 10 === 0) records.push(tick(index * 4_000));
    if (index % 700 === 699) records.push(fenced(2));
  }
  return [...records, tick(2 * selected * 4_000)];
}
