import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pointCount, rateOf, rateTable, toUnits, uncalibrated } from '../../domain/click-model.ts';
import { logistic } from '../../domain/exact-math.ts';
import { calibrationOf, countPrediction, emptyBins, fade, withdrawPrediction } from './click-model-calibration.ts';

/** So many predictions at a logit, of which a part happened. */
function counted(
  bins: ReturnType<typeof emptyBins>,
  logit: number,
  { of, happened }: { of: number; happened: number },
) {
  for (let index = 0; index < of; index += 1) countPrediction(bins, logit, index < happened);
}

describe('a calibration', () => {
  it('changes nothing where nothing was seen', () => {
    expect(calibrationOf(emptyBins(), 'click')).toEqual(uncalibrated());
  });

  it('brings what is predicted twice too often down by half, and leaves what is predicted well', () => {
    const bins = emptyBins();
    const [low, high] = [-5, -2];
    counted(bins, low, { of: 600_000, happened: Math.round(600_000 * logistic(low) * 0.5) });
    counted(bins, high, { of: 60_000, happened: Math.round(60_000 * logistic(high)) });
    const table = rateTable(calibrationOf(bins, 'click'));
    const factor = (logit: number) => rateOf(table, toUnits(logit)) / 1e6 / logistic(logit);
    expect(factor(low)).toBeCloseTo(0.5, 1);
    expect(factor(high)).toBeCloseTo(1, 1);
    expect(factor(-7)).toBeCloseTo(factor(low), 1);
  });

  it('hardly follows what a few events say', () => {
    const bins = emptyBins();
    counted(bins, -5, { of: 1_000, happened: 0 });
    const factor = rateOf(rateTable(calibrationOf(bins, 'click')), toUnits(-5)) / 1e6 / logistic(-5);
    expect(factor).toBeGreaterThan(0.9);
    expect(factor).toBeLessThan(1);
  });

  it('is one that can be served, whatever was seen', () => {
    const seen = fc.record({
      logit: fc.double({ min: -12, max: 12, noNaN: true }),
      of: fc.nat(800),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(seen, { maxLength: 12 }), fc.double({ min: 0, max: 1, noNaN: true }), (all, factor) => {
        const bins = emptyBins();
        for (const { logit, of, share } of all) counted(bins, logit, { of, happened: Math.floor(of * share) });
        for (const { logit } of all) withdrawPrediction(bins, logit, true);
        fade(bins, factor);
        const points = calibrationOf(bins, 'click');
        expect(points).toHaveLength(pointCount);
        expect(() => rateTable(points)).not.toThrow();
      }),
      { numRuns: 50 },
    );
  });
});
