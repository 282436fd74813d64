import { afterEach, expect, test } from 'vitest';
import { createSimulatedDisk } from '../../adapters/simulated/disk.ts';
import { createSeededRandom } from '../../adapters/simulated/random.ts';
import { createSystemClock } from '../../adapters/system/clock.ts';
import { AuditRuns, type AuditWork } from '../audit/audit-runs.ts';
import { parseKeys } from '../auth.ts';
import { buildConsole } from '../console-app.ts';
import { auditRunRoutes } from './reconciliations.ts';

const keys = { auditor: 'auditor-key-0123456789', trafficker: 'trafficker-key-0123456789' } as const;
const report = { result: 'differs', unexplained_micros: '12', breaks: [{ code: 'ledger_entries' }], breaks_total: 1 };
let close = async (): Promise<unknown> => undefined;
afterEach(() => close());

async function openRoutes(work: AuditWork = async () => report) {
  const random = createSeededRandom('routes');
  const options = { disk: createSimulatedDisk({ random }), clock: createSystemClock(), random, work };
  const runs = (folder: string) => new AuditRuns({ ...options, folder, listed: ['result', 'unexplained_micros'] });
  const deps = { reconciliations: runs('/reconciliations'), replays: runs('/replays') };
  const given = Object.entries(keys).map(([role, key]) => `${role}=${key}`);
  const app = await buildConsole({
    keys: parseKeys(given.join(',')),
    routes: [auditRunRoutes(deps)],
    onError: (error) => {
      throw error;
    },
  });
  close = () => app.close();
  return async (method: 'GET' | 'POST', url: string, { key = keys.auditor as string, headers = {} } = {}) => {
    const payload = method === 'POST' ? { payload: {} } : {};
    const answer = await app.inject({
      method,
      url,
      headers: { authorization: `Bearer ${key}`, ...headers },
      ...payload,
    });
    return { status: answer.statusCode, location: answer.headers.location, json: answer.json() };
  };
}

test.each(['/v1/reconciliations', '/v1/audit/replays'])('%s: started, read, listed', async (path) => {
  const ask = await openRoutes();
  const begun = await ask('POST', path);
  expect([begun.status, begun.json.status, begun.location]).toEqual([202, 'running', `${path}/${begun.json.id}`]);
  await expect.poll(async () => (await ask('GET', `${path}/${begun.json.id}`)).json.status).toBe('finished');
  const { json } = await ask('GET', `${path}/${begun.json.id}`);
  expect(json).toMatchObject({ result: 'differs', progress: null, problem: null });
  const list = await ask('GET', path);
  expect(list.json).toMatchObject({ items: [{ id: begun.json.id, result: 'differs' }], next_cursor: null });
  expect(list.json.items[0]).not.toHaveProperty('breaks');
});

test('a reconciliation shows its breaks and what they leave unexplained', async () => {
  const ask = await openRoutes();
  const { json: begun } = await ask('POST', '/v1/reconciliations');
  await expect.poll(async () => (await ask('GET', `/v1/reconciliations/${begun.id}`)).json).toMatchObject(report);
});

test('an Idempotency-Key sent again is answered with the same run', async () => {
  const ask = await openRoutes();
  const headers = { 'idempotency-key': 'monday' };
  const { json: first } = await ask('POST', '/v1/reconciliations', { headers });
  await expect.poll(async () => (await ask('GET', `/v1/reconciliations/${first.id}`)).json.status).toBe('finished');
  expect((await ask('POST', '/v1/reconciliations', { headers })).json).toMatchObject({
    id: first.id,
    status: 'finished',
  });
  expect((await ask('POST', '/v1/reconciliations')).json.id).not.toBe(first.id);
});

test('nobody but auditors and finance may run or read one, and what is not there is not found', async () => {
  const ask = await openRoutes();
  for (const path of ['/v1/reconciliations', '/v1/audit/replays']) {
    expect((await ask('POST', path, { key: keys.trafficker })).json).toMatchObject({ status: 403, code: 'FORBIDDEN' });
    expect((await ask('GET', `${path}/nothing`)).json).toMatchObject({ status: 404, code: 'NOT_FOUND' });
    expect((await ask('GET', `${path}?limit=0`)).json).toMatchObject({ status: 400, code: 'VALIDATION_FAILED' });
  }
});
