import { billableKind } from '../domain/billing.ts';
import type { BeaconKind, PricingModel } from '../domain/records.ts';
import { priceOfSale, type Sale } from './sale-price.ts';

/** A line item as the simulator wrote it into the catalogue. */
export interface PricedLineItem {
  readonly lineItemId: string;
  readonly campaignId: string;
  readonly advertiserId: string;
  readonly pricingModel: PricingModel;
  /** For a thousand (CPM, VCPM) or for a click (CPC), micros. */
  readonly bidMicros: number;
  readonly currency: string;
  /** Deals by which alone it buys; empty: in the open auction. */
  readonly deals: readonly string[];
}

/** One try to hand a beacon with a genuine token over, in which at least a connection was made. */
export interface Attempt {
  readonly selectionId: string;
  readonly kind: BeaconKind;
  /** Until when the token allows the kind, ms. */
  readonly expiresAt: number;
  readonly sentAt: number;
  /** When the answer was there or the connection was lost, ms. */
  readonly doneAt: number;
  readonly acknowledged: boolean;
}

interface Entry {
  readonly item: PricedLineItem;
  /** Of one billable event. */
  readonly priceMicros: number;
  readonly test: boolean;
  charged: boolean;
  /** A try whose effect can't be known: it may have been recorded in time without an answer, or came too near the end. */
  doubtful: boolean;
}

/** What the simulator expects to be charged for one selection. */
export interface ExpectedCharge {
  readonly selectionId: string;
  readonly campaignId: string;
  readonly currency: string;
  readonly amountMicros: number;
}

/** A try this near to the expiry of its token (ms) is neither certainly in time nor certainly late. */
export const boundaryMs = 1_000;

/** Sold at first price, whoever else was there. */
const firstPrice: Sale = { terms: undefined, runnerUpMicros: undefined };

/**
 * The simulator's own account of what must be charged. It knows only the catalogue that the simulator wrote, the ids in the answers, of a sale at second
 * price the rival that the answer names, and which beacons were acknowledged. A selection is charged once, if a beacon of its billable kind with a genuine token was acknowledged in time.
 */
export class Account {
  readonly #items: ReadonlyMap<string, PricedLineItem>;
  readonly #entries = new Map<string, Entry>();
  /** Selections of line items that the simulator did not write: it leaves them alone. */
  foreign = 0;
  /** Ids that were given out twice: there must be none. */
  repeatedIds = 0;

  constructor(items: readonly PricedLineItem[]) {
    this.#items = new Map(items.map((item) => [item.lineItemId, item]));
  }

  /** False if the line item is not the simulator's: the ad is then to be left alone. Error: `INVARIANT_BROKEN` where no rule gives a price. */
  selected(selectionId: string, lineItemId: string, test: boolean, sale: Sale = firstPrice): boolean {
    const item = this.#items.get(lineItemId);
    if (item === undefined) {
      this.foreign += 1;
      return false;
    }
    if (this.#entries.has(selectionId)) this.repeatedIds += 1;
    const priceMicros = priceOfSale(item, sale);
    this.#entries.set(selectionId, { item, priceMicros, test, charged: false, doubtful: false });
    return true;
  }

  /** The kind of beacon that this selection is charged for; null if none. */
  billable(selectionId: string): BeaconKind | null {
    const entry = this.#entries.get(selectionId);
    return entry === undefined ? null : billableKind(entry.item.pricingModel);
  }

  attempted({ selectionId, kind, expiresAt, sentAt, doneAt, acknowledged }: Attempt): void {
    const entry = this.#entries.get(selectionId);
    if (entry === undefined || kind !== billableKind(entry.item.pricingModel)) return;
    if (acknowledged && doneAt <= expiresAt - boundaryMs) entry.charged = true;
    else if (sentAt <= expiresAt + boundaryMs) entry.doubtful = true;
  }

  get selections(): number {
    return this.#entries.size;
  }

  /**
   * What would be charged for selections of which can't be known whether they are: the answer was lost with the process, and the token
   * expired before anybody could be asked again.
   */
  doubtful(): Map<string, ExpectedCharge> {
    return this.#priced((entry) => !entry.charged && entry.doubtful);
  }

  has(selectionId: string): boolean {
    return this.#entries.has(selectionId);
  }

  /** Everything that must be charged, free and test selections left out. */
  charges(): Map<string, ExpectedCharge> {
    return this.#priced(({ charged }) => charged);
  }

  #priced(holds: (entry: Entry) => boolean): Map<string, ExpectedCharge> {
    const charges = new Map<string, ExpectedCharge>();
    for (const [selectionId, entry] of this.#entries) {
      const { item, test, priceMicros: amountMicros } = entry;
      if (!holds(entry) || test || amountMicros === 0) continue;
      charges.set(selectionId, { selectionId, campaignId: item.campaignId, currency: item.currency, amountMicros });
    }
    return charges;
  }
}

/** Sum by currency. */
export function sumByCurrency(
  charges: Iterable<{ readonly currency: string; readonly amountMicros: number | bigint }>,
): Map<string, bigint> {
  const sums = new Map<string, bigint>();
  for (const { currency, amountMicros } of charges) {
    sums.set(currency, (sums.get(currency) ?? 0n) + BigInt(amountMicros));
  }
  return sums;
}
