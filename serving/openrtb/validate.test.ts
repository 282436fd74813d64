import { describe, expect, test } from 'vitest';
import { bidRequest, imp } from '../../test/openrtb-world.ts';
import { BidRequestRefused } from './bid-request-refused.ts';
import { type FieldRule, type ObjectName, type ScalarType, specification } from './specification.ts';
import { validateBidRequest } from './validate.ts';

type Body = Record<string, unknown>;

function faultOf(body: unknown): { path: string | undefined; rule: string } | null {
  try {
    validateBidRequest(body);
    return null;
  } catch (error) {
    if (!(error instanceof BidRequestRefused)) throw error;
    return { path: error.path, rule: error.rule };
  }
}

const right: Readonly<Record<ScalarType, unknown>> = {
  text: 't',
  int: 1,
  flag: 1,
  number: 1.5,
  words: 'a,b',
  texts: ['t'],
  ints: [1],
  ext: {},
};
const wrong: Readonly<Record<ScalarType, unknown>> = {
  text: 7,
  int: 1.5,
  flag: 'yes',
  number: '1.5',
  words: 7,
  texts: ['t', 7],
  ints: [1, 'x'],
  ext: 'x',
};

/** What the tables can't say: sizes, lengths and channels exclude one another. */
const left: Readonly<Partial<Record<ObjectName, readonly string[]>>> = {
  BidRequest: ['app', 'dooh'],
  Format: ['wratio', 'hratio', 'wmin'],
  Video: ['rqddurs'],
  Audio: ['rqddurs'],
};

/** An object in which everything is given. */
function full(name: ObjectName, depth = 0): Body {
  const fields = [...specification[name].fields].filter(([field]) => !left[name]?.includes(field));
  return Object.fromEntries(fields.flatMap(([field, rule]) => (depth > 6 ? [] : [[field, valueOf(rule, depth)]])));
}

function valueOf({ type }: FieldRule, depth: number): unknown {
  if (typeof type === 'string') return right[type];
  const part = full(type.object, depth + 1);
  if (type.object === 'Native') part['request'] = '{"assets":[{"id":1,"title":{"len":9}}]}';
  return type.isList ? [part] : part;
}

interface Case {
  readonly path: string;
  readonly section: string;
  readonly rule: FieldRule;
}

function casesOf(name: ObjectName, at = ''): Case[] {
  const { section, fields } = specification[name];
  const given = [...fields].filter(([field]) => !left[name]?.includes(field));
  return given.flatMap(([field, rule]) => {
    const path = at === '' ? field : `${at}.${field}`;
    const { type } = rule;
    const own = { path, section, rule };
    if (typeof type === 'string') return [own];
    return [own, ...casesOf(type.object, type.isList ? `${path}[0]` : path)];
  });
}

/** The request with another value at a path; `undefined` takes it out. */
function withAt(body: Body, path: string, value: unknown): Body {
  const copy = structuredClone(body);
  const keys = path.split(/[.[\]]+/).filter((key) => key !== '');
  const last = keys.pop() as string;
  const parent = keys.reduce<unknown>((part, key) => (part as Body)[key], copy) as Body;
  if (value === undefined) delete parent[last];
  else parent[last] = value;
  return copy;
}

describe('a bid request', () => {
  const whole = full('BidRequest');
  const cases = casesOf('BidRequest');

  test('in which every attribute is given is allowed', () => {
    expect(faultOf(whole)).toBeNull();
    expect(cases.length).toBeGreaterThan(350);
  });

  test('is refused at the very attribute that is of another type, by the section of its object', () => {
    for (const { path, section, rule } of cases) {
      const value = typeof rule.type === 'string' ? wrong[rule.type] : 'x';
      expect(faultOf(withAt(whole, path, value))).toEqual({ path, rule: `OpenRTB 2.6 §${section}` });
    }
  });

  test('is refused at what is required and missing, or less than it may be; null is missing', () => {
    for (const { path, section, rule } of cases) {
      const expected = { path, rule: `OpenRTB 2.6 §${section}` };
      const missing = rule.isRequired ? expected : null;
      // An imp without its only banner is judged as a whole, and the banner's size by both sides.
      if (!/\.(banner|w|h|format)$/.test(path) && path !== 'site') {
        expect(faultOf(withAt(whole, path, undefined))).toEqual(missing);
        expect(faultOf(withAt(whole, path, null))).toEqual(missing);
      }
      if (rule.least !== null) expect(faultOf(withAt(whole, path, rule.least - 1))).toEqual(expected);
    }
  });

  test('has one of site, app and dooh, imps with ids of their own, and something to show in each', () => {
    expect(faultOf(bidRequest({ site: undefined }))).toMatchObject({ path: 'site' });
    expect(faultOf(bidRequest({ app: {} }))).toMatchObject({ path: 'app' });
    expect(faultOf(bidRequest({ imp: [] }))).toMatchObject({ path: 'imp' });
    expect(faultOf(bidRequest({ imp: [imp('1'), imp('2'), imp('1')] }))).toMatchObject({ path: 'imp[2].id' });
    expect(faultOf(bidRequest({ imp: [{ id: '1' }] }))).toMatchObject({ path: 'imp[0]' });
    expect(faultOf([])).toMatchObject({ path: '' });
  });

  test('has exact lengths or a range of them, not both', () => {
    const video = { mimes: ['video/mp4'], rqddurs: [15] };
    expect(faultOf(bidRequest({ imp: [{ id: '1', video }] }))).toBeNull();
    const both = bidRequest({ imp: [{ id: '1', video: { ...video, maxduration: 30 } }] });
    expect(faultOf(both)).toEqual({ path: 'imp[0].video.rqddurs', rule: 'OpenRTB 2.6 §3.2.7' });
  });

  test('may have a native request that is no JSON: it offers nothing', () => {
    const natives = validateBidRequest(bidRequest({ imp: [{ id: '1', native: { request: '{...}' } }] })).natives;
    expect(natives).toEqual([null]);
  });
});
