import { hostname } from 'node:os';
import fastify from 'fastify';
import { createSystemClock } from '../adapters/system/clock.ts';
import { createSystemDisk } from '../adapters/system/disk.ts';
import { createSystemRandom } from '../adapters/system/random.ts';
import { deriveLimits } from '../config/limits.ts';
import { readSettings, type Settings } from '../config/settings.ts';
import { ensureFirstPolicy } from '../dashboards/finance/first-policy.ts';
import { openModelSigner } from '../serving/prediction/model-keys.ts';
import { runAllocator } from '../streams/allocator.ts';
import { billingNotices } from '../streams/processors/billing-notices.ts';
import { trainModel } from '../streams/processors/click-model.ts';
import { joinExamples } from '../streams/processors/click-model-join.ts';
import { creativeStats } from '../streams/processors/creative-stats.ts';
import { exposure } from '../streams/processors/exposure.ts';
import { frequency } from '../streams/processors/frequency.ts';
import { persons } from '../streams/processors/persons.ts';
import { defaultQuality } from '../streams/processors/quality/rule.ts';
import { createTrafficQuality } from '../streams/processors/traffic-quality.ts';
import type { Processor } from '../streams/runtime/processor.ts';
import { type ProcessorHandle, runProcessor } from '../streams/runtime/run-processor.ts';
import { runSpendLedgers } from '../streams/runtime/run-spend-ledgers.ts';
import { createTicker } from '../streams/ticker.ts';
import { openBidderNotices } from './bidder-notices.ts';
import { modelKeysFolder } from './click-model.ts';
import { openKeys, openLedger, openLog, openSchemas, openStates, openViews } from './engines.ts';
import { openProcessLog } from './process-log.ts';
import { streamsMetrics } from './streams-metrics.ts';
import { addTraceMetrics, openTracer } from './tracing.ts';

/** States that are kept whole are written less often: what a restart reads again is harmless. */
const wholeStateEveryMs = 5_000;
const watchEveryMs = 1_000;
/** A bidder that can't be told of a bill within this time has to read its statement. */
const noticeLifeMs = 3_600_000;

const processLog = openProcessLog('streams');

/** On several machines it shows who writes what; a run that moves shards reads it. */
function sayOwned(shards: readonly number[]): void {
  processLog.say('info', 'SHARDS_OWNED', `writes the ledgers of shards ${shards.join(' ') || 'none'}`);
}

/** Something that can't pass: the supervisor starts the process again. */
function die(error: unknown): never {
  return processLog.die(error);
}

async function openParts(settings: Settings) {
  const clock = createSystemClock();
  const [log, ledger, views, keys, states] = await Promise.all([
    openLog(settings, clock),
    openLedger(settings, clock),
    openViews(settings, clock),
    openKeys(settings, clock),
    openStates(settings, clock, 'streams'),
  ]);
  const [random, registry] = [createSystemRandom(), await openSchemas(settings, clock)];
  const rules = { holdMs: settings.holdMs, horizonMs: settings.horizonMs };
  await ensureFirstPolicy({ log, registry, clock, rules, setBy: 'streams' });
  const notices = await openBidderNotices({ settings, clock, random, process: 'streams', failed: die });
  const instance = `${hostname()}-${process.pid}`;
  const tracer = await openTracer({ settings, clock, process: 'streams', instance, processLog });
  return { clock, random, registry, log, ledger, views, keys, states, notices, tracer };
}

type Parts = Awaited<ReturnType<typeof openParts>>;

async function startAll(parts: Parts, settings: Settings): Promise<readonly ProcessorHandle[]> {
  const limits = deriveLimits(settings);
  const member = `${hostname()}-${process.pid}`;
  const keepMs = limits.windowClosesMs;
  const run = <State>(processor: Processor<State>) =>
    runProcessor({ ...parts, processor, group: processor.name, member, checkpointEveryMs: wholeStateEveryMs });
  const quality = {
    ...defaultQuality,
    clickWithoutImpressionMs: settings.clickWithoutImpressionMs,
    clockSkewMs: settings.clockSkewMs,
    farmWindowMs: settings.farmWindowMs,
    keepMs,
  };
  const learning = settings.clickModel === 'on' ? await learnModel(parts, settings, { keepMs, member }) : [];
  const handles = await Promise.all([
    runSpendLedgers({ ...parts, group: 'spend-lifecycle', member, onOwned: sayOwned }),
    runAllocator({ ...parts, member, reservationMs: limits.reservationMs }),
    run(createTrafficQuality(quality)),
    run(persons()),
    run(exposure({ shards: settings.shards, graceMs: keepMs })),
    run(frequency()),
    run(creativeStats({ keepMs })),
    run(billingNotices({ graceMs: keepMs, lifeMs: noticeLifeMs })),
    ...learning,
  ]);
  const ticker = createTicker({ ...parts, member, tickMs: settings.tickMs, fenceTimeoutMs: limits.fenceTimeoutMs });
  ticker.start();
  return [...handles, ticker];
}

/** States of tens of thousands of selections and weights: written seldom, read again after a restart. */
const learningStateEveryMs = 30_000;
const joinsPerVersion = 10;

/** What learns the model: impressions are joined with their outcome shard by shard, and one process learns of all shards. */
async function learnModel(
  parts: Parts,
  settings: Settings,
  { keepMs, member }: { readonly keepMs: number; readonly member: string },
): Promise<readonly Promise<ProcessorHandle>[]> {
  const { clock, random } = parts;
  const { modelWaitMs: waitMs, modelPublishMs: publishMs, impressionTokenMs, bufferBoundMs } = settings;
  const signer = await openModelSigner({ disk: createSystemDisk(), folder: modelKeysFolder(settings), clock, random });
  const run = <State>(processor: Processor<State>) =>
    runProcessor({ ...parts, processor, group: processor.name, member, checkpointEveryMs: learningStateEveryMs });
  const impressionMs = impressionTokenMs + bufferBoundMs;
  const everyMs = Math.max(1_000, Math.floor(publishMs / joinsPerVersion));
  return [run(joinExamples({ waitMs, everyMs, impressionMs, keepMs })), run(trainModel({ signer, publishMs }))];
}

/** What anybody may ask of this process, on loopback: health of every processor and shard, and how far each is behind. */
async function listen(handles: readonly ProcessorHandle[], { notices, tracer }: Parts, settings: Settings) {
  const app = fastify();
  app.get('/healthz', () => ({ status: 'ok' }));
  app.get('/readyz', async (_request, reply) => {
    const processors = handles.map((handle) => ({ name: handle.name, shards: handle.health(), lag: handle.lag() }));
    const failed = processors.some(({ shards }) => shards.some(({ status }) => status === 'failed'));
    return reply.code(failed ? 503 : 200).send({ status: failed ? 'not_ready' : 'ready', processors });
  });
  const metrics = streamsMetrics(handles, notices);
  if (tracer !== null) addTraceMetrics(metrics, tracer);
  app.get('/metrics', async (_request, reply) => reply.type(metrics.contentType).send(await metrics.metrics()));
  await app.listen({ host: settings.consoleHost, port: settings.streamsPort });
  return app;
}

/** Says once of each shard that it stopped for a reason that somebody has to look at. */
function watch(handles: readonly ProcessorHandle[]): NodeJS.Timeout {
  const said = new Set<string>();
  return setInterval(() => {
    for (const handle of handles) {
      for (const { shard, status, code, reason, about } of handle.health()) {
        const sentence = `${handle.name}/${shard} ${status}: ${code} ${reason}`;
        if (reason === '' || said.has(sentence)) continue;
        said.add(sentence);
        const level = status === 'failed' ? 'error' : 'warn';
        processLog.say(level, 'SHARD_UNWELL', sentence, { processor: handle.name, shard, shard_code: code, ...about });
      }
    }
  }, watchEveryMs);
}

async function main(): Promise<void> {
  const settings = readSettings(process.env);
  const parts = await openParts(settings);
  const handles = await startAll(parts, settings);
  const app = await listen(handles, parts, settings);
  const watching = watch(handles);
  processLog.say('info', 'PROCESS_STARTED', `${handles.length} processors on ${settings.shards} shards`);

  let stopping = false;
  const stop = async (): Promise<void> => {
    if (stopping) return;
    stopping = true;
    clearInterval(watching);
    await app.close();
    await Promise.all(handles.map((handle) => handle.stop()));
    await parts.notices.close();
    await parts.tracer?.close();
    await Promise.all([parts.log, parts.ledger, parts.views, parts.keys, parts.states].map((engine) => engine.close()));
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void stop().catch(die));
}

await main().catch(die);
