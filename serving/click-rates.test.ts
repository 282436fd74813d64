import { describe, expect, test } from 'vitest';
import { encodeCreativeStats } from '../domain/creative-stats-view.ts';
import { AdtallyError } from '../domain/errors.ts';
import type { ViewStore } from '../ports/view-store.ts';
import { indexOf, inputOf, inventory, supply, worldOf } from '../test/decision-world.ts';
import { ClickRateRefresh } from './click-rate-refresh.ts';
import { SmoothedClickRates } from './click-rates.ts';

describe('a predicted click rate', () => {
  test('is the prior until something was observed, and moves towards what is', () => {
    const rates = new SmoothedClickRates({ impressions: 1000, clicks: 2 });
    expect(rates.ratePpm('cr_1')).toBe(2000);
    rates.observe('cr_1', { impressions: 1000, clicks: 18 });
    expect(rates.ratePpm('cr_1')).toBe(10_000);
    rates.observe('cr_1', { impressions: 999_000, clicks: 20_000 });
    expect(rates.ratePpm('cr_1')).toBe(20_002);
  });

  test('is never more than one click an impression', () => {
    const rates = new SmoothedClickRates({ impressions: 10, clicks: 1 });
    rates.observe('cr_1', { impressions: 0, clicks: 1_000_000 });
    expect(rates.ratePpm('cr_1')).toBeLessThanOrEqual(1_000_000);
  });

  test('has a revision that changes with it only', () => {
    const rates = new SmoothedClickRates();
    expect(rates.observe('cr_1', { impressions: 0, clicks: 0 })).toBe(false);
    expect(rates.revision).toBe(0);
    expect(rates.observe('cr_1', { impressions: 5000, clicks: 50 })).toBe(true);
    expect(rates.revision).toBe(1);
  });
});

describe('the refresh of click rates', () => {
  const click = (bid_micros: number) => ({ lineItem: { pricing_model: 'CPC' as const, bid_micros } });

  function world(views: Partial<ViewStore>) {
    const rates = new SmoothedClickRates();
    const records = [...inventory(1), ...supply(1, click(1_000_000)), ...supply(2, click(1_100_000)), ...supply(3)];
    const index = indexOf(records, { rates });
    const refresh = new ClickRateRefresh({ index, rates, views: views as ViewStore, shards: 2, slice: 1 });
    return { refresh, rates, world: worldOf(index) };
  }

  test('reads creatives sold by the click in turn, adds up their shards, and lets the next decision rank by it', async () => {
    const read: string[] = [];
    const {
      refresh,
      rates,
      world: one,
    } = world({
      getMany: async (keys) => {
        read.push(...keys);
        return keys.map((key) =>
          key.startsWith('stats:cr_1/')
            ? { version: 1, value: encodeCreativeStats({ impressions: 50_000, clicks: 500 }) }
            : null,
        );
      },
    });
    const winner = () => one.decider.choose(inputOf(one)).ads[0]?.offer.item.lineItem.line_item_id;
    expect(winner()).toBe('li_2');
    for (let times = 0; times < 4; times += 1) await refresh.refreshSome();
    expect(read.slice(0, 4)).toEqual(['stats:cr_1/0', 'stats:cr_1/1', 'stats:cr_2/0', 'stats:cr_2/1']);
    expect(read.some((key) => key.startsWith('stats:cr_3'))).toBe(false);
    expect(rates.ratePpm('cr_1')).toBe(Math.floor((1002 * 1_000_000) / 101_000));
    expect(winner()).toBe('li_1');
  });

  test('leaves rates as they are while the views are away, and hides no other error', async () => {
    const away = world({ getMany: async () => Promise.reject(new AdtallyError('VIEWS_UNAVAILABLE', 'away')) });
    await away.refresh.refreshSome();
    expect(away.rates.revision).toBe(0);
    const broken = world({ getMany: async () => Promise.reject(new TypeError('bug')) });
    await expect(broken.refresh.refreshSome()).rejects.toThrow('bug');
  });
});
