import { beforeEach, describe, expect, test } from 'vitest';
import { openFileSchemaRegistry } from '../adapters/embedded/file-schema-registry.ts';
import { createSimulatedLog, type SimulatedLogHandle } from '../adapters/simulated/event-log.ts';
import { createSystemClock } from '../adapters/system/clock.ts';
import { fromCanonical, toCanonical } from '../domain/wire-format.ts';
import type { SchemaRegistry } from '../ports/schema-registry.ts';
import { makeTemporaryFolder } from '../test/temporary-folder.ts';
import { topicShards } from '../test/topic-shards.ts';
import { claimFolder, claimLog, schemaIds } from './schema-claim.ts';

const house = openFileSchemaRegistry();

/** A registry in which every schema has another id, moved by `by`; `knows` says which numbers there are. */
function otherRegistry(by: number, knows: (number: number) => boolean = () => true): SchemaRegistry {
  const numberOf = (id: number) => (house.numberOf(id - by) !== null && knows(id - by) ? id - by : null);
  const idOf = (number: number) => (house.idOf(number) !== null && knows(number) ? number + by : null);
  const ids = { numberOf, idOf };
  return {
    ...ids,
    encode: (name, value) => fromCanonical(house.encode(name, value), ids),
    decode: (bytes) => house.decode(toCanonical(bytes, ids)),
    schemaId: (name) => house.schemaId(name) + by,
    refresh: async () => false,
  };
}

const tick = { advanced_to: 1, ticker: 't' };
const refused = { code: 'OTHER_REGISTRY', message: expect.stringContaining('adtally migrate') as string };
let log: SimulatedLogHandle;
beforeEach(() => {
  log = createSimulatedLog({ shards: topicShards(2) }).open({ clock: createSystemClock(), name: 'p' });
});

describe('A log is of one schema registry', () => {
  test('that it was first opened with; any other is refused, empty as it may be', async () => {
    await claimLog(log, house);
    await claimLog(log, house);
    await expect(claimLog(log, otherRegistry(1))).rejects.toMatchObject(refused);
    await claimLog(log, house);
  });

  test('which may learn of schemas later, and forget none', async () => {
    await claimLog(
      log,
      otherRegistry(3, (number) => number < 40),
    );
    await claimLog(log, otherRegistry(3));
    await claimLog(
      log,
      otherRegistry(3, (number) => number < 40),
    );
    await expect(claimLog(log, otherRegistry(4))).rejects.toMatchObject(refused);
  });

  test('of many who are first at the same time with different ones, some are refused, and never again the others', async () => {
    const registries = [house, otherRegistry(1), house, otherRegistry(2)];
    const outcomes = await Promise.allSettled(registries.map((registry) => claimLog(log, registry)));
    const winners = registries.filter((_, i) => outcomes[i]?.status === 'fulfilled');
    expect(new Set(winners.map((registry) => registry.schemaId('PolicySet'))).size).toBe(1);
    for (const winner of winners) await claimLog(log, winner);
  });

  test('and from before there were notes, that by which its ends can be read', async () => {
    const append = (registry: SchemaRegistry) =>
      log.append('spend', [{ shard: 0, key: 't', value: registry.encode('TimeAdvanced', tick) }]);
    await append(otherRegistry(7));
    await expect(claimLog(log, house)).rejects.toMatchObject(refused);
    await expect(claimLog(log, otherRegistry(1))).rejects.toMatchObject(refused);
    expect(await log.note(new Map())).toEqual(new Map());
    await claimLog(log, otherRegistry(7));
  });

  test('also where an id means a record of another topic', async () => {
    // By the other registry the tick reads as another record, if its bytes happen to fit.
    const bytes = house.encode('BufferDrained', {
      node: 'n',
      boot: 'b',
      last_sequence: 1,
      drained_by: 'b',
      drained_at: 1,
    });
    await log.append('journal', [{ shard: 1, key: '1', value: bytes }]);
    await expect(claimLog(log, house)).rejects.toMatchObject(refused);
  });

  test('and so is a data directory', async () => {
    const folder = makeTemporaryFolder();
    await claimFolder(folder.path, house);
    await claimFolder(folder.path, house);
    await expect(claimFolder(folder.path, otherRegistry(1))).rejects.toMatchObject(refused);
    folder.remove();
  });

  test('names every schema that this build has', () => {
    expect(schemaIds(house).size).toBeGreaterThan(40);
    expect(schemaIds(otherRegistry(5)).get('schema/1')).toBe('6');
  });
});
