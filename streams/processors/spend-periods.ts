import type { Calendar, PeriodClosed, PolicySet } from '../../domain/records.ts';
import type { SpendState } from './spend-lifecycle-state.ts';
import type { Policy } from './spend-selection.ts';

/** Takes a policy over if its revision is higher than any before; a lower or equal one changes nothing. */
export function setPolicy(state: SpendState, record: PolicySet): void {
  if (state.policy !== null && record.revision <= state.policy.revision) return;
  const policy = readPolicy(record);
  state.leastHorizonMs = Math.min(state.leastHorizonMs, policy.horizonMs);
  state.policy = policy;
  state.policies.set(policy.revision, policy);
}

export function readPolicy(record: PolicySet): Policy {
  return {
    revision: record.revision,
    holdMs: record.hold_ms,
    horizonMs: record.horizon_ms,
    calendars: new Map(record.calendars.map((calendar) => [calendar.calendar, calendar])),
    record,
  };
}

/**
 * Month of a selection. Beyond the months listed it is the last one listed: a policy that was not extended in time must not stop the fold, and
 * that month can't be closed before another one follows it (`closePeriod`).
 */
export function servicePeriod(calendar: Calendar, selectedAt: number): string {
  const { months } = calendar;
  for (const month of months) if (month.ends_at > selectedAt) return month.period;
  return months.at(-1)?.period ?? '';
}

/** First month that is not closed and ends after fold time; the last one listed if none does. */
export function postingPeriod(state: SpendState, calendar: Calendar): string {
  const closedThrough = state.closedThrough.get(calendar.calendar) ?? '';
  const { months } = calendar;
  for (const month of months) {
    if (month.ends_at > state.foldTime && month.period > closedThrough) return month.period;
  }
  return months.at(-1)?.period ?? '';
}

/** Closes a period if it is the next one, has ended and is followed by another in the calendar. Returns why not, or null. */
export function closePeriod(state: SpendState, record: PeriodClosed): string | null {
  const months = state.policy?.calendars.get(record.calendar)?.months;
  if (months === undefined) return `calendar ${record.calendar} is not known`;
  const closedThrough = state.closedThrough.get(record.calendar) ?? '';
  const index = months.findIndex((month) => month.period > closedThrough);
  const next = months[index];
  if (next === undefined || next.period !== record.period) {
    return `the next period of calendar ${record.calendar} to be closed is ${next?.period ?? 'not listed'}, not ${record.period}`;
  }
  if (next.ends_at > state.foldTime) return `${record.period} of calendar ${record.calendar} has not ended`;
  if (index + 1 === months.length) return `no month after ${record.period} is listed in calendar ${record.calendar}`;
  state.closedThrough.set(record.calendar, record.period);
  return null;
}
