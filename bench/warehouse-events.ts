/**
 * Events for a warehouse, made in the engine by `numbers()`: ten a selection (chosen, handed out, seen, viewed, billed, booked in both ledgers), 100,000
 * selections an hour, ids that do not compress, three bidders of outside demand at every fifth, a network of twenty thousand. The same selection always
 * becomes the same rows, so that a chunk may be made again.
 */
import type { Warehouse } from '../ports/warehouse.ts';

export const hourMs = 3_600_000;
export const perHour = 100_000;
export const eventsOfSelection = 10;

/** What stands in every row of selection n; `now` is where they end. */
function billing(endMs: number, selections: number): string {
  return `lower(concat(substring(hex(sipHash128(n)) AS h, 1, 8), '-', substring(h, 9, 4), '-7', substring(h, 13, 3), '-8', substring(h, 16, 3), '-', substring(h, 20, 12))) AS selection_id,
    toInt32(n % 4) AS shard, toInt32(n % 4) AS billing_shard, 'n1' AS node, 'boot' AS boot, toInt64(n) AS sequence,
    concat('adv_', toString(n % 10)) AS advertiser_id, concat('cmp_', toString(n % 50)) AS campaign_id, concat('li_', toString(n % 100)) AS line_item_id,
    concat('cr_', toString(n % 200)) AS creative_id, concat('pub_', toString(intDiv(n, 7) % 5)) AS publisher_id, concat('pl_', toString(intDiv(n, 7) % 20)) AS placement_id,
    'CPM' AS pricing_model, toInt64(1000 + n % 977) AS price_micros, 'EUR' AS currency, toInt32(700000) AS revenue_share_ppm, 'DOWN' AS share_rounding,
    fromUnixTimestamp64Milli(toInt64(${endMs} - (${selections} - n) * ${hourMs / perHour})) AS selected_at, selected_at AS appended_at`;
}

const beacon = `lower(hex(sipHash128(n, 'receipt'))) AS receipt_id, selection_id AS event_id, 'ACCEPTED' AS judgement, 'PIXEL' AS transport,
  concat('10.', toString(intDiv(cityHash64(n) % 20000, 200)), '.', toString(cityHash64(n) % 200), '.0/24') AS network, 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36' AS user_agent, selected_at AS received_at`;
const entry = ([truth, kind, debit, credit, amount, ordinal]: readonly [
  string,
  string,
  string,
  string,
  string,
  number,
]) =>
  `'${truth}' AS truth, '${kind}' AS kind, '${debit}' AS debit_account, '${credit}' AS credit_account, ${amount} AS amount_micros, shard AS spend_shard,
   toInt64(intDiv(n, 4) * 8 + ${ordinal}) AS source_offset, toInt32(0) AS ordinal, '2026-11' AS service_period, '2026-11' AS posting_period, selected_at AS posted_at`;

/** What became of three bidders at every fifth selection, as the sink writes it. */
const bidders = `if(n % 5 = 0, concat('[', arrayStringConcat(arrayMap(b -> concat('{"bidder_id":"bd_', toString(b), '","line_item_id":"li_', toString(b),
    '","outcome":"', ['bid', 'no_bid', 'timed_out', 'bid'][1 + cityHash64(n, b) % 4], '","reason":"', ['won', '', '', 'outbid'][1 + cityHash64(n, b) % 4],
    '","timeout_us":30000,"latency_us":', toString(2000 + cityHash64(n, b) % 28000), ',"bid_micros":1500000,"domains":[],"categories":[]}'), range(3)), ','), ']'), '[]')`;

/** Table, topic, rows a selection leaves in the topic's shard before this one, of which selections, and further columns. */
const kinds: readonly (readonly [
  table: string,
  topic: string,
  every: string,
  more: string,
  place: number,
  places: number,
])[] = [
  [
    'ad_selected',
    'selected',
    '1',
    `'n1' AS origin_node, 'standard' AS tier, 'full' AS plan, toInt32(100000) AS deadline_us, if(n % 2 = 0, concat('u', toString(cityHash64(n) % 100000)), NULL) AS user_key,
    toInt64(cityHash64(n) % 3000000) AS auction_ecpm_micros, toInt32(10) AS auction_eligible, toInt32(8) AS auction_solicited, toInt32(7) AS auction_responded, toInt32(5) AS auction_participating,
    'phone' AS context_device_type, 'DE' AS context_country, 'banner' AS context_format, 'Mozilla/5.0' AS context_user_agent, concat('10.', toString(intDiv(cityHash64(n) % 20000, 200)), '.', toString(cityHash64(n) % 200), '.0/24') AS context_network,
    ${bidders} AS bidders,
    arrayMap(s -> (s, toInt32(2000), toInt32(cityHash64(n, s) % 1500)), ['ingress', 'enrichment', 'targeting', 'pacing', 'bidding', 'auction', 'response']) AS stages,
    [('targeting', 'country', toInt32(n % 5))] AS exclusions`,
    0,
    2,
  ],
  [
    'markup_returned',
    'selected',
    '1',
    'toInt32(1000 + cityHash64(n) % 9000) AS elapsed_us, selected_at AS returned_at',
    1,
    2,
  ],
  ['impression_rendered', 'impression', 'n % 10 != 0', `${beacon}, 'impression' AS kind`, 0, 1],
  ['ad_viewable', 'engagement', 'n % 10 < 6', `${beacon}, 'viewable' AS kind`, 0, 1],
  ['ad_clicked', 'click', 'n % 100 = 1', `${beacon}, 'click' AS kind`, 0, 1],
  ['spend_reserved', 'spend', '1', 'selected_at AS reserved_at', 0, 3],
  ['spend_incurred', 'spend', 'n % 10 != 0', `'impression' AS kind, selected_at AS incurred_at`, 1, 3],
  [
    'traffic_invalidated',
    'spend',
    'n % 200 = 3',
    `selection_id AS event_id, 'GIVT' AS category, 'givt-robot' AS rule, 'traffic-quality' AS judged_by, selected_at AS judged_at`,
    2,
    3,
  ],
  [
    'entry_booked',
    'journal',
    '1',
    entry(['tentative', 'draw', 'campaign:reserved', 'campaign:authority', 'price_micros', 0]),
    0,
    5,
  ],
  [
    'entry_booked',
    'journal',
    'n % 10 != 0',
    entry(['tentative', 'incur', 'campaign:incurred', 'campaign:reserved', 'price_micros', 1]),
    1,
    5,
  ],
  [
    'entry_booked',
    'journal',
    'n % 10 != 0',
    entry(['tentative', 'certify', 'campaign:authority', 'campaign:incurred', 'price_micros', 2]),
    2,
    5,
  ],
  [
    'entry_booked',
    'journal',
    'n % 10 != 0',
    entry(['final', 'certify', 'advertiser:unbilled', 'publisher:payable', 'intDiv(price_micros * 7, 10)', 3]),
    3,
    5,
  ],
  [
    'entry_booked',
    'journal',
    'n % 10 != 0',
    entry([
      'final',
      'certify',
      'advertiser:unbilled',
      'platform:revenue',
      'price_micros - intDiv(price_micros * 7, 10)',
      4,
    ]),
    4,
    5,
  ],
];

async function columnsOf(warehouse: Warehouse): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const { rows } = await warehouse.query(
    "SELECT table, groupArray(name) AS names FROM system.columns WHERE database = 'adtally' GROUP BY table",
  );
  return new Map(rows.map((row) => [String(row['table']), new Set(row['names'] as string[])]));
}

export interface Filling {
  readonly endMs: number;
  readonly from: number;
  readonly to: number;
  readonly selections: number;
}

export async function fill(warehouse: Warehouse, { endMs, from, to, selections }: Filling): Promise<void> {
  const columns = await columnsOf(warehouse);
  for (const [table, topic, every, more, place, places] of kinds) {
    const made = `SELECT '${topic}' AS topic, toInt64(intDiv(n, 4) * ${places} + ${place}) AS offset, ${billing(endMs, selections)}, ${more}
      FROM (SELECT number AS n FROM numbers(${from}, ${to - from})) WHERE ${every}`;
    const names = [...made.matchAll(/ AS (\w+)/g)]
      .map(([, name = '']) => name)
      .filter((name) => columns.get(table)?.has(name));
    const list = [...new Set(names)].join(', ');
    await warehouse.command(
      `INSERT INTO adtally.${table} (${list}) SELECT ${list} FROM (${made}) ORDER BY shard, offset`,
    );
  }
}
