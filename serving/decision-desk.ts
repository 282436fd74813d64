import { fullPlan, type LoadZone, policyOf } from '../domain/deadline-policy.ts';
import { AdtallyError } from '../domain/errors.ts';
import { eventId, shardOf, uuidV7 } from '../domain/identity.ts';
import type { MarkupReturned, PersonSeen, ViewRevision } from '../domain/records.ts';
import type { Clock } from '../ports/clock.ts';
import type { SchemaRegistry } from '../ports/schema-registry.ts';
import type { Tracer } from '../ports/tracer.ts';
import type { BotGate } from './bot-gate.ts';
import { clickRatesView } from './click-rates.ts';
import type { ConsentGate } from './consent.ts';
import { bestTier, Deadline } from './deadline.ts';
import type { Choice, Decider, DecisionInput, EmptySlot } from './decide.ts';
import { DecisionCounts } from './decision-counts.ts';
import { DecisionTracer } from './decision-trace.ts';
import { settleBids } from './demand/auction-notices.ts';
import type { Demand, DemandDesk } from './demand/demand-desk.ts';
import type { DecisionRequest } from './decision-request.ts';
import { type Caller, Enrichment, type Mandatory } from './enrichment.ts';
import { type Explanation, explain } from './explain.ts';
import {
  type IssuedAd,
  type IssuedDecision,
  type IssuerDeps,
  issueAd,
  reservedRecord,
  selectedRecord,
} from './issue.ts';
import type { BufferRecord, LocalBuffer } from './local-buffer.ts';
import type { Person, PersonReader } from './person.ts';
import { PlacementYields } from './placement-yields.ts';
import { type NoAdReason, type ResolvedSlot, resolveSlot } from './slot.ts';

export interface DecisionDeskDeps {
  readonly clock: Clock;
  /** Wall clock of the boot (`NodeClock`): never goes back, never below a mark. */
  readonly nodeClock: { now(): number };
  readonly registry: SchemaRegistry;
  readonly buffer: LocalBuffer;
  readonly decider: Decider;
  readonly issuer: IssuerDeps;
  readonly persons: PersonReader;
  readonly bots: BotGate;
  readonly consent: ConsentGate;
  /** Null: nobody outside is asked. */
  readonly demand?: DemandDesk | null;
  /** Deadline of a request that names none, ms. */
  readonly defaultTmaxMs: number;
  /** Load of the process. Default: always calm. */
  readonly zone?: () => LoadZone;
  /** Null: nothing is traced. */
  readonly tracer?: Tracer | null;
  /** A record could not be stored although there was room: ours to answer for, not the client's. */
  readonly onError: (error: Error) => void;
}

export interface DecisionAnswer {
  readonly request_id: string;
  readonly decisions: readonly (IssuedDecision & { readonly explain?: Explanation })[];
  readonly no_ad: readonly { readonly slot_id: string; readonly reason: NoAdReason; readonly explain?: Explanation }[];
  readonly warnings: readonly string[];
}

export interface Answered {
  readonly body: DecisionAnswer;
  readonly ads: readonly IssuedAd[];
  readonly arrivedUs: number;
  /** Until when it had to be answered, monotonic; null if nothing was decided. */
  readonly endsUs: number | null;
  /** When it was decided, monotonic; only if some ad of it is traced. */
  readonly decidedUs?: number;
}

/** What is known before the person is. */
type Draft = Omit<DecisionInput, 'person' | 'nowMs'> & {
  readonly empty: readonly EmptySlot[];
  readonly trusted: boolean;
  readonly arrivedUs: number;
  readonly traceparent: string | undefined;
};

/** Takes decision requests: gates, reads the person if it may, chooses, signs, and hands the records to the buffer. */
export class DecisionDesk {
  readonly counts = new DecisionCounts();
  /** What placements have earned of late, by this process's decisions. */
  readonly yields = new PlacementYields();
  readonly #deps: DecisionDeskDeps;
  readonly #enrichment: Enrichment;
  readonly #tracer: DecisionTracer | null;

  constructor(deps: DecisionDeskDeps) {
    this.#deps = deps;
    this.#enrichment = new Enrichment(deps);
    const { tracer = null } = deps;
    this.#tracer = tracer === null ? null : new DecisionTracer({ ...deps, tracer });
  }

  /**
   * Answers a request; at once unless a person has to be read. All records of the answer are in the buffer as one entry when it is given, and the
   * answer does not wait for the disk. Error: `BUFFER_FULL`.
   */
  decide(request: DecisionRequest, caller: Caller): Answered | Promise<Answered> {
    try {
      const answered = this.#decide(request, caller);
      return answered instanceof Promise ? answered.catch((error: unknown) => this.#failed(error)) : answered;
    } catch (error) {
      return this.#failed(error);
    }
  }

  #failed(error: unknown): never {
    this.counts.failed += 1;
    throw error;
  }

  #decide(request: DecisionRequest, caller: Caller): Answered | Promise<Answered> {
    const known = this.#enrichment.mandatory(request, caller);
    if (known === null) return this.#refuseAll(request, caller);
    const draft = this.#draft(request, caller, known);
    if (draft.consent.consent !== 'personal' || request.userId === null) return this.#bid(draft, null);
    const person = this.#enrichment.skippable(draft.deadline, request.userId);
    return person instanceof Promise ? person.then((read) => this.#bid(draft, read)) : this.#bid(draft, person);
  }

  /** The answer was handed to the socket. */
  markReturned({ ads, arrivedUs, endsUs, decidedUs }: Answered): void {
    const { buffer, clock, nodeClock, registry } = this.#deps;
    const nowUs = clock.monotonicUs();
    if (endsUs !== null) this.counts.returned(nowUs <= endsUs);
    if (decidedUs !== undefined) this.#tracer?.returned(ads, decidedUs, nowUs);
    if (ads.length === 0 || !buffer.hasRoomFor('beacon')) return;
    const elapsed_us = Math.round(nowUs - arrivedUs);
    const returned_at = nodeClock.now();
    const sequence = buffer.nextSequence();
    const records = ads.map(({ billing, decision }): BufferRecord => {
      const { selection_id, shard, node, boot } = billing;
      const value: MarkupReturned = {
        event_id: eventId(selection_id, 'returned', 0),
        selection_id,
        origin: { node, boot, sequence },
        billing,
        returned_at,
        elapsed_us,
        markup_bytes: Buffer.byteLength(decision.markup),
      };
      return { topic: 'selected', shard, key: selection_id, value: registry.encode('MarkupReturned', value) };
    });
    this.#append(sequence, records);
  }

  #newRequestId(): string {
    return uuidV7(this.#deps.nodeClock.now(), this.#deps.issuer.random.bytes(10));
  }

  #refuseAll(request: DecisionRequest, { arrivedUs }: Caller): Answered {
    const no_ad = request.slots.map(({ id }) => ({ slot_id: id, reason: 'blocked_traffic' as const }));
    const body = { request_id: this.#newRequestId(), decisions: [], no_ad, warnings: request.warnings };
    this.counts.answer(body);
    return { body, ads: [], arrivedUs, endsUs: arrivedUs + this.#totalUs(request) };
  }

  #draft(request: DecisionRequest, caller: Caller, { sender, consent }: Mandatory): Draft {
    const { catalog } = this.#deps.decider.deps.index;
    const slots: ResolvedSlot[] = [];
    const empty: EmptySlot[] = [];
    for (const slot of request.slots) {
      const resolved = resolveSlot(slot, catalog);
      if (typeof resolved === 'string') empty.push({ slotId: slot.id, reason: resolved, exclusions: [] });
      else slots.push(resolved);
    }
    return {
      requestId: this.#newRequestId(),
      request,
      slots,
      sender,
      consent,
      deadline: this.#deadline(request, slots, caller.arrivedUs),
      empty,
      trusted: caller.trusted,
      arrivedUs: caller.arrivedUs,
      traceparent: caller.traceparent,
    };
  }

  #totalUs({ tmaxMs }: DecisionRequest): number {
    return (tmaxMs ?? this.#deps.defaultTmaxMs) * 1000;
  }

  #deadline(request: DecisionRequest, slots: readonly ResolvedSlot[], startedUs: number): Deadline {
    const tier = bestTier(slots.map(({ placement }) => placement.tier));
    const ads = slots.reduce((sum, { request }) => sum + request.count, 0);
    const totalUs = this.#totalUs(request);
    const { clock, decider, zone } = this.#deps;
    const policy = policyOf(decider.deps.index.catalog, tier);
    const load = zone?.() ?? 'calm';
    const deadline = new Deadline({ totalUs, policy, startedUs, ads: Math.max(1, ads), zone: load });
    deadline.choosePlan(clock.monotonicUs());
    return deadline;
  }

  /** Asks the bidders of outside demand, where there are any; without them nothing is waited for. */
  #bid(draft: Draft, person: Person | null): Answered | Promise<Answered> {
    const { demand = null, buffer, decider, nodeClock, clock } = this.#deps;
    const { deadline, slots } = draft;
    if (demand === null || demand.isIdle || slots.length === 0 || !buffer.hasRoomFor('decision')) {
      return this.#finish(draft, person, null);
    }
    deadline.enter('bidders', clock.monotonicUs());
    if (deadline.without('bidders') || deadline.without('auction')) {
      deadline.skip('bidders', 'bidders');
      return this.#finish(draft, person, null);
    }
    const input: DecisionInput = { ...draft, person, nowMs: decider.deps.index.advance(nodeClock.now()) };
    const outlook = decider.outlook(input);
    if (outlook.length === 0) return this.#finish(draft, person, null);
    const asked = demand.ask(input, outlook);
    return asked instanceof Promise
      ? asked.then((answered) => this.#finish(draft, person, answered))
      : this.#finish(draft, person, asked);
  }

  /** From here to the append nothing waits, so that sequence numbers reach the buffer in order and times are not older than marks. */
  #finish(draft: Draft, person: Person | null, demand: Demand | null): Answered {
    const { buffer, decider, nodeClock, clock } = this.#deps;
    if (!buffer.hasRoomFor('decision')) {
      throw new AdtallyError('BUFFER_FULL', 'too much waits for the log: no further decisions for now');
    }
    const nowMs = decider.deps.index.advance(nodeClock.now());
    const input: DecisionInput = { ...draft, person, nowMs, ...(demand !== null && { demand }) };
    const choice = decider.choose(input);
    const announced = person?.firstSight ?? false;
    const sequence = choice.ads.length > 0 || announced ? buffer.nextSequence() : 0;
    const ads = choice.ads.map((chosen) => issueAd(chosen, input, this.#deps.issuer, sequence));
    const body = this.#body(draft, choice, ads);
    draft.deadline.enter('response', clock.monotonicUs());
    this.#noteYields(input, choice);
    this.counts.answer(body);
    this.counts.skipped(draft.deadline.skipped);
    if (sequence > 0) this.#append(sequence, this.#records(ads, input));
    if (demand !== null) this.#settle(demand, input, ads);
    const { arrivedUs, traceparent, deadline } = draft;
    const answered = { body, ads, arrivedUs, endsUs: arrivedUs + deadline.totalUs };
    const decidedUs = this.#tracer?.decided({ input, ads, arrivedUs, traceparent });
    return decidedUs === undefined ? answered : { ...answered, decidedUs };
  }

  #settle(demand: Demand, input: DecisionInput, ads: readonly IssuedAd[]): void {
    const desk = this.#deps.demand ?? null;
    if (desk !== null) settleBids({ input, demand, ads }, { ...desk.deps, counts: desk.counts });
  }

  /** What each place earned, by whether anything was done without. Test ads earn nothing and tell nothing. */
  #noteYields({ request, slots, deadline, person }: DecisionInput, { ads, empty }: Choice): void {
    if (request.test) return;
    const isFull = (name: string) => name === fullPlan.name || deadline.skipped.length === 0;
    for (const { slot, times, auction } of ads) {
      this.yields.note(slot.placement, { person: person !== null, full: isFull(times.plan) }, auction.ecpm_micros);
    }
    for (const { slotId } of empty) {
      const placement = slots.find((slot) => slot.request.id === slotId)?.placement;
      const kind = { person: person !== null, full: isFull(deadline.plan.name) };
      if (placement !== undefined) this.yields.note(placement, kind, 0);
    }
  }

  #body(draft: Draft, choice: Choice, ads: readonly IssuedAd[]): DecisionAnswer {
    const { request, requestId, trusted } = draft;
    const explained = request.debug && trusted;
    const empty = [...draft.empty, ...choice.empty];
    return {
      request_id: requestId,
      decisions: ads.map((ad) => (explained ? { ...ad.decision, explain: explain(ad.chosen) } : ad.decision)),
      no_ad: empty.map(({ slotId, reason, exclusions }) => ({
        slot_id: slotId,
        reason,
        ...(explained && { explain: { exclusions } }),
      })),
      warnings:
        request.debug && !trusted
          ? [...request.warnings, "debug needs a key that may see every advertiser's prices"]
          : request.warnings,
    };
  }

  #records(ads: readonly IssuedAd[], input: DecisionInput): BufferRecord[] {
    const { registry } = this.#deps;
    const records: BufferRecord[] = [];
    const views = ads.length > 0 ? this.#views() : [];
    const decision = { input, views, lostMicros: (ad: IssuedAd) => this.#lostMicros(ad, input) };
    for (const ad of ads) {
      const { shard, selection_id: key } = ad.billing;
      const selected = selectedRecord(ad, decision);
      this.counts.selected(selected);
      records.push({ topic: 'selected', shard, key, value: registry.encode('AdSelected', selected) });
      const reserved = reservedRecord(ad);
      if (reserved !== null) {
        records.push({ topic: 'spend', shard, key, value: registry.encode('SpendReserved', reserved) });
      }
    }
    if (input.person?.firstSight === true) records.push(this.#seenRecord(input.person, input));
    return records;
  }

  /** What an ad is estimated to have lost by what was done without; a test ad has nothing to lose. */
  #lostMicros({ chosen }: IssuedAd, { request, deadline, person }: DecisionInput): number {
    if (request.test || deadline.skipped.length === 0) return 0;
    return this.yields.lossMicros(chosen.slot.placement.placement_id, person !== null);
  }

  #seenRecord({ hash }: Person, { request, nowMs }: DecisionInput): BufferRecord {
    const value: PersonSeen = { person_hash: hash, segments: request.segments, seen_at: nowMs };
    const shard = shardOf(hash, this.#deps.issuer.options.shards);
    return { topic: 'persons', shard, key: hash, value: this.#deps.registry.encode('PersonSeen', value) };
  }

  #views(): ViewRevision[] {
    const { index, leases } = this.#deps.decider.deps;
    return [
      { view: 'catalog', revision: index.revision },
      ...leases.views(),
      { view: clickRatesView, revision: index.rates.revision },
    ];
  }

  #append(sequence: number, records: readonly BufferRecord[]): void {
    const stored = (this.#tracer ?? this.#deps.buffer).append(sequence, records);
    stored.catch(this.#deps.onError);
  }
}
