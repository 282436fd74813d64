import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openEmbeddedEventLog } from '../adapters/embedded/event-log.ts';
import { openFileSchemaRegistry } from '../adapters/embedded/file-schema-registry.ts';
import { openEmbeddedLedgerStore } from '../adapters/embedded/ledger-store.ts';
import { createSystemClock } from '../adapters/system/clock.ts';
import { topicShards } from '../apps/engines.ts';
import { monthEnds } from '../domain/calendar.ts';
import { eventId, uuidV7 } from '../domain/identity.ts';
import type { AnyRecord, Billing, RecordName, RecordTypes } from '../domain/records.ts';
import { batchEvent, ledgerStream } from '../ledger/batch.ts';
import { genesis } from '../ledger/chain.ts';
import { ledgerTruths } from '../ports/ledger-index.ts';
import type { SpendRecord } from '../streams/processors/spend-lifecycle.ts';
import { SpendFold } from '../streams/runtime/spend-fold.ts';
import { billingOf } from './reporting/sample-log.ts';
import { makeTemporaryFolder } from './temporary-folder.ts';

/**
 * Finance's answers on ledgers that the real fold wrote, over the end of October in New York (04:00 UTC on 1 November), asked through the
 * command line on the engines of one machine.
 */
const zone = 'America/New_York';
const monthEnd = Date.UTC(2026, 10, 1, 4);
const [hold, second] = [2000, 1000];
const folder = makeTemporaryFolder();
const registry = openFileSchemaRegistry();

/** A selection at a time before or after the end of the month, in micros. */
function selectedAt(fromEndMs: number, priceMicros: number): Billing {
  const selected_at = monthEnd + fromEndMs;
  const random = Buffer.alloc(10, priceMicros % 251);
  const more = { calendar: 1, price_micros: priceMicros, selected_at, expires_at: selected_at + 60_000, shard: 0 };
  return { ...billingOf(0, 'CPM'), ...more, selection_id: uuidV7(selected_at, random) };
}

const early = selectedAt(-10 * second, 1001);
const lastMoment = selectedAt(-1, 2002);
const firstMoment = selectedAt(0, 4004);
const expired = selectedAt(1, 8008);

const origin = { node: 'n1', boot: early.boot, sequence: 1 };
const record = <N extends RecordName>(name: N, value: RecordTypes[N]) => ({ name, value }) as unknown as SpendRecord;
const tick = (fromEndMs: number) => record('TimeAdvanced', { advanced_to: monthEnd + fromEndMs, ticker: 't' });
const reserved = (billing: Billing) =>
  record('SpendReserved', {
    event_id: eventId(billing.selection_id, 'reserved', 0),
    billing,
    draw_lease: billing.draw_lease,
    origin,
    reserved_at: billing.selected_at,
  });
const incurred = (billing: Billing) =>
  record('SpendIncurred', {
    event_id: eventId(billing.selection_id, 'incurred', 0),
    receipt_id: eventId(billing.selection_id, 'receipt', 0),
    kind: 'impression',
    billing,
    draw_lease: billing.draw_lease,
    origin,
    incurred_at: billing.selected_at + 1,
  });

const spend: readonly SpendRecord[] = [
  record('PolicySet', {
    revision: 1,
    hold_ms: hold,
    horizon_ms: 45 * 86_400_000,
    rules_version: 1,
    calendars: [
      { calendar: 0, zone: 'UTC', months: monthEnds(monthEnd - 86_400_000, 'UTC', 12) },
      { calendar: 1, zone, months: monthEnds(monthEnd - 86_400_000, zone, 12) },
    ],
    set_by: 'test',
    set_at: 0,
  }),
  tick(-10 * second),
  reserved(early),
  incurred(early),
  tick(-5 * second),
  reserved(lastMoment),
  incurred(lastMoment),
  reserved(firstMoment),
  incurred(firstMoment),
  reserved(expired),
  tick(0),
  tick(5 * second),
  record('TrafficInvalidated', {
    event_id: eventId(lastMoment.selection_id, 'invalidated:robot', 0),
    selection_id: lastMoment.selection_id,
    category: 'GIVT',
    rule: 'robot',
    rules_version: 1,
    reason: 'planted',
    evidence: [],
    judged_by: 'test',
    judged_at: 0,
  }),
  record('PeriodClosed', { calendar: 1, period: '2026-10', closed_by: 'test', closed_at: 0 }),
  tick(120 * second),
  tick(121 * second),
];

const advertiser: RecordTypes['AdvertiserPublished'] = {
  advertiser_id: early.advertiser_id,
  name: 'Kaffee',
  currency: 'EUR',
  time_zone: zone,
  calendar: 1,
  domains: [],
  categories: [],
  frequency_cap: null,
  status: 'ACTIVE',
  change: { revision: 1, changed_by: 't', changed_at: 0, idempotency_key: null, request_hash: null, archived: false },
};

beforeAll(async () => {
  const clock = createSystemClock();
  const log = await openEmbeddedEventLog({ folder: join(folder.path, 'log'), shards: topicShards(1), clock });
  const store = await openEmbeddedLedgerStore({ folder: join(folder.path, 'ledger'), clock });
  const value = registry.encode('AdvertiserPublished', advertiser);
  await log.append('catalog', [{ shard: 0, key: advertiser.advertiser_id, value }]);
  const tail = { next: { offset: 0, ordinal: 0 }, chainHead: genesis, entryCount: 0 };
  const fold = new SpendFold({ shard: 0, tails: { tentative: tail, final: tail }, maxAppendBytes: 2000 });
  for (const each of spend) {
    const bytes = registry.encode(each.name, each.value as never);
    await log.append('spend', [{ shard: 0, key: keyOf(each), value: bytes }]);
    const refusal = fold.fold(each);
    if (refusal !== null) throw new Error(refusal.reason);
  }
  for (const truth of ledgerTruths) {
    const stream = ledgerStream(truth, 0);
    await store.append(
      stream,
      'no_stream',
      fold.take(truth, true).map((batch) => batchEvent(batch, stream, registry)),
    );
  }
  await Promise.all([log.close(), store.close()]);
});
afterAll(() => folder.remove());

function keyOf({ value }: AnyRecord): string {
  if ('billing' in value) return value.billing.selection_id;
  return 'selection_id' in value ? value.selection_id : 'time';
}

interface Answer {
  readonly code: number;
  readonly out: string;
  readonly problem: string;
}

function adtally(...args: string[]): Promise<Answer> {
  const env = { PATH: process.env['PATH'], DATA_DIR: folder.path, SHARDS: '1' };
  return new Promise((resolve) => {
    execFile(process.execPath, ['apps/cli.ts', 'ledger', ...args], { env }, (error, out, problem) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, problem });
    });
  });
}

const json = async (...args: string[]) => JSON.parse((await adtally(...args, '--json')).out);

describe('adtally ledger', () => {
  it('balances both ledgers, each with what its life cycle left', async () => {
    type Shown = { readonly account: string; readonly balance_micros: string };
    const sums = async (truth: string): Promise<Shown[]> => (await json('balances', '--truth', truth)).balances;
    const balanceOf = (balances: readonly Shown[], account: string) =>
      balances.filter((b) => b.account === account).reduce((sum, b) => sum + BigInt(b.balance_micros), 0n);
    const tentative = await sums('tentative');
    expect(balanceOf(tentative, 'campaign:reserved')).toBe(0n);
    expect(balanceOf(tentative, 'campaign:authority')).toBe(7007n);
    expect(balanceOf(tentative, 'advertiser:unbilled')).toBe(-7007n);
    const final = await sums('final');
    expect(balanceOf(final, 'advertiser:invoiced')).toBe(-1001n);
    expect(balanceOf(final, 'advertiser:unbilled')).toBe(-4004n);
    expect(balanceOf(final, 'contra:givt')).toBe(0n);
  });

  it('puts each selection of the turn of the month into its month of service, and what was certified later into the open one', async () => {
    const lines = async (period: string) => {
      const { statements, final } = await json('statement', early.advertiser_id, period);
      const shown = ({ service_period, events, amount_micros }: Record<string, unknown>) => [
        service_period,
        events,
        amount_micros,
      ];
      const [one] = statements;
      return {
        final,
        lines: one.lines.map(shown),
        credits: one.credits.map(shown),
        closing: one.closing.amount_micros,
        invoiced: one.invoiced_micros,
      };
    };
    expect(await lines('2026-10')).toEqual({
      final: true,
      lines: [['2026-10', 1, '-1001']],
      credits: [],
      closing: '-1001',
      invoiced: '1001',
    });
    expect(await lines('2026-11')).toEqual({
      final: false,
      lines: [
        ['2026-10', 1, '-2002'],
        ['2026-11', 1, '-4004'],
      ],
      credits: [['2026-10', 1, '2002']],
      closing: '-5005',
      invoiced: '0',
    });
  });

  it('explains each selection', async () => {
    const states = await Promise.all(
      [early, lastMoment, firstMoment, expired].map(
        async ({ selection_id }) => (await json('explain', selection_id)).state,
      ),
    );
    expect(states).toEqual(['final', 'reversed', 'final', 'released']);
    const { out, code } = await adtally('explain', lastMoment.selection_id);
    expect(code).toBe(0);
    expect(out).toMatch(/GIVT, rule robot/);
    expect(out).toMatch(/SpendIncurred +spend\/0\/6 /);
    expect(out).toMatch(/final +12 +reverse +contra:givt +advertiser:unbilled +0\.002002 +EUR/);
  });

  it('writes entries as CSV and a balance sheet as text', async () => {
    const { out } = await adtally('entries', '--truth', 'tentative', '--kind', 'certify', '--csv');
    expect(out.split('\r\n')[0]).toMatch(/^truth,shard,number,/);
    expect(out.trim().split('\r\n')).toHaveLength(4);
    const sheet = await adtally('balances');
    expect(sheet.out).toMatch(/^final ledger at 2026-11-01T04:02:01\.000Z \(0:15\), digest [0-9a-f]{64}\n/);
    expect(sheet.out).toMatch(/publisher:payable +credit +adv_1/);
  });

  it.each([
    [['balances', '--truth', 'third'], /VALIDATION_FAILED/],
    [['statement', 'adv_1'], /VALIDATION_FAILED/],
    [['statement', 'adv_9', '2026-10'], /NOT_FOUND/],
    [['explain', '01900000-0000-7000-8000-000000000001'], /NOT_FOUND/],
    [['balances', '--as-of', '2030-01-01T00:00:00Z'], /CUT_NOT_REACHED: final-0 has reached 2026-11-01T04:02:01.000Z/],
    [['balances', '--nonsense'], /nonsense/],
    [['dance'], /ask for one of balances, entries, statement, explain, not for "dance"/],
  ])('%j ends with 2 and says why', async (args, why) => {
    const { code, problem } = await adtally(...args);
    expect(problem).toMatch(why);
    expect(problem).not.toMatch(/\n +at /);
    expect(code).toBe(2);
  });

  it('ends with 1 and names the entry once a byte of a stream was changed', async () => {
    const before = await adtally('balances', '--json');
    damage();
    const { code, problem } = await adtally('balances', '--rebuild');
    expect(problem).toMatch(/^CHAIN_BROKEN: final-0 revision 0, entry 0 at 4\/0: it carries hash/);
    expect([before.code, code]).toEqual([0, 1]);
  });
});

/** Turns the first `EUR` of the final ledger into `EUS`. */
function damage(): void {
  const db = new DatabaseSync(join(folder.path, 'ledger', 'ledger.db'));
  const where = "stream = (SELECT number FROM streams WHERE name = 'final-0') AND instr(data, CAST('EUR' AS BLOB)) > 0";
  const row = db.prepare(`SELECT revision, data FROM events WHERE ${where} ORDER BY revision LIMIT 1`).get();
  const data = Buffer.from(row?.['data'] as Uint8Array);
  data.write('EUS', data.indexOf('EUR'));
  db.prepare(`UPDATE events SET data = ? WHERE revision = ? AND ${where}`).run(data, row?.['revision'] as number);
  db.close();
}
