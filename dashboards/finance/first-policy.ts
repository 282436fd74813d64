import { monthEnds } from '../../domain/calendar.ts';
import { AdtallyError } from '../../domain/errors.ts';
import type { Calendar, PolicySet } from '../../domain/records.ts';
import type { Clock } from '../../ports/clock.ts';
import type { EventLog } from '../../ports/event-log.ts';
import type { SchemaRegistry } from '../../ports/schema-registry.ts';

export interface PolicyRules {
  readonly holdMs: number;
  readonly horizonMs: number;
}

export interface FirstPolicyDeps {
  readonly log: Pick<EventLog, 'shards' | 'read' | 'append' | 'bounds'>;
  readonly registry: SchemaRegistry;
  readonly clock: Clock;
  readonly rules: PolicyRules;
  /** Who sets it, for the record. */
  readonly setBy: string;
}

/** Version of the life-cycle rules that the code here folds by. */
export const lifecycleRulesVersion = 1;
/** The calendar of whoever has no zone of its own. */
export const utcCalendar = 0;
/** Months that a calendar lists ahead. */
export const listedMonths = 36;

/** Key of a policy's record: one for each shard. */
export const policyKey = 'policy';

/** A calendar of a zone from the month that holds an instant on. */
export function newCalendar(calendar: number, zone: string, fromMs: number): Calendar {
  return { calendar, zone, months: monthEnds(fromMs, zone, listedMonths) };
}

/**
 * Sees to it that the first record of every shard of `spend` is a PolicySet. Every process calls this before it appends to `spend` or reads it. Of two
 * that start at once both may write to shard 0; the record that came first there is the policy, and all shards get that very one, so that they
 * agree. A crash in the middle is mended by the next call.
 */
export async function ensureFirstPolicy(deps: FirstPolicyDeps): Promise<void> {
  const { log, registry } = deps;
  if (await isEmpty(deps, 0)) await append(deps, 0, registry.encode('PolicySet', firstPolicy(deps)));
  for (let shard = 1; shard < log.shards('spend'); shard += 1) {
    if (await isEmpty(deps, shard)) await append(deps, shard, await firstRecord(deps));
  }
}

async function isEmpty({ log }: FirstPolicyDeps, shard: number): Promise<boolean> {
  return (await log.bounds('spend', shard)).next === 0;
}

async function append({ log }: FirstPolicyDeps, shard: number, value: Uint8Array): Promise<void> {
  await log.append('spend', [{ shard, key: policyKey, value }]);
}

function firstPolicy({ clock, rules, setBy }: FirstPolicyDeps): PolicySet {
  const now = clock.now();
  return {
    revision: 1,
    hold_ms: rules.holdMs,
    horizon_ms: rules.horizonMs,
    rules_version: lifecycleRulesVersion,
    calendars: [newCalendar(utcCalendar, 'UTC', now)],
    set_by: setBy,
    set_at: now,
  };
}

async function firstRecord({ log, registry }: FirstPolicyDeps): Promise<Uint8Array> {
  const [record] = await log.read('spend', 0, 0, 1);
  if (record === undefined || registry.decode(record.value).name !== 'PolicySet') {
    throw new AdtallyError('INVARIANT_BROKEN', 'the first record of spend/0 is no PolicySet');
  }
  return record.value;
}
