import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hostileText, nativeCreative } from '../../test/creative-arbitraries.ts';
import { issuedCreative } from '../../test/issued-creative.ts';
import { faultsOfNative } from '../../test/native-rules.ts';
import { fitNative } from './native-fit.ts';
import { type NativeResponse, textOfHtml } from './native.ts';

const tea = {
  name: 'Tea',
  format: 'native',
  width: 0,
  height: 0,
  markup: JSON.stringify({
    assets: [
      { title: { text: 'Fresh "first" flush' } },
      { img: { type: 3, url: '{asset_url}/tea.jpg?s={selection_id}', w: 1200, h: 627 } },
      { img: { type: 1, url: 'https://cdn.example/icon.png', w: 80, h: 80 } },
      { data: { type: 2, value: 'Picked this morning, steeped tonight.' } },
      { data: { type: 12, value: 'Order' } },
    ],
    privacy: 'https://tea.example/privacy',
  }),
  trackers: [
    { event: 'impression', url: 'https://third.example/i?s={selection_id}' },
    { event: 'click', url: 'https://third.example/c' },
  ],
};
const nativeOf = (markup: string) => JSON.parse(markup) as NativeResponse;

describe('A native ad', () => {
  test('is a response of OpenRTB Native 1.2 with assets, link, signed trackers and privacy', () => {
    const { decision } = issuedCreative(tea);
    expect(nativeOf(decision.markup)).toEqual({
      ver: '1.2',
      assets: [
        { id: 1, title: { text: 'Fresh "first" flush', len: 19 } },
        { id: 2, img: { type: 3, url: `https://brand.example/tea.jpg?s=${decision.selection_id}`, w: 1200, h: 627 } },
        { id: 3, img: { type: 1, url: 'https://cdn.example/icon.png', w: 80, h: 80 } },
        { id: 4, data: { type: 2, len: 37, value: 'Picked this morning, steeped tonight.' } },
        { id: 5, data: { type: 12, len: 5, value: 'Order' } },
      ],
      link: { url: decision.click_url, clicktrackers: ['https://third.example/c'] },
      eventtrackers: [
        { event: 1, method: 1, url: decision.beacons.impression },
        { event: 1, method: 1, url: `https://third.example/i?s=${decision.selection_id}` },
        { event: 2, method: 1, url: decision.beacons.viewable },
      ],
      privacy: 'https://tea.example/privacy',
    });
  });

  test('of a creative in HTML has its text for a title, and the brand', () => {
    const { decision } = issuedCreative({
      ...tea,
      markup: '<style>a{}</style><a href="{click_url}">Fresh <b>tea</b></a>',
    });
    const { assets } = nativeOf(decision.markup);
    expect(assets).toMatchObject([{ title: { text: 'Fresh tea' } }, { data: { type: 1, value: 'Advertiser 1' } }]);
  });

  test('takes the text of HTML in one pass, whatever is not closed in it', () => {
    expect(textOfHtml('a<b>b</b > c<br/>d<script>x<b>y</b></script>e<')).toBe('a b c d e');
    expect(textOfHtml('<style>a{}')).toBe('');
    const started = performance.now();
    for (const piece of ['<', '<style', '<script>', '</', '< ']) textOfHtml(piece.repeat(65_536 / piece.length));
    expect(performance.now() - started).toBeLessThan(2_000);
  });

  test('of whatever creative keeps the rules of the specification', () => {
    fc.assert(
      fc.property(nativeCreative, (changes) => {
        expect(faultsOfNative(issuedCreative(changes).decision.markup)).toEqual([]);
      }),
      { numRuns: 500, seed: 5 },
    );
  });
});

const { markup } = issuedCreative(tea).decision;
const trackable = [
  { event: 1, methods: [1, 2] },
  { event: 2, methods: [1] },
];

describe('A native ad for a request', () => {
  test('has the assets that were asked for, under their ids', () => {
    const request = {
      ver: '1.2',
      assets: [
        { id: 11, required: 1, title: { len: 90 } },
        { id: 12, required: 1, img: { type: 3, wmin: 600, hmin: 300, mimes: ['image/jpeg'] } },
        { id: 13, data: { type: 2, len: 140 } },
        { id: 14, data: { type: 3 } },
      ],
      eventtrackers: trackable,
    };
    const fitted = fitNative(markup, JSON.stringify(request)) ?? '';
    expect(faultsOfNative(fitted)).toEqual([]);
    const { assets, eventtrackers } = nativeOf(fitted);
    expect(assets.map(({ id }) => id)).toEqual([11, 12, 13]);
    expect(assets[1]).toMatchObject({ required: 1, img: { w: 1200, h: 627 } });
    expect(eventtrackers).toHaveLength(3);
    expect(fitNative(markup, { native: request })).toBe(fitted);
  });

  test.each([
    ['a title that is too long', { id: 1, required: 1, title: { len: 18 } }],
    ['an image that is too small', { id: 1, required: 1, img: { type: 3, wmin: 1201 } }],
    ['an image of another size', { id: 1, required: 1, img: { type: 1, w: 81, h: 80 } }],
    ['a kind of data that it has not', { id: 1, required: 1, data: { type: 6 } }],
    [
      'a video',
      { id: 1, required: 1, video: { mimes: ['video/mp4'], minduration: 1, maxduration: 9, protocols: [2] } },
    ],
    ['nothing that it has', { id: 1, data: { type: 6 } }],
    ['an asset without an id', { title: { len: 90 } }],
  ])('is none if it would be %s', (_what, asset) => {
    expect(fitNative(markup, { assets: [asset] })).toBe(null);
  });

  test('is none for what is no request', () => {
    for (const request of ['', '[]', '{"assets":1}', '{'] as const) expect(fitNative(markup, request)).toBe(null);
  });

  test('tracks only what the client can, and as old clients did', () => {
    const assets = [{ id: 1, title: { len: 90 } }];
    const one = nativeOf(fitNative(markup, { assets, eventtrackers: [{ event: 2, methods: [1] }] }) ?? '');
    expect(one.eventtrackers?.map(({ event }) => event)).toEqual([2]);
    const old = nativeOf(fitNative(markup, { ver: '1.1', assets }) ?? '');
    expect([old.eventtrackers, old.imptrackers?.length]).toEqual([undefined, 2]);
  });

  test('keeps the rules whatever was asked', () => {
    const asset = fc.record(
      {
        id: fc.integer({ min: 0, max: 99 }),
        required: fc.constantFrom(0, 1),
        title: fc.record({ len: fc.integer({ min: 1, max: 200 }) }),
        img: fc.record({ type: fc.constantFrom(1, 3), wmin: fc.integer({ min: 1, max: 2000 }) }),
        data: fc.record({ type: fc.integer({ min: 1, max: 12 }), len: fc.integer({ min: 1, max: 99 }) }),
        ext: hostileText(),
      },
      { requiredKeys: ['id'] },
    );
    const assets = fc.uniqueArray(asset, { selector: ({ id }) => id, maxLength: 8 });
    fc.assert(
      fc.property(nativeCreative, assets, fc.boolean(), (changes, wanted, isNew) => {
        const request = { assets: wanted, ...(isNew && { eventtrackers: trackable }) };
        const fitted = fitNative(issuedCreative(changes).decision.markup, request);
        if (fitted === null) return;
        expect(faultsOfNative(fitted)).toEqual([]);
        const ids = new Set(wanted.map(({ id }) => id));
        expect(nativeOf(fitted).assets.every(({ id }) => ids.has(id))).toBe(true);
      }),
      { numRuns: 300, seed: 6 },
    );
  });
});
