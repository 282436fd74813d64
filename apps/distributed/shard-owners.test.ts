import { expect, test } from 'vitest';
import { ShardOwners } from './shard-owners.ts';

function told(...lines: readonly (readonly [name: string, shards: string])[]): ShardOwners {
  const owners = new ShardOwners();
  for (const [name, shards] of lines) owners.read(name, `streams: writes the ledgers of shards ${shards}`);
  return owners;
}

test('A shard that is given up and taken by another has moved once; what stays with its owner has not', () => {
  const owners = told(['a', '0 1'], ['a', '0'], ['b', '1'], ['a', '0']);
  expect([...owners.owners()]).toEqual([
    [0, ['a']],
    [1, ['a', 'b']],
  ]);
  expect([owners.changes(), owners.moves()]).toEqual([1, 1]);
});

test('The successor of a killed process takes what it had anew: a change of owner, but no move to another process', () => {
  const owners = told(['a', '0']);
  owners.ended('a');
  owners.read('a', 'streams: writes the ledgers of shards 0');
  expect([owners.changes(), owners.moves()]).toEqual([1, 0]);
});

test('A shard that comes back after everything was given up has changed its owner twice', () => {
  const owners = told(['a', '2'], ['a', 'none'], ['b', '2'], ['b', 'none'], ['a', '2']);
  expect([...owners.owners()]).toEqual([[2, ['a', 'b', 'a']]]);
  expect([owners.changes(), owners.moves()]).toEqual([2, 2]);
});

test('Other lines of a process say nothing of shards', () => {
  const owners = new ShardOwners();
  owners.read('a', 'streams: 8 processors on 4 shards');
  owners.read('a', 'streams: spend-lifecycle/1 retrying: writes the ledgers of shards 0');
  expect([...owners.owners()]).toEqual([]);
});
