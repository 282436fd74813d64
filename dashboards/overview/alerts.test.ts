import { describe, expect, it } from 'vitest';
import { alertsOf, type Watched } from './alerts.ts';
import { tolerancesMs } from './truth-lags.ts';

const quiet: Watched = {
  truths: [
    { truth: 'final', lag_ms: tolerancesMs.final, records: 3, tolerance_ms: tolerancesMs.final, worst: 'final-1' },
  ],
  time: { at: 1, age_ms: tolerancesMs.time, tolerance_ms: tolerancesMs.time },
  damaged: [],
  quarantined: 0,
  audits: [{ kind: 'reconciliation', tallies: true, ageMs: 3_600_000 }],
};

describe('Alerts', () => {
  it('are none while every truth is within its tolerance, to the millisecond', () => {
    expect(alertsOf(quiet)).toEqual([]);
  });

  it('say which truth lags, by how much, and where', () => {
    const [lag] = quiet.truths;
    const truths = lag === undefined ? [] : [{ ...lag, lag_ms: 7_400 }];
    expect(alertsOf({ ...quiet, truths })).toEqual([
      {
        level: 'late',
        name: 'FinalLedgerLags',
        sentence: 'final is 7.4 s behind; 2.0 s are allowed, lacks 3 records, furthest at final-1.',
        truth: 'final',
      },
    ]);
  });

  it('put what is wrong before what is late', () => {
    const names = alertsOf({
      ...quiet,
      damaged: ['final-0: broken'],
      quarantined: 2,
      time: { ...quiet.time, age_ms: tolerancesMs.time + 1 },
      audits: [{ kind: 'reconciliation', tallies: false, ageMs: 2 * 86_400_000 }],
    }).map(({ level, name }) => `${level} ${name}`);
    expect(names).toEqual([
      'wrong LedgerDamaged',
      'wrong AuditDoesNotTally',
      'late TimeStandsStill',
      'late AuditIsOld',
    ]);
  });
});
