import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Entry } from '../../domain/records.ts';
import type { AskedCut } from '../../ports/ledger-queries.ts';
import { type BookedEntry, type BookedRecord, type LedgerWorld, openLedgerWorld } from '../../test/sample-ledger.ts';

const latest: AskedCut = { kind: 'latest' };
const party = { name: 'Kaffee', time_zone: 'America/New_York', calendar: 1, currency: 'EUR' };

let world: LedgerWorld;
beforeEach(async () => {
  world = await openLedgerWorld(2, { adv_1: party, adv_2: party });
});
afterEach(() => world.close());

const october = { service_period: '2026-10', posting_period: '2026-10' };
const november = { service_period: '2026-11', posting_period: '2026-11' };

/** The three legs of a certification of 100 micros, at a share of 70.5 %. */
function certified(selection: number, more: Partial<Entry> = {}): Partial<Entry>[] {
  const legs = { kind: 'certify', debit_account: 'advertiser:unbilled', selection_id: selectionId(selection), ...more };
  return [
    { ...legs, credit_account: 'publisher:payable', amount_micros: 70 },
    { ...legs, credit_account: 'platform:revenue', amount_micros: 29 },
    { ...legs, credit_account: 'rounding', amount_micros: 1 },
  ];
}

function takenBack(selection: number, more: Partial<Entry> & { contra: string; amount: number }): Partial<Entry>[] {
  const { contra, amount, ...rest } = more;
  const legs = { kind: 'reverse', selection_id: selectionId(selection), ...rest };
  return [
    { ...legs, debit_account: contra, credit_account: 'advertiser:unbilled', amount_micros: amount },
    { ...legs, debit_account: 'publisher:payable', credit_account: contra, amount_micros: amount },
  ];
}

const selectionId = (n: number) => `01900000-0000-7000-8000-${String(n).padStart(12, '0')}`;
const invoice = (amount: number, period: string): Partial<Entry> => ({
  kind: 'invoice',
  selection_id: '',
  campaign_id: '',
  line_item_id: '',
  publisher_id: '',
  selected_at: 0,
  debit_account: 'advertiser:invoiced',
  credit_account: 'advertiser:unbilled',
  amount_micros: amount,
  service_period: period,
  posting_period: period,
});

const creditNote = (amount: number, period: string): Partial<Entry> => ({
  ...invoice(amount, period),
  debit_account: 'advertiser:unbilled',
  credit_account: 'advertiser:invoiced',
});

const statement = (period: string, at: AskedCut = latest, advertiserId = 'adv_1') =>
  world.queries.statement({ advertiserId, period, at });

describe('a statement', () => {
  const first: BookedRecord[] = [
    { tick: 1, postings: [...certified(1, october), ...certified(2, october)] },
    { tick: 2, postings: certified(3, { ...october, campaign_id: 'cmp_2' }) },
    { close: { calendar: 1, period: '2026-10' }, postings: [invoice(300, '2026-10')] },
    { tick: 4, postings: certified(4, november) },
    {
      postings: takenBack(1, {
        contra: 'contra:givt',
        amount: 100,
        service_period: '2026-10',
        posting_period: '2026-11',
      }),
    },
    {
      postings: takenBack(2, {
        contra: 'contra:sivt',
        amount: 100,
        service_period: '2026-10',
        posting_period: '2026-11',
      }),
    },
    {
      postings: takenBack(3, {
        contra: 'contra:quality',
        amount: 30,
        kind: 'adjust',
        campaign_id: 'cmp_2',
        service_period: '2026-10',
        posting_period: '2026-11',
        reference: 'agreed by phone',
      }),
    },
    { tick: 7, postings: certified(9, { ...november, advertiser_id: 'adv_2' }) },
    { tick: 9 },
  ];
  const second: BookedRecord[] = [
    { tick: 1 },
    { tick: 2, postings: certified(5, november) },
    { close: { calendar: 1, period: '2026-10' } },
    { tick: 9 },
  ];
  const quiet: BookedRecord[] = [{ tick: 1 }, { close: { calendar: 1, period: '2026-10' } }, { tick: 9 }];

  it('opens, lists what was charged by campaign and what was taken back by ground, and closes', async () => {
    await world.book({ tentative: [quiet, quiet], final: [first, second] });
    const answer = await statement('2026-11');
    expect(answer).toMatchObject({
      advertiser_id: 'adv_1',
      name: 'Kaffee',
      period: '2026-11',
      final: false,
      normal_side: 'debit',
    });
    expect(answer.open_streams).toEqual(['tentative-0', 'tentative-1', 'final-0', 'final-1']);
    const money = (debit: number, credit: number) => ({
      debit_micros: String(debit),
      credit_micros: String(credit),
      amount_micros: String(credit - debit),
      amount: `${credit < debit ? '-' : ''}0.${String(Math.abs(credit - debit)).padStart(6, '0')}`,
    });
    const line = (campaign_id: string, service_period: string, events: number) => ({
      campaign_id,
      service_period,
      events,
    });
    expect(answer.statements).toEqual([
      {
        currency: 'EUR',
        opening: money(300, 0),
        lines: [{ ...line('cmp_1', '2026-11', 2), ...money(200, 0) }],
        credits: [
          { category: 'GIVT', ...line('cmp_1', '2026-10', 1), ...money(0, 100) },
          { category: 'SIVT', ...line('cmp_1', '2026-10', 1), ...money(0, 100) },
        ],
        adjustments: [{ category: 'QUALITY', ...line('cmp_2', '2026-10', 1), ...money(0, 30) }],
        closing: money(500, 230),
        invoiced_micros: '0',
        invoiced: '0.000000',
      },
    ]);
  });

  it('counts a charge once, however many legs it has, and says what was invoiced', async () => {
    await world.book({ tentative: [quiet, quiet], final: [first, second] });
    const [october] = (await statement('2026-10')).statements;
    expect(
      october?.lines.map(({ campaign_id, events, amount_micros }) => [campaign_id, events, amount_micros]),
    ).toEqual([
      ['cmp_1', 2, '-200'],
      ['cmp_2', 1, '-100'],
    ]);
    expect(october).toMatchObject({
      invoiced_micros: '300',
      opening: { amount_micros: '0' },
      closing: { amount_micros: '-300' },
    });
  });

  it('is final once both ledgers on all shards have passed the close of its month in its calendar', async () => {
    const open: BookedRecord[] = [{ tick: 1 }, { close: { calendar: 0, period: '2026-10' } }, { tick: 9 }];
    await world.book({ tentative: [quiet, open], final: [first, second] });
    expect(await statement('2026-10')).toMatchObject({ final: false, open_streams: ['tentative-1'] });
    const passed = await openLedgerWorld(2, { adv_1: party });
    await passed.book({ tentative: [quiet, quiet], final: [first, second] });
    const ask = (at: AskedCut) => passed.queries.statement({ advertiserId: 'adv_1', period: '2026-10', at });
    expect(await ask(latest)).toMatchObject({ final: true, open_streams: [] });
    expect(await ask({ kind: 'time', timeMs: 2 })).toMatchObject({ final: false });
    await passed.close();
  });

  it('that is final never changes, whatever is booked later', async () => {
    await world.book({ tentative: [quiet, quiet], final: [first, second] });
    const before = await statement('2026-10', { kind: 'time', timeMs: 4 });
    const after = await statement('2026-10');
    expect(before.final).toBe(true);
    expect(after.statements).toEqual(before.statements);
  });

  it('shows nothing but zeros in the currency of an advertiser without entries, and nobody else’s', async () => {
    await world.book({ tentative: [quiet, quiet], final: [quiet, quiet] });
    const { statements } = await statement('2026-11', latest, 'adv_2');
    expect(statements).toHaveLength(1);
    expect(statements[0]).toMatchObject({
      currency: 'EUR',
      lines: [],
      opening: { amount_micros: '0' },
      closing: { amount: '0.000000' },
    });
  });

  it('of an advertiser that nobody knows is refused', async () => {
    await expect(statement('2026-11', latest, 'adv_3')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('statements of all months', () => {
  const month = fc.constantFrom('2026-09', '2026-10', '2026-11', '2026-12');
  const posting = fc
    .tuple(month, month, fc.constantFrom('cmp_1', 'cmp_2'), fc.integer({ min: 1, max: 9 }), fc.nat(6))
    .map(([service_period, posting_period, campaign_id, amount, what]) => {
      const where = { service_period, posting_period, campaign_id };
      if (what < 3) return certified(amount, where);
      if (what === 6) return [amount < 7 ? invoice(amount, posting_period) : creditNote(amount, posting_period)];
      const contra = ['contra:givt', 'contra:sivt', 'contra:quality'][what - 3] as string;
      return takenBack(amount, { ...where, contra, amount, kind: amount % 2 === 0 ? 'reverse' : 'adjust' });
    });

  it('are sums of entries, and each opens where the one before it closed', { timeout: 480_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(posting, { maxLength: 30 }), async (postings) => {
        const fresh = await openLedgerWorld(1, { adv_1: party });
        const records = [...postings.map((list, n): BookedRecord => ({ tick: n, postings: list })), { tick: 99 }];
        const all = (await fresh.book({ tentative: [[{ tick: 99 }]], final: [records] })).filter(
          ({ truth }) => truth === 'final',
        );
        let closing = '0';
        for (const period of ['2026-09', '2026-10', '2026-11', '2026-12']) {
          const answer = await fresh.queries.statement({ advertiserId: 'adv_1', period, at: latest });
          const [one] = answer.statements;
          expect(one?.opening.amount_micros).toBe(closing);
          closing = one?.closing.amount_micros ?? '';
          const within = all.filter((e) => e.posting_period === period);
          expect(sum(one?.lines ?? [])).toBe(-total(within, (e) => e.kind === 'certify'));
          expect(sum(one?.credits ?? [])).toBe(total(within, (e) => e.kind === 'reverse' && isCredit(e)));
          expect(sum(one?.adjustments ?? [])).toBe(total(within, (e) => e.kind === 'adjust' && isCredit(e)));
          expect(BigInt(one?.invoiced_micros ?? '')).toBe(invoiced(within));
        }
        expect(BigInt(closing)).toBe(
          total(all, (e) => e.kind !== 'invoice' && isCredit(e)) - total(all, (e) => e.kind === 'certify'),
        );
        await fresh.close();
      }),
      { numRuns: 25 },
    );
  });

  const invoiced = (entries: readonly BookedEntry[]) =>
    total(entries, (e) => e.debit_account === 'advertiser:invoiced') -
    total(entries, (e) => e.credit_account === 'advertiser:invoiced');
  const isCredit = (e: Entry) => e.credit_account === 'advertiser:unbilled';
  const total = (entries: readonly BookedEntry[], counts: (e: BookedEntry) => boolean) =>
    entries.filter(counts).reduce((amount, e) => amount + BigInt(e.amount_micros), 0n);
  const sum = (lines: readonly { amount_micros: string }[]) =>
    lines.reduce((all, line) => all + BigInt(line.amount_micros), 0n);
});
