import { adFeatures, exampleFeatures, featuresVersion, requestFeatures } from '../../domain/click-features.ts';
import { encodeExamples, type Example } from '../../domain/click-examples.ts';
import { timeOfUuidV7 } from '../../domain/identity.ts';
import { adFactsOf, requestFactsOf } from '../../domain/prediction-facts.ts';
import type { AdSelected, Beacon, ExamplesJoined, Topic } from '../../domain/records.ts';
import type { Outcome, Processor, SourceRecord } from '../runtime/processor.ts';
import { decodeJoin, encodeJoin } from './click-model-join-state.ts';

/** What is known of a selection on its way to being an example. Times are those of beacons, ms; 0: none came. */
export interface Joining {
  /** Null until its `AdSelected` came. */
  features: Uint32Array | null;
  /** It can be seen to be viewed. */
  measurable: boolean;
  impressionAt: number;
  clickedAt: number;
  viewedAt: number;
  invalid: boolean;
  /** What was last said of it in an example; null: nothing. */
  said: { clicked: boolean; viewed: boolean } | null;
}

export interface JoinState {
  readonly shard: number;
  /** By selection. */
  readonly selections: Map<string, Joining>;
  readonly next: Partial<Record<Topic, number>>;
  /** Of the last `ExamplesJoined`. */
  number: number;
  time: number;
  /** When examples were last looked for. */
  lookedAt: number;
}

export interface JoinOptions {
  /** An impression without a click becomes an example after so long, ms. */
  readonly waitMs: number;
  /** Examples are looked for so often, ms of fold time. */
  readonly everyMs: number;
  /** A selection that was not seen is forgotten after so long, ms. */
  readonly impressionMs: number;
  /** What comes later than this behind a selection is not learned, ms. */
  readonly keepMs: number;
  /** Selections kept in a shard: beyond it the oldest are settled early and forgotten. */
  readonly most?: number;
}

const defaultMost = 50_000;
/** Examples in one record. */
const mostInRecord = 5_000;

/**
 * Joins selections with what became of them to examples for the model, in its shard. An impression is an example once it has waited for its click; a
 * click or a view that comes later corrects it, a verdict takes it back. It looks at ticks only, and there only at what happened before the tick: all of
 * that is known then (`timeTopic`), so examples are the same however the topics were read between each other.
 */
export function joinExamples(options: JoinOptions): Processor<JoinState> {
  return {
    name: 'click-model-join',
    topics: ['selected', 'impression', 'engagement', 'click', 'spend'],
    timeTopic: 'spend',
    initial: (shard) => ({ shard, selections: new Map(), next: {}, number: 0, time: 0, lookedAt: 0 }),
    process: (state, source) => {
      if (source.offset < (state.next[source.topic] ?? 0)) return [];
      state.next[source.topic] = source.offset + 1;
      const outcomes = take(state, source, options);
      boundSize(state, 2 * (options.most ?? defaultMost));
      return outcomes;
    },
    format: 1,
    encode: encodeJoin,
    decode: decodeJoin,
  };
}

function take(state: JoinState, { record }: SourceRecord, options: JoinOptions): readonly Outcome[] {
  switch (record.name) {
    case 'AdSelected':
      select(state, record.value);
      return [];
    case 'ImpressionRendered':
      note(state, record.value.beacon, 'impressionAt');
      return [];
    case 'AdClicked':
      note(state, record.value.beacon, 'clickedAt');
      return [];
    case 'AdViewable':
      note(state, record.value.beacon, 'viewedAt');
      return [];
    case 'TrafficInvalidated': {
      const joining = state.selections.get(record.value.selection_id);
      if (joining !== undefined) joining.invalid = true;
      return [];
    }
    case 'TimeAdvanced':
      state.time = Math.max(state.time, record.value.advanced_to);
      return Math.floor(state.time / options.everyMs) > Math.floor(state.lookedAt / options.everyMs)
        ? look(state, options)
        : [];
    default:
      return [];
  }
}

/** A long log is read to its end before its first tick (`timeTopic`): whatever would be too much then is forgotten unlearned. */
function boundSize({ selections }: JoinState, most: number): void {
  for (const id of selections.keys()) {
    if (selections.size <= most) return;
    selections.delete(id);
  }
}

function joiningOf(state: JoinState, selectionId: string): Joining {
  const known = state.selections.get(selectionId);
  if (known !== undefined) return known;
  const joining: Joining = {
    features: null,
    measurable: true,
    impressionAt: 0,
    clickedAt: 0,
    viewedAt: 0,
    invalid: false,
    said: null,
  };
  state.selections.set(selectionId, joining);
  return joining;
}

function select(state: JoinState, selected: AdSelected): void {
  const { billing, context } = selected;
  if (billing.test) return;
  const joining = joiningOf(state, billing.selection_id);
  joining.features = exampleFeatures(requestFeatures(requestFactsOf(context, billing)), adFeatures(adFactsOf(billing)));
  joining.measurable = context.format !== 'audio';
}

/** The first of a kind counts. */
function note(state: JoinState, beacon: Beacon, kind: 'impressionAt' | 'clickedAt' | 'viewedAt'): void {
  if (beacon.judgement !== 'ACCEPTED' || beacon.billing.test) return;
  const joining = joiningOf(state, beacon.billing.selection_id);
  if (joining[kind] === 0 || beacon.received_at < joining[kind]) joining[kind] = beacon.received_at;
}

function look(state: JoinState, options: JoinOptions): readonly Outcome[] {
  state.lookedAt = state.time;
  const examples: Example[] = [];
  const isFull = state.selections.size - (options.most ?? defaultMost);
  // Selections are looked at in the order of their ids, which is that of their times: it decides in what order the model learns.
  const ids = [...state.selections.keys()].toSorted();
  for (const [place, id] of ids.entries()) {
    const joining = state.selections.get(id) as Joining;
    const isLast = place < isFull || isOver(id, joining, state.time, options);
    const example = settle(joining, { time: state.time, waitMs: isLast ? 0 : options.waitMs });
    if (example !== null) examples.push(example);
    if (isLast) state.selections.delete(id);
  }
  return recordsOf(state, examples);
}

function isOver(selectionId: string, { impressionAt }: Joining, time: number, options: JoinOptions): boolean {
  const age = time - timeOfUuidV7(selectionId);
  // An impression after this tick may have been read or not: it does not count yet.
  return age > options.keepMs || (!happened(impressionAt, time) && age > options.impressionMs);
}

/** What there is to say of a selection now, if anything. */
function settle(
  joining: Joining,
  { time, waitMs }: { readonly time: number; readonly waitMs: number },
): Example | null {
  const { features, measurable, impressionAt, invalid, said } = joining;
  if (features === null || impressionAt === 0) return null;
  if (said === null) {
    if (invalid || impressionAt + waitMs > time) return null;
    const until = waitMs === 0 ? time : impressionAt + waitMs;
    const [clicked, viewed] = [happened(joining.clickedAt, until), happened(joining.viewedAt, until)];
    joining.said = { clicked, viewed };
    return { kind: 'learn', clicked, viewed: measurable ? viewed : null, features };
  }
  if (invalid) {
    joining.features = null; // nothing more is said of it
    return { kind: 'withdraw', clicked: said.clicked, viewed: measurable ? said.viewed : null, features };
  }
  const clicked = !said.clicked && happened(joining.clickedAt, time);
  const viewed = !said.viewed && happened(joining.viewedAt, time);
  if (!clicked && !viewed) return null;
  joining.said = { clicked: said.clicked || clicked, viewed: said.viewed || viewed };
  return { kind: 'correct', clicked, viewed: measurable && viewed, features };
}

function happened(at: number, until: number): boolean {
  return at !== 0 && at <= until;
}

function recordsOf(state: JoinState, examples: readonly Example[]): readonly Outcome[] {
  const outcomes: Outcome[] = [];
  for (let from = 0; from < examples.length; from += mostInRecord) {
    const some = examples.slice(from, from + mostInRecord);
    state.number += 1;
    const value: ExamplesJoined = {
      shard: state.shard,
      number: state.number,
      features: featuresVersion,
      count: some.length,
      examples: encodeExamples(some),
      joined_at: state.time,
    };
    const key = `shard-${state.shard}`;
    outcomes.push({ to: 'log', topic: 'models', shard: 0, key, record: { name: 'ExamplesJoined', value } });
  }
  return outcomes;
}
