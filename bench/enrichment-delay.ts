/**
 * What happens to decisions while the store of persons is slower by 20 ms at its 95th percentile: as it is, slowed, and slowed under deadline policies that give
 * enrichment less, published while everything runs. Time by time, what the report `yield_by_latency` says. `npm run bench:enrichment-delay`.
 */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openFileSchemaRegistry } from '../adapters/embedded/file-schema-registry.ts';
import { createSystemClock } from '../adapters/system/clock.ts';
import { openLog } from '../apps/engines.ts';
import type { Settings } from '../config/settings.ts';
import { builtInPolicies, tiers } from '../domain/deadline-policy.ts';
import type { DeadlinePolicyPublished } from '../domain/records.ts';
import { runReport } from '../dashboards/reports/run-report.ts';
import { firstChange } from '../test/decision-world.ts';
import { openTestWarehouse, remake, reports, sinkAll } from '../test/reporting/reporting-platform.ts';
import { requestOf, startDecisionServer } from './decision-server.ts';
import { trafficBodies, trafficPersons } from './decision-traffic.ts';
import { runOpenLoop, type TaggedRequest } from './open-loop.ts';

const perSecond = 150;
const placements = 4;
const stretchMs = 12_000;
/** Hundredths of the deadline: less than the store now takes for its slowest. */
const shortEnrichment = 4;
const clock = createSystemClock();
const registry = openFileSchemaRegistry();

/** Half of the requests are of a person, for few placements, so that much is known of each. */
const requests: readonly TaggedRequest[] = trafficBodies({ lineItems: 0, requests: 4000, nowMs: 0, seed: 11 }).map(
  (text, number) => {
    const body = JSON.parse(text) as { slots: { placement_id: string }[] };
    for (const slot of body.slots) slot.placement_id = `pl_${Number(slot.placement_id.slice(3)) % placements}`;
    const person = { user: { id: trafficPersons[number % trafficPersons.length] }, consent: { gdpr: false } };
    const whole = { ...body, user: undefined, consent: { gdpr: true }, ...(number % 2 === 0 && person) };
    return { bytes: requestOf(JSON.stringify(whole)), tag: 'all' };
  },
);

interface Stretch {
  readonly name: string;
  readonly from: string;
  readonly to: string;
}

function quantile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * share)] ?? Number.NaN;
}

async function stretch(name: string, port: number): Promise<Stretch> {
  const from = new Date().toISOString();
  const { byTag } = await runOpenLoop({ port, connections: 200, requests, perSecond, forMs: stretchMs });
  const { latenciesMs = [], offered = 0 } = byTag.get('all') ?? {};
  console.log(`enrichment_${name}_answered: ${(latenciesMs.length / offered).toFixed(4)}`);
  for (const [label, share] of [
    ['p50', 0.5],
    ['p95', 0.95],
    ['p99', 0.99],
  ] as const) {
    console.log(`enrichment_${name}_${label}_ms: ${quantile(latenciesMs, share).toFixed(2)}`);
  }
  return { name, from, to: new Date().toISOString() };
}

/** As the console would, into the log of the running platform. */
async function publishPolicies(settings: Settings): Promise<void> {
  const log = await openLog(settings, clock);
  const records = tiers.map((tier): DeadlinePolicyPublished => {
    const { shares, plans } = builtInPolicies[tier];
    const policy_id = `dp_${tier}`;
    return {
      policy_id,
      name: `Short enrichment, ${tier}`,
      tier,
      shares: { ...shares, enrichment: shortEnrichment },
      plans,
      status: 'ACTIVE',
      change: firstChange(),
    };
  });
  await log.append(
    'catalog',
    records.map((value) => ({
      shard: 0,
      key: value.policy_id,
      value: registry.encode('DeadlinePolicyPublished', value),
    })),
  );
  await log.close();
}

async function showReports(settings: Settings, stretches: readonly Stretch[]): Promise<void> {
  const { warehouse, remove } = await openTestWarehouse();
  const log = await openLog(settings, clock);
  await remake(warehouse);
  await sinkAll({ log, registry, warehouse });
  for (const { name, from, to } of stretches) {
    const { rows } = await runReport({ reports, warehouse, clock }, 'yield_by_latency', { from, to });
    console.log(`\n${name}: yield_by_latency`);
    for (const row of rows) {
      const { tier, plan, from_us, below_us, selections, fill, ecpm_micros, degraded, lost_micros } = row;
      const { done_without, over_share, p50_us, p99_us } = row;
      console.log(
        `  ${String(tier).padEnd(8)} ${String(plan).padEnd(10)} ${String(from_us).padStart(6)}..${String(below_us).padEnd(6)} µs  ads ${selections} fill ${fill} ecpm ${ecpm_micros} degraded ${degraded} lost ${lost_micros} p50 ${p50_us} p99 ${p99_us}  without [${done_without}] over share [${over_share}]`,
      );
    }
  }
  await log.close();
  await remove();
}

const NODE_OPTIONS = `--import=${new URL('slow-keys.ts', import.meta.url).href}`;
const { server, folder, settings } = await startDecisionServer({ lineItems: 10_000, env: { NODE_OPTIONS } });
try {
  await runOpenLoop({ port: server.port, connections: 200, requests, perSecond, forMs: 6_000 });
  const stretches = [await stretch('plain', server.port)];
  writeFileSync(join(folder, 'slow-keys'), '');
  stretches.push(await stretch('slowed', server.port));
  await publishPolicies(settings);
  await new Promise((resolve) => setTimeout(resolve, 500));
  stretches.push(await stretch('slowed_short_share', server.port));
  await server.stop();
  await showReports(settings, stretches);
} finally {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
}
