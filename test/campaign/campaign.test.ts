import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { redisMissing } from '../../scripts/engines/redis.ts';
import { makeTemporaryFolder } from '../temporary-folder.ts';
import { type CampaignEngines, startCampaignEngines } from './campaign-engines.ts';
import { type RoundReport, runRound } from './round.ts';
import { mountSmallDisk } from './small-disk.ts';
import { disturb, fillDisk, killOf, type Strike } from './strikes.ts';

/** Why a fault can't be had here, or null. */
const missing = { disk: whyNoDisk(), redis: redisMissing() };
const reasons = Object.values(missing).filter((reason) => reason !== null);
if (reasons.length > 0 && process.env['ENGINES_REQUIRED'] === '1') throw new Error(reasons.join('; '));

function whyNoDisk(): string | null {
  const folder = makeTemporaryFolder();
  const disk = mountSmallDisk(join(folder.path, 'disk'), 1);
  if (typeof disk !== 'string') disk.remove();
  folder.remove();
  return typeof disk === 'string' ? disk : null;
}

function skipped(reason: string | null): string {
  return reason === null ? '' : `, skipped: ${reason}`;
}

/** It takes half a minute; several where the machine is busy with other things. */
const patienceMs = 600_000;
const kills = ['serve-1', 'streams-1', 'serve-2', 'console', 'serve-1', 'streams-1'].map(killOf);
const fullDisks: readonly Strike[] = missing.disk === null ? [fillDisk('buffer'), fillDisk('data')] : [];
const network: readonly Strike[] =
  missing.redis === null
    ? [
        disturb('redis-views', { kind: 'stall', directions: ['down'] }, 1_500),
        disturb('redis-views', { kind: 'cut_after', bytes: 777 }, 1_000),
      ]
    : [];

describe('Real processes under faults', () => {
  const folder = makeTemporaryFolder();
  let engines: CampaignEngines | null = null;
  let report: RoundReport;

  beforeAll(async () => {
    if (missing.redis === null) {
      const place = { folder: join(folder.path, 'engines'), host: '127.0.0.1', names: ['redis-views'] as const };
      engines = await startCampaignEngines(place);
    }
    const script = [...kills.slice(0, 4), ...fullDisks, ...network, ...kills.slice(4)];
    const own = { folder: join(folder.path, 'round'), engines, namespaces: null, prefix: 'campaign' };
    const size = { seed: 'short', round: 1, faults: script.length, perSecond: 25 };
    report = await runRound({ ...own, ...size, script, say: () => undefined });
  }, patienceMs);
  afterAll(async () => {
    await engines?.stop();
    folder.remove();
  });

  test('that were killed have every acknowledged beacon in both ledgers, once, at its price', () => {
    expect(report).toMatchObject({ problems: [], lost: 0, double: 0, unfounded: 0, wrongEntries: 0 });
    expect(report.killed).toBeGreaterThanOrEqual(kills.length);
    const { acknowledged } = report.charges;
    expect(acknowledged).toBeGreaterThan(100);
    expect(report.charges).toMatchObject({ tentative: acknowledged, final: acknowledged });
  });

  test('tally in the end: reconciliation leaves nothing unexplained, and a replay gives the same digest', () => {
    expect(report).toMatchObject({ reconciliation: { holds: true }, replay: { holds: true } });
  });

  test.skipIf(missing.disk !== null)(`met a full disk${skipped(missing.disk)}`, () => {
    expect(report.faults).toMatchObject({ 'disk full': fullDisks.length });
  });

  test.skipIf(missing.redis !== null)(`met a network that stalls and cuts${skipped(missing.redis)}`, () => {
    expect(report.faults).toMatchObject({ 'network: half open (down stalls)': 1, 'network: cut after': 1 });
  });
});
