import { isLive } from '../../domain/catalog.ts';
import type { BidderPublished } from '../../domain/records.ts';
import type { CurrencyRates } from '../openrtb/currency-rates.ts';
import type { IndexedLineItem } from '../catalog-index.ts';
import { slotKeys } from '../creative-fit.ts';
import type { ResolvedSlot } from '../slot.ts';
import { askedFormats } from './asked-formats.ts';
import type { NotAskedReason } from './external-bid.ts';
import { floorCurrency } from './outgoing-request.ts';

/** Why a bidder is not asked about a slot, by what stands in the catalogue of it; null if it may be. Its line item was found eligible before. */
export function catalogRefusal(
  bidder: BidderPublished,
  item: Pick<IndexedLineItem, 'creatives'>,
  slot: ResolvedSlot,
  rates: CurrencyRates,
): NotAskedReason | null {
  const { placement, formats, sizes } = slot;
  const own = formatsOf(item, slot);
  if (!isLive(bidder)) return 'paused';
  if (bidder.tiers.length > 0 && !bidder.tiers.includes(placement.tier)) return 'tier';
  if (askedFormats(slot, own) === null)
    return formats.includes('banner') && own.has('banner') && sizes.length === 0 ? 'no_size' : 'format';
  return floorCurrency(bidder, placement.floor_currency, rates) === null ? 'currency' : null;
}

/** Formats that a bidder may bring: those for which its line item has a creative that fits and so can stand for them. */
export function formatsOf({ creatives }: Pick<IndexedLineItem, 'creatives'>, slot: ResolvedSlot): ReadonlySet<string> {
  const wanted = slotKeys(slot);
  const fitting = creatives.filter(({ keys }) => keys.some((key) => wanted.includes(key)));
  return new Set(fitting.map(({ creative }) => creative.format));
}
