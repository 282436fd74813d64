import { createHmac } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { createSimulatedStates } from '../../adapters/simulated/state-store.ts';
import { parseRedisUrl } from '../../adapters/redis/redis-url.ts';
import { textTable } from '../../apps/text-table.ts';
import { readSettings } from '../../config/settings.ts';
import { admitQuery } from '../../dashboards/sql-gate.ts';
import { tokensOf } from '../../dashboards/sql/tokens.ts';
import { sumCreativeStats } from '../../domain/creative-stats-view.ts';
import { AdtallyError } from '../../domain/errors.ts';
import { decodeFrequencyView } from '../../domain/frequency-view.ts';
import { verifyToken } from '../../domain/token.ts';
import { ConsentGate } from '../../serving/consent.ts';
import { genesis } from '../../ledger/chain.ts';
import { readEntries } from '../../serving/buffer-frames.ts';
import { SpendFold } from '../../streams/runtime/spend-fold.ts';
import { SpendSnapshots } from '../../streams/runtime/spend-snapshots.ts';
import { sampleBilling, sampleToken } from '../serving-world.ts';
import { content, policy, reserved, tick } from '../spend-story.ts';
import { consentString } from './consent-strings.ts';
import { cpuMs } from './cpu-time.ts';
import { registry } from './golden-records.ts';

/** Each was found by a campaign of `npm run fuzz`, and stays here. */
describe('Found by fuzzing, and mended:', () => {
  it('an int of more than 32 bits is no int: it could be read and not be written again', () => {
    const bytes = registry.encode('TimeAdvanced', { advanced_to: 1, ticker: 't' });
    expect(registry.decode(bytes).name).toBe('TimeAdvanced');
    const record = Buffer.from(
      registry.encode('PeriodClosed', { calendar: 1, period: 'p', closed_by: 'c', closed_at: 1 }),
    );
    const longInt = Buffer.from('feffffffff7f', 'hex');
    const spoilt = Buffer.concat([record.subarray(0, 5), longInt, record.subarray(6)]);
    expect(() => registry.decode(spoilt)).toThrow(/corrupt PeriodClosed: an int is longer than 32 bits/);
  });

  function frame(body: Buffer): Buffer {
    const header = Buffer.alloc(8);
    header.writeUInt32BE(body.length, 0);
    header.writeUInt32BE(crc32(body), 4);
    return Buffer.concat([header, body]);
  }

  it.each([
    ['more records than there are', '000000000001' + '0002' + '00' + '0000' + '0000' + '00000000'],
    ['a value longer than what is left', '000000000001' + '0001' + '00' + '0000' + '0000' + '00000009' + 'ff'],
    ['bytes behind the last record', '000000000001' + '0001' + '00' + '0000' + '0000' + '00000000' + 'ff'],
  ])('an entry of the private buffer that claims %s is unreadable, though its checksum is right', (_, hex) => {
    expect(() => readEntries(frame(Buffer.from(hex, 'hex')))).toThrow(
      expect.objectContaining({ code: 'UNREADABLE_RECORD' }),
    );
  });

  it.each(['{"v":1,"items":{"li_1":[null]},"segments":[]}', '{"v":1,"items":{},"segments":[7]}'])(
    'a frequency view of times or segments that are none is no view: %s',
    (text) => expect(decodeFrequencyView(Buffer.from(text))).toBeNull(),
  );

  it.each(['z', 'null', '{"impressions":"1","clicks":0}', '{"impressions":-1,"clicks":0}', '{"clicks":1}'])(
    'a view of counts that is none counts nothing, and stops no click rate: %s',
    (text) => expect(sumCreativeStats([{ value: Buffer.from(text) }])).toEqual({ impressions: 0, clicks: 0 }),
  );

  const key = { id: 'k1', secret: Buffer.alloc(32, 7), verifiesUntil: Number.MAX_SAFE_INTEGER };

  /** A token whose bytes were changed before it was signed. */
  function signedAfter(change: (hex: string) => string): () => unknown {
    const body = Buffer.from(sampleToken(sampleBilling(), key), 'base64url').subarray(0, -32).toString('hex');
    const changed = change(body);
    expect(changed).not.toBe(body);
    const bytes = Buffer.from(changed, 'hex');
    const token = Buffer.concat([bytes, createHmac('sha256', key.secret).update(bytes).digest()]).toString('base64url');
    return () => verifyToken(token, new Map([['k1', key]]), 0);
  }

  /** The selection's time as the token writes it, and the day of its lease (2026-01-01). */
  const [time, day] = ['80acb7cbb733', 'e69f01'];

  it('a signed token with a number, a time or a day that is none is malformed', () => {
    for (const change of [
      (hex: string) => hex.replace(time, 'ffffffffffffff7f'),
      (hex: string) => hex.replace(time, 'ffffffffffffff0f'),
      (hex: string) => hex.replace(day, 'ffffff7f'),
    ]) {
      expect(signedAfter(change)).toThrow(expect.objectContaining({ code: 'TOKEN_MALFORMED' }));
    }
  });

  it.each([
    { HOLD_MS: 'redis://user:hunter2hunter2@redis:6379/1' },
    { NODE_NAME: 'admin=hunter2hunter2' },
    { TRUSTED_PROXIES: 'redis://user:hunter2hunter2@redis' },
    { WAREHOUSE_URL: `http://user:hunter2hunter2${'x'.repeat(80)}@host/other` },
    { WAREHOUSE_URL: 'http://user:hunter2/hunter2@host/other' },
    { SCHEMA_REGISTRY_URL: 'ftp://user:hunter2/hunter2@host' },
    { LEDGER_URL: 'esdb://admin:pa?hunter2hunter2@host' },
    { LEDGER_URL: 'esdb://admin:pa?hunter2=hunter2@host' },
    { LOG_URL: 'kafka://user?hunter2hunter2@host:9092' },
  ])('the error of a setting shows nothing of a password, wherever in it or in which variable it stands: %j', (env) => {
    expect(() => readSettings(env)).toThrow(expect.objectContaining({ code: 'BAD_SETTING' }));
    expect(() => readSettings(env)).not.toThrow(/hunter2/);
  });

  it('a Redis URL whose host was forgotten does not show its password', () => {
    expect(() => parseRedisUrl('VIEWS_URL', 'redis://user:hunter2')).toThrow(/^VIEWS_URL names a host that is not/);
  });

  it.each(['10.0.0.0/', '10.0.0.0/ ', '10.0.0.0/8/9', '10.0.0.0/0x8', '10.0.0.0/1e1', '10.0.0.0/-0', '10.0.0.0/08'])(
    'a network whose length is none is refused, and does not mean every address: %s',
    (network) => expect(() => readSettings({ TRUSTED_PROXIES: `192.0.2.1,${network}` })).toThrow(/CIDR/),
  );

  it('a User-Agent that holds what a terminal obeys is shown, not obeyed', () => {
    const table = textTable(['agent'], [['Mozilla\u001b[2J\u009b31m\r\nadmin \u202etxt']]);
    expect(table).toBe('agent\nMozilla\\u001b[2J\\u009b31m\\u000d\\u000aadmin \\u202etxt\n');
  });

  it.each(['SELECT `a``b`', 'SELECT "a""b"', "SELECT x'66696c65'", "SELECT B'01'"])(
    'a spelling that the ClickHouse engine reads otherwise than the gate is refused: %s',
    (sql) => expect(() => tokensOf(sql)).toThrow(/refused/),
  );

  it('a consent string that names millions of vendors is none, and does not hold the process for seconds', () => {
    const tcf = consentString({ consents: Array.from({ length: 730 }, () => [1, 65_535] as const) });
    expect(tcf.length).toBeLessThan(4_096);
    const startedAt = cpuMs();
    const signals = { tcf, gpp: null, gdpr: true, coppa: false };
    expect(new ConsentGate().judge(signals)).toEqual({ consent: 'contextual', reason: 'malformed' });
    expect(cpuMs() - startedAt).toBeLessThan(500);
    const usual = { ...signals, tcf: consentString({ consents: [[1, 1_500]], interests: [[2, 700]] }) };
    expect(new ConsentGate().judge(usual)).toEqual({ consent: 'personal', reason: 'tcf_ok' });
  });

  it.each([
    ['spaces', `SELECT${' '.repeat(19_900)}1`],
    ['a word', `SELECT ${'a'.repeat(19_900)}`],
    ['beginnings of aliases', `SELECT '${'(alias '.repeat(2_800)}'`],
  ])('a query of 20,000 characters of %s is judged at once', async (_, sql) => {
    const lines = ['SelectWithUnionQuery (children 1)', ` Literal ${sql.slice(8)} x`];
    const parses = { syntaxTree: async () => lines };
    const fault = new AdtallyError('WAREHOUSE_QUERY', 'Syntax error: failed at position 19900');
    const startedAt = cpuMs();
    await admitQuery(parses as never, sql);
    await expect(admitQuery({ syntaxTree: () => Promise.reject(fault) } as never, sql)).rejects.toThrow(
      /does not parse/,
    );
    expect(cpuMs() - startedAt).toBeLessThan(400);
  });

  it('a query with a zero byte is refused before the engine, whose complaint would end there', () => {
    expect(() => tokensOf("SELECT 'a\0b'")).toThrow(/refused/);
  });

  it('a snapshot of a spend fold whose amounts were changed on the disk is refused, and folded again from the log', async () => {
    const states = createSimulatedStates().open();
    const open = () => {
      const snapshots = new SpendSnapshots(states, 0);
      const tail = { next: { offset: 0, ordinal: 0 }, chainHead: genesis, entryCount: 0 };
      return {
        snapshots,
        fold: new SpendFold({ shard: 0, tails: { tentative: tail, final: tail }, maxAppendBytes: 9_999 }),
      };
    };
    const first = open();
    await first.snapshots.position();
    for (const record of [policy(), tick(0), reserved(content(1))]) first.fold.fold(record);
    await first.snapshots.save(first.fold);
    const second = open();
    expect(await second.snapshots.position()).toBe(3);
    expect(second.snapshots.restore(second.fold)).toBe(true);
    const [key, value] = [...states.entries('spend/0')].find(([name]) => name.startsWith('a')) as [string, Uint8Array];
    const changed = Buffer.from(Buffer.from(value).toString('latin1').replace(',2500,', ',9500,'), 'latin1');
    expect(changed.equals(value)).toBe(false);
    await states.commit('spend/0', { position: '3', puts: [[key, changed]], deletes: [] });
    const third = open();
    expect(await third.snapshots.position()).toBe(3);
    expect(third.snapshots.restore(third.fold)).toBe(false);
  });
});
