import { ok, strictEqual } from 'node:assert/strict';
import fc from 'fast-check';
import type { InjectOptions } from 'fastify';
import { keyOf, sampleBodies } from '../console-world.ts';
import { type ConsoleUnderTest, openConsoleUnderTest, strangerKeys } from './console-world.ts';
import { mutatedBodies, mutatedBytes, oddTexts } from './mutations.ts';
import { checkAnswer } from './public-world.ts';
import { fuzzTarget } from './target.ts';

/** Bodies by the route that takes them. */
function bodiesOf({ ids, selection }: ConsoleUnderTest): Readonly<Record<string, readonly unknown[]>> {
  const verdict = { selection_id: selection.id, reason: 'by hand', category: 'SIVT' };
  const adjustment = {
    ...verdict,
    category: undefined,
    action: 'VOID',
    amount_micros: '0',
    relied_certified_micros: '0',
    relied_reversed_micros: '0',
  };
  const all = {
    advertisers: sampleBodies.advertiser,
    campaigns: sampleBodies.campaign(ids.advertiser),
    'line-items': sampleBodies.lineItem(ids.campaign),
    creatives: sampleBodies.creative(ids.lineItem),
    publishers: sampleBodies.publisher,
    placements: sampleBodies.placement(ids.publisher),
    verdicts: verdict,
    adjustments: adjustment,
    close: { calendar: 0, period: '2026-01' },
    forget: { id: 'person' },
    query: { sql: 'SELECT count() FROM selections' },
  };
  return Object.fromEntries(Object.entries(all).map(([last, body]) => [last, [body]]));
}

const queries = [
  'limit=2',
  'cursor=MS4y',
  'truth=final',
  'truth=tentative&account=rounding&kind=draw',
  'advertiser_id=adv_1',
  'campaign_id=cmp_1&service_period=2026-01&posting_period=2026-02',
  'selection_id=01900000-0000-7000-8000-000000000001',
  'selection_id=01900000-0000-7000-8000-000000000001&line_item_id=li_1',
  'as_of=2026-01-01T00:00:00Z',
  'as_of_position=0:1,1:2',
  'period=2026-01',
  'topic=spend&shard=0&from_offset=0&limit=3',
  'window=24h',
  'from=-24h&to=now',
];
const someId = (ids: readonly string[]) =>
  fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...ids) },
    {
      weight: 2,
      arbitrary: mutatedBytes(ids.map((id) => ({ bytes: Buffer.from(id) }))).map(({ bytes }) =>
        bytes.toString('latin1'),
      ),
    },
    { weight: 1, arbitrary: fc.constantFrom(...oddTexts.map((text) => text.toWellFormed())) },
  );
const query = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('', ...queries) },
  {
    weight: 3,
    arbitrary: mutatedBytes(queries.map((text) => ({ bytes: Buffer.from(text) }))).map(({ bytes }) =>
      encodeURI(bytes.toString('latin1')),
    ),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom(...queries), fc.constantFrom(...oddTexts))
      .map(([one, text]) => `${one}&x=${encodeURIComponent(text.toWellFormed())}`),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constantFrom(...queries), fc.constantFrom(...queries)).map((both) => both.join('&')),
  },
);
const headers = fc
  .record(
    {
      accept: fc.constantFrom(
        'text/csv',
        'application/x-ndjson',
        'application/json',
        '*/*',
        'text/html;q=0.1,,;',
        ';;q=x',
      ),
      'if-match': fc.constantFrom('*', '"1"', '"0"', 'W/"1"', '"99999999999999999"', ''),
      'idempotency-key': fc.constantFrom('k1', 'k2', 'k'.repeat(201), 'a b'),
      'content-type': fc.constantFrom(
        'application/json',
        'application/json',
        'application/json',
        'text/plain',
        'application/xml',
      ),
      'content-encoding': fc.constantFrom('gzip', 'br'),
    },
    { requiredKeys: [] },
  )
  .map((given): Record<string, string> => ({ 'content-type': 'application/json', ...given }));

type Request = InjectOptions & { readonly url: string; readonly key: string | null };

function requests(world: ConsoleUnderTest): fc.Arbitrary<Request> {
  const { ids, selection, routes } = world;
  const bodies = bodiesOf(world);
  const idTexts = [...Object.values(ids), selection.id, 'x'];
  const keys = fc.constantFrom(
    keyOf.admin,
    keyOf.admin,
    keyOf.finance,
    keyOf.trafficker,
    keyOf.analyst,
    strangerKeys.finance,
    strangerKeys.trafficker,
    null,
  );
  return fc.constantFrom(...routes).chain(({ method, url }) => {
    const last =
      url
        .split('/')
        .filter((part) => !part.startsWith(':'))
        .at(-1) ?? '';
    const body = method === 'POST' || method === 'PATCH' ? mutatedBodies(bodies[last] ?? [{}]) : fc.constant(undefined);
    return fc.record({ body, id: someId(idTexts), query, headers, key: keys }).map((one): Request => {
      const path = url.replaceAll(/:\w+/g, () => encodeURIComponent(one.id));
      const payload = one.body === undefined ? {} : { payload: one.body };
      return {
        method: method as 'GET',
        url: `${path}${one.query === '' ? '' : `?${one.query}`}`,
        headers: one.headers,
        key: one.key,
        ...payload,
      };
    });
  });
}

const consoleRoutes = fuzzTarget({
  name: 'console-routes',
  about:
    'Every route of the whole console on its real engines, with changed bodies, ids, queries and headers and any key: a defined status and code, nothing of the inside, no error of ours.',
  shortRuns: 1_200,
  open: async () => {
    const world = await openConsoleUnderTest();
    return {
      inputs: requests(world),
      holds: async (request, seen) => {
        const { status, type, text } = await world.ask(request);
        if (request.method !== 'HEAD') seen(checkAnswer({ status, type, text }));
        else seen(String(status));
        strictEqual(world.errors.splice(0)[0]?.stack, undefined);
        if (status === 200 && request.key === strangerKeys.finance)
          ok(!text.includes(world.ids.campaign), "shows a stranger somebody else's campaign");
      },
      close: () => world.close(),
    };
  },
});

export const consoleTargets = [consoleRoutes];
