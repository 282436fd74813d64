import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { adtally } from '../test/adtally-command.ts';
import { makeTemporaryFolder } from '../test/temporary-folder.ts';

const selection = '01900000-0000-7000-8000-000000000000';

describe('adtally', () => {
  const folder = makeTemporaryFolder();
  // No data, and a console that nobody listens for: what is wrong with the arguments must be said before either is missed.
  const env = { DATA_DIR: join(folder.path, 'none'), CONSOLE_PORT: '1', CONSOLE_KEY: 'a-key-0123456789' };

  afterAll(() => folder.remove());

  test.concurrent.each([
    [['frob'], '"frob"'],
    [['constructor'], '"constructor"'],
    [['ledger', 'frob'], '"frob"'],
    [['ledger', 'constructor'], '"constructor"'],
    [['ledger', 'statement'], 'ADVERTISER'],
    [['ledger', 'statement', 'cmp_1', '2026-11'], '"cmp_1"'],
    [['ledger', 'statement', 'adv_1'], 'YYYY-MM'],
    [['ledger', 'statement', 'adv_1', '2026-13'], '"2026-13"'],
    [['ledger', 'statement', 'adv_1', '2026-11', 'extra'], '"extra"'],
    [['ledger', 'statement', 'adv_1', '2026-11', '--kind', 'draw'], '--kind'],
    [['ledger', 'statement', 'adv_1', '2026-11', '--as-of', 'tomorrow'], '"tomorrow"'],
    [['ledger', 'statement', 'adv_1', '2026-11', '--as-of-position', '5'], '"5"'],
    [['ledger', 'explain'], 'SELECTION'],
    [['ledger', 'explain', 'that-one'], '"that-one"'],
    [['ledger', 'explain', selection, 'extra'], '"extra"'],
    [['ledger', 'explain', selection, '--csv'], '--csv'],
    [['ledger', 'explain', selection, '--frob'], '--frob'],
    [['ledger', 'balances', '--truth', 'maybe'], '"maybe"'],
    [['ledger', 'balances', '--advertiser', 'acme'], '--advertiser'],
    [['ledger', 'entries', '--account', 'cash'], '"cash"'],
    [['ledger', 'entries', '--kind', 'gift'], '"gift"'],
    [['ledger', 'entries', '--service-period', 'may'], '--service-period'],
    [['ledger', 'entries', '--limit', '0'], '--limit'],
    [['ledger', 'entries', '--limit'], '--limit'],
    [['catalog', 'frob'], '"frob"'],
    [['catalog', 'list'], 'KIND'],
    [['catalog', 'list', 'things'], '"things"'],
    [['catalog', 'list', 'campaigns', 'extra'], '"extra"'],
    [['catalog', 'list', 'campaigns', '--once', 'x'], '--once'],
    [['catalog', 'show', 'constructor'], '"constructor"'],
    [['catalog', 'publish', 'advertisers'], 'FILE'],
    [['catalog', 'publish', 'advertisers', '/none.json'], '/none.json'],
    [['catalog', 'publish', 'advertisers', 'README.md'], 'README.md'],
    [['catalog', '--frob'], '--frob'],
    [['report', 'delivery', 'from'], '"from"'],
    [['report', 'delivery', '--sql', 'SELECT 1'], '"delivery"'],
    [['report', '--csv'], '--csv'],
    [['report', 'delivery', '--csv', '--json'], '--csv'],
    [['report', '--console'], '--console'],
    [['doctor', 'everything'], 'everything'],
    [['doctor', '--frob'], '--frob'],
    [['start', '--frob'], '--frob'],
    [['serve', 'quickly'], 'quickly'],
    [['reconcile', '--frob'], '--frob'],
    [['replay', '--frob'], '--frob'],
    [['demo', '--frob'], '--frob'],
    [['rotate-keys', 'now'], 'now'],
    [['rotate-keys'], 'secrets'],
    [['migrate'], '--to'],
    [['migrate', '--frob'], '--frob'],
    [['migrate', '--to', 'LOG_URL=pigeon'], 'none'],
    [['migrate', '--to', 'none.env'], '"none.env"'],
    [['migrate', '--ahead', '--prove', '--to', 'SHARDS=2'], '--ahead'],
  ])('%j could not run: exit 2, and the argument %s is named', async (args, named) => {
    const { code, out, err } = await adtally(args, env);
    expect([code, out]).toEqual([2, '']);
    expect(err.split('\n', 1)[0]).toContain(named);
  });

  test.concurrent.each(['ledger', 'catalog', 'report'])(
    '%s says at once that there is nothing to ask',
    async (command) => {
      const args = command === 'ledger' ? ['ledger', 'explain', selection] : [command];
      const { code, out, err } = await adtally(args, env);
      expect([code, out]).toEqual([2, '']);
      expect(err).toMatch(/^NOT_READY: (there is no data in .*none|no console answers on http:\/\/127\.0\.0\.1:1): /);
    },
  );

  test('report and catalog say that a key is missing', async () => {
    for (const command of ['report', 'catalog']) {
      const { code, err } = await adtally([command], { ...env, CONSOLE_KEY: '' });
      expect([code, err]).toEqual([2, expect.stringMatching(/^BAD_SETTING: .*--key or CONSOLE_KEY/)]);
    }
  });

  test('a setting that can’t be used is named by every command', async () => {
    for (const args of [['ledger', 'explain', selection], ['catalog'], ['report']]) {
      const { code, err } = await adtally(args, { ...env, SHARDS: 'many' });
      expect([code, err]).toEqual([2, expect.stringMatching(/^BAD_SETTING: SHARDS .*"many"/)]);
    }
  });

  test.concurrent.each(['ledger', 'catalog', 'report', 'doctor', 'start', 'serve'])(
    '%s --help says how it is used',
    async (name) => {
      const { code, out, err } = await adtally([name, '--help'], env);
      expect([code, err]).toEqual([0, '']);
      expect(out).toMatch(new RegExp(`^adtally ${name}`));
    },
  );

  test('rotate-keys makes a key beside those there are', async () => {
    const secrets = join(folder.path, 'keyed', 'secrets');
    mkdirSync(secrets, { recursive: true });
    const keyed = { ...env, DATA_DIR: join(folder.path, 'keyed') };
    for (const older of [1, 2]) {
      const { code, out } = await adtally(['rotate-keys'], keyed);
      expect([code, out]).toEqual([
        0,
        expect.stringMatching(new RegExp(`^key \\w+ signs within 30 s; ${older} older`)),
      ]);
      expect(readdirSync(secrets)).toHaveLength(older + 1);
    }
  });

  test('alone says what there is, on the standard error, and with --help on the standard output', async () => {
    expect(await adtally([], env)).toMatchObject({ code: 2, err: expect.stringMatching(/^ {2}doctor /m) as string });
    expect(await adtally(['--help'], env)).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^ {2}doctor /m) as string,
    });
  });
});
