import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { banner, flightFrom, placement } from '../../simulate/catalog-parts.ts';
import type { LineItemSpec } from '../../simulate/publish-catalog.ts';
import { adtally } from '../adtally-command.ts';
import { keyOf } from '../console-world.ts';
import { makeTemporaryFolder } from '../temporary-folder.ts';
import { type Answer, type Processes, startProcesses } from './processes.ts';
import { browser, eventually } from './running-platform.ts';

const scoped = { trafficker: 'bound-trafficker-key-0123456789', auditor: 'bound-auditor-key-0123456789' } as const;
const unknownSelection = '01900000-0000-7000-8000-000000000000';

interface Decision {
  readonly selection_id: string;
  readonly line_item_id: string;
  readonly creative_id: string;
  readonly beacons: { readonly impression: string };
}

interface Loser {
  readonly line_item_id: string;
  readonly ecpm_micros: string;
  readonly reason: string;
}

interface Decided {
  readonly decisions: readonly (Decision & { readonly explain?: { readonly losers: readonly Loser[] } })[];
  readonly warnings: readonly string[];
}

const lineItem = (name: string, bidMicros: number, targeting = {}, more = {}): LineItemSpec => ({
  name,
  pricingModel: 'CPM',
  bidMicros,
  targeting,
  more,
  creatives: [banner(name, [300, 250], ['#000000', '#222222'])],
});

describe('Why an ad was chosen', () => {
  const folder = makeTemporaryFolder();
  const lineItems = new Map<string, string>();
  let platform: Processes;
  let placementId: string;
  let shown: Decision;

  beforeAll(async () => {
    platform = await startProcesses({
      dataDir: join(folder.path, 'data'),
      nodes: ['node-1'],
      moreKeys: `trafficker:adv_1=${scoped.trafficker},auditor:adv_1=${scoped.auditor}`,
    });
    const budget = { budget_total_micros: '1000000000', flight: flightFrom(Date.now(), 30), pacing: 'asap' };
    const specs = [
      [lineItem('winner', 5_000_000), lineItem('outbid', 2_000_000), lineItem('poor', 100_000)],
      [
        lineItem('abroad', 9_000_000, { countries: { include: ['FR'] } }),
        lineItem('fitting nowhere', 9_000_000, { sizes: { include: ['728x90'] } }),
        lineItem('paused', 9_000_000, {}, { status: 'paused' }),
        lineItem('expressed', 9_000_000, { expression: 'country in (FR, AT) and not device = tv' }),
      ],
    ];
    const published = await platform.publish({
      name: 'why-not',
      publishers: [
        {
          body: { name: 'Daily', shares: [{ effective_from: '2020-01-01T00:00:00Z', share_ppm: 700_000 }] },
          placements: [placement('Top', ['banner'], ['300x250'], '500000')],
        },
      ],
      advertisers: specs.map((items, number) => ({
        body: { name: `Advertiser ${number}`, currency: 'EUR', time_zone: 'UTC' },
        campaigns: [{ body: { name: 'Campaign', ...budget }, lineItems: items }],
      })),
    });
    for (const [index, { name }] of specs.flat().entries()) {
      lineItems.set(name, published.lineItems[index]?.lineItemId ?? '');
    }
    // The budget of the campaign must have reached the node first.
    placementId = published.placements[0]?.placementId ?? '';
    shown = await eventually(async () => (await decide()).decisions[0] ?? null);
    // Nor may it have been chosen before the node knew the last creative that was published.
    shown = await eventually(async () => {
      const [next = shown] = (await decide()).decisions;
      const { status, json } = await whyNot('expressed', keyOf.auditor, next);
      return status !== 200 || json['reason'] === 'no_creative_fits' ? null : next;
    });
  });

  afterAll(async () => {
    await platform.stop();
    folder.remove();
  });

  /** An ad for a German browser, and what the answer warns of. */
  async function decide(debug?: { readonly key: string }, on: string = placementId): Promise<Decided> {
    const answer = await fetch(`${platform.serveUrls.get('node-1')}/v1/decisions`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(debug !== undefined && debug.key !== '' && { authorization: `Bearer ${debug.key}` }),
      },
      body: JSON.stringify({
        slots: [{ id: 'top', placement_id: on }],
        device: { ua: browser },
        geo: { country: 'DE' },
        debug: debug !== undefined,
        // However busy the machine is, a decision has the time to look at everybody.
        tmax: 5_000,
      }),
    });
    // A machine that is busy with other things sheds: asked again, it answers.
    if (answer.status === 429) return { decisions: [], warnings: [] };
    return (await answer.json()) as Decided;
  }

  /** The same, asked until there is one: the budget of a new day may not have reached the node yet. */
  function decided(debug: { readonly key: string }): Promise<Decided> {
    return eventually(async () => {
      const answer = await decide(debug);
      return answer.decisions.length > 0 ? answer : null;
    });
  }

  /** Asked at once after the decision, it may not have drained from the node's buffer yet. */
  async function whyNot(name: string, key: string = keyOf.auditor, of: Decision = shown): Promise<Answer> {
    const path = `/v1/audit/why-not?selection_id=${of.selection_id}&line_item_id=${lineItems.get(name)}`;
    return eventually(async () => {
      const answer = await platform.ask('GET', path, { key });
      return answer.status === 404 && answer.json['path'] === 'selection_id' ? null : answer;
    });
  }

  describe('POST /v1/audit/why-not', () => {
    const asked = async (name: string, request: object) =>
      platform.ask('POST', '/v1/audit/why-not', {
        key: keyOf.auditor,
        body: { line_item_id: lineItems.get(name), request },
      });
    const request = (country: string) => ({
      slots: [{ id: 'top', placement_id: placementId }],
      device: { ua: browser },
      geo: { country },
    });

    test('answers for a request that nobody made, and names the part of the expression that failed', async () => {
      const { status, json } = await asked('expressed', request('DE'));
      expect(status).toBe(200);
      expect(json).toMatchObject({
        slots: [
          {
            slot_id: 'top',
            step: 'targeting',
            reason: 'expression',
            detail: 'country in (AT, FR) (the request has country: DE)',
            winner_line_item_id: lineItems.get('winner'),
          },
        ],
        warnings: [],
      });
      expect((await asked('expressed', request('AT'))).json).toMatchObject({ slots: [{ step: 'won' }] });
    });

    test('refuses a body that is no request, naming the field', async () => {
      const { status, json } = await asked('winner', { slots: [] });
      expect(status).toBe(400);
      expect(json).toMatchObject({ code: 'VALIDATION_FAILED' });
    });
  });

  describe('GET /v1/audit/why-not', () => {
    test('says of the winner that it won, with the creative that was shown and its rank', async () => {
      expect(shown.line_item_id).toBe(lineItems.get('winner'));
      expect(await whyNot('winner')).toEqual({
        status: 200,
        json: {
          selection_id: shown.selection_id,
          line_item_id: shown.line_item_id,
          step: 'won',
          reason: 'won',
          detail: null,
          creative_id: shown.creative_id,
          ecpm_micros: '5000000',
        },
      });
    });

    test.each([
      ['outbid', 'auction', 'outbid', '2000000'],
      ['poor', 'floor', 'below_floor', '100000'],
      ['abroad', 'targeting', 'country', null],
      ['fitting nowhere', 'targeting', 'size', null],
      ['paused', 'status', 'inactive', null],
      ['expressed', 'targeting', 'expression', null],
    ])('says why the line item %j was not chosen: %s, %s', async (name, step, reason, ecpm) => {
      const { status, json } = await whyNot(name);
      expect(status).toBe(200);
      expect(json).toMatchObject({ line_item_id: lineItems.get(name), step, reason, ecpm_micros: ecpm });
      expect(json['creative_id'] === null).toBe(ecpm === null);
    });

    test('judges by the catalogue of then, whatever was changed since', async () => {
      const change = (name: string, body: object) =>
        platform.ask('PATCH', `/v1/line-items/${lineItems.get(name)}`, { body });
      expect((await change('abroad', { targeting: {} })).status).toBe(200);
      expect((await change('outbid', { bid_micros: '20000000' })).status).toBe(200);
      expect((await whyNot('abroad')).json).toMatchObject({ step: 'targeting', reason: 'country' });
      expect((await whyNot('outbid')).json).toMatchObject({ step: 'auction', ecpm_micros: '2000000' });
      expect((await whyNot('winner')).json).toMatchObject({ step: 'won' });
    });

    test('knows no selection that was not made, and no line item that was not there', async () => {
      const ask = (selectionId: string, lineItemId: string) =>
        platform.ask('GET', `/v1/audit/why-not?selection_id=${selectionId}&line_item_id=${lineItemId}`);
      const unknown = await ask(unknownSelection, shown.line_item_id);
      expect(unknown).toMatchObject({ status: 404, json: { code: 'NOT_FOUND', path: 'selection_id' } });
      const absent = await ask(shown.selection_id, 'li_NEVER');
      expect(absent).toMatchObject({ status: 404, json: { code: 'NOT_FOUND', path: 'line_item_id' } });
      const malformed = await ask('yesterday', shown.line_item_id);
      expect(malformed).toMatchObject({ status: 400, json: { code: 'VALIDATION_FAILED', path: 'selection_id' } });
      const foreign = await ask(shown.selection_id, 'cmp_1');
      expect(foreign).toMatchObject({ status: 400, json: { code: 'VALIDATION_FAILED', path: 'line_item_id' } });
    });

    test.each(['admin', 'auditor', 'trafficker'] as const)('answers a key of the role %s', async (role) => {
      expect((await whyNot('outbid', keyOf[role])).status).toBe(200);
    });

    test.each([
      ['of finance', keyOf.finance],
      ['of an analyst', keyOf.analyst],
      ['of a trafficker bound to one advertiser', scoped.trafficker],
      ['of an auditor bound to one advertiser', scoped.auditor],
    ])('refuses a key %s, and says nothing of the selection', async (_whose, key) => {
      for (const name of ['winner', 'abroad']) {
        const { status, json } = await whyNot(name, key);
        expect([status, json['code']]).toEqual([403, 'FORBIDDEN']);
        expect(JSON.stringify(json)).not.toContain('micros');
      }
    });

    test('asks for a key', async () => {
      expect(await whyNot('winner', '')).toMatchObject({ status: 401, json: { code: 'UNAUTHORIZED' } });
    });
  });

  describe('GET /v1/audit/explain', () => {
    const path = () => `/v1/audit/explain?selection_id=${shown.selection_id}`;

    test('decides the selection again on the catalogue of then, and the record agrees', async () => {
      expect((await whyNot('winner')).status).toBe(200);
      const { status, json } = await platform.ask('GET', path(), { key: keyOf.auditor });
      expect(status).toBe(200);
      expect(json).toMatchObject({
        selection_id: shown.selection_id,
        tallies: true,
        differences: [],
        price: {
          rule: 'first_price',
          deal_id: null,
          bid_micros: '5000000',
          floor_micros: '500000',
          price_micros: '5000',
        },
        ranking: [
          { line_item_id: shown.line_item_id, would_pay_micros: '5000', outcome: 'won' },
          { line_item_id: lineItems.get('outbid'), would_pay_micros: '2000', outcome: 'outbid' },
        ],
        asked: null,
      });
      expect(json['exclusions']).toContainEqual({ step: 'floor', reason: 'below_floor', count: 1 });
    });

    test('is what `adtally explain` prints, with the line item that was asked about', async () => {
      const asked = [
        'explain',
        shown.selection_id,
        '--console',
        platform.consoleUrl,
        '--line-item',
        lineItems.get('abroad') ?? '',
      ];
      const text = await adtally(asked, { CONSOLE_KEY: keyOf.auditor });
      expect(text.code).toBe(0);
      expect(text.out).toContain('price       0.005000 EUR for one impression');
      expect(text.out).toContain(`${lineItems.get('abroad')}: targeting, country`);
      expect(text.out).toContain('the record agrees with the recomputation');
      const json = await adtally([...asked, '--json'], { CONSOLE_KEY: keyOf.auditor });
      expect(JSON.parse(json.out)).toMatchObject({ tallies: true, asked: { step: 'targeting', reason: 'country' } });
      expect((await adtally(['explain', 'yesterday'])).code).toBe(2);
    });

    test.each([
      [keyOf.finance, 403],
      [scoped.auditor, 403],
      ['', 401],
    ])('refuses whoever may not see every bid (%#)', async (key, expected) => {
      const { status, json } = await platform.ask('GET', path(), { key });
      expect(status).toBe(expected);
      expect(JSON.stringify(json)).not.toContain('micros');
    });
  });

  describe('of a line item that is sold by the click', () => {
    /** Of a size that no line item above has. */
    const wide = { creatives: [banner('wide', [728, 90], ['#000000', '#222222'])] };
    /** Worth 2.00 for a thousand until something is learned. */
    const byTheClick: LineItemSpec = { ...lineItem('by the click', 1_000_000), ...wide, pricingModel: 'CPC' };
    let onTheSide: string;
    let before: Decision;

    const loserOf = ({ explain }: Decided['decisions'][number], name: string) =>
      explain?.losers.find((one) => one.line_item_id === lineItems.get(name));

    beforeAll(async () => {
      const budget = { budget_total_micros: '1000000000', flight: flightFrom(Date.now(), 30), pacing: 'asap' };
      // A click rate of so many millionths is never worth this much to the micro: there are no equals.
      const specs = [byTheClick, { ...lineItem('steady', 1_960_500), ...wide }];
      const published = await platform.publish({
        name: 'click-rates',
        publishers: [
          {
            body: { name: 'Weekly', shares: [{ effective_from: '2020-01-01T00:00:00Z', share_ppm: 700_000 }] },
            placements: [placement('Side', ['banner'], ['728x90'], '100000')],
          },
        ],
        advertisers: specs.map((item) => ({
          body: { name: `Advertiser of ${item.name}`, currency: 'EUR', time_zone: 'UTC' },
          campaigns: [{ body: { name: 'Campaign', ...budget }, lineItems: [item] }],
        })),
      });
      for (const [index, { name }] of specs.entries()) {
        lineItems.set(name, published.lineItems[index]?.lineItemId ?? '');
      }
      onTheSide = published.placements[0]?.placementId ?? '';
      // By the prior it wins, as soon as both are in the node's catalogue and have their budgets.
      before = await eventually(async () => {
        const [decision] = (await decide({ key: keyOf.auditor }, onTheSide)).decisions;
        if (decision === undefined || decision.line_item_id !== lineItems.get('by the click')) return null;
        return loserOf(decision, 'steady') === undefined ? null : decision;
      });
    });

    test('judges by the click rates that the node had learned by then', async () => {
      // Seen again and again and never clicked, it falls behind; both campaigns have their budgets.
      const after = await eventually(async () => {
        const [decision] = (await decide({ key: keyOf.auditor }, onTheSide)).decisions;
        if (decision === undefined) return null;
        if (decision.line_item_id === lineItems.get('steady')) {
          return loserOf(decision, 'by the click')?.reason === 'outbid' ? decision : null;
        }
        expect((await fetch(decision.beacons.impression)).status).toBe(200);
        return null;
      });
      const loser = loserOf(after, 'by the click');
      expect(Number(loser?.ecpm_micros)).toBeLessThan(1_960_500);
      expect(await whyNot('by the click', keyOf.auditor, after)).toEqual({
        status: 200,
        json: {
          selection_id: after.selection_id,
          line_item_id: lineItems.get('by the click'),
          step: 'auction',
          reason: 'outbid',
          detail: null,
          creative_id: before.creative_id,
          ecpm_micros: loser?.ecpm_micros,
        },
      });
      expect((await whyNot('steady', keyOf.auditor, after)).json).toMatchObject({
        step: 'won',
        ecpm_micros: '1960500',
      });
    });

    test('does not judge by what was learned since', async () => {
      expect((await whyNot('by the click', keyOf.auditor, before)).json).toMatchObject({
        step: 'won',
        ecpm_micros: '2000000',
      });
      expect((await whyNot('steady', keyOf.auditor, before)).json).toMatchObject({ step: 'auction', reason: 'outbid' });
    });
  });

  describe('debug: true of POST /v1/decisions', () => {
    test.each(['admin', 'trafficker', 'analyst', 'auditor'] as const)(
      'explains to a key of the role %s',
      async (role) => {
        const { decisions, warnings } = await decided({ key: keyOf[role] });
        expect(decisions[0]?.explain?.losers).not.toEqual([]);
        expect(JSON.stringify(decisions)).toContain('bid_micros');
        expect(warnings).toEqual([]);
      },
    );

    test.each([
      ['without a key', ''],
      ['to a key that nobody knows', 'x'.repeat(40)],
      ['to a key of finance', keyOf.finance],
      ['to a trafficker bound to one advertiser', scoped.trafficker],
      ['to an auditor bound to one advertiser', scoped.auditor],
    ])('tells no price %s, but gives the ad and says so', async (_whose, key) => {
      const { decisions, warnings } = await decided({ key });
      expect(decisions[0]?.line_item_id).toMatch(/^li_/);
      expect(JSON.stringify(decisions)).not.toContain('micros');
      expect(warnings).toEqual(["debug needs a key that may see every advertiser's prices"]);
    });
  });
});
