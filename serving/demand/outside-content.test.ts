import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseXml, type PlayerLinear, readVast } from '../../test/vast-reader.ts';
import { issuedOutside, nativeAnswer, nativeRequest, player, vastAnswer } from '../../test/outside-content.ts';
import { readXml } from '../formats/xml-reader.ts';
import { readNativeAnswer } from './native-answer.ts';
import { outsideUrl } from './outside-url.ts';
import { readVastAnswer, vastLimits } from './vast-answer.ts';

const vast = (changes: Parameters<typeof vastAnswer>[0] = {}) => readVastAnswer(vastAnswer(changes), player);

describe('The VAST of a bidder', () => {
  test('is taken over with its files, trackers and landing page, and ours around them', async () => {
    const { decision } = issuedOutside(
      vastAnswer({ impression: 'https://b.example/i?p=${AUCTION_PRICE}&cb=[CACHEBUSTING]' }),
      'video',
    );
    const [ad] = (await readVast(decision.markup)).ads;
    const [linear] = (ad?.creatives ?? []).filter((one): one is PlayerLinear => one.type === 'linear');
    expect(linear).toMatchObject({ duration: 15, mediaFiles: [{ fileURL: 'https://b.example/spot.mp4', width: 640 }] });
    expect(ad?.impressionURLTemplates.map(({ url }) => url)).toEqual([
      decision.beacons.impression,
      'https://b.example/i?p=3.5&cb=[CACHEBUSTING]',
    ]);
    expect(linear?.trackingEvents['midpoint']).toEqual([decision.beacons.midpoint, 'https://b.example/midpoint']);
    for (const kind of ['start', 'firstQuartile', 'thirdQuartile', 'complete', 'mute']) {
      expect(linear?.trackingEvents[kind]).toHaveLength(1);
    }
    expect(linear?.videoClickThroughURLTemplate.url).toBe('https://b.example/landing');
    expect(linear?.videoClickTrackingURLTemplates.map(({ url }) => url)).toEqual([
      expect.stringContaining('/v1/b/click/'),
      'https://b.example/click',
    ]);
  });

  test('that wraps another becomes a wrapper of ours around the same document, and no deeper', () => {
    const { decision } = issuedOutside(vastAnswer({ wrapper: 'https://b.example/next.xml' }), 'video');
    const document = parseXml(decision.markup);
    expect(document.getElementsByTagName('Wrapper')).toHaveLength(1);
    expect(document.getElementsByTagName('VASTAdTagURI')[0]?.textContent).toBe('https://b.example/next.xml');
    expect(decision.markup).toContain(decision.beacons.impression);
  });

  test.each([
    [{ version: '1.0' }, 'bad_protocol'],
    [{ version: '4.2', wrapper: 'https://127.0.0.1/x' }, 'bad_url'],
    [{ duration: '00:00:31' }, 'bad_duration'],
    [{ duration: '00:00:04' }, 'bad_duration'],
    [{ duration: 'soon' }, 'bad_duration'],
    [{ file: 'http://b.example/spot.mp4' }, 'bad_url'],
    [{ file: 'https://10.0.0.1/spot.mp4' }, 'bad_url'],
    [{ type: 'application/javascript' }, 'bad_media'],
    [{ impression: 'javascript:alert(1)' }, 'bad_url'],
    [{ before: '<!DOCTYPE VAST>' }, 'bad_vast'],
    [{ before: '<!DOCTYPE VAST [<!ENTITY a "b">]>' }, 'bad_vast'],
    [{ after: '<VAST/>' }, 'bad_vast'],
    [{ after: '&a;' }, 'bad_vast'],
    [{ ads: 2 }, 'bad_vast'],
  ])('with %j is refused as %s', (changes, fault) => {
    expect(vast(changes)).toBe(fault);
  });

  test('of whatever text is read without an error', () => {
    const parts = fc.constantFrom(
      '<VAST version="4.2">',
      '</VAST>',
      '<Ad>',
      '</Ad>',
      '<InLine>',
      '&amp;',
      '&x;',
      '<![CDATA[',
      ']]>',
      '<!--',
      '-->',
      '"',
      '<',
      'é',
      '\u0000',
    );
    const text = fc.oneof(
      fc.array(fc.oneof(parts, fc.string()), { maxLength: 40 }).map((all) => all.join('')),
      fc.nat({ max: vastAnswer().length }).map((at) => vastAnswer().slice(0, at)),
    );
    fc.assert(
      fc.property(text, (markup) => {
        const read = readVastAnswer(markup, player);
        if (markup.length < vastAnswer().length && typeof read !== 'string') throw new Error(`was taken: ${markup}`);
      }),
    );
  });
});

describe('XML of a stranger', () => {
  const bounds = { depth: 3, elements: 5 };

  test('is read with its references resolved, and CDATA as it stands', () => {
    const read = readXml(`<?xml version="1.0"?>\n<a b='&lt;&#65;'><!-- c --><d>x&amp;<![CDATA[&y;]]></d></a>`, bounds);
    expect(read?.attributes.get('b')).toBe('<A');
    expect(read?.children.map(({ name, text }) => [name, text])).toEqual([['d', 'x&&y;']]);
  });

  test.each([
    '',
    'x',
    '<a>',
    '<a></b>',
    '<a><b><c><d/></c></b></a>',
    `<a>${'<b/>'.repeat(5)}</a>`,
    '<a b="1" b="2"/>',
    '<a b=1/>',
    '<a/><a/>',
    '<a>&#0;</a>',
    '<a>&nbsp;</a>',
    '<a><?php ?></a>',
    '<a>\u0001</a>',
  ])('that is %j is refused', (text) => {
    expect(readXml(text, bounds)).toBeNull();
  });

  test('may be as deep as the limit', () => {
    const nested = (depth: number) => '<a>'.repeat(depth) + '</a>'.repeat(depth);
    expect(readXml(nested(vastLimits.depth), vastLimits)).not.toBeNull();
    expect(readXml(nested(vastLimits.depth + 1), vastLimits)).toBeNull();
  });
});

describe('The native response of a bidder', () => {
  const read = (changes: Readonly<Record<string, unknown>> = {}) =>
    readNativeAnswer(JSON.stringify(nativeAnswer(changes)), nativeRequest);

  test('is taken over with the assets that were asked for, and our trackers with its own', () => {
    const answer = nativeAnswer({ extra: 1, jstracker: '<script>' });
    const { decision } = issuedOutside(JSON.stringify({ native: answer }), 'native');
    expect(JSON.parse(decision.markup)).toEqual({
      ver: '1.2',
      assets: [
        { id: 1, required: 1, title: { text: 'Tea & <biscuits>', len: 16 } },
        { id: 2, img: { type: 3, url: 'https://b.example/card.png', w: 1200, h: 627 } },
      ],
      link: {
        url: 'https://b.example/landing?p=3.5',
        clicktrackers: [expect.stringContaining('/v1/b/click/'), 'https://b.example/click'],
      },
      eventtrackers: [
        { event: 1, method: 1, url: decision.beacons.impression },
        { event: 1, method: 1, url: 'https://b.example/i' },
        { event: 2, method: 1, url: decision.beacons.viewable },
      ],
    });
  });

  const title = { id: 1, title: { text: 'Tea' } };
  test.each([
    [{ assets: [] }, 'no_asset'],
    [{ assets: [title, title] }, 'bad_native'],
    [{ assets: [{ id: 1, title: { text: 'x'.repeat(26) } }] }, 'bad_asset'],
    [{ assets: [{ id: 1, title: { text: '\u0000' } }] }, 'bad_asset'],
    [{ assets: [{ id: 1, data: { value: 'x' } }] }, 'bad_asset'],
    [{ assets: [title, { id: 2, img: { url: 'https://b.example/x', w: 10, h: 627 } }] }, 'bad_size'],
    [{ assets: [title, { id: 2, img: { url: 'https://192.168.0.1/x', w: 1200, h: 627 } }] }, 'bad_url'],
    [{ link: { url: 'javascript:alert(1)' } }, 'bad_url'],
    [{ link: {} }, 'bad_url'],
    [{ imptrackers: ['http://b.example/'] }, 'bad_url'],
    [{ ext: JSON.parse(`${'['.repeat(13)}${']'.repeat(13)}`) as unknown }, 'too_deep'],
  ])('with %j is refused as %s', (changes, fault) => {
    expect(read(changes)).toBe(fault);
  });

  test('of whatever JSON is read without an error, and what is taken has all that is required', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.json(),
          fc.string(),
          fc
            .dictionary(fc.constantFrom('assets', 'link', 'native'), fc.jsonValue())
            .map((one) => JSON.stringify(nativeAnswer(one))),
        ),
        (markup) => {
          const found = readNativeAnswer(markup, nativeRequest);
          if (typeof found !== 'string') expect(found.assets.some(({ title: text }) => text !== undefined)).toBe(true);
        },
      ),
    );
  });
});

describe('A URL of a bidder', () => {
  test.each(['https://cdn.example/a?b=[CACHEBUSTING]', ' https://a.example/ ', 'HTTPS://A.example/${AUCTION_PRICE}'])(
    'may be %j',
    (url) => {
      expect(outsideUrl(url)).toBe(url.trim());
    },
  );

  test.each(
    [
      'http://a.example/',
      'https://localhost/',
      'https://a.internal/',
      'https://127.1/',
      'https://0x7f000001/',
      'https://[::1]/',
      'https://169.254.169.254/',
      'https://8.8.8.8/',
      'https://user@a.example/',
      'https://intranet/',
      'https:///a.example',
      'https://a.example/\n',
      7,
    ].filter((one) => one !== 'https://a.example/\n'),
  )('may not be %j', (url) => {
    expect(outsideUrl(url)).toBeNull();
  });
});
