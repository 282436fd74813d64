import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { createSystemClock } from '../../adapters/system/clock.ts';
import { readSettings } from '../../config/settings.ts';
import { kafkaEngine } from '../../scripts/engines/kafka.ts';
import { adtally } from '../../test/adtally-command.ts';
import { describeEngine, engineForTests } from '../../test/engines.ts';
import { forgets, keepsKeys, skipsRedis, startRedis } from '../../test/redis-server.ts';
import { makeTemporaryFolder } from '../../test/temporary-folder.ts';
import { openLog } from '../engines.ts';
import type { Finding } from './finding.ts';

const folder = makeTemporaryFolder();
afterAll(() => folder.remove());
const ports = { SERVE_PORT: '0', CONSOLE_PORT: '0' };

async function doctor(env: Readonly<Record<string, string>>): Promise<{ code: number | null; findings: Finding[] }> {
  const { code, out } = await adtally(['doctor', '--json'], { DATA_DIR: join(folder.path, 'none'), ...ports, ...env });
  return { code, findings: (JSON.parse(out) as { findings: Finding[] }).findings };
}

function of(findings: readonly Finding[], what: string): Finding {
  const found = findings.find((finding) => finding.what === what);
  if (found === undefined) throw new Error(`doctor said nothing of ${what}`);
  return found;
}

const nobody = '127.0.0.1:1';

describe('doctor', () => {
  test.concurrent.each([
    ['event log', 'LOG_URL', `kafka://${nobody}?replication=1`, 'LOG_UNAVAILABLE'],
    ['schemas', 'SCHEMA_REGISTRY_URL', `http://${nobody}`, 'SCHEMAS_UNAVAILABLE'],
    ['ledger store', 'LEDGER_URL', `esdb://${nobody}?tls=false`, 'LEDGER_UNAVAILABLE'],
    ['view store', 'VIEWS_URL', `redis://${nobody}`, 'VIEWS_UNAVAILABLE'],
    ['key store', 'KEYS_URL', `redis://user:secret@${nobody}`, 'KEYS_UNAVAILABLE'],
    ['warehouse', 'WAREHOUSE_URL', `http://user:secret@${nobody}/adtally`, 'WAREHOUSE_UNAVAILABLE'],
  ])(
    'says of a dead %s what is wrong and what it costs, looks at everything else, and gives no advice for folders',
    async (what, variable, url, code) => {
      const found = await doctor({ [variable]: url });
      const wrong = found.findings.filter(({ level }) => level === 'wrong');
      expect([found.code, wrong.map((finding) => finding.what)]).toEqual([1, [what]]);
      expect(wrong[0]?.detail).toContain(code);
      expect(wrong[0]?.advice).toMatch(new RegExp(`server of ${variable} up.* Meanwhile `));
      expect(wrong[0]?.advice).not.toMatch(/backup|folder|delete|npm ci/);
      expect(JSON.stringify(found)).not.toContain('secret');
    },
  );

  test('says that a Redis would lose keys of persons, and nothing of one that keeps them', async ({ skip }) => {
    if (skipsRedis) skip('there is no redis-server');
    const [losing, keeping] = [await startRedis(forgets), await startRedis(keepsKeys)];
    const lost = of((await doctor({ KEYS_URL: losing.url })).findings, 'key store');
    expect(lost).toMatchObject({ level: 'wrong', detail: expect.stringContaining('appendonly yes') as string });
    const kept = await doctor({ KEYS_URL: keeping.url, VIEWS_URL: losing.url });
    expect([kept.code, of(kept.findings, 'key store').detail]).toEqual([0, 'opens and answers']);
    await Promise.all([losing.end(), keeping.end()]);
  });
});

const kafka = await engineForTests(kafkaEngine);
describeEngine(kafkaEngine, kafka, (url) => {
  test('makes no topic where there is no log yet, and names what is wrong with one that is there', async () => {
    const env = {
      DATA_DIR: join(folder.path, 'data'),
      LOG_URL: url.replace('?', `/d${randomUUID().slice(0, 8)}?`),
      SHARDS: '2',
    };
    mkdirSync(env.DATA_DIR);
    for (let twice = 0; twice < 2; twice += 1) {
      const empty = await doctor(env);
      expect([empty.code, of(empty.findings, 'event log').level]).toEqual([0, 'note']);
    }
    await (await openLog(readSettings(env), createSystemClock())).close();
    const well = await doctor(env);
    expect([well.code, of(well.findings, 'event log').detail]).toEqual([0, 'opens; 0 records of spend']);
    expect(existsSync(join(env.DATA_DIR, 'log'))).toBe(false);

    const shards = of((await doctor({ ...env, SHARDS: '3' })).findings, 'event log');
    expect(shards).toMatchObject({ level: 'wrong', advice: expect.stringContaining('the topics have') as string });
    writeFileSync(join(env.DATA_DIR, 'schemas.json'), '{"schema/15":"777"}');
    const other = of((await doctor(env)).findings, 'event log');
    expect(other).toMatchObject({ level: 'wrong', detail: expect.stringMatching(/^OTHER_REGISTRY: .*777/) as string });
  });
});
