import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decisionsIn, latencyMs, type OutageFigures, OutageRun } from '../outage/outage-run.ts';
import { type EngineName, whyMissing } from '../outage/switched-engines.ts';
import { makeTemporaryFolder } from '../temporary-folder.ts';
import { unhurried } from './running-platform.ts';

const engines: readonly EngineName[] = ['kafka', 'redis'];
const reasons = (await Promise.all(engines.map(whyMissing))).filter((reason) => reason !== null);
if (reasons.length > 0 && process.env['ENGINES_REQUIRED'] === '1') throw new Error(reasons.join('; '));
const title = reasons.length > 0 ? `, skipped: ${reasons.join('; ')}` : '';
const perSecond = 30;
/** The store of views waits half a second for a Redis that says nothing; a decision does not. */
const soonMs = 250;
/** Well within what a decision may take: it had the time for everybody. */
const promptMs = 50;

describe.skipIf(reasons.length > 0)(`While an engine is away under load, the platform${title}`, () => {
  const folder = makeTemporaryFolder();
  let run: OutageRun;

  beforeAll(async () => {
    run = await OutageRun.start({ folder: folder.path, engines, perSecond, env: unhurried, say: () => undefined });
    await run.untilFilled();
  });
  afterAll(async () => {
    await run.stop();
    folder.remove();
  });

  /** Every decision was answered, and every beacon taken at the first attempt. */
  function expectService({ down }: OutageFigures): void {
    const decisions = decisionsIn(run.load.decisions, [down]);
    expect(decisions.length).toBeGreaterThan(perSecond);
    expect(decisions.filter(({ status }) => status !== 200)).toEqual([]);
    expect(latencyMs(decisions, [down], 0.5)).toBeLessThan(soonMs);
    const seen = run.load.impressions.filter(({ seenMs }) => seenMs >= down.fromMs && seenMs < down.toMs);
    expect(seen.length).toBeGreaterThan(perSecond);
    expect(seen.filter(({ acknowledgedAt, failures }) => acknowledgedAt === null || failures.length > 0)).toEqual([]);
    expect(run.restarts).toEqual([]);
  }

  test('sells on and takes every beacon without Kafka, killed or frozen, and all of it arrives once Kafka is back', async () => {
    for (const outage of ['killed', 'frozen'] as const) {
      const figures = await run.outage('kafka', outage, 3_000);
      expectService(figures);
      const decisions = decisionsIn(run.load.decisions, [figures.down]);
      // Of those whose deadline had not passed: a machine that is busy with other things lets one pass now and then.
      const prompt = decisions.filter(({ tookMs }) => tookMs < promptMs);
      expect(prompt.length).toBeGreaterThan(0);
      expect(prompt.filter(({ ads }) => ads === 1).length).toBeGreaterThan(0.9 * prompt.length);
      expect(figures.bufferBytes).toBeGreaterThan(0);
    }
  });

  test('does without the person where Redis is silent or gone, says so in its records, and waits for neither', async () => {
    for (const outage of ['frozen', 'killed'] as const) {
      const figures = await run.outage('redis', outage, 2_500);
      expectService(figures);
      const persons = run.load.decisions.filter(({ isPerson }) => isPerson);
      expect(latencyMs(persons, [figures.down], 0.5)).toBeLessThan(soonMs);
      expect(figures.down.counted.get('enrichment/person_unavailable')).toBeGreaterThan(0);
    }
  });

  test('has each acknowledged impression in both ledgers once, and tallies', async () => {
    const charges = await run.settle();
    const { acknowledged } = charges;
    expect(acknowledged).toBeGreaterThan(10 * perSecond);
    const once = { incurredOnce: acknowledged, settledOnce: acknowledged };
    expect(charges).toEqual({ acknowledged, ...once, absorbed: 0, voided: 0, wrong: [] });
    expect(await run.reconcile()).toMatchObject({ holds: true });
    expect(run.restarts).toEqual([]);
  });
});
