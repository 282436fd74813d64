import { createSeededRandom } from '../adapters/simulated/random.ts';
import type { BidderProcess } from './bidder-process.ts';
import type { Limits } from '../config/limits.ts';
import type { Settings } from '../config/settings.ts';
import { AdtallyError } from '../domain/errors.ts';
import { noticeChecks } from '../simulate/bidders/notice-checks.ts';
import { readEntries } from '../simulate/books.ts';
import type { Comparison } from '../simulate/comparison.ts';
import type { ConsoleClient } from '../simulate/console-client.ts';
import { checkContexts, CorpusAsks, corpusCatalog, readCorpus } from '../simulate/corpus.ts';
import { type Asks, pageAsks } from '../simulate/decision-body.ts';
import type { PlannedFault } from '../simulate/faults.ts';
import { type PublishedCatalog, publishCatalog } from '../simulate/publish-catalog.ts';
import { proveByExplanation, proveByReconciliation, proveByReplay } from '../simulate/proofs.ts';
import { type Check, demandChecks, type Demands, runChecks } from '../simulate/run-report.ts';
import { settle } from '../simulate/settle.ts';
import { simulatedCatalog } from '../simulate/simulated-catalog.ts';
import { simulate, type SimulationResult } from '../simulate/simulation.ts';
import type { Rates } from '../simulate/visit-plan.ts';
import { Wire } from '../simulate/wire.ts';

export interface SimulationRunOptions {
  readonly settings: Settings;
  readonly limits: Limits;
  readonly client: ConsoleClient;
  readonly serveUrls: readonly string[];
  readonly seed: string;
  readonly selections: number;
  readonly perSecond: number;
  readonly mostUnderWay: number;
  readonly rates: Rates;
  /** What is done to the platform meanwhile. */
  readonly faults: readonly PlannedFault[];
  /** Folder of OpenRTB bid requests, or null for the simulated pages. */
  readonly requests: string | null;
  /** Simulated bidders that buy as well; null: nobody outside. */
  readonly bidders?: BidderProcess | null;
  /** What must have gone wrong at least; null: whatever came. */
  readonly demands: Demands | null;
  readonly say: (sentence: string) => void;
}

export interface SimulationRun {
  readonly result: SimulationResult;
  readonly comparison: Comparison;
  readonly checks: readonly Check[];
  readonly holds: boolean;
}

/** Ledgers follow the folds' time within seconds; ticks come every so often. */
const ledgerLagMs = 1_000;
const firstAdWithinMs = 120_000;

/** Publishes a catalogue of its own, runs the traffic, waits until its windows close and holds every truth against the account. */
export async function runSimulation(options: SimulationRunOptions): Promise<SimulationRun> {
  const { settings, limits, client, say, seed } = options;
  const name = `sim-${seed}-${Date.now().toString(36)}`;
  const corpus = options.requests === null ? null : readCorpus(options.requests);
  const outside = (options.bidders?.bidders ?? []).map((one) => ({ name: one.name, endpoint: one.endpoint }));
  const spec = corpus === null ? simulatedCatalog(name, Date.now(), outside) : corpusCatalog(name, Date.now(), corpus);
  const catalog = await publishCatalog(client, spec);
  say(`published ${catalog.lineItems.length} line items and ${catalog.placements.length} placements`);
  const corpusAsks = corpus === null ? null : new CorpusAsks(corpus, catalog);
  const asks: Asks = corpusAsks ?? pageAsks(catalog.placements);
  await Promise.all(options.serveUrls.map((serveUrl) => firstAd(serveUrl, catalog)));
  const result = await simulate({
    ...options,
    clickTokenMs: settings.clickTokenMs,
    catalog,
    asks,
    debugKey: client.key,
    randomOf: createSeededRandom,
    onProgress: say,
  });
  const closesAfterMs = limits.windowClosesMs + ledgerLagMs;
  const comparison = await settle(result, { client, catalog, shards: settings.shards, closesAfterMs, onProgress: say });
  const checks = [
    ...runChecks(result, comparison),
    ...(options.demands === null ? [] : demandChecks(result, comparison, options.demands)),
    ...(corpusAsks === null ? [] : await corpusChecks(options, corpusAsks, result)),
    ...(await bidderChecks(options, result)),
    await proveByReconciliation(client, say),
    await proveByReplay(client, say),
    await proveByExplanation(client, [...result.labels.keys()], say),
  ];
  return { result, comparison, checks, holds: checks.every(({ holds }) => holds) };
}

/** A catalogue is served once nodes have read it and hold leases on its budgets: waits until an ad of each placement's currency comes. */
async function firstAd(serveUrl: string, { placements }: PublishedCatalog): Promise<void> {
  const wire = new Wire();
  const until = Date.now() + firstAdWithinMs;
  const slots = placements.map(({ placementId }, index) => ({ id: `s${index}`, placement_id: placementId }));
  for (;;) {
    const body = JSON.stringify({ slots, test: true, context: { url: 'https://warm.example/' } });
    const headers = {
      'content-type': 'application/json',
      'user-agent': 'Mozilla/5.0 (X11; Linux x86_64) Firefox/130.0',
    };
    const answer = await wire.send({ method: 'POST', url: `${serveUrl}/v1/decisions`, headers, body, from: null });
    const found = answer.status === 200 && (JSON.parse(answer.body) as { decisions: unknown[] }).decisions.length > 0;
    if (found) break;
    if (Date.now() > until)
      throw new AdtallyError(
        'NOT_READY',
        `no ad from ${serveUrl} within ${firstAdWithinMs} ms: ${answer.body.slice(0, 300)}`,
      );
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  await wire.close();
}

const noticesWithinMs = 120_000;

/** Notices are on their way a moment longer than entries: looks again until they agree, or patience ends. */
async function bidderChecks(
  { client, bidders = null, say }: SimulationRunOptions,
  { tallies, account, kills }: SimulationResult,
): Promise<readonly Check[]> {
  if (bidders === null) return [];
  say('comparing what bidders were told with the ledger');
  const incurred = await readEntries(client, 'tentative', 'incur');
  const until = Date.now() + noticesWithinMs;
  for (;;) {
    const counts = await bidders.counts({ details: true });
    const evidence = { bids: tallies.outsideBids, incurred, counts, selections: account.selections };
    const checks = noticeChecks({ ...evidence, kills: kills.length });
    if (checks.every(({ holds }) => holds) || Date.now() > until) return checks;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

async function corpusChecks(
  { client, settings, say }: SimulationRunOptions,
  asks: CorpusAsks,
  result: SimulationResult,
): Promise<Check[]> {
  say('comparing the recorded contexts with their sources');
  const sourceOf = (id: string) => {
    const ask = result.asks.get(id);
    return ask === undefined ? undefined : asks.sourceOf.get(ask.body);
  };
  const { compared, files, faults } = await checkContexts(client, settings.shards, sourceOf);
  const least = Math.min(...asks.uses.values());
  const first = faults[0];
  return [
    {
      name: 'uses of each bid request',
      holds: least >= 100,
      detail: `${asks.uses.size} requests, each at least ${least} times`,
    },
    {
      name: 'bid requests with recorded contexts',
      holds: files.size === asks.uses.size,
      detail: `${files.size} of ${asks.uses.size}`,
    },
    {
      name: 'recorded context = source',
      holds: faults.length === 0 && compared > 0,
      detail:
        first === undefined ? `${compared} selections` : `${faults.length} faults, first ${JSON.stringify(first)}`,
    },
  ];
}
