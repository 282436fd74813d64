import { monthEnds } from '../../domain/calendar.ts';
import { AdtallyError } from '../../domain/errors.ts';
import type { Calendar, PolicySet } from '../../domain/records.ts';
import { type FirstPolicyDeps, lifecycleRulesVersion, listedMonths, newCalendar, policyKey } from './first-policy.ts';
import type { SpendFacts } from './spend-facts.ts';

export interface PolicyDeskDeps extends FirstPolicyDeps {
  readonly facts: SpendFacts;
}

/** A calendar with fewer months ahead than this is extended. */
const fewMonths = 24;
const attempts = 20;

/** Sets policies: one order of revisions, decided in shard 0 of `spend` and copied from there to all others. */
export class PolicyDesk {
  readonly #deps: PolicyDeskDeps;
  #working: Promise<unknown> = Promise.resolve();

  constructor(deps: PolicyDeskDeps) {
    this.#deps = deps;
  }

  /** Brings hold, horizon and rules in line with the settings, and the calendars up to date, on every shard. */
  align(): Promise<PolicySet> {
    return this.#settle((last) => this.#aligned(last));
  }

  /** Number of a zone's calendar. A new zone gets one, which every shard knows once this has resolved. */
  async calendarOf(zone: string): Promise<number> {
    const policy = await this.#settle((last) => {
      const known = last.calendars.some((calendar) => calendar.zone === zone);
      if (known) return null;
      const number = Math.max(...last.calendars.map(({ calendar }) => calendar)) + 1;
      return { ...last, calendars: [...last.calendars, newCalendar(number, zone, this.#deps.clock.now())] };
    });
    const calendar = policy.calendars.find((known) => known.zone === zone);
    if (calendar === undefined) throw new AdtallyError('INVARIANT_BROKEN', `no calendar of ${zone} after it was set`);
    return calendar.calendar;
  }

  #aligned(last: PolicySet): PolicySet | null {
    const { holdMs, horizonMs } = this.#deps.rules;
    const calendars = last.calendars.map((calendar) => extended(calendar, this.#deps.clock.now()));
    const unchanged =
      last.hold_ms === holdMs &&
      last.horizon_ms === horizonMs &&
      last.rules_version === lifecycleRulesVersion &&
      calendars.every((calendar, index) => calendar === last.calendars[index]);
    if (unchanged) return null;
    return { ...last, hold_ms: holdMs, horizon_ms: horizonMs, rules_version: lifecycleRulesVersion, calendars };
  }

  /** Changes the policy until there is nothing left to change, then copies it to all shards. One at a time in this process. */
  #settle(change: (last: PolicySet) => PolicySet | null): Promise<PolicySet> {
    const settled = this.#working.then(async () => {
      const policy = await this.#agree(change);
      await this.#spread(policy);
      return policy;
    });
    this.#working = settled.catch(() => undefined);
    return settled;
  }

  /** Another process may write the same revision: the first in shard 0 holds, and the change is worked out anew on top of it. */
  async #agree(change: (last: PolicySet) => PolicySet | null): Promise<PolicySet> {
    const { facts, clock, setBy } = this.#deps;
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      await facts.refresh();
      const last = facts.shard(0).policy;
      if (last === null) throw new AdtallyError('INVARIANT_BROKEN', 'spend/0 has no PolicySet');
      const changed = change(last);
      if (changed === null) return last;
      await this.#append(0, { ...changed, revision: last.revision + 1, set_by: setBy, set_at: clock.now() });
    }
    throw new AdtallyError('NOT_READY', 'others keep changing the policy; try again');
  }

  async #spread(policy: PolicySet): Promise<void> {
    const { facts } = this.#deps;
    for (const [shard, { policy: known }] of facts.shards().entries()) {
      if ((known?.revision ?? 0) < policy.revision) await this.#append(shard, policy);
    }
    await facts.refresh();
  }

  async #append(shard: number, policy: PolicySet): Promise<void> {
    const { log, registry } = this.#deps;
    await log.append('spend', [{ shard, key: policyKey, value: registry.encode('PolicySet', policy) }]);
  }
}

/** The calendar itself, or with more months if few lie ahead. Months once listed stay. */
function extended(calendar: Calendar, now: number): Calendar {
  const ahead = calendar.months.filter(({ ends_at }) => ends_at > now);
  const last = calendar.months.at(-1);
  if (ahead.length >= fewMonths || last === undefined) return calendar;
  return { ...calendar, months: [...calendar.months, ...monthEnds(last.ends_at, calendar.zone, listedMonths)] };
}
