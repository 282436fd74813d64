import { lagAlerts, type TruthName } from '../objectives/objectives.ts';
import type { FoldTime, TruthLag } from './truth-lags.ts';

/** Something that somebody should look at. */
export interface Alert {
  readonly level: 'wrong' | 'late';
  /** Stable name, as Prometheus has it where it has it. */
  readonly name: string;
  readonly sentence: string;
  /** The truth that it is about, where it is about one. */
  readonly truth?: TruthName;
}

export interface Watched {
  readonly truths: readonly TruthLag[];
  readonly time: FoldTime;
  /** What each ledger stream that can't be read on says. */
  readonly damaged: readonly string[];
  /** Records put aside, since ever: forged beacons are among them, so their number alone alarms nobody. */
  readonly quarantined: number;
  /** The last audits that came to their end. */
  readonly audits: readonly {
    readonly kind: 'reconciliation' | 'replay';
    readonly tallies: boolean;
    readonly ageMs: number;
  }[];
}

const oldAuditMs = 1.3 * 86_400_000;

/** What is wrong first, then what is late. */
export function alertsOf({ truths, time, damaged, audits }: Watched): Alert[] {
  return [
    ...damaged.map((sentence) => wrong('LedgerDamaged', sentence)),
    ...audits
      .filter(({ tallies }) => !tallies)
      .map(({ kind }) => wrong('AuditDoesNotTally', `The last ${kind} did not tally.`)),
    ...truths.filter(isLate).map((lag) => ({ ...late(lagAlerts[lag.truth], lagSentence(lag)), truth: lag.truth })),
    ...(time.age_ms !== null && time.age_ms > time.tolerance_ms
      ? [
          late(
            'TimeStandsStill',
            `The time of the folds is ${seconds(time.age_ms)} old: nothing is certified meanwhile.`,
          ),
        ]
      : []),
    ...audits
      .filter(({ ageMs }) => ageMs > oldAuditMs)
      .map(({ kind, ageMs }) => late('AuditIsOld', `The last ${kind} is ${Math.round(ageMs / 3_600_000)} h old.`)),
  ];
}

function isLate({ lag_ms, tolerance_ms }: TruthLag): boolean {
  return lag_ms !== null && lag_ms > tolerance_ms;
}

function lagSentence({ truth, lag_ms, tolerance_ms, records, worst }: TruthLag): string {
  const lacks = records === null ? '' : `, lacks ${records} records`;
  const where = worst === '' ? '' : `, furthest at ${worst}`;
  return `${truth} is ${seconds(lag_ms ?? 0)} behind; ${seconds(tolerance_ms)} are allowed${lacks}${where}.`;
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

function wrong(name: string, sentence: string): Alert {
  return { level: 'wrong', name, sentence };
}

function late(name: string, sentence: string): Alert {
  return { level: 'late', name, sentence };
}
