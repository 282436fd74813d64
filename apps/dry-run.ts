import type { AskDryRun } from '../dashboards/routes/why-not.ts';
import type { AnyRecord } from '../domain/records.ts';
import type { Clock } from '../ports/clock.ts';
import type { EventLog } from '../ports/event-log.ts';
import type { SchemaRegistry } from '../ports/schema-registry.ts';
import { BotGate } from '../serving/bot-gate.ts';
import { CatalogIndex } from '../serving/catalog-index.ts';
import { ConsentGate } from '../serving/consent.ts';
import { DryRun } from '../serving/dry-run.ts';

export interface DryRunParts {
  readonly log: EventLog;
  readonly registry: SchemaRegistry;
  readonly clock: Clock;
  readonly blockedNetworks: readonly string[];
}

const pageRecords = 2_000;

/** Answers on an index of its own, which is made at the first question and brought up to the end of the catalogue at every one. */
export function askDryRun({ log, registry, clock, blockedNetworks }: DryRunParts): AskDryRun {
  const index = new CatalogIndex({ nowMs: clock.now() });
  const dryRun = new DryRun({ index, clock, bots: new BotGate(blockedNetworks), consent: new ConsentGate() });
  let following: Promise<void> = Promise.resolve();
  const follow = async () => {
    for (;;) {
      const page = await log.read('catalog', 0, index.revision, pageRecords);
      if (page.length === 0) return;
      for (const { offset, value } of page) index.apply(registry.decode(value) as AnyRecord, offset);
    }
  };
  return async (body, lineItemId) => {
    following = following.then(follow, follow);
    await following;
    return dryRun.whyNot(body, lineItemId);
  };
}
