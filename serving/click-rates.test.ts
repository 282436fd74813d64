import { describe, expect, test } from 'vitest';
import { encodeCreativeStats } from '../domain/creative-stats-view.ts';
import { AdtallyError } from '../domain/errors.ts';
import type { ClickRatesLearned } from '../domain/records.ts';
import type { ViewStore } from '../ports/view-store.ts';
import { indexOf, inputOf, inventory, noon, supply, worldOf } from '../test/decision-world.ts';
import { boot, MemoryBuffer, node, registry } from '../test/serving-world.ts';
import { ClickRateRefresh } from './click-rate-refresh.ts';
import { type CreativeCounts, SmoothedClickRates } from './click-rates.ts';

function learn(rates: SmoothedClickRates, creativeId: string, counts: CreativeCounts): void {
  const proposed = rates.propose(creativeId, counts);
  if (proposed !== null) rates.learn([proposed]);
}

describe('a predicted click rate', () => {
  test('is the prior until something was observed, and moves towards what is', () => {
    const rates = new SmoothedClickRates({ impressions: 1000, clicks: 2 });
    expect(rates.ratePpm('cr_1')).toBe(2000);
    learn(rates, 'cr_1', { impressions: 1000, clicks: 18 });
    expect(rates.ratePpm('cr_1')).toBe(10_000);
    learn(rates, 'cr_1', { impressions: 999_000, clicks: 20_000 });
    expect(rates.ratePpm('cr_1')).toBe(20_002);
  });

  test('is never more than one click an impression', () => {
    const rates = new SmoothedClickRates({ impressions: 10, clicks: 1 });
    learn(rates, 'cr_1', { impressions: 0, clicks: 1_000_000 });
    expect(rates.ratePpm('cr_1')).toBeLessThanOrEqual(1_000_000);
    expect(rates.ratePpm('cr_1')).toBeGreaterThan(900_000);
  });

  test('is proposed only where it moved by a hundredth of itself, and proposing changes nothing', () => {
    const rates = new SmoothedClickRates();
    expect(rates.propose('cr_1', { impressions: 0, clicks: 0 })).toBeNull();
    expect(rates.propose('cr_1', { impressions: 9, clicks: 0 })).toBeNull();
    const proposed = rates.propose('cr_1', { impressions: 12, clicks: 0 });
    expect(proposed).toEqual({ creative_id: 'cr_1', rate_ppm: 1976 });
    expect([rates.ratePpm('cr_1'), rates.revision]).toEqual([2000, 0]);
  });

  test('of many creatives changes at one revision', () => {
    const rates = new SmoothedClickRates();
    rates.learn([
      { creative_id: 'cr_1', rate_ppm: 7 },
      { creative_id: 'cr_2', rate_ppm: 8 },
    ]);
    expect([rates.ratePpm('cr_1'), rates.ratePpm('cr_2'), rates.revision]).toEqual([7, 8, 1]);
  });
});

describe('the refresh of click rates', () => {
  const click = (bid_micros: number) => ({ lineItem: { pricing_model: 'CPC' as const, bid_micros } });

  function world(views: Partial<ViewStore>, slice = 1) {
    const rates = new SmoothedClickRates();
    const records = [...inventory(1), ...supply(1, click(1_000_000)), ...supply(2, click(1_100_000)), ...supply(3)];
    const index = indexOf(records, { rates });
    const buffer = new MemoryBuffer();
    const refresh = new ClickRateRefresh({
      index,
      rates,
      views: views as ViewStore,
      shards: 2,
      slice,
      buffer,
      registry,
      nodeClock: { now: () => noon },
    });
    const one = worldOf(index);
    const winner = () => one.decider.choose(inputOf(one)).ads[0]?.offer.item.lineItem.line_item_id;
    const recorded = () =>
      buffer.decoded().map(({ topic, key, record }) => [topic, key, record.name, record.value as ClickRatesLearned]);
    return { refresh, rates, winner, buffer, recorded };
  }

  const clicked = encodeCreativeStats({ impressions: 50_000, clicks: 500 });
  /** `cr_1` was clicked a lot, in both shards. */
  const clickedOften: Pick<ViewStore, 'getMany'> = {
    getMany: async (keys) => keys.map((key) => (key.startsWith('stats:cr_1/') ? { version: 1, value: clicked } : null)),
  };
  const learnedPpm = Math.floor((1002 * 1_000_000) / 101_000);

  test('reads creatives sold by the click in turn, adds up their shards, and lets the next decision rank by it', async () => {
    const read: string[] = [];
    const { refresh, rates, winner } = world({
      getMany: (keys) => {
        read.push(...keys);
        return clickedOften.getMany(keys);
      },
    });
    expect(winner()).toBe('li_2');
    for (let times = 0; times < 4; times += 1) await refresh.refreshSome();
    expect(read.slice(0, 4)).toEqual(['stats:cr_1/0', 'stats:cr_1/1', 'stats:cr_2/0', 'stats:cr_2/1']);
    expect(read.some((key) => key.startsWith('stats:cr_3'))).toBe(false);
    expect(rates.ratePpm('cr_1')).toBe(learnedPpm);
    expect(winner()).toBe('li_1');
  });

  test('records what a slice changed, once, under the revision that decisions then name', async () => {
    const { refresh, rates, recorded } = world(clickedOften, 10);
    for (let times = 0; times < 4; times += 1) await refresh.refreshSome();
    const learned = [{ creative_id: 'cr_1', rate_ppm: learnedPpm }];
    expect(recorded()).toEqual([
      ['nodes', boot, 'ClickRatesLearned', { node, boot, revision: 1, rates: learned, counts: [], learned_at: noon }],
    ]);
    expect(rates.revision).toBe(1);
  });

  test('shows decisions new rates only when their record is on disk', async () => {
    const { refresh, rates, winner, buffer, recorded } = world(clickedOften, 10);
    const disk = Promise.withResolvers<void>();
    buffer.held = disk.promise;
    const refreshed = refresh.refreshSome();
    await expect.poll(() => recorded().length).toBe(1);
    expect([winner(), rates.revision, rates.ratePpm('cr_1')]).toEqual(['li_2', 0, 2000]);
    await refresh.refreshSome(); // another one does not begin meanwhile
    disk.resolve();
    await refreshed;
    expect([winner(), rates.revision, rates.ratePpm('cr_1')]).toEqual(['li_1', 1, learnedPpm]);
    expect(recorded()).toHaveLength(1);
  });

  test('keeps the old rates while the buffer has no room, and learns them once it has', async () => {
    const { refresh, rates, winner, buffer } = world(clickedOften, 10);
    buffer.full = true;
    for (let times = 0; times < 3; times += 1) await refresh.refreshSome();
    expect([winner(), rates.revision, buffer.entries.length]).toEqual(['li_2', 0, 0]);
    buffer.full = false;
    for (let times = 0; times < 3; times += 1) await refresh.refreshSome();
    expect([winner(), rates.revision, buffer.entries.length]).toEqual(['li_1', 1, 1]);
  });

  test('keeps the old rates if the record could not be appended', async () => {
    const { refresh, rates, winner, buffer } = world(clickedOften, 10);
    buffer.held = Promise.reject(new AdtallyError('DISK_SYNC_FAILED', 'the disk is gone'));
    await expect(refresh.refreshSome()).rejects.toThrow('the disk is gone');
    expect([winner(), rates.revision]).toEqual(['li_2', 0]);
  });

  test('leaves rates as they are while the views are away, and hides no other error', async () => {
    const away = world({ getMany: async () => Promise.reject(new AdtallyError('VIEWS_UNAVAILABLE', 'away')) });
    await away.refresh.refreshSome();
    expect(away.rates.revision).toBe(0);
    const broken = world({ getMany: async () => Promise.reject(new TypeError('bug')) });
    await expect(broken.refresh.refreshSome()).rejects.toThrow('bug');
  });
});
