import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { createSeededRandom } from '../adapters/simulated/random.ts';
import { eventsBetween, objectives } from '../dashboards/objectives/objectives.ts';
import { addObjectives } from '../serving/objective-metrics.ts';
import { DecisionCounts } from '../serving/decision-counts.ts';
import { Overload } from '../serving/overload.ts';
import { consoleRegistry } from './console-metrics.ts';

/** What the processes export after 8 good events of every kind and 2 others. */
async function samples() {
  const serve = new Registry();
  const decisions = new DecisionCounts();
  for (let nth = 0; nth < 9; nth += 1) decisions.returned(nth < 8);
  const overload = new Overload({ random: createSeededRandom(1), fullTurnMs: 60 });
  overload.counts.shed = 1;
  const beacons = { accepted: { click: 8 }, late: {}, notStored: 2 } as never;
  addObjectives(serve, { decisions, overload, beacons });
  const checked = { lagMs: 0, counts: { within: 8, behind: 1, unknown: 1 } };
  const names = objectives.flatMap(({ where }) => where['truth'] ?? []);
  const { registry } = consoleRegistry({ truths: new Map(names.map((name) => [name, checked])) as never });
  const metrics = [...(await serve.getMetricsAsJSON()), ...(await registry.getMetricsAsJSON())];
  return metrics.flatMap(({ name, values }) =>
    (values ?? []).map(({ labels, value }) => ({ name, labels: labels as Record<string, string>, value })),
  );
}

test('Every objective finds its events in what the processes export', async () => {
  const all = await samples();
  for (const objective of objectives) {
    expect([objective.name, eventsBetween(objective, null, all)]).toEqual([objective.name, { good: 8, total: 10 }]);
  }
});
