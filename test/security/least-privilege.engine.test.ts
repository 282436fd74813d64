import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Role } from '../../dashboards/auth.ts';
import { viewPaths } from '../../dashboards/web/views.ts';
import { keyOf } from '../console-world.ts';
import { type ConsoleUnderTest, openConsoleUnderTest, strangerKeys } from '../fuzz/console-world.ts';

const opening = 120_000;
let world: ConsoleUnderTest;
beforeAll(async () => {
  world = await openConsoleUnderTest();
}, opening);
afterAll(() => world?.close());

type Letter = 't' | 'f' | 'n' | 'u';
const roleOf: Readonly<Record<Letter, Exclude<Role, 'admin'>>> = {
  t: 'trafficker',
  f: 'finance',
  n: 'analyst',
  u: 'auditor',
};

/**
 * Who may what, beside admin, written down once more by hand: trafficker, finance, aNalyst, aUditor. A star: also with a key that is bound to one
 * advertiser, which then sees nothing of another. A route that is not here must not be there.
 */
const table: Readonly<Record<string, string>> = {
  'GET /v1/catalogue/kinds': 'tfnu*',
  'POST /v1/advertisers': '',
  'GET /v1/advertisers': 'tfnu*',
  'GET /v1/advertisers/:id': 'tfnu*',
  'PATCH /v1/advertisers/:id': 't*',
  'GET /v1/advertisers/:id/revisions': 'tfnu*',
  'POST /v1/advertisers/import': 't*',
  'POST /v1/campaigns': 't*',
  'GET /v1/campaigns': 'tfnu*',
  'GET /v1/campaigns/:id': 'tfnu*',
  'PATCH /v1/campaigns/:id': 't*',
  'GET /v1/campaigns/:id/revisions': 'tfnu*',
  'POST /v1/campaigns/import': 't*',
  'POST /v1/line-items': 't*',
  'GET /v1/line-items': 'tfnu*',
  'GET /v1/line-items/:id': 'tfnu*',
  'PATCH /v1/line-items/:id': 't*',
  'GET /v1/line-items/:id/revisions': 'tfnu*',
  'POST /v1/line-items/import': 't*',
  'POST /v1/creatives': 't*',
  'GET /v1/creatives': 'tfnu*',
  'GET /v1/creatives/:id': 'tfnu*',
  'PATCH /v1/creatives/:id': 't*',
  'GET /v1/creatives/:id/revisions': 'tfnu*',
  'POST /v1/creatives/import': 't*',
  'POST /v1/publishers': 't',
  'GET /v1/publishers': 'tfnu',
  'GET /v1/publishers/:id': 'tfnu',
  'PATCH /v1/publishers/:id': 't',
  'GET /v1/publishers/:id/revisions': 'tfnu',
  'POST /v1/publishers/import': 't',
  'POST /v1/placements': 't',
  'GET /v1/placements': 'tfnu*',
  'GET /v1/placements/:id': 'tfnu*',
  'PATCH /v1/placements/:id': 't',
  'GET /v1/placements/:id/revisions': 'tfnu*',
  'POST /v1/placements/import': 't',
  'GET /v1/operations': 'u',
  'GET /v1/quarantine': 'u',
  'POST /v1/quarantine/:offset/replays': '',
  'POST /v1/deadline-policies': 't',
  'GET /v1/deadline-policies': 'tfnu',
  'GET /v1/deadline-policies/:id': 'tfnu',
  'PATCH /v1/deadline-policies/:id': 't',
  'GET /v1/deadline-policies/:id/revisions': 'tfnu',
  'POST /v1/deadline-policies/import': 't',
  'POST /v1/bidders': 't',
  'GET /v1/bidders': 'tfnu',
  'GET /v1/bidders/:id': 'tfnu',
  'PATCH /v1/bidders/:id': 't',
  'GET /v1/bidders/:id/revisions': 'tfnu',
  'POST /v1/bidders/import': 't',
  'POST /v1/finance/adjustments': 'f*',
  'POST /v1/quality/verdicts': 'f*',
  'POST /v1/finance/periods/close': 'f',
  'GET /v1/finance/calendars': 'fu',
  'GET /v1/audit/events': 'u',
  'GET /v1/audit/verdicts': 'fnu',
  'GET /v1/audit/why-not': 'tu',
  'POST /v1/audit/why-not': 'tu',
  'GET /v1/audit/explain': 'tu',
  'POST /v1/audit/replays': 'fu',
  'GET /v1/audit/replays': 'fu',
  'GET /v1/audit/replays/:id': 'fu',
  'POST /v1/reconciliations': 'fu',
  'GET /v1/reconciliations': 'fu',
  'GET /v1/reconciliations/:id': 'fu',
  'GET /v1/ledger/balances': 'fu*',
  'GET /v1/ledger/entries': 'fu*',
  'GET /v1/ledger/selections/:selection_id': 'fu*',
  'GET /v1/ledger/statements/:advertiser_id': 'fu*',
  'GET /v1/pacing/campaigns': 'tfnu*',
  'GET /v1/pacing/campaigns/:campaign_id': 'tfnu*',
  'GET /v1/market/bidders': 'n',
  'GET /v1/reports': 'n',
  'GET /v1/reports/:name': 'n',
  'GET /v1/reports/schema': 'n',
  'POST /v1/reports/query': 'n',
  'GET /v1/live': 'fnu',
  'GET /v1/session': 'tfnu*',
  'POST /v1/persons/forget': '',
};

/** Open to everybody who reaches the private port: pages, their files, health, the description of the interface. */
const open = [
  ...viewPaths,
  '/demo',
  '/preview',
  '/assets/:file',
  '/app/:file',
  '/favicon.ico',
  '/healthz',
  '/readyz',
  '/metrics',
];

function mayUse(route: string, role: Exclude<Role, 'admin'>): boolean {
  return Array.from(table[route] ?? '').some((letter) => letter !== '*' && roleOf[letter as Letter] === role);
}

/** Asks a route for what does not exist, with a body that says nothing: whoever may ask is told so, and nothing is done. */
async function ask(route: string, key: string | null): Promise<number> {
  const [method = '', path = ''] = route.split(' ');
  const headers = { ...(method !== 'GET' && { 'content-type': 'application/json' }), 'if-match': '*' };
  const url = path.replaceAll(/:\w+/g, 'x');
  const { status } = await world.ask({
    method: method as 'GET',
    url,
    key,
    headers,
    ...(method !== 'GET' && { payload: '[]' }),
  });
  return status;
}

describe('Every route of the console', () => {
  it('is in the table of who may what, and every row of the table is a route', () => {
    const found = world.routes
      .filter(({ method, url }) => method !== 'HEAD' && !open.includes(url))
      .map(({ method, url }) => `${method} ${url}`);
    expect(found.toSorted()).toEqual(Object.keys(table).toSorted());
  });

  describe.each(Object.keys(table))('%s', (route) => {
    it('is closed without a key and with a wrong one', async () => {
      expect(await ask(route, null)).toBe(401);
      expect(await ask(route, 'x'.repeat(40))).toBe(401);
      expect(await ask(route, `${keyOf.admin}x`)).toBe(401);
      expect(await ask(route, keyOf.admin.slice(0, -1))).toBe(401);
    });

    it.each(Object.values(roleOf))('is open to %s only as the table says', async (role) => {
      const status = await ask(route, keyOf[role]);
      if (mayUse(route, role)) expect([401, 403]).not.toContain(status);
      else expect(status).toBe(403);
    });

    it('is open to admin', async () => {
      expect([401, 403]).not.toContain(await ask(route, keyOf.admin));
    });

    it.each(Object.values(roleOf))(
      'is open to %s with a key of one advertiser only as the table says',
      async (role) => {
        const status = await ask(route, strangerKeys[role]);
        if (mayUse(route, role) && table[route]?.endsWith('*')) expect([401, 403]).not.toContain(status);
        else expect(status).toBe(403);
      },
    );
  });
});

describe('A key that is bound to another advertiser', () => {
  /** Paths with what is there: the ids of the sample catalogue and of a selection of its advertiser. */
  function known(url: string): string {
    const { ids, selection } = world;
    const entity: Readonly<Record<string, string>> = {
      advertisers: ids.advertiser,
      campaigns: ids.campaign,
      'line-items': ids.lineItem,
      creatives: ids.creative,
      placements: ids.placement,
    };
    return url
      .replace(':selection_id', selection.id)
      .replace(':advertiser_id', `${ids.advertiser}?period=2026-01`)
      .replace(':campaign_id', ids.campaign)
      .replace(':id', entity[url.split('/')[2] ?? ''] ?? 'x');
  }
  const starred = Object.entries(table).filter(([, who]) => who.endsWith('*'));
  const reads = starred.filter(([route]) => route.startsWith('GET ')).map(([route]) => route.slice(4));

  it.each(reads)('reads nothing of what is there: %s', async (url) => {
    for (const key of Object.values(strangerKeys)) {
      const { status, text } = await world.ask({ method: 'GET', url: known(url), key });
      expect([200, 403, 404, 409]).toContain(status);
      for (const id of [world.ids.advertiser, world.ids.campaign, world.ids.lineItem, world.ids.creative]) {
        if (status === 200) expect(text).not.toContain(id);
      }
      // 409: before the first tick the ledgers have no cut, whatever is asked for.
      if (url.includes(':') && !url.startsWith('/v1/placements')) expect([403, 404, 409]).toContain(status);
    }
  });

  it.each([
    ['PATCH', 'advertisers', 'advertiser'],
    ['PATCH', 'campaigns', 'campaign'],
    ['PATCH', 'line-items', 'lineItem'],
    ['PATCH', 'creatives', 'creative'],
  ] as const)('changes nothing of what is there: %s %s', async (method, path, kind) => {
    const url = `/v1/${path}/${world.ids[kind]}`;
    const headers = { 'content-type': 'application/json', 'if-match': '*' };
    const before = (await world.ask({ method: 'GET', url })).text;
    const { status } = await world.ask({
      method,
      url,
      headers,
      payload: '{"name":"taken over"}',
      key: strangerKeys.trafficker,
    });
    expect(status).toBe(404);
    expect((await world.ask({ method: 'GET', url })).text).toBe(before);
  });

  it.each(['/v1/quality/verdicts', '/v1/finance/adjustments'])(
    'takes back nothing of what is there: %s',
    async (url) => {
      const adjustment = {
        action: 'VOID',
        amount_micros: '1',
        relied_certified_micros: '0',
        relied_reversed_micros: '0',
      };
      const body = { selection_id: world.selection.id, reason: 'mine', ...(url.endsWith('adjustments') && adjustment) };
      const headers = { 'content-type': 'application/json' };
      const asked = { method: 'POST', url, headers, payload: JSON.stringify(body) } as const;
      expect((await world.ask({ ...asked, key: strangerKeys.finance })).status).toBe(404);
    },
  );
});
