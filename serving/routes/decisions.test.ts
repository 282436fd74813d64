import { fastify, type FastifyInstance } from 'fastify';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { builtInPolicies, skippable } from '../../domain/deadline-policy.ts';
import type { AdSelected, AnyRecord, MarkupReturned, PersonSeen } from '../../domain/records.ts';
import { firstChange, inventory, noon, supply } from '../../test/decision-world.ts';
import { type DeskWorld, openDeskWorld } from '../../test/desk-world.ts';
import { ClientReader } from '../client.ts';
import { asAdtallyError, sendProblem } from '../problem.ts';
import { whyNot } from '../why-not.ts';
import { registerDecisions } from './decisions.ts';

type Served = DeskWorld & { readonly app: FastifyInstance };

const open: FastifyInstance[] = [];
afterEach(() => Promise.all(open.splice(0).map((app) => app.close())));

function serve(records?: readonly AnyRecord[]): Served {
  const app = fastify();
  open.push(app);
  const served = Object.assign(openDeskWorld(records), { app });
  const { desk, clock } = served;
  app.setErrorHandler((error: Error, _request, reply) => sendProblem(reply, asAdtallyError(error)));
  const debugAllowed = (key: string) => key === 'secret';
  const clients = new ClientReader(['10.0.0.0/8']);
  registerDecisions(app, { desk, clients, monotonicUs: () => clock.monotonicUs(), debugAllowed });
  return served;
}

const slot = { id: 's', placement_id: 'pl_1' };
const chrome = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/130.0.0.0 Safari/537.36';

function ask({ app }: Served, body: unknown, headers: Record<string, string> = {}) {
  const payload = typeof body === 'string' ? body : JSON.stringify(body);
  const all = { 'content-type': 'application/json', 'user-agent': chrome, ...headers };
  return app.inject({ method: 'POST', url: '/v1/decisions', headers: all, payload });
}

function recorded<T>({ buffer }: Served, name: AnyRecord['name']): T[] {
  return buffer
    .decoded()
    .filter(({ record }) => record.name === name)
    .map(({ record }) => record.value as T);
}

describe('POST /v1/decisions', () => {
  test('answers with an ad, and records selection, reservation and return in two entries of the buffer', async () => {
    const served = serve();
    const answer = await ask(served, { slots: [slot] });
    expect(answer.statusCode).toBe(200);
    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
    const { request_id, decisions, no_ad, warnings } = answer.json();
    expect({ no_ad, warnings }).toEqual({ no_ad: [], warnings: [] });
    expect(decisions).toMatchObject([
      { slot_id: 's', placement_id: 'pl_1', line_item_id: 'li_1', creative_id: 'cr_1', width: 300, height: 250 },
    ]);
    expect(decisions[0]).toMatchObject({ format: 'banner', expires_at: '2026-01-01T12:30:00.000Z' });
    const entries = served.buffer.entries.map(({ records }) => records.map(({ topic }) => topic));
    expect(entries).toEqual([['selected', 'spend'], ['selected']]);
    const [selected] = recorded<AdSelected>(served, 'AdSelected');
    const [returned] = recorded<MarkupReturned>(served, 'MarkupReturned');
    expect(selected).toMatchObject({ request_id, billing: { selection_id: decisions[0].selection_id, sequence: 1 } });
    expect(selected?.views).toContainEqual({ view: 'catalog', revision: 6 });
    expect(returned).toMatchObject({ billing: selected?.billing, origin: { sequence: 2 } });
    expect(returned?.markup_bytes).toBe(Buffer.byteLength(decisions[0].markup));
  });

  test('answers in JSON whatever stands in slot ids, markup and the URLs of others', async () => {
    const nasty = '"\\\u0000\n</script>ö😀';
    const served = serve([
      ...inventory(1, { publisher: { click_prefix: `https://pub.example/${nasty}?to=` } }),
      ...supply(1, {
        creative: { markup: `<b title='${nasty}'>{click_url}</b>`, trackers: [{ event: nasty, url: nasty }] },
      }),
    ]);
    const answer = await ask(served, { slots: [{ id: nasty, placement_id: 'pl_1' }] });
    const { decisions } = answer.json();
    expect(decisions[0]).toMatchObject({ slot_id: nasty, trackers: [{ event: nasty, url: nasty }] });
    expect(decisions[0].markup).toContain(`<b title='${nasty}'>https://pub.example/%22%5C%00%0A%3C`);
    expect(decisions[0].click_url).toMatch(/^[\x21-\x7e]+$/);
  });

  test('says why a slot stays empty, and records nothing then', async () => {
    const served = serve([...inventory(1), ...inventory(2, { placement: { status: 'PAUSED' } })]);
    const slots = [slot, { id: 'b', placement_id: 'pl_2' }, { id: 'c', placement_id: 'pl_9' }];
    const more = [
      { id: 'd', placement_id: 'pl_1', format: 'video' },
      { id: 'e', placement_id: 'pl_1', sizes: ['1x1'] },
    ];
    const { no_ad } = (await ask(served, { slots: [...slots, ...more] })).json();
    expect(
      Object.fromEntries(no_ad.map((one: { slot_id: string; reason: string }) => [one.slot_id, one.reason])),
    ).toEqual({
      s: 'nothing_eligible',
      b: 'placement_inactive',
      c: 'unknown_placement',
      d: 'format_not_allowed',
      e: 'size_not_allowed',
    });
    expect(served.buffer.entries).toEqual([]);
  });

  test('gives robots and listed networks no ad, by what the body says of the device before what the connection says', async () => {
    const served = serve();
    const reasons = async (body: object, headers = {}) =>
      (await ask(served, { slots: [slot], ...body }, headers))
        .json()
        .no_ad.map(({ reason }: { reason: string }) => reason);
    const bot = 'Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)';
    expect(await reasons({}, { 'user-agent': bot })).toEqual(['blocked_traffic']);
    expect(await reasons({ device: { ua: bot } })).toEqual(['blocked_traffic']);
    expect(await reasons({ device: { ip: '198.51.100.7' } })).toEqual(['blocked_traffic']);
    expect(await reasons({ device: { ua: chrome } }, { 'user-agent': bot })).toEqual([]);
  });

  test('judges and records by whom a trusted proxy saw, not by the proxy and not by what the sender wrote', async () => {
    const asked = async (peer: string, forwarded: string) => {
      const served = serve();
      const headers = { 'content-type': 'application/json', 'user-agent': chrome, 'x-forwarded-for': forwarded };
      const url = '/v1/decisions';
      const answer = await served.app.inject({
        method: 'POST',
        url,
        headers,
        remoteAddress: peer,
        payload: { slots: [slot] },
      });
      const network = recorded<AdSelected>(served, 'AdSelected')[0]?.context.network;
      return network ?? (answer.json().no_ad as { reason: string }[])[0]?.reason;
    };
    expect(await asked('10.0.0.1', '192.0.2.66, 203.0.113.9')).toBe('203.0.113.0/24');
    expect(await asked('10.0.0.1', '203.0.113.9, 198.51.100.7')).toBe('blocked_traffic');
    expect(await asked('198.51.100.7', '203.0.113.9')).toBe('blocked_traffic');
    expect(await asked('203.0.113.9', '198.51.100.7')).toBe('203.0.113.0/24');
  });

  test('records no raw id and no full address', async () => {
    const served = serve();
    const body = {
      slots: [slot],
      user: { id: 'someone@example.org' },
      device: { ip: '203.0.113.77' },
      consent: { gdpr: false },
    };
    await ask(served, body);
    const bytes = Buffer.concat(served.buffer.entries.flatMap(({ records }) => records.map(({ value }) => value)));
    expect(bytes.includes('someone')).toBe(false);
    expect(bytes.includes('203.0.113.77')).toBe(false);
    expect(recorded<AdSelected>(served, 'AdSelected')[0]?.context.network).toBe('203.0.113.0/24');
  });

  test('without consent records nothing of the person, and does not ask who it is', async () => {
    const served = serve();
    served.userKey = Promise.reject(new Error('asked'));
    served.userKey.catch(() => undefined);
    await ask(served, { slots: [slot], user: { id: 'someone', segments: ['sports'] } });
    const [selected] = recorded<AdSelected>(served, 'AdSelected');
    expect(selected).toMatchObject({ user_key: null, person: null });
    expect(selected?.context).toMatchObject({ consent: 'contextual', consent_reason: 'no_signal', segments: [] });
  });

  test('with consent uses the key of the person, and announces one it does not know', async () => {
    const served = serve();
    const body = { slots: [slot], user: { id: 'someone', segments: ['sports'] }, consent: { gdpr: false } };
    await ask(served, body);
    served.userKey = Promise.resolve(null);
    await ask(served, { ...body, user: { id: 'stranger', segments: ['sports'] } });
    const [known, stranger] = recorded<AdSelected>(served, 'AdSelected');
    expect(known).toMatchObject({ user_key: 'user-1', person: { revision: 0 } });
    expect(known?.context.segments).toEqual(['sports']);
    expect(stranger).toMatchObject({ user_key: null, person: null });
    const [seen, ...others] = recorded<PersonSeen>(served, 'PersonSeen');
    expect(seen).toMatchObject({ segments: ['sports'], seen_at: noon });
    expect(seen?.person_hash).toMatch(/^[0-9a-f]{64}$/);
    expect(others).toEqual([]);
  });

  test('skips the person under load, and when the store is slow, and says so', async () => {
    const served = serve();
    const body = { slots: [slot], user: { id: 'someone' }, consent: { gdpr: false } };
    served.zone = 'degrade';
    await ask(served, body);
    served.zone = 'calm';
    served.userKey = new Promise(() => undefined);
    const slow = Promise.resolve(ask(served, { ...body, tmax: 100 }));
    await vi.waitUntil(() => served.clock.pending() > 0, 30_000);
    await served.clock.advance(21);
    await slow;
    const [pressed, late] = recorded<AdSelected>(served, 'AdSelected');
    expect(pressed?.degradations).toEqual([{ stage: 'enrichment', reason: 'person_load', cost_micros: 0 }]);
    expect(late?.degradations).toContainEqual({ stage: 'enrichment', reason: 'person_timed_out', cost_micros: 0 });
    expect(late).toMatchObject({ user_key: null, person: null });
    expect([pressed?.plan, late?.plan]).toEqual(['no_person', 'no_person']);
  });

  /** From here on: more time for the person, and under load nothing but house ads. */
  function publishPolicy({ index }: Served): void {
    const { shares } = builtInPolicies.standard;
    const plans = [{ name: 'nothing_left', zone: 'degrade', time_left: 0, skips: [...skippable] }];
    const policy = { policy_id: 'dp_1', name: 'Ours', tier: 'standard', status: 'ACTIVE' as const };
    const value = { ...policy, shares: { ...shares, enrichment: 30 }, plans, change: firstChange() };
    index.apply({ name: 'DeadlinePolicyPublished', value }, index.revision);
  }

  test('follows a deadline policy from the request on that comes after it was published', async () => {
    const served = serve();
    await ask(served, { slots: [slot] });
    publishPolicy(served);
    await ask(served, { slots: [slot] });
    const given = recorded<AdSelected>(served, 'AdSelected').map(({ stages }) => stages[1]);
    expect(given).toMatchObject([
      { stage: 'enrichment', share_us: 20_000 },
      { stage: 'enrichment', share_us: 30_000 },
    ]);
  });

  test('takes house ads alone, and says so, where the plan does without an auction', async () => {
    const house = supply(2, { lineItem: { pricing_model: 'NONE', bid_micros: 0 } });
    const served = serve([...inventory(1), ...supply(1), ...house]);
    publishPolicy(served);
    served.zone = 'degrade';
    const person = { user: { id: 'someone' }, consent: { gdpr: false } };
    const { decisions } = (await ask(served, { slots: [slot], ...person })).json();
    expect(decisions).toMatchObject([{ line_item_id: 'li_2' }]);
    const [selected] = recorded<AdSelected>(served, 'AdSelected');
    expect(selected).toMatchObject({ plan: 'nothing_left', fallback: true });
    expect(selected?.degradations.map(({ stage, reason }) => `${stage}/${reason}`)).toEqual([
      'enrichment/person_load',
      'auction/auction_load',
    ]);
    expect(selected?.exclusions).toContainEqual({ step: 'ranking', reason: 'house_only', count: 1 });
    const verdict = whyNot(selected as AdSelected, 'li_1', served.index.catalog);
    expect(verdict).toMatchObject({ step: 'ranking', reason: 'house_only' });
  });

  test('goes on to answer when a client gives too little time to ask for the person', async () => {
    const served = serve();
    await ask(served, { slots: [slot], user: { id: 'someone' }, consent: { gdpr: false }, tmax: 5 });
    const [selected] = recorded<AdSelected>(served, 'AdSelected');
    expect(selected?.deadline_us).toBe(5000);
    expect(selected?.user_key).toBe('user-1');
  });

  test('explains and gives the price to a key, and to nobody else', async () => {
    const served = serve([...inventory(1), ...supply(1), ...supply(2, { lineItem: { bid_micros: 1_000_000 } })]);
    const body = { slots: [slot], debug: true };
    const trusted = (await ask(served, body, { authorization: 'Bearer secret' })).json();
    expect(trusted.decisions[0].explain).toMatchObject({
      price: { pricing_model: 'CPM', price_micros: '2000', currency: 'EUR', rule: 'first_price' },
      losers: [{ line_item_id: 'li_2', reason: 'outbid', ecpm_micros: '1000000' }],
    });
    for (const headers of [{}, { authorization: 'Bearer wrong' }, { authorization: 'Basic secret' }]) {
      const answer = (await ask(served, body, headers)).json();
      expect(answer.decisions[0].explain).toBeUndefined();
      expect(answer.warnings).toEqual(["debug needs a key that may see every advertiser's prices"]);
    }
  });

  test('ignores unknown fields and names them', async () => {
    const answer = await ask(serve(), { slots: [{ ...slot, colour: 'red' }], user: { age: 7 }, sdk: { v: 1 } });
    expect(answer.json().warnings).toEqual([
      'unknown field sdk',
      'unknown field user.age',
      'unknown field slots[0].colour',
    ]);
  });

  test('refuses decisions when the buffer has no room, before money is drawn', async () => {
    const served = serve();
    served.buffer.full = true;
    const answer = await ask(served, { slots: [slot] });
    expect([answer.statusCode, answer.json().code, answer.headers['retry-after']]).toEqual([503, 'BUFFER_FULL', '1']);
    expect(served.leases.drawn).toEqual([]);
  });

  test('takes text/plain no other way than the application says, and nothing but JSON', async () => {
    const answer = await ask(serve(), 'slots=1', { 'content-type': 'application/x-www-form-urlencoded' });
    expect([answer.statusCode, answer.json().code]).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE']);
  });
});

describe('bad input', () => {
  const long = 'x'.repeat(5000);
  test.each(
    (
      [
        ['nonsense', 'BAD_JSON'],
        ['', 'BAD_JSON'],
        ['{"slots":[{"id":"s","placement_id":"pl_1","__proto__":{}}]}', 'BAD_JSON'],
        ['[]', 'the body'],
        ['null', 'the body'],
        ['"text"', 'the body'],
        [{}, 'slots'],
        [{ slots: [] }, 'slots'],
        [{ slots: {} }, 'slots'],
        [{ slots: Array.from({ length: 11 }, (_, number) => ({ ...slot, id: `s${number}` })) }, 'slots'],
        [{ slots: ['s'] }, 'slots[0]'],
        [{ slots: [null] }, 'slots[0]'],
        [{ slots: [{ placement_id: 'pl_1' }] }, 'slots[0].id'],
        [{ slots: [{ id: '', placement_id: 'pl_1' }] }, 'slots[0].id'],
        [{ slots: [{ id: 7, placement_id: 'pl_1' }] }, 'slots[0].id'],
        [{ slots: [slot, slot] }, 'slots[1].id'],
        [{ slots: [{ id: 's' }] }, 'slots[0].placement_id'],
        [{ slots: [{ id: 's', placement_id: "pl_1'; DROP TABLE views" }] }, 'slots[0].placement_id'],
        [{ slots: [{ ...slot, count: 0 }] }, 'slots[0].count'],
        [{ slots: [{ ...slot, count: 1.5 }] }, 'slots[0].count'],
        [{ slots: [{ ...slot, count: 11 }] }, 'slots[0].count'],
        [{ slots: [1, 2, 3].map((id) => ({ ...slot, id: `s${id}`, count: 10 })) }, 'slots'],
        [{ slots: [{ ...slot, sizes: '300x250' }] }, 'slots[0].sizes'],
        [{ slots: [{ ...slot, sizes: ['300x250', '0x5'] }] }, 'slots[0].sizes[1]'],
        [{ slots: [{ ...slot, formats: ['hologram'] }] }, 'slots[0].formats[0]'],
        [{ slots: [{ ...slot, format: 'hologram' }] }, 'slots[0].format'],
        [{ slots: [{ ...slot, floor_micros: '-1' }] }, 'slots[0].floor_micros'],
        [{ slots: [{ ...slot, floor_micros: 'NaN' }] }, 'slots[0].floor_micros'],
        [{ slots: [{ ...slot, floor_micros: '9999999999999999' }] }, 'slots[0].floor_micros'],
        [{ slots: [{ ...slot, deals: 'spring' }] }, 'slots[0].deals'],
        [{ slots: [{ ...slot, deals: ['spring', 'no deal'] }] }, 'slots[0].deals[1]'],
        [{ slots: [{ ...slot, key_values: [] }] }, 'slots[0].key_values'],
        [{ slots: [{ ...slot, key_values: { a: { b: 1 } } }] }, 'slots[0].key_values.a'],
        [{ slots: [{ ...slot, key_values: { a: [long] } }] }, 'slots[0].key_values.a'],
        [{ slots: [slot], user: 'me' }, 'user'],
        [{ slots: [slot], user: { id: long } }, 'user.id'],
        [{ slots: [slot], user: { segments: [1] } }, 'user.segments[0]'],
        [{ slots: [slot], device: { ua: long } }, 'device.ua'],
        [{ slots: [slot], device: { type: 'toaster' } }, 'device.type'],
        [{ slots: [slot], device: { language: '<script>' } }, 'device.language'],
        [{ slots: [slot], geo: { country: 'DEU' } }, 'geo.country'],
        [{ slots: [slot], consent: { gdpr: 'yes' } }, 'consent.gdpr'],
        [{ slots: [slot], context: { url: 'javascript:alert(1)' } }, 'context.url'],
        [{ slots: [slot], context: { url: 'not a url' } }, 'context.url'],
        [{ slots: [slot], context: { keywords: [long] } }, 'context.keywords[0]'],
        [
          { slots: [slot], context: { categories: Array.from({ length: 201 }, (_, n) => `IAB${n}`) } },
          'context.categories',
        ],
        [{ slots: [slot], tmax: 4 }, 'tmax'],
        [{ slots: [slot], tmax: '100' }, 'tmax'],
        [{ slots: [slot], test: 'no' }, 'test'],
      ] as [unknown, string][]
    ).map(([body, where]) => [where, body] as const),
  )('%s is named', async (where, body) => {
    const served = serve();
    const answer = await ask(served, body);
    const problem = answer.json();
    expect(answer.statusCode).toBe(400);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(problem.code === 'BAD_JSON' ? 'BAD_JSON' : problem.path).toBe(where);
    expect(problem.detail).not.toMatch(/\n|\.ts:/);
    expect(served.buffer.entries).toEqual([]);
  });

  test('of more than 64 KiB is refused', async () => {
    const answer = await ask(serve(), { slots: [slot], context: { keywords: ['x'.repeat(66_000)] } });
    expect([answer.statusCode, answer.json().code]).toEqual([413, 'BODY_TOO_LARGE']);
  });

  test('nested ever so deep is refused or ignored, not followed', async () => {
    const deep = `{"slots":[{"id":"s","placement_id":"pl_1"}],"x":${'['.repeat(20_000)}${']'.repeat(20_000)}}`;
    const answer = await ask(serve(), deep);
    expect([200, 400]).toContain(answer.statusCode);
  });
});
