import type { BidderPublished } from '../../domain/records.ts';
import { categoryVerdict } from '../brand-safety.ts';
import type { CurrencyRates } from '../openrtb/currency-rates.ts';
import { microsOf } from '../openrtb/decimal.ts';
import { type Fields, fieldsOf, isFields, listOf, textOf, textsOf } from '../openrtb/fields.ts';
import { isDeeperThan } from '../openrtb/json-depth.ts';
import { demandFormats, type DemandFormat } from './asked-formats.ts';
import type { BidFault, ValidBid } from './external-bid.ts';
import { readNativeAnswer } from './native-answer.ts';
import { type AskedPlace, sizeOf } from './outgoing-request.ts';
import { type OutsideMedia, readVastAnswer } from './vast-answer.ts';

/** Bounds of an answer. Its bytes were bounded when it was read. */
export const answerLimits = { depth: 12, seats: 32, bids: 64, markup: 64 * 1024, url: 4096, listed: 20 } as const;

/** What was asked, against which an answer is held. */
export interface Question {
  readonly bidder: BidderPublished;
  readonly requestId: string;
  readonly places: readonly AskedPlace[];
  readonly rates: CurrencyRates;
}

export interface ReadAnswer {
  /** The best for each place, by the id of the imp. */
  readonly bids: ReadonlyMap<string, ValidBid>;
  /** What was wrong with a place's bids, where none is left. */
  readonly faults: ReadonlyMap<string, BidFault>;
  /** Valid bids that a better one of the same bidder stands before. */
  readonly outdone: readonly ValidBid[];
  /** Every fault that was found. */
  readonly refused: readonly BidFault[];
}

/** Reads an answer: hostile bytes, of which nothing is believed. A fault alone: nothing in it can be used. */
export function readAnswer(body: Uint8Array, question: Question): ReadAnswer | BidFault {
  if (isDeeperThan(body, answerLimits.depth)) return 'too_deep';
  let answer: unknown;
  try {
    answer = JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8'));
  } catch {
    return 'not_json'; // whatever the parser throws at a stranger's bytes means that they are no JSON; the fault says so
  }
  if (!isFields(answer)) return 'bad_shape';
  if (answer['id'] !== question.requestId) return 'wrong_id';
  const seats = listOf(answer['seatbid']).map(fieldsOf);
  const bids = seats.flatMap((seat) => listOf(seat['bid']).map((bid) => ({ bid, seat: textOf(seat['seat']) ?? '' })));
  if (seats.length > answerLimits.seats || bids.length > answerLimits.bids) return 'too_many';
  const currency = answer['cur'] === undefined ? 'USD' : textOf(answer['cur'], 3);
  const sorted = new Answers();
  for (const { bid, seat } of bids) sorted.add(readBid(fieldsOf(bid), { seat, currency: currency ?? '' }, question));
  return sorted;
}

class Answers implements ReadAnswer {
  readonly bids = new Map<string, ValidBid>();
  readonly faults = new Map<string, BidFault>();
  readonly outdone: ValidBid[] = [];
  readonly refused: BidFault[] = [];

  add(read: ValidBid | Refused): void {
    if ('fault' in read) {
      this.refused.push(read.fault);
      if (read.impId !== null && !this.bids.has(read.impId)) this.faults.set(read.impId, read.fault);
      return;
    }
    const before = this.bids.get(read.impId);
    const isBetter = before === undefined || read.bidMicros > before.bidMicros;
    if (isBetter) this.bids.set(read.impId, read);
    if (before !== undefined) this.outdone.push(isBetter ? before : read);
    this.faults.delete(read.impId);
  }
}

/** AdCOM's types of markup. */
const markupTypes: Readonly<Record<DemandFormat, number>> = { banner: 1, video: 2, audio: 3, native: 4 };

interface Refused {
  readonly fault: BidFault;
  /** Null: of no imp that we know. */
  readonly impId: string | null;
}

interface Offered {
  readonly seat: string;
  readonly currency: string;
}

function readBid(bid: Fields, { seat, currency }: Offered, question: Question): ValidBid | Refused {
  const place = question.places.find(({ impId }) => impId === bid['impid']);
  const refuse = (fault: BidFault): Refused => ({ fault, impId: place?.impId ?? null });
  if (place === undefined) return refuse('unknown_imp');
  const bidId = textOf(bid['id']);
  if (bidId === null) return refuse('no_bid_id');
  const { bidder } = question;
  if (bidder.seat !== '' && seat !== bidder.seat) return refuse('wrong_seat');
  const bidMicros = priceOf(bid, currency, place, question);
  if (typeof bidMicros === 'string') return refuse(bidMicros);
  if ((bid['dealid'] ?? null) !== place.terms.dealId) return refuse('bad_deal');
  const format = formatOf(bid, place);
  if (format === null) return refuse('bad_format');
  const size = format === 'banner' ? bannerSize(bid, place) : noSize;
  if (typeof size === 'string') return refuse(size);
  const fault = listFault(bid) ?? markupFault(bid) ?? blockedFault(bid, place);
  if (fault !== null) return refuse(fault);
  const content = contentOf(bid['adm'] as string, format, place);
  if (typeof content === 'string') return refuse(content);
  return {
    bidderId: bidder.bidder_id,
    bidId,
    impId: place.impId,
    seat,
    creativeRef: textOf(bid['crid']) ?? '',
    price: String(bid['price']),
    currency,
    bidMicros,
    domains: domainsOf(bid),
    categories: categoriesOf(bid),
    attributes: attributesOf(bid),
    ...(content?.kind === 'media' ? playerSize(content) : size),
    format,
    content,
    markup: bid['adm'] as string,
    winUrl: textOf(bid['nurl'], answerLimits.url) ?? '',
    billingUrl: textOf(bid['burl'], answerLimits.url) ?? '',
    lossUrl: textOf(bid['lurl'], answerLimits.url) ?? '',
  };
}

/** Micros for a thousand of the place's currency, rounded down, so that nobody pays more than was bid. */
function priceOf(bid: Fields, currency: string, place: AskedPlace, { bidder, rates }: Question): number | BidFault {
  const { price } = bid;
  const to = place.slot.placement.floor_currency;
  const allowed = bidder.currencies.length === 0 ? currency === to : bidder.currencies.includes(currency);
  if (!allowed) return 'wrong_currency';
  const written = typeof price === 'number' && Number.isFinite(price) ? microsOf(price, 'down') : null;
  if (written === null || written <= 0n) return 'bad_price';
  const micros = rates.convert(written, { from: currency, to }, 'down');
  if (micros === null) return 'no_rate';
  if (micros <= 0n) return 'bad_price';
  return micros > BigInt(place.limitMicros) ? 'above_limit' : Number(micros);
}

/** What a bid brings, if that was asked for: by its own word (`mtype`), else by how its markup begins. */
function formatOf(bid: Fields, { formats }: AskedPlace): DemandFormat | null {
  const asked = demandFormats.filter((format) => formats[format] !== false && formats[format] !== null);
  const { mtype, adm } = bid;
  if (mtype !== undefined) return asked.find((format) => markupTypes[format] === mtype) ?? null;
  const start = typeof adm === 'string' ? adm.trimStart().slice(0, 5) : '';
  const fitting = asked.filter((format) => {
    if (start.startsWith('{')) return format === 'native';
    return /^<(?:\?xml|VAST)/.test(start) ? format === 'video' || format === 'audio' : format === 'banner';
  });
  return fitting[0] ?? null;
}

function contentOf(markup: string, format: DemandFormat, { formats }: AskedPlace): ValidBid['content'] | BidFault {
  if (format === 'native') return readNativeAnswer(markup, formats.native ?? {});
  return format === 'banner' ? null : readVastAnswer(markup, formats[format] ?? {});
}

interface Size {
  readonly width: number;
  readonly height: number;
}

const noSize: Size = { width: 0, height: 0 };

/** Players scale: that of the first file. */
function playerSize({ template }: OutsideMedia): Size {
  const [file] = template.media;
  return file === undefined ? noSize : { width: file.width, height: file.height };
}

function bannerSize(bid: Fields, { slot }: AskedPlace): Size | BidFault {
  const { w, h } = bid;
  const isSaid = w !== undefined || h !== undefined;
  const size = isSaid ? slot.sizes.find((one) => one === `${String(w)}x${String(h)}`) : slot.sizes[0];
  if (size === undefined || (!isSaid && slot.sizes.length > 1)) return 'bad_size';
  const { w: width, h: height } = sizeOf(size);
  return { width, height };
}

/** A list that is cut could hide what is blocked behind its end. */
function listFault(bid: Fields): BidFault | null {
  const lists = [bid['adomain'], bid['cat'], bid['attr']];
  return lists.some((list) => listOf(list).length > answerLimits.listed) ? 'list_too_long' : null;
}

function markupFault(bid: Fields): BidFault | null {
  const { adm } = bid;
  if (typeof adm !== 'string' || adm.trim() === '') return 'no_markup';
  if (adm.length > answerLimits.markup) return 'markup_too_long';
  const isBad = (url: unknown) => url !== undefined && url !== null && url !== '' && !isNoticeUrl(url);
  return ['nurl', 'burl', 'lurl'].some((name) => isBad(bid[name])) ? 'bad_notice' : null;
}

function isNoticeUrl(url: unknown): boolean {
  return typeof url === 'string' && url.length <= answerLimits.url && /^https?:\/\/[^\s/]/i.test(url);
}

/** What the publisher and the request do not want; where something is blocked, who does not say what it is gets nothing. */
function blockedFault(
  bid: Fields,
  { blockedBrands, blockedCategories, blockedAttributes }: AskedPlace,
): BidFault | null {
  if (attributesOf(bid).some((code) => blockedAttributes.includes(code))) return 'blocked_attribute';
  const verdict = categoryVerdict(categoriesOf(bid), blockedCategories);
  if (verdict !== 'safe') return verdict === 'blocked' ? 'blocked_category' : 'category_unknown';
  if (blockedBrands.length === 0) return null;
  const domains = domainsOf(bid);
  if (domains.length === 0) return 'advertiser_unknown';
  const isOf = (domain: string, brand: string) => domain === brand || domain.endsWith(`.${brand}`);
  return domains.some((domain) => blockedBrands.some((brand) => isOf(domain, brand))) ? 'blocked_advertiser' : null;
}

function domainsOf(bid: Fields): string[] {
  return textsOf(bid['adomain'], 253).map((domain) => domain.toLowerCase());
}

function categoriesOf(bid: Fields): string[] {
  return textsOf(bid['cat'], 32);
}

/** In 32 bits, which the record has for them. */
function attributesOf(bid: Fields): number[] {
  const codes = listOf(bid['attr']).filter((code): code is number => Number.isInteger(code));
  return [...new Set(codes)].filter((code) => code > 0 && code <= 500);
}
