import { afterAll, describe, expect, test } from 'vitest';
import { bid } from '../openrtb-world.ts';
import { corpusIsThere, openCorpusWorld, readCorpus } from './corpus.ts';

/** Where each invalid request of a class of the specification is wrong. Empty: the body as a whole. */
const faults: Readonly<Record<string, string>> = {
  'pbs-go--invalid-native-asset-img-w-negative.json': 'imp[0].native.request.assets[0].img.w',
  'pbs-go--invalid-native-asset-video-no-mimes.json': 'imp[0].native.request.assets[0].video.mimes',
  'pbs-go--invalid-native-empty-object.json': 'imp[0].native.request.assets',
  'pbs-go--invalid-native-eventtracker-methods-empty.json': 'imp[0].native.request.eventtrackers[0].methods',
  'pbs-go--invalid-whole-audio-mimes-empty.json': 'imp[0].audio.mimes',
  'pbs-go--invalid-whole-banner-h-only.json': 'imp[0].banner',
  'pbs-go--invalid-whole-banner-w-only.json': 'imp[0].banner',
  'pbs-go--invalid-whole-device-w-negative.json': 'device.w',
  'pbs-go--invalid-whole-format-empty-object.json': 'imp[0].banner.format[0]',
  'pbs-go--invalid-whole-format-two-widths.json': 'imp[0].banner.format[0]',
  'pbs-go--invalid-whole-imp-empty-object.json': 'imp[0].id',
  'pbs-go--invalid-whole-malformed-bid-request.json': '',
  'pbs-go--invalid-whole-no-site-or-app-or-dooh.json': 'site',
  'pbs-go--invalid-whole-regs-ext-malformed.json': 'regs.ext',
  'pbs-go--invalid-whole-site-dooh-both.json': 'dooh',
  'pbs-go--invalid-whole-storedrequest-id-int.json': 'ext.prebid.storedrequest.id',
  'pbs-go--invalid-whole-video-empty.json': 'imp[0].video.mimes',
  'pbs-go--invalid-whole-video-w-negative.json': 'imp[0].video.w',
};

const isOfSpecification = (kind: string): boolean => kind.startsWith('openrtb-') || kind === 'malformed-json';

describe.skipIf(!corpusIsThere)('bid requests that others wrote (OPENRTB_CORPUS)', () => {
  const world = openCorpusWorld();
  afterAll(() => world.app.close());

  test.each(readCorpus('valid'))('$name gets a bid, or 204 with a reason', async ({ text }) => {
    const answer = await bid(world, text);
    expect([200, 204]).toContain(answer.statusCode);
    if (answer.statusCode === 204) expect(answer.headers['x-adtally-no-bid']).toMatch(/^[a-z_]+$/);
    else expect(answer.json().seatbid ?? answer.json().nbr).toBeDefined();
    expect(world.errors).toEqual([]);
  });

  test('most of the valid ones are bid on', () => {
    expect(world.exchange.counts.bids).toBeGreaterThan(45);
  });

  const invalid = readCorpus('invalid');

  test.each(invalid.filter(({ facts }) => isOfSpecification(facts['class'] ?? '')))(
    '$name is refused where it is wrong',
    async ({ name, text, facts }) => {
      const answer = await bid(world, text);
      expect(answer.statusCode).toBe(400);
      const { code, path, rule } = answer.json();
      if (facts['class'] === 'malformed-json') expect(code).toBe('BAD_JSON');
      else {
        expect({ code, path }).toEqual({ code: 'VALIDATION_FAILED', path: faults[name] });
        expect(rule).toMatch(/^(OpenRTB 2\.6|Native 1\.2) §[0-9.]+$/);
      }
    },
  );

  test.each(invalid.filter(({ facts }) => !isOfSpecification(facts['class'] ?? '')))(
    '$name breaks rules of another server alone, and is taken',
    async ({ text }) => {
      expect([200, 204]).toContain((await bid(world, text)).statusCode);
    },
  );
});

test.skipIf(corpusIsThere)('OPENRTB_CORPUS is not set: bid requests that others wrote were not tried', () => {
  expect(corpusIsThere).toBe(false);
});
