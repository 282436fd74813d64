import { expect, test } from 'vitest';
import { openFileSchemaRegistry } from '../../adapters/embedded/file-schema-registry.ts';
import { createSimulatedLedger } from '../../adapters/simulated/ledger-store.ts';
import type { EntriesBooked } from '../../domain/records.ts';
import { appendBatches, batchesOf } from '../../test/sample-ledger.ts';
import { countDoubleEntries } from './double-entries.ts';

const registry = openFileSchemaRegistry();
const selection = (nth: number) => `01900000-0000-7000-8000-00000000000${nth}`;
const life = (nth: number) => [
  { postings: [{ kind: 'draw', selection_id: selection(nth) }] },
  { postings: [{ kind: 'incur', selection_id: selection(nth) }] },
  {
    postings: [
      { kind: 'certify', selection_id: selection(nth) },
      { kind: 'certify', selection_id: selection(nth) },
    ],
  },
];

async function count(...batches: readonly EntriesBooked[]) {
  const ledger = createSimulatedLedger().open();
  await appendBatches(ledger, registry, batches);
  return countDoubleEntries({ ledger, registry, shards: 1 });
}

const whole = batchesOf({ truth: 'tentative', shard: 0 }, [...life(1), ...life(2)], 2);

test('A whole ledger has no double entry: the legs of one booking are one', async () => {
  expect(await count(...whole)).toEqual({
    streams: 2,
    appends: 3,
    entries: 8,
    repeated: 0,
    twice: 0,
    gaps: 0,
    broken: 0,
  });
});

test('An append that a second owner made again is found as entries at positions booked before', async () => {
  const again = whole.at(-1) as EntriesBooked;
  const { entry_count } = again;
  expect(await count(...whole, { ...again, entry_count: entry_count + 1 })).toMatchObject({ repeated: 3, gaps: 1 });
});

test('A selection that is charged under two records is found although every position is new', async () => {
  const records = [...life(1), { postings: [{ kind: 'incur', selection_id: selection(1) }] }];
  expect(await count(...batchesOf({ truth: 'tentative', shard: 0 }, records))).toMatchObject({ twice: 1, repeated: 0 });
});

test('An append that is missing, and an amount that was changed, are found', async () => {
  expect(await count(...whole.filter((_, index) => index !== 1))).toMatchObject({ gaps: 1, broken: 1 });
  const [first, ...rest] = whole as [EntriesBooked, ...EntriesBooked[]];
  const entries = first.entries.map((entry) => ({ ...entry, amount_micros: 2 }));
  expect(await count({ ...first, entries }, ...rest)).toMatchObject({ broken: 2, repeated: 0 });
});
