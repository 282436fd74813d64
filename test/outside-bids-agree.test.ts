import { expect, test } from 'vitest';
import type { AdSelected, AnyRecord } from '../domain/records.ts';
import { CatalogHistory } from '../reconcile/catalog-history.ts';
import { FactBook } from '../reconcile/facts.ts';
import type { DerivedPrice } from '../reconcile/sale-price.ts';
import { readDecisionRequest } from '../serving/decision-request.ts';
import { bidBody, demandRecords, openDemandWorld } from './demand-world.ts';

/** The recount's price of a selection, from the catalogue's records and its own. */
function recounted(selected: AdSelected, records: readonly AnyRecord[]): DerivedPrice {
  const history = new CatalogHistory();
  records.forEach((value, offset) => history.add({ topic: 'catalog', shard: 0, offset, value }));
  const book = new FactBook();
  book.add({ topic: 'selected', shard: 0, offset: 0, value: { name: 'AdSelected', value: selected } });
  const [fact] = book.of(selected.billing.selection_id).selected;
  if (fact === undefined) throw new Error('nothing was filed');
  return history.price(fact.value);
}

async function sold(auction: 'first_price' | 'second_price') {
  const records = demandRecords().map((record) =>
    record.name === 'PlacementPublished' ? { ...record, value: { ...record.value, auction } } : record,
  ) as AnyRecord[];
  const world = openDemandWorld(records);
  world.bidders.set('bd_2', (call) => ({ delayMs: 5, reply: bidBody(call, 6.1234) }));
  const request = readDecisionRequest({ slots: [{ id: 's', placement_id: 'pl_1' }] });
  const userAgent = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
  const caller = {
    channel: 'api' as const,
    userAgent,
    address: '192.0.2.1',
    truncate: () => '192.0.2.0/24',
    trusted: true,
  };
  const answer = world.desk.decide(request, { ...caller, arrivedUs: 0 });
  await world.clock.advance(50);
  await answer;
  const [selected] = world.buffer
    .decoded()
    .flatMap(({ record }) => (record.name === 'AdSelected' ? [record.value] : []));
  const external = selected?.external ?? null;
  if (selected === undefined || external === null) throw new Error('the bidder did not win');
  return { selected, external, records };
}

test.each(['first_price', 'second_price'] as const)(
  'the recount derives what a bidder pays at %s from its recorded bid',
  async (auction) => {
    const { selected, records } = await sold(auction);
    expect(selected.billing.price_micros).toBe(auction === 'first_price' ? 6123 : 2001);
    expect(recounted(selected, records)).toEqual({ micros: selected.billing.price_micros });
  },
);

test('the recount believes no bid of who does not buy through the line item, above its limit, or that nobody made', async () => {
  const { selected, external, records } = await sold('first_price');
  const problem = (changes: Partial<AdSelected>) => {
    const price = recounted({ ...selected, ...changes }, records);
    return 'problem' in price ? price.problem : price.micros;
  };
  expect(problem({ external: { ...external, bidder_id: 'bd_9' } })).toBe('bd_9 did not buy through li_2');
  expect(problem({ external: null })).toBe('bd_2 buys through li_2, and the selection names no bid of it');
  expect(problem({ external: { ...external, bid_micros: 5 } })).toBe('the bid of bd_2 was 5');
  const dear = { ...selected.auction, bid_micros: 11_000_000 };
  expect(problem({ external: { ...external, bid_micros: 11_000_000 }, auction: dear })).toBe(
    'li_2 takes no bid above 10000000',
  );
});
