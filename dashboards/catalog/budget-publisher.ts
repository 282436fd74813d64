import { type Catalog, type CatalogRecord, isLive } from '../../domain/catalog.ts';
import { shardOf } from '../../domain/identity.ts';
import type { BudgetSet, CampaignPublished } from '../../domain/records.ts';
import type { EventLog } from '../../ports/event-log.ts';
import type { SchemaRegistry } from '../../ports/schema-registry.ts';

export interface BudgetPublisherDeps {
  readonly log: Pick<EventLog, 'shards' | 'append' | 'committed' | 'commit'>;
  readonly registry: SchemaRegistry;
}

/** Its committed offset in `catalog`: every campaign before it has its BudgetSet in `pacing`. */
const group = 'console-budgets';

/**
 * Says in `pacing` what every revision of a campaign wants its budget to be. A campaign is in `catalog` first, so a crash may leave its BudgetSet out;
 * whoever next reads on from the committed offset writes it. That may be done twice, which changes nothing: the content depends on the revision alone.
 */
export class BudgetPublisher {
  readonly #deps: BudgetPublisherDeps;
  readonly #pending = new Map<string, CampaignPublished>();
  readonly #from: number;
  #flushing: Promise<void> = Promise.resolve();

  private constructor(deps: BudgetPublisherDeps, from: number) {
    this.#deps = deps;
    this.#from = from;
  }

  static async open(deps: BudgetPublisherDeps): Promise<BudgetPublisher> {
    return new BudgetPublisher(deps, (await deps.log.committed(group, 'catalog', 0)) ?? 0);
  }

  /** Takes note of a catalogue record that holds. */
  note(record: CatalogRecord, offset: number): void {
    if (record.name !== 'CampaignPublished' || offset < this.#from) return;
    this.#pending.set(record.value.campaign_id, record.value);
  }

  /** Writes what is due for the catalogue as it now stands. */
  flush(catalog: Catalog): Promise<void> {
    const flushing = this.#flushing.then(() => this.#write(catalog));
    this.#flushing = flushing.catch(() => undefined);
    return flushing;
  }

  async #write(catalog: Catalog): Promise<void> {
    if (this.#pending.size === 0) return;
    const { log, registry } = this.#deps;
    const campaigns = [...this.#pending.values()];
    const next = catalog.nextOffset;
    const records = campaigns.map((campaign) => ({
      shard: shardOf(campaign.campaign_id, log.shards('pacing')),
      key: campaign.campaign_id,
      value: registry.encode('BudgetSet', budgetOf(catalog, campaign)),
    }));
    await log.append('pacing', records);
    for (const campaign of campaigns) {
      if (this.#pending.get(campaign.campaign_id) === campaign) this.#pending.delete(campaign.campaign_id);
    }
    await log.commit(group, 'catalog', 0, next);
  }
}

/** Budget of a campaign by its record alone, but for what its advertiser can never change. */
function budgetOf(catalog: Catalog, campaign: CampaignPublished): BudgetSet {
  const advertiser = catalog.advertisers.get(campaign.advertiser_id);
  return {
    campaign_id: campaign.campaign_id,
    revision: campaign.change.revision,
    advertiser_id: campaign.advertiser_id,
    currency: advertiser?.currency ?? '',
    time_zone: advertiser?.time_zone ?? 'UTC',
    total_micros: campaign.budget_total_micros,
    daily_micros: campaign.budget_daily_micros,
    flight: campaign.flight,
    pacing: campaign.pacing,
    active: isLive(campaign),
    set_at: campaign.change.changed_at,
  };
}
