import type { RecordTypes } from '../../domain/records.ts';
import { billingOf, type Fate, lifeOf, type SampleRecord, sampleStart } from './sample-log.ts';

const plain: Fate = { impression: 'none', viewable: false, click: false, spend: 'none', verdict: 'none' };

/**
 * Twelve selections, one a state, within two minutes of 10:00 UTC: n → price 1000 + n, campaign a if even, placement x if a multiple of three.
 */
export const fates: readonly (readonly [Fate, test?: boolean])[] = [
  [{ ...plain, impression: 'accepted', viewable: true, click: true, spend: 'certified' }],
  [{ ...plain, impression: 'accepted', viewable: true, spend: 'certified' }],
  [{ ...plain, impression: 'accepted', spend: 'reversed', verdict: 'sivt-click-farm' }],
  [{ ...plain, impression: 'accepted', spend: 'voided', verdict: 'givt-robot' }],
  [{ ...plain, impression: 'accepted', spend: 'pending' }],
  [{ ...plain, spend: 'released' }],
  [{ ...plain, impression: 'late', spend: 'released' }],
  [{ ...plain, impression: 'accepted', spend: 'absorbed' }],
  [{ ...plain, impression: 'accepted', click: true, spend: 'certified', verdict: 'none' }],
  [{ ...plain, impression: 'accepted', spend: 'voided', verdict: 'givt-robot' }],
  [{ ...plain, impression: 'accepted', viewable: true, click: true, spend: 'certified' }, true],
  [plain],
];

/** All records of the twelve, with the budget of campaign a: 100,000 micros over ten hours from 10:00, evenly. */
export function scenario(): SampleRecord[] {
  const lives = fates.flatMap(([fate, test = false], n) => {
    const life = lifeOf(billingOf(n, n === 11 ? 'NONE' : 'CPM', test), fate);
    // The ledgers know nothing of test selections.
    return test ? life.filter(({ topic }) => topic !== 'journal') : life;
  });
  return [...lives, ...budget()];
}

function budget(): SampleRecord[] {
  const set: RecordTypes['BudgetSet'] = {
    campaign_id: 'cmp_a',
    revision: 1,
    advertiser_id: 'adv_1',
    currency: 'EUR',
    time_zone: 'Europe/Zurich',
    total_micros: 100_000,
    daily_micros: null,
    flight: { starts_at: sampleStart, ends_at: sampleStart + 10 * 3_600_000 },
    pacing: 'even',
    active: true,
    set_at: sampleStart,
  };
  const applied: RecordTypes['BudgetApplied'] = {
    campaign_id: 'cmp_a',
    number: 1,
    revision: 1,
    total_micros: 100_000,
    daily_micros: null,
    applied_at: sampleStart,
    allocator: 'p1',
  };
  return [
    { topic: 'pacing', shard: 1, name: 'BudgetSet', value: { ...set, revision: 0, total_micros: 5 } },
    { topic: 'pacing', shard: 1, name: 'BudgetSet', value: set },
    { topic: 'pacing', shard: 1, name: 'BudgetApplied', value: applied },
  ];
}
