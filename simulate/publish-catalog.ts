import type { PricingModel } from '../domain/records.ts';
import type { PricedLineItem } from './account.ts';
import type { ConsoleClient, Json } from './console-client.ts';

/** A catalogue to be published, as a tree; what the parents are called is filled in as they get their ids. */
export interface CatalogSpec {
  readonly name: string;
  readonly publishers: readonly { readonly body: Json; readonly placements: readonly Json[] }[];
  readonly advertisers: readonly { readonly body: Json; readonly campaigns: readonly CampaignSpec[] }[];
}

export interface CampaignSpec {
  readonly body: Json;
  readonly lineItems: readonly LineItemSpec[];
}

export interface LineItemSpec {
  readonly name: string;
  readonly pricingModel: PricingModel;
  readonly bidMicros: number;
  /** Besides the placements of the same catalogue, which every line item is bound to. */
  readonly targeting: Json;
  readonly more?: Json;
  readonly creatives: readonly Json[];
  /** The bidder that buys through it, as `POST /v1/bidders` takes it, without the line item. */
  readonly bidder?: Json;
}

/** The catalogue as it was written, with the ids that it got. */
export interface PublishedCatalog {
  readonly placements: readonly { readonly placementId: string; readonly publisherId: string; readonly body: Json }[];
  readonly lineItems: readonly PricedLineItem[];
  readonly campaignIds: readonly string[];
  readonly advertiserIds: readonly string[];
}

/**
 * Publishes a catalogue through the console. Its line items can only win on its own placements, so that two catalogues in one platform do not
 * meet. Publishing the same again (same name) changes nothing. Errors: those of the console.
 */
export async function publishCatalog(client: ConsoleClient, spec: CatalogSpec): Promise<PublishedCatalog> {
  const placements = await publishPlacements(client, spec);
  const own = { include: placements.map(({ placementId }) => placementId) };
  const lineItems: PricedLineItem[] = [];
  const campaignIds: string[] = [];
  const advertiserIds: string[] = [];
  for (const [a, advertiser] of spec.advertisers.entries()) {
    const key = `${spec.name}/advertiser/${a}`;
    const { advertiser_id } = await client.post<{ advertiser_id: string }>('/v1/advertisers', advertiser.body, key);
    advertiserIds.push(advertiser_id);
    for (const [c, campaign] of advertiser.campaigns.entries()) {
      const body = { advertiser_id, ...campaign.body };
      const { campaign_id } = await client.post<{ campaign_id: string }>('/v1/campaigns', body, `${key}/${c}`);
      campaignIds.push(campaign_id);
      for (const [i, item] of campaign.lineItems.entries()) {
        const lineItemId = await publishLineItem(client, item, {
          campaign_id,
          placements: own,
          key: `${key}/${c}/${i}`,
        });
        const currency = String(advertiser.body['currency']);
        const { pricingModel, bidMicros } = item;
        lineItems.push({
          lineItemId,
          campaignId: campaign_id,
          advertiserId: advertiser_id,
          pricingModel,
          bidMicros,
          currency,
          deals: (item.more?.['deals'] ?? []) as readonly string[],
        });
      }
    }
  }
  return { placements, lineItems, campaignIds, advertiserIds };
}

async function publishPlacements(client: ConsoleClient, spec: CatalogSpec): Promise<PublishedCatalog['placements']> {
  const published: { placementId: string; publisherId: string; body: Json }[] = [];
  for (const [p, publisher] of spec.publishers.entries()) {
    const key = `${spec.name}/publisher/${p}`;
    const { publisher_id } = await client.post<{ publisher_id: string }>('/v1/publishers', publisher.body, key);
    for (const [index, body] of publisher.placements.entries()) {
      const placement = { publisher_id, ...body };
      const answer = await client.post<{ placement_id: string }>('/v1/placements', placement, `${key}/${index}`);
      published.push({ placementId: answer.placement_id, publisherId: publisher_id, body });
    }
  }
  return published;
}

async function publishLineItem(
  client: ConsoleClient,
  { name, pricingModel, bidMicros, targeting, more = {}, creatives, bidder }: LineItemSpec,
  { campaign_id, placements, key }: { campaign_id: string; placements: Json; key: string },
): Promise<string> {
  const { line_item_id } = await client.post<{ line_item_id: string }>(
    '/v1/line-items',
    {
      campaign_id,
      name,
      pricing_model: pricingModel,
      bid_micros: String(bidMicros),
      targeting: { placements, ...targeting },
      ...more,
    },
    key,
  );
  for (const [index, creative] of creatives.entries()) {
    await client.post('/v1/creatives', { line_item_id, ...creative }, `${key}/creative/${index}`);
  }
  if (bidder !== undefined) await client.post('/v1/bidders', { line_item_id, ...bidder }, `${key}/bidder`);
  return line_item_id;
}
