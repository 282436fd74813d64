import { beforeAll, describe, expect, it } from 'vitest';
import {
  type Asking,
  ConsoleWorld,
  createSampleCatalog,
  keyOf,
  roleKeys,
  type SampleCatalog,
  sampleBodies,
  type TestConsole,
} from '../test/console-world.ts';

const scopedKey = 'other-advertiser-key-0123456789';
const otherAdvertiser = 'adv_OTHER';
const world = new ConsoleWorld();
let console: TestConsole;
let ids: SampleCatalog;

beforeAll(async () => {
  console = await world.open({ keys: `${roleKeys},trafficker:${otherAdvertiser}=${scopedKey}` });
  ids = await createSampleCatalog(console);
});

type Method = 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
interface Case {
  readonly name: string;
  readonly method: Method;
  readonly url: string | (() => string);
  readonly asking?: Asking | (() => Asking);
  readonly status: number;
  readonly code: string;
  readonly path?: string;
}

const advertisers = '/v1/advertisers';
const lineItems = '/v1/line-items';
const unknownUuid = '01900000-0000-7000-8000-000000000000';
const any = { 'if-match': '*' };

/** A case that creates an advertiser, with some of its fields changed. */
function advertiser(name: string, changes: object, path?: string, code = 'VALIDATION_FAILED'): Case {
  const body = { ...sampleBodies.advertiser, ...changes };
  return {
    name,
    method: 'POST',
    url: advertisers,
    asking: { body },
    status: 400,
    code,
    ...(path !== undefined && { path }),
  };
}

function campaign(name: string, changes: object, path: string, code = 'VALIDATION_FAILED'): Case {
  const asking = () => ({ body: { ...sampleBodies.campaign(ids.advertiser), ...changes } });
  return { name, method: 'POST', url: '/v1/campaigns', asking, status: 400, code, path };
}

function lineItem(name: string, changes: object, path: string): Case {
  const asking = () => ({ body: { ...sampleBodies.lineItem(ids.campaign), ...changes } });
  return { name, method: 'POST', url: lineItems, asking, status: 400, code: 'VALIDATION_FAILED', path };
}

function creative(name: string, changes: object, path: string): Case {
  const asking = () => ({ body: { ...sampleBodies.creative(ids.lineItem), ...changes } });
  return { name, method: 'POST', url: '/v1/creatives', asking, status: 400, code: 'VALIDATION_FAILED', path };
}

function raw(name: string, sent: string | Buffer, status = 400, code = 'BAD_JSON'): Case {
  return { name, method: 'POST', url: advertisers, asking: { raw: sent }, status, code };
}

function get(name: string, url: string, [status, code]: readonly [number, string]): Case {
  return { name, method: 'GET', url, status, code };
}

const deep = `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`;
const deepArray = `{"name":${'['.repeat(200_000)}${']'.repeat(200_000)}}`;
const adjustment = {
  selection_id: unknownUuid,
  action: 'REVERSE',
  amount_micros: '1',
  relied_certified_micros: '1',
  relied_reversed_micros: '0',
  reason: 'r',
};

const cases: readonly Case[] = [
  // bytes and JSON
  raw('no JSON', 'name=Acme'),
  raw('JSON cut off', '{"name":"Ac'),
  raw('an empty body', ''),
  raw('bad UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d])),
  raw('an overlong UTF-8 zero', Buffer.from([0x7b, 0x22, 0xc0, 0x80, 0x22, 0x3a, 0x31, 0x7d])),
  raw('half a character by escape', '{"name":"\\ud800","currency":"EUR","time_zone":"UTC"}'),
  raw('a prototype in the body', '{"__proto__":{"admin":true},"name":"a","currency":"EUR","time_zone":"UTC"}'),
  raw('a constructor in the body', '{"constructor":{"prototype":{}},"name":"a","currency":"EUR","time_zone":"UTC"}'),
  raw('NaN as a value', '{"name":NaN}'),
  raw('an array', '[]', 400, 'VALIDATION_FAILED'),
  raw('null', 'null', 400, 'VALIDATION_FAILED'),
  raw('a string', '"x"', 400, 'VALIDATION_FAILED'),
  raw('objects 100,000 deep', deep, 400, 'VALIDATION_FAILED'),
  raw('arrays 200,000 deep', deepArray, 400, 'VALIDATION_FAILED'),
  raw('a body of 2 MiB', JSON.stringify({ name: 'x'.repeat(2 * 1024 * 1024) }), 413, 'BODY_TOO_LARGE'),
  {
    name: 'a form',
    method: 'POST',
    url: advertisers,
    asking: { raw: 'name=a', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
    status: 415,
    code: 'UNSUPPORTED_MEDIA_TYPE',
  },
  // keys
  { name: 'no key', method: 'GET', url: advertisers, asking: { key: null }, status: 401, code: 'UNAUTHORIZED' },
  {
    name: 'an unknown key',
    method: 'GET',
    url: advertisers,
    asking: { key: 'x'.repeat(40) },
    status: 401,
    code: 'UNAUTHORIZED',
  },
  {
    name: 'a key as Basic',
    method: 'GET',
    url: advertisers,
    asking: { key: null, headers: { authorization: 'Basic YTpi' } },
    status: 401,
    code: 'UNAUTHORIZED',
  },
  {
    name: 'a role that may not',
    method: 'POST',
    url: advertisers,
    asking: { key: keyOf.analyst, body: sampleBodies.advertiser },
    status: 403,
    code: 'FORBIDDEN',
  },
  {
    name: 'a bound key on what is for all',
    method: 'GET',
    url: '/v1/publishers',
    asking: { key: scopedKey },
    status: 403,
    code: 'FORBIDDEN',
  },
  // fields
  advertiser('an unknown field', { nmae: 'x' }, 'nmae', 'UNKNOWN_FIELD'),
  advertiser('a number as a name', { name: 7 }, 'name'),
  advertiser('an empty name', { name: '' }, 'name'),
  advertiser('a name of 201 characters', { name: 'x'.repeat(201) }, 'name'),
  advertiser('a line break in a name', { name: 'a\nb' }, 'name'),
  advertiser('a zero byte in a name', { name: 'a\u0000b' }, 'name'),
  advertiser('a currency in lower case', { currency: 'eur' }, 'currency'),
  advertiser('a currency that does not exist', { currency: 'XYZ' }, 'currency'),
  advertiser('an unknown time zone', { time_zone: 'Mars/Olympus' }, 'time_zone'),
  advertiser('a fixed offset as a time zone', { time_zone: '+01:00' }, 'time_zone'),
  advertiser('a path as a time zone', { time_zone: '../../etc/passwd' }, 'time_zone'),
  advertiser('a URL as a domain', { domains: ['https://acme.example'] }, 'domains[0]'),
  advertiser('a domain twice', { domains: ['a.example', 'a.example'] }, 'domains[1]'),
  advertiser('an id of its own', { advertiser_id: 'adv_1' }, 'advertiser_id', 'UNKNOWN_FIELD'),
  advertiser('a missing name', { name: undefined }, 'name'),
  // money
  campaign('a number as money', { budget_total_micros: 5 }, 'budget_total_micros'),
  campaign('negative money', { budget_total_micros: '-5' }, 'budget_total_micros'),
  campaign('NaN as money', { budget_total_micros: 'NaN' }, 'budget_total_micros'),
  campaign('money with a fraction', { budget_total_micros: '1.5' }, 'budget_total_micros'),
  campaign('money in exponents', { budget_total_micros: '1e9' }, 'budget_total_micros'),
  campaign(
    'more money than fits',
    { budget_total_micros: '9000000000000001' },
    'budget_total_micros',
    'AMOUNT_OUT_OF_RANGE',
  ),
  campaign('no money at all', { budget_total_micros: '0' }, 'budget_total_micros'),
  campaign('a day dearer than the whole', { budget_daily_micros: '500000001' }, 'budget_daily_micros'),
  // times
  campaign(
    'a flight that ends before it starts',
    { flight: { starts_at: '2026-12-01T00:00:00Z', ends_at: '2026-11-01T00:00:00Z' } },
    'flight.ends_at',
  ),
  campaign(
    'a 31 February',
    { flight: { starts_at: '2026-02-31T00:00:00Z', ends_at: '2026-11-01T00:00:00Z' } },
    'flight.starts_at',
  ),
  campaign(
    'a time without an offset',
    { flight: { starts_at: '2026-02-01T00:00:00', ends_at: '2026-11-01T00:00:00Z' } },
    'flight.starts_at',
  ),
  campaign('an epoch number as a time', { flight: { starts_at: 1, ends_at: 2 } }, 'flight.starts_at'),
  // prices and targeting
  lineItem('a bid that is no price', { bid_micros: '999' }, 'bid_micros'),
  lineItem('a house ad with a bid', { pricing_model: 'NONE', bid_micros: '1000' }, 'bid_micros'),
  lineItem('an unknown pricing model', { pricing_model: 'CPA' }, 'pricing_model'),
  lineItem('priority 17', { priority: 17 }, 'priority'),
  lineItem('hour 168', { targeting: { hours: [168] } }, 'targeting.hours[0]'),
  lineItem('hours out of order', { targeting: { hours: [2, 1] } }, 'targeting.hours[1]'),
  lineItem(
    'a country in lower case',
    { targeting: { countries: { include: ['de'] } } },
    'targeting.countries.include[0]',
  ),
  lineItem(
    'a value both wanted and refused',
    { targeting: { languages: { include: ['de'], exclude: ['de'] } } },
    'targeting.languages.exclude[0]',
  ),
  lineItem(
    'a placement that does not exist',
    { targeting: { placements: { include: ['pl_NONE'] } } },
    'targeting.placements.include[0]',
  ),
  lineItem(
    'SQL as a segment',
    { targeting: { segments: { include: ["'; DROP TABLE x; --"] } } },
    'targeting.segments.include[0]',
  ),
  lineItem('a cap of zero', { frequency_cap: { impressions: 0, window_ms: 1000 } }, 'frequency_cap.impressions'),
  lineItem(
    'a flight outside the campaign',
    { flight: { starts_at: '2025-01-01T00:00:00Z', ends_at: '2026-11-23T00:00:00Z' } },
    'flight',
  ),
  creative('a script as a landing page', { landing_url: 'javascript:alert(1)' }, 'landing_url'),
  creative('a macro as a host', { landing_url: 'https://{click_id}/' }, 'landing_url'),
  creative('a user in a landing page', { landing_url: 'https://user@acme.example/' }, 'landing_url'),
  creative('an unknown macro in a landing page', { landing_url: 'https://acme.example/{price}' }, 'landing_url'),
  creative('a mistaken macro in the markup', { markup: '<a href="{click_uri}">x</a>' }, 'markup'),
  creative(
    'a line break in a tracker',
    { trackers: [{ event: 'impression', url: 'https://a.example/\r\nx: y' }] },
    'trackers[0].url',
  ),
  creative('a width without a height', { height: 0 }, 'height'),
  creative('a video without length', { format: 'video' }, 'duration_ms'),
  // references and ids
  {
    name: 'a parent that does not exist',
    method: 'POST',
    url: '/v1/campaigns',
    asking: { body: sampleBodies.campaign('adv_NONE') },
    status: 404,
    code: 'NOT_FOUND',
    path: 'advertiser_id',
  },
  {
    name: "somebody else's parent",
    method: 'POST',
    url: '/v1/campaigns',
    asking: () => ({ key: scopedKey, body: sampleBodies.campaign(ids.advertiser) }),
    status: 404,
    code: 'NOT_FOUND',
    path: 'advertiser_id',
  },
  {
    name: "somebody else's campaign",
    method: 'GET',
    url: () => `/v1/campaigns/${ids.campaign}`,
    asking: { key: scopedKey },
    status: 404,
    code: 'NOT_FOUND',
  },
  {
    name: "a change of somebody else's campaign",
    method: 'PATCH',
    url: () => `/v1/campaigns/${ids.campaign}`,
    asking: { key: scopedKey, body: { name: 'x' }, headers: any },
    status: 404,
    code: 'NOT_FOUND',
  },
  get('an unknown id', '/v1/campaigns/cmp_NONE', [404, 'NOT_FOUND']),
  get('an id of another kind', '/v1/campaigns/adv_1', [404, 'NOT_FOUND']),
  get('SQL as an id', `/v1/campaigns/${encodeURIComponent("1' OR '1'='1")}`, [404, 'NOT_FOUND']),
  get('a path as an id', '/v1/campaigns/..%2f..%2fetc%2fpasswd', [404, 'NOT_FOUND']),
  get('a prototype as an id', '/v1/campaigns/__proto__', [404, 'NOT_FOUND']),
  get('an id of 3000 characters', `/v1/campaigns/${'x'.repeat(3000)}`, [400, 'BAD_REQUEST']),
  get('an id of 1000 characters', `/v1/campaigns/${'x'.repeat(1000)}`, [400, 'VALIDATION_FAILED']),
  get('an escape that is none', '/v1/campaigns/%zz', [400, 'BAD_REQUEST']),
  get('a route that does not exist', '/v1/nothing', [404, 'NOT_FOUND']),
  {
    name: 'a method that does not exist',
    method: 'DELETE',
    url: () => `/v1/campaigns/${ids.campaign}`,
    status: 404,
    code: 'NOT_FOUND',
  },
  // lists
  get('a limit of 0', `${advertisers}?limit=0`, [400, 'VALIDATION_FAILED']),
  get('a limit of 501', `${advertisers}?limit=501`, [400, 'VALIDATION_FAILED']),
  get('a negative limit', `${advertisers}?limit=-1`, [400, 'VALIDATION_FAILED']),
  get('a made-up cursor', `${advertisers}?cursor=abc`, [400, 'VALIDATION_FAILED']),
  get('a parameter twice', `${advertisers}?limit=1&limit=2`, [400, 'VALIDATION_FAILED']),
  get('an unknown parameter', `${advertisers}?order=name`, [400, 'UNKNOWN_FIELD']),
  // changes
  {
    name: 'a change without If-Match',
    method: 'PATCH',
    url: () => `/v1/campaigns/${ids.campaign}`,
    asking: { body: { name: 'x' } },
    status: 428,
    code: 'PRECONDITION_REQUIRED',
  },
  {
    name: 'a change on an old revision',
    method: 'PATCH',
    url: () => `/v1/campaigns/${ids.campaign}`,
    asking: { body: { name: 'x' }, headers: { 'if-match': '"7"' } },
    status: 412,
    code: 'REVISION_CONFLICT',
  },
  {
    name: 'a weak If-Match',
    method: 'PATCH',
    url: () => `/v1/campaigns/${ids.campaign}`,
    asking: { body: { name: 'x' }, headers: { 'if-match': 'W/"1"' } },
    status: 400,
    code: 'VALIDATION_FAILED',
  },
  {
    name: 'a change of nothing',
    method: 'PATCH',
    url: () => `/v1/campaigns/${ids.campaign}`,
    asking: { body: {}, headers: any },
    status: 400,
    code: 'VALIDATION_FAILED',
  },
  {
    name: 'another currency',
    method: 'PATCH',
    url: () => `${advertisers}/${ids.advertiser}`,
    asking: { body: { currency: 'USD' }, headers: any },
    status: 400,
    code: 'UNKNOWN_FIELD',
    path: 'currency',
  },
  {
    name: 'an idempotency key with spaces',
    method: 'POST',
    url: advertisers,
    asking: { body: sampleBodies.advertiser, headers: { 'idempotency-key': 'a b' } },
    status: 400,
    code: 'VALIDATION_FAILED',
  },
  // finance, audit, privacy
  {
    name: 'a verdict on an unknown selection',
    method: 'POST',
    url: '/v1/quality/verdicts',
    asking: { body: { selection_id: unknownUuid, reason: 'r' } },
    status: 404,
    code: 'NOT_FOUND',
    path: 'selection_id',
  },
  {
    name: 'a verdict on what is no selection',
    method: 'POST',
    url: '/v1/quality/verdicts',
    asking: { body: { selection_id: 'x', reason: 'r' } },
    status: 404,
    code: 'NOT_FOUND',
  },
  {
    name: 'a verdict without a reason',
    method: 'POST',
    url: '/v1/quality/verdicts',
    asking: { body: { selection_id: unknownUuid } },
    status: 400,
    code: 'VALIDATION_FAILED',
    path: 'reason',
  },
  {
    name: 'a correction of an unknown selection',
    method: 'POST',
    url: '/v1/finance/adjustments',
    asking: { body: adjustment },
    status: 404,
    code: 'NOT_FOUND',
  },
  {
    name: 'a correction by a negative amount',
    method: 'POST',
    url: '/v1/finance/adjustments',
    asking: { body: { ...adjustment, amount_micros: '-1' } },
    status: 400,
    code: 'VALIDATION_FAILED',
    path: 'amount_micros',
  },
  {
    name: 'an unknown correction',
    method: 'POST',
    url: '/v1/finance/adjustments',
    asking: { body: { ...adjustment, action: 'CHARGE' } },
    status: 400,
    code: 'VALIDATION_FAILED',
    path: 'action',
  },
  {
    name: 'a close of a month that has not ended',
    method: 'POST',
    url: '/v1/finance/periods/close',
    asking: { body: { calendar: 0, period: '2026-11' } },
    status: 409,
    code: 'CUT_NOT_REACHED',
  },
  {
    name: 'a close of an unknown calendar',
    method: 'POST',
    url: '/v1/finance/periods/close',
    asking: { body: { calendar: 77, period: '2026-11' } },
    status: 409,
    code: 'STATE_CONFLICT',
  },
  {
    name: 'a close of a month 13',
    method: 'POST',
    url: '/v1/finance/periods/close',
    asking: { body: { calendar: 0, period: '2026-13' } },
    status: 400,
    code: 'VALIDATION_FAILED',
    path: 'period',
  },
  get('events of nothing', '/v1/audit/events', [400, 'VALIDATION_FAILED']),
  get('events of a topic and a selection', `/v1/audit/events?topic=spend&selection_id=${unknownUuid}`, [
    400,
    'VALIDATION_FAILED',
  ]),
  get('events of an unknown topic', '/v1/audit/events?topic=secrets', [400, 'VALIDATION_FAILED']),
  get('events of a shard that is not there', '/v1/audit/events?topic=spend&shard=3', [400, 'VALIDATION_FAILED']),
  get('events beyond the end', '/v1/audit/events?topic=catalog&from_offset=999999', [400, 'VALIDATION_FAILED']),
  get(
    'verdicts from a cursor beyond the end',
    `/v1/audit/verdicts?cursor=${Buffer.from('0.999999').toString('base64url')}`,
    [400, 'VALIDATION_FAILED'],
  ),
  {
    name: 'a person without an id',
    method: 'POST',
    url: '/v1/persons/forget',
    asking: { body: {} },
    status: 400,
    code: 'VALIDATION_FAILED',
    path: 'id',
  },
  {
    name: 'a person forgotten by a trafficker',
    method: 'POST',
    url: '/v1/persons/forget',
    asking: { key: keyOf.trafficker, body: { id: 'p' } },
    status: 403,
    code: 'FORBIDDEN',
  },
];

describe('Bad input on the console', () => {
  it.each(cases)('$name is answered $status $code', async ({ method, url, asking, status, code, path }) => {
    const answer = await console.ask(
      method,
      typeof url === 'string' ? url : url(),
      typeof asking === 'function' ? asking() : asking,
    );
    const type = answer.headers['content-type'];
    expect({ status: answer.status, code: answer.json.code, type, text: answer.text }).toMatchObject({
      status,
      code,
      type: 'application/problem+json',
    });
    if (path !== undefined) expect(answer.json.path).toBe(path);
    expect(answer.text).not.toMatch(/ at .*\.(ts|js):|node_modules|\/work\//);
    expect(answer.text.length).toBeLessThan(3_000);
  });

  it('changed nothing and was no fault of ours', async () => {
    expect((await world.records('catalog')).length).toBe(6);
    expect(await world.records('quarantine')).toEqual([]);
    expect(world.faults).toEqual([]);
  });

  it('stores SQL in a name as the text that it is', async () => {
    const name = "Robert'); DROP TABLE advertisers; -- <script>alert(1)</script>";
    const { json } = await console.ask('POST', advertisers, { body: { ...sampleBodies.advertiser, name } });
    expect((await console.ask('GET', `${advertisers}/${String(json['advertiser_id'])}`)).json['name']).toBe(name);
  });
});
