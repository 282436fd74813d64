import { pricePerEventMicros } from '../../domain/money.ts';
import type { IssuedAd } from '../issue.ts';

/**
 * What an ad pays for a thousand impressions, micros. Sold by the thousand it is a thousand times what one is billed, exactly; sold by the click, or
 * when it is seen, what that is expected to come to: the value that it was ranked by, lower by as much as the price is below the bid.
 */
export function cpmMicros({ billing, chosen }: Pick<IssuedAd, 'billing' | 'chosen'>): bigint {
  const price = BigInt(billing.price_micros);
  if (billing.pricing_model === 'CPM') return price * 1000n;
  const dearest = BigInt(pricePerEventMicros(chosen.auction.bid_micros, billing.pricing_model));
  return dearest === 0n ? 0n : (BigInt(chosen.auction.ecpm_micros) * price) / dearest;
}
