import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Billing, Entry, RecordName, RecordTypes } from '../../domain/records.ts';
import type { AskedCut } from '../../ports/ledger-queries.ts';
import { billingOf, type Fate, lifeOf } from '../../test/reporting/sample-log.ts';
import { type BookedRecord, type LedgerWorld, openLedgerWorld } from '../../test/sample-ledger.ts';

const latest: AskedCut = { kind: 'latest' };
const billing = billingOf(5, 'CPM');
const { shard, selection_id } = billing;
const price = billing.price_micros;
const fate: Fate = { impression: 'accepted', viewable: true, click: true, spend: 'pending', verdict: 'none' };

let world: LedgerWorld;
beforeEach(async () => {
  world = await openLedgerWorld(4);
});
afterEach(() => world.close());

async function log(of: Billing, what: Fate): Promise<void> {
  for (const { topic, shard: at, name, value } of lifeOf(of, what)) {
    if (topic === 'journal') continue;
    await append(topic, at, { name, value, key: of.selection_id });
  }
}

function append<N extends RecordName>(
  topic: Parameters<LedgerWorld['log']['append']>[0],
  at: number,
  record: { name: N; value: RecordTypes[N]; key: string },
) {
  const value = world.registry.encode(record.name, record.value);
  return world.log.append(topic, [{ shard: at, key: record.key, value }]);
}

type Move = [kind: string, debit: string, credit: string, amount?: number, reference?: string];

/** One record for each move, in the selection's shard, of the ledger given. */
function moves(...list: Move[]): BookedRecord[] {
  return list.map(([kind, debit_account, credit_account, amount_micros = price, reference = ''], n) => {
    const { advertiser_id, campaign_id } = billing;
    const posting: Partial<Entry> = {
      kind,
      debit_account,
      credit_account,
      amount_micros,
      reference,
      selection_id,
      advertiser_id,
      campaign_id,
    };
    return { tick: n + 1, postings: [posting] };
  });
}

const draw: Move = ['draw', 'campaign:reserved', 'campaign:authority'];
const release: Move = ['release', 'campaign:authority', 'campaign:reserved'];
const incur: Move = ['incur', 'campaign:incurred', 'campaign:reserved'];
const suspend: Move = ['suspend', 'suspense', 'campaign:incurred'];
const voids: Move = ['void', 'contra:givt', 'campaign:incurred', price, 'robot'];
const voidSuspended: Move = ['void', 'contra:quality', 'suspense', price, 'horizon'];
const certify: Move = ['certify', 'advertiser:unbilled', 'campaign:incurred'];
const certifyFinal: Move = ['certify', 'advertiser:unbilled', 'publisher:payable'];
const reverse = (amount: number): Move => ['reverse', 'contra:sivt', 'advertiser:unbilled', amount, 'click-farm'];
const absorb: Move = ['absorb', 'absorbed', 'publisher:payable'];
const absorbVoid: Move = ['absorb_void', 'publisher:payable', 'absorbed', price, 'robot'];

/** Books moves of the selection in its shard; the other ledger and the other shards only tick. */
async function bookMoves(tentative: Move[], final: Move[]) {
  const length = Math.max(tentative.length, final.length) + 1;
  const padded = (records: BookedRecord[]) => [
    ...records,
    ...Array.from({ length: length - records.length }, (_, n) => ({ tick: records.length + n + 1 })),
  ];
  const shards = (records: BookedRecord[]) => Array.from({ length: 4 }, (_, at) => padded(at === shard ? records : []));
  await world.book({ tentative: shards(moves(...tentative)), final: shards(moves(...final)) });
}

describe('the story of a selection', () => {
  const cases: [state: string, tentative: Move[], final: Move[], amounts: Record<string, number>][] = [
    ['reserved', [draw], [], { drawn: price, open: price }],
    ['released', [draw, release], [], { drawn: price, released: price }],
    ['incurred', [draw, incur], [], { drawn: price, incurred: price, pending: price }],
    [
      'incurred',
      [draw, incur, draw, release],
      [],
      { drawn: 2 * price, released: price, incurred: price, pending: price },
    ],
    ['suspended', [draw, incur, suspend], [], { drawn: price, incurred: price, suspended: price }],
    ['voided', [draw, incur, voids], [], { drawn: price, incurred: price, voided: price }],
    ['voided', [draw, incur, suspend, voidSuspended], [], { drawn: price, incurred: price, voided: price }],
    [
      'final',
      [draw, incur, certify],
      [certifyFinal],
      { drawn: price, incurred: price, certified: price, billable: price },
    ],
    [
      'partly_reversed',
      [draw, incur, certify],
      [certifyFinal, reverse(5)],
      { drawn: price, incurred: price, certified: price, reversed: 5, billable: price - 5 },
    ],
    [
      'reversed',
      [draw, incur, certify],
      [certifyFinal, reverse(5), reverse(price - 5)],
      { drawn: price, incurred: price, certified: price, reversed: price },
    ],
    ['absorbed', [], [absorb], { absorbed: price }],
    ['absorbed', [draw, release], [absorb], { drawn: price, released: price, absorbed: price }],
    ['absorbed_voided', [], [absorb, absorbVoid], { absorbed: price, absorbed_voided: price }],
  ];
  it.each(cases)('says %s after %j and %j', async (state, tentative, final, amounts) => {
    await bookMoves(tentative, final);
    const answer = await world.queries.selection(selection_id, latest);
    expect(answer.state).toBe(state);
    const micros = Object.entries(answer.amounts).filter(([name, text]) => name.endsWith('_micros') && text !== '0');
    const expected = Object.entries(amounts).map(([name, amount]) => [`${name}_micros`, String(amount)]);
    expect(Object.fromEntries(micros)).toEqual(Object.fromEntries(expected));
    const told = [...tentative, ...final.filter(([kind]) => kind !== 'certify')];
    expect(answer.why).toHaveLength(told.length);
    expect([answer.tentative.length, answer.final.length]).toEqual([tentative.length, final.length]);
  });

  it('says why, with the ground of a verdict', async () => {
    await bookMoves([draw, incur, voids], []);
    const { why } = await world.queries.selection(selection_id, latest);
    expect(why.at(-1)).toBe(
      '1970-01-01T00:00:00.003Z: It was voided before it was final: GIVT, rule robot (offset 2).',
    );
  });

  it('has its records of all topics, in the order of their arrival', async () => {
    await log(billing, fate);
    await log(billingOf(9, 'CPM'), fate);
    await append('spend', shard, { name: 'TimeAdvanced', value: { advanced_to: 1, ticker: 't' }, key: 'tick' });
    await bookMoves([draw], []);
    const answer = await world.queries.selection(selection_id, latest);
    expect(answer.events.map(({ record }) => record?.name)).toEqual(
      expect.arrayContaining([
        'AdSelected',
        'MarkupReturned',
        'ImpressionRendered',
        'AdViewable',
        'AdClicked',
        'SpendReserved',
        'SpendIncurred',
      ]),
    );
    expect([answer.events.length, answer.events_total]).toEqual([7, 7]);
    expect(answer).toMatchObject({
      shard,
      advertiser_id: billing.advertiser_id,
      campaign_id: billing.campaign_id,
      currency: 'EUR',
    });
  });

  it('shows a record that can’t be read as what it is', async () => {
    await world.log.append('click', [{ shard, key: selection_id, value: Uint8Array.from([9, 9]) }]);
    await bookMoves([draw], []);
    const { events } = await world.queries.selection(selection_id, latest);
    expect(events).toMatchObject([{ topic: 'click', offset: 0, record: null, problem: expect.stringMatching(/./) }]);
  });

  it.each([
    ['unknown', null],
    ['test', billingOf(5, 'CPM', true)],
    ['unpriced', billingOf(5, 'NONE')],
    ['unbooked', billing],
  ] as const)('without entries is %s', async (state, of) => {
    if (of !== null) await log(of, fate);
    await bookMoves([], []);
    const answer = await world.queries.selection(selection_id, latest);
    expect(answer.state).toBe(state);
    expect(answer.why).toHaveLength(1);
  });

  it('holds at the freshest point that both ledgers of its shard have booked, or at the cut asked for', async () => {
    const ticks = (n: number) => Array.from({ length: n }, (_, at) => ({ tick: at + 1 }));
    const shards = (records: BookedRecord[]) =>
      Array.from({ length: 4 }, (_, at) => (at === shard ? records : ticks(1)));
    await world.book({ tentative: shards(moves(draw, incur, certify)), final: shards(ticks(2)) });
    const fresh = await world.queries.selection(selection_id, latest);
    expect(fresh).toMatchObject({ cut: null, state: 'incurred', as_of_position: `${shard}:2` });
    const earlier = await world.queries.selection(selection_id, {
      kind: 'position',
      offsets: new Map([0, 1, 2, 3].map((at) => [at, 1])),
    });
    expect(earlier).toMatchObject({ state: 'reserved', as_of_position: `${shard}:1` });
    const { digest } = fresh;
    const again = await world.queries.selection(selection_id, { kind: 'position', offsets: new Map([[shard, 2]]) });
    expect(again, 'its own position is enough to ask for the same again').toMatchObject({ state: 'incurred', digest });
  });
});
