import { beforeEach, describe, expect, it } from 'vitest';
import { ConsoleWorld, createSampleCatalog, keyOf, sampleBodies, type TestConsole } from '../../test/console-world.ts';
import { applyCatalog, emptyCatalog } from '../../domain/catalog.ts';
import type { AnyRecord, BudgetSet, CampaignPublished } from '../../domain/records.ts';

let world: ConsoleWorld;
let console: TestConsole;
const any = { 'if-match': '*' };

beforeEach(async () => {
  world = new ConsoleWorld();
  console = await world.open();
});

async function createAdvertiser(headers: Record<string, string> = {}, body: object = sampleBodies.advertiser) {
  return console.ask('POST', '/v1/advertisers', { body, headers });
}

async function budgets(): Promise<BudgetSet[]> {
  const records = await world.records('pacing');
  return records.flatMap((record) => (record.name === 'BudgetSet' ? [record.value] : []));
}

describe('The catalogue on the console', () => {
  it('shows what it was given, with defaults, who, when and revision 1', async () => {
    const ids = await createSampleCatalog(console);
    const shown = (await console.ask('GET', `/v1/line-items/${ids.lineItem}`)).json;
    expect(shown).toMatchObject({
      line_item_id: ids.lineItem,
      campaign_id: ids.campaign,
      advertiser_id: ids.advertiser,
      bid_micros: '2500000',
      currency: 'EUR',
      priority: 8,
      flight: null,
      status: 'active',
      revision: 1,
      archived: false,
      changed_at: '2026-11-22T08:00:00.000Z',
    });
    expect(shown['targeting']).toMatchObject({
      countries: { include: ['DE', 'AT'], exclude: [] },
      os: { include: [] },
    });
    const campaign = (await console.ask('GET', `/v1/campaigns/${ids.campaign}`)).json;
    expect(campaign['flight']).toEqual({ starts_at: '2026-11-22T00:00:00.000Z', ends_at: '2026-12-21T23:00:00.000Z' });
  });

  it('can be rebuilt from the log alone, down to the same answers', async () => {
    const ids = await createSampleCatalog(console);
    await console.ask('PATCH', `/v1/campaigns/${ids.campaign}`, { body: { name: 'Winter' }, headers: any });
    const other = await world.open();
    for (const path of ['advertisers', 'campaigns', 'line-items', 'creatives', 'publishers', 'placements']) {
      const before = await console.ask('GET', `/v1/${path}?archived=any`);
      expect((await other.ask('GET', `/v1/${path}?archived=any`)).text).toBe(before.text);
    }
  });

  it('changes only what is given, on the revision that was read', async () => {
    const { campaign } = await createSampleCatalog(console);
    const { headers } = await console.ask('GET', `/v1/campaigns/${campaign}`);
    const changed = await console.ask('PATCH', `/v1/campaigns/${campaign}`, {
      body: { budget_daily_micros: null, status: 'paused' },
      headers: { 'if-match': String(headers['etag']) },
    });
    expect(changed).toMatchObject({ status: 200, headers: { etag: '"2"' } });
    expect(changed.json).toMatchObject({ name: 'Autumn', budget_daily_micros: null, status: 'paused', revision: 2 });
    const late = await console.ask('PATCH', `/v1/campaigns/${campaign}`, {
      body: { name: 'x' },
      headers: { 'if-match': '"1"' },
    });
    expect([late.status, late.json.code]).toEqual([412, 'REVISION_CONFLICT']);
  });

  it('lets the first of two consoles win a revision, and the other one know', async () => {
    const { campaign } = await createSampleCatalog(console);
    const other = await world.open();
    world.gathering.next('catalog', 2);
    const answers = await Promise.all(
      [console, other].map(({ ask }, index) =>
        ask('PATCH', `/v1/campaigns/${campaign}`, { body: { name: `from ${index}` }, headers: { 'if-match': '"1"' } }),
      ),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 412]));
    const winner = answers.find(({ status }) => status === 200)?.json['name'];
    for (const { ask } of [console, other])
      expect((await ask('GET', `/v1/campaigns/${campaign}`)).json).toMatchObject({ name: winner, revision: 2 });
  });

  it('merges changes of any revision from several consoles, losing none', async () => {
    const { campaign } = await createSampleCatalog(console);
    const other = await world.open();
    const bodies = [
      { name: 'new name' },
      { budget_total_micros: '700000000' },
      { pacing: 'asap' },
      { status: 'paused' },
    ];
    for (let round = 0; round < 2; round += 1) world.gathering.next('catalog', 2);
    const answers = await Promise.all(
      bodies.map((body, index) => {
        const { ask } = index % 2 === 0 ? console : other;
        return ask('PATCH', `/v1/campaigns/${campaign}`, { body, headers: any });
      }),
    );
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect((await console.ask('GET', `/v1/campaigns/${campaign}`)).json).toMatchObject(
      Object.assign({ revision: 5 }, ...bodies),
    );
  });

  it('archives for ever, and what belongs to it with it', async () => {
    const ids = await createSampleCatalog(console);
    const archived = await console.ask('PATCH', `/v1/campaigns/${ids.campaign}`, {
      body: { archived: true },
      headers: any,
    });
    expect(archived.json).toMatchObject({ archived: true, revision: 2 });
    const refused = [
      await console.ask('PATCH', `/v1/campaigns/${ids.campaign}`, { body: { name: 'x' }, headers: any }),
      await console.ask('PATCH', `/v1/line-items/${ids.lineItem}`, { body: { name: 'x' }, headers: any }),
      await console.ask('POST', '/v1/line-items', { body: sampleBodies.lineItem(ids.campaign) }),
    ];
    expect(refused.map(({ status, json }) => [status, json.code])).toEqual(refused.map(() => [409, 'STATE_CONFLICT']));
    expect((await console.ask('GET', '/v1/campaigns')).json.items).toHaveLength(0);
    expect((await console.ask('GET', '/v1/campaigns?archived=true')).json.items).toHaveLength(1);
  });

  it('can be paused even if something else has made it invalid since', async () => {
    const { campaign, lineItem } = await createSampleCatalog(console);
    const url = `/v1/line-items/${lineItem}`;
    const flight = { starts_at: '2026-12-01T00:00:00Z', ends_at: '2026-12-20T00:00:00Z' };
    await console.ask('PATCH', url, { body: { flight }, headers: any });
    const shorter = { starts_at: '2026-11-22T00:00:00Z', ends_at: '2026-12-10T00:00:00Z' };
    await console.ask('PATCH', `/v1/campaigns/${campaign}`, { body: { flight: shorter }, headers: any });
    expect((await console.ask('PATCH', url, { body: { status: 'paused' }, headers: any })).status).toBe(200);
    const stillOutside = { ...flight, starts_at: '2026-01-01T00:00:00Z' };
    expect((await console.ask('PATCH', url, { body: { bid_micros: '1' }, headers: any })).status).toBe(400);
    expect((await console.ask('PATCH', url, { body: { flight: stillOutside }, headers: any })).status).toBe(200);
  });

  it('every record of it holds, and carries the key that made it', async () => {
    await createSampleCatalog(console);
    const catalog = emptyCatalog();
    const records = await world.records('catalog');
    expect(records.map((record, offset) => applyCatalog(catalog, record, offset))).toEqual(records.map(() => true));
    for (const record of records)
      expect(changeOf(record)).toMatchObject({ changed_by: expect.stringMatching(/^admin#[0-9a-f]{8}$/) });
  });
});

function changeOf({ value }: AnyRecord): unknown {
  return 'change' in value ? value.change : null;
}

describe('An Idempotency-Key', () => {
  const key = { 'idempotency-key': 'first' };

  it('gives the same answer to the same body, whatever has happened since', async () => {
    const first = await createAdvertiser(key);
    const id = String(first.json['advertiser_id']);
    await console.ask('PATCH', `/v1/advertisers/${id}`, { body: { name: 'Other' }, headers: any });
    const reordered = Object.fromEntries(Object.entries(sampleBodies.advertiser).reverse());
    const again = await createAdvertiser(key, reordered);
    expect([again.status, again.text, again.headers['etag']]).toEqual([201, first.text, '"1"']);
    expect(again.headers['idempotent-replayed']).toBe('true');
    expect((await console.ask('GET', '/v1/advertisers')).json.items).toHaveLength(1);
  });

  it('is refused for another body, another route, and another change', async () => {
    const { json } = await createAdvertiser(key);
    const answers = [
      await createAdvertiser(key, { ...sampleBodies.advertiser, name: 'Other' }),
      await console.ask('POST', '/v1/publishers', { body: sampleBodies.publisher, headers: key }),
      await console.ask('PATCH', `/v1/advertisers/${String(json['advertiser_id'])}`, {
        body: { name: 'x' },
        headers: { ...key, ...any },
      }),
    ];
    expect(answers.map((answer) => [answer.status, answer.json.code])).toEqual(
      answers.map(() => [409, 'IDEMPOTENCY_CONFLICT']),
    );
  });

  it('is known to a console that started later, because the log holds it', async () => {
    const first = await createAdvertiser(key);
    const other = await world.open();
    const again = await other.ask('POST', '/v1/advertisers', { body: sampleBodies.advertiser, headers: key });
    expect([again.status, again.text]).toEqual([201, first.text]);
  });

  it('makes one entity of one request that two consoles take at the same time', async () => {
    const other = await world.open();
    const body = sampleBodies.advertiser;
    world.gathering.next('catalog', 2);
    const answers = await Promise.all(
      [console, other].map(({ ask }) => ask('POST', '/v1/advertisers', { body, headers: key })),
    );
    expect(answers.map(({ status }) => status)).toEqual([201, 201]);
    expect(answers[0]?.text).toBe(answers[1]?.text);
    expect((await console.ask('GET', '/v1/advertisers')).json.items).toHaveLength(1);
  });

  it('belongs to the key of the console that it came with', async () => {
    const mine = await console.ask('POST', '/v1/publishers', { body: sampleBodies.publisher, headers: key });
    const other = { ...sampleBodies.publisher, name: 'Weekly' };
    const theirs = await console.ask('POST', '/v1/publishers', { key: keyOf.trafficker, body: other, headers: key });
    expect([mine.status, theirs.status]).toEqual([201, 201]);
    expect(theirs.json['publisher_id']).not.toBe(mine.json['publisher_id']);
  });

  it('completes a creation whose acknowledgement was lost', async () => {
    world.log.failNextAppend(1);
    expect((await createAdvertiser(key)).status).toBe(503);
    expect((await createAdvertiser(key)).status).toBe(201);
    expect((await console.ask('GET', '/v1/advertisers')).json.items).toHaveLength(1);
  });

  it('works for changes too: sent again, it changes nothing', async () => {
    const { json } = await createAdvertiser();
    const asking = { body: { name: 'Other' }, headers: { ...key, 'if-match': '"1"' } };
    const url = `/v1/advertisers/${String(json['advertiser_id'])}`;
    const first = await console.ask('PATCH', url, asking);
    const again = await console.ask('PATCH', url, asking);
    expect([first.status, again.status, again.text]).toEqual([200, 200, first.text]);
    expect((await console.ask('GET', url)).json['revision']).toBe(2);
  });
});

describe('The budget of a campaign', () => {
  it('is set in pacing with every revision, by the shard of the campaign', async () => {
    const { campaign } = await createSampleCatalog(console);
    const url = `/v1/campaigns/${campaign}`;
    await console.ask('PATCH', url, {
      body: { budget_total_micros: '1000000', budget_daily_micros: null },
      headers: any,
    });
    await console.ask('PATCH', url, { body: { status: 'paused' }, headers: any });
    expect(await budgets()).toMatchObject([
      {
        campaign_id: campaign,
        revision: 1,
        total_micros: 500_000_000,
        daily_micros: 50_000_000,
        active: true,
        currency: 'EUR',
        time_zone: 'Europe/Berlin',
      },
      { campaign_id: campaign, revision: 2, total_micros: 1_000_000, daily_micros: null, active: true },
      { campaign_id: campaign, revision: 3, active: false },
    ]);
  });

  it('is written by the next console if the process ended between the two topics', async () => {
    const { campaign } = await createSampleCatalog(console);
    const record = (await world.records('catalog')).find(({ name }) => name === 'CampaignPublished')
      ?.value as CampaignPublished;
    const change = { ...record.change, revision: 2 };
    await world.append('catalog', 0, campaign, {
      name: 'CampaignPublished',
      value: { ...record, budget_total_micros: 77, change },
    });
    expect(await budgets()).toHaveLength(1);
    await world.open();
    expect(await budgets()).toMatchObject([{ revision: 1 }, { revision: 2, total_micros: 77 }]);
    await world.open();
    expect(await budgets()).toHaveLength(2);
  });

  it('is written by whoever publishes next if another console ended between the two topics', async () => {
    const { campaign, advertiser } = await createSampleCatalog(console);
    const record = (await world.records('catalog')).find(({ name }) => name === 'CampaignPublished')
      ?.value as CampaignPublished;
    const change = { ...record.change, revision: 2 };
    await world.append('catalog', 0, campaign, { name: 'CampaignPublished', value: { ...record, change } });
    await console.ask('POST', '/v1/campaigns', { body: sampleBodies.campaign(advertiser) });
    expect(
      (await budgets()).filter(({ campaign_id }) => campaign_id === campaign).map(({ revision }) => revision),
    ).toEqual([1, 2]);
  });

  it('is never set by a void record', async () => {
    const { campaign } = await createSampleCatalog(console);
    const record = (await world.records('catalog')).find(({ name }) => name === 'CampaignPublished')
      ?.value as CampaignPublished;
    await world.append('catalog', 0, campaign, {
      name: 'CampaignPublished',
      value: { ...record, budget_total_micros: 1 },
    });
    await world.open();
    expect((await budgets()).map(({ total_micros }) => total_micros)).toEqual([500_000_000]);
  });
});

describe('A key bound to one advertiser', () => {
  it('sees its own and nothing else, in lists, by id and through cursors', async () => {
    const mine = await createSampleCatalog(console);
    const theirs = await createSampleCatalog(console);
    const key = 'bound-to-one-0123456789';
    const bound = await world.open({ keys: `trafficker:${mine.advertiser}=${key},admin=${keyOf.admin}` });
    for (const [path, own, foreign] of [
      ['advertisers', mine.advertiser, theirs.advertiser],
      ['campaigns', mine.campaign, theirs.campaign],
      ['line-items', mine.lineItem, theirs.lineItem],
      ['creatives', mine.creative, theirs.creative],
    ] as const) {
      const list = await bound.ask('GET', `/v1/${path}?archived=any&limit=1`, { key });
      expect(list.json.items).toHaveLength(1);
      expect(list.json.next_cursor).toBeNull();
      expect(list.text).not.toContain(theirs.advertiser);
      const beyond = await bound.ask('GET', `/v1/${path}?cursor=${Buffer.from('1').toString('base64url')}`, { key });
      expect(beyond.json.items).toEqual([]);
      expect((await bound.ask('GET', `/v1/${path}/${own}`, { key })).status).toBe(200);
      const denied = await bound.ask('GET', `/v1/${path}/${foreign}`, { key });
      const missing = await bound.ask('GET', `/v1/${path}/${foreign.slice(0, -1)}x`, { key });
      expect([denied.status, missing.status]).toEqual([404, 404]);
      expect(denied.text.replaceAll(foreign, '')).toBe(missing.text.replaceAll(`${foreign.slice(0, -1)}x`, ''));
      const changed = await bound.ask('PATCH', `/v1/${path}/${foreign}`, {
        key,
        body: { status: 'paused' },
        headers: any,
      });
      expect(changed.status).toBe(404);
    }
    const asked = await bound.ask('GET', `/v1/campaigns?advertiser_id=${theirs.advertiser}`, { key });
    expect(asked.json.items).toEqual([]);
    const smuggled = await bound.ask('POST', '/v1/creatives', { key, body: sampleBodies.creative(theirs.lineItem) });
    expect([smuggled.status, smuggled.json.path]).toEqual([404, 'line_item_id']);
    expect((await bound.ask('POST', '/v1/advertisers', { key, body: sampleBodies.advertiser })).status).toBe(403);
    expect((await bound.ask('GET', '/v1/publishers', { key })).status).toBe(403);
    expect((await bound.ask('GET', '/v1/placements', { key })).status).toBe(200);
  });
});

describe('A list', () => {
  it('is walked page by page in the order of creation, also if something is archived on the way', async () => {
    const created: string[] = [];
    for (let index = 0; index < 7; index += 1) created.push(String((await createAdvertiser()).json['advertiser_id']));
    const walked: string[] = [];
    let cursor: string | null = null;
    do {
      const query: string = cursor === null ? '' : `&cursor=${cursor}`;
      const { json } = await console.ask('GET', `/v1/advertisers?limit=2${query}`);
      walked.push(...(json.items ?? []).map((item) => String(item['advertiser_id'])));
      cursor = json.next_cursor ?? null;
      if (walked.length === 2)
        await console.ask('PATCH', `/v1/advertisers/${created[0]}`, { body: { archived: true }, headers: any });
    } while (cursor !== null);
    expect(walked).toEqual(created);
  });

  it('can be narrowed by parent and status', async () => {
    const ids = await createSampleCatalog(console);
    await createSampleCatalog(console);
    await console.ask('PATCH', `/v1/line-items/${ids.lineItem}`, { body: { status: 'paused' }, headers: any });
    const count = async (query: string) => (await console.ask('GET', `/v1/line-items?${query}`)).json.items?.length;
    expect(await count('')).toBe(2);
    expect(await count(`campaign_id=${ids.campaign}`)).toBe(1);
    expect(await count(`advertiser_id=${ids.advertiser}`)).toBe(1);
    expect(await count('status=active')).toBe(1);
    expect(await count(`campaign_id=${ids.campaign}&status=active`)).toBe(0);
  });
});

describe('The console while the log is away', () => {
  it('says 503 and when to try again, and goes on when the log is back', async () => {
    world.log.setAvailable(false);
    const refused = await createAdvertiser();
    expect([refused.status, refused.json.code, refused.headers['retry-after']]).toEqual([503, 'LOG_UNAVAILABLE', '1']);
    world.log.setAvailable(true);
    expect((await createAdvertiser()).status).toBe(201);
    expect(world.faults).toEqual([]);
  });
});

describe('The documentation', () => {
  it('describes every route of the catalogue with its roles', async () => {
    const { paths } = (await console.ask('GET', '/openapi.json', { key: null })).json as unknown as {
      paths: Record<string, Record<string, { description: string }>>;
    };
    for (const path of ['advertisers', 'campaigns', 'line-items', 'creatives', 'publishers', 'placements']) {
      expect(Object.keys(paths[`/v1/${path}`] ?? {}).sort()).toEqual(['get', 'post']);
      expect(Object.keys(paths[`/v1/${path}/{id}`] ?? {}).sort()).toEqual(['get', 'patch']);
      expect(paths[`/v1/${path}`]?.['post']?.description).toContain('Roles: admin');
    }
  });
});
