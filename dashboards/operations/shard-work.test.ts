import { expect, it } from 'vitest';
import type { FleetProcess } from './fleet-watch.ts';
import { shardWork } from './shard-work.ts';

function streams(name: string, shards: readonly number[], isUp = true): FleetProcess {
  const lag = shards.map((shard) => ({ shard, offsets: 3, ms: 40, p95Ms: 90 }));
  const health = shards.map((shard) => ({ shard, status: 'running', code: '', reason: '', takenAt: 1_000 }));
  return {
    name,
    kind: 'streams',
    url: 'http://127.0.0.1:1',
    isUp,
    sinceMs: 0,
    seenAtMs: 0,
    answerMs: 1,
    problem: '',
    samples: [],
    readiness: { status: 'ready', processors: [{ name: 'spend-lifecycle', shards: health, lag }] },
  };
}

const ownersOf = (processes: readonly FleetProcess[]) =>
  shardWork(processes, (processor) => (processor === 'spend-lifecycle' ? 3 : 0)).map(({ shard, owners }) => [
    shard,
    owners.map(({ process }) => process).join(),
  ]);

it('Every shard of a truth is there: owned, by nobody, or claimed twice', () => {
  expect(ownersOf([streams('streams-1', [0, 1]), streams('streams-2', [1])])).toEqual([
    [0, 'streams-1'],
    [1, 'streams-1,streams-2'],
    [2, ''],
  ]);
});

it('A process that does not answer owns nothing, whatever it said last', () => {
  expect(ownersOf([streams('streams-1', [0, 1, 2], false)])).toEqual([
    [0, ''],
    [1, ''],
    [2, ''],
  ]);
});

it('An answer of another version is no failure', () => {
  for (const readiness of [null, 'text', { processors: 'none' }, { processors: [null, { name: 'x', shards: [7] }] }]) {
    expect(() => shardWork([{ ...streams('s', []), readiness }], () => 1)).not.toThrow();
  }
});
