import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import {
  type FieldRule,
  type ObjectName,
  type ScalarType,
  specification,
} from '../../serving/openrtb/specification.ts';
import { bid, bidRequest, imp } from '../openrtb-world.ts';
import { corpusIsThere, openCorpusWorld, readCorpus } from './corpus.ts';

type Json = fc.JsonValue;

const nativeText =
  '{"ver":"1.2","assets":[{"id":1,"required":1,"title":{"len":90}}],"eventtrackers":[{"event":1,"methods":[1]}]}';

/** Something of every object that the exchange reads. */
const rich = bidRequest({
  at: 1,
  tmax: 300,
  cur: ['EUR', 'USD'],
  bcat: ['IAB25'],
  badv: ['a.example'],
  wseat: ['adtally'],
  imp: [
    imp('1', {
      bidfloor: 0.5,
      bidfloorcur: 'EUR',
      tagid: 'pl_1',
      pmp: { deals: [{ id: 'D', bidfloor: 1.25, wseat: ['x'] }] },
    }),
    imp('2', {
      banner: {
        format: [
          { w: 300, h: 250 },
          { wratio: 4, hratio: 3, wmin: 100 },
        ],
        battr: [1, 2],
      },
    }),
    {
      id: '3',
      video: { mimes: ['video/mp4'], poddur: 60, maxseq: 3, maxduration: 15, podid: 'p', mincpmpersec: 0.01 },
    },
    {
      id: '4',
      audio: { mimes: ['audio/mpeg'], rqddurs: [15, 30], durfloors: [{ mindur: 1, maxdur: 30, bidfloor: 1 }] },
    },
    {
      id: '5',
      native: { request: nativeText, ver: '1.2' },
      ext: { prebid: { bidder: { adtally: { placement: 'pl_1' } } } },
    },
  ],
  user: {
    id: 'u',
    consent: 'x',
    data: [{ segment: [{ id: 's' }] }],
    eids: [{ source: 'e', uids: [{ id: '1', atype: 1 }] }],
  },
  regs: { gdpr: 0, coppa: 0, us_privacy: '1YNN', gpp_sid: [7] },
  source: { schain: { complete: 1, ver: '1.0', nodes: [{ asi: 'a.example', sid: '1', hp: 1 }] } },
  ext: {
    prebid: { targeting: { pricegranularity: { precision: 2, ranges: [{ max: 20, increment: 0.1 }] } }, aliases: {} },
  },
}) as unknown as Json;

const sources: Json[] = [rich, ...readCorpus('valid').map(({ text }) => JSON.parse(text) as Json)];

/** Every place in a document, as the keys that lead there. */
function placesOf(value: Json, at: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [at];
  return [at, ...Object.entries(value).flatMap(([key, part]) => placesOf(part as Json, [...at, key]))];
}

/** The document with another value at one place; `undefined` takes it out. */
function changed(value: Json, [key, ...rest]: readonly string[], put: Json | undefined): Json | undefined {
  if (key === undefined) return put;
  if (typeof value !== 'object' || value === null) return value;
  const copy = structuredClone(value) as Record<string, Json | undefined> & Json;
  const part = changed((value as Record<string, Json>)[key] as Json, rest, put);
  if (part === undefined) delete copy[key];
  else copy[key] = part;
  return Array.isArray(copy) ? copy.filter((entry) => entry !== undefined && entry !== null) : copy;
}

interface Attribute {
  readonly place: readonly string[];
  /** As a refusal names it: `imp[0].banner.w`. */
  readonly path: string;
  readonly section: string;
  readonly rule: FieldRule;
}

/** The attributes of a document that the tables of the specification know. */
function attributesOf(value: Json, name: ObjectName, place: readonly string[] = [], path = ''): Attribute[] {
  const { section, fields } = specification[name];
  return Object.entries(value as Record<string, Json>).flatMap(([field, part]) => {
    const rule = fields.get(field);
    if (rule === undefined || part === null) return [];
    const at = path === '' ? field : `${path}.${field}`;
    const own = { place: [...place, field], path: at, section, rule };
    const { type } = rule;
    if (typeof type === 'string') return [own];
    const parts = type.isList ? (part as Json[]).map((one, index) => ({ one, index })) : [{ one: part, index: null }];
    const below = parts.flatMap(({ one, index }) =>
      index === null
        ? attributesOf(one, type.object, own.place, at)
        : attributesOf(one, type.object, [...own.place, String(index)], `${at}[${index}]`),
    );
    return [own, ...below];
  });
}

const wrong: Readonly<Record<ScalarType, Json>> = {
  text: 7,
  int: 1.5,
  flag: 'yes',
  number: '1.5',
  words: 7,
  texts: ['t', 7],
  ints: [1, 'x'],
  ext: 'x',
};

const nasty = fc.constantFrom<Json>(
  '',
  '__proto__',
  '\u0000',
  '\ud800',
  '1e400',
  'x'.repeat(5000),
  -1,
  0,
  1.5,
  1e308,
  5e-324,
  2 ** 53,
  [],
  {},
  [[]],
  [null],
  { constructor: { prototype: 1 }, toString: 1 },
  true,
  null,
);

const mutation = fc.record({
  place: fc.nat(100_000),
  put: fc.oneof(nasty, fc.jsonValue({ maxDepth: 3 }), fc.constant(undefined)),
});

const mutant = fc
  .record({ source: fc.constantFrom(...sources), mutations: fc.array(mutation, { minLength: 1, maxLength: 4 }) })
  .map(({ source, mutations }) => {
    let body: Json | undefined = source;
    for (const { place, put } of mutations) {
      if (body === undefined) break;
      const places = placesOf(body);
      body = changed(body, places[place % places.length] as readonly string[], put as Json | undefined);
    }
    return JSON.stringify(body) ?? '';
  });

describe('whatever is sent', () => {
  const world = openCorpusWorld();
  afterAll(() => world.app.close());

  async function judge(text: string | Buffer, headers: Record<string, string> = {}): Promise<void> {
    const answer = await bid(world, text, { headers });
    expect([200, 204, 400, 413, 415]).toContain(answer.statusCode);
    expect(answer.body).not.toMatch(/\n\s+at |\.ts:\d/);
    if (answer.statusCode === 400) expect(answer.json()).toMatchObject({ status: 400, code: expect.any(String) });
    if (answer.statusCode === 204) expect(answer.headers['x-adtally-no-bid']).toMatch(/^[a-z_]+$/);
    if (answer.statusCode === 200) expect(answer.json()).toMatchObject({ id: expect.any(String) });
    expect(world.errors).toEqual([]);
  }

  test('a mutated bid request is answered or refused, never an error of ours', async () => {
    await fc.assert(
      fc.asyncProperty(mutant, (text) => judge(text)),
      { numRuns: 2000 },
    );
    expect((await bid(world, bidRequest())).statusCode).toBe(200);
  });

  test('so are text cut off or garbled, and bytes of any kind, packed or not', async () => {
    const text = JSON.stringify(rich);
    const cut = fc.tuple(fc.nat(text.length), fc.string({ maxLength: 8 })).map(([at, put]) => text.slice(0, at) + put);
    const bytes = fc.uint8Array({ maxLength: 200 }).map((raw) => Buffer.from(raw));
    await fc.assert(
      fc.asyncProperty(cut, (garbled) => judge(garbled)),
      { numRuns: 100 },
    );
    await fc.assert(
      fc.asyncProperty(bytes, (raw) => judge(raw, { 'content-encoding': 'gzip' })),
      { numRuns: 60 },
    );
    expect((await bid(world, bidRequest())).statusCode).toBe(200);
  });

  test('every attribute of every request, made one of another type, is refused by its very path and by the section of its object', async () => {
    let tried = 0;
    for (const source of sources) {
      for (const { place, path, section, rule } of attributesOf(source, 'BidRequest')) {
        const put = typeof rule.type === 'string' ? wrong[rule.type] : 'x';
        const answer = await bid(world, changed(source, place, put));
        const { code, path: named, rule: broken } = answer.json() as Record<string, unknown>;
        expect([answer.statusCode, code, named, broken]).toEqual([
          400,
          'VALIDATION_FAILED',
          path,
          `OpenRTB 2.6 §${section}`,
        ]);
        tried += 1;
      }
    }
    expect(tried).toBeGreaterThan(corpusIsThere ? 1000 : 80);
  });

  test('unknown fields pass, wherever they stand', async () => {
    const objects = placesOf(rich).filter((place) => {
      const value = place.reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], rich);
      return typeof value === 'object' && value !== null && !Array.isArray(value);
    });
    for (const place of objects) {
      const answer = await bid(world, changed(rich, [...place, 'of_the_future'], { a: [1] }));
      expect({ place, status: answer.statusCode }).toEqual({ place, status: 200 });
    }
  });
});
