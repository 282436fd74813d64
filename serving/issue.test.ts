import { describe, expect, test } from 'vitest';
import { indexOf, inputOf, inventory, issueAll, issuerDeps, noon, supply, worldOf } from '../test/decision-world.ts';
import { kindExpiry, verifyToken } from '../domain/token.ts';
import { registry } from '../test/serving-world.ts';
import { reservedRecord, selectedRecord, sharePpmAt } from './issue.ts';
import { publisher } from '../test/decision-world.ts';

const key = issuerDeps().signingKey();
const keys = new Map([[key.id, key]]);

function issued(changes: { creative?: object; publisher?: object; placement?: object } = {}) {
  const index = indexOf([
    ...inventory(1, { publisher: changes.publisher ?? {}, placement: changes.placement ?? {} }),
    ...supply(1, { creative: changes.creative ?? {} }),
  ]);
  const world = worldOf(index);
  const input = inputOf(world);
  const [ad] = issueAll(world, input);
  if (ad === undefined) throw new Error('there was no ad');
  return { ad, input };
}

const tokenOf = (url: string) => url.split('/').at(-1) as string;

describe('an issued ad', () => {
  test('has one token for what is seen and another for the click, and neither allows what the other does', () => {
    const { ad } = issued();
    const seen = verifyToken(tokenOf(ad.decision.beacons.impression ?? ''), keys, noon);
    const click = verifyToken(tokenOf(ad.decision.click_url), keys, noon);
    expect([seen.billing, click.billing]).toEqual([ad.billing, ad.billing]);
    expect([kindExpiry(seen, 'impression'), kindExpiry(seen, 'viewable'), kindExpiry(seen, 'click')]).toEqual([
      noon + 1_800_000,
      noon + 1_800_000,
      null,
    ]);
    expect([kindExpiry(click, 'click'), kindExpiry(click, 'impression')]).toEqual([noon + 86_400_000, null]);
  });

  test('offers the beacons of its format only', () => {
    expect(Object.keys(issued().ad.decision.beacons)).toEqual(['impression', 'viewable']);
    const video = issued({ creative: { format: 'video' }, placement: { formats: ['video'] } }).ad.decision;
    expect(Object.keys(video.beacons)).toContain('third_quartile');
    const audio = issued({ creative: { format: 'audio' }, placement: { formats: ['audio'] } }).ad.decision;
    expect(Object.keys(audio.beacons)).not.toContain('viewable');
  });

  test('puts the click prefix of the publisher before the click URL, encoded', () => {
    const { ad } = issued({ publisher: { click_prefix: 'https://pub.example/c?to=' } });
    expect(ad.decision.click_url).toMatch(/^https:\/\/pub\.example\/c\?to=https%3A%2F%2Fads\.example%2Fv1%2Fclick%2F/);
  });

  test('fills macros, escapes what would break out of markup, and leaves other braces alone', () => {
    const markup =
      '<style>a{color:red}</style><a href="{click_url}" data-s="{selection_id}">{width}x{height} {unknown}</a>';
    const prefix = `https://pub.example/?a=1&b='"<tö>=`;
    const { ad } = issued({ creative: { markup }, publisher: { click_prefix: prefix } });
    expect(ad.decision.markup).toContain('<style>a{color:red}</style>');
    expect(ad.decision.markup).toContain(`data-s="${ad.billing.selection_id}">300x250 {unknown}</a>`);
    expect(ad.decision.markup).toContain('href="https://pub.example/?a=1&amp;b=&#39;%22%3Ct%C3%B6%3E=https%3A');
  });

  test('lists third-party trackers with their macros percent-encoded', () => {
    const trackers = [{ event: 'impression', url: 'https://t.example/?s={selection_id}&u={click_url}' }];
    const { ad } = issued({ creative: { trackers } });
    expect(ad.decision.trackers).toEqual([
      {
        event: 'impression',
        url: `https://t.example/?s=${ad.billing.selection_id}&u=${encodeURIComponent(ad.decision.click_url)}`,
      },
    ]);
  });

  test('is shown in its own size, or, without one, in the first of the slot', () => {
    expect(issued().ad.decision).toMatchObject({ width: 300, height: 250 });
    const fluid = issued({ creative: { width: 0, height: 0 }, placement: { sizes: ['728x90', '300x250'] } });
    expect(fluid.ad.decision).toMatchObject({ width: 728, height: 90 });
  });

  test('is recorded as the schemas want it, with the same billing everywhere', () => {
    const { ad, input } = issued();
    const selected = selectedRecord(ad, { input, views: [{ view: 'catalog', revision: 6 }] });
    const decoded = registry.decode(registry.encode('AdSelected', selected));
    expect(decoded.value).toEqual(selected);
    const reserved = reservedRecord(ad);
    expect(reserved).toMatchObject({ billing: ad.billing, draw_lease: ad.billing.draw_lease, reserved_at: noon });
    expect(reserved && registry.decode(registry.encode('SpendReserved', reserved)).value).toEqual(reserved);
    expect(selected.stages.map(({ stage }) => stage)).toEqual([
      'ingress',
      'enrichment',
      'bidders',
      'targeting',
      'pacing',
      'bidding',
      'auction',
      'response',
    ]);
  });
});

test('the share of a publisher is the one in effect', () => {
  const shares = [
    { effective_from: 100, share_ppm: 600_000 },
    { effective_from: 200, share_ppm: 700_000 },
  ];
  const at = (time: number) => sharePpmAt(publisher(1, { shares }), time);
  expect([at(50), at(100), at(199), at(200)]).toEqual([600_000, 600_000, 600_000, 700_000]);
  expect(sharePpmAt(publisher(1, { shares: [] }), 1)).toBe(0);
});
