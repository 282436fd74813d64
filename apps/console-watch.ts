import { type TruthLagDeps, readTruthLags } from '../dashboards/overview/truth-lags.ts';
import type { Watched } from '../dashboards/overview/alerts.ts';
import { type PacingView, pacingViewKey } from '../domain/pacing-view.ts';
import { parseTime } from '../domain/time-text.ts';
import { defaultQuality } from '../streams/processors/quality/rule.ts';
import { createTrafficQuality } from '../streams/processors/traffic-quality.ts';
import type { ConsoleParts } from './console-parts.ts';

/** What the overview watches, read off the engines. */
export async function watch(parts: ConsoleParts): Promise<Watched> {
  const { clock, log, ledgers, audits } = parts;
  const { next } = await log.bounds('quarantine', 0);
  const last = await Promise.all([
    lastAudit('reconciliation', audits.reconciliations, clock.now()),
    lastAudit('replay', audits.replays, clock.now()),
  ]);
  return {
    ...(await readTruthLags(truthLagDeps(parts))),
    damaged: [...ledgers.failures()].map(([stream, { message }]) => `${stream}: ${message}`),
    quarantined: next,
    audits: last.flatMap((one) => (one === null ? [] : [one])),
  };
}

/** What the lags of the truths are read from. */
export function truthLagDeps(parts: ConsoleParts): TruthLagDeps {
  const { clock, log, index, sink } = parts;
  const { name: group, topics } = createTrafficQuality(defaultQuality);
  return {
    clock,
    log,
    index,
    judge: { group, topics },
    sinkLag: () => sink.lag(),
    pacingViewedAt: () => pacingViewedAt(parts),
  };
}

/** The allocator writes the view of a running campaign each second; that of one that does not run stays as it is. */
async function pacingViewedAt({ desks, views, clock }: ConsoleParts): Promise<{ campaignId: string; at: number }[]> {
  const now = clock.now();
  const running = [...(await desks.catalog.read()).campaigns.values()].filter(
    ({ status, change, flight }) =>
      status === 'ACTIVE' && !change.archived && flight.starts_at <= now && now < flight.ends_at,
  );
  if (running.length === 0) return [];
  const found = await views.getMany(running.map(({ campaign_id }) => pacingViewKey(campaign_id)));
  return found.flatMap((view) => {
    if (view === null) return [];
    const { campaign_id: campaignId, at } = JSON.parse(new TextDecoder().decode(view.value)) as PacingView;
    return [{ campaignId, at }];
  });
}

async function lastAudit(
  kind: 'reconciliation' | 'replay',
  runs: ConsoleParts['audits']['reconciliations'],
  now: number,
): Promise<Watched['audits'][number] | null> {
  const last = (await runs.list()).find(({ status }) => status === 'finished');
  if (typeof last?.finished_at !== 'string') return null;
  const ageMs = Math.max(0, now - parseTime(last.finished_at, 'finished_at'));
  return { kind, tallies: last['result'] === 'tallies', ageMs };
}
