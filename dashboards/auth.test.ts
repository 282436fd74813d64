import { fastify } from 'fastify';
import { beforeEach, describe, expect, it } from 'vitest';
import { createSeededRandom } from '../adapters/simulated/random.ts';
import { createSimulatedDisk, type SimulatedDisk } from '../adapters/simulated/disk.ts';
import { ConsoleWorld, keyOf } from '../test/console-world.ts';
import { findPrincipal, parseKeys, requireKeys, roles } from './auth.ts';
import { openConsoleKeys } from './console-keys.ts';

describe('Keys of the setting', () => {
  it('name a role, an advertiser if they are bound to one, and a key', () => {
    const keys = parseKeys('admin=0123456789ab, finance:adv_1=abcdefghijkl=,');
    expect(findPrincipal(keys, '0123456789ab')).toMatchObject({ role: 'admin', advertiserId: null });
    expect(findPrincipal(keys, 'abcdefghijkl=')).toMatchObject({ role: 'finance', advertiserId: 'adv_1' });
    expect(findPrincipal(keys, '0123456789aB')).toBeNull();
    expect(findPrincipal(keys, '')).toBeNull();
  });

  it('name their holder by role and the start of a hash, never by the key', () => {
    const principal = findPrincipal(parseKeys('finance:adv_1=abcdefghijkl'), 'abcdefghijkl');
    expect(principal?.name).toMatch(/^finance:adv_1#[0-9a-f]{8}$/);
  });

  it.each([
    'root=0123456789ab',
    'admin',
    'admin=short',
    'finance:cmp_1=0123456789ab',
    'admin:adv_1=0123456789ab',
    '=0123456789ab',
    'finance=with space 123',
  ])('are refused as %s, without repeating the key', (setting) => {
    expect(() => parseKeys(setting)).toThrowError(expect.objectContaining({ code: 'BAD_SETTING' }));
    try {
      parseKeys(setting);
    } catch (error) {
      expect((error as Error).message).toMatch(/^ADTALLY_KEYS: number 1/);
      expect((error as Error).message).not.toContain('0123456789ab');
    }
  });
});

describe('Keys made at the first start', () => {
  let disk: SimulatedDisk;
  const open = (setting = '') =>
    openConsoleKeys({ disk, random: createSeededRandom('keys'), folder: '/secrets', setting });

  beforeEach(() => {
    disk = createSimulatedDisk({ random: createSeededRandom('disk') });
  });

  it('are one for each role, told once and kept as hashes only', async () => {
    const { keys, made } = await open();
    expect([...(made?.keys() ?? [])]).toEqual([...roles]);
    const stored = Buffer.from(await disk.read('/secrets/console-keys.json')).toString();
    for (const [role, key] of made ?? []) {
      expect(findPrincipal(keys, key)).toMatchObject({ role, advertiserId: null });
      expect(stored).not.toContain(key);
    }
    const again = await open();
    expect(again.made).toBeNull();
    expect(findPrincipal(again.keys, made?.get('auditor') ?? '')).toMatchObject({ role: 'auditor' });
  });

  it('are not made if the setting names some', async () => {
    const { keys, made } = await open('admin=0123456789ab');
    expect([made, keys.length]).toEqual([null, 1]);
    await expect(disk.list('/secrets')).rejects.toBeDefined();
  });

  it.each(['', '[]x', '{}', '[{"role":"root","advertiser_id":null,"sha256":"00"}]'])(
    'that are damaged on disk (%j) stop the start',
    async (content) => {
      await disk.makeFolder('/secrets');
      await disk.replace('/secrets/console-keys.json', Buffer.from(content));
      await expect(open()).rejects.toMatchObject({ code: 'UNREADABLE_RECORD' });
    },
  );
});

describe('Routes and roles', () => {
  it('let a role use its own routes and no others', async () => {
    const { ask } = await new ConsoleWorld().open();
    const routes = [
      '/v1/advertisers',
      '/v1/audit/events?topic=catalog',
      '/v1/audit/verdicts',
      '/v1/finance/calendars',
      '/v1/publishers',
    ];
    const seen: Record<string, number[]> = {};
    for (const role of roles) {
      const answers = await Promise.all(routes.map((route) => ask('GET', route, { key: keyOf[role] })));
      seen[role] = answers.map(({ status }) => status);
    }
    expect(seen).toEqual({
      admin: [200, 200, 200, 200, 200],
      trafficker: [200, 403, 403, 403, 200],
      finance: [200, 403, 200, 200, 200],
      analyst: [200, 403, 200, 403, 200],
      auditor: [200, 200, 200, 200, 200],
    });
  });

  it('end the start if a route does not say who may use it', async () => {
    const app = fastify();
    requireKeys(app, []);
    expect(() => app.get('/v1/secret', async () => 'x')).toThrow(/does not say who may use it/);
    await app.close();
  });

  it('say how to come in, in the answer to a request without a key', async () => {
    const { ask } = await new ConsoleWorld().open();
    const { headers } = await ask('GET', '/v1/campaigns', { key: null });
    expect(headers['www-authenticate']).toBe('Bearer realm="adtally"');
  });
});
