import { fastify, type FastifyInstance } from 'fastify';
import { afterEach, describe, expect, test } from 'vitest';
import type { CreativePublished } from '../../domain/records.ts';
import { inventory, supply } from '../../test/decision-world.ts';
import { openDeskWorld } from '../../test/desk-world.ts';
import { parseXml, readVast } from '../../test/vast-reader.ts';
import { ClientReader } from '../client.ts';
import { asAdtallyError, sendProblem } from '../problem.ts';
import { registerAdTags } from './ad-tags.ts';

const open: FastifyInstance[] = [];
afterEach(() => Promise.all(open.splice(0).map((app) => app.close())));

const spot = JSON.stringify({ media: [{ url: 'https://cdn.example/a.mp4', type: 'video/mp4' }] });
const chrome = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/130.0.0.0 Safari/537.36';

/** Three advertisers with a spot each. */
function serve(changes: Partial<CreativePublished> = {}, isCalm = true) {
  const app = fastify();
  open.push(app);
  const creative = { format: 'video', width: 640, height: 360, duration_ms: 5000, markup: spot, ...changes };
  const records = [
    ...inventory(1, { placement: { formats: ['video', 'banner'] } }),
    ...[1, 2, 3].flatMap((n) => supply(n, { creative })),
  ];
  const world = openDeskWorld(records);
  app.setErrorHandler((error: Error, _request, reply) => sendProblem(reply, asAdtallyError(error)));
  const monotonicUs = () => world.clock.monotonicUs();
  registerAdTags(app, {
    desk: world.desk,
    clients: new ClientReader(),
    admission: { isCalm, takes: () => false },
    monotonicUs,
  });
  const get = (url: string, headers = {}) => app.inject({ url, headers: { 'user-agent': chrome, ...headers } });
  return { get, world };
}

describe('An ad tag', () => {
  test('answers with a pod of VAST in its order, and records selections and that they were returned', async () => {
    const { get, world } = serve();
    const answer = await get('/v1/vast?placement_id=pl_1&count=2&url=https://daily.example/a', {
      origin: 'https://daily.example',
    });
    expect(answer.statusCode).toBe(200);
    expect(answer.headers).toMatchObject({
      'content-type': 'application/xml; charset=utf-8',
      'cache-control': 'no-store',
      'access-control-allow-origin': 'https://daily.example',
      'access-control-allow-credentials': 'true',
    });
    const { ads } = await readVast(answer.body);
    expect(ads.map(({ sequence }) => Number(sequence))).toEqual([1, 2]);
    const names = world.buffer.decoded().map(({ record }) => record.name);
    expect(names.filter((name) => name === 'AdSelected')).toHaveLength(2);
    expect(names.filter((name) => name === 'MarkupReturned')).toHaveLength(2);
  });

  test('answers with a VMAP of a pod for each break that has an ad', async () => {
    const { get } = serve();
    const answer = await get('/v1/vmap?placement_id=pl_1&breaks=start,50%25,00:10:00');
    const breaks = Array.from(parseXml(answer.body).getElementsByTagName('vmap:AdBreak'));
    expect(breaks.map((one) => one.getAttribute('timeOffset'))).toEqual(['start', '50%', '00:10:00']);
    expect(breaks.map((one) => one.getElementsByTagName('InLine').length)).toEqual([1, 1, 1]);
  });

  test('passes on a GPP string and the sections of it that apply', async () => {
    const { get, world } = serve();
    // Of all states: did not opt out; of California: did.
    const gpp = 'DBABrw~CAAgAAAAAACA.QA~BAQAAACA.QA';
    const reasonOf = async (query: string) => {
      expect((await get(`/v1/vast?placement_id=pl_1&gpp=${gpp}${query}`)).statusCode).toBe(200);
      const reasons = world.buffer
        .decoded()
        .flatMap(({ record }) => (record.name === 'AdSelected' ? [record.value.context.consent_reason] : []));
      return reasons.at(-1);
    };
    expect([await reasonOf(''), await reasonOf('&gpp_sid=7'), await reasonOf('&gpp_sid=8')]).toEqual([
      'gpp_opt_out',
      'gpp_ok',
      'gpp_opt_out',
    ]);
    expect((await get('/v1/vast?placement_id=pl_1&gpp_sid=x')).statusCode).toBe(400);
  });

  test('without an ad is an empty document, and leaves out what is no VAST', async () => {
    const empty = '<?xml version="1.0" encoding="UTF-8"?>\n<VAST version="4.2" xmlns="http://www.iab.com/VAST"></VAST>';
    expect((await serve().get('/v1/vast?placement_id=pl_9')).body).toBe(empty);
    expect((await serve({ markup: '<video></video>' }).get('/v1/vast?placement_id=pl_1')).body).toBe(empty);
    expect((await serve().get('/v1/vast?placement_id=pl_1&format=audio')).body).toBe(empty);
  });

  test.each([
    ['/v1/vast', 'slots[0].placement_id'],
    ['/v1/vast?placement_id=pl_1&count=99', 'slots[0].count'],
    ['/v1/vast?placement_id=pl_1&format=gif', 'slots[0].formats[0]'],
    ['/v1/vast?placement_id=pl_1&url=ftp://a', 'context.url'],
    ['/v1/vmap?placement_id=pl_1&breaks=', 'breaks'],
    ['/v1/vmap?placement_id=pl_1&breaks=start,101%25', 'breaks'],
    ['/v1/vmap?placement_id=pl_1&breaks=%3Cx%3E', 'breaks'],
  ])('that is wrong is refused with the field: %s', async (url, path) => {
    const answer = await serve().get(url);
    expect([answer.statusCode, answer.json().path]).toEqual([400, path]);
  });

  test('is shed when more is asked than can be answered', async () => {
    expect((await serve({}, false).get('/v1/vast?placement_id=pl_1')).statusCode).toBe(429);
  });
});
