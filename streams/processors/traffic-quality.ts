import { eventId } from '../../domain/identity.ts';
import type { Beacon, Category, EvidenceRef, TrafficInvalidated } from '../../domain/records.ts';
import type { Outcome, Processor, SourceRecord } from '../runtime/processor.ts';
import { clickFarmCode, isClickFarm, type NetworkActivity } from './quality/click-farm.ts';
import { clickWithoutImpression } from './quality/click-without-impression.ts';
import { declaredBot } from './quality/declared-bot.ts';
import { caseAt, firstBillableAt, noteArrival, type SelectionEvidence } from './quality/evidence-book.ts';
import { impossibleTiming } from './quality/impossible-timing.ts';
import { listedNetwork } from './quality/listed-network.ts';
import { defaultQuality, type Finding, type QualityParameters, type Rule } from './quality/rule.ts';
import { tokenReplay } from './quality/token-replay.ts';

/** Version of all rules together; in every verdict. */
const rulesVersion = 1;
const judge = 'traffic-quality';

interface QualityState {
  /** Highest tick seen, ms: the processor's only clock. */
  time: number;
  readonly shard: number;
  readonly selections: Map<string, SelectionEvidence>;
  /** Selections about which not every rule was asked since their last arrival. */
  readonly open: Set<string>;
  /** Activity by (start of window | network), until the window has been judged. */
  readonly windows: Map<string, Activity>;
  /** Selections are looked through for forgotten ones when time passes this, ms. */
  sweepAt: number;
}

interface Activity extends NetworkActivity {
  impressions: number;
  readonly clicks: { readonly selectionId: string; readonly ref: EvidenceRef }[];
}

const sweepEveryMs = 60_000;

/** Rules for one selection each, in the order in which they are asked; the first that finds something gives the verdict. */
function rulesOf(parameters: QualityParameters): readonly Rule[] {
  const { clickWithoutImpressionMs, fastestClickMs, replayNetworks, listedNetworks } = parameters;
  return [
    declaredBot,
    listedNetwork(listedNetworks),
    tokenReplay(replayNetworks, clickWithoutImpressionMs),
    impossibleTiming(fastestClickMs, clickWithoutImpressionMs),
    clickWithoutImpression(clickWithoutImpressionMs),
  ];
}

/**
 * Judges evidence and appends verdicts to `spend`. Topics have no order between each other, so nothing is judged on arrival: `flush` judges once
 * everything at hand was read, up to the last tick, by evidence times alone. A tick is written only after everything that nodes accepted before it is in
 * the log, so a case at its cutoff is complete, and the same evidence gives the same verdicts however it was batched.
 */
export function createTrafficQuality(parameters: QualityParameters = defaultQuality): Processor<QualityState> {
  const rules = rulesOf(parameters);
  return {
    name: judge,
    topics: ['impression', 'click', 'engagement', 'spend'],
    flushEveryMs: 250,
    initial: (shard) => ({ time: 0, shard, selections: new Map(), open: new Set(), windows: new Map(), sweepAt: 0 }),
    process(state, source) {
      note(state, source, parameters.farmWindowMs);
      return [];
    },
    flush(state) {
      const verdicts = [...judgeCases(state, rules), ...judgeFarms(state, parameters)];
      forgetOld(state, parameters.keepMs);
      return verdicts;
    },
    encode: ({ time, selections, open, windows }) =>
      Buffer.from(JSON.stringify({ time, selections: [...selections], open: [...open], windows: [...windows] })),
    decode(bytes, shard) {
      const saved = JSON.parse(Buffer.from(bytes).toString('utf8')) as {
        time: number;
        selections: [string, SelectionEvidence][];
        open: string[];
        windows: [string, Activity][];
      };
      const { time } = saved;
      return {
        time,
        shard,
        sweepAt: time,
        selections: new Map(saved.selections),
        open: new Set(saved.open),
        windows: new Map(saved.windows),
      };
    },
  };
}

function note(state: QualityState, { record, topic, shard, offset }: SourceRecord, farmWindowMs: number): void {
  if (record.name === 'TimeAdvanced') state.time = Math.max(state.time, record.value.advanced_to);
  else if (record.name === 'ImpressionRendered' || record.name === 'AdViewable' || record.name === 'AdClicked') {
    noteBeacon(state, record.value.beacon, { topic, shard, offset }, farmWindowMs);
  } else if (record.name === 'TrafficInvalidated') {
    const known = state.selections.get(record.value.selection_id);
    if (known !== undefined) known.verdict ??= record.value.rule;
  }
}

function noteBeacon(state: QualityState, beacon: Beacon, ref: EvidenceRef, farmWindowMs: number): void {
  const { billing, kind, received_at: receivedAt, network, user_agent: userAgent } = beacon;
  if (billing.test || billing.pricing_model === 'NONE' || beacon.judgement !== 'ACCEPTED') return;
  const known = state.selections.get(billing.selection_id) ?? newEvidence(beacon);
  state.selections.set(billing.selection_id, known);
  known.expiresAt = Math.max(known.expiresAt, beacon.kind_expires_at);
  const isFirstOfKind = !known.arrivals.some((arrival) => arrival.kind === kind);
  if (!noteArrival(known, { ref, kind, receivedAt, network, userAgent })) return;
  if (known.verdict === null) state.open.add(billing.selection_id);
  if (isFirstOfKind && network !== '' && kind !== 'viewable')
    noteActivity(state, { selectionId: billing.selection_id, ref }, beacon, farmWindowMs);
}

function newEvidence({ billing, kind_expires_at: expiresAt }: Beacon): SelectionEvidence {
  return {
    pricingModel: billing.pricing_model,
    selectedAt: billing.selected_at,
    expiresAt,
    arrivals: [],
    verdict: null,
  };
}

function noteActivity(
  state: QualityState,
  click: Activity['clicks'][number],
  { kind, network, received_at }: Beacon,
  windowMs: number,
): void {
  const key = `${Math.floor(received_at / windowMs) * windowMs}|${network}`;
  const activity = state.windows.get(key) ?? { impressions: 0, clicks: [] };
  state.windows.set(key, activity);
  if (kind === 'impression') activity.impressions += 1;
  else activity.clicks.push(click);
}

/** Every open case whose rules' delays have passed. A case with a verdict stays closed. */
function judgeCases(state: QualityState, rules: readonly Rule[]): Outcome[] {
  const outcomes: Outcome[] = [];
  for (const id of state.open) {
    const evidence = state.selections.get(id);
    const first = evidence === undefined ? null : firstBillableAt(evidence);
    if (evidence === undefined || evidence.verdict !== null || first === null) {
      state.open.delete(id);
      continue;
    }
    const due = rules.filter((rule) => first + rule.delayMs <= state.time);
    const found = firstFinding(due, evidence, first);
    if (found !== null) outcomes.push(verdict(state, id, found));
    // Asked by every rule: nothing more to say until something new arrives.
    if (due.length === rules.length) state.open.delete(id);
  }
  return outcomes;
}

interface Found extends Finding {
  readonly code: string;
  readonly category: Category;
  /** Evidence time by which it was found, ms. */
  readonly at: number;
}

function firstFinding(rules: readonly Rule[], evidence: SelectionEvidence, first: number): Found | null {
  for (const rule of rules) {
    const at = first + rule.delayMs;
    const of = caseAt(evidence, at);
    const finding = of === null ? null : rule.judge(of);
    if (finding !== null) return { ...finding, code: rule.code, category: rule.category, at };
  }
  return null;
}

function verdict(state: QualityState, selectionId: string, found: Found): Outcome {
  const evidence = state.selections.get(selectionId);
  if (evidence !== undefined) evidence.verdict = found.code;
  const value: TrafficInvalidated = {
    event_id: eventId(selectionId, `invalidated:${found.code}`, 0),
    selection_id: selectionId,
    category: found.category,
    rule: found.code,
    rules_version: rulesVersion,
    reason: found.reason,
    evidence: found.evidence,
    judged_by: judge,
    judged_at: found.at,
  };
  const record = { name: 'TrafficInvalidated', value } as const;
  return { to: 'log', topic: 'spend', shard: state.shard, key: selectionId, record };
}

/** Networks that clicked like a farm within a window that has passed: every billable click of the window is invalid, certified or not. */
function judgeFarms(state: QualityState, { farmWindowMs, farmClicks, farmClickPercent }: QualityParameters): Outcome[] {
  const outcomes: Outcome[] = [];
  for (const [key, activity] of state.windows) {
    const at = Number(key.slice(0, key.indexOf('|'))) + farmWindowMs;
    if (at > state.time) continue;
    if (isClickFarm(activity, farmClicks, farmClickPercent)) {
      const reason = `${activity.clicks.length} clicks on ${activity.impressions} impressions from one network within ${farmWindowMs} ms`;
      for (const { selectionId, ref } of activity.clicks) {
        const evidence = state.selections.get(selectionId);
        if (evidence === undefined || evidence.verdict !== null || evidence.pricingModel !== 'CPC') continue;
        outcomes.push(
          verdict(state, selectionId, { code: clickFarmCode, category: 'SIVT', reason, evidence: [ref], at }),
        );
      }
    }
    state.windows.delete(key);
  }
  return outcomes;
}

function forgetOld(state: QualityState, keepMs: number): void {
  if (state.time < state.sweepAt) return;
  state.sweepAt = state.time + sweepEveryMs;
  for (const [id, { expiresAt }] of state.selections) if (expiresAt + keepMs < state.time) state.selections.delete(id);
}
