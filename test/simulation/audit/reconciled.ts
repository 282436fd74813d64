import type { Reporting } from '../../../reconcile/reporting-reading.ts';
import { reconcile } from '../../../reconcile/run.ts';
import { registry } from '../releases.ts';
import type { World } from '../world.ts';
import { causesDiffer } from './causes.ts';

/** What reconciliation of the platform's own truths calls a break, and whether its self-test works. */
export async function reconcileDiffers(world: World, reporting: Reporting): Promise<readonly string[]> {
  const { engines, time, story } = world;
  const log = engines.log.open({ clock: time, name: 'reconcile' });
  const sources = { log, registry, ledger: engines.ledger.open(), reporting };
  const report = await reconcile(sources, { id: 'simulation', now: () => time.now(), progress: async () => undefined });
  const misnamed = causesDiffer(report, world);
  if (report.result === 'tallies' && report.unexplained_micros === '0') return misnamed;
  // A record that evidence contradicts is a break, and shows in sums as well.
  const unexpected = report.breaks.filter(
    ({ selection_id: id }) => !(story.contradicted.size > 0 && (id === '' || story.contradicted.has(id))),
  );
  if (unexpected.length === 0 && report.self_test !== 'failed' && report.invariants.every(({ holds }) => holds))
    return misnamed;
  const breaks = unexpected.map(
    ({ code, truth, selection_id: id, detail }) => `${code} in ${truth} of ${id}: ${detail}`,
  );
  const broken = report.invariants
    .filter(({ holds }) => !holds)
    .map(({ number, detail }) => `invariant ${number}: ${detail}`);
  return [
    `reconciliation ${report.result}, ${report.unexplained_micros} unexplained, self-test ${report.self_test}`,
    ...breaks.slice(0, 5),
    ...broken,
  ];
}
