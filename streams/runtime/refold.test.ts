import { describe, expect, it } from 'vitest';
import { createSystemClock } from '../../adapters/system/clock.ts';
import { createSystemRandom } from '../../adapters/system/random.ts';
import { frequencyViewKey } from '../../domain/frequency-view.ts';
import type { AnyRecord, Beacon, Topic } from '../../domain/records.ts';
import { beacon, content, noon, selectedFor, ShardStory, ticked } from '../../test/beacon-story.ts';
import { memoryEventLog } from '../../test/memory/event-log.ts';
import { jsonRegistry } from '../../test/memory/json-registry.ts';
import { memoryKeyStore, memoryStateStore, memoryViewStore } from '../../test/memory/stores.ts';
import { exposure } from '../processors/exposure.ts';
import { frequency } from '../processors/frequency.ts';
import { persons } from '../processors/persons.ts';
import { defaultQuality } from '../processors/quality/rule.ts';
import { createTrafficQuality } from '../processors/traffic-quality.ts';
import type { Processor } from './processor.ts';
import { runProcessor } from './run-processor.ts';

const clock = createSystemClock();
const registry = jsonRegistry();
const googlebot = 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)';

function engines() {
  return {
    log: memoryEventLog({ shards: 1, clock }),
    registry,
    views: memoryViewStore(),
    keys: memoryKeyStore(),
    states: memoryStateStore(),
    clock,
    random: createSystemRandom(),
    member: 'test',
  };
}

type Engines = ReturnType<typeof engines>;

async function write(on: Engines, topic: Topic, ...records: readonly AnyRecord[]): Promise<void> {
  const values = records.map(({ name, value }) => registry.encode(name, value));
  await on.log.append(
    topic,
    values.map((value) => ({ shard: 0, key: 'k', value })),
  );
}

/** Runs a processor until it has read everything and what follows from it, and stops it after its last checkpoint. */
async function runToTheEnd<State>(on: Engines, processor: Processor<State>): Promise<void> {
  const handle = await runProcessor({ ...on, processor, group: processor.name, checkpointEveryMs: 0, batchRecords: 3 });
  await expect
    .poll(async () => {
      const [health] = handle.health();
      if (health?.status === 'failed') throw new Error(`${health.code}: ${health.reason}`);
      const text = (await on.states.position(`${processor.name}/0`)) ?? '{}';
      const read = JSON.parse(text) as Partial<Record<Topic, number>>;
      const ends = await Promise.all(processor.topics.map(async (topic) => (await on.log.bounds(topic, 0)).next));
      const isKept = on.states.get(`${processor.name}/0`, 'format') !== null;
      return isKept && processor.topics.every((topic, index) => (read[topic] ?? 0) === ends[index]);
    })
    .toBe(true);
  await handle.stop();
}

/** As an older data directory has it: bytes that this code can't make sense of, and no word of a format. */
async function spoil(on: Engines, processor: Processor<unknown>, upTo?: Partial<Record<Topic, number>>): Promise<void> {
  const fold = `${processor.name}/0`;
  const position = upTo === undefined ? ((await on.states.position(fold)) ?? '{}') : JSON.stringify(upTo);
  await on.states.commit(fold, { position, puts: [['state', Buffer.from('{"form":"of old"}')]], deletes: ['format'] });
}

async function namesIn(on: Engines, topic: Topic): Promise<readonly string[]> {
  return (await on.log.read(topic, 0, 0, 1_000)).map(({ value }) => registry.decode(value).name);
}

function personSeen(hash: string, at: number): AnyRecord {
  return { name: 'PersonSeen', value: { person_hash: hash, segments: [], seen_at: at } };
}

function personForgotten(hash: string, at: number): AnyRecord {
  return { name: 'PersonForgotten', value: { person_hash: hash, requested_by: 'x', forgotten_at: at } };
}

describe('a state of another format', () => {
  it('is folded again from the log, and then knows what the lost one knew', async () => {
    const on = engines();
    await write(on, 'persons', personForgotten('a', 5), personSeen('b', 6));
    await runToTheEnd(on, persons());
    await spoil(on, persons() as Processor<unknown>);
    await write(on, 'persons', personSeen('a', 4)); // from before the request, which only the state remembers
    await runToTheEnd(on, persons());
    expect((await on.keys.getMany(['a', 'b'])).map((key) => key !== null)).toEqual([false, true]);
    expect(JSON.parse(Buffer.from(on.states.get('persons/0', 'state') ?? []).toString())).toMatchObject({
      forgotten: [['a', 5]],
    });
    expect(Buffer.from(on.states.get('persons/0', 'format') ?? []).toString()).toBe('1');
  });

  it('puts nothing out a second time: a person who came back after being forgotten keeps the key', async () => {
    const on = engines();
    await write(on, 'persons', personSeen('a', 1), personForgotten('a', 5), personSeen('a', 6));
    await runToTheEnd(on, persons());
    const [before] = await on.keys.getMany(['a']);
    await spoil(on, persons() as Processor<unknown>);
    await runToTheEnd(on, persons());
    expect(await on.keys.getMany(['a'])).toEqual([before]);
  });

  it('gives no verdict again, and none by thresholds of now on what was judged by those of then', async () => {
    const on = engines();
    const of = (index: number, change: Partial<Beacon> = {}) => beacon(content(index), 'impression', change);
    const story = new ShardStory().see(of(1, { user_agent: googlebot }), of(2)).add(ticked(60_000));
    for (const topic of ['impression', 'spend'] as const)
      await write(on, topic, ...story.list(topic).map(({ record }) => record));
    const then = createTrafficQuality(defaultQuality);
    await runToTheEnd(on, then);
    const verdicts = async () => (await namesIn(on, 'spend')).filter((name) => name === 'TrafficInvalidated').length;
    expect(await verdicts()).toBe(1);
    await spoil(on, then as Processor<unknown>);
    const stricter = createTrafficQuality({ ...defaultQuality, dataCentres: ['81.2.69.0/24'] });
    await runToTheEnd(on, stricter);
    expect(await verdicts()).toBe(1);
    // what comes after is judged by what is set now
    const later = new ShardStory().see(of(90)).add(ticked(120_000));
    for (const topic of ['impression', 'spend'] as const)
      await write(on, topic, ...later.list(topic).map(({ record }) => record));
    await runToTheEnd(on, stricter);
    expect(await verdicts()).toBe(2);
  });

  it('loses nothing of what lay half before its checkpoint and half beyond', async () => {
    const on = engines();
    const people = Array.from({ length: 10 }, (_, index) => content(index));
    await write(on, 'selected', ...people.map((billing) => selectedFor(`person-${billing.selection_id}`, billing)));
    const impressions = people.map((billing) => beacon(billing, 'impression', { received_at: noon }));
    await write(
      on,
      'impression',
      ...impressions.map((one): AnyRecord => ({ name: 'ImpressionRendered', value: { beacon: one } })),
    );
    const processor = exposure({ shards: 1 });
    await spoil(on, processor as Processor<unknown>, { selected: 10, impression: 4 });
    await runToTheEnd(on, processor);
    // the first four were told before the checkpoint; the others can be told only now
    expect(await namesIn(on, 'exposure')).toHaveLength(6);
  });

  it('stops and says what to do where the log does not reach back far enough', async () => {
    const on = engines();
    await write(on, 'selected', selectedFor('p', content(1)));
    const processor = exposure({ shards: 1 });
    await spoil(on, processor as Processor<unknown>, { selected: 1, impression: 0 });
    const log: Engines['log'] = {
      ...on.log,
      bounds: async (topic, shard) => ({ ...(await on.log.bounds(topic, shard)), first: topic === 'selected' ? 1 : 0 }),
    };
    const handle = await runProcessor({ ...on, log, processor, group: 'exposure' });
    await expect.poll(() => handle.health()[0]).toMatchObject({ status: 'failed', code: 'STATE_FORMAT' });
    expect(handle.health()[0]?.reason).toMatch(
      /of format 0, this code reads 1.*selected\/0 begins at 1.*start the version that wrote it/,
    );
    await handle.stop();
    expect(await on.states.position('exposure/0')).toBe('{"selected":1,"impression":0}');
  });
});

/** The same log, views and keys, seen from a machine that has other states, or none. */
function elsewhere(on: Engines, states = memoryStateStore()): Engines {
  return { ...on, states };
}

describe('a shard that comes to another machine', () => {
  it('is folded there without a word up to where it was put out: nobody is forgotten twice', async () => {
    const on = engines();
    await write(on, 'persons', personSeen('a', 1), personForgotten('a', 5), personSeen('a', 6));
    await runToTheEnd(on, persons());
    const [before] = await on.keys.getMany(['a']);
    const there = elsewhere(on);
    await runToTheEnd(there, persons());
    expect(await on.keys.getMany(['a'])).toEqual([before]);
    // and knows what the other knew: this one is from before the request
    await write(on, 'persons', personSeen('a', 4));
    await runToTheEnd(there, persons());
    expect(there.states.get('persons/0', 'state')).not.toBeNull();
    expect(JSON.parse(Buffer.from(there.states.get('persons/0', 'state') ?? []).toString())).toMatchObject({
      forgotten: [['a', 5]],
    });
  });

  it('goes on from a state of long ago, tells nothing twice and leaves nothing out', async () => {
    const [here, there] = [engines(), memoryStateStore()];
    const processor = exposure({ shards: 1 });
    const people = Array.from({ length: 9 }, (_, index) => content(index));
    const see = async (from: number, to: number) => {
      const seen = people.slice(from, to).map((billing) => beacon(billing, 'impression', { received_at: noon }));
      const shown = seen.map((one): AnyRecord => ({ name: 'ImpressionRendered', value: { beacon: one } }));
      await write(here, 'impression', ...shown);
    };
    await write(here, 'selected', ...people.map((billing) => selectedFor(`person-${billing.selection_id}`, billing)));
    await see(0, 2);
    await runToTheEnd(here, processor);
    await see(2, 6);
    await runToTheEnd(elsewhere(here, there), processor);
    await see(6, 9);
    await runToTheEnd(here, processor);
    expect(await namesIn(here, 'exposure')).toHaveLength(9);
    await runToTheEnd(elsewhere(here, there), processor);
    expect(await namesIn(here, 'exposure')).toHaveLength(9);
  });

  it('says why it does not start at once', async () => {
    const on = engines();
    await write(on, 'persons', personSeen('a', 1));
    await runToTheEnd(on, persons());
    const reading = Promise.withResolvers<void>();
    const log: Engines['log'] = {
      ...on.log,
      read: async (...place) => {
        await reading.promise;
        return on.log.read(...place);
      },
    };
    const handle = await runProcessor({ ...elsewhere(on), log, processor: persons(), group: 'persons' });
    await expect.poll(() => handle.health()[0]).toMatchObject({ status: 'starting', code: 'STATE_BEHIND' });
    reading.resolve();
    await expect.poll(() => handle.health()[0]).toMatchObject({ status: 'running', code: '' });
    await handle.stop();
  });

  it('writes views again where they are all that is put out: so lost ones are built anew', async () => {
    const on = engines();
    const exposed = { user_key: 'u', line_item_id: 'li_1', selection_id: content(1).selection_id, exposed_at: noon };
    const ids = {
      advertiser_id: 'adv_1',
      campaign_id: 'cmp_1',
      creative_id: 'cr_1',
      source_shard: 0,
      source_offset: 0,
    };
    await write(on, 'exposure', { name: 'UserExposed', value: { ...exposed, ...ids } });
    await runToTheEnd(on, frequency());
    const lost = { ...elsewhere(on), views: memoryViewStore() };
    await runToTheEnd(lost, frequency());
    const key = frequencyViewKey('u');
    expect(await lost.views.getMany([key])).toEqual(await on.views.getMany([key]));
    expect((await lost.views.getMany([key]))[0]).not.toBeNull();
  });
});
