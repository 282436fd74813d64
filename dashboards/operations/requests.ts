import { formatTime } from '../../domain/time-text.ts';
import type { CounterSample } from '../objectives/objectives.ts';
import type { CountHistory } from './count-history.ts';

/** What was asked of serving. A request that got no ad leaves no record in the log: these are counts of the processes. */
export interface Requests {
  /** Since when serving is watched. */
  readonly since: string;
  /** What the figures below are of, ms: less than they are to be of while the watching is young. */
  readonly over_ms: number;
  readonly requests: number;
  readonly per_second: number | null;
  readonly slots: number;
  readonly ads: number;
  /** Slots that stayed empty, by reason, most first. */
  readonly no_ad: readonly { readonly reason: string; readonly slots: number }[];
  /** Answers by outcome: in_time, late, failed, shed. */
  readonly answers: Readonly<Record<string, number>>;
  /** Connections and requests that were refused because their sender had too many. */
  readonly refused: number;
  readonly minutes: readonly {
    readonly minute: string;
    readonly requests: number;
    readonly ads: number;
    /** Shed, and refused as a flood. */
    readonly refused: number;
  }[];
}

const overMs = 300_000;
const minuteMs = 60_000;

/** Requests of the last minutes, and minute by minute since the watching began. */
export function requestsOf(history: Pick<CountHistory, 'last' | 'steps' | 'sinceMs'>, nowMs: number): Requests {
  const { samples, watchedMs } = history.last(nowMs, overMs);
  const byOutcome = sumsBy(samples, 'adtally_slots_total', 'outcome');
  const noAd = [...byOutcome].filter(([outcome]) => outcome !== 'ad').map(([reason, slots]) => ({ reason, slots }));
  const requests = askedOf(samples);
  return {
    since: formatTime(history.sinceMs),
    over_ms: watchedMs,
    requests,
    per_second: watchedMs === 0 ? null : requests / (watchedMs / 1_000),
    slots: sum(samples, 'adtally_slots_total'),
    ads: byOutcome.get('ad') ?? 0,
    no_ad: noAd.toSorted((a, b) => b.slots - a.slots),
    answers: Object.fromEntries(sumsBy(samples, 'adtally_decision_answers_total', 'outcome')),
    refused: sum(samples, 'adtally_flood_refused_total'),
    minutes: history.steps(nowMs, minuteMs).map(({ startMs, samples: inMinute }) => ({
      minute: formatTime(startMs),
      requests: askedOf(inMinute),
      ads: sumsBy(inMinute, 'adtally_slots_total', 'outcome').get('ad') ?? 0,
      refused:
        (sumsBy(inMinute, 'adtally_decision_answers_total', 'outcome').get('shed') ?? 0) +
        sum(inMinute, 'adtally_flood_refused_total'),
    })),
  };
}

/** Those that were shed are answered by none of the desks. */
function askedOf(samples: readonly CounterSample[]): number {
  return sum(samples, 'adtally_decision_answers_total');
}

function sum(samples: readonly CounterSample[], metric: string): number {
  return samples.reduce((total, { name, value }) => total + (name === metric ? value : 0), 0);
}

export function sumsBy(samples: readonly CounterSample[], metric: string, label: string): Map<string, number> {
  const sums = new Map<string, number>();
  for (const { name, labels, value } of samples) {
    if (name !== metric) continue;
    const about = labels[label] ?? '';
    sums.set(about, (sums.get(about) ?? 0) + value);
  }
  return sums;
}
