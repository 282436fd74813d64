import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeExamples } from '../../domain/click-examples.ts';
import { adFeatures, exampleFeatures, requestFeatures } from '../../domain/click-features.ts';
import { adFactsOf, requestFactsOf } from '../../domain/prediction-facts.ts';
import type { AdSelected, AnyRecord, Billing, RequestContext } from '../../domain/records.ts';
import { beacon, content, noon, processAll, seen, ShardStory, ticked } from '../../test/beacon-story.ts';
import { verdict } from '../../test/spend-story.ts';
import type { Outcome, SourceRecord } from '../runtime/processor.ts';
import { joinExamples, type JoinOptions } from './click-model-join.ts';

const minute = 60_000;
const options: JoinOptions = { waitMs: 10 * minute, everyMs: minute, impressionMs: 30 * minute, keepMs: 120 * minute };
const context = {
  site_domain: 'news.example',
  app_bundle: null,
  device_type: 'phone',
  os: 'android',
  country: 'DE',
  format: 'banner',
  sizes: ['300x250'],
} as unknown as RequestContext;

function selected(billing: Billing, changes: Partial<RequestContext> = {}): AnyRecord {
  const value = { billing, context: { ...context, ...changes } };
  return { name: 'AdSelected', value: value as AdSelected }; // the join reads no more of it
}

function at(billing: Billing, kind: 'impression' | 'viewable' | 'click', afterMs: number): AnyRecord {
  return seen(beacon(billing, kind, { received_at: billing.selected_at + afterMs }));
}

/** Everything but ticks first, or as told; each example with its kind, what came of it, and the tick that brought it out, minutes after noon. */
function joined(records: readonly SourceRecord[], changed: Partial<JoinOptions> = {}) {
  return examplesOf(processAll(joinExamples({ ...options, ...changed }), records));
}

function examplesOf(outcomes: readonly Outcome[]) {
  return outcomes.flatMap((outcome) => {
    if (outcome.to !== 'log' || outcome.record.name !== 'ExamplesJoined') throw new Error('examples were expected');
    const { examples, joined_at } = outcome.record.value;
    const minutes = (joined_at - noon) / minute;
    return decodeExamples(examples).map(({ kind, clicked, viewed }) => ({ kind, clicked, viewed, minutes }));
  });
}

function recordsOf(story: ShardStory): SourceRecord[] {
  const topics = ['selected', 'impression', 'engagement', 'click', 'spend'] as const;
  return topics.flatMap((topic) => story.list(topic));
}

function ticks(...minutes: number[]): AnyRecord[] {
  return minutes.map((after) => ticked(after * minute));
}

describe('joining examples', () => {
  const billing = content(0);

  it('learns an impression once it has waited for its click, with what came of it', () => {
    const story = new ShardStory().add(selected(billing), at(billing, 'impression', 0), at(billing, 'viewable', 1_000));
    story.add(...ticks(9, 10, 11, 20));
    expect(joined(recordsOf(story))).toEqual([{ kind: 'learn', clicked: false, viewed: true, minutes: 10 }]);
  });

  it('corrects it by a click that comes later, once', () => {
    const story = new ShardStory().add(selected(billing), at(billing, 'impression', 0));
    story.add(at(billing, 'click', 15 * minute), at(billing, 'click', 16 * minute), ...ticks(10, 15, 16, 30));
    expect(joined(recordsOf(story))).toEqual([
      { kind: 'learn', clicked: false, viewed: false, minutes: 10 },
      { kind: 'correct', clicked: true, viewed: false, minutes: 15 },
    ]);
  });

  it('learns nothing of invalid traffic, and takes back what it learned of it', () => {
    const [early, late] = [content(1), content(2)];
    const story = new ShardStory();
    for (const one of [early, late]) {
      story.add(selected(one), at(one, 'impression', 0), at(one, 'click', 500));
    }
    story.add(verdict(early), ...ticks(11), verdict(late), ...ticks(12, 13));
    expect(joined(recordsOf(story))).toEqual([
      { kind: 'learn', clicked: true, viewed: false, minutes: 11 },
      { kind: 'withdraw', clicked: true, viewed: false, minutes: 12 },
    ]);
  });

  it('leaves out test ads, late beacons, what was never seen, and impressions whose selection was lost', () => {
    const [test, late, unseen, lost] = [content(1, { test: true }), content(2), content(3), content(4)];
    const story = new ShardStory().add(selected(test), selected(late), selected(unseen));
    story.add(at(test, 'impression', 0), at(lost, 'impression', 0), at(unseen, 'click', 0));
    story.add(seen(beacon(late, 'impression', { judgement: 'LATE' })), ...ticks(20, 40, 200));
    expect(joined(recordsOf(story))).toEqual([]);
  });

  it('says of audio that nobody could have seen it', () => {
    const story = new ShardStory().add(
      selected(billing, { format: 'audio' }),
      at(billing, 'impression', 0),
      ...ticks(10),
    );
    expect(joined(recordsOf(story))).toEqual([{ kind: 'learn', clicked: false, viewed: null, minutes: 10 }]);
  });

  it('settles the oldest early where there are too many, so that it holds no more than it may', () => {
    const story = new ShardStory();
    for (let index = 0; index < 15; index += 1) {
      story.add(selected(content(index)), at(content(index), 'impression', 0));
    }
    const processor = joinExamples({ ...options, most: 10 });
    const state = processor.initial(0);
    const outcomes = [...recordsOf(story.add(...ticks(1, 2)))].flatMap((source) => processor.process(state, source));
    expect(examplesOf(outcomes)).toHaveLength(5);
    expect(state.selections.size).toBe(10);
  });

  it('forgets the oldest unlearned where a long log is read before its first tick', () => {
    const processor = joinExamples({ ...options, most: 10 });
    const state = processor.initial(0);
    const story = new ShardStory();
    for (let index = 0; index < 50; index += 1) story.add(selected(content(index)));
    for (const source of recordsOf(story)) processor.process(state, source);
    expect([...state.selections.keys()][0]).toBe(content(30).selection_id);
    expect(state.selections.size).toBe(20);
  });

  it('forgets what can change no more', () => {
    const processor = joinExamples(options);
    const state = processor.initial(0);
    const story = new ShardStory().add(selected(content(1)), selected(billing), at(billing, 'impression', 0));
    for (const source of recordsOf(story.add(...ticks(31)))) processor.process(state, source);
    expect([...state.selections.keys()]).toEqual([billing.selection_id]);
    for (const source of recordsOf(new ShardStory().add(...ticks(31, 121))).slice(1)) processor.process(state, source);
    expect(state.selections.size).toBe(0);
  });

  it('has the features that serving predicts with', () => {
    const story = new ShardStory().add(selected(billing), at(billing, 'impression', 0), ...ticks(10));
    const [outcome] = processAll(joinExamples(options), recordsOf(story));
    if (outcome?.to !== 'log' || outcome.record.name !== 'ExamplesJoined') throw new Error('examples were expected');
    const [example] = decodeExamples(outcome.record.value.examples);
    const request = requestFeatures(requestFactsOf(context, billing));
    expect(example?.features).toEqual(exampleFeatures(request, adFeatures(adFactsOf(billing))));
  });

  it('gives the same examples to the byte, however far the other topics were read ahead of a tick', () => {
    const events = fc.array(
      fc.record({
        after: fc.nat(40 * minute),
        viewed: fc.constantFrom(-1, 500, 12 * minute),
        clicked: fc.constantFrom(-1, -1, 700, 11 * minute, 25 * minute),
        invalid: fc.constantFrom(0, 0, 5, 15),
      }),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(events, fc.array(fc.nat(3), { minLength: 60, maxLength: 60 }), (all, ahead) => {
        const dated: { at: number; record: AnyRecord }[] = [];
        const spend: { at: number; record: AnyRecord }[] = [];
        all.forEach(({ after, viewed, clicked, invalid }, index) => {
          const one = content(index, { selected_at: noon + index * 1_000 });
          const put = (kind: 'impression' | 'viewable' | 'click', ms: number) =>
            ms >= 0 && dated.push({ at: one.selected_at + ms, record: at(one, kind, ms) });
          dated.push({ at: one.selected_at, record: selected(one) });
          put('impression', after);
          put('viewable', viewed < 0 ? -1 : after + viewed);
          put('click', clicked < 0 ? -1 : after + clicked);
          if (invalid > 0) spend.push({ at: one.selected_at + after + invalid * minute, record: verdict(one) });
        });
        for (let tick = 1; tick < 60; tick += 1)
          spend.push({ at: noon + tick * minute, record: ticked(tick * minute) });
        const ordered = spend.toSorted((a, b) => a.at - b.at);
        const story = new ShardStory().add(
          ...dated.map(({ record }) => record),
          ...ordered.map(({ record }) => record),
        );
        const others = recordsOf(story).filter(({ topic }) => topic !== 'spend');
        const timeOf = new Map(dated.map(({ at: time, record }) => [record, time]));
        const run = (aheadMs: (tick: number) => number) => {
          const left = others.toSorted((a, b) => (timeOf.get(a.record) ?? 0) - (timeOf.get(b.record) ?? 0));
          const order = story.list('spend').flatMap((source, place) => {
            const until = (ordered[place]?.at ?? 0) + aheadMs(place);
            const count = left.findIndex(({ record }) => (timeOf.get(record) ?? 0) > until);
            return [...left.splice(0, count < 0 ? left.length : count), source];
          });
          const next = new Map<string, number>();
          const renumbered = order.map((source) => {
            const offset = next.get(source.topic) ?? 0;
            next.set(source.topic, offset + 1);
            return { ...source, offset };
          });
          return processAll(joinExamples(options), renumbered);
        };
        expect(run((place) => (ahead[place % 60] ?? 0) * 7 * minute)).toEqual(run(() => 0));
      }),
      { numRuns: 60 },
    );
  });
});
