import { describe, expect, it } from 'vitest';
import { billableKind, drawsAtSelection, leaseKey, sameContent } from './billing.ts';
import type { Billing } from './records.ts';

const boot = '018f0000-0000-7000-8000-000000000000';
const billing: Billing = {
  selection_id: '018f0000-0000-7000-8000-000000000001',
  shard: 1,
  node: 'node-1',
  boot,
  sequence: 7,
  advertiser_id: 'adv_1',
  campaign_id: 'cmp_1',
  line_item_id: 'li_1',
  creative_id: 'cr_1',
  publisher_id: 'pub_1',
  placement_id: 'pl_1',
  pricing_model: 'CPM',
  price_micros: 100,
  currency: 'EUR',
  revenue_share_ppm: 700_000,
  share_rounding: 'DOWN',
  calendar: 0,
  draw_lease: { node: 'node-1', boot, day: '2026-11-22' },
  test: false,
  selected_at: 1_000,
  expires_at: 2_000,
};

/** Another value of the same type. */
function other(value: Billing[keyof Billing]): unknown {
  if (typeof value === 'number') return value + 1;
  if (typeof value === 'boolean') return !value;
  return typeof value === 'string' ? `${value}x` : null;
}

describe('The billable kind', () => {
  it('is one for each pricing model, and none for a house ad', () => {
    expect((['CPM', 'VCPM', 'CPC', 'NONE'] as const).map(billableKind)).toEqual([
      'impression',
      'viewable',
      'click',
      null,
    ]);
    expect((['CPM', 'VCPM', 'CPC', 'NONE'] as const).map(drawsAtSelection)).toEqual([true, true, false, false]);
  });
});

describe('The content of a selection', () => {
  it('is the same for an equal copy', () => {
    expect(sameContent(billing, structuredClone(billing))).toBe(true);
  });

  it.each(Object.keys(billing) as (keyof Billing)[])('differs if only %s differs', (field) => {
    const changed = { ...billing, [field]: other(billing[field]) } as Billing;
    expect(sameContent(billing, changed)).toBe(false);
    expect(sameContent(changed, billing)).toBe(false);
  });

  it.each(['node', 'boot', 'day'] as const)('differs if only the %s of the lease differs', (field) => {
    const lease = { node: 'node-1', boot, day: '2026-11-22' };
    expect(sameContent(billing, { ...billing, draw_lease: { ...lease, [field]: 'x' } })).toBe(false);
  });
});

describe('The text of a lease', () => {
  it('is equal for equal leases only', () => {
    const lease = { node: 'a', boot, day: '2026-11-22' };
    expect(leaseKey(lease)).toBe(leaseKey({ ...lease }));
    expect(
      new Set([lease, { ...lease, node: 'b' }, { ...lease, boot: 'x' }, { ...lease, day: '2026-11-23' }].map(leaseKey))
        .size,
    ).toBe(4);
  });
});
