import type { Catalog } from '../../domain/catalog.ts';
import { maxAmountMicros } from '../../domain/money.ts';
import type { PlacementPublished } from '../../domain/records.ts';
import { type DecisionRequest, formats, requestLimits, type SlotRequest } from '../decision-request.ts';
import { audienceOf, channelOf } from './audience.ts';
import type { CurrencyRates } from './currency-rates.ts';
import { type Fields, fieldsOf, flagOf, isFields, listOf, numberOf, textOf, textsOf } from './fields.ts';
import { floorIn, floorOf } from './floor.ts';
import type { NativeOffer } from './native-request.ts';
import type { NoBid, NoBidReason } from './no-bid.ts';
import type { PlacementFinder } from './placement-finder.ts';
import { podTermsOf } from './pod.ts';
import { askedSeat } from './prebid.ts';
import { ownSeat } from './seat.ts';
import { supplyChainOf } from './supply-chain.ts';
import type { ValidBidRequest } from './validate.ts';

export interface BidRequestDeps {
  readonly catalog: Catalog;
  readonly placements: PlacementFinder;
  readonly rates: CurrencyRates;
  /** What the way there and back takes of `tmax`, ms. */
  readonly networkMs: number;
  /** How long a bid is good for, ms, if no imp says so (`exp`). */
  readonly bidLifeMs: number;
  /** Imps of one request that are auctioned. */
  readonly mostImps: number;
}

/** A bid request as the decision that it asks for. */
export interface ReadBidRequest {
  readonly id: string;
  readonly decision: DecisionRequest;
  /** Imp by the id of its slot. */
  readonly imps: ReadonlyMap<string, Fields>;
  /** What native imps ask for, by the id of the slot. */
  readonly natives: ReadonlyMap<string, NativeOffer>;
  /** Imps that get no bid whatever is decided. */
  readonly noBids: readonly NoBid[];
  /** Of the answer. */
  readonly currency: string;
  readonly warnings: readonly string[];
  /** Less time is left of `tmax` than the shortest decision takes. */
  readonly isTooLate: boolean;
}

const mostBlocks = 2000;

/** Reads a request that `validateBidRequest` has let pass. */
export function readBidRequest({ body, natives }: ValidBidRequest, deps: BidRequestDeps): ReadBidRequest {
  const reader = new ImpReader(body, deps);
  const offered: OfferedImp[] = [];
  const noBids: NoBid[] = [];
  for (const [index, entry] of listOf(body['imp']).entries()) {
    const imp = fieldsOf(entry);
    const found = index < deps.mostImps ? reader.read(imp, natives[index]) : 'too_many_imps';
    if (typeof found === 'string') noBids.push({ impId: imp['id'] as string, reason: found });
    else offered.push(found);
  }
  const currency = currencyOf(body, offered, deps.rates);
  const [bought, unpaid] = parted(offered, ({ placement }) =>
    deps.rates.canConvert(placement.floor_currency, currency),
  );
  noBids.push(...unpaid.map(({ imp }) => ({ impId: imp['id'] as string, reason: 'no_currency' as const })));
  return {
    id: body['id'] as string,
    decision: decisionOf(body, bought, deps),
    imps: new Map(bought.map(({ slot, imp }) => [slot.id, imp])),
    natives: new Map(bought.flatMap(({ slot, native }) => (native ? [[slot.id, native] as const] : []))),
    noBids,
    currency,
    warnings: reader.warnings,
    isTooLate: tmaxOf(body) > 0 && tmaxOf(body) - deps.networkMs < requestLimits.tmaxMs.least,
  };
}

/** ms; 0: not said. */
function tmaxOf({ tmax }: Fields): number {
  return Number(tmax ?? 0);
}

interface OfferedImp {
  readonly imp: Fields;
  readonly slot: SlotRequest;
  readonly native: NativeOffer | null | undefined;
  readonly placement: PlacementPublished;
}

function parted<T>(entries: readonly T[], isFirst: (entry: T) => boolean): readonly [T[], T[]] {
  const first: T[] = [];
  const second: T[] = [];
  for (const entry of entries) (isFirst(entry) ? first : second).push(entry);
  return [first, second];
}

function decisionOf(
  body: Fields,
  offered: readonly OfferedImp[],
  { networkMs, bidLifeMs }: BidRequestDeps,
): DecisionRequest {
  const tmax = tmaxOf(body);
  const { least, most } = requestLimits.tmaxMs;
  return {
    ...audienceOf(body),
    slots: offered.map(({ slot }) => slot),
    tmaxMs: tmax === 0 ? null : Math.min(most, Math.max(least, tmax - networkMs)),
    beaconLifeMs: lifeOf(offered) ?? bidLifeMs,
    test: flagOf(body['test']) ?? false,
    debug: false,
    warnings: [],
  };
}

/** As long as the exchange says that an imp may wait for its impression, the longest of all; null if none says it. */
function lifeOf(offered: readonly OfferedImp[]): number | null {
  const seconds = Math.max(0, ...offered.map(({ imp }) => numberOf(imp['exp']) ?? 0));
  const { least, most } = requestLimits.beaconLifeMs;
  return seconds === 0 ? null : Math.min(most, Math.max(least, seconds * 1000));
}

/** The first currency that is asked for and in which all can be paid; where none is asked for, that of the first placement. */
function currencyOf({ cur }: Fields, offered: readonly OfferedImp[], rates: CurrencyRates): string {
  const asked = textsOf(cur, 3).map((code) => code.toUpperCase());
  const own = offered.map(({ placement }) => placement.floor_currency);
  const suits = (code: string) => own.every((from) => rates.canConvert(from, code));
  return asked.find(suits) ?? asked[0] ?? own[0] ?? 'USD';
}

/** Reads the imps of one request. */
class ImpReader {
  readonly warnings: string[] = [];
  readonly #body: Fields;
  readonly #deps: BidRequestDeps;
  readonly #seats: readonly string[];
  readonly #blocked: readonly string[];
  readonly #publisherId: string | null;
  readonly #siteName: string | null;
  readonly #supplyChain: string;
  /** Name under which we are asked. */
  readonly #seat: string;

  constructor(body: Fields, deps: BidRequestDeps) {
    const channel = channelOf(body);
    const { page } = audienceOf(body);
    this.#body = body;
    this.#deps = deps;
    const seats = textsOf(body['wseat']);
    this.#seats = seats.includes(ownSeat) ? [] : seats;
    this.#blocked = blockedBy(body);
    this.#publisherId = textOf(fieldsOf(channel['publisher'])['id']);
    this.#siteName = (page.appBundle ?? page.siteDomain)?.toLowerCase() ?? null;
    this.#supplyChain = supplyChainOf(body);
    this.#seat = askedSeat(body);
  }

  read(imp: Fields, native: NativeOffer | null | undefined): OfferedImp | NoBidReason {
    if (this.#blocked.includes(ownSeat)) return 'seat_blocked';
    if (this.#blocked.length > mostBlocks) return 'too_many_blocks';
    // A native request that can't be read offers nothing.
    const offered = formats.filter((format) => imp[format] !== undefined && imp[format] !== null);
    const shown = offered.filter((format) => format !== 'native' || native !== null);
    if (shown.length === 0) return 'no_native';
    const placement = this.#placementOf(imp, shown);
    if (typeof placement === 'string') return placement;
    const slot = this.#slotOf(imp, shown, placement, native);
    return typeof slot === 'string' ? slot : { imp, slot, native, placement };
  }

  #placementOf(imp: Fields, shown: readonly string[]): ReturnType<PlacementFinder['find']> {
    const ext = fieldsOf(imp['ext']);
    const prebid = fieldsOf(ext['prebid']);
    // Prebid Server calls its bidders with `imp.ext.bidder`, clients name us.
    const parameters = [fieldsOf(prebid['bidder'])[this.#seat], ext[ownSeat], ext['bidder']].map(fieldsOf);
    const named = parameters.map(({ placement }) => textOf(placement)).find((name) => name !== null);
    const hints = [imp['tagid'], fieldsOf(prebid['storedrequest'])['id']].flatMap((hint) => textOf(hint) ?? []);
    return this.#deps.placements.find({
      publisherId: this.#publisherId,
      siteName: this.#siteName,
      named: named ?? null,
      hints,
      formats: shown,
      sizes: sizesOf(imp),
      currency: imp['bidfloor'] === undefined ? null : (textOf(imp['bidfloorcur'], 3) ?? 'USD'),
    });
  }

  #slotOf(
    imp: Fields,
    shown: readonly string[],
    placement: PlacementPublished,
    native: NativeOffer | null | undefined,
  ): SlotRequest | NoBidReason {
    const pod = podTermsOf(imp);
    const floor = floorIn(floorOf(imp, pod.longestSeconds), placement.floor_currency, this.#deps.rates);
    if (floor === null) return 'no_currency';
    const pmp = fieldsOf(imp['pmp']);
    const isPrivate = flagOf(pmp['private_auction']) === true;
    return {
      id: slotIdOf(imp['id'] as string, listOf(this.#body['imp']).indexOf(imp)),
      placementId: placement.placement_id,
      count: pod.count,
      sizes: sizesOf(imp).slice(0, requestLimits.sizes),
      formats: shown,
      keyValues: keyValuesOf(imp),
      // Nobody bids as much: only deals can win.
      floorMicros: isPrivate ? maxAmountMicros : floor,
      deals: this.#dealsOf(pmp, placement),
      exchange: {
        seats: this.#seats,
        blocked: this.#blocked,
        blockedAttributes: [...new Set(shown.flatMap((format) => attributesOf(imp[format])))],
        durations: pod.durations,
        pod: pod.podId,
        bidRequestId: (this.#body['id'] as string).slice(0, 128),
        supplyChain: this.#supplyChain,
        offered: {
          ...(isFields(imp['video']) && { video: imp['video'] }),
          ...(isFields(imp['audio']) && { audio: imp['audio'] }),
          ...(native && { native: native.request }),
        },
      },
    };
  }

  /** Deals of the placement that the exchange offers at no more than we agreed to sell for. */
  #dealsOf(pmp: Fields, placement: PlacementPublished): string[] {
    const offered = listOf(pmp['deals']).map(fieldsOf);
    return offered.flatMap((deal) => {
      const id = deal['id'] as string;
      const own = placement.deals.find(({ deal_id }) => deal_id === id);
      if (own === undefined) return [];
      const asked = floorIn(floorOf(deal, null), placement.floor_currency, this.#deps.rates);
      if (asked !== null && asked <= own.floor_micros && this.#isForUs(deal)) return [id];
      this.warnings.push(`deal ${id} is offered on other terms than were agreed`);
      return [];
    });
  }

  /** A deal for seats of which none is one of our advertisers is not ours to take. */
  #isForUs({ wseat }: Fields): boolean {
    const seats = textsOf(wseat);
    return seats.length === 0 || seats.some((seat) => seat === ownSeat || this.#deps.catalog.advertisers.has(seat));
  }
}

function blockedBy(body: Fields): string[] {
  const domains = textsOf(body['badv'], 253).map((domain) => domain.toLowerCase());
  const lists = [textsOf(body['bseat']), domains, textsOf(body['bapp'], 253), textsOf(body['bcat'])];
  return [...new Set(lists.flat())];
}

function attributesOf(format: unknown): number[] {
  return listOf(fieldsOf(format)['battr']).map(Number);
}

const longestSlotId = 64;

/** The id of the imp, unless it is longer than a slot's may be. */
function slotIdOf(impId: string, index: number): string {
  return impId !== '' && impId.length <= longestSlotId ? impId : `${index}:${impId.slice(0, 50)}`;
}

/** Sizes of the banner alone: players and native layouts scale. */
function sizesOf(imp: Fields): string[] {
  const banner = fieldsOf(imp['banner']);
  const pairs = [...listOf(banner['format']).map(fieldsOf), banner];
  const isSide = (value: unknown) => Number.isInteger(value) && Number(value) > 0 && Number(value) < 100_000;
  return [...new Set(pairs.flatMap(({ w, h }) => (isSide(w) && isSide(h) ? [`${Number(w)}x${Number(h)}`] : [])))];
}

/** What targeting may ask of an imp: its tag, where it stands, and what the publisher says of it (`imp.ext.data`). */
function keyValuesOf(imp: Fields): Readonly<Record<string, string>> {
  const pos = fieldsOf(imp['banner'])['pos'] ?? fieldsOf(imp['video'])['pos'];
  const tag = textOf(imp['tagid']);
  const data = Object.entries(fieldsOf(fieldsOf(imp['ext'])['data'])).flatMap(([key, value]) => {
    const values = (Array.isArray(value) ? value : [value]).filter(
      (one) => textOf(one) !== null || Number.isFinite(one),
    );
    const isUsable = values.length > 0 && key.length > 0 && key.length <= 64;
    return isUsable ? [[key, values.slice(0, requestLimits.valuesPerKey).join()] as const] : [];
  });
  const own: (readonly [string, string])[] = [
    ...(tag === null ? [] : [['tagid', tag] as const]),
    ...(typeof pos === 'number' ? [['pos', String(pos)] as const] : []),
    ...(flagOf(imp['instl']) === true ? [['instl', '1'] as const] : []),
    ...(flagOf(imp['rwdd']) === true ? [['rwdd', '1'] as const] : []),
  ];
  return Object.fromEntries([...data.slice(0, requestLimits.keys - own.length), ...own]);
}
