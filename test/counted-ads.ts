import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';
import { expect, vi } from 'vitest';
import type { Platform } from '../apps/platform.ts';
import { banner, flightFrom, native, placement, video } from '../simulate/catalog-parts.ts';
import { publishCatalog } from '../simulate/publish-catalog.ts';

/** A real browser, if the machine has one. */
export const browserPath = '/usr/bin/chromium';
export const browserIsHere = existsSync(browserPath);
const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'];
/** A headless Chromium says that it is one, and robots are not billed. A flag, since what a page sends as it goes heeds no setting of a context. */
export const userAgent =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36';

export function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: browserPath, args: [...flags, `--user-agent=${userAgent}`] });
}

export const countedFormats = ['banner', 'native', 'video'] as const;
export type CountedFormat = (typeof countedFormats)[number];

/** What of a selection's story in the ledgers tests look at. */
export interface Story {
  readonly state: string;
  readonly amounts: Readonly<Record<string, string>>;
  readonly events: readonly {
    readonly name: string | null;
    readonly value: {
      readonly billing?: { readonly price_micros: string };
      readonly context?: { readonly consent_reason: string };
      readonly beacon?: { readonly event_id: string; readonly kind: string };
    } | null;
  }[];
}

export interface CountedAds {
  readonly publisherId: string;
  readonly placements: Readonly<Record<CountedFormat, string>>;
}

/** A line item for each format, billed by the impression: what a page counts is money. Done once each placement has its ad. */
export async function publishCountedAds(platform: Platform): Promise<CountedAds> {
  const creatives = {
    banner: banner('Counted', [300, 250], ['#123', '#456']),
    native: native('Counted', `${platform.serveUrl}/sdk/example/tea.svg`),
    video: video('Counted', `${platform.serveUrl}/sdk/example/spot.webm`, 4_000),
  };
  const { placements } = await publishCatalog(platform.client, {
    name: 'counted',
    publishers: [
      {
        body: { name: 'Pages', shares: [{ effective_from: '2026-01-01T00:00:00Z', share_ppm: 700_000 }] },
        placements: countedFormats.map((format) =>
          placement(format, [format], format === 'banner' ? ['300x250'] : [], '0'),
        ),
      },
    ],
    // Of three advertisers: one answer shows each of them once.
    advertisers: countedFormats.map((format, index) => ({
      body: { name: `Counted ${format}`, currency: 'EUR', time_zone: 'UTC', domains: ['advertiser.example'] },
      campaigns: [
        {
          body: {
            name: 'Counted',
            budget_total_micros: '1000000000',
            flight: flightFrom(Date.now(), 30),
            pacing: 'asap',
          },
          lineItems: [
            {
              name: format,
              pricingModel: 'CPM' as const,
              bidMicros: 2_000_000 + index * 111_000,
              targeting: { formats: { include: [format] } },
              creatives: [creatives[format]],
            },
          ],
        },
      ],
    })),
  });
  const ids = placements.map(({ placementId }) => placementId);
  await vi.waitFor(async () => expect(await answeredOf(platform, ids)).toBe(ids.length), {
    timeout: 60_000,
    interval: 500,
  });
  const byFormat = countedFormats.map((format, index) => [format, ids[index] ?? '']);
  return {
    publisherId: placements[0]?.publisherId ?? '',
    placements: Object.fromEntries(byFormat) as Record<CountedFormat, string>,
  };
}

/** How many of some placements have an ad: leases come a moment after a campaign. */
async function answeredOf({ serveUrl }: Platform, ids: readonly string[]): Promise<number> {
  const response = await fetch(`${serveUrl}/v1/decisions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'user-agent': userAgent },
    body: JSON.stringify({ test: true, slots: ids.map((id) => ({ id, placement_id: id })) }),
  });
  return ((await response.json()) as { decisions: unknown[] }).decisions.length;
}

export function storyOf({ client }: Platform, selectionId: string): Promise<Story> {
  return client.get<Story>(`/v1/ledger/selections/${selectionId}`);
}

/** What the final ledger says that the campaigns of some selections owe, micros: each selection's price is in it as often as it was charged. */
export async function owedBy({ client }: Platform, campaignIds: Iterable<string>): Promise<bigint> {
  let sum = 0n;
  for (const campaignId of new Set(campaignIds)) {
    const { balances } = await client.get<{ balances: { account: string; balance_micros: string }[] }>(
      `/v1/ledger/balances?truth=final&campaign_id=${campaignId}`,
    );
    sum += BigInt(balances.find(({ account }) => account === 'advertiser:unbilled')?.balance_micros ?? 0);
  }
  return sum < 0n ? -sum : sum;
}
