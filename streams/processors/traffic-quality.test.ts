import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSystemClock } from '../../adapters/system/clock.ts';
import { createSystemRandom } from '../../adapters/system/random.ts';
import { eventId, uuidV7 } from '../../domain/identity.ts';
import type { Beacon, Billing, TrafficInvalidated } from '../../domain/records.ts';
import { beacon, charged, content, noon, seen, ShardStory, ticked } from '../../test/beacon-story.ts';
import { memoryEventLog } from '../../test/memory/event-log.ts';
import { jsonRegistry } from '../../test/memory/json-registry.ts';
import { memoryKeyStore, memoryStateStore, memoryViewStore } from '../../test/memory/stores.ts';
import type { Outcome, SourceRecord } from '../runtime/processor.ts';
import { runProcessor } from '../runtime/run-processor.ts';
import { defaultQuality, type QualityOptions } from './quality/rule.ts';
import { createTrafficQuality } from './traffic-quality.ts';

const googlebot = 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)';
const options: QualityOptions = { ...defaultQuality, farmWindowMs: 60_000, farmClicks: 5 };
const hour = 3_600_000;

function cpc(index: number, change: Partial<Billing> = {}): Billing {
  return content(index, { pricing_model: 'CPC', draw_lease: null, ...change });
}

function verdictOf(outcome: Outcome): TrafficInvalidated {
  if (outcome.to !== 'log' || outcome.record.name !== 'TrafficInvalidated') throw new Error('a verdict was expected');
  expect(outcome).toMatchObject({ topic: 'spend', shard: 0, key: outcome.record.value.selection_id });
  return outcome.record.value;
}

/** Reads as the runtime does: before a tick, at least everything that was written before it. `ahead` says how much more. */
function judge(
  story: ShardStory,
  ahead: (topic: number) => number = () => 0,
  checkpoints = false,
): TrafficInvalidated[] {
  const processor = createTrafficQuality(options);
  let state = processor.initial(0);
  const queues = (['impression', 'engagement', 'click'] as const).map((topic) => [...story.list(topic)]);
  const verdicts: TrafficInvalidated[] = [];
  const read = (source: SourceRecord): void => {
    verdicts.push(...processor.process(state, source).map(verdictOf));
    if (checkpoints && source.offset % 9 === 0) state = processor.decode(processor.encode(state), 0);
  };
  for (const source of story.list('spend')) {
    const { record } = source;
    if (record.name === 'TimeAdvanced') {
      const before = record.value.advanced_to;
      for (const [index, queue] of queues.entries()) {
        const must = queue.findLastIndex((one) => timeOf(one) < before) + 1;
        for (const one of queue.splice(0, Math.max(must, ahead(index)))) read(one);
      }
    }
    read(source);
  }
  return verdicts;
}

function timeOf({ record }: SourceRecord): number {
  return 'value' in record && 'beacon' in record.value ? (record.value.beacon as Beacon).received_at : 0;
}

function rulesOf(verdicts: readonly TrafficInvalidated[]): readonly string[] {
  return verdicts.map(({ selection_id, category, rule }) => `${selection_id} ${category} ${rule}`);
}

function found(story: ShardStory): readonly string[] {
  return rulesOf(judge(story.add(ticked(hour))));
}

const ids = (index: number): string => content(index).selection_id;

describe('rules of traffic quality', () => {
  it('declared_bot: voids what a robot was charged for, with the charged beacon as evidence', () => {
    const story = new ShardStory().see(
      beacon(content(1), 'impression', { user_agent: googlebot }),
      beacon(content(2), 'impression'),
      beacon(content(2), 'impression', { user_agent: googlebot }),
    );
    story.add(ticked(hour));
    expect(judge(story)).toEqual([
      {
        event_id: eventId(ids(1), 'invalidated:declared_bot', 0),
        selection_id: ids(1),
        category: 'GIVT',
        rule: 'declared_bot',
        rules_version: 2,
        reason: 'the user agent of the charged impression declares a robot',
        evidence: [{ topic: 'impression', shard: 0, offset: 0 }],
        judged_by: 'traffic-quality',
        judged_at: content(1).selected_at + 1_000,
      },
    ]);
  });

  it('listed_network: voids what came from a data centre', () => {
    const story = new ShardStory().see(
      beacon(content(1), 'impression', { network: '88.198.7.0/24' }),
      beacon(content(2, { pricing_model: 'VCPM' }), 'viewable', { network: '159.65.1.0/24' }),
    );
    expect(found(story)).toEqual([`${ids(1)} GIVT listed_network`, `${ids(2)} GIVT listed_network`]);
  });

  it('token_replay: voids a token that comes from many networks within a while, not one that moves with its person', () => {
    const from = (index: number, networks: number, everyMs: number): Beacon[] =>
      Array.from({ length: networks }, (_, one) =>
        beacon(content(index), 'impression', {
          network: `81.2.${one}.0/24`,
          received_at: content(index).selected_at + 1_000 + one * everyMs,
        }),
      );
    const story = new ShardStory().see(...from(1, 4, 1_000), ...from(2, 3, 1_000), ...from(3, 4, 250_000));
    story.add(ticked(hour));
    const verdicts = judge(story);
    expect(rulesOf(verdicts)).toEqual([`${ids(1)} SIVT token_replay`]);
    expect(verdicts[0]?.evidence).toHaveLength(4);
  });

  it('click_without_impression: waits for the impression, then voids the click', () => {
    const late = cpc(2);
    const story = new ShardStory().see(beacon(cpc(1), 'click'), beacon(late, 'click'), beacon(cpc(3), 'click'));
    story.see(beacon(late, 'impression', { received_at: late.selected_at + 61_000, judgement: 'LATE' }));
    story.see(beacon(cpc(3), 'impression', { received_at: cpc(3).selected_at + 61_001 }));
    story.add(ticked(61_000));
    expect(judge(story)).toEqual([]);
    expect(found(story)).toEqual([
      `${ids(1)} SIVT click_without_impression`,
      `${ids(3)} SIVT click_without_impression`,
    ]);
  });

  it('impossible_timing: voids clicks faster than a hand and beacons from before their selection', () => {
    const shown = (index: number, clickAfterMs: number, change: Partial<Beacon> = {}): Beacon[] => {
      const at = cpc(index).selected_at + 500;
      return [
        beacon(cpc(index), 'impression', {
          received_at: at,
          occurred_at: at,
          network: `81.2.${index}.0/24`,
          ...change,
        }),
        beacon(cpc(index), 'click', { received_at: at + clickAfterMs, occurred_at: at + 900, network: '', ...change }),
      ];
    };
    const early = content(6, { selected_at: content(6).selected_at + 5_000 });
    const fresh = uuidV7(cpc(8).selected_at - 2_000, new Uint8Array(10));
    const story = new ShardStory().see(
      ...shown(1, 199),
      ...shown(2, 200),
      ...shown(3, 0, { transport: 'SDK' }), // a batch: what the SDK says of the times counts
      ...shown(4, -100), // its impression was overtaken
      ...shown(9, -100, { transport: 'SDK', occurred_at: noon }), // the same of an SDK, both at one moment by its clock
      ...shown(11, 50, { transport: 'SDK', occurred_at: noon }), // none after the other: that is too soon
      beacon(cpc(12), 'impression', { transport: 'SDK', network: '', occurred_at: noon + 700 }),
      beacon(cpc(12), 'click', { transport: 'SDK', network: '', occurred_at: noon }), // by a clock that is wrong
      beacon(early, 'impression', { received_at: early.selected_at - 4_000 }),
      ...shown(8, 5, { origin: { node: 'n0', boot: fresh, sequence: 1 } }), // both waited for the node to come up
    );
    expect(found(story)).toEqual([1, 6, 11].map((index) => `${ids(index)} SIVT impossible_timing`));
  });

  it('click_farm: voids what one network clicked on far too often, once the window is over, and spares a big network with few clicks', () => {
    const story = new ShardStory();
    for (let index = 0; index < 40; index += 1) {
      const network = index < 8 ? '81.2.69.0/24' : '81.2.70.0/24';
      const billing = content(index);
      story.see(beacon(billing, 'impression', { network }));
      if (index >= 6 && index % 8 !== 0) continue;
      story.see(beacon(billing, 'click', { network, received_at: billing.selected_at + 3_000 }));
    }
    story.add(ticked(32_000));
    expect(judge(story)).toEqual([]);
    expect(found(story)).toEqual([0, 1, 2, 3, 4, 5].map((index) => `${ids(index)} SIVT click_farm`));
  });

  it('impossible_timing: an ad clicked on faster than a hand was seen by nobody, so its impression or view falls too', () => {
    const shown = (index: number, clickAfterMs: number, change: Partial<Billing> = {}): Beacon[] => {
      const billing = content(index, change);
      const at = billing.selected_at + 500;
      const network = `81.2.${index}.0/24`;
      return [
        beacon(billing, 'impression', { network, received_at: at }),
        beacon(billing, 'viewable', { network, received_at: at + 1_000 }),
        beacon(billing, 'click', { network, received_at: at + clickAfterMs }),
        beacon(billing, 'click', { network, received_at: at + 30_000 }),
      ];
    };
    const story = new ShardStory().see(
      ...shown(1, 199),
      ...shown(2, 200),
      ...shown(3, 20, { pricing_model: 'VCPM' }),
      ...shown(4, 900, { pricing_model: 'VCPM' }),
      ...shown(5, -50), // its impression was overtaken
    );
    story.add(ticked(hour));
    const verdicts = judge(story);
    expect(rulesOf(verdicts)).toEqual([1, 3].map((index) => `${ids(index)} SIVT impossible_timing`));
    expect(verdicts.map(({ evidence }) => evidence.map(({ topic }) => topic))).toEqual([
      ['impression', 'click'],
      ['impression', 'click', 'engagement'],
    ]);
  });

  it('click_farm: finds a farm that works across the edge of two windows, and names the end of the first window that shows it', () => {
    const story = new ShardStory();
    for (let index = 0; index < 6; index += 1) {
      // windows of a minute begin at noon and half a minute later: three clicks on each side of the first edge
      const at = noon + 45_000 + index * 5_000;
      const billing = cpc(index, { selected_at: at - 2_000 });
      story.see(
        beacon(billing, 'impression', { received_at: at - 1_000 }),
        beacon(billing, 'click', { received_at: at }),
      );
    }
    story.add(ticked(89_000), ticked(92_001), ticked(hour));
    const verdicts = judge(story);
    expect(rulesOf(verdicts)).toEqual([0, 1, 2, 3, 4, 5].map((index) => `${ids(index)} SIVT click_farm`));
    expect(new Set(verdicts.map(({ judged_at }) => judged_at))).toEqual(new Set([noon + 90_000]));
  });

  it('click_farm: a network that fell silent is judged by its last clicks, and one that clicks a little all the time is none', () => {
    const story = new ShardStory();
    const click = (index: number, at: number, network: string): void => {
      const billing = cpc(index, { selected_at: at - 2_000 });
      story.see(
        beacon(billing, 'impression', { network, received_at: at - 1_000 }),
        beacon(billing, 'click', { network, received_at: at }),
      );
    };
    // thirty impressions without a click spare the first minute; the half after it has clicks alone
    for (let index = 0; index < 30; index += 1)
      story.see(
        beacon(content(index, { selected_at: noon }), 'impression', {
          network: '81.2.71.0/24',
          received_at: noon + 1_000,
        }),
      );
    for (let index = 30; index < 35; index += 1) click(index, noon + 40_000 + index * 100, '81.2.71.0/24');
    for (let index = 40; index < 60; index += 1) click(index, noon + (index - 40) * 16_000 + 5_000, '81.2.72.0/24');
    story.add(ticked(hour));
    expect(rulesOf(judge(story))).toEqual([30, 31, 32, 33, 34].map((index) => `${ids(index)} SIVT click_farm`));
  });

  it('judges neither tests, house ads and what costs nothing, nor what was not charged, nor a network that is nobody’s', () => {
    const robot = { user_agent: googlebot };
    const story = new ShardStory().see(
      beacon(content(1, { test: true }), 'impression', robot),
      beacon(content(2, { pricing_model: 'NONE' }), 'impression', robot),
      beacon(content(3, { price_micros: 0 }), 'impression', robot),
      beacon(content(4), 'impression', { ...robot, judgement: 'LATE' }),
      beacon(content(5), 'click', robot),
    );
    for (let index = 10; index < 30; index += 1) {
      const at = content(index).selected_at + 1_000;
      story.see(beacon(content(index), 'impression', { network: '127.0.0.0/24', received_at: at }));
      story.see(beacon(content(index), 'click', { network: '127.0.0.0/24', received_at: at + 900 }));
    }
    expect(found(story)).toEqual([]);
  });

  it('finds once for each selection and rule, also when the verdict is read back or beacons come again', () => {
    const bot = beacon(content(1), 'impression', { user_agent: googlebot });
    const story = new ShardStory().see(bot, bot).add(ticked(10_000));
    const [verdict] = judge(story);
    if (verdict === undefined) throw new Error('a verdict was expected');
    story.add({ name: 'TrafficInvalidated', value: verdict }, ticked(12_000));
    story.see({ ...bot, receipt_id: 'again', received_at: noon + 15_000 }).add(ticked(20_000), ticked(hour));
    expect(judge(story)).toHaveLength(1);
  });

  it('judges a charge whose beacon is read later, as soon as it is', () => {
    const bot = beacon(content(1), 'impression', { user_agent: googlebot, received_at: noon + 30_000 });
    const story = new ShardStory().add(charged(bot), ticked(20_000), seen(bot), ticked(hour));
    expect(rulesOf(judge(story))).toEqual([`${ids(1)} GIVT declared_bot`]);
  });

  it('forgets what can no longer be judged', () => {
    const processor = createTrafficQuality(options);
    const state = processor.initial(0);
    const story = new ShardStory().see(beacon(content(1), 'impression')).add(ticked(hour), ticked(30 * hour));
    for (const topic of ['impression', 'spend'] as const)
      for (const one of story.list(topic)) processor.process(state, one);
    expect([state.files.size, state.reviews.size, state.farms.halves.size]).toEqual([0, 0, 0]);
  });
});

/** People: they see, some click after a while, some beacons come twice, late, overtaken or from a second network. */
function clean(numbers: readonly number[], story = new ShardStory()): ShardStory {
  const beacons: Beacon[] = [];
  for (const [index, number] of numbers.entries()) {
    const billing = number % 3 === 0 ? cpc(index) : content(index);
    const network = `81.2.${index % 40}.0/24`;
    const shownAt = billing.selected_at + 100 + (number % 900);
    const impression = { network, received_at: shownAt, occurred_at: shownAt };
    beacons.push(beacon(billing, 'impression', impression));
    if (number % 5 === 0)
      beacons.push(
        beacon(billing, 'impression', { ...impression, network: '81.3.0.0/24', received_at: shownAt + 3_000 }),
      );
    if (number % 4 !== 0) continue;
    const at = number % 7 === 0 ? shownAt - 50 : shownAt + 250 + (number % 20_000);
    beacons.push(
      beacon(billing, 'click', {
        network,
        received_at: at,
        transport: number % 2 === 0 ? 'SDK' : 'REDIRECT',
        occurred_at: shownAt + 700,
      }),
    );
  }
  for (const one of beacons.sort((a, b) => a.received_at - b.received_at)) {
    story.add(ticked(one.received_at - noon));
    story.see(one);
  }
  return story.add(ticked(hour));
}

describe('verdicts', () => {
  const people = fc.array(fc.nat(1_000_000), { minLength: 20, maxLength: 80, size: 'max' });

  it('fall on no person', () => {
    fc.assert(
      fc.property(people, (numbers) => {
        expect(rulesOf(judge(clean(numbers)))).toEqual([]);
      }),
    );
  });

  it('are the same however far the topics are read ahead of each other, and through checkpoints', () => {
    const robotOf = (index: number): Partial<Beacon> =>
      index % 2 === 0 ? { user_agent: googlebot } : { network: '88.198.7.0/24' };
    let total = 0;
    fc.assert(
      fc.property(people, fc.infiniteStream(fc.nat(30)), fc.boolean(), (numbers, stream, checkpoints) => {
        const story = new ShardStory();
        const beacons = numbers.flatMap((number, index) => {
          const billing = number % 2 === 0 ? cpc(index) : content(index);
          const at = billing.selected_at + (number % 3_000);
          const of = (kind: 'impression' | 'click', afterMs: number, change: Partial<Beacon> = {}): Beacon =>
            beacon(billing, kind, { received_at: at + afterMs, network: `81.2.${number % 3}.0/24`, ...change });
          const replays = Array.from({ length: number % 6 }, (_, one) =>
            of('impression', 500 * one, { network: `81.${one}.0.0/24` }),
          );
          const click = number % 5 === 0 ? [of('click', number % 400)] : [];
          return [
            ...(number % 3 === 0 ? [] : [of('impression', 0, number % 11 === 0 ? robotOf(index) : {})]),
            ...replays,
            ...click,
          ];
        });
        const sorted = beacons.sort((a, b) => a.received_at - b.received_at);
        for (const [index, one] of sorted.entries()) {
          story.see(one);
          if (index % 3 === 0) story.add(ticked(one.received_at - noon));
        }
        story.add(ticked(90_000), ticked(hour));
        const plain = judge(story);
        total += plain.length;
        const values = stream[Symbol.iterator]();
        expect(judge(story, () => values.next().value as number, checkpoints)).toEqual(plain);
      }),
      { numRuns: 25 },
    );
    expect(total).toBeGreaterThan(200);
  });
});

describe('traffic quality at work', () => {
  it('judges a backlog as it would have judged it live: no person is hit because clicks were read before impressions', async () => {
    const clock = createSystemClock();
    const log = memoryEventLog({ shards: 1, clock });
    const registry = jsonRegistry();
    const story = new ShardStory();
    const rehearsal = seen(beacon(content(0, { test: true }), 'impression'));
    for (let times = 0; times < 3_000; times += 1) story.add(rehearsal); // impressions take longer to read than the rest
    clean(
      Array.from({ length: 200 }, (_, index) => 4 * 3 * index),
      story,
    );
    story.see(beacon(content(500), 'impression', { user_agent: googlebot }));
    story.add(ticked(2 * hour));
    for (const topic of ['spend', 'click', 'impression'] as const) {
      const records = story.list(topic).map(({ record }) => registry.encode(record.name, record.value));
      await log.append(
        topic,
        records.map((value) => ({ shard: 0, key: 'k', value })),
      );
    }
    const { next: end } = await log.bounds('spend', 0);
    const handle = await runProcessor({
      processor: createTrafficQuality(options),
      log,
      registry,
      views: memoryViewStore(),
      keys: memoryKeyStore(),
      states: memoryStateStore(),
      clock,
      random: createSystemRandom(),
      group: 'traffic-quality',
      member: 'test',
      batchRecords: 37,
    });
    await expect.poll(async () => (await log.bounds('spend', 0)).next).toBeGreaterThan(end);
    await expect.poll(() => handle.lag()[0]?.offsets, { timeout: 60_000 }).toBe(0);
    await handle.stop();
    const verdicts = (await log.read('spend', 0, end, 1_000)).map(({ value }) => registry.decode(value).value);
    expect(verdicts).toMatchObject([{ rule: 'declared_bot', selection_id: ids(500) }]);
  });
});
