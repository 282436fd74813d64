import { describe, expect, it } from 'vitest';
import { AdtallyError } from '../domain/errors.ts';
import { deriveLimits } from './limits.ts';
import { readSettings, settingRows } from './settings.ts';

function faultsOf(env: Record<string, string>): string {
  try {
    deriveLimits(readSettings(env));
  } catch (error) {
    if (error instanceof AdtallyError && error.code === 'BAD_SETTING') return error.message;
    throw error;
  }
  return '';
}

describe('Settings', () => {
  it('have defaults that go together', () => {
    expect(faultsOf({})).toBe('');
    expect(readSettings({})).toMatchObject({
      servePort: 8080,
      consolePort: 8090,
      shards: 4,
      holdMs: 3_600_000,
      publicUrl: null,
    });
  });

  it('count an empty variable as not set', () => {
    expect(readSettings({ SERVE_PORT: '' }).servePort).toBe(8080);
  });

  it('read times with and without a unit', () => {
    const settings = readSettings({
      HOLD_MS: '10s',
      TICK_MS: '250',
      IMPRESSION_TOKEN_MS: '5min',
      CLICK_TOKEN_MS: '2d',
    });
    expect(settings).toMatchObject({
      holdMs: 10_000,
      tickMs: 250,
      impressionTokenMs: 300_000,
      clickTokenMs: 172_800_000,
    });
  });

  it.each([
    ['SERVE_PORT', '80a'],
    ['SERVE_PORT', '70000'],
    ['SHARDS', '0'],
    ['SHARDS', '-1'],
    ['SHARDS', '1e2'],
    ['NODE_NAME', 'Über'],
    ['NODE_NAME', 'thirteen-long'],
    ['HOLD_MS', '1 h'],
    ['HOLD_MS', 'NaN'],
    ['HOLD_MS', '1y'],
    ['PUBLIC_URL', 'ftp://a'],
    ['PUBLIC_URL', 'https://a/?b'],
    ['LOG_URL', 'sqlite'],
    ['ADTALLY_SHARDS', '4'],
    ['BLOCKED_NETWORKS', '10.0.0.0/8,ten'],
    ['TRUSTED_PROXIES', '10.0.0.0/33'],
    ['WAREHOUSE_URL', 'clickhouse://h:9000'],
    ['WAREHOUSE_URL', 'http://h:8123/other'],
    ['WAREHOUSE_URL', 'http://u:a/b@h:8123/adtally'],
    ['WAREHOUSE_ANALYST_URL', 'embedded'],
    ['WAREHOUSE_KEEP', 'selected=400'],
    ['WAREHOUSE_KEEP', 'selected=0d'],
    ['WAREHOUSE_KEEP', 'journal=400d'],
  ])('refuse %s=%s by name', (variable, value) => {
    expect(faultsOf({ [variable]: value })).toContain(variable);
  });

  it.each(['http://h:8123', 'https://u:p%40ss@h.example:8443/adtally', 'http://u@[::1]:8123/'])(
    'take %s as a warehouse',
    (url) => expect(readSettings({ WAREHOUSE_URL: url }).warehouseUrl).toBe(url),
  );

  it('read how long the warehouse keeps topics', () => {
    const { warehouseKeepMs } = readSettings({ WAREHOUSE_KEEP: 'selected=400d, engagement=90d' });
    expect([...warehouseKeepMs]).toEqual([
      ['selected', 34_560_000_000],
      ['engagement', 7_776_000_000],
    ]);
  });

  it('name every bad variable at once', () => {
    expect(faultsOf({ SHARDS: 'x', TICK_MS: 'y' })).toMatch(/SHARDS.*TICK_MS/);
  });

  it('name the log on Kafka, its credentials apart', () => {
    const { logUrl, logSaslPassword } = readSettings({ LOG_URL: 'kafka://h:1/ads', LOG_SASL_PASSWORD: 'pw' });
    expect([logUrl, logSaslPassword]).toMatchObject([{ brokers: ['h:1'], prefix: 'ads' }, 'pw']);
    expect(faultsOf({ LOG_URL: 'kafka://user:secret@h:1' })).toMatch(/^LOG_URL must name no user/);
  });

  it('name the ledger store on EventStoreDB', () => {
    const { ledgerUrl } = readSettings({ LEDGER_URL: 'esdb://h:1?tls=false' });
    expect(ledgerUrl).toMatchObject({ endpoints: [{ address: 'h', port: 1 }], tls: false });
    expect(faultsOf({ LEDGER_URL: 'esdb://h' })).toMatch(/^LEDGER_URL needs user:password@/);
  });

  it('do not repeat a password', () => {
    expect(faultsOf({ LOG_URL: 'nats://user:secret@host' })).not.toContain('secret');
    expect(faultsOf({ WAREHOUSE_URL: 'tcp://user:secret@host' })).not.toContain('secret');
  });

  it('each have a meaning for the table in the README', () => {
    for (const { variable, meaning } of settingRows()) expect(`${variable} ${meaning}`).toMatch(/^[A-Z_]+ .{8,}\.$/);
  });
});

describe('Limits', () => {
  it('give a reservation a longer life than its token, the buffer bound and the skew can take', () => {
    const settings = readSettings({});
    expect(deriveLimits(settings).reservationMs).toBeGreaterThanOrEqual(
      settings.impressionTokenMs + settings.bufferBoundMs + settings.clockSkewMs,
    );
  });

  it.each([
    [{ BUFFER_BOUND_MS: '2s', MARK_MS: '1s' }, /stop drawing/],
    [{ CLICK_TOKEN_MS: '1min' }, /CLICK_TOKEN_MS/],
    [{ HORIZON_MS: '25h' }, /HORIZON_MS/],
    [{ BUFFER_BOUND_MS: '5s', TICK_MS: '6s' }, /TICK_MS/],
  ])('refuse %o with the reason', (env, reason) => {
    expect(faultsOf(env as Record<string, string>)).toMatch(reason);
  });
});
