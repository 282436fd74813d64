import { describe, expect, it } from 'vitest';
import { createSimulatedClock } from '../../adapters/simulated/clock.ts';
import { objectives, type TruthName, truthNames } from '../objectives/objectives.ts';
import { checkOutcomes, TruthChecks } from './truth-checks.ts';
import { tolerancesMs, type TruthLag } from './truth-lags.ts';

function open() {
  const clock = createSimulatedClock({ startMs: Date.UTC(2026, 10, 22, 8) });
  const lags = new Map<TruthName, number | null | Error>();
  const unread: string[] = [];
  const reader = (truth: TruthName) => async (): Promise<TruthLag> => {
    const lag_ms = lags.get(truth) ?? null;
    if (lag_ms instanceof Error) throw lag_ms;
    return { truth, lag_ms, records: null, tolerance_ms: tolerancesMs[truth], worst: '' };
  };
  const readers = Object.fromEntries(truthNames.map((truth) => [truth, reader(truth)])) as never;
  const checks = new TruthChecks({ clock, readers, onUnread: (truth) => unread.push(truth) });
  return { clock, lags, unread, checks, of: (truth: TruthName) => checks.truths.get(truth) };
}

describe('Checks of the truths', () => {
  it('hold each against what it may be, to the millisecond, every five seconds', async () => {
    const { clock, lags, checks, of } = open();
    checks.start();
    lags.set('final', tolerancesMs.final);
    lags.set('reporting', tolerancesMs.reporting + 1);
    await clock.advance(4_999);
    expect(of('final')?.counts.within).toBe(0);
    await clock.advance(10_001);
    expect(of('final')).toEqual({ lagMs: tolerancesMs.final, counts: { within: 3, behind: 0, unknown: 0 } });
    expect(of('reporting')?.counts).toEqual({ within: 0, behind: 3, unknown: 0 });
    await checks.stop();
    await clock.advance(60_000);
    expect(of('final')?.counts.within).toBe(3);
  });

  it('take what nobody can say for no good sign, and what does not run for no bad one', async () => {
    const { lags, checks, unread, of } = open();
    lags.set('pacing', new Error('the views are away'));
    lags.set('tentative', null);
    await checks.checkAll();
    expect(of('pacing')).toEqual({ lagMs: null, counts: { within: 0, behind: 0, unknown: 1 } });
    expect(of('tentative')?.counts.within).toBe(1);
    expect(unread).toEqual(['pacing']);
  });

  it('have the outcome that objectives call good', () => {
    for (const { good } of objectives.filter(({ process }) => process === 'console')) {
      expect(checkOutcomes).toContain(good);
    }
  });
});
