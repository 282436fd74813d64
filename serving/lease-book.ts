import { budgetDayBounds } from '../domain/calendar.ts';
import type { AnyRecord, BudgetSet, Lease, LeaseGranted, LeaseReturned, ViewRevision } from '../domain/records.ts';

/**
 * The leases of this boot: a fold of `pacing`, less what was drawn here. Never awaits.
 * A draw is all or nothing, and what was drawn never exceeds granted − returned.
 */
export interface LeaseBook {
  /** Micros left to draw on the lease of a campaign for a budget day (YYYY-MM-DD); 0 without a lease. */
  left(campaignId: string, day: string): number;
  /** Draws, or null if the lease does not hold the whole amount. */
  draw(campaignId: string, day: string, amountMicros: number): Lease | null;
  /** Budget day of an instant in the zone of the campaign's advertiser; null while no budget of it was read. */
  dayOf(campaignId: string, timeMs: number): string | null;
  /** One `pacing:<shard>` for each shard: the next offset that was not yet read. */
  views(): ViewRevision[];
}

export interface LeaseFoldOptions {
  readonly node: string;
  readonly boot: string;
  /** Shards of `pacing`. */
  readonly shards: number;
  /** A lease that was not drawn on for so long gives half of what is left back, ms. */
  readonly idleMs: number;
}

/** One lease of this boot. left = granted − returned − drawn, never below 0. */
interface HeldLease {
  readonly campaignId: string;
  readonly lease: Lease;
  grantedMicros: number;
  drawnMicros: number;
  /** Given back, cumulative: no longer drawn on, whether or not the record has reached the log. */
  returnedMicros: number;
  /** As much of it as is certain to reach the log. */
  sentMicros: number;
  /** What `drawnMicros` and the clock were when a draw was last noticed. */
  idle: { drawnMicros: number; sinceMs: number };
}

interface CampaignLeases {
  /** Last number that held (architecture §4): what is not last + 1 is void. */
  number: number;
  budget: BudgetSet | null;
  held: HeldLease[];
  /** Everything undrawn is to go back at the next `takeReturns`. */
  recalled: boolean;
}

type DayBounds = ReturnType<typeof budgetDayBounds>;

/** The fold behind the lease book, with what the boot does to it: returns, and the end of drawing. */
export class LeaseFold implements LeaseBook {
  readonly #options: LeaseFoldOptions;
  readonly #campaigns = new Map<string, CampaignLeases>();
  /** Campaigns with a lease of this boot. */
  readonly #holding = new Set<CampaignLeases>();
  readonly #days = new Map<string, DayBounds>();
  readonly #next: number[];
  #drawing = true;
  #closed = false;

  constructor(options: LeaseFoldOptions) {
    this.#options = options;
    this.#next = Array.from({ length: options.shards }, () => 0);
  }

  left(campaignId: string, day: string): number {
    const held = this.#find(campaignId, day);
    return held === undefined || !this.#drawing ? 0 : undrawn(held);
  }

  draw(campaignId: string, day: string, amountMicros: number): Lease | null {
    const held = this.#find(campaignId, day);
    if (held === undefined || !this.#drawing || amountMicros > undrawn(held)) return null;
    held.drawnMicros += amountMicros;
    return held.lease;
  }

  dayOf(campaignId: string, timeMs: number): string | null {
    const zone = this.#campaigns.get(campaignId)?.budget?.time_zone;
    return zone === undefined ? null : this.#dayInZone(zone, timeMs);
  }

  views(): ViewRevision[] {
    return this.#next.map((revision, shard) => ({ view: `pacing:${shard}`, revision }));
  }

  /** Next offset of a shard that was not yet read. */
  next(shard: number): number {
    return this.#next[shard] ?? 0;
  }

  /** Folds one record of `pacing`; null for one that was skipped because no lease depends on it. */
  apply(record: AnyRecord | null, shard: number, offset: number): void {
    this.#next[shard] = offset + 1;
    if (record?.name === 'BudgetSet') this.#setBudget(record.value);
    if (record?.name === 'BudgetApplied') {
      const campaign = this.#campaign(record.value.campaign_id);
      if (!holds(campaign, record.value.number)) return;
      // More is committed than the console wants: what lies here undrawn can bring it down.
      if (campaign.budget !== null && record.value.total_micros > campaign.budget.total_micros)
        campaign.recalled = true;
    }
    if (record?.name === 'LeaseGranted') this.#grant(record.value);
  }

  /** Nothing is drawn until `resumeDrawing`: the boot could not mark for too long. */
  stopDrawing(): void {
    this.#drawing = false;
  }

  resumeDrawing(): void {
    this.#drawing = !this.#closed;
  }

  /** Nothing is ever drawn again: the boot was fenced or is ending. */
  close(): void {
    this.#closed = true;
    this.#drawing = false;
  }

  get drawing(): boolean {
    return this.#drawing;
  }

  /** Everything undrawn goes back at the next `takeReturns`. */
  recallAll(): void {
    for (const campaign of this.#holding) campaign.recalled = true;
  }

  /**
   * What goes back now: all of a campaign whose budget was lowered or stopped, all of a budget day that is over, half of what lies idle.
   * It can't be drawn any more from this moment; each is offered again until `returnsSent` was told of it.
   */
  takeReturns(nowMs: number): LeaseReturned[] {
    const returns: LeaseReturned[] = [];
    for (const campaign of this.#holding) {
      const today = this.#today(campaign, nowMs);
      for (const held of campaign.held) {
        giveBack(held, this.#share(campaign, held, today, nowMs));
        if (held.returnedMicros > held.sentMicros) returns.push(returnRecord(held, nowMs));
      }
      campaign.recalled = false;
      this.#forgetOld(campaign, today);
    }
    return returns;
  }

  /** These returns are certain to reach the log. */
  returnsSent(returns: readonly LeaseReturned[]): void {
    for (const { campaign_id, lease, returned_micros } of returns) {
      const held = this.#find(campaign_id, lease.day);
      if (held !== undefined) held.sentMicros = Math.max(held.sentMicros, returned_micros);
    }
  }

  #find(campaignId: string, day: string): HeldLease | undefined {
    return this.#campaigns.get(campaignId)?.held.find(({ lease }) => lease.day === day);
  }

  #campaign(campaignId: string): CampaignLeases {
    const known = this.#campaigns.get(campaignId);
    if (known !== undefined) return known;
    const made: CampaignLeases = { number: 0, budget: null, held: [], recalled: false };
    this.#campaigns.set(campaignId, made);
    return made;
  }

  #setBudget(budget: BudgetSet): void {
    const campaign = this.#campaign(budget.campaign_id);
    const before = campaign.budget;
    if (before !== null && budget.revision <= before.revision) return;
    campaign.budget = budget;
    if (before !== null && lowers(before, budget)) campaign.recalled = true;
  }

  #grant(granted: LeaseGranted): void {
    const campaign = this.#campaign(granted.campaign_id);
    if (!holds(campaign, granted.number)) return;
    const { node, boot, day } = granted.lease;
    if (node !== this.#options.node || boot !== this.#options.boot) return;
    const held = this.#find(granted.campaign_id, day) ?? this.#open(campaign, granted);
    held.grantedMicros += granted.amount_micros;
  }

  #open(campaign: CampaignLeases, granted: LeaseGranted): HeldLease {
    const held: HeldLease = {
      campaignId: granted.campaign_id,
      lease: granted.lease,
      grantedMicros: 0,
      drawnMicros: 0,
      returnedMicros: 0,
      sentMicros: 0,
      // Noticed at the next `takeReturns`, by the clock of this node.
      idle: { drawnMicros: -1, sinceMs: 0 },
    };
    campaign.held.push(held);
    this.#holding.add(campaign);
    return held;
  }

  /** How much of what is left of a lease goes back now. */
  #share(campaign: CampaignLeases, held: HeldLease, today: string, nowMs: number): number {
    const left = undrawn(held);
    if (campaign.recalled || campaign.budget?.active === false || held.lease.day < today) return left;
    if (held.idle.drawnMicros !== held.drawnMicros) {
      held.idle = { drawnMicros: held.drawnMicros, sinceMs: nowMs };
      return 0;
    }
    if (nowMs - held.idle.sinceMs < this.#options.idleMs) return 0;
    held.idle.sinceMs = nowMs;
    return Math.ceil(left / 2);
  }

  #today(campaign: CampaignLeases, nowMs: number): string {
    return campaign.budget === null ? '' : this.#dayInZone(campaign.budget.time_zone, nowMs);
  }

  /** A returned lease is kept for two days more: a late grant on it must find the cumulative return. */
  #forgetOld(campaign: CampaignLeases, today: string): void {
    if (campaign.held.every(({ lease }) => lease.day >= today)) return;
    const oldest = new Date(Date.parse(today) - 2 * msPerDay).toISOString().slice(0, 10);
    campaign.held = campaign.held.filter((held) => held.lease.day >= oldest || held.returnedMicros > held.sentMicros);
    if (campaign.held.length === 0) this.#holding.delete(campaign);
  }

  /** Kept by zone and day, since a wall time costs microseconds. */
  #dayInZone(zone: string, timeMs: number): string {
    const known = this.#days.get(zone);
    if (known !== undefined && timeMs >= known.startsAt && timeMs < known.endsAt) return known.day;
    const bounds = budgetDayBounds(timeMs, zone);
    if (known === undefined || timeMs >= known.endsAt) this.#days.set(zone, bounds);
    return bounds.day;
  }
}

const msPerDay = 86_400_000;

function undrawn(held: HeldLease): number {
  return held.grantedMicros - held.returnedMicros - held.drawnMicros;
}

/** Consumes a number that is the last plus one; any other is void. */
function holds(campaign: CampaignLeases, number: number): boolean {
  if (number !== campaign.number + 1) return false;
  campaign.number = number;
  return true;
}

/** True if the later budget leaves less to spend, or less time for it. */
function lowers(before: BudgetSet, after: BudgetSet): boolean {
  return (
    after.total_micros < before.total_micros ||
    (after.daily_micros ?? Infinity) < (before.daily_micros ?? Infinity) ||
    (before.active && !after.active) ||
    after.flight.ends_at < before.flight.ends_at ||
    after.flight.starts_at > before.flight.starts_at
  );
}

function giveBack(held: HeldLease, amountMicros: number): void {
  held.returnedMicros += amountMicros;
}

function returnRecord(held: HeldLease, nowMs: number): LeaseReturned {
  return {
    campaign_id: held.campaignId,
    lease: held.lease,
    returned_micros: held.returnedMicros,
    returned_at: nowMs,
  };
}
