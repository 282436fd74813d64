import { beforeEach, describe, expect, it } from 'vitest';
import {
  ConsoleWorld,
  createSampleCatalog,
  keyOf,
  type SampleCatalog,
  sampleBodies,
  type TestConsole,
} from '../../test/console-world.ts';
import { builtInPolicies } from '../../domain/deadline-policy.ts';
import type { RowVerdict } from './catalog-import.ts';
import { entities } from './entities.ts';

let world: ConsoleWorld;
let console: TestConsole;
let ids: SampleCatalog;

beforeEach(async () => {
  world = new ConsoleWorld();
  console = await world.open();
  ids = await createSampleCatalog(console);
});

type Row = Readonly<Record<string, unknown>>;

async function take(path: string, rows: readonly Row[], options: { dryRun?: boolean; key?: string; id?: string } = {}) {
  const { dryRun = false, key = keyOf.admin, id = 'file0001' } = options;
  const body = { import_id: id, first_row: 1, dry_run: dryRun, rows };
  const { status, json, text } = await console.ask('POST', `/v1/${path}/import`, { key, body });
  if (status !== 200) throw new Error(text);
  return json['rows'] as RowVerdict[];
}

const bidder = () => ({
  line_item_id: ids.lineItem,
  name: 'Outside',
  endpoint: 'https://bidder.example/bid',
  seat: '',
});
const deadlinePolicy = { name: 'Patient', tier: 'remnant', shares: builtInPolicies.remnant.shares };

async function make(path: string, body: object): Promise<void> {
  const { status, text } = await console.ask('POST', path, { body });
  if (status !== 201) throw new Error(text);
}

const verdicts = (rows: readonly RowVerdict[]) => rows.map(({ verdict }) => verdict);
const records = async () => (await world.records('catalog')).length;
const list = async (path: string) =>
  (await console.ask('GET', `/v1/${path}?archived=any&limit=500`)).json.items as readonly Row[];

describe('An import', () => {
  it.each(entities.map(({ path }) => path))('of an export of %s changes nothing', async (path) => {
    if (path === 'bidders') await make('/v1/bidders', bidder());
    if (path === 'deadline-policies') await make('/v1/deadline-policies', deadlinePolicy);
    const before = await records();
    const exported = await list(path);
    expect(exported).toHaveLength(1);
    expect(verdicts(await take(path, exported, { dryRun: true }))).toEqual(['same']);
    expect(verdicts(await take(path, exported))).toEqual(['same']);
    expect(await records()).toBe(before);
  });

  it('says in a dry run what would become of each row, and writes nothing', async () => {
    const before = await records();
    const [campaign = {}] = await list('campaigns');
    const { advertiser_id } = campaign;
    const rows = [
      campaign,
      { ...campaign, name: 'Winter', budget_daily_micros: '1000000' },
      sampleBodies.campaign(String(advertiser_id)),
      { ...campaign, budget_total_micros: '0' },
      { ...campaign, pacing: 'never' },
      { ...campaign, colour: 'red' },
      { ...campaign, campaign_id: 'cmp_NOBODY' },
      { ...campaign, advertiser_id: 'adv_OTHER' },
      { ...campaign, name: 'x', revision: 7 },
    ];
    const judged = await take('campaigns', rows, { dryRun: true });
    expect(judged.map(({ row, verdict, fields, code, path }) => [row, verdict, fields, code, path])).toEqual([
      [1, 'same', [], null, null],
      [2, 'changed', ['name', 'budget_daily_micros'], null, null],
      [3, 'new', ['advertiser_id', 'name', 'budget_total_micros', 'budget_daily_micros', 'flight'], null, null],
      [4, 'refused', [], 'VALIDATION_FAILED', 'budget_total_micros'],
      [5, 'refused', [], 'VALIDATION_FAILED', 'pacing'],
      [6, 'refused', [], 'UNKNOWN_FIELD', 'colour'],
      [7, 'refused', [], 'NOT_FOUND', null],
      [8, 'refused', [], 'VALIDATION_FAILED', 'advertiser_id'],
      [9, 'refused', [], 'REVISION_CONFLICT', null],
    ]);
    expect(await records()).toBe(before);
  });

  it('does what its dry run said; the same file again changes nothing more', async () => {
    const [campaign = {}] = await list('campaigns');
    const rows = [
      { ...campaign, name: 'Winter', revision: null },
      sampleBodies.campaign(ids.advertiser),
      { name: 'x' },
    ];
    const judged = await take('campaigns', rows, { dryRun: true });
    expect(verdicts(judged)).toEqual(['changed', 'new', 'refused']);
    const done = await take('campaigns', rows);
    expect(verdicts(done)).toEqual(verdicts(judged));
    const created = (await list('campaigns')).find(({ campaign_id }) => campaign_id === done[1]?.id);
    expect(created).toMatchObject({ name: 'Autumn', revision: 1 });
    const before = await records();
    expect(verdicts(await take('campaigns', rows))).toEqual(['same', 'same', 'refused']);
    expect(await records()).toBe(before);
    expect(verdicts(await take('campaigns', rows, { id: 'file0002', dryRun: true }))).toEqual([
      'same',
      'new',
      'refused',
    ]);
  });

  it('takes a time with another offset and a targeting without its empty lists for what they are', async () => {
    const [campaign = {}] = await list('campaigns');
    const [item = {}] = await list('line-items');
    const { flight, targeting, name } = sampleBodies.lineItem('') as Row;
    expect([flight, name]).toEqual([undefined, 'Phones']);
    const otherZone = { starts_at: '2026-11-22T01:00:00+01:00', ends_at: '2026-12-21T23:00:00Z' };
    expect(verdicts(await take('campaigns', [{ ...campaign, flight: otherZone }]))).toEqual(['same']);
    expect(verdicts(await take('line-items', [{ ...item, targeting }]))).toEqual(['same']);
  });

  it('archives what the file says is archived, and never brings it back', async () => {
    const [campaign = {}] = await list('campaigns');
    const [judged] = await take('campaigns', [{ ...campaign, archived: true }]);
    expect(judged).toMatchObject({ verdict: 'changed', fields: ['archived'] });
    const [archived = {}] = await list('campaigns');
    expect(archived).toMatchObject({ archived: true, revision: 2 });
    const after = await take('campaigns', [archived, { ...archived, archived: false }, { ...archived, name: 'x' }]);
    expect(after.map(({ verdict, code }) => [verdict, code])).toEqual([
      ['same', null],
      ['refused', 'STATE_CONFLICT'],
      ['refused', 'STATE_CONFLICT'],
    ]);
  });

  it('lets a key do what it may do by the routes of single entities, and no more', async () => {
    const bound = await world.open({ keys: `trafficker:${ids.advertiser}=bound-key-0123456789,admin=${keyOf.admin}` });
    const other = await console.ask('POST', '/v1/advertisers', { body: { ...sampleBodies.advertiser, name: 'Other' } });
    const foreign = await console.ask('POST', '/v1/campaigns', {
      body: sampleBodies.campaign(String(other.json['advertiser_id'])),
    });
    const body = (rows: readonly Row[]) => ({ import_id: 'file0001', first_row: 1, dry_run: false, rows });
    const key = 'bound-key-0123456789';
    const taken = await bound.ask('POST', '/v1/campaigns/import', {
      key,
      body: body([
        { campaign_id: foreign.json['campaign_id'], name: 'Mine' },
        { campaign_id: ids.campaign, name: 'Mine' },
      ]),
    });
    expect((taken.json['rows'] as RowVerdict[]).map(({ verdict, code }) => [verdict, code])).toEqual([
      ['refused', 'NOT_FOUND'],
      ['changed', null],
    ]);
    const made = await bound.ask('POST', '/v1/advertisers/import', { key, body: body([sampleBodies.advertiser]) });
    expect((made.json['rows'] as RowVerdict[])[0]).toMatchObject({ verdict: 'refused', code: 'FORBIDDEN' });
    expect((await console.ask('POST', '/v1/campaigns/import', { key: keyOf.finance, body: body([]) })).status).toBe(
      403,
    );
  });
});

describe('The history of an entity', () => {
  it('has every revision, newest first, with who and when, page by page', async () => {
    for (const name of ['a', 'b', 'c']) {
      await console.ask('PATCH', `/v1/campaigns/${ids.campaign}`, { body: { name }, headers: { 'if-match': '*' } });
    }
    const url = `/v1/campaigns/${ids.campaign}/revisions`;
    const { items = [], next_cursor } = (await console.ask('GET', url)).json;
    expect(items.map(({ revision, name }) => [revision, name])).toEqual([
      [4, 'c'],
      [3, 'b'],
      [2, 'a'],
      [1, 'Autumn'],
    ]);
    expect(items[0]).toMatchObject({ changed_by: expect.stringMatching(/^admin#/), changed_at: expect.any(String) });
    expect(next_cursor).toBeNull();
    const first = (await console.ask('GET', `${url}?limit=3`)).json;
    const rest = (await console.ask('GET', `${url}?limit=3&cursor=${String(first.next_cursor)}`)).json;
    expect([...(first.items ?? []), ...(rest.items ?? [])]).toEqual(items);
    expect(rest.next_cursor).toBeNull();
  });

  it('is the same in a console that started later, and nobody else’s business', async () => {
    const url = `/v1/campaigns/${ids.campaign}/revisions`;
    const later = await world.open({ keys: `admin=${keyOf.admin},trafficker:adv_OTHER=other-key-0123456789` });
    expect((await later.ask('GET', url)).text).toBe((await console.ask('GET', url)).text);
    expect((await later.ask('GET', url, { key: 'other-key-0123456789' })).status).toBe(404);
  });
});

describe('A list of the catalogue', () => {
  it('is searched by name and id, and says how many there are on all pages', async () => {
    for (let index = 0; index < 12; index += 1) {
      const body = {
        ...sampleBodies.lineItem(ids.campaign),
        name: index % 3 === 0 ? `Tablets ${index}` : `Item ${index}`,
      };
      await console.ask('POST', '/v1/line-items', { body });
    }
    const page = (await console.ask('GET', '/v1/line-items?search=TABLET&limit=3')).json;
    expect([page['total'], page.items?.length]).toEqual([4, 3]);
    const rest = (await console.ask('GET', `/v1/line-items?search=TABLET&limit=3&cursor=${String(page.next_cursor)}`))
      .json;
    expect([rest['total'], rest.items?.map(({ name }) => name), rest.next_cursor]).toEqual([4, ['Tablets 9'], null]);
    expect((await console.ask('GET', `/v1/line-items?search=${ids.lineItem}`)).json['total']).toBe(1);
    expect((await console.ask('GET', '/v1/line-items?search=nothing')).json).toMatchObject({ total: 0, items: [] });
  });
});

describe('The kinds of the catalogue', () => {
  it('come with the schemas by which bodies are judged, and with what the key may do', async () => {
    const kindsOf = async (key: string) =>
      (await console.ask('GET', '/v1/catalogue/kinds', { key })).json.items as readonly {
        path: string;
        may_create: boolean;
        may_change: boolean;
        creation: { properties: Row; required: readonly string[] };
      }[];
    const all = await kindsOf(keyOf.admin);
    expect(all.map(({ path }) => path)).toEqual([
      'advertisers',
      'campaigns',
      'line-items',
      'creatives',
      'publishers',
      'placements',
      'deadline-policies',
      'bidders',
    ]);
    expect(all.find(({ path }) => path === 'bidders')?.creation.required).toEqual(['line_item_id', 'name', 'endpoint']);
    expect((await kindsOf(keyOf.auditor)).some(({ may_create, may_change }) => may_create || may_change)).toBe(false);
    const trafficker = Object.fromEntries((await kindsOf(keyOf.trafficker)).map((kind) => [kind.path, kind]));
    expect(trafficker['advertisers']).toMatchObject({ may_create: false, may_change: true });
    expect(trafficker['campaigns']).toMatchObject({ may_create: true, may_change: true });
  });
});

describe('What an entity is refused for', () => {
  it('is told fault by fault, each at its place', async () => {
    const body = { ...sampleBodies.campaign(ids.advertiser), budget_total_micros: '0', budget_daily_micros: '0' };
    const { json } = await console.ask('POST', '/v1/campaigns', { body });
    expect(json).toMatchObject({
      code: 'VALIDATION_FAILED',
      path: 'budget_total_micros',
      faults: [{ path: 'budget_total_micros' }, { path: 'budget_daily_micros' }],
    });
  });
});
