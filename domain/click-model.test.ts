import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeExamples, encodeExamples, exampleKinds } from './click-examples.ts';
import { adFeatures, exampleFeatures, featureCount, requestFeatures, weightCount } from './click-features.ts';
import {
  decodeWeights,
  encodeWeights,
  logitUnit,
  pointCount,
  rateOf,
  rateTable,
  tablePlace,
  toUnits,
  uncalibrated,
} from './click-model.ts';
import { exactExp, exactLn, logistic } from './exact-math.ts';

const request = {
  placementId: 'pl_1',
  publisherId: 'pub_1',
  site: 'news.example',
  deviceType: 'phone',
  os: 'android',
  country: 'DE',
  shape: 'banner:300x250',
  hour: 12,
};
const ad = { advertiserId: 'adv_1', campaignId: 'cmp_1', lineItemId: 'li_1', creativeId: 'cr_1' };

describe('exact functions', () => {
  test('agree with those of the language to some parts in 10^15', () => {
    fc.assert(
      fc.property(fc.double({ min: -30, max: 30, noNaN: true }), (x) => {
        expect(Math.abs(exactExp(x) / Math.exp(x) - 1)).toBeLessThan(1e-14);
        expect(Math.abs(exactLn(Math.exp(x)) - x)).toBeLessThan(1e-13);
      }),
    );
  });
});

describe('features', () => {
  test('have the places of their version: they may not move without a new one', () => {
    const features = exampleFeatures(requestFeatures(request), adFeatures(ad));
    expect([...features]).toMatchInlineSnapshot(`
      [
        0,
        3869,
        5022,
        7227,
        9217,
        9249,
        9271,
        9670,
        9799,
        12537,
        14322,
        16938,
        17783,
        26161,
        43484,
        107149,
        139499,
        159177,
        174711,
        182695,
      ]
    `);
    expect(weightCount).toBe(184_945);
  });

  test('lie within the weights, whatever the texts', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.nat(23), (text, other, hour) => {
        const asked = requestFeatures({ ...request, placementId: text, site: other, country: text, hour });
        const features = exampleFeatures(asked, adFeatures({ ...ad, lineItemId: other, creativeId: text }));
        expect(features).toHaveLength(featureCount);
        expect(features.every((place) => place < weightCount)).toBe(true);
      }),
    );
  });
});

const example = fc.record({
  kind: fc.constantFrom(...exampleKinds),
  clicked: fc.boolean(),
  viewed: fc.constantFrom(true, false, null),
  features: fc
    .array(fc.nat(weightCount - 1), { minLength: featureCount, maxLength: featureCount })
    .map((places) => Uint32Array.from(places)),
});

describe('examples', () => {
  test('are read as they were written', () => {
    fc.assert(
      fc.property(fc.array(example, { maxLength: 5 }), (examples) => {
        expect(decodeExamples(encodeExamples(examples))).toEqual(examples);
      }),
    );
  });

  test('that are cut off or name a weight that there is not are refused', () => {
    const [one] = fc.sample(example, 1);
    const bytes = encodeExamples(one === undefined ? [] : [one]);
    expect(() => decodeExamples(bytes.subarray(1))).toThrow('no whole examples');
    bytes.fill(255, 1);
    expect(() => decodeExamples(bytes)).toThrow('there is no weight');
  });
});

describe('weights', () => {
  test('are read as they were written', () => {
    const weight = fc.tuple(fc.nat(weightCount - 1), fc.integer({ min: -786_432, max: 786_432 }));
    fc.assert(
      fc.property(fc.array(weight, { maxLength: 50 }), (some) => {
        const weights = new Int32Array(weightCount);
        for (const [place, units] of some) weights[place] = units;
        expect(decodeWeights(encodeWeights(weights))).toEqual(weights);
      }),
      { numRuns: 30 },
    );
  });

  test('of any bytes are weights or an error of their own', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        try {
          expect(decodeWeights(bytes).every((units) => Math.abs(units) <= 786_432)).toBe(true);
        } catch (error) {
          expect(error).toMatchObject({ code: 'UNREADABLE_RECORD' });
        }
      }),
      { numRuns: 50 },
    );
  });
});

describe('the table of rates', () => {
  test('is the logistic function where nothing is calibrated, to a part in a hundred', () => {
    const table = rateTable(uncalibrated());
    for (let logit = -8; logit <= 8; logit += 0.37) {
      const rate = rateOf(table, toUnits(logit)) / 1e6;
      expect(Math.abs(rate / logistic(logit) - 1)).toBeLessThan(0.01);
    }
  });

  test('never falls, goes through its points and ends where they end', () => {
    const points = fc
      .array(fc.integer({ min: 1, max: 1_000_000 }), { minLength: pointCount, maxLength: pointCount })
      .map((list) => list.toSorted((a, b) => a - b));
    fc.assert(
      fc.property(points, (calibration) => {
        const table = rateTable(calibration);
        expect(table.every((ppm, place) => place === 0 || ppm >= (table[place - 1] as number))).toBe(true);
        calibration.forEach((ppm, point) => {
          expect(rateOf(table, (point / 8 - 12) * logitUnit)).toBe(ppm);
        });
        expect([rateOf(table, -1e9), rateOf(table, 1e9)]).toEqual([calibration[0], calibration.at(-1)]);
        expect(tablePlace(1e9)).toBe(table.length - 1);
      }),
      { numRuns: 30 },
    );
  });

  test('refuses a calibration that falls, is too short or leaves parts per million', () => {
    const flat = Array.from({ length: pointCount }, () => 5);
    for (const bad of [flat.slice(1), flat.with(7, 4), flat.with(0, 0), flat.with(-1, 1_000_001), flat.with(3, 5.5)]) {
      expect(() => rateTable(bad)).toThrow("a model can't be read");
    }
  });
});
