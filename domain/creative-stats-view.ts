/**
 * How often a creative was seen and clicked, without test and invalid traffic. Each shard of the log counts what is in it and writes a view of
 * its own; whoever reads adds the shards up.
 */
export interface CreativeStats {
  readonly impressions: number;
  readonly clicks: number;
}

/** Keys of the views of one creative, one for each shard. */
export function creativeStatsKeys(creativeId: string, shards: number): readonly string[] {
  return Array.from({ length: shards }, (_, shard) => creativeStatsKey(creativeId, shard));
}

export function creativeStatsKey(creativeId: string, shard: number): string {
  return `stats:${creativeId}/${shard}`;
}

export function encodeCreativeStats({ impressions, clicks }: CreativeStats): Uint8Array {
  return Buffer.from(JSON.stringify({ impressions, clicks }));
}

/** Adds up what `creativeStatsKeys` gave; a view that is not there, or is none, counts nothing. */
export function sumCreativeStats(views: readonly ({ readonly value: Uint8Array } | null)[]): CreativeStats {
  let impressions = 0;
  let clicks = 0;
  for (const view of views) {
    if (view === null) continue;
    const stats = readStats(view.value);
    impressions += stats.impressions;
    clicks += stats.clicks;
  }
  return { impressions, clicks };
}

const nothing: CreativeStats = { impressions: 0, clicks: 0 };

function readStats(bytes: Uint8Array): CreativeStats {
  let stats: Partial<CreativeStats> | null;
  try {
    stats = JSON.parse(Buffer.from(bytes).toString()) as Partial<CreativeStats> | null;
  } catch {
    return nothing; // a SyntaxError is how JSON says "not a view"
  }
  const { impressions, clicks } = stats ?? nothing;
  return isCount(impressions) && isCount(clicks) ? { impressions, clicks } : nothing;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
