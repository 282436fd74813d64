import { cpSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { adtally, type Said } from '../adtally-command.ts';
import { keyOf, roleKeys } from '../console-world.ts';
import { freePort } from '../serve-process.ts';
import { Tampering } from '../tampering.ts';
import { makeTemporaryFolder } from '../temporary-folder.ts';
import { browser, end, eventually, type Running, runProgram } from './running-platform.ts';

const unknownSelection = '01900000-0000-7000-8000-000000000000';
/** The month of a selection for the advertiser of the demo. Its id begins with when it was made. */
function monthOf(selectionId: string): string {
  const selectedAt = Number.parseInt(selectionId.replaceAll('-', '').slice(0, 12), 16);
  return new Date(selectedAt).toLocaleDateString('sv', { timeZone: 'Europe/Berlin' }).slice(0, 7);
}

interface Finding {
  readonly level: string;
  readonly what: string;
  readonly detail: string;
  readonly advice: string | null;
}

describe('The commands', () => {
  const folder = makeTemporaryFolder();
  const dataDir = join(folder.path, 'data');
  let running: Running;
  let settings: Record<string, string>;
  let shown: { selection_id: string; advertiser_id: string; campaign_id: string };
  let month: string;

  beforeAll(async () => {
    const [servePort, consolePort] = [await freePort(), await freePort()];
    settings = { DATA_DIR: dataDir, SERVE_PORT: String(servePort), CONSOLE_PORT: String(consolePort) };
    running = runProgram('apps/start.ts', [], { ...settings, ADTALLY_KEYS: roleKeys, HOLD_MS: '500' });
    await running.until(/Ctrl-C stops it/);
    const [, placementId = ''] = await running.until(/"(pl_\w+)"/);
    const serveUrl = `http://127.0.0.1:${servePort}`;
    const { items } = await json<{ items: { campaign_id: string; name: string }[] }>(['catalog', 'list', 'campaigns']);
    const bicycles = items.find(({ name }) => name === 'Spring rides')?.campaign_id;
    // Others are shown until the budget of the bicycles has reached the node.
    const decision = await eventually(async () => {
      const answer = await fetch(`${serveUrl}/v1/decisions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'user-agent': browser },
        body: JSON.stringify({ slots: [{ id: 'top', placement_id: placementId }], tmax: 5_000 }),
      });
      const { decisions } = (await answer.json()) as {
        decisions: (typeof shown & { beacons: { impression: string } })[];
      };
      return decisions.find(({ campaign_id: id }) => id === bicycles) ?? null;
    });
    shown = decision;
    month = monthOf(shown.selection_id);
    await fetch(decision.beacons.impression, { headers: { 'user-agent': browser } });
    await eventually(async () =>
      (await ask(['ledger', 'explain', shown.selection_id])).out.includes('certify') ? true : null,
    );
  });

  afterAll(async () => {
    await end(running);
    folder.remove();
  });

  function ask(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Said> {
    return adtally(args, { ...settings, CONSOLE_KEY: keyOf.admin, ...env });
  }

  /** What it says if it goes well. */
  async function said(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
    const { code, out, err } = await ask(args, env);
    expect([code, err]).toEqual([0, '']);
    return out;
  }

  async function json<T>(args: readonly string[]): Promise<T> {
    return JSON.parse(await said([...args, '--json'])) as T;
  }

  /** What doctor found wrong, in a data directory as it stands. */
  async function doctor(env: Readonly<Record<string, string>>): Promise<{ code: number | null; wrong: Finding[] }> {
    const { code, out, err } = await ask(['doctor', '--json'], env);
    const { well, findings } = JSON.parse(out) as { well: boolean; findings: Finding[] };
    const wrong = findings.filter(({ level }) => level === 'wrong');
    expect([well, err.includes('Error')]).toEqual([wrong.length === 0, false]);
    return { code, wrong };
  }

  describe('catalog', () => {
    test('counts what there is of each kind', async () => {
      expect(await said(['catalog'])).toMatch(/^advertisers +2$/m);
      expect(await json(['catalog'])).toMatchObject({ advertisers: 2, 'line-items': 7, placements: 4 });
    });

    test('lists a kind and shows one of it', async () => {
      expect(await said(['catalog', 'list', 'campaigns'])).toMatch(new RegExp(`^${shown.campaign_id} +\\S`, 'm'));
      const { items } = await json<{ items: { campaign_id: string }[] }>(['catalog', 'list', 'campaigns']);
      expect(items.map(({ campaign_id }) => campaign_id)).toContain(shown.campaign_id);
      const one = JSON.parse(await said(['catalog', 'show', shown.campaign_id])) as unknown;
      expect(one).toEqual(items.find(({ campaign_id }) => campaign_id === shown.campaign_id));
    });

    test('publishes a file once, however often it is asked to', async () => {
      const file = join(folder.path, 'advertiser.json');
      writeFileSync(file, JSON.stringify({ name: 'Filed', currency: 'EUR', time_zone: 'UTC' }));
      const publish = ['catalog', 'publish', 'advertisers', file, '--once', 'filed'];
      const first = await said(publish);
      expect(JSON.parse(first)).toMatchObject({ name: 'Filed', revision: 1 });
      expect(await said(publish)).toBe(first);
      expect(await json(['catalog'])).toMatchObject({ advertisers: 3 });
    });
  });

  describe('report', () => {
    test('lists the named reports with their parameters', async () => {
      expect(await said(['report'])).toMatch(/^delivery\n {2}\S.*\n {4}from=-24h/m);
      const { items } = await json<{ items: { name: string }[] }>(['report']);
      expect(items.map(({ name }) => name)).toContain('truth_funnel');
    });

    test('shows what was delivered as text, JSON and CSV', async () => {
      const rowOf = `${shown.campaign_id} +pl_\\w+ +EUR +1 +1 +1 `;
      await eventually(async () => ((await said(['report', 'delivery'])).match(rowOf) ? true : null));
      const { rows } = await json<{ rows: object[] }>(['report', 'delivery', `campaign_id=${shown.campaign_id}`]);
      expect(rows).toMatchObject([{ campaign_id: shown.campaign_id, selections: 1, charged_micros: '4567' }]);
      const [header, ...lines] = (await said(['report', 'delivery', '--csv'])).split('\r\n');
      expect(header).toMatch(/^hour,campaign_id,/);
      expect(lines.filter((line) => line.includes(`,${shown.campaign_id},`))).toHaveLength(1);
    });

    test("answers an analyst's own query", async () => {
      expect(await said(['report', '--sql', 'SELECT 41 + 1 AS answer'])).toMatch(/^answer\n +42\n$/);
      const { rows } = await json<{ rows: object[] }>(['report', '--sql', 'SELECT 41 + 1 AS answer']);
      expect(rows).toEqual([{ answer: 42 }]);
    });
  });

  describe('ledger statement', () => {
    const statement = () => ['ledger', 'statement', shown.advertiser_id, month];

    test('shows the month of an advertiser as text, JSON and CSV', async () => {
      const text = await said(statement());
      expect(text).toMatch(
        new RegExp(`^Blue Bicycles \\(${shown.advertiser_id}\\), ${month} in Europe/Berlin: not final`),
      );
      expect(text).toMatch(new RegExp(`^line +EUR +${shown.campaign_id} +${month} +1 +-0\\.004567$`, 'm'));
      expect(await json(statement())).toMatchObject({
        advertiser_id: shown.advertiser_id,
        period: month,
        final: false,
      });
      const [header, ...rows] = (await said([...statement(), '--csv'])).trimEnd().split('\r\n');
      expect(header).toMatch(/^advertiser_id,period,final,section,/);
      expect(rows.map((row) => row.split(',')[3])).toEqual(['opening', 'line', 'closing']);
    });

    test('shows it as it was before anything was delivered', async () => {
      const before = await said([...statement(), '--as-of', '2020-01-01T00:00:00Z']);
      expect(before).toMatch(/^closing +EUR +0\.000000$/m);
    });

    test('says that a time has not come yet', async () => {
      const { code, err } = await ask([...statement(), '--as-of', '2100-01-01T00:00:00Z']);
      expect([code, err]).toEqual([2, expect.stringMatching(/^CUT_NOT_REACHED: .*2100-01-01/)]);
    });
  });

  describe('ledger explain', () => {
    test('tells the story of a selection with its records and its entries', async () => {
      const text = await said(['ledger', 'explain', shown.selection_id]);
      expect(text).toMatch(new RegExp(`^${shown.selection_id}: final\n  .*Its price was drawn`));
      expect(text).toMatch(/^ImpressionRendered +impression\/\d+\/\d+ /m);
      expect(text).toMatch(/^final +\d+ +certify +advertiser:unbilled +publisher:payable +0\.003197 +EUR$/m);
      const answer = await json<{ state: string; events: { name: string }[] }>([
        'ledger',
        'explain',
        shown.selection_id,
      ]);
      expect(answer.state).toBe('final');
      expect(answer.events.map(({ name }) => name)).toContain('SpendIncurred');
    });
  });

  test.each([
    [['catalog', '--key', 'nobody-knows-it'], 'UNAUTHORIZED'],
    [['catalog', 'show', 'adv_NEVER'], 'adv_NEVER'],
    [['catalog', 'publish', 'campaigns', 'package.json'], 'advertiser_id'],
    [['report', '--key', keyOf.auditor], 'FORBIDDEN'],
    [['report', 'gossip'], 'gossip'],
    [['report', 'delivery', 'frob=1'], 'frob'],
    [['report', 'delivery', 'from=yesterday'], '"yesterday"'],
    [['report', '--sql', 'DROP TABLE x'], 'SQL_REFUSED'],
    [['ledger', 'explain', unknownSelection], unknownSelection],
    [['ledger', 'statement', 'adv_NEVER', '2026-01'], 'adv_NEVER'],
  ])('%j is refused in one sentence that names %s', async (args, named) => {
    const { code, out, err } = await ask(args);
    expect([code, out]).toEqual([2, '']);
    // Of a query, its line with a mark below the place follows.
    expect(err).toMatch(/^(HTTP_FAILED|NOT_FOUND): [^{}\n]*\n([^{}\n]*\n *\^\n)?$/);
    expect(err).toContain(named);
  });

  describe('doctor', () => {
    test('finds nothing wrong with a platform that runs', async () => {
      const text = await said(['doctor']);
      expect(text).toMatch(/^✓ serve +ready at/m);
      expect(text).toMatch(/^✓ ledgers +\d+ entries in 8 streams, chains unbroken/m);
      expect(text).toMatch(/\nNothing is wrong\.\n$/);
      expect(await doctor({})).toEqual({ code: 0, wrong: [] });
    });

    test('names a setting that can’t be used, and what to do', async () => {
      const { code, out } = await ask(['doctor'], { SHARDS: 'many' });
      expect([code, out]).toEqual([
        1,
        expect.stringMatching(/^✗ settings .*SHARDS.*"many"\n +→ .*\n\nSee the lines marked ✗/m),
      ]);
      expect(await doctor({ SHARDS: '5' })).toMatchObject({
        code: 1,
        wrong: [{ what: 'event log', detail: expect.stringContaining('SHARDS_CHANGED') as string }],
      });
    });
  });

  describe('without a platform that runs', () => {
    let count = 0;

    beforeAll(async () => {
      running.child.kill('SIGTERM');
      if ((await running.ended) !== 0) throw new Error(running.output());
    });

    /** A copy of the data on which somebody may lay hands. */
    function copy(): string {
      count += 1;
      const path = join(folder.path, `copy-${count}`);
      cpSync(dataDir, path, { recursive: true });
      return path;
    }

    /** Adds a micro to every entry of one stream. */
    function changeAmounts(path: string): string {
      const tampering = new Tampering(path);
      const stream =
        [0, 1, 2, 3].map((shard) => `final-${shard}`).find((name) => tampering.entries(name).length > 0) ?? '';
      tampering.changeEntries(stream, (entry) => ({ ...entry, amount_micros: entry.amount_micros + 1 }));
      return stream;
    }

    test('ledger answers as it does with one', async () => {
      expect(await said(['ledger', 'explain', shown.selection_id])).toContain(': final\n');
      expect(await said(['ledger', 'statement', shown.advertiser_id, month])).toMatch(/^closing +EUR +-0\.004567$/m);
    });

    test('doctor finds nothing wrong with what it left', async () => {
      expect(await said(['doctor'])).toMatch(/^· processes +the platform does not run$/m);
    });

    test('doctor tries the engines where there is no data yet, and leaves none', async () => {
      const none = join(folder.path, 'none');
      expect(await said(['doctor'], { DATA_DIR: none })).toContain('there is no data yet');
      expect(existsSync(none)).toBe(false);
      expect(await ask(['ledger', 'explain', unknownSelection], { DATA_DIR: none })).toMatchObject({
        code: 2,
        err: expect.stringMatching(/^NOT_READY: there is no data in .*none/) as string,
      });
    });

    test('doctor names a port that is taken', async () => {
      const other = createServer();
      await new Promise<void>((settle) => other.listen(Number(settings['SERVE_PORT']), '127.0.0.1', settle));
      const found = await doctor({});
      await new Promise((settle) => other.close(settle));
      expect(found).toMatchObject({ code: 1, wrong: [{ what: 'SERVE_PORT', advice: expect.any(String) as string }] });
    });

    test.each([
      ['ledger/ledger.db', ['ledger store', 'ledgers']],
      ['index/ledger-index-1.db', ['ledger index', 'ledgers']],
      ['log/catalog.db', ['event log']],
      ['views/views.db', ['view store']],
      ['run/pids.json', ['processes']],
    ])('doctor names what can’t be read because %s is garbage, and looks at everything else', async (file, wrong) => {
      const damaged = copy();
      // Of a process that had to be killed, what it wrote last stands beside its file.
      for (const beside of ['-wal', '-shm']) rmSync(join(damaged, `${file}${beside}`), { force: true });
      writeFileSync(join(damaged, file), 'this was a file of ours once'.repeat(400));
      const found = await doctor({ DATA_DIR: damaged });
      expect([found.code, found.wrong.map(({ what }) => what)]).toEqual([1, wrong]);
      for (const { advice } of found.wrong) expect(advice).toMatch(/\w{4}/);
    });

    test('doctor says that DATA_DIR is no folder', async () => {
      const file = join(folder.path, 'file');
      writeFileSync(file, '');
      for (const path of [file, join(file, 'below')]) {
        const { code, wrong } = await doctor({ DATA_DIR: path });
        expect([code, wrong[0]?.what, wrong[0]?.detail]).toEqual([1, 'disk', expect.stringContaining(file)]);
      }
    });

    test('a ledger in which an amount was changed is found by doctor and by every question, with exit code 1', async () => {
      const forged = copy();
      const stream = changeAmounts(forged);
      rmSync(join(forged, 'index'), { recursive: true }); // entries are held against the chain as they are indexed
      const { code, wrong } = await doctor({ DATA_DIR: forged });
      expect([code, wrong.map(({ what }) => what)]).toEqual([1, ['ledgers']]);
      expect(wrong[0]?.detail).toContain(stream);
      for (const question of [
        ['explain', shown.selection_id],
        ['statement', shown.advertiser_id, month],
      ]) {
        const answer = await ask(['ledger', ...question, '--rebuild'], { DATA_DIR: forged });
        expect([answer.code, answer.err]).toEqual([1, expect.stringMatching(new RegExp(`^CHAIN_BROKEN: .*${stream}`))]);
      }
    });

    test('catalog and report say that no console answers', async () => {
      for (const command of ['catalog', 'report']) {
        const { code, out, err } = await ask([command]);
        expect([code, out, err]).toEqual([2, '', expect.stringMatching(/^NOT_READY: no console answers on http/)]);
      }
    });
  });
});
