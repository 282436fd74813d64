import { describe, expect, test } from 'vitest';
import { expectedContext } from './corpus.ts';
import { decisionBody, readSource } from './openrtb-request.ts';

/** Written for this test; what the fields mean is in docs/simulator.md. */
const bid = {
  id: 'b1',
  tmax: 9_000,
  test: 0,
  imp: [
    {
      id: 'i1',
      banner: {
        w: 300,
        h: 250,
        format: [
          { w: 300, h: 250 },
          { w: 320, h: 50 },
        ],
        pos: 1,
      },
      video: { w: 640, h: 360 },
      bidfloor: 0.426,
      bidfloorcur: 'GBP',
      tagid: 'top',
    },
    { id: 'i1', native: {} },
  ],
  site: {
    domain: 'News.Example',
    page: ' https://www.news.example/a/b?c=d ',
    cat: ['IAB1', 'IAB1'],
    pagecat: ['IAB2'],
    keywords: 'One, two ,,THREE',
    content: { keywords: ['two', 'Four'], cat: ['IAB3'] },
  },
  device: {
    ua: 'Mozilla/5.0 (X11)',
    ip: '203.0.113.77',
    devicetype: 2,
    os: 'Windows',
    language: 'de-CH',
    geo: { country: 'BEL', region: 'BE-VWV', city: 'Ieper' },
  },
  user: { id: 'u1', consent: 'AAAA', data: [{ segment: [{ id: 's1' }, { id: 's2' }, { id: 's1' }] }] },
  regs: { gdpr: 1 },
};

describe('a bid request', () => {
  const source = readSource('b1.json', bid);

  test('becomes a decision request by the table of fields', () => {
    expect(decisionBody(source, (currency) => `pl_${currency}`)).toEqual({
      slots: [
        {
          id: '0:i1',
          placement_id: 'pl_GBP',
          formats: ['banner', 'video'],
          sizes: ['300x250', '320x50'],
          floor_micros: '426000',
          key_values: { tagid: 'top', pos: '1' },
        },
        { id: '1:i1', placement_id: 'pl_USD', formats: ['native'], sizes: [], floor_micros: '0', key_values: {} },
      ],
      user: { id: 'u1', segments: ['s1', 's2'] },
      device: { ua: 'Mozilla/5.0 (X11)', ip: '203.0.113.77', language: 'de', type: 'desktop', os: 'windows' },
      geo: { country: 'BE', region: 'VWV', city: 'ieper' },
      consent: { tcf: 'AAAA', gdpr: true, coppa: false },
      context: {
        url: 'https://www.news.example/a/b?c=d',
        domain: 'news.example',
        keywords: ['one', 'two', 'three', 'four'],
        categories: ['IAB1', 'IAB2', 'IAB3'],
      },
      tmax: 5_000,
      test: false,
    });
  });

  test('says what must be recorded, truncated as the platform may know it', () => {
    const [first] = source.imps;
    if (first === undefined) throw new Error('no imp');
    expect(expectedContext(source, first)).toMatchObject({
      site_domain: 'news.example',
      page_path: '/a/b',
      network: '203.0.113.0/24',
      format: 'banner,video',
      floor_currency: 'GBP',
      country: 'BE',
    });
  });

  test('without a domain is of the host of its page', () => {
    expect(readSource('x', { site: { page: 'http://m.example/x' } }).siteDomain).toBe('m.example');
  });

  test('whose user agent names no product has none', () => {
    for (const ua of ['iPad', 'test-user-agent', 'random user agent', '']) {
      expect(readSource('x', { device: { ua } }).userAgent).toBeNull();
    }
  });

  test('may be of any shape without doing harm', () => {
    for (const odd of [
      null,
      7,
      'x',
      [],
      { imp: 'x', site: 3, device: [], user: null, regs: 'y' },
      { imp: [null, 4] },
    ]) {
      expect(() => readSource('x', odd)).not.toThrow();
    }
  });

  test('without consent records no segments', () => {
    const [imp] = source.imps;
    if (imp === undefined) throw new Error('no imp');
    const context = (regs: object, user: object) => expectedContext(readSource('x', { ...bid, regs, user }), imp);
    expect(context({ coppa: 1 }, bid.user)).toMatchObject({
      consent: 'contextual',
      consent_reason: 'coppa',
      segments: [],
    });
    expect(context({ gpp: 'DBAC' }, bid.user)).not.toHaveProperty('consent');
    expect(context({ gdpr: 0 }, bid.user)).toMatchObject({ consent: 'personal', segments: ['s1', 's2'] });
    expect(context({}, {})).toMatchObject({ consent: 'contextual', consent_reason: 'no_signal' });
  });
});
