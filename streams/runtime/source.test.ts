import { describe, expect, it } from 'vitest';
import { createSystemClock } from '../../adapters/system/clock.ts';
import type { Topic } from '../../domain/records.ts';
import type { EventLog } from '../../ports/event-log.ts';
import { memoryEventLog } from '../../test/memory/event-log.ts';
import { type Positions, readNext } from './source.ts';

async function put(log: EventLog, topic: Topic, count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    await log.append(topic, [{ shard: 0, key: 'k', value: Buffer.from(`${index}`) }]);
  }
}

describe('reading with a topic of time', () => {
  it('brings it after the others, and not before they have been read to where they ended when it was read', async () => {
    const log = memoryEventLog({ shards: 1, clock: createSystemClock() });
    await put(log, 'spend', 2);
    await put(log, 'click', 5);
    const positions: Positions = new Map([
      ['spend', 0],
      ['click', 0],
    ]);
    const turns: string[] = [];
    for (let turn = 0; turn < 3; turn += 1) {
      for (const batch of await readNext(log, 0, positions, { max: 2, timeTopic: 'spend' })) {
        for (const { topic, offset } of batch) {
          turns.push(`${topic} ${offset}`);
          positions.set(topic, offset + 1);
        }
      }
    }
    expect(turns).toEqual(['click 0', 'click 1', 'click 2', 'click 3', 'click 4', 'spend 0', 'spend 1']);
  });

  it('holds it back while a record comes into another topic after it was read', async () => {
    const log = memoryEventLog({ shards: 1, clock: createSystemClock() });
    await put(log, 'spend', 1);
    const positions: Positions = new Map([
      ['click', 0],
      ['spend', 0],
    ]);
    const slow: EventLog = {
      ...log,
      bounds: async (topic, shard) => {
        if (topic === 'click' && (await log.bounds(topic, shard)).next === 0) await put(log, 'click', 3);
        return log.bounds(topic, shard);
      },
    };
    const read = { max: 2, timeTopic: 'spend' as const };
    expect((await readNext(slow, 0, positions, read)).flat().map(({ topic }) => topic)).toEqual(['click', 'click']);
  });
});
