import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Warehouse } from '../../ports/warehouse.ts';
import { openTestWarehouse, remake, rowsOf } from './reporting-platform.ts';

let warehouse: Warehouse;
let remove: () => Promise<void>;
let sunk = 0;

type Cells = Readonly<Record<string, string | number | boolean | null>>;

async function insert(table: string, rows: readonly Cells[]): Promise<void> {
  const names = Object.keys(rows[0] ?? {});
  const columns = ['topic', 'shard', 'offset', 'appended_at', ...names];
  const cells = rows.map((row) => [
    'selected',
    0,
    (sunk += 1),
    '2026-01-05 10:00:00.000',
    ...names.map((name) => row[name] ?? null),
  ]);
  await warehouse.insert(table, columns, cells);
}

const at = (n: number) => `2026-01-05 10:${String(n).padStart(2, '0')}:00.000`;
const idOf = (n: number) => `selection-${String(n).padStart(2, '0')}`;

/** What became of the one bidder at the n-th ad: twenty bids from 1 to 20, of which those above 10 win; then it is late, cut off, passed over. */
function outcomeOf(n: number): { outcome: string; reason: string; latency_us: number; bid_micros: number } {
  const none = { reason: '', latency_us: 40_000, bid_micros: 0 };
  if (n < 20) {
    const reason = n < 10 ? 'outbid' : 'won';
    return { outcome: 'bid', reason, latency_us: (n + 1) * 1000, bid_micros: (n + 1) * 1_000_000 };
  }
  if (n < 24) return { ...none, outcome: 'late' };
  if (n === 24) return { ...none, outcome: 'timed_out' };
  if (n === 25) return { ...none, outcome: 'not_awaited' };
  if (n === 26) return { ...none, outcome: 'not_asked', reason: 'throttled', latency_us: 0 };
  return { ...none, outcome: 'invalid', reason: 'bad_price', latency_us: 9000 };
}

/** By what the ad was won, micros for a thousand. */
function bestOf(n: number): number {
  if (n >= 10 && n < 20) return (n + 1) * 1_000_000;
  return n === 24 ? 15_000_000 : n === 25 ? 18_000_000 : 10_000_000;
}

const adsOfMarket = Array.from({ length: 28 }, (_, n) => n);

async function publishMarket(): Promise<void> {
  await insert(
    'ad_selected',
    adsOfMarket.map((n) => ({
      selection_id: idOf(n),
      selected_at: at(n < 27 ? 0 : 30),
      line_item_id: n >= 10 && n < 20 ? 'li_outside' : 'li_own',
      currency: 'EUR',
      price_micros: bestOf(n) / 1000,
      auction_ecpm_micros: bestOf(n),
      auction_floor_micros: 1_000_000,
      external_bidder_id: n >= 10 && n < 20 ? 'bd_x' : null,
      bidders: JSON.stringify([
        { bidder_id: 'bd_x', timeout_us: n === 26 ? 0 : 40_000, ...outcomeOf(n) },
        { bidder_id: 'bd_idle', outcome: 'not_asked', reason: 'tier', timeout_us: 0, latency_us: 0, bid_micros: 0 },
      ]),
    })),
  );
  const billed = [10, 11].map((n) => ({ selection_id: idOf(n), selected_at: at(0), currency: 'EUR' }));
  await insert(
    'impression_rendered',
    billed.map((row) => ({ ...row, judgement: 'ACCEPTED' })),
  );
  await insert('spend_incurred', billed);
  await insert('line_item_published', [{ line_item_id: 'li_own', name: 'Own', revision: 1, changed_at: at(0) }]);
}

/** Four ads of a quiet person and three that one network clicked on, whoever had been shown them. */
async function publishTraffic(): Promise<void> {
  const ads = [40, 41, 42, 43, 44, 45, 46];
  const isFarmed = (n: number) => n > 43;
  const networkOf = (n: number) => (isFarmed(n) ? '198.51.100.0/24' : '192.0.2.0/24');
  const common = (n: number) => ({
    selection_id: idOf(n),
    selected_at: at(n),
    currency: 'EUR',
    price_micros: 1000,
    publisher_id: 'pub_1',
  });
  const beacon = (n: number, seconds: number, network: string) => ({
    ...common(n),
    judgement: 'ACCEPTED',
    network,
    user_agent: 'Browser/1',
    received_at: `2026-01-05 10:${n}:${String(seconds).padStart(2, '0')}.000`,
  });
  await insert(
    'ad_selected',
    ads.map((n) => ({
      ...common(n),
      placement_id: 'pl_x',
      campaign_id: 'cmp_a',
      context_network: networkOf(n),
      context_user_agent: 'Browser/1',
      user_key: isFarmed(n) ? null : 'u1',
    })),
  );
  await insert(
    'impression_rendered',
    ads.map((n) => beacon(n, 1, networkOf(n))),
  );
  await insert('ad_viewable', [beacon(40, 2, networkOf(40))]);
  await insert('ad_clicked', [
    beacon(40, 9, networkOf(40)),
    // An ad of the person's that the farm clicked on as well, twice by the same token.
    beacon(41, 9, '198.51.100.0/24'),
    beacon(41, 10, '198.51.100.0/24'),
    ...[44, 45, 46].map((n) => beacon(n, 2, networkOf(n))),
  ]);
  await insert(
    'traffic_invalidated',
    [41, 44, 45, 46].map((n) => ({
      event_id: `verdict-${n}`,
      selection_id: idOf(n),
      category: 'SIVT',
      rule: 'click_farm',
      judged_at: at(50),
    })),
  );
}

beforeAll(async () => {
  ({ warehouse, remove } = await openTestWarehouse());
  await remake(warehouse);
  await publishMarket();
  await publishTraffic();
});
afterAll(() => remove());

describe('Of a bidder whose every outcome is known', () => {
  const ofX = { bidder_id: 'bd_x' };

  test('latency stands against the time that it was given', async () => {
    expect(await rowsOf(warehouse, 'bidder_latency')).toEqual([
      {
        bidder_id: 'bd_x',
        solicited: 27,
        answered: 21,
        p50_us: 10_000,
        p95_us: 19_000,
        p99_us: 20_000,
        max_us: 20_000,
        timeout_least_us: 40_000,
        timeout_p50_us: 40_000,
        timeout_most_us: 40_000,
        used_p95: 0.475,
        timed_out: 1,
        late: 4,
        not_awaited: 1,
        in_time: 0.807692,
      },
    ]);
  });

  test('the distribution has each request once by what it took and once by what it was given', async () => {
    const rows = await rowsOf(warehouse, 'bidder_times', ofX);
    const shown = rows.map(({ from_us, below_us, answers, bids, won, given_up, timeouts }) =>
      [from_us, below_us, answers, bids, won, given_up, timeouts].join(),
    );
    expect(shown).toEqual([
      '0,2000,1,1,0,0,0',
      '2000,5000,3,3,0,0,0',
      '5000,10000,6,5,0,0,0',
      '10000,15000,5,5,4,0,0',
      '15000,20000,5,5,5,0,0',
      '20000,30000,1,1,1,0,0',
      '40000,50000,0,0,0,6,27',
    ]);
  });

  test('over time it wins what it won of its bids, and brings what began to render', async () => {
    const rows = await rowsOf(warehouse, 'bidders_over_time', { ...ofX, bucket_seconds: '1800' });
    expect(rows).toEqual([
      {
        at: '2026-01-05T10:00:00.000Z',
        bidder_id: 'bd_x',
        currency: 'EUR',
        eligible: 27,
        solicited: 26,
        responded: 20,
        participating: 20,
        won: 10,
        win_rate: 0.5,
        timeouts: 5,
        latency_p95_us: 20_000,
        timeout_p50_us: 40_000,
        revenue_micros: '23000',
      },
      expect.objectContaining({ at: '2026-01-05T10:30:00.000Z', eligible: 1, responded: 0, win_rate: null }),
    ]);
  });

  test('every ad for which it was eligible ended in one way', async () => {
    const rows = await rowsOf(warehouse, 'bidder_reasons', ofX);
    expect(rows.map(({ step, reason, ads }) => `${String(step)} ${String(reason)} ${String(ads)}`)).toEqual([
      'not_asked throttled 1',
      'in_time late 4',
      'in_time not_awaited 1',
      'in_time timed_out 1',
      'fault bad_price 1',
      'lost outbid 10',
      'won won 10',
    ]);
    expect(rows.at(-1)?.['share']).toBe(0.357143);
  });

  test('what time-outs cost is what its usual bids would have added to what won instead', async () => {
    // Half of its bids are above 10, a quarter above 15: four late ads at 10 and one at 15, each gaining what the bid is above.
    expect(await rowsOf(warehouse, 'lost_to_time')).toEqual([
      {
        bidder_id: 'bd_x',
        currency: 'EUR',
        timed_out: 1,
        late: 4,
        not_awaited: 1,
        known: 21,
        would_have_won: 2,
        lost_micros: '11750',
        not_awaited_micros: '150',
      },
    ]);
  });

  test('it stands next to our own line items', async () => {
    const rows = await rowsOf(warehouse, 'demand');
    expect(rows.slice(0, 2)).toEqual([
      expect.objectContaining({ seller: 'own', bidder_id: '', line_item: 'Own', selections: 18, revenue_micros: '0' }),
      {
        seller: 'bidder',
        bidder_id: 'bd_x',
        line_item_id: 'li_outside',
        line_item: '',
        currency: 'EUR',
        selections: 10,
        share: 0.285714,
        impressions: 2,
        charges: 2,
        revenue_micros: '23000',
        ecpm_micros: '15500000',
      },
    ]);
  });
});

describe('Of a network that clicks on everything', () => {
  const farm = { by: 'network', source: '198.51.100.0/24' };

  test('it stands first among the networks, with the rules that found against it', async () => {
    const rows = await rowsOf(warehouse, 'sources', { by: 'network' });
    expect(rows[0]).toEqual({
      source: '198.51.100.0/24',
      selections: 4,
      impressions: 3,
      clicks: 4,
      click_rate: 1.333333,
      verdicts: 4,
      rate: 1,
      rules: 'click_farm 4',
      first_at: '2026-01-05T10:41:09.000Z',
      last_at: '2026-01-05T10:46:02.000Z',
    });
    expect(rows[1]).toMatchObject({ source: '192.0.2.0/24', selections: 4, clicks: 1, verdicts: 1, rate: 0.25 });
  });

  test('its rates stand beside those of everybody else', async () => {
    const [source, others] = await rowsOf(warehouse, 'source_rates', farm);
    expect(source).toMatchObject({ who: 'source', selections: 4, clicks: 4, click_p50_ms: 1000, rate: 1, persons: 0 });
    expect(others).toMatchObject({
      who: 'others',
      impressions: 4,
      viewables: 1,
      clicks: 1,
      click_p50_ms: 8000,
      rate: 0.25,
      persons: 1,
      publishers: 1,
    });
    expect(await rowsOf(warehouse, 'source_rates', { ...farm, source: 'nobody' })).toEqual([]);
  });

  test('a person is known by a random key alone, and by the ads shown under it', async () => {
    expect(await rowsOf(warehouse, 'sources', { by: 'person' })).toMatchObject([
      { source: 'u1', selections: 4, impressions: 4, clicks: 2, click_rate: 0.5, verdicts: 1 },
    ]);
    const line = await rowsOf(warehouse, 'source_pattern', { by: 'person', source: 'u1', bucket_seconds: '60' });
    expect(line.map(({ at: minute, clicks, verdicts }) => [minute, clicks, verdicts])).toEqual([
      ['2026-01-05T10:40:00.000Z', 1, 0],
      ['2026-01-05T10:41:00.000Z', 1, 1],
      ['2026-01-05T10:42:00.000Z', 0, 0],
      ['2026-01-05T10:43:00.000Z', 0, 0],
    ]);
  });

  test('by user agent every report of sources answers', async () => {
    const [agent] = await rowsOf(warehouse, 'sources', { by: 'agent' });
    const one = { by: 'agent', source: String(agent?.['source']) };
    const [source] = await rowsOf(warehouse, 'source_rates', one);
    const { selections, impressions, clicks, verdicts } = agent ?? {};
    expect(source).toMatchObject({ who: 'source', selections, impressions, clicks, verdicts, agents: 1 });
    expect(await rowsOf(warehouse, 'source_selections', one)).toHaveLength(Number(selections));
    const pattern = await rowsOf(warehouse, 'source_pattern', one);
    expect(pattern.reduce((sum, row) => sum + Number(row['selections']), 0)).toBe(selections);
  });

  test('what can not tell sources apart has none', async () => {
    expect(await rowsOf(warehouse, 'sources', { by: 'address' })).toEqual([]);
  });

  test('its ads are told one by one, newest first', async () => {
    const rows = await rowsOf(warehouse, 'source_selections', farm);
    expect(rows.map(({ selection_id, click_after_ms }) => [selection_id, click_after_ms])).toEqual([
      [idOf(46), 1000],
      [idOf(45), 1000],
      [idOf(44), 1000],
      [idOf(41), null],
    ]);
    expect(rows[0]).toMatchObject({ publisher_id: 'pub_1', rules: 'click_farm', price_micros: '1000' });
  });

  test('verdicts over time are those of the selections of each bucket', async () => {
    const rows = await rowsOf(warehouse, 'verdicts_over_time', { bucket_seconds: '300' });
    expect(rows.map(({ at: start, category, rule, verdicts }) => [start, category, rule, verdicts])).toEqual([
      ['2026-01-05T10:40:00.000Z', 'SIVT', 'click_farm', 2],
      ['2026-01-05T10:45:00.000Z', 'SIVT', 'click_farm', 2],
    ]);
  });
});
