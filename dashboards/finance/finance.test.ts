import { beforeEach, describe, expect, it } from 'vitest';
import { ConsoleWorld, keyOf, type TestConsole } from '../../test/console-world.ts';
import { sampleBilling } from '../../test/serving-world.ts';
import type { Adjusted, Billing, RecordName, RecordTypes, TrafficInvalidated } from '../../domain/records.ts';

const selectionId = '019a0000-0000-7000-8000-000000000001';
const billing: Billing = { ...sampleBilling(), selection_id: selectionId, shard: 1, test: false, price_micros: 2500 };
const origin = { node: 'a', boot: '019a0000-0000-7000-8000-0000000000ff', sequence: 1 };
let world: ConsoleWorld;
let console: TestConsole;

beforeEach(async () => {
  world = new ConsoleWorld();
  console = await world.open();
  await incur(billing);
});

async function incur(content: Billing): Promise<void> {
  const value = {
    event_id: selectionId,
    receipt_id: selectionId,
    kind: 'impression' as const,
    billing: content,
    draw_lease: null,
    origin,
    incurred_at: 1,
  };
  await world.append('spend', content.shard, content.selection_id, { name: 'SpendIncurred', value });
}

/** Values of all records of a name in `spend`. */
async function written<N extends RecordName>(name: N): Promise<RecordTypes[N][]> {
  const records = await world.records('spend');
  return records.filter((record) => record.name === name).map(({ value }) => value as RecordTypes[N]);
}

async function tick(timeMs: number): Promise<void> {
  for (let shard = 0; shard < 3; shard += 1) {
    await world.append('spend', shard, 'tick', { name: 'TimeAdvanced', value: { advanced_to: timeMs, ticker: 't' } });
  }
}

const verdict = { selection_id: selectionId, category: 'SIVT', reason: 'looked at by hand' };
const adjustment = {
  selection_id: selectionId,
  action: 'REVERSE',
  amount_micros: '500',
  relied_certified_micros: '2500',
  relied_reversed_micros: '0',
  reason: 'goodwill',
};

describe('A verdict by hand', () => {
  it('is appended to the shard of the selection, with the key that gave it', async () => {
    const { status, json } = await console.ask('POST', '/v1/quality/verdicts', { key: keyOf.finance, body: verdict });
    expect(status).toBe(201);
    expect(json).toMatchObject({ selection_id: selectionId, rule: 'manual', category: 'SIVT', shard: 1 });
    const [value] = await written('TrafficInvalidated');
    expect(value).toMatchObject<Partial<TrafficInvalidated>>({
      rule: 'manual',
      reason: 'looked at by hand',
      category: 'SIVT',
    });
    expect(value?.judged_by).toMatch(/^finance#/);
  });

  it('is given once: the same again is the same answer, another one is refused', async () => {
    const asking = { key: keyOf.finance, body: verdict, headers: { 'idempotency-key': 'v' } };
    const first = await console.ask('POST', '/v1/quality/verdicts', asking);
    const again = await console.ask('POST', '/v1/quality/verdicts', asking);
    expect([again.status, again.text]).toEqual([201, first.text]);
    const other = await (await world.open()).ask('POST', '/v1/quality/verdicts', {
      body: { ...verdict, reason: 'changed my mind' },
    });
    expect([other.status, other.json.code]).toEqual([409, 'STATE_CONFLICT']);
    expect(await written('TrafficInvalidated')).toHaveLength(1);
  });

  it('shows in the list of verdicts beside those of the rules', async () => {
    const value = { ...(await ruleVerdict()), rule: 'impossible_timing' };
    await world.append('spend', 2, value.selection_id, { name: 'TrafficInvalidated', value });
    await console.ask('POST', '/v1/quality/verdicts', { body: verdict });
    const { json } = await console.ask('GET', '/v1/audit/verdicts', { key: keyOf.auditor });
    expect(json.items?.map(({ rule, shard, offset }) => [rule, shard, offset])).toEqual([
      ['manual', 1, 2],
      ['impossible_timing', 2, 1],
    ]);
    const walked: unknown[] = [];
    for (let cursor: string | null | undefined = ''; cursor !== null && cursor !== undefined; ) {
      const page: { json: { items?: readonly unknown[]; next_cursor?: string | null } } = await console.ask(
        'GET',
        `/v1/audit/verdicts?limit=1${cursor === '' ? '' : `&cursor=${cursor}`}`,
      );
      walked.push(...(page.json.items ?? []));
      cursor = page.json.next_cursor;
    }
    expect(walked).toEqual(json.items);
  });
});

async function ruleVerdict(): Promise<TrafficInvalidated> {
  const id = '019a0000-0000-7000-8000-000000000002';
  return {
    event_id: id,
    selection_id: id,
    category: 'GIVT',
    rule: 'r',
    rules_version: 1,
    reason: 'r',
    evidence: [],
    judged_by: 'p',
    judged_at: 1,
  };
}

describe('A correction', () => {
  it('carries the content of the selection, the amounts relied on and the next number of the shard', async () => {
    const other = { ...billing, selection_id: '019a0000-0000-7000-8000-000000000003' };
    await incur(other);
    const first = await console.ask('POST', '/v1/finance/adjustments', { key: keyOf.finance, body: adjustment });
    const second = await console.ask('POST', '/v1/finance/adjustments', {
      body: { ...adjustment, selection_id: other.selection_id },
    });
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(first.json).toMatchObject({
      amount_micros: '500',
      currency: billing.currency,
      adjustment_number: 1,
      shard: 1,
    });
    const values = await written('Adjusted');
    expect(values.map(({ adjustment_number }) => adjustment_number)).toEqual([1, 2]);
    expect(values[0]).toMatchObject<Partial<Adjusted>>({
      amount_micros: 500,
      relied_certified_micros: 2500,
      relied_reversed_micros: 0,
      action: 'REVERSE',
    });
    expect(values[0]?.billing).toEqual(billing);
  });

  it('sent again with its Idempotency-Key is the same one, also on another console', async () => {
    const asking = { key: keyOf.finance, body: adjustment, headers: { 'idempotency-key': 'a' } };
    const first = await console.ask('POST', '/v1/finance/adjustments', asking);
    const again = await (await world.open()).ask('POST', '/v1/finance/adjustments', asking);
    expect([again.status, again.text]).toEqual([201, first.text]);
    expect(await written('Adjusted')).toHaveLength(1);
    const other = await console.ask('POST', '/v1/finance/adjustments', {
      ...asking,
      body: { ...adjustment, amount_micros: '501' },
    });
    expect([other.status, other.json.code]).toEqual([409, 'IDEMPOTENCY_CONFLICT']);
  });

  it('without a key is written as often as it is asked for', async () => {
    for (let time = 0; time < 2; time += 1) await console.ask('POST', '/v1/finance/adjustments', { body: adjustment });
    expect((await written('Adjusted')).map(({ adjustment_number }) => adjustment_number)).toEqual([1, 2]);
  });

  it('takes the next number if another console was first', async () => {
    const others = [console, await world.open(), await world.open()];
    world.gathering.next('spend', 3);
    world.gathering.next('spend', 2);
    const answers = await Promise.all(
      others.map(({ ask }, index) =>
        ask('POST', '/v1/finance/adjustments', { body: adjustment, headers: { 'idempotency-key': `k${index}` } }),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201]);
    expect(new Set(answers.map(({ json }) => json['adjustment_number']))).toEqual(new Set([1, 2, 3]));
  });

  it('of a selection that costs nothing is refused', async () => {
    const free = { ...billing, selection_id: '019a0000-0000-7000-8000-000000000004', price_micros: 0 };
    await incur(free);
    const { status } = await console.ask('POST', '/v1/finance/adjustments', {
      body: { ...adjustment, selection_id: free.selection_id },
    });
    expect(status).toBe(400);
  });

  it("of another advertiser's selection looks like one of no selection to a bound key", async () => {
    const key = 'bound-finance-0123456789';
    const bound = await world.open({ keys: `finance:adv_OTHER=${key}` });
    const foreign = await bound.ask('POST', '/v1/finance/adjustments', { key, body: adjustment });
    const unknown = await bound.ask('POST', '/v1/finance/adjustments', {
      key,
      body: { ...adjustment, selection_id: '019a0000-0000-7000-8000-000000000009' },
    });
    expect([foreign.status, unknown.status]).toEqual([404, 404]);
    const marked = await bound.ask('POST', '/v1/quality/verdicts', { key, body: verdict });
    expect(marked.status).toBe(404);
    expect(await written('Adjusted')).toEqual([]);
  });
});

describe('A period', () => {
  const close = { calendar: 0, period: '2026-11' };

  it('is closed on every shard once its end has come to all of them', async () => {
    await tick(Date.UTC(2026, 10, 30, 23, 59));
    const early = await console.ask('POST', '/v1/finance/periods/close', { key: keyOf.finance, body: close });
    expect([early.status, early.json.code]).toEqual([409, 'CUT_NOT_REACHED']);
    await tick(Date.UTC(2026, 11, 1));
    const { status, json } = await console.ask('POST', '/v1/finance/periods/close', {
      key: keyOf.finance,
      body: close,
    });
    expect([status, json['closed_through'], json['next_to_close']]).toEqual([200, '2026-11', null]);
    expect(await written('PeriodClosed')).toMatchObject([close, close, close]);
  });

  it('is closed once, however often it is asked for, and completed if a close was cut short', async () => {
    await tick(Date.UTC(2026, 11, 1));
    await world.append('spend', 0, 'calendar-0', {
      name: 'PeriodClosed',
      value: { ...close, closed_by: 'x', closed_at: 1 },
    });
    expect((await console.ask('GET', '/v1/finance/calendars')).json.items?.[0]).toMatchObject({
      closed_through: null,
      next_to_close: '2026-11',
    });
    for (let time = 0; time < 2; time += 1)
      expect((await console.ask('POST', '/v1/finance/periods/close', { body: close })).status).toBe(200);
    expect(await written('PeriodClosed')).toHaveLength(3);
  });

  it('is closed in sequence only', async () => {
    await tick(Date.UTC(2027, 1, 1));
    const skipped = await console.ask('POST', '/v1/finance/periods/close', {
      body: { calendar: 0, period: '2026-12' },
    });
    expect([skipped.status, skipped.json.code]).toEqual([409, 'STATE_CONFLICT']);
    for (const period of ['2026-11', '2026-12', '2027-01']) {
      expect((await console.ask('POST', '/v1/finance/periods/close', { body: { calendar: 0, period } })).status).toBe(
        200,
      );
    }
  });
});

describe('The audit of the log', () => {
  it('shows every record of a selection, and of a shard from an offset on', async () => {
    const bySelection = await console.ask('GET', `/v1/audit/events?selection_id=${selectionId}`, {
      key: keyOf.auditor,
    });
    expect(bySelection.json.items).toMatchObject([
      { topic: 'spend', shard: 1, offset: 1, name: 'SpendIncurred', unreadable: null },
    ]);
    expect(bySelection.json.items?.[0]).toMatchObject({ value: { billing: { price_micros: '2500' } } });
    const byShard = await console.ask('GET', '/v1/audit/events?topic=spend&shard=1&from_offset=0&limit=1');
    expect(byShard.json).toMatchObject({ items: [{ offset: 0, name: 'PolicySet' }], next_offset: 1 });
    const end = await console.ask('GET', '/v1/audit/events?topic=spend&shard=1&from_offset=2');
    expect(end.json).toMatchObject({ items: [], next_offset: null });
  });

  it('shows what cannot be read as such, and goes on', async () => {
    await world.handle.append('click', [{ shard: 0, key: 'x', value: Uint8Array.of(1, 2, 3) }]);
    const { json } = await console.ask('GET', '/v1/audit/events?topic=click&shard=0');
    expect(json.items).toMatchObject([
      { name: null, value: null, bytes: 3, unreadable: expect.stringContaining('UNREADABLE_RECORD') },
    ]);
  });
});

describe('Forgetting a person', () => {
  it('leaves a keyed hash in the log and never the id', async () => {
    const id = 'person@example.org';
    expect((await console.ask('POST', '/v1/persons/forget', { body: { id } })).status).toBe(202);
    const [record] = await world.records('persons');
    expect(record).toMatchObject({
      name: 'PersonForgotten',
      value: { person_hash: expect.stringMatching(/^[0-9a-f]{64}$/) },
    });
    expect(JSON.stringify(record)).not.toContain('example.org');
  });
});
