import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openEmbeddedEventLog } from '../../adapters/embedded/event-log.ts';
import { lockFolder } from '../../adapters/embedded/folder-lock.ts';
import { createSystemClock } from '../../adapters/system/clock.ts';
import { eventStoreDbDoubleEngine } from '../../scripts/engines/eventstoredb-double.ts';
import { kafkaEngine } from '../../scripts/engines/kafka.ts';
import { adtally } from '../../test/adtally-command.ts';
import { buildAuditData } from '../../test/audit-world.ts';
import { scriptShards } from '../../test/audit-script.ts';
import { describeEngine, engineForTests } from '../../test/engines.ts';
import { keepsKeys, type RedisServer, skipsRedis, startRedis } from '../../test/redis-server.ts';
import { type SchemaRegistryServer, startSchemaRegistry, whySkipRegistry } from '../../test/schema-registry-server.ts';
import { makeTemporaryFolder } from '../../test/temporary-folder.ts';
import { replayLedgers } from '../../streams/replay.ts';
import { openKeys, openLedger, openLog, openSchemas, openStates, topicShards } from '../engines.ts';
import { shardsOf } from './copied-log.ts';
import { readSource, readTarget } from './installation.ts';
import { type Migration, type MigrationOptions, migrate } from './migration.ts';

const clock = createSystemClock();
/** Nodes of the script that never said that they are drained. */
const lost = ['n1', 'n2', 'n3'];
const nobody = () => {};
const [kafka, double] = [await engineForTests(kafkaEngine), await engineForTests(eventStoreDbDoubleEngine)];
const noRegistry = await whySkipRegistry();

type Env = Readonly<Record<string, string>>;
type Read = Awaited<ReturnType<typeof readAll>>;

function run(from: Env, to: Env, options: Partial<MigrationOptions> = {}): Promise<Migration> {
  const source = readSource(from);
  return migrate({ source, target: readTarget(to, source), mode: 'copy', lost, clock, say: nobody, ...options });
}

async function withEngines<T>(
  env: Env,
  work: (engines: {
    log: Awaited<ReturnType<typeof openLog>>;
    ledger: Awaited<ReturnType<typeof openLedger>>;
    registry: Awaited<ReturnType<typeof openSchemas>>;
  }) => Promise<T>,
): Promise<T> {
  const { settings } = readTarget(env, readSource({ ...env, SHARDS: String(scriptShards) }));
  const [log, ledger, registry] = [
    await openLog(settings, clock),
    await openLedger(settings, clock),
    await openSchemas(settings, clock),
  ];
  try {
    return await work({ log, ledger, registry });
  } finally {
    await Promise.all([log.close(), ledger.close()]);
  }
}

/** Every record and every event, bytes in hex. */
function readAll(env: Env) {
  return withEngines(env, async ({ log, ledger }) => {
    const records = new Map<string, unknown[]>();
    for (const { topic, shard } of shardsOf(log)) {
      const { first, next } = await log.bounds(topic, shard);
      const read = await log.read(topic, shard, first, next - first);
      records.set(
        `${topic}/${shard}`,
        read.map(({ offset, key, value, appendedAt }) => [offset, key, Buffer.from(value).toString('hex'), appendedAt]),
      );
    }
    const events = new Map<string, unknown[]>();
    for (const stream of (await ledger.streams()).toSorted()) {
      const read = await ledger.readForwards(stream, 0, 10_000);
      events.set(
        stream,
        read.map(({ revision, id, type, data }) => [revision, id, type, Buffer.from(data).toString('hex')]),
      );
    }
    const commits = (await log.commits()).map((commit) => JSON.stringify(commit)).toSorted();
    return { records, events, commits };
  });
}

/** What an auditor's replay says: that the ledgers are the fold of the log, and their digest. */
async function audited(env: Env): Promise<string> {
  const { result, digest, replayed_digest } = await withEngines(env, (engines) =>
    replayLedgers({ ...engines, clock }, async () => {}),
  );
  expect([result, replayed_digest]).toEqual(['tallies', digest]);
  return digest;
}

const missing = noRegistry === null ? [double].find((engine) => 'missing' in engine) : { missing: noRegistry };
describeEngine(kafkaEngine, missing ?? kafka, (url) => {
  const folder = makeTemporaryFolder();
  const home: Env = { DATA_DIR: join(folder.path, 'data') };
  let redis: RedisServer | null = null;
  let registry: SchemaRegistryServer;
  let count = 0;
  let original: Read;
  let digest: string;

  /** Empty engines of a test's own. */
  function distributed(): Env {
    count += 1;
    const name = `m${randomUUID().slice(0, 8)}`;
    const ledgerUrl = 'url' in double ? double.url : '';
    return {
      DATA_DIR: join(folder.path, `distributed-${count}`),
      SHARDS: String(scriptShards),
      LOG_URL: url.replace('?', `/${name}?`),
      LEDGER_URL: `${ledgerUrl}&streamPrefix=${name}-`,
      SCHEMA_REGISTRY_URL: registry.url,
      ...(redis && { KEYS_URL: `${redis.url}/${count}` }),
    };
  }

  function embedded(): Env {
    count += 1;
    return { DATA_DIR: join(folder.path, `embedded-${count}`) };
  }

  beforeAll(async () => {
    registry = await startSchemaRegistry();
    await takeIds(registry.url, 60);
    redis = skipsRedis ? null : await startRedis(keepsKeys);
    await buildAuditData(home['DATA_DIR'] ?? '');
    const { settings } = readSource(home);
    const keys = await openKeys(settings, clock);
    for (let person = 0; person < 250; person += 1) await keys.putIfAbsent(`hash ${person}`, `key ${person}`);
    await keys.close();
    await withEngines(home, async ({ log }) => {
      await log.commit('traffic-quality', 'spend', 1, 7);
      await log.commit('ticker', 'nodes', 0, 3);
    });
    mkdirSync(join(settings.dataDir, 'secrets'));
    writeFileSync(join(settings.dataDir, 'secrets', 'token-keys.json'), '{"secret":1}');
    original = await readAll(home);
    digest = await audited(home);
  });

  afterAll(async () => {
    await redis?.end();
    await registry.end();
    folder.remove();
  });

  test('moves log, ledgers and keys to other engines and back, and nothing changes but the numbers of schemas meanwhile', async () => {
    const away = distributed();
    const there = await run(home, away);
    expect(there).toMatchObject({ result: 'tallies', ledgers: { digest, target_digest: digest, equal: true } });
    expect(there.log?.target_digest).toBe(there.log?.digest);
    expect(there.folders).toContain('secrets');
    if (redis) expect(there.keys).toMatchObject({ count: 250, target_count: 250, equal: true });

    expect(await audited(away)).toBe(digest);
    const moved = await readAll(away);
    const withoutData = (events: Read['events']) =>
      [...events].map(([stream, list]) => [stream, list.map((event) => (event as unknown[]).slice(0, 3))]);
    expect(withoutData(moved.events)).toEqual(withoutData(original.events));
    // Else this test shows nothing: the registry gives its own ids.
    expect(moved.events).not.toEqual(original.events);
    expect(moved.records).not.toEqual(original.records);
    expect(moved.commits).toEqual(original.commits);

    const back = embedded();
    expect(await run(away, back)).toMatchObject({ result: 'tallies', ledgers: { digest } });
    expect(await readAll(back)).toEqual(original);
    expect(await audited(back)).toBe(digest);
    const token = readFileSync(join(back['DATA_DIR'] ?? '', 'secrets', 'token-keys.json'), 'utf8');
    expect(token).toBe('{"secret":1}');
  });

  test('is what was there before when it is run again, and says so', async () => {
    const away = distributed();
    const first = await run(home, away);
    expect(await run(home, away)).toEqual(first);
    expect(await run(home, away, { mode: 'prove' })).toEqual({ ...first, folders: [] });
  });

  test('goes on where it was broken off, wherever that was, and copies nothing twice', async () => {
    const away = distributed();
    const sentences: string[] = [];
    let survived: Migration | null = null;
    for (let fuse = 1; survived === null; fuse += 4) {
      let left = fuse;
      const say = (sentence: string) => {
        sentences.push(sentence);
        left -= 1;
        if (left === 0) throw new Error('broken off');
      };
      survived = await run(home, away, { say }).catch((error: unknown) => {
        expect(error).toMatchObject({ message: 'broken off' });
        return null;
      });
    }
    expect(survived).toMatchObject({ result: 'tallies', ledgers: { digest, target_digest: digest } });
    for (const part of ['log: spend/0', 'ledgers: final-', 'proof: ']) {
      expect(sentences.some((sentence) => sentence.startsWith(part))).toBe(true);
    }
    expect((await readAll(away)).records.get('spend/0')).toHaveLength(original.records.get('spend/0')?.length ?? -1);
  });

  test('copies ahead of a platform that runs, and the rest once it stands', async () => {
    const [from, away] = [embedded(), distributed()];
    expect(await run(home, from)).toMatchObject({ result: 'tallies' });
    expect(await run(from, away, { mode: 'ahead' })).toMatchObject({
      result: 'ahead',
      ledgers: { digest, equal: true },
    });
    const tick = async () => {
      await withEngines(from, ({ log, registry }) =>
        log.append('spend', [
          { shard: 0, key: 'tick', value: registry.encode('TimeAdvanced', { advanced_to: 1, ticker: 't' }) },
        ]),
      );
    };
    await tick();
    expect(await run(from, away, { mode: 'prove' })).toMatchObject({ result: 'differs' });
    expect(await run(from, away)).toMatchObject({ result: 'tallies' });
    expect(await run(from, away, { mode: 'prove' })).toMatchObject({ result: 'tallies' });
  });

  test('keeps offsets where a topic has forgotten its beginning', async () => {
    const [from, away, back] = [embedded(), distributed(), embedded()];
    await run(home, from);
    const value = await withEngines(from, async ({ log, registry }) => {
      const seen = registry.encode('TimeAdvanced', { advanced_to: 5, ticker: 'h' });
      await log.beginAt('persons', 1, 12);
      await log.append('persons', [{ shard: 1, key: 'h', value: seen }]);
      return seen;
    });
    expect(await run(from, away)).toMatchObject({ result: 'tallies' });
    const bounds = await withEngines(away, ({ log }) => log.bounds('persons', 1));
    expect(bounds).toEqual({ first: 12, next: 13 });
    expect(await run(away, back)).toMatchObject({ result: 'tallies' });
    expect(await withEngines(back, ({ log }) => log.read('persons', 1, 12, 9))).toMatchObject([
      { value: Uint8Array.from(value), offset: 12 },
    ]);
  });

  test('keeps in an archive what the log has forgotten since, and goes on', async () => {
    const [from, archive] = [embedded(), embedded()];
    await run(home, from);
    expect(await run(from, archive, { mode: 'ahead' })).toMatchObject({ result: 'ahead' });
    const { next } = await withEngines(from, ({ log }) => log.bounds('selected', 0));
    await trim(join(from['DATA_DIR'] ?? '', 'log'), 'selected', next - 2);
    await withEngines(from, ({ log }) => log.append('selected', [{ shard: 0, key: 'k', value: Buffer.from('later') }]));
    const later = await run(from, archive, { mode: 'ahead' });
    expect(later.result).toBe('ahead');
    expect(later.log?.shards.find(({ topic, shard }) => topic === 'selected' && shard === 0)).toMatchObject({
      first: next - 2,
      next: next + 1,
      equal: true,
    });
    expect((await readAll(archive)).records.get('selected/0')?.slice(0, next)).toEqual(
      original.records.get('selected/0'),
    );
  });

  test('carries a record that nobody can read as it is, to where it means nothing either', async () => {
    const [from, away, back] = [embedded(), distributed(), embedded()];
    await run(home, from);
    const strange = [Buffer.from([0, 0, 0, 1, 99, 1, 2]), Buffer.from('no record'), Buffer.alloc(0)];
    await withEngines(from, ({ log }) =>
      log.append(
        'impression',
        strange.map((value, i) => ({ shard: 0, key: `strange ${i}`, value })),
      ),
    );
    expect(await run(from, away)).toMatchObject({ result: 'tallies' });
    expect(await run(away, back)).toMatchObject({ result: 'tallies' });
    expect(await readAll(back)).toEqual(await readAll(from));
  });

  test('drops the states of what writes views where views are moved, and keeps all others', async () => {
    const [from, back] = [embedded(), embedded()];
    await run(home, from);
    const states = await openStates(readSource(from).settings, clock, 'streams');
    const change = { position: '7', puts: [], deletes: [] };
    for (const fold of ['frequency/0', 'traffic-quality/0']) await states.commit(fold, change);
    await states.close();
    await run(from, back);
    const copied = await openStates(readSource(back).settings, clock, 'streams');
    expect([await copied.position('frequency/0'), await copied.position('traffic-quality/0')]).toEqual([null, '7']);
    await copied.close();
  });

  describe('refuses', () => {
    test('a source on which a platform runs', async () => {
      const from = embedded();
      await run(home, from);
      const lock = lockFolder(join(from['DATA_DIR'] ?? '', 'run'));
      await expect(run(from, distributed())).rejects.toMatchObject({ code: 'NOT_READY' });
      lock.release();
    });

    test('a source that grows, from wherever', async () => {
      const from = embedded();
      await run(home, from);
      await withEngines(from, async ({ log, registry }) => {
        const value = registry.encode('TimeAdvanced', { advanced_to: 1, ticker: 't' });
        const growing = setInterval(() => void log.append('spend', [{ shard: 1, key: 't', value }]), 200);
        await expect(run(from, distributed())).rejects.toMatchObject({
          code: 'NOT_READY',
          message: expect.stringContaining('spend/1') as string,
        });
        clearInterval(growing);
      });
    });

    test('to leave acknowledged beacons in a buffer', async () => {
      const from = embedded();
      await run(home, from);
      const buffer = join(from['DATA_DIR'] ?? '', 'buffer', 'node-1');
      mkdirSync(buffer, { recursive: true });
      writeFileSync(join(buffer, 'segment'), 'x');
      await expect(run(from, distributed())).rejects.toMatchObject({
        code: 'NOT_READY',
        message: expect.stringContaining(buffer) as string,
      });
      rmSync(buffer, { recursive: true });
      await expect(run(from, distributed(), { lost: [] })).rejects.toMatchObject({
        code: 'NOT_READY',
        message: expect.stringContaining('--lost') as string,
      });
    });

    test('a target that holds another log, or more than the source, and adds nothing to it', async () => {
      const away = distributed();
      await withEngines(away, ({ log, registry }) =>
        log.append('spend', [
          { shard: 0, key: 'other', value: registry.encode('TimeAdvanced', { advanced_to: 1, ticker: 't' }) },
        ]),
      );
      const before = await readAll(away);
      await expect(run(home, away)).rejects.toMatchObject({
        code: 'COPY_DIFFERS',
        message: expect.stringContaining('spend/0@0') as string,
      });
      expect(await readAll(away)).toEqual(before);
    });

    test('the log of one registry under another, at every start, and says what to do', async () => {
      const away = distributed();
      await run(home, away);
      const other = { ...away, SCHEMA_REGISTRY_URL: 'embedded', DATA_DIR: join(folder.path, 'other') };
      const refused = {
        code: 'OTHER_REGISTRY',
        message: expect.stringMatching(/schema \d+ .*adtally migrate/) as string,
      };
      await expect(withEngines(other, async () => {})).rejects.toMatchObject(refused);
      const wrong = { ...home, SCHEMA_REGISTRY_URL: away['SCHEMA_REGISTRY_URL'] ?? '' };
      await expect(withEngines(wrong, async () => {})).rejects.toMatchObject(refused);
      const streams = spawnProcess('apps/streams.ts', { ...wrong, SHARDS: String(scriptShards) });
      expect(await streams.ended).not.toBe(0);
      expect(streams.said()).toMatch(/OTHER_REGISTRY|another schema registry/);
    });
  });

  test('is a command: killed in the middle and run again it completes, with nothing twice', async () => {
    const from = embedded();
    await run(home, from);
    // Enough that it is still under way when it is killed.
    const perShard = 90_000;
    await withEngines(from, async ({ log, registry }) => {
      const mark = registry.encode('TimeAdvanced', { advanced_to: 5, ticker: 'x'.repeat(300) });
      for (let i = 0; i < perShard; i += 3_000) {
        const records = Array.from({ length: 3_000 }, (_, j) => ({ shard: 1, key: `${i + j}`, value: mark }));
        await log.append('engagement', records);
      }
    });
    const away = distributed();
    const settings = join(folder.path, 'target.env');
    writeFileSync(
      settings,
      Object.entries(away)
        .map(([name, value]) => `${name}="${value}"\n`)
        .join(''),
    );
    const args = ['migrate', '--to', settings, ...lost.flatMap((node) => ['--lost', node])];
    const copied = () => withEngines(away, async ({ log }) => (await log.bounds('engagement', 1)).next);
    await copied(); // makes the topics
    const killed = spawnProcess('apps/cli.ts', from, args);
    let at = 0;
    await withEngines(away, async ({ log }) => {
      while (at === 0) at = (await log.bounds('engagement', 1)).next;
    });
    killed.child.kill('SIGKILL');
    await killed.ended;
    at = await copied();
    expect(at).toBeGreaterThan(0);
    expect(at).toBeLessThan(perShard);

    const done = await adtally([...args, '--json'], from);
    expect([done.code, JSON.parse(done.out)]).toEqual([0, expect.objectContaining({ result: 'tallies' })]);
    expect(await copied()).toBeGreaterThanOrEqual(perShard);
    const said = await adtally([...args, '--prove'], from);
    expect([said.code, said.out]).toEqual([0, expect.stringMatching(/^✓ +spend\/0 +0\.\.\d+ /m)]);
    expect(said.out).toContain('Nothing changed.');
  });
});

/** Has shard 0 of a topic forget, as retention does. */
async function trim(logFolder: string, topic: 'selected', first: number): Promise<void> {
  const log = await openEmbeddedEventLog({ folder: logFolder, shards: topicShards(scriptShards), clock });
  await log.trim(topic, 0, first);
  await log.close();
}

/** Somebody else's schemas, so that ours get other ids than in the files of the build. */
async function takeIds(registryUrl: string, count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) {
    const schema = JSON.stringify({ type: 'record', name: `Strange${i}`, fields: [] });
    const answer = await fetch(`${registryUrl}/subjects/strange-${i}/versions`, {
      method: 'POST',
      headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
      body: JSON.stringify({ schema }),
    });
    expect(answer.status).toBe(200);
  }
}

/** A program of ours with these settings alone. */
function spawnProcess(file: string, env: Env, args: readonly string[] = []) {
  const path = fileURLToPath(new URL(`../../${file}`, import.meta.url));
  const child = spawn(process.execPath, [path, ...args], {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (said += text));
  const ended = new Promise<number | null>((settle) => child.once('close', settle));
  return { child, ended, said: () => said };
}
