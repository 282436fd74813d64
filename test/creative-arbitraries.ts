import fc from 'fast-check';
import type { CreativePublished, Tracker } from '../domain/records.ts';

const nasty = [
  '<',
  '>',
  '&',
  '"',
  "'",
  ']]>',
  '<![CDATA[',
  '\0',
  '\u0001',
  '\u000b',
  '\ufffe',
  '\ud800',
  '\udfff',
  '💥',
  'ä',
  '</VAST>',
];
const moreNasty = [
  '{click_url}',
  '{selection_id}',
  '{unknown}',
  '%',
  '%zz',
  '%41',
  '[ERRORCODE]',
  '[x]',
  '&amp;',
  '&#0;',
  '\n',
  '\r',
  '\u2028',
  '--',
];

/** Texts as an advertiser's worst day would write them. */
export function hostileText(most = 60): fc.Arbitrary<string> {
  const piece = fc.oneof(
    fc.constantFrom(...nasty, ...moreNasty),
    fc.string({ maxLength: 10 }),
    fc.string({ unit: 'binary', maxLength: 6 }),
  );
  return fc.array(piece, { minLength: 1, maxLength: 8 }).map((pieces) => `a${pieces.join('')}`.slice(0, most));
}

/** URLs that the catalogue lets in, with everything that may stand in them. */
export const hostileUrl: fc.Arbitrary<string> = fc
  .record({
    scheme: fc.constantFrom('https', 'http'),
    host: fc.constantFrom(
      'cdn.example',
      'xn--bcher-kva.example',
      '192.0.2.1:8080',
      '[2001:db8::1]:8443',
      'bücher.example',
    ),
    path: fc.array(
      fc.constantFrom(
        '/',
        'a',
        "it's",
        'ä',
        '💥',
        '%',
        '%2',
        '%zz',
        '%20',
        '[x]',
        '[CACHEBUSTING]',
        '&',
        ';',
        '(',
        '~',
        '|',
        '#',
        '?',
        '=',
        '{selection_id}',
        '{click_url}',
        '//',
      ),
      { maxLength: 12 },
    ),
  })
  .map(({ scheme, host, path }) => `${scheme}://${host}/${path.join('')}`);

const mime = fc.constantFrom('video/mp4', 'video/webm', 'application/x-mpegURL', 'audio/mpeg', 'image/svg+xml');
const pixels = fc.integer({ min: 1, max: 20_000 });

const mediaFile = fc.record(
  {
    url: hostileUrl,
    type: mime,
    width: pixels,
    height: pixels,
    bitrate_kbps: fc.integer({ min: 1, max: 100_000 }),
    codec: hostileText(),
    delivery: fc.constantFrom('progressive', 'streaming'),
  },
  { requiredKeys: ['url', 'type'] },
);
const companion = fc.oneof(
  fc.record({ width: pixels, height: pixels, image: hostileUrl, type: mime, alt: hostileText() }),
  fc.record({ width: pixels, height: pixels, html: hostileText(200) }),
);
const verification = fc.record(
  { vendor: hostileText(), url: hostileUrl, parameters: hostileText() },
  { requiredKeys: ['vendor', 'url'] },
);
const extras = {
  companions: fc.array(companion, { maxLength: 3 }),
  verifications: fc.array(verification, { maxLength: 2 }),
};

/** Markups of video and audio creatives: in line, wrappers, and the bare URL of a document. */
const mediaMarkup: fc.Arbitrary<string> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .record(
        {
          media: fc.array(mediaFile, { minLength: 1, maxLength: 4 }),
          ...extras,
          skip_after_ms: fc.integer({ min: 0, max: 86_400_000 }),
        },
        { requiredKeys: ['media'] },
      )
      .map((template) => JSON.stringify(template)),
  },
  {
    weight: 2,
    arbitrary: fc
      .record(
        { wrapper: fc.record({ url: hostileUrl, follow_wrappers: fc.boolean() }), ...extras },
        { requiredKeys: ['wrapper'] },
      )
      .map((template) => JSON.stringify(template)),
  },
  { weight: 1, arbitrary: hostileUrl },
);

const events = ['impression', 'viewable', 'start', 'midpoint', 'complete', 'mute', 'skip', 'error', 'click'] as const;
const trackers: fc.Arbitrary<Tracker[]> = fc.array(fc.record({ event: fc.constantFrom(...events), url: hostileUrl }), {
  maxLength: 4,
});

const timed = {
  name: hostileText(200),
  duration_ms: fc.integer({ min: 1, max: 100_000_000 }),
  markup: mediaMarkup,
  trackers,
};

/** Creatives for players. */
export const mediaCreative: fc.Arbitrary<Partial<CreativePublished>> = fc.oneof(
  fc.record({ ...timed, format: fc.constant('video'), width: pixels, height: pixels }),
  fc.record({ ...timed, format: fc.constant('audio'), width: fc.constant(0), height: fc.constant(0) }),
);

const nativeAsset = fc.oneof(
  fc.record({ title: fc.record({ text: hostileText() }) }),
  fc.record({ img: fc.record({ type: fc.constantFrom(1, 3), url: hostileUrl, w: pixels, h: pixels }) }),
  fc.record({ data: fc.record({ type: fc.integer({ min: 1, max: 12 }), value: hostileText() }) }),
);
const nativeMarkup = fc.oneof(
  fc
    .record(
      { assets: fc.array(nativeAsset, { minLength: 1, maxLength: 8 }), privacy: hostileUrl },
      { requiredKeys: ['assets'] },
    )
    .map((template) => JSON.stringify(template)),
  hostileText(200).map((text) => `<b>${text}</b>`),
);

/** Native creatives. */
export const nativeCreative: fc.Arbitrary<Partial<CreativePublished>> = fc.record({
  name: hostileText(200),
  format: fc.constant('native'),
  width: fc.constant(0),
  height: fc.constant(0),
  duration_ms: fc.constant(0),
  markup: nativeMarkup,
  trackers,
});
