import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type EmbeddedLedgerIndex, openEmbeddedLedgerIndex } from '../adapters/embedded/ledger-index-store.ts';
import { createSimulatedLog } from '../adapters/simulated/event-log.ts';
import { createSystemClock } from '../adapters/system/clock.ts';
import type { Topic } from '../domain/records.ts';
import { catchUpEvents } from '../ledger/index/follow-events.ts';
import type { LogRecord, NewRecord } from '../ports/event-log.ts';
import { boot, node, registry } from '../test/serving-world.ts';
import { makeTemporaryFolder } from '../test/temporary-folder.ts';
import { topicShards } from '../test/topic-shards.ts';
import { RecordedClickRates } from './recorded-click-rates.ts';

const otherBoot = '018f0000-0000-7000-8000-00000000b002';

function mark(drained_sequence: number): NewRecord {
  const value = { node, boot, marked_at: 0, drained_sequence, last_sequence: 0, decisions: 0, pacing_read: {} };
  return { shard: 0, key: node, value: registry.encode('NodeMark', value) };
}

function marks(count: number): NewRecord[] {
  return Array.from({ length: count }, (_, at) => mark(at));
}

function learned(revision: number, ratePpm: number, of = boot): NewRecord {
  const rates = [{ creative_id: 'cr_1', rate_ppm: ratePpm }];
  const value = registry.encode('ClickRatesLearned', { node, boot: of, revision, rates, counts: [], learned_at: 0 });
  return { shard: 0, key: of, value };
}

describe('The click rates of a boot in the log', () => {
  const clock = createSystemClock();
  let folder: ReturnType<typeof makeTemporaryFolder>;
  let index: EmbeddedLedgerIndex;
  let log: ReturnType<ReturnType<typeof createSimulatedLog>['open']>;
  /** Places that were read, and how many records were asked for. */
  let reads: [from: number, records: number][];
  let rates: RecordedClickRates;

  beforeEach(async () => {
    folder = makeTemporaryFolder();
    index = await openEmbeddedLedgerIndex({ folder: folder.path, clock });
    log = createSimulatedLog({ shards: topicShards(4) }).open({ clock, name: 'console' });
    reads = [];
    const read = (topic: Topic, shard: number, from: number, max: number): Promise<readonly LogRecord[]> => {
      reads.push([from, max]);
      return log.read(topic, shard, from, max);
    };
    rates = new RecordedClickRates({ log: { read }, registry, events: index.events });
  });
  afterEach(async () => {
    await index.ledgers.close();
    await log.close();
    folder.remove();
  });

  async function append(...records: readonly NewRecord[]): Promise<void> {
    await log.append('nodes', records);
    await catchUpEvents({ log, events: index.events });
  }

  it('are found by revision among those of other boots; the first of them is the prior', async () => {
    await append(...marks(3), learned(1, 500), learned(1, 7, otherBoot), mark(4), learned(2, 900));
    expect((await rates.at(boot, 0))?.ratePpm('cr_1')).toBe(2000);
    expect((await rates.at(boot, 1))?.ratePpm('cr_1')).toBe(500);
    const second = await rates.at(boot, 2);
    expect([second?.ratePpm('cr_1'), second?.ratePpm('cr_9'), second?.revision]).toEqual([900, 2000, 2]);
    expect((await rates.at(otherBoot, 1))?.ratePpm('cr_1')).toBe(7);
  });

  it('are read once and no further than needed, whatever lies between them', async () => {
    await append(...marks(700), learned(1, 500), ...marks(2_500), learned(2, 900), mark(0), learned(3, 901));
    await rates.at(boot, 1);
    expect(reads).toEqual([[700, 1]]);
    await rates.at(boot, 3);
    await rates.at(boot, 3);
    await rates.at(boot, 2);
    expect(reads.slice(1)).toEqual([[3201, 3]]);
    await append(...marks(5), learned(4, 77));
    expect((await rates.at(boot, 4))?.ratePpm('cr_1')).toBe(77);
    expect(reads.slice(2)).toEqual([[3209, 1]]);
  });

  it('may have been appended twice and in another order', async () => {
    await append(learned(2, 900), learned(1, 500), learned(2, 900), learned(3, 950));
    expect((await rates.at(boot, 1))?.ratePpm('cr_1')).toBe(500);
    expect((await rates.at(boot, 3))?.ratePpm('cr_1')).toBe(950);
  });

  it('are not known where a record is missing or can’t be read, nor before there were any', async () => {
    const unreadable = { shard: 0, key: boot, value: Uint8Array.of(0, 1) };
    await append(learned(1, 500), unreadable, learned(3, 900));
    expect((await rates.at(boot, 1))?.ratePpm('cr_1')).toBe(500);
    expect(await rates.at(boot, 2)).toBeNull();
    expect(await rates.at(boot, 3)).toBeNull();
    expect(await rates.at(otherBoot, 1)).toBeNull();
  });
});
