import { describe, expect, it } from 'vitest';
import { openFileSchemaRegistry } from '../../adapters/embedded/file-schema-registry.ts';
import { createSimulatedClock } from '../../adapters/simulated/clock.ts';
import { createSimulatedLog } from '../../adapters/simulated/event-log.ts';
import { AdtallyError } from '../../domain/errors.ts';
import type { Quarantined } from '../../domain/records.ts';
import type { SchemaRegistry } from '../../ports/schema-registry.ts';
import { topicShards } from '../../test/topic-shards.ts';
import { QuarantineDesk } from './quarantine-desk.ts';

const files = openFileSchemaRegistry();
const who = { reason: 'the key was registered late', by: 'admin:1234' };

/** A desk over a log in memory; `known` is whether its registry knows the schema of the record, `verdict` what serving says of a beacon. */
function world() {
  const clock = createSimulatedClock({ startMs: Date.UTC(2026, 10, 22, 8) });
  const log = createSimulatedLog({ shards: topicShards(2) }).open({ clock, name: 'test' });
  const now = { known: false, verdict: 'TOKEN_UNKNOWN_KEY' as string | null, sent: [] as string[] };
  const registry: SchemaRegistry = {
    ...files,
    encode: (name, value) => files.encode(name, value),
    decode: (bytes) => {
      const record = files.decode(bytes);
      if (record.name === 'TimeAdvanced' && !now.known) throw new AdtallyError('UNREADABLE_RECORD', 'cut short');
      return record;
    },
    refresh: async () => false,
  };
  const sendBeacon = async (event: string, token: string) => {
    now.sent.push(`${event} ${token}`);
    return { code: now.verdict };
  };
  const desk = new QuarantineDesk({ clock, log, registry, sendBeacon });
  const put = async (aside: Partial<Quarantined>) => {
    const usual = {
      source_shard: -1,
      source_offset: -1,
      source_key: '',
      code: 'TOKEN_UNKNOWN_KEY',
      reason: 'no such key',
    };
    const rest = { processor: 'serving', bytes: Buffer.from('token'), origin: null, quarantined_at: clock.now() };
    const value = files.encode('Quarantined', { source_topic: 'serve/PIXEL', ...usual, ...rest, ...aside });
    const [offset = -1] = await log.append('quarantine', [{ shard: 0, key: 'x', value }]);
    return offset;
  };
  const spend = async () => (await log.read('spend', 1, 0, 10)).map(({ value }) => Buffer.from(value).toString('hex'));
  return { clock, log, registry, desk, now, put, spend };
}

async function unreadableRecord({ log, clock, put }: ReturnType<typeof world>) {
  const value = Buffer.from(files.encode('TimeAdvanced', { advanced_to: clock.now(), ticker: 't' }));
  await log.append('spend', [{ shard: 1, key: 'k', value }]);
  return put({ source_topic: 'spend', source_shard: 1, source_offset: 0, code: 'UNREADABLE_RECORD', bytes: value });
}

describe('A record of the log that was put aside', () => {
  it('is appended again once it can be read, once however often that is asked, and until then says why not', async () => {
    const here = world();
    const offset = await unreadableRecord(here);
    expect(await here.desk.replay(offset, who)).toMatchObject({ outcome: 'still_bad', code: 'UNREADABLE_RECORD' });
    expect(await here.spend()).toHaveLength(1);
    here.now.known = true;
    const both = await Promise.all([here.desk.replay(offset, who), here.desk.replay(offset, who)]);
    expect(both.map(({ outcome }) => outcome)).toEqual(['replayed', 'replayed_before']);
    const [first, second, ...more] = await here.spend();
    expect({ isSame: first === second, more }).toEqual({ isSame: true, more: [] });
  });

  it('is shown as refused again if what was appended is put aside as well', async () => {
    const here = world();
    const offset = await unreadableRecord(here);
    here.now.known = true;
    await here.desk.replay(offset, who);
    expect((await here.desk.list(null, 10)).items.map(({ state }) => state)).toEqual(['replayed']);
    await here.put({ source_topic: 'spend', source_shard: 1, source_offset: 1 });
    const { items } = await here.desk.list(null, 10);
    expect(items.find((one) => one.offset === offset)?.state).toBe('refused_again');
  });

  it('keeps who asked, why and what came of it, in the log', async () => {
    const here = world();
    const offset = await unreadableRecord(here);
    await here.desk.replay(offset, who);
    const [shown] = (await here.desk.list(null, 10)).items;
    expect(shown?.notes.map(({ code, sentence, by }) => [code, sentence, by])).toEqual([
      ['REPLAY_ASKED', who.reason, who.by],
      ['STILL_BAD', 'cut short', who.by],
    ]);
    const other = new QuarantineDesk({ ...here, sendBeacon: async () => ({ code: null }) });
    expect((await other.list(null, 10)).items, 'another console sees the same').toEqual([shown]);
  });
});

describe('A beacon that was put aside', () => {
  it('is judged by serving again', async () => {
    const here = world();
    const offset = await here.put({ source_key: 'impression' });
    expect(await here.desk.replay(offset, who)).toMatchObject({ outcome: 'still_bad', code: 'TOKEN_UNKNOWN_KEY' });
    here.now.verdict = null;
    expect(await here.desk.replay(offset, who)).toMatchObject({ outcome: 'replayed', code: null });
    expect(await here.desk.replay(offset, who)).toMatchObject({ outcome: 'replayed_before' });
    expect(here.now.sent).toEqual(['impression token', 'impression token']);
  });

  it.each([
    ['which event it was is not known', {}],
    ['only counted', { bytes: Buffer.alloc(0) }],
    ['damaged piece', { source_topic: 'buffer' }],
    ['records of pacing follow one another', { source_topic: 'pacing', source_shard: 0, source_offset: 3 }],
  ])('is not replayed where nothing could come of it: %s', async (why, aside) => {
    const here = world();
    const offset = await here.put(aside);
    await expect(here.desk.replay(offset, who)).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
    expect((await here.desk.list(null, 10)).items[0]?.unreplayable).toContain(why);
  });
});

it('The list goes from the newest to the oldest in pages, without the notes', async () => {
  const here = world();
  const offsets: number[] = [];
  for (let nth = 0; nth < 5; nth += 1) offsets.push(await here.put({ source_key: 'click' }));
  await here.desk.replay(offsets[2] ?? -1, who);
  const first = await here.desk.list(null, 3);
  const second = await here.desk.list(first.next, 3);
  expect([...first.items, ...second.items].map(({ offset }) => offset)).toEqual(offsets.toReversed());
  expect(second.next).toBeNull();
  await expect(here.desk.replay(99, who)).rejects.toMatchObject({ code: 'NOT_FOUND' });
});
