import cluster from 'node:cluster';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { lockFolder } from '../adapters/embedded/folder-lock.ts';
import { createSystemClock } from '../adapters/system/clock.ts';
import { createSystemDisk } from '../adapters/system/disk.ts';
import { createSystemRandom } from '../adapters/system/random.ts';
import { deriveLimits } from '../config/limits.ts';
import { readSettings, type Settings } from '../config/settings.ts';
import { findPrincipal } from '../dashboards/auth.ts';
import { readConsoleKeys } from '../dashboards/console-keys.ts';
import { ensureFirstPolicy } from '../dashboards/finance/first-policy.ts';
import { Admission } from '../serving/admission.ts';
import { BeaconDesk } from '../serving/beacons.ts';
import { isAdtallyError } from '../domain/errors.ts';
import { Boot, type BootOptions } from '../serving/boot.ts';
import { ClientReader } from '../serving/client.ts';
import { CatalogIndex } from '../serving/catalog-index.ts';
import { SmoothedClickRates } from '../serving/click-rates.ts';
import { DecisionFront } from '../serving/decision-front.ts';
import { FloodGate } from '../serving/flood-gate.ts';
import { serveMetrics } from '../serving/metrics.ts';
import { addModelMetrics } from '../serving/prediction/model-metrics.ts';
import { Overload } from '../serving/overload.ts';
import { type RecoveryOptions, recoverBuffers } from '../serving/recovery.ts';
import { Rejections } from '../serving/rejections.ts';
import { leftBuffers } from '../serving/segments.ts';
import { registerAdTags } from '../serving/routes/ad-tags.ts';
import { registerDecisions } from '../serving/routes/decisions.ts';
import { registerSdk } from '../serving/routes/sdk.ts';
import { LossNotices } from '../serving/openrtb/loss-notices.ts';
import { registerLoss } from '../serving/routes/loss.ts';
import { registerOpenRtb } from '../serving/routes/openrtb.ts';
import { buildServe, defaultTimeouts } from '../serving/serve-app.ts';
import { TokenKeys } from '../serving/token-keys.ts';
import { connectLogWriter } from '../serving/writer-thread.ts';
import { addBidderMetrics, openBidders } from './bidders.ts';
import { followModels } from './click-model.ts';
import { openRates } from './currency-rates.ts';
import { mayDebug } from './debug-keys.ts';
import { openDecisionDesk } from './decisions.ts';
import { openProcessLog } from './process-log.ts';
import { runKeys } from './run-key.ts';
import { openExchange } from './openrtb.ts';
import { engineMeter, openKeys, openLog, openSchemas, openViews } from './engines.ts';
import { addProcessInfo } from './process-info.ts';
import { loadSdkFiles } from './sdk-files.ts';
import { addConnections, addSharedMetrics } from './serve-metrics.ts';
import { decisionShare, watchLoad } from './load-meter.ts';
import { runServeWorkers } from './serve-workers.ts';
import { openSharedSelections } from './shared-selections.ts';
import { addTraceMetrics, openTracer } from './tracing.ts';
import { answersOfAll } from './worker-answers.ts';
import { metricsText } from './worker-metrics.ts';

const mebi = 1024 * 1024;
/** Connections that wait to be accepted; the system may allow fewer. */
const backlog = 4096;
const processLog = openProcessLog('serve', { node: process.env['NODE_NAME'] || 'node-1' });
const onError = (error: unknown) => processLog.failure(error);
let stopping = false;

/** While an engine is away the same is noticed many times a second; the log says it now and then. */
function say(sentence: string): void {
  processLog.say('warn', 'WAITS', sentence);
}

/** Nothing can be acknowledged any more, or this boot is over: the supervisor starts another. */
function die(error: unknown): never {
  return processLog.die(error);
}

/** Port 0 means any that is free; it must be known before the node says where it serves. */
async function freePort(host: string): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve, reject) => probe.once('error', reject).listen(0, host, resolve));
  const address = probe.address();
  await new Promise<void>((resolve) => probe.close(() => resolve()));
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}

function startWriterThread(): Worker {
  const worker = new Worker(new URL('log-writer.ts', import.meta.url));
  worker.once('error', die);
  worker.once('exit', () => {
    if (!stopping) die(new Error('the thread that writes to the log has ended'));
  });
  return worker;
}

function bootLimits(settings: Settings): BootOptions['limits'] {
  return {
    maxBytes: 512 * mebi,
    decisionShare,
    memoryBytes: 32 * mebi,
    segmentBytes: 4 * mebi,
    groupMs: 3,
    drainMs: 50,
    markMs: settings.markMs,
    drawingMs: deriveLimits(settings).drawingMs,
    leaseIdleMs: 30_000,
  };
}

interface OtherNodes extends Pick<RecoveryOptions, 'disk' | 'clock' | 'registry' | 'writer' | 'boot'> {
  /** Folder of the buffers of all nodes of this machine. */
  readonly buffers: string;
  readonly own: string;
}

/** A node that was renamed or taken away comes back no more: what it acknowledged is brought to the log by another. */
async function recoverOtherNodes({ buffers, own, ...options }: OtherNodes): Promise<void> {
  for (const node of await options.disk.list(buffers)) {
    const folder = join(buffers, node);
    if (node === own || (await leftBuffers(options.disk, folder)).length === 0) continue;
    try {
      const lock = lockFolder(folder);
      await recoverBuffers({ ...options, folder, node, onRetry: onError, onDamage: say });
      lock.release();
    } catch (error) {
      if (!isAdtallyError(error, 'NODE_NAME_TAKEN')) throw error; // it lives and looks after its own
    }
  }
}

async function main(): Promise<void> {
  const settings = readSettings(process.env);
  if (cluster.isPrimary && settings.serveWorkers > 1) {
    deriveLimits(settings);
    const { servePort, serveHost } = settings;
    return runServeWorkers({
      settings,
      port: servePort === 0 ? await freePort(serveHost) : servePort,
      log: processLog,
    });
  }
  await serve(settings);
}

async function serve(settings: Settings): Promise<void> {
  const limits = deriveLimits(settings);
  const [clock, disk, random] = [createSystemClock(), createSystemDisk(), createSystemRandom()];
  const registry = await openSchemas(settings, clock);
  const { nodeName: node, dataDir, serveHost: host } = settings;
  const buffers = join(dataDir, 'buffer');
  const folder = join(buffers, node);
  await disk.makeFolder(folder);
  const lock = lockFolder(folder);
  const log = await openLog(settings, clock);
  const rules = { holdMs: settings.holdMs, horizonMs: settings.horizonMs };
  await ensureFirstPolicy({ log, registry, clock, rules, setBy: node });
  const tracer = await openTracer({ settings, clock, process: 'serve', instance: node, processLog });
  const worker = startWriterThread();
  const writer = connectLogWriter(worker, (spans) => spans.forEach((span) => tracer?.record(span)));
  const port = settings.servePort === 0 ? await freePort(host) : settings.servePort;
  const url = settings.publicUrl ?? `http://${host}:${port}`;
  const keysFolder = join(dataDir, 'secrets');
  const keys = await TokenKeys.open({ disk, clock, random, folder: keysFolder, verifiesMs: limits.keyVerifiesMs });
  const rates = new SmoothedClickRates();
  const index = new CatalogIndex({ nowMs: clock.now(), rates });
  const [views, persons] = [await openViews(settings, clock), await openKeys(settings, clock)];

  const boot = await Boot.start({
    node,
    url,
    folder,
    disk,
    clock,
    random,
    registry,
    log,
    writer,
    catalog: index,
    limits: bootLimits(settings),
    onFatal: die,
    onTrouble: say,
  });
  processLog.know({ node, boot: boot.boot });
  await recoverOtherNodes({ disk, clock, registry, writer, boot: boot.boot, buffers, own: node });
  const { buffer, leases, clock: nodeClock } = boot;
  const rejections = new Rejections({ buffer, clock: nodeClock, registry });
  const { longestTokenMs } = limits;
  const desk = new BeaconDesk({
    buffer,
    keys,
    clock: nodeClock,
    random,
    registry,
    leases,
    rejections,
    longestTokenMs,
    tracer,
  });
  const model = await followModels({ settings, disk, log, registry, clock, index, onFatal: die, onTrouble: onError });
  if (model !== null) boot.everyMark.push(() => void model.desk.advance().catch(die));
  boot.everyMark.push(
    () => rejections.flush(false),
    () => void keys.refresh().catch(die),
  );
  const sharing = await openSharedSelections(settings, clock, onError);
  const { shared } = sharing;
  const parts = {
    shared,
    settings,
    limits,
    clock,
    random,
    registry,
    keys,
    boot,
    index,
    rates,
    views,
    persons,
    url,
    onError,
  };
  const overload = new Overload({ random, fullTurnMs: settings.overloadTurnMs });
  watchLoad(overload, boot);
  const currencyRates = await openRates({ settings, disk, clock, say });
  const bidders = await openBidders({
    settings,
    clock,
    random,
    index,
    rates: currencyRates,
    url,
    node,
    failed: die,
    onError,
  });
  const decisions = openDecisionDesk({
    ...parts,
    demand: bidders.desk,
    currencyRates,
    zone: () => overload.zone,
    tracer,
  });
  const consoleKeys = await readConsoleKeys({ disk, folder: keysFolder, setting: settings.keys });
  const debugKeys = [...consoleKeys, ...runKeys(process.env)];
  const { trustedProxies } = settings;
  const clients = new ClientReader(trustedProxies);
  const gate = new FloodGate({
    limits: {
      addressPerSecond: settings.floodAddressPerSecond,
      keyPerSecond: settings.floodKeyPerSecond,
      connectionsPerAddress: settings.floodConnections,
    },
    trustedProxies,
    knownKey: (key) => findPrincipal(consoleKeys, key) !== null,
    nowMs: () => clock.monotonicUs() / 1000,
  });
  const monotonicUs = () => clock.monotonicUs();
  const admission = new Admission({ overload, yields: decisions.yields, catalog: index.catalog });
  const front = new DecisionFront({ desk: decisions, admission, monotonicUs, endOfTurn: setImmediate, onError });
  const metrics = serveMetrics({ counts: desk.counts, decisions: decisions.counts, boot, overload, gate });
  addProcessInfo(metrics);
  engineMeter.addTo(metrics);
  if (shared !== null) {
    addSharedMetrics(metrics, shared);
  }
  if (tracer !== null) addTraceMetrics(metrics, tracer);
  if (model !== null) addModelMetrics(metrics, model.desk, () => nodeClock.now());
  const sdkFiles = await loadSdkFiles(disk);
  const losses = new LossNotices({
    keys,
    nowMs: () => nodeClock.now(),
    publicUrl: url,
    rememberedMs: longestTokenMs,
  });
  addBidderMetrics(metrics, bidders);
  const exchange = openExchange({
    settings,
    clock,
    index,
    rates: currencyRates,
    desk: decisions,
    admission,
    losses,
    metrics,
  });
  const app = await buildServe({
    desk,
    clients,
    findCreative: (creativeId) => index.catalog.creatives.get(creativeId),
    health: { dependencies: () => boot.dependencies(), metrics: metricsText(metrics) },
    routes: [
      (scope) =>
        registerDecisions(scope, {
          desk: decisions,
          clients,
          monotonicUs,
          debugAllowed: (key) => mayDebug(debugKeys, key),
          admission,
          front,
          tracing: tracer !== null,
        }),
      (scope) => registerAdTags(scope, { desk: decisions, clients, admission, monotonicUs }),
      (scope) =>
        registerSdk(scope, { files: sdkFiles, placements: () => index.catalog.placements.values(), publicUrl: url }),
      (scope) => registerLoss(scope, losses),
      (scope) =>
        registerOpenRtb(scope, { exchange, desk: decisions, clients, shared: answersOfAll(), monotonicUs, onError }),
    ],
    fronts: [front],
    endOfTurn: setImmediate,
    gate,
    timeouts: {
      ...defaultTimeouts,
      headersMs: settings.headersMs,
      requestMs: settings.requestMs,
      connections: settings.serveConnections,
    },
    onError,
  });
  addConnections(metrics, app.server);
  const stop = async () => {
    if (stopping) return;
    stopping = true;
    await app.close();
    rejections.flush(true);
    model?.tail.stop();
    await boot.stop();
    await worker.terminate();
    await tracer?.close();
    await Promise.all([log.close(), views.close(), persons.close(), sharing.close(), bidders.close()]);
    lock.release();
    // The channel to who runs the workers would keep this one alive.
    if (cluster.isWorker) process.disconnect();
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void stop().catch(die));

  await boot.caughtUp();
  // A process that is busy accepts one connection a turn of its loop: the others wait here instead of being turned away.
  await app.listen({ host, port, backlog });
  processLog.say('info', 'PROCESS_STARTED', `${node} listens on ${url}`);
}

await main().catch(die);
