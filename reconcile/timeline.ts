import type { PeriodClosed, PolicySet } from '../domain/records.ts';
import type { Placed, RecordRef } from './log-reading.ts';

/** What the rest of a shard of `spend` says to one selection: time, fences, rules and closed periods, each at its offset. */
export class Timeline {
  readonly shard: number;
  /** Offsets of all ticks, and the highest time up to each; neither falls. */
  private readonly tickOffsets: number[] = [];
  private readonly tickTimes: number[] = [];
  private readonly fences = new Map<string, number>();
  private readonly policies: Placed<PolicySet>[] = [];
  private readonly closes: {
    readonly offset: number;
    readonly calendar: number;
    readonly endsAt: number;
    readonly period: string;
  }[] = [];

  constructor(shard: number) {
    this.shard = shard;
  }

  addTick(offset: number, time: number): void {
    this.tickOffsets.push(offset);
    this.tickTimes.push(Math.max(time, this.tickTimes.at(-1) ?? time));
  }

  addFence(offset: number, node: string, boot: string): void {
    const key = `${node}/${boot}`;
    if (!this.fences.has(key)) this.fences.set(key, offset);
  }

  addPolicy(policy: Placed<PolicySet>): void {
    if (policy.value.revision > (this.policies.at(-1)?.value.revision ?? 0)) this.policies.push(policy);
  }

  /** Books a close if it is legal where it stands: after the period's end and next in sequence. Returns whether it was. */
  addClose(close: Placed<PeriodClosed>): boolean {
    const months =
      this.policyAt(close.offset)?.calendars.find((c) => c.calendar === close.value.calendar)?.months ?? [];
    const closed = this.closes.filter((c) => c.calendar === close.value.calendar).length;
    const due = months[closed];
    if (due === undefined || due.period !== close.value.period || due.ends_at > this.timeAt(close.offset)) return false;
    this.closes.push({ offset: close.offset, calendar: close.value.calendar, endsAt: due.ends_at, period: due.period });
    return true;
  }

  /** Time of a fold that has read everything before `offset`; 0 before the first tick. */
  timeAt(offset: number): number {
    const index = below(this.tickOffsets, offset) - 1;
    return index < 0 ? 0 : (this.tickTimes[index] as number);
  }

  /** Offset of the first tick after `afterOffset` from which time is at least `time`; Infinity if there is none yet. */
  firstTick(time: number, afterOffset: number): number {
    const index = Math.max(below(this.tickTimes, time), below(this.tickOffsets, afterOffset + 1));
    return this.tickOffsets[index] ?? Number.POSITIVE_INFINITY;
  }

  /** Offset of the fence of a boot, or Infinity. */
  fenceOffset(node: string, boot: string): number {
    return this.fences.get(`${node}/${boot}`) ?? Number.POSITIVE_INFINITY;
  }

  /** The rules that a selection binds whose first record is at `offset`. */
  policyAt(offset: number): PolicySet | undefined {
    return this.policies.findLast((policy) => policy.offset <= offset)?.value;
  }

  /** The rules as they stand at the end. */
  latestPolicy(): PolicySet | undefined {
    return this.policies.at(-1)?.value;
  }

  /** Month of an instant in a calendar, by the newest rules (months are only ever added); empty if unlisted. */
  monthOf(calendar: number, time: number): string {
    const months = this.latestPolicy()?.calendars.find((c) => c.calendar === calendar)?.months ?? [];
    return months.find((month) => month.ends_at > time)?.period ?? '';
  }

  /** First month of a calendar that is not closed before `offset` and ends after `time`. */
  postingMonth(calendar: number, time: number, offset: number): string {
    const months = this.latestPolicy()?.calendars.find((c) => c.calendar === calendar)?.months ?? [];
    const closedUntil = this.closes.filter((c) => c.calendar === calendar && c.offset < offset).at(-1)?.endsAt ?? 0;
    return months.find((month) => month.ends_at > closedUntil && month.ends_at > time)?.period ?? '';
  }

  closesUpTo(next: number): readonly { readonly offset: number; readonly calendar: number; readonly period: string }[] {
    return this.closes.filter((close) => close.offset < next);
  }

  lastTime(): number {
    return this.tickTimes.at(-1) ?? 0;
  }

  /** The fence record of a boot, for a cause to name. */
  fenceRef(node: string, boot: string): RecordRef | null {
    const offset = this.fences.get(`${node}/${boot}`);
    return offset === undefined ? null : { topic: 'spend', shard: this.shard, offset };
  }
}

/** How many of the rising values are below `limit`. */
function below(values: readonly number[], limit: number): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((values[middle] as number) < limit) low = middle + 1;
    else high = middle;
  }
  return low;
}
