import { AdtallyError } from '../../domain/errors.ts';
import { parseTime } from '../../domain/time-text.ts';
import type { EntryFilter, LedgerTruth } from '../../ports/ledger-index.ts';
import type { AskedCut } from '../../ports/ledger-queries.ts';

export interface CutQuery {
  readonly as_of?: string;
  readonly as_of_position?: string;
}

export interface EntryQuery extends CutQuery {
  readonly truth?: LedgerTruth;
  readonly account?: string;
  readonly advertiser_id?: string;
  readonly campaign_id?: string;
  readonly selection_id?: string;
  readonly service_period?: string;
  readonly posting_period?: string;
  readonly kind?: string;
  readonly limit?: string;
  readonly cursor?: string;
}

/** The cut that a request asks for. Error: `VALIDATION_FAILED` if it asks for two. */
export function askedCut({ as_of, as_of_position }: CutQuery): AskedCut {
  if (as_of !== undefined && as_of_position !== undefined) {
    throw new AdtallyError('VALIDATION_FAILED', 'give as_of or as_of_position, not both', { path: 'as_of_position' });
  }
  if (as_of !== undefined) return { kind: 'time', timeMs: parseTime(as_of, 'as_of') };
  if (as_of_position !== undefined) return { kind: 'position', offsets: readPositions(as_of_position) };
  return { kind: 'latest' };
}

/** Reads `0:123,1:456`. Error: `VALIDATION_FAILED` for another form or a shard named twice. */
export function readPositions(text: string): ReadonlyMap<number, number> {
  const offsets = new Map<number, number>();
  for (const part of text.split(',')) {
    const [, shard, offset] = /^([0-9]{1,4}):([0-9]{1,15})$/.exec(part) ?? [];
    if (shard === undefined || offsets.has(Number(shard))) {
      const detail = `positions are shard:offset joined by commas, as 0:123,1:456, not ${JSON.stringify(text.slice(0, 80))}`;
      throw new AdtallyError('VALIDATION_FAILED', detail, { path: 'as_of_position' });
    }
    offsets.set(Number(shard), Number(offset));
  }
  return offsets;
}

export function entryFilter(query: EntryQuery): EntryFilter {
  return given({
    account: query.account,
    advertiserId: query.advertiser_id,
    campaignId: query.campaign_id,
    selectionId: query.selection_id,
    servicePeriod: query.service_period,
    postingPeriod: query.posting_period,
    kind: query.kind,
  });
}

/** What has a value. */
export function given<K extends string>(
  values: Readonly<Record<K, string | undefined>>,
): { readonly [N in K]?: string } {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [N in K]?: string };
}
