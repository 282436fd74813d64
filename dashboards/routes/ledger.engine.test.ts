import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Entry } from '../../domain/records.ts';
import { billingOf, lifeOf } from '../../test/reporting/sample-log.ts';
import { parseCsv } from '../../test/csv-reader.ts';
import { type BookedRecord, type LedgerWorld, openLedgerWorld } from '../../test/sample-ledger.ts';
import { parseKeys } from '../auth.ts';
import { buildConsole } from '../console-app.ts';
import { traceLinks } from '../trace-link.ts';
import { ledgerRoutes } from './ledger.ts';

const party = { name: 'Kaffee', time_zone: 'Europe/Berlin', calendar: 1, currency: 'EUR' };
const owners: Readonly<Record<string, string>> = { cmp_1: 'adv_1', cmp_2: 'adv_2' };
const keys =
  'admin=admin-key-1234,finance=finance-key-12,auditor=auditor-key-1,trafficker=trafficker-key,analyst=analyst-key-12,finance:adv_1=scoped-key-123';
const selections = ['01900000-0000-7000-8000-000000000001', '01900000-0000-7000-8000-000000000002'];

let world: LedgerWorld;
let app: FastifyInstance;
const failures: Error[] = [];

beforeEach(async () => {
  failures.length = 0;
  world = await openLedgerWorld(1, { adv_1: party, adv_2: party });
  const campaignOwner = async (id: string) => owners[id] ?? null;
  const traceOf = traceLinks(1, 'http://viewer/trace/{trace_id}');
  const routes = [ledgerRoutes({ queries: world.queries, campaignOwner, traceOf })];
  app = await buildConsole({ keys: parseKeys(keys), routes, onError: (error) => failures.push(error) });
});
afterEach(async () => {
  await app.close();
  await world.close();
  if (failures.length > 0) throw new Error('a request failed inside', { cause: failures[0] });
});

const get = (url: string, more: { key?: string; accept?: string } = {}) =>
  app.inject({
    url,
    headers: { authorization: `Bearer ${more.key ?? 'finance-key-12'}`, ...(more.accept && { accept: more.accept }) },
  });

const posting = (n: number, more: Partial<Entry> = {}): Partial<Entry> => ({
  kind: 'certify',
  debit_account: 'advertiser:unbilled',
  credit_account: 'publisher:payable',
  amount_micros: 100 + n,
  advertiser_id: n % 2 === 0 ? 'adv_1' : 'adv_2',
  campaign_id: n % 2 === 0 ? 'cmp_1' : 'cmp_2',
  selection_id: selections[n % 2] as string,
  selected_at: Date.UTC(2026, 10, 3) + n,
  reference: ['=HYPERLINK("http://x")', 'plain, with "quotes"', ''][n % 3] as string,
  ...more,
});

/** 40 entries at ticks of one second, then a tick. */
async function bookSome(count = 40) {
  const start = Date.UTC(2026, 10, 22);
  const records: BookedRecord[] = Array.from({ length: count + 1 }, (_, n) => ({
    tick: start + n * 1000,
    postings: n < count ? [posting(n)] : [],
  }));
  const quiet = [
    ...records.slice(0, count).map(({ tick }) => ({ tick: tick as number })),
    { tick: start + count * 1000 },
  ];
  return (await world.book({ tentative: [quiet], final: [records] })).filter(({ truth }) => truth === 'final');
}

describe('who may ask', () => {
  it.each([
    ['/v1/ledger/balances'],
    ['/v1/ledger/entries'],
    [`/v1/ledger/selections/${selections[0]}`],
    ['/v1/ledger/statements/adv_1?period=2026-11'],
  ])('%s is for finance, auditors and admins', async (url) => {
    await bookSome();
    const status = async (key: string) => (await get(url, { key })).statusCode;
    expect(
      await Promise.all(['finance-key-12', 'auditor-key-1', 'admin-key-1234', 'scoped-key-123'].map(status)),
    ).toEqual([200, 200, 200, 200]);
    expect(await Promise.all(['trafficker-key', 'analyst-key-12', 'nobody-knows-1'].map(status))).toEqual([
      403, 403, 401,
    ]);
  });

  it('shows a key that is bound to one advertiser nothing of another', async () => {
    await bookSome();
    const scoped = { key: 'scoped-key-123' };
    const balances = (await get('/v1/ledger/balances', scoped)).json();
    expect(new Set(balances.balances.map((b: { advertiser_id: string }) => b.advertiser_id))).toEqual(
      new Set(['adv_1']),
    );
    const entries = (await get('/v1/ledger/entries', { ...scoped, accept: 'application/x-ndjson' })).body
      .trim()
      .split('\n');
    expect(entries).toHaveLength(20);
    for (const line of entries) expect(JSON.parse(line).advertiser_id).toBe('adv_1');
    for (const url of [
      '/v1/ledger/balances?advertiser_id=adv_2',
      '/v1/ledger/balances?campaign_id=cmp_2',
      '/v1/ledger/entries?advertiser_id=adv_2',
      '/v1/ledger/entries?campaign_id=cmp_9',
      `/v1/ledger/selections/${selections[1]}`,
      '/v1/ledger/statements/adv_2?period=2026-11',
    ]) {
      const { statusCode, body } = await get(url, scoped);
      expect([url, statusCode, JSON.parse(body).code]).toEqual([url, 404, 'NOT_FOUND']);
    }
  });

  it('lets a cursor of all advertisers not be used with a key of one', async () => {
    await bookSome();
    const { next_cursor } = (await get('/v1/ledger/entries?limit=3')).json();
    const { statusCode } = await get(`/v1/ledger/entries?limit=3&cursor=${next_cursor}`, { key: 'scoped-key-123' });
    expect(statusCode).toBe(400);
  });
});

describe('balances', () => {
  it('say their cut, their positions and their digest, and balance', async () => {
    await bookSome();
    const { headers, ...response } = await get('/v1/ledger/balances?advertiser_id=adv_1');
    const answer = response.json();
    const sum = String(Array.from({ length: 20 }, (_, n) => 100 + 2 * n).reduce((a, b) => a + b));
    const whose = { advertiser_id: 'adv_1', campaign_id: 'cmp_1', currency: 'EUR' };
    expect(answer.balances).toEqual([
      {
        account: 'advertiser:unbilled',
        normal_side: 'debit',
        ...whose,
        debit_micros: sum,
        credit_micros: '0',
        balance_micros: `-${sum}`,
        balance: '-0.002380',
      },
      {
        account: 'publisher:payable',
        normal_side: 'credit',
        ...whose,
        debit_micros: '0',
        credit_micros: sum,
        balance_micros: sum,
        balance: '0.002380',
      },
    ]);
    expect(answer.trial_balance).toEqual([
      { currency: 'EUR', debit_micros: sum, credit_micros: sum, difference_micros: '0' },
    ]);
    expect(answer).toMatchObject({ truth: 'final', cut: '2026-11-22T00:00:40.000Z', as_of_position: '0:40' });
    expect(headers).toMatchObject({
      'adtally-cut': answer.cut,
      'adtally-as-of-position': '0:40',
      'adtally-digest': answer.digest,
    });
    const again = await get(`/v1/ledger/balances?advertiser_id=adv_1&as_of_position=${answer.as_of_position}`);
    expect(again.json()).toEqual({ ...answer, cut: null });
  });

  it('hold at the time asked for, or say that it is not reached', async () => {
    await bookSome();
    const early = await get('/v1/ledger/balances?as_of=2026-11-22T01:00:02%2B01:00');
    expect(early.json().positions).toMatchObject([{ stream: 'final-0', offset: 2, entries: 2 }]);
    const late = await get('/v1/ledger/balances?as_of=2027-01-01T00:00:00Z');
    expect([late.statusCode, late.json().code]).toEqual([409, 'CUT_NOT_REACHED']);
    expect(late.json().detail).toBe('final-0 has reached 2026-11-22T00:00:40.000Z, not 2027-01-01T00:00:00.000Z');
  });
});

describe('entries', () => {
  it('come page by page in JSON', async () => {
    const booked = await bookSome();
    const hashes: string[] = [];
    let url = '/v1/ledger/entries?truth=final&limit=7';
    for (let next: string | null = ''; next !== null; url = `/v1/ledger/entries?truth=final&limit=7&cursor=${next}`) {
      const page = (await get(url)).json();
      hashes.push(...page.items.map((row: { chain_hash: string }) => row.chain_hash));
      next = page.next_cursor;
    }
    expect(hashes).toEqual(booked.map((e) => Buffer.from(e.chain_hash).toString('hex')));
  });

  it('are the same in JSON, NDJSON and CSV', async () => {
    await bookSome();
    type Row = Record<string, string | number | null>;
    const { items } = (await get('/v1/ledger/entries?advertiser_id=adv_1&limit=500')).json<{ items: Row[] }>();
    expect(items).toHaveLength(20);
    const ndjson = await get('/v1/ledger/entries?advertiser_id=adv_1', { accept: 'application/x-ndjson' });
    expect(ndjson.headers['content-type']).toBe('application/x-ndjson');
    expect(
      ndjson.body
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual(items);
    const csv = await get('/v1/ledger/entries?advertiser_id=adv_1', { accept: 'text/csv' });
    expect(csv.headers).toMatchObject({
      'content-type': 'text/csv; charset=utf-8; header=present',
      'adtally-as-of-position': '0:40',
    });
    const [header, ...rows] = parseCsv(csv.body);
    const read = rows.map((row) => Object.fromEntries(row.map((cell, i) => [header?.[i], cell.replace(/^'/, '')])));
    expect(read).toEqual(
      items.map((item) => Object.fromEntries(Object.entries(item).map(([name, value]) => [name, String(value ?? '')]))),
    );
    expect(csv.body).not.toMatch(/,"?=HYPERLINK/);
  });

  it('of more than one page are streamed whole, and no more than asked for', async () => {
    await bookSome(2300);
    const lines = async (query: string) =>
      (await get(`/v1/ledger/entries?truth=final${query}`, { accept: 'application/x-ndjson' })).body
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).number);
    expect(await lines('')).toEqual(Array.from({ length: 2300 }, (_, n) => n));
    expect(await lines('&limit=3')).toEqual([0, 1, 2]);
  });

  it.each([
    ['truth=both', 'VALIDATION_FAILED'],
    ['limit=0', 'VALIDATION_FAILED'],
    ['limit=501', 'VALIDATION_FAILED'],
    ['limit=-1', 'VALIDATION_FAILED'],
    ['cursor=x', 'VALIDATION_FAILED'],
    ['unknown=1', 'UNKNOWN_FIELD'],
    ['posting_period=2026-13', 'VALIDATION_FAILED'],
    ['advertiser_id=adv_1%27%20OR%201=1', 'VALIDATION_FAILED'],
    ['selection_id=1', 'VALIDATION_FAILED'],
    ['account=x%00', 'VALIDATION_FAILED'],
    ['kind=draw&kind=void', 'VALIDATION_FAILED'],
    ['as_of=yesterday', 'VALIDATION_FAILED'],
    ['as_of=2026-02-31T00:00:00Z', 'VALIDATION_FAILED'],
    ['as_of_position=0:-1', 'VALIDATION_FAILED'],
    ['as_of_position=0:1,0:2', 'VALIDATION_FAILED'],
    ['as_of_position=1:1', 'VALIDATION_FAILED'],
    ['as_of=2026-11-22T00:00:00Z&as_of_position=0:1', 'VALIDATION_FAILED'],
  ])('refuse ?%s', async (query, code) => {
    await bookSome(2);
    const { statusCode, body } = await get(`/v1/ledger/entries?${query}`);
    expect([statusCode, JSON.parse(body).code]).toEqual([400, code]);
  });
});

describe('a selection', () => {
  it('is told with its records, amounts as decimal strings and times in RFC 3339', async () => {
    const billing = { ...billingOf(5, 'CPM'), shard: 0 };
    for (const { topic, name, value } of lifeOf(billing, {
      impression: 'accepted',
      viewable: false,
      click: false,
      spend: 'pending',
      verdict: 'none',
    })) {
      if (topic === 'journal') continue;
      await world.log.append(topic, [
        { shard: 0, key: billing.selection_id, value: world.registry.encode(name, value as never) },
      ]);
    }
    await bookSome(2);
    const answer = (await get(`/v1/ledger/selections/${billing.selection_id}`)).json();
    const trace_id = billing.selection_id.replaceAll('-', '');
    expect(answer.trace).toEqual({ trace_id, url: `http://viewer/trace/${trace_id}` });
    expect(answer).toMatchObject({ state: 'unbooked', advertiser_id: 'adv_1', events_total: 5, shard: 0 });
    const reserved = answer.events.find((event: { name: string }) => event.name === 'SpendReserved');
    expect(reserved.value.billing).toMatchObject({
      price_micros: '1005',
      selected_at: new Date(billing.selected_at).toISOString(),
      sequence: 6,
    });
  });

  it('that nobody knows is not found, and what is no id is refused', async () => {
    await bookSome(2);
    expect((await get('/v1/ledger/selections/01900000-0000-7000-8000-00000000ffff')).statusCode).toBe(404);
    expect((await get('/v1/ledger/selections/1')).statusCode).toBe(400);
  });
});

describe('a statement', () => {
  it('is the same in JSON and CSV, and its lines add up to its closing', async () => {
    await bookSome();
    const answer = (await get('/v1/ledger/statements/adv_1?period=2026-11')).json();
    expect(answer).toMatchObject({
      advertiser_id: 'adv_1',
      time_zone: 'Europe/Berlin',
      final: false,
      statements: [{ currency: 'EUR' }],
    });
    const csv = await get('/v1/ledger/statements/adv_1?period=2026-11', { accept: 'text/csv' });
    expect(csv.headers['content-disposition']).toBe('attachment; filename="statement-adv_1-2026-11.csv"');
    const [header = [], ...rows] = parseCsv(csv.body);
    const read = rows.map((row) => Object.fromEntries(row.map((cell, i) => [header[i] as string, cell])));
    expect(read.map(({ section }) => section)).toEqual(['opening', 'line', 'closing']);
    const amounts = read.map((row) => BigInt(row['amount_micros'] ?? ''));
    expect(amounts.slice(0, -1).reduce((a, b) => a + b)).toBe(amounts.at(-1));
    const [statement] = answer.statements;
    expect(read[1]).toMatchObject({
      campaign_id: 'cmp_1',
      events: '20',
      amount_micros: statement.lines[0].amount_micros,
      amount: '-0.002380',
    });
    expect(read[2]?.['amount_micros']).toBe(statement.closing.amount_micros);
  });

  it.each([
    ['/v1/ledger/statements/adv_1', 400, 'VALIDATION_FAILED'],
    ['/v1/ledger/statements/adv_1?period=2026-1', 400, 'VALIDATION_FAILED'],
    ['/v1/ledger/statements/adv_9?period=2026-11', 404, 'NOT_FOUND'],
    ['/v1/ledger/statements/..%2Fadv_1?period=2026-11', 404, 'NOT_FOUND'],
  ])('%s is answered with %i', async (url, status, code) => {
    await bookSome(2);
    const { statusCode, body } = await get(url);
    expect([statusCode, JSON.parse(body).code]).toEqual([status, code]);
  });
});
