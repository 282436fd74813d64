import { isLive } from '../../domain/catalog.ts';
import type { BidderPublished } from '../../domain/records.ts';
import type { CurrencyRates } from '../openrtb/currency-rates.ts';
import type { ResolvedSlot } from '../slot.ts';
import type { NotAskedReason } from './external-bid.ts';
import { floorCurrency } from './outgoing-request.ts';

/** Why a bidder is not asked about a slot, by what stands in the catalogue of it; null if it may be. Its line item was found eligible before. */
export function catalogRefusal(
  bidder: BidderPublished,
  slot: ResolvedSlot,
  rates: CurrencyRates,
): NotAskedReason | null {
  const { placement, formats, sizes } = slot;
  if (!isLive(bidder)) return 'paused';
  if (bidder.tiers.length > 0 && !bidder.tiers.includes(placement.tier)) return 'tier';
  if (!formats.includes('banner')) return 'format';
  if (sizes.length === 0) return 'no_size';
  return floorCurrency(bidder, placement.floor_currency, rates) === null ? 'currency' : null;
}
