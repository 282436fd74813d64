import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { type Fault, faults } from './plan.ts';
import type { RunResult } from './simulate.ts';

/** Figures of many runs, kept in a file so that a long campaign can be broken off and gone on with. */
export interface Campaign {
  firstSeed: number;
  nextSeed: number;
  runs: number;
  simulatedMs: number;
  events: number;
  calls: number;
  selections: number;
  acknowledged: number;
  certified: number;
  absorbed: number;
  faults: Partial<Record<Fault, number>>;
  failures: { readonly seed: number; readonly problem: string }[];
}

const figures = ['simulatedMs', 'events', 'calls', 'selections', 'acknowledged', 'certified', 'absorbed'] as const;

function newCampaign(firstSeed: number): Campaign {
  const none = { simulatedMs: 0, events: 0, calls: 0, selections: 0, acknowledged: 0, certified: 0, absorbed: 0 };
  return { firstSeed, nextSeed: firstSeed, runs: 0, ...none, faults: {}, failures: [] };
}

export function readCampaign(path: string | undefined, firstSeed: number): Campaign {
  if (path === undefined || !existsSync(path)) return newCampaign(firstSeed);
  return JSON.parse(readFileSync(path, 'utf8')) as Campaign;
}

export function saveCampaign(path: string | undefined, campaign: Campaign): void {
  if (path === undefined) return;
  writeFileSync(`${path}.new`, `${JSON.stringify(campaign, null, 1)}\n`);
  renameSync(`${path}.new`, path);
}

export function addRun(campaign: Campaign, result: RunResult): void {
  campaign.runs += 1;
  campaign.nextSeed = result.plan.seed + 1;
  for (const figure of figures) campaign[figure] += result[figure];
  for (const [fault, count] of result.faults) campaign.faults[fault] = (campaign.faults[fault] ?? 0) + count;
  const [problem] = result.problems;
  if (problem !== undefined) campaign.failures.push({ seed: result.plan.seed, problem });
}

/** Both together. */
export function addCampaign(a: Campaign, b: Campaign): Campaign {
  const sum = { ...a, faults: { ...a.faults }, failures: [...a.failures, ...b.failures] };
  for (const figure of [...figures, 'runs'] as const) sum[figure] += b[figure];
  for (const fault of faults) sum.faults[fault] = (a.faults[fault] ?? 0) + (b.faults[fault] ?? 0);
  return { ...sum, firstSeed: Math.min(a.firstSeed, b.firstSeed), nextSeed: Math.max(a.nextSeed, b.nextSeed) };
}

/** The figures in words. */
export function summary(campaign: Campaign): string {
  const { runs, simulatedMs, events, calls, selections, acknowledged, certified, absorbed, failures } = campaign;
  const hours = (simulatedMs / 3_600_000).toFixed(1);
  const struck = faults.map((fault) => `${fault} ${campaign.faults[fault] ?? 0}`).join(', ');
  return [
    `${runs} runs (seeds ${campaign.firstSeed} to ${campaign.nextSeed - 1}), ${hours} simulated hours, ${events} records written, ${calls} calls of ports`,
    `${selections} selections, ${acknowledged} acknowledged events, ${certified} charged, ${absorbed} absorbed`,
    `faults: ${struck}`,
    `failures: ${failures.length}${failures.length === 0 ? '' : `, seeds ${failures.map(({ seed }) => seed).join(' ')}`}`,
  ].join('\n');
}
