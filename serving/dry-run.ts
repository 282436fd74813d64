import { policyOf } from '../domain/deadline-policy.ts';
import { AdtallyError } from '../domain/errors.ts';
import type { Clock } from '../ports/clock.ts';
import { compareRanks } from './auction.ts';
import type { BotGate } from './bot-gate.ts';
import type { Offer } from './candidate.ts';
import { CatalogIndex } from './catalog-index.ts';
import type { ConsentGate, ConsentVerdict } from './consent.ts';
import { bestTier, Deadline } from './deadline.ts';
import { Decider, type DecisionInput, type DrawnLeases, lostBecause } from './decide.ts';
import { type DecisionRequest, readDecisionRequest } from './decision-request.ts';
import { exclusionDetail } from './exclusion-detail.ts';
import { RecentSelections } from './frequency.ts';
import type { Person } from './person.ts';
import { contextOf, type RequestSender, type ResolvedSlot, resolveSlot } from './slot.ts';
import { attributesOf } from './targeting.ts';
import type { WhyNot } from './why-not.ts';

export interface DryRunDeps {
  /** The whole catalogue. */
  readonly index: CatalogIndex;
  readonly clock: Clock;
  readonly bots: BotGate;
  readonly consent: ConsentGate;
}

/** What would become of a line item in one slot. */
export interface SlotVerdict extends WhyNot {
  readonly slot_id: string;
  /** Who would be shown; null: nobody. */
  readonly winner_line_item_id: string | null;
}

export interface DryRunAnswer {
  readonly slots: readonly SlotVerdict[];
  /** What a decision would read and a dry run does not, as sentences. */
  readonly assumed: readonly string[];
  /** As a decision would have them. */
  readonly warnings: readonly string[];
}

const assumed = [
  'the person has a profile without segments and has seen nothing',
  'every campaign has budget left',
  'click rates are the prior, and no model predicts',
  'bidders of outside demand are not asked',
];

/** One id for all: the same question has the same answer. Between equals another request may choose the other one. */
const requestId = '00000000-0000-7000-8000-000000000000';
const totalUs = 60_000_000;
const stranger: Person = {
  hash: '',
  userKey: null,
  view: { items: new Map(), segments: [] },
  revision: 0,
  firstSight: false,
  missing: null,
};

/** Leases without end, of which nothing is drawn. */
const boundless: DrawnLeases = {
  left: () => Infinity,
  draw: (_campaignId, day) => ({ node: 'dry-run', boot: requestId, day }),
  views: () => [],
};

/**
 * Answers why a line item would not be shown, for a request that nobody made: the code that decides, on the present catalogue, the first ad of each slot
 * by itself. Draws and writes nothing.
 * Errors: `VALIDATION_FAILED` for a request that no decision would take, `NOT_FOUND` for a line item that does not exist.
 */
export class DryRun {
  readonly #deps: DryRunDeps;

  constructor(deps: DryRunDeps) {
    this.#deps = deps;
  }

  whyNot(body: unknown, lineItemId: string): DryRunAnswer {
    const request = readDecisionRequest(body);
    const { index, clock } = this.#deps;
    index.advance(clock.now());
    if (!index.catalog.lineItems.has(lineItemId)) {
      throw new AdtallyError('NOT_FOUND', `there is no line item ${lineItemId}`, { path: 'line_item_id' });
    }
    const alone = new CatalogIndex({
      nowMs: clock.now(),
      catalog: index.catalog,
      rates: index.rates,
      onlyLineItems: [lineItemId],
    });
    const slots = request.slots.map((slot): SlotVerdict => {
      const resolved = resolveSlot({ ...slot, count: 1 }, index.catalog);
      const found = typeof resolved === 'string' ? refused('slot', resolved) : this.#judge(request, resolved, alone);
      return { slot_id: slot.id, line_item_id: lineItemId, ...found };
    });
    return { slots, assumed, warnings: request.warnings };
  }

  #judge(request: DecisionRequest, slot: ResolvedSlot, alone: CatalogIndex): Found {
    const sender = this.#sender(request);
    if (sender === null) return refused('slot', 'blocked_traffic');
    const consent = this.#deps.consent.judge(request.consent);
    const asked = { request, slot, sender, consent };
    const own = this.#choose(alone, asked);
    const winner = this.#choose(this.#deps.index, asked);
    const winnerId = winner.offer?.item.lineItem.line_item_id ?? null;
    if (own.offer === null) {
      const { step, reason } = own.excluded ?? archived;
      return { ...refused(step, reason, winnerId), detail: this.#detail(asked, alone, reason) };
    }
    return { ...verdict(own.offer, winner.offer), winner_line_item_id: winnerId };
  }

  #sender({ device }: DecisionRequest): RequestSender | null {
    const { bots } = this.#deps;
    const userAgent = device.userAgent ?? '';
    if (userAgent !== '' && bots.block(userAgent, device.ip ?? '') !== null) return null;
    const agent = bots.agent(userAgent);
    const deviceType = device.type ?? agent.deviceType;
    return { channel: 'api', userAgent, network: '', deviceType, os: device.os ?? agent.os };
  }

  /** The ad of a slot by an index, or what took out the last that was left. */
  #choose(index: CatalogIndex, { request, slot, sender, consent }: Asked): Chosen {
    const { clock } = this.#deps;
    const nowMs = index.advance(clock.now());
    const tier = bestTier([slot.placement.tier]);
    const policy = policyOf(index.catalog, tier);
    const input: DecisionInput = {
      requestId,
      request: { ...request, test: true },
      slots: [slot],
      sender,
      consent,
      person: consent.consent === 'personal' && request.userId !== null ? stranger : null,
      deadline: new Deadline({ totalUs, policy, startedUs: clock.monotonicUs(), ads: 1 }),
      nowMs,
    };
    const decider = new Decider({ clock, index, leases: boundless, recent: new RecentSelections(), restMs: 0 });
    const { ads, empty } = decider.choose(input);
    return { offer: ads[0]?.offer ?? null, excluded: empty[0]?.exclusions[0] ?? null };
  }

  #detail({ request, slot, sender, consent }: Asked, alone: CatalogIndex, reason: string): string | null {
    const [item] = alone.items();
    if (item === undefined) return null;
    const context = contextOf(slot, request, sender, consent);
    const attributes = attributesOf({ context, ...slot, profileSegments: [] });
    return exclusionDetail(reason, item, { attributes, clockOf: (zone) => alone.clockOf(zone) });
  }
}

interface Asked {
  readonly request: DecisionRequest;
  readonly slot: ResolvedSlot;
  readonly sender: RequestSender;
  readonly consent: ConsentVerdict;
}

interface Chosen {
  readonly offer: Offer | null;
  readonly excluded: { readonly step: string; readonly reason: string } | null;
}

type Found = Omit<SlotVerdict, 'slot_id' | 'line_item_id'>;

/** An archived line item is not in the index, so that nothing excludes it. */
const archived = { step: 'status', reason: 'archived' };

function refused(step: string, reason: string, winner: string | null = null): Found {
  return { step, reason, detail: null, creative_id: null, ecpm_micros: null, winner_line_item_id: winner };
}

/** How a line item that could be shown fares against who would be. */
function verdict(own: Offer, winner: Offer | null): Omit<Found, 'winner_line_item_id'> {
  const isWinner = winner === null || compareRanks(winner.rank, own.rank) >= 0;
  const reason = isWinner ? 'won' : lostBecause(winner, own);
  return {
    step: isWinner ? 'won' : 'auction',
    reason,
    detail: null,
    creative_id: own.creative.creative.creative_id,
    ecpm_micros: own.rank.ecpmMicros,
  };
}
