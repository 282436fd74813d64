import { AdtallyError } from '../../domain/errors.ts';
import { eventId, isUuid, uuidV5, uuidV7 } from '../../domain/identity.ts';
import type {
  Adjusted,
  AdjustmentAction,
  AnyRecord,
  Billing,
  Category,
  TrafficInvalidated,
} from '../../domain/records.ts';
import type { Clock } from '../../ports/clock.ts';
import type { EventLog } from '../../ports/event-log.ts';
import type { Random } from '../../ports/random.ts';
import type { SchemaRegistry } from '../../ports/schema-registry.ts';
import { lifecycleRulesVersion } from './first-policy.ts';
import { manualRule, nextToClose, type Placed, type SpendFacts } from './spend-facts.ts';

export interface FinanceDeskDeps {
  readonly log: Pick<EventLog, 'append' | 'shards'>;
  readonly registry: SchemaRegistry;
  readonly clock: Clock;
  readonly random: Random;
  readonly facts: SpendFacts;
  /** Content of a selection by its records in the log, or null if it has none. */
  readonly contentOf: (selectionId: string) => Promise<Billing | null>;
}

/** Who decides. */
export interface Decider {
  readonly principal: string;
  /** Advertiser that the key is bound to; null: none. */
  readonly scope: string | null;
  readonly idempotencyKey: string | null;
}

export interface AdjustmentOrder {
  readonly selectionId: string;
  readonly action: AdjustmentAction;
  readonly amountMicros: number;
  readonly reliedCertifiedMicros: number;
  readonly reliedReversedMicros: number;
  readonly reason: string;
}

export interface VerdictOrder {
  readonly selectionId: string;
  readonly category: Category;
  readonly reason: string;
}

/** A record that was written, or was there before. */
export interface Written<T> extends Placed<T> {
  readonly repeated: boolean;
}

const attempts = 5;

/** Appends what a person decides about money. Whether it moves any is the fold's to say; the ledgers show it. */
export class FinanceDesk {
  readonly #deps: FinanceDeskDeps;
  #working: Promise<unknown> = Promise.resolve();

  constructor(deps: FinanceDeskDeps) {
    this.#deps = deps;
  }

  /**
   * Corrects a selection. With an idempotency key the event's id follows from it, so that the log itself says whether it was written. Errors: `NOT_FOUND`,
   * `IDEMPOTENCY_CONFLICT`, `VALIDATION_FAILED`.
   */
  adjust(order: AdjustmentOrder, decider: Decider): Promise<Written<Adjusted>> {
    return this.#oneAtATime(async () => {
      const billing = await this.#content(order.selectionId, decider.scope);
      const { principal, idempotencyKey: key } = decider;
      const id = key === null ? this.#newId() : uuidV5(`adjusted/${principal}/${key}`);
      const before = this.#deps.facts.adjustment(id);
      if (before !== undefined) return repeatedAdjustment(before, order);
      if (billing.price_micros === 0 || billing.test) {
        throw new AdtallyError('VALIDATION_FAILED', 'a selection that costs nothing has nothing to correct');
      }
      return this.#appendAdjustment(order, { id, billing, principal });
    });
  }

  /** Marks a selection as invalid traffic. A second verdict by hand on it must be the same. Errors: `NOT_FOUND`, `STATE_CONFLICT`. */
  invalidate(order: VerdictOrder, decider: Decider): Promise<Written<TrafficInvalidated>> {
    return this.#oneAtATime(async () => {
      const { shard } = await this.#content(order.selectionId, decider.scope);
      const before = this.#deps.facts.manualVerdict(order.selectionId);
      if (before !== undefined) return repeatedVerdict(before, order);
      const value: TrafficInvalidated = {
        event_id: eventId(order.selectionId, `invalidated:${manualRule}`, 0),
        selection_id: order.selectionId,
        category: order.category,
        rule: manualRule,
        rules_version: lifecycleRulesVersion,
        reason: order.reason,
        evidence: [],
        judged_by: decider.principal,
        judged_at: this.#deps.clock.now(),
      };
      const offset = await this.#append(shard, order.selectionId, { name: 'TrafficInvalidated', value });
      return { shard, offset, value, repeated: false };
    });
  }

  /**
   * Closes a period of a calendar on every shard. What a crash left half done, the next call completes. Errors: `STATE_CONFLICT` if it is not the next
   * one, `CUT_NOT_REACHED` before its end has come to every shard.
   */
  closePeriod(calendar: number, period: string, { principal }: Decider): Promise<{ readonly repeated: boolean }> {
    return this.#oneAtATime(async () => {
      const open = this.#shardsToClose(calendar, period);
      const closed_at = this.#deps.clock.now();
      for (const shard of open) {
        const value = { calendar, period, closed_by: principal, closed_at };
        await this.#append(shard, `calendar-${calendar}`, { name: 'PeriodClosed', value });
      }
      await this.#deps.facts.refresh();
      return { repeated: open.length === 0 };
    });
  }

  #shardsToClose(calendar: number, period: string): number[] {
    const open: number[] = [];
    for (const [shard, facts] of this.#deps.facts.shards().entries()) {
      const months = facts.policy?.calendars.find((known) => known.calendar === calendar)?.months ?? [];
      const month = months.find((known) => known.period === period);
      if (month === undefined)
        throw new AdtallyError('STATE_CONFLICT', `calendar ${calendar} lists no month ${period}`);
      if ((facts.closedThrough[calendar] ?? '') >= period) continue;
      if (month.ends_at > facts.foldTime) {
        throw new AdtallyError('CUT_NOT_REACHED', `${period} has not ended yet in the time of spend/${shard}`);
      }
      const next = nextToClose(facts, calendar)?.period;
      if (next !== period) {
        throw new AdtallyError(
          'STATE_CONFLICT',
          `the next month of calendar ${calendar} to close is ${next ?? 'not listed'}`,
        );
      }
      open.push(shard);
    }
    return open;
  }

  /** Another process may take the number: then this one is void and a further one is tried. */
  async #appendAdjustment(
    order: AdjustmentOrder,
    { id, billing, principal }: { readonly id: string; readonly billing: Billing; readonly principal: string },
  ): Promise<Written<Adjusted>> {
    const { facts, clock } = this.#deps;
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      const adjustment_number = facts.shard(billing.shard).adjustments + 1;
      const value: Adjusted = {
        event_id: id,
        selection_id: order.selectionId,
        billing,
        adjustment_number,
        action: order.action,
        amount_micros: order.amountMicros,
        relied_certified_micros: order.reliedCertifiedMicros,
        relied_reversed_micros: order.reliedReversedMicros,
        reason: order.reason,
        adjusted_by: principal,
        adjusted_at: clock.now(),
      };
      const offset = await this.#append(billing.shard, order.selectionId, { name: 'Adjusted', value });
      await facts.refresh();
      const held = facts.adjustment(id);
      if (held !== undefined) return { ...held, repeated: held.offset !== offset };
    }
    throw new AdtallyError('NOT_READY', 'others keep correcting selections of this shard; try again');
  }

  async #content(selectionId: string, scope: string | null): Promise<Billing> {
    const billing = isUuid(selectionId) ? await this.#deps.contentOf(selectionId) : null;
    if (billing === null || (scope !== null && billing.advertiser_id !== scope)) {
      throw new AdtallyError('NOT_FOUND', `there is no selection ${selectionId}`, { path: 'selection_id' });
    }
    return billing;
  }

  #newId(): string {
    return uuidV7(this.#deps.clock.now(), this.#deps.random.bytes(10));
  }

  async #append(shard: number, key: string, record: AnyRecord): Promise<number> {
    const value = this.#deps.registry.encode(record.name, record.value);
    const [offset = -1] = await this.#deps.log.append('spend', [{ shard, key, value }]);
    return offset;
  }

  #oneAtATime<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#working.then(async () => {
      await this.#deps.facts.refresh();
      return work();
    });
    this.#working = result.catch(() => undefined);
    return result;
  }
}

function repeatedAdjustment(before: Placed<Adjusted>, order: AdjustmentOrder): Written<Adjusted> {
  const { value } = before;
  const same =
    value.selection_id === order.selectionId &&
    value.action === order.action &&
    value.amount_micros === order.amountMicros &&
    value.relied_certified_micros === order.reliedCertifiedMicros &&
    value.relied_reversed_micros === order.reliedReversedMicros &&
    value.reason === order.reason;
  if (!same) throw new AdtallyError('IDEMPOTENCY_CONFLICT', 'this Idempotency-Key was used for another correction');
  return { ...before, repeated: true };
}

function repeatedVerdict(before: Placed<TrafficInvalidated>, order: VerdictOrder): Written<TrafficInvalidated> {
  const { category, reason, judged_by } = before.value;
  if (category !== order.category || reason !== order.reason) {
    throw new AdtallyError('STATE_CONFLICT', `${judged_by} has marked this selection already, on another ground`);
  }
  return { ...before, repeated: true };
}
