import { isLive } from '../../domain/catalog.ts';
import type { BidderPublished } from '../../domain/records.ts';
import type { BidderConnections, NoticeSender } from '../../ports/bidder-connection.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Random } from '../../ports/random.ts';
import type { CatalogIndex } from '../catalog-index.ts';
import type { DecisionInput, SlotOutlook } from '../decide.ts';
import type { CurrencyRates } from '../openrtb/currency-rates.ts';
import { askedFormats } from './asked-formats.ts';
import { catalogRefusal, formatsOf } from './bidder-eligibility.ts';
import { countOne, DemandCounts } from './demand-counts.ts';
import type { BidderFact, SlotDemand, ValidBid } from './external-bid.ts';
import { FanOut } from './fan-out.ts';
import { HealthBook } from './health-book.ts';
import { type AskedPlace, outgoingRequest } from './outgoing-request.ts';
import type { OpenPlace } from './progressive.ts';
import { Solicitation } from './solicitation.ts';

export interface DemandDeskDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly index: CatalogIndex;
  readonly connections: BidderConnections;
  readonly notices: NoticeSender;
  readonly rates: CurrencyRates;
  /** By which supply chains name us. */
  readonly domain: string;
  /** False: waits for everybody until the cut. */
  readonly progressive: boolean;
  /** An answer could not be worked on: ours to answer for, and no other bidder's harm. */
  readonly onError: (error: Error) => void;
}

/** What bidders answered, by the id of the slot. */
export type Demand = ReadonlyMap<string, SlotDemand<ValidBid>>;

/** Less time than this is not worth a call, microseconds. */
const leastCallUs = 3000;

type SlotFacts = Map<string, Map<string, BidderFact<ValidBid>>>;

/** Asks bidders of outside demand. */
export class DemandDesk {
  readonly counts = new DemandCounts();
  readonly health = new HealthBook();
  readonly deps: DemandDeskDeps;
  #version = -1;
  #anyLive = false;

  constructor(deps: DemandDeskDeps) {
    this.deps = deps;
  }

  /** True if there is no bidder that could be asked by whomever: a decision then costs nothing more. */
  get isIdle(): boolean {
    const { index } = this.deps;
    if (this.#version !== index.version) {
      this.#version = index.version;
      this.#anyLive = index.catalog.bidders.size > 0 && index.catalog.bidders.values().some(isLive);
    }
    return !this.#anyLive;
  }

  /**
   * Asks whoever may win a slot, and gives what is known of every bidder that was eligible; at once if nobody is asked. Never rejects.
   * @param outlook slots for which bidders are eligible
   */
  ask(input: DecisionInput, outlook: readonly SlotOutlook[]): Demand | Promise<Demand> {
    const { clock } = this.deps;
    const facts: SlotFacts = new Map();
    const wanted = this.#wanted(outlook, facts);
    const nowUs = clock.monotonicUs();
    const leftUs = input.deadline.withSlackUs('bidders', nowUs);
    const asked = this.#solicitations(input, { wanted, leftUs, facts });
    if (asked.length === 0) {
      if (wanted.size > 0 && leftUs < leastCallUs) input.deadline.fallBack('bidders', 'bidders', 'bidders_no_time');
      return facts;
    }
    const fanOut = new FanOut({ ...this.deps, counts: this.counts }, { ...this.#task(input, outlook, asked), leftUs });
    return fanOut.run().then(() => {
      for (const one of asked) for (const place of one.places) put(facts, place.slot.request.id, one.factOf(place));
      return facts;
    });
  }

  /** Places that each bidder is to be asked about; of those that it is not, why. */
  #wanted(outlook: readonly SlotOutlook[], facts: SlotFacts): Map<BidderPublished, AskedPlace[]> {
    const wanted = new Map<BidderPublished, AskedPlace[]>();
    const eligible = new Set<string>();
    outlook.forEach((slotOutlook, number) => {
      const { slot, bidders } = slotOutlook;
      for (const { item, terms, refusal } of bidders) {
        const { bidder, lineItem } = item;
        if (bidder === null) continue;
        eligible.add(bidder.bidder_id);
        const reason = catalogRefusal(bidder, item, slot, this.deps.rates) ?? refusal;
        const formats = reason === null ? askedFormats(slot, formatsOf(item, slot)) : null;
        if (formats === null) {
          this.#notAsked(facts, slot.request.id, bidder, reason ?? 'format');
          continue;
        }
        const { context, blockedBrands, blockedCategories, blockedAttributes } = slotOutlook;
        const place: AskedPlace = {
          impId: String(number + 1),
          slot,
          formats,
          context,
          terms,
          limitMicros: lineItem.bid_micros,
          blockedBrands,
          blockedCategories,
          blockedAttributes,
        };
        const places = wanted.get(bidder);
        if (places === undefined) wanted.set(bidder, [place]);
        else places.push(place);
      }
    });
    for (const id of eligible) this.counts.of(id).eligible += 1;
    return wanted;
  }

  #solicitations(
    { requestId }: DecisionInput,
    {
      wanted,
      leftUs,
      facts,
    }: {
      readonly wanted: ReadonlyMap<BidderPublished, AskedPlace[]>;
      readonly leftUs: number;
      readonly facts: SlotFacts;
    },
  ): Solicitation[] {
    const { clock, random, rates } = this.deps;
    const askedUs = clock.monotonicUs();
    const solicitations: Solicitation[] = [];
    for (const [bidder, places] of wanted) {
      const health = this.health.of(bidder);
      const timeoutUs = Math.min(leftUs, health.timeoutUs(bidder));
      const hasTime = timeoutUs >= Math.max(leastCallUs, (bidder.network_ms + 1) * 1000);
      const reason = hasTime ? health.refusal(bidder, askedUs / 1000, random.fraction()) : 'no_time';
      if (reason === null) {
        const question = { bidder, requestId, places, rates };
        solicitations.push(new Solicitation({ question, health, askedUs, timeoutUs }));
      } else for (const { slot } of places) this.#notAsked(facts, slot.request.id, bidder, reason);
    }
    return solicitations;
  }

  #task(input: DecisionInput, outlook: readonly SlotOutlook[], asked: readonly Solicitation[]) {
    const { rates, domain } = this.deps;
    const places = new Map<string, OpenPlace>();
    const askedImps = new Set(asked.flatMap((one) => one.places.map(({ impId }) => impId)));
    outlook.forEach(({ slot, ownBestMicros }, number) => {
      const impId = String(number + 1);
      const open = { currency: slot.placement.floor_currency, bestMicros: ownBestMicros };
      if (askedImps.has(impId)) places.set(impId, open);
    });
    const solicitations = asked.map((one) => {
      const tmaxMs = Math.max(1, Math.floor(one.timeoutUs / 1000) - one.bidder.network_ms);
      const request = outgoingRequest(input, { bidder: one.bidder, places: one.places, tmaxMs, rates, domain });
      return { asked: one, body: Buffer.from(JSON.stringify(request), 'utf8') };
    });
    return { solicitations, places };
  }

  #notAsked(facts: SlotFacts, slotId: string, { bidder_id, line_item_id }: BidderPublished, reason: string): void {
    countOne(this.counts.of(bidder_id).notAsked, reason);
    put(facts, slotId, {
      bidderId: bidder_id,
      lineItemId: line_item_id,
      asked: false,
      outcome: 'not_asked',
      reason,
      timeoutUs: 0,
      latencyUs: 0,
      bid: null,
      outdone: [],
    });
  }
}

function put(facts: SlotFacts, slotId: string, fact: BidderFact<ValidBid>): void {
  const ofSlot = facts.get(slotId);
  if (ofSlot === undefined) facts.set(slotId, new Map([[fact.lineItemId, fact]]));
  else ofSlot.set(fact.lineItemId, fact);
}
