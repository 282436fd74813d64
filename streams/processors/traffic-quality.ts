import { isbot } from 'isbot';
import { eventId, timeOfUuidV7 } from '../../domain/identity.ts';
import { NetworkSet } from '../../domain/network.ts';
import type { Beacon, SpendIncurred, TrafficInvalidated } from '../../domain/records.ts';
import type { Outcome, Processor, SourceRecord } from '../runtime/processor.ts';
import { clickFarm, closeFarmWindows, countForFarm, emptyFarmBook, type FarmBook } from './quality/click-farm.ts';
import { clickWithoutImpression } from './quality/click-without-impression.ts';
import { declaredBot } from './quality/declared-bot.ts';
import { impossibleTiming } from './quality/impossible-timing.ts';
import { listedNetwork } from './quality/listed-network.ts';
import type { CaseFile, Finding, QualityOptions, Rule, Sighting } from './quality/rule.ts';
import { tokenReplay } from './quality/token-replay.ts';
import { decodeTagged, encodeTagged } from './tagged-json.ts';

export interface QualityState {
  readonly shard: number;
  /** Highest TimeAdvanced. */
  time: number;
  sweptAt: number;
  readonly next: Map<string, number>;
  readonly files: Map<string, CaseFile>;
  /** Selections to be looked at, by the second (of time) that must be over before. */
  readonly reviews: Map<number, Set<string>>;
  readonly farms: FarmBook;
}

const rulesVersion = 2;
const judge = 'traffic-quality';
const rules: readonly Rule[] = [
  declaredBot,
  listedNetwork,
  tokenReplay,
  clickWithoutImpression,
  impossibleTiming,
  clickFarm,
];
/** More of one kind say nothing new of a selection. */
const sightingsKept = 64;
const sweepEveryMs = 60_000;
const reviewMs = 1_000;
/** Every tab of this machine and every device behind a private router look alike: such a network is nobody's. */
const nobodys = new NetworkSet(['127.0.0.0/24', '::/48', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7']);

/**
 * Judges what was charged and writes a verdict for each selection and rule. Verdicts are the same however the topics are read between each other:
 * it judges at ticks only, and there only by evidence from before the tick. All of that is known, since time never runs past a beacon that was
 * acknowledged and is not yet in the log (`ticker`), and since the runtime hands a tick over only after everything that was in the other topics
 * when the tick was read (`timeTopic`). Evidence that was drained after its boot was fenced may be too late to be heard.
 */
export function createTrafficQuality(options: QualityOptions): Processor<QualityState> {
  const listed = new NetworkSet(options.dataCentres);
  return {
    name: judge,
    topics: ['impression', 'engagement', 'click', 'spend'],
    timeTopic: 'spend',
    initial: (shard) => ({
      shard,
      time: 0,
      sweptAt: 0,
      next: new Map(),
      files: new Map(),
      reviews: new Map(),
      farms: emptyFarmBook(),
    }),
    process: (state, source) => {
      if (source.offset < (state.next.get(source.topic) ?? 0)) return [];
      state.next.set(source.topic, source.offset + 1);
      return take(state, source, { options, listed });
    },
    format: 2, // farms in halves of windows
    encode: encodeTagged,
    decode: (bytes) => decodeTagged(bytes) as QualityState,
  };
}

interface Setup {
  readonly options: QualityOptions;
  readonly listed: NetworkSet;
}

function take(state: QualityState, source: SourceRecord, setup: Setup): readonly Outcome[] {
  const { record, offset } = source;
  switch (record.name) {
    case 'ImpressionRendered':
    case 'AdViewable':
    case 'AdClicked':
      sight(state, source, record.value.beacon, setup);
      return [];
    case 'SpendIncurred':
      charge(state, record.value, offset);
      return [];
    case 'TrafficInvalidated': {
      const file = state.files.get(record.value.selection_id);
      if (file !== undefined && !file.found.includes(record.value.rule)) file.found.push(record.value.rule);
      return [];
    }
    case 'TimeAdvanced':
      return advance(state, record.value.advanced_to, setup.options);
    default:
      return [];
  }
}

/** Tests and what costs nothing are not judged. */
function isJudged({ billing }: Pick<Beacon, 'billing'>): boolean {
  return !billing.test && billing.pricing_model !== 'NONE' && billing.price_micros > 0;
}

function fileOf(state: QualityState, { billing }: Pick<Beacon, 'billing'>): CaseFile {
  const known = state.files.get(billing.selection_id);
  if (known !== undefined) return known;
  const file: CaseFile = {
    selectionId: billing.selection_id,
    shard: state.shard,
    selectedAt: billing.selected_at,
    charge: null,
    sightings: [],
    farm: null,
    found: [],
  };
  state.files.set(billing.selection_id, file);
  return file;
}

function charge(state: QualityState, value: SpendIncurred, offset: number): void {
  if (!isJudged(value)) return;
  const file = fileOf(state, value);
  if (file.charge !== null) return; // among duplicates the first counts
  file.charge = { receiptId: value.receipt_id, offset };
  reviewAfter(state, value.incurred_at, file.selectionId);
}

/** A late impression is never billed, but it was seen; whatever else is late proves nothing and harms nobody. */
function sight(state: QualityState, { topic, offset }: SourceRecord, beacon: Beacon, setup: Setup): void {
  const isLate = beacon.judgement !== 'ACCEPTED';
  if (!isJudged(beacon) || (isLate && beacon.kind !== 'impression')) return;
  const file = fileOf(state, beacon);
  const network = nobodys.has(addressOf(beacon.network)) ? '' : beacon.network;
  const one: Sighting = {
    kind: beacon.kind,
    receiptId: beacon.receipt_id,
    topic,
    offset,
    at: beacon.received_at,
    occurredAt: beacon.occurred_at,
    boot: beacon.origin.boot,
    network,
    isSdk: beacon.transport === 'SDK',
    bot: isbot(beacon.user_agent),
    listed: setup.listed.has(addressOf(beacon.network)),
  };
  const ofKind = file.sightings.filter(({ kind }) => kind === one.kind).length;
  if (ofKind < sightingsKept) file.sightings.push(one);
  if (!isLate) countForFarm(state.farms, file.selectionId, one, setup.options);
  reviewAfter(state, one.at, file.selectionId);
  if (one.kind === 'click') reviewAfter(state, one.at + setup.options.clickWithoutImpressionMs, file.selectionId);
}

function addressOf(network: string): string {
  return network.split('/', 1)[0] ?? '';
}

/** The selection is looked at by the first tick after that second. */
function reviewAfter(state: QualityState, at: number, selectionId: string): void {
  const second = Math.floor(at / reviewMs);
  const reviews = state.reviews.get(second) ?? new Set<string>();
  reviews.add(selectionId);
  state.reviews.set(second, reviews);
}

function advance(state: QualityState, advancedTo: number, options: QualityOptions): readonly Outcome[] {
  if (advancedTo <= state.time) return [];
  state.time = advancedTo;
  markFarms(state, options);
  const due = [...state.reviews.keys()].filter((second) => (second + 1) * reviewMs <= advancedTo).sort((a, b) => a - b);
  const selections = new Set(due.flatMap((second) => [...(state.reviews.get(second) ?? [])]));
  for (const second of due) state.reviews.delete(second);
  const verdicts = [...selections].flatMap((selectionId) => judgeFile(state, selectionId, options));
  sweep(state, options);
  return verdicts.sort(byEvidence).map((value) => outcomeOf(state.shard, value));
}

function markFarms(state: QualityState, options: QualityOptions): void {
  for (const { clicked, at, reason } of closeFarmWindows(state.farms, state.time, options)) {
    for (const selectionId of clicked) {
      const file = state.files.get(selectionId);
      if (file === undefined) continue;
      file.farm ??= { at, reason };
      reviewAfter(state, at - 1, selectionId);
    }
  }
}

function judgeFile(state: QualityState, selectionId: string, options: QualityOptions): readonly TrafficInvalidated[] {
  const file = state.files.get(selectionId);
  const receiptId = file?.charge?.receiptId;
  const charged = file?.sightings.find((one) => one.receiptId === receiptId);
  if (file === undefined || charged === undefined) return []; // not charged, or its beacon is yet to come
  const verdicts: TrafficInvalidated[] = [];
  for (const rule of rules) {
    if (file.found.includes(rule.code)) continue;
    const finding = rule.judge(file, charged, state.time, options);
    if (finding === null) continue;
    file.found.push(rule.code);
    verdicts.push(verdictOf(file, rule, finding));
  }
  return verdicts;
}

function verdictOf(file: CaseFile, { code, category }: Rule, { reason, evidence, at }: Finding): TrafficInvalidated {
  return {
    event_id: eventId(file.selectionId, `invalidated:${code}`, 0),
    selection_id: file.selectionId,
    category,
    rule: code,
    rules_version: rulesVersion,
    reason,
    evidence,
    judged_by: judge,
    judged_at: at,
  };
}

function byEvidence(a: TrafficInvalidated, b: TrafficInvalidated): number {
  if (a.judged_at !== b.judged_at) return a.judged_at - b.judged_at;
  if (a.selection_id !== b.selection_id) return a.selection_id < b.selection_id ? -1 : 1;
  return a.rule < b.rule ? -1 : 1;
}

function outcomeOf(shard: number, value: TrafficInvalidated): Outcome {
  return { to: 'log', topic: 'spend', shard, key: value.selection_id, record: { name: 'TrafficInvalidated', value } };
}

/** Evidence is kept as long as something may still be charged for the selection, or held against it. */
function sweep(state: QualityState, { keepMs, farmWindowMs, clockSkewMs }: QualityOptions): void {
  if (state.time - state.sweptAt < sweepEveryMs) return;
  state.sweptAt = state.time;
  const before = state.time - keepMs - farmWindowMs - 2 * clockSkewMs;
  for (const selectionId of state.files.keys()) {
    if (timeOfUuidV7(selectionId) < before) state.files.delete(selectionId);
  }
}
