import { expect, it } from 'vitest';
import { createSystemClock } from '../../adapters/system/clock.ts';
import { memoryEventLog } from '../../test/memory/event-log.ts';
import { jsonRegistry } from '../../test/memory/json-registry.ts';
import { memoryStateStore } from '../../test/memory/stores.ts';
import { SpendFacts } from './spend-facts.ts';

it('facts that an older version kept are read from the log again', async () => {
  const log = memoryEventLog({ shards: 1, clock: createSystemClock() });
  const registry = jsonRegistry();
  const states = memoryStateStore();
  const value = registry.encode('TimeAdvanced', { advanced_to: 7_000, ticker: 't' });
  await log.append('spend', [{ shard: 0, key: 't', value }]);
  const of = { next: 1, time: 7_000 };
  const puts = [['shard/0', Buffer.from(JSON.stringify(of))] as const];
  await states.commit('console-spend-facts', { position: '1', puts, deletes: [] });
  const facts = await SpendFacts.open({ log, registry, states });
  expect(facts.shard(0)).toMatchObject({ next: 1, foldTime: 7_000, adjustments: 0 });
  expect(await states.position('console-spend-facts')).toBeNull();
});
