import { expect, test } from 'vitest';
import { amountsAsText } from '../dashboards/routes/explain.ts';
import type { AdSelected } from '../domain/records.ts';
import { readDecisionRequest } from '../serving/decision-request.ts';
import { explainSelection } from '../serving/explain-selection.ts';
import { decideIn } from '../test/auction-market.ts';
import { bidBody, demandRecords, openDemandWorld } from '../test/demand-world.ts';
import { explanationText, type ShownExplanation } from './explanation-text.ts';

/** As the console answers and the command prints it. */
function shown(change: (price: number) => number = (price) => price): string {
  const bid = (bid_micros: number, deals: string[] = []) => ({
    pricing_model: 'CPM' as const,
    bid_micros,
    priority: 8,
    deals,
  });
  const { selections, index } = decideIn({
    bidders: [bid(3_000_000), bid(2_000_000), bid(400_000), bid(1_000_000, ['private'])],
    perAdvertiser: 1,
    floor_micros: 500_000,
    soft_floor_micros: 900_000,
    increment_micros: 1000,
    auction: 'second_price',
    count: 1,
  });
  const [selected] = selections;
  if (selected === undefined) throw new Error('there was no ad');
  const billing = {
    ...selected.billing,
    selection_id: 'SELECTION',
    price_micros: change(selected.billing.price_micros),
  };
  const explained = explainSelection({ ...selected, billing }, index.catalog);
  const answer = { ...explained, selected_at: 'then', tallies: explained.differences.length === 0, asked: null };
  return explanationText(amountsAsText(answer) as ShownExplanation);
}

test('the text shows everybody who took part, who did not and why, and the price number by number', () => {
  expect(shown()).toBe(`selection SELECTION
li_0 in pl_1 at then, plan full

of 4 line items 4 were eligible, 2 took part

excluded at  because           line items
floor        below_floor                1
floor        below_deal_floor           1

   line item  model  priority  deal       bid  rank value  would pay
1  li_0       CPM           8        3.000000    3.000000   0.002001  won
2  li_1       CPM           8        2.000000    2.000000   0.000900  outbid

rule        second_price
bid         3.000000 a thousand
floor       0.500000
soft floor  0.900000
runner-up   2.000000 (li_1) + 0.001000
due         2.001000 a thousand
price       0.002001 EUR for one impression

the record agrees with the recomputation
`);
});

test('bidders of outside demand stand in it with what became of each', async () => {
  const world = openDemandWorld(demandRecords(4, { network_ms: 1 }));
  world.bidders.set('bd_2', (call) => ({ delayMs: 6, reply: bidBody(call, 3.5) }));
  world.bidders.set('bd_3', (call) => ({ delayMs: 4, reply: bidBody(call, 2.5) }));
  world.bidders.set('bd_4', (call) => ({ delayMs: 3, reply: bidBody(call, 0) }));
  world.bidders.set('bd_5', () => ({ delayMs: 500, reply: null }));
  const userAgent = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
  const place = { address: '192.0.2.1', truncate: () => '192.0.2.0/24', trusted: true, arrivedUs: 0 };
  const answer = world.desk.decide(readDecisionRequest({ slots: [{ id: 's', placement_id: 'pl_1' }] }), {
    channel: 'api',
    userAgent,
    ...place,
  });
  await world.clock.advance(100);
  await answer;
  const selected = world.buffer
    .decoded()
    .flatMap(({ record }) => (record.name === 'AdSelected' ? [record.value] : []))[0] as AdSelected;
  const explained = explainSelection(selected, world.index.catalog);
  const told = { ...explained, selected_at: 'then', tallies: explained.differences.length === 0, asked: null };
  const text = explanationText(amountsAsText(told) as ShownExplanation);
  expect(text).toContain(`
bidder  line item  outcome  reason          bid  ms
bd_2    li_2       bid      won        3.500000  6.0 of 60.0
bd_3    li_3       bid      outbid     2.500000  4.0 of 60.0
bd_4    li_4       invalid  bad_price            3.0 of 60.0
bd_5    li_5       late                          60.0 of 60.0
`);
  expect(text).toContain('the record agrees with the recomputation');
});

test('a record that says otherwise is shown beside what it should be', () => {
  expect(shown((price) => price + 1)).toContain(`THE RECORD DIFFERS
field         recorded  recomputed
price_micros      2002        2001
`);
});
