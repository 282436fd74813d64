import { beforeEach, describe, expect, it } from 'vitest';
import { applyCatalog, emptyCatalog } from '../../domain/catalog.ts';
import { builtInPolicies, policyOf } from '../../domain/deadline-policy.ts';
import { ConsoleWorld, type TestConsole } from '../../test/console-world.ts';

let world: ConsoleWorld;
let console: TestConsole;
const any = { 'if-match': '*' };
const { shares, plans } = builtInPolicies.premium;
const body = { name: 'Ours', tier: 'premium', shares: { ...shares, enrichment: 10, bidders: 40 } };

beforeEach(async () => {
  world = new ConsoleWorld();
  console = await world.open();
});

/** What serving's fold of the log holds for the tier. */
async function inForce() {
  const catalog = emptyCatalog();
  (await world.records('catalog')).forEach((record, offset) => applyCatalog(catalog, record, offset));
  return policyOf(catalog, 'premium');
}

describe('A deadline policy', () => {
  it('is published with the built-in plans unless others are given, and holds for serving at once', async () => {
    const { status, json } = await console.ask('POST', '/v1/deadline-policies', { body });
    expect(status).toBe(201);
    expect(json).toMatchObject({ ...body, plans, status: 'active', revision: 1, archived: false });
    expect(json['policy_id']).toMatch(/^dp_[0-9A-Z]{12}$/);
    expect((await inForce()).shares).toEqual(body.shares);
  });

  it('is changed, paused and archived like every other entity', async () => {
    const { json } = await console.ask('POST', '/v1/deadline-policies', { body });
    const path = `/v1/deadline-policies/${String(json['policy_id'])}`;
    const change = (given: object) => console.ask('PATCH', path, { body: given, headers: any });
    expect((await change({ shares })).status).toBe(200);
    expect((await inForce()).shares).toEqual(shares);
    expect((await change({ status: 'paused' })).status).toBe(200);
    expect(await inForce()).toBe(builtInPolicies.premium);
    expect((await change({ status: 'active', tier: 'remnant' })).json.code).toBe('UNKNOWN_FIELD');
    expect((await change({ archived: true })).status).toBe(200);
    expect((await console.ask('GET', '/v1/deadline-policies')).json).toMatchObject({ items: [] });
  });

  it.each([
    [{ shares: { ...shares, bidding: 90 } }, 'shares'],
    [{ shares: { ...shares, bidding: -1 } }, 'shares.bidding'],
    [{ shares: { ...shares, waiting: 1 } }, 'shares.waiting'],
    [{ tier: 'golden' }, 'tier'],
    [{ plans: [] }, 'plans'],
    [{ plans: plans.slice(0, 1) }, 'plans'],
    [{ plans: plans.toReversed() }, 'plans[0].skips'],
    [{ plans: plans.map((plan) => ({ ...plan, skips: ['budget'] })) }, 'plans[0].skips[0]'],
    [{ plans: plans.map((plan) => ({ ...plan, zone: 'calm' })) }, 'plans[0].zone'],
  ])('is refused with %j', async (changes, path) => {
    const { status, json } = await console.ask('POST', '/v1/deadline-policies', { body: { ...body, ...changes } });
    expect([status, json['path']]).toEqual([400, path]);
  });

  it('is the only one of its tier that lives', async () => {
    const first = (await console.ask('POST', '/v1/deadline-policies', { body })).json;
    const second = await console.ask('POST', '/v1/deadline-policies', { body });
    expect([second.status, second.json['path']]).toEqual([400, 'tier']);
    expect(String(second.json['detail'])).toContain(String(first['policy_id']));
    expect((await console.ask('POST', '/v1/deadline-policies', { body: { ...body, tier: 'remnant' } })).status).toBe(
      201,
    );
  });
});
