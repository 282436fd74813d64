import fc from 'fast-check';
import { expect, test } from 'vitest';
import { adFeatures, requestFeatures } from '../../domain/click-features.ts';
import { baseLogit, decodeWeights, rateOf, rateTable, pointCount } from '../../domain/click-model.ts';
import { scatteredWeights, signedModel } from '../../test/model-world.ts';
import { ServedModel } from './served-model.ts';

const text = fc.string({ minLength: 1, maxLength: 4 });
const requests = fc.record({
  placementId: text,
  publisherId: text,
  site: text,
  deviceType: fc.constantFrom('phone', 'desktop'),
  os: text,
  country: text,
  shape: text,
  hour: fc.nat(23),
});
const ads = fc.record({ advertiserId: text, campaignId: text, lineItemId: text, creativeId: text });
const calibrations = fc
  .array(fc.integer({ min: 1, max: 1_000_000 }), { minLength: pointCount, maxLength: pointCount })
  .map((list) => list.toSorted((a, b) => a - b));

test('a prediction is the sum of its weights, looked up', () => {
  const record = signedModel({ weights: scatteredWeights(3, 40_000) });
  const [model, weights] = [new ServedModel(record), decodeWeights(record.click_weights)];
  fc.assert(
    fc.property(requests, ads, (request, ad) => {
      const [asked, shown] = [requestFeatures(request), adFeatures(ad)];
      const crossed = shown.rows.map((row, cross) => row + (asked.columns[cross] as number));
      const places = [0, ...asked.places, ...shown.places, ...crossed];
      const units = places.reduce((sum, place) => sum + (weights[place] as number), baseLogit.click);
      const ppm = rateOf(rateTable(record.click_calibration), units);
      expect(model.forRequest(request).clickPpm(shown)).toBe(ppm);
    }),
  );
});

test('a bound, cut by what the request is worse than the best, is never below what is predicted', () => {
  const models = fc
    .record({ seed: fc.nat(1000), most: fc.constantFrom(500, 20_000, 60_000), calibration: calibrations })
    .map(({ seed, most, calibration }) =>
      signedModel({ weights: scatteredWeights(seed, most), click_calibration: calibration }),
    );
  fc.assert(
    fc.property(models, fc.array(ads, { minLength: 1, maxLength: 8 }), fc.array(requests), (record, shown, asked) => {
      const model = new ServedModel(record);
      const bounds = shown.map((ad) => model.boundPpm(adFeatures(ad)));
      for (const request of asked) {
        const slot = model.forRequest(request);
        expect(slot.clickCut).toBeGreaterThanOrEqual(0);
        shown.forEach((ad, place) => {
          const bound = bounds[place] as number;
          expect(slot.clickPpm(adFeatures(ad))).toBeLessThanOrEqual(bound * (1 - slot.clickCut));
        });
      }
    }),
    { numRuns: 40 },
  );
});

test('a bound that is asked for later widens the cut of a request that was seen before', () => {
  const model = new ServedModel(signedModel({ weights: scatteredWeights(11, 60_000) }));
  const [request] = fc.sample(requests, { numRuns: 1, seed: 1 });
  const all = fc.sample(ads, { numRuns: 300, seed: 2 }).map(adFeatures);
  for (const ad of all) {
    const bound = model.boundPpm(ad);
    const slot = model.forRequest(request as NonNullable<typeof request>);
    expect(slot.clickPpm(ad)).toBeLessThanOrEqual(bound * (1 - slot.clickCut));
  }
});
