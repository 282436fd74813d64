import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSimulatedClock } from '../../adapters/simulated/clock.ts';
import { createSystemDisk } from '../../adapters/system/disk.ts';
import { pacingViewKey } from '../../domain/pacing-view.ts';
import type { Warehouse } from '../../ports/warehouse.ts';
import { parseKeys } from '../auth.ts';
import { buildConsole } from '../console-app.ts';
import { loadReports } from '../reports/report-file.ts';
import { pacingRoutes } from './pacing.ts';
import { reportRoutes } from './reports.ts';

const keys = parseKeys(
  'analyst=analyst-key-0123,finance=finance-key-0123,trafficker:adv_1=scoped-key-01234,trafficker:adv_2=scoped-key-56789',
);
const columns = ['currency', 'step', 'stage', 'selections', 'amount_micros'].map((name) => ({ name, type: 'String' }));
const row = { currency: 'EUR', step: '1', stage: '=selected', selections: '3', amount_micros: '13701' };
const result = { columns, rows: [row], elapsedMs: 2.4 };
const refuse = () => Promise.reject(new Error('not asked here'));
const warehouse: Warehouse = {
  query: async () => result,
  queryAsAnalyst: async () => ({ ...result, rows: [{ ...row, stage: ['a', 'b'] }] }),
  syntaxTree: async () => ['SelectWithUnionQuery (children 0)'],
  command: refuse,
  insert: refuse,
  close: async () => {},
};
const flight = { starts_at: 0, ends_at: 1_000 };
const view = { campaign_id: 'cmp_1', at: 500, flight, windows: [{ from: 0, to: 30_000, error_ppm: null }] };
const views = {
  getMany: async (keys: readonly string[]) =>
    keys.map((key) =>
      key === pacingViewKey('cmp_1') ? { version: 1, value: Buffer.from(JSON.stringify(view)) } : null,
    ),
};
const owners: Readonly<Record<string, string>> = { cmp_1: 'adv_1', cmp_new: 'adv_1' };

let app: FastifyInstance;
beforeAll(async () => {
  const reports = await loadReports(createSystemDisk(), new URL('../reports', import.meta.url).pathname);
  const routes = [
    reportRoutes({
      reports,
      warehouse,
      clock: createSimulatedClock({ startMs: Date.UTC(2026, 10, 22) }),
      sinkLag: async () => [{ ms: 0 }, { ms: 700 }],
    }),
    pacingRoutes({
      views,
      campaignOwner: async (id) => owners[id] ?? null,
      campaignIds: async (owner) => Object.keys(owners).filter((id) => owner === null || owners[id] === owner),
    }),
  ];
  app = await buildConsole({ keys, routes, onError: () => {} });
});
afterAll(() => app.close());

const get = (url: string, key = 'analyst-key-0123', accept = 'application/json') =>
  app.inject({ url, headers: { authorization: `Bearer ${key}`, accept } });
const query = (sql: unknown, accept = 'application/json') =>
  app.inject({
    method: 'POST',
    url: '/v1/reports/query',
    headers: { authorization: 'Bearer analyst-key-0123', accept },
    body: { sql },
  });

describe('Reports', () => {
  it('are listed with what they take and give', async () => {
    const { items } = (await get('/v1/reports')).json<{
      items: { name: string; parameters: { default: string }[] }[];
    }>();
    const funnel = items.find(({ name }) => name === 'truth_funnel');
    expect(funnel?.parameters.map((parameter) => parameter.default)).toEqual(['-24h', 'now', '']);
  });

  it('answer with documented columns, counts as numbers and money as text', async () => {
    const answer = (await get('/v1/reports/truth_funnel?from=-1h')).json<{
      rows: object[];
      parameters: object;
      freshness: object;
    }>();
    expect(answer.rows).toEqual([{ ...row, step: 1, selections: 3 }]);
    expect(answer.freshness).toEqual({ as_of: '2026-11-21T23:59:59.300Z', behind_ms: 700 });
    expect(answer.parameters).toMatchObject({ from: '2026-11-21T23:00:00.000Z', campaign_id: '' });
  });

  it('come as CSV that no spreadsheet takes for a formula', async () => {
    const { body, headers } = await get('/v1/reports/truth_funnel', 'analyst-key-0123', 'text/csv');
    expect(headers['content-type']).toContain('text/csv');
    expect(body).toContain("EUR,1,'=selected,3,13701");
  });

  it.each([
    ['/v1/reports/nope', 404, 'NOT_FOUND'],
    ['/v1/reports/truth_funnel?nope=1', 400, 'UNKNOWN_FIELD'],
    ['/v1/reports/truth_funnel?from=yesterday', 400, 'VALIDATION_FAILED'],
    ['/v1/reports/truth_funnel?from=-1h&from=-2h', 400, 'VALIDATION_FAILED'],
    ['/v1/reports/__proto__', 404, 'NOT_FOUND'],
  ])('refuse %s with %s %s', async (url, status, code) => {
    const answer = await get(url);
    expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([status, code]);
  });

  it("are the analyst's: another role gets 403", async () => {
    expect((await get('/v1/reports/truth_funnel', 'finance-key-0123')).statusCode).toBe(403);
  });

  it("run an analyst's own query, lists in a cell of CSV as JSON, and nothing but a SELECT", async () => {
    expect((await query('SELECT 1')).json<{ elapsed_ms: number }>()).toMatchObject({
      elapsed_ms: 2,
      columns,
      freshness: { behind_ms: 1_700 },
    });
    expect((await query('SELECT 1', 'text/csv')).body).toContain('"[""a"",""b""]"');
    expect((await query('DROP TABLE entries')).json<{ code: string }>().code).toBe('SQL_REFUSED');
    expect((await query(5)).statusCode).toBe(400);
  });
});

describe('Pacing of a campaign', () => {
  it('shows its times in RFC 3339', async () => {
    const answer = await get('/v1/pacing/campaigns/cmp_1');
    expect(answer.json()).toMatchObject({
      at: '1970-01-01T00:00:00.500Z',
      flight: { ends_at: '1970-01-01T00:00:01.000Z' },
      windows: [{ to: '1970-01-01T00:00:30.000Z', error_ppm: null }],
    });
  });

  it.each([
    ['cmp_1', 'scoped-key-01234', 200],
    ['cmp_1', 'scoped-key-56789', 404],
    ['cmp_2', 'analyst-key-0123', 404],
    ['nonsense', 'analyst-key-0123', 404],
    ['cmp_new', 'analyst-key-0123', 503],
  ])('of %s with the key %s answers %s', async (id, key, status) => {
    expect((await get(`/v1/pacing/campaigns/${id}`, key)).statusCode).toBe(status);
  });

  it('lists every campaign that the allocator has come to, and nobody else’s', async () => {
    const listed = async (key: string, query = '') =>
      (await get(`/v1/pacing/campaigns${query}`, key)).json<{
        items: { campaign_id: string }[];
        next_cursor: string;
      }>();
    const { items, next_cursor } = await listed('analyst-key-0123');
    expect(items).toMatchObject([{ campaign_id: 'cmp_1', at: '1970-01-01T00:00:00.500Z' }]);
    expect(next_cursor).toBeNull();
    expect((await listed('scoped-key-01234')).items).toHaveLength(1);
    expect((await listed('scoped-key-56789')).items).toHaveLength(0);
    const first = await listed('analyst-key-0123', '?limit=1');
    expect(first.items).toHaveLength(1);
    const rest = await listed('analyst-key-0123', `?limit=1&cursor=${first.next_cursor}`);
    expect([rest.items, rest.next_cursor]).toEqual([[], null]);
  });
});
