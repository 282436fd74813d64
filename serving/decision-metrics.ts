import { Counter, type Registry } from 'prom-client';
import type { DecisionCounts } from './decision-counts.ts';

/** What was decided, by which plans, what that cost, and what the stages took. */
export function addDecisions(registry: Registry, decisions: DecisionCounts): void {
  const registers = [registry];
  new Counter({
    name: 'adtally_decisions_total',
    help: 'Decision requests answered',
    registers,
    collect() {
      this.reset();
      this.inc(decisions.decisions);
    },
  });
  new Counter({
    name: 'adtally_slots_total',
    help: 'Ads selected, and slots that stayed empty by reason',
    labelNames: ['outcome'],
    registers,
    collect() {
      this.reset();
      this.inc({ outcome: 'ad' }, decisions.ads);
      for (const [reason, count] of decisions.noAd) this.inc({ outcome: reason }, count);
    },
  });
  new Counter({
    name: 'adtally_degradations_total',
    help: 'What was skipped on purpose, by stage and reason',
    labelNames: ['what'],
    registers,
    collect() {
      this.reset();
      for (const [what, count] of decisions.degraded) this.inc({ what }, count);
    },
  });
  addPlans(registry, decisions);
}

function addPlans(registry: Registry, { plans, lost, stages }: DecisionCounts): void {
  const registers = [registry];
  new Counter({
    name: 'adtally_plan_ads_total',
    help: 'Ads selected, by inventory tier and plan of degradation',
    labelNames: ['tier', 'plan'],
    registers,
    collect() {
      this.reset();
      for (const [key, count] of plans) this.inc(labels(['tier', 'plan'], key), count);
    },
  });
  new Counter({
    name: 'adtally_plan_lost_micros_total',
    help: 'Estimated loss by what was done without, micros, by plan and currency',
    labelNames: ['plan', 'currency'],
    registers,
    collect() {
      this.reset();
      for (const [key, micros] of lost) this.inc(labels(['plan', 'currency'], key), micros);
    },
  });
  for (const [name, help, field] of [
    ['adtally_stage_us_total', 'Time of all ads selected, by stage, microseconds', 'tookUs'],
    ['adtally_stage_over_share_total', 'Ads for which a stage took longer than its share', 'overShare'],
  ] as const) {
    new Counter({
      name,
      help,
      labelNames: ['stage'],
      registers,
      collect() {
        this.reset();
        for (const [stage, count] of Object.entries(stages)) this.inc({ stage }, count[field]);
      },
    });
  }
}

/** `standard/full` as labels. */
function labels(names: readonly string[], key: string): Record<string, string> {
  const values = key.split('/');
  return Object.fromEntries(names.map((name, index) => [name, values[index] ?? '']));
}
