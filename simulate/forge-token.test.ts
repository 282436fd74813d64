import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createSeededRandom } from '../adapters/simulated/random.ts';
import { AdtallyError } from '../domain/errors.ts';
import type { Billing } from '../domain/records.ts';
import { signToken, type TokenKey, verifyToken } from '../domain/token.ts';
import { forgeries, forgeToken } from './forge-token.ts';

const boot = '01a20248-c5f6-7817-830c-3b9710a00aab';
const key: TokenKey = { id: 'k1', secret: new Uint8Array(32).fill(7), verifiesUntil: Number.MAX_SAFE_INTEGER };
const billing: Billing = {
  selection_id: '01a20248-c5f6-7c8b-90a8-6e41141959f7',
  shard: 1,
  node: 'node-1',
  boot,
  sequence: 12,
  advertiser_id: 'adv_1',
  campaign_id: 'cmp_1',
  line_item_id: 'li_1',
  creative_id: 'cr_1',
  publisher_id: 'pub_1',
  placement_id: 'pl_1',
  pricing_model: 'CPM',
  price_micros: 2345,
  currency: 'EUR',
  revenue_share_ppm: 700_000,
  share_rounding: 'DOWN',
  calendar: 0,
  draw_lease: { node: 'node-1', boot, day: '2026-11-22' },
  test: false,
  selected_at: 1_795_000_000_000,
  expires_at: 1_795_000_060_000,
};

test('No forgery is the genuine token, and none verifies', () => {
  const token = signToken(billing, [{ kinds: ['impression'], expiresAt: billing.expires_at }], key);
  fc.assert(
    fc.property(fc.integer(), fc.constantFrom(...forgeries), (seed, how) => {
      const forged = forgeToken(token, how, createSeededRandom(seed));
      expect(forged).not.toBe(token);
      expect(() => verifyToken(forged, new Map([[key.id, key]]), billing.selected_at)).toThrow(AdtallyError);
    }),
    { numRuns: 500 },
  );
});
