import { deepStrictEqual, ok } from 'node:assert/strict';
import fc from 'fast-check';
import { createSimulatedStates } from '../../adapters/simulated/state-store.ts';
import { isAdtallyError } from '../../domain/errors.ts';
import type { EntriesBooked } from '../../domain/records.ts';
import type { StreamTail } from '../../ledger/batch.ts';
import { genesis } from '../../ledger/chain.ts';
import type { StateStore } from '../../ports/state-store.ts';
import { foldName } from '../../streams/runtime/checkpoint.ts';
import type { SpendRecord } from '../../streams/processors/spend-lifecycle.ts';
import { SpendFold } from '../../streams/runtime/spend-fold.ts';
import { SpendSnapshots } from '../../streams/runtime/spend-snapshots.ts';
import { history } from '../spend-histories.ts';
import { mutatedBytes } from './mutations.ts';
import { fuzzTarget } from './target.ts';

const shard = 0;
const fold = foldName('spend', shard);
const beginning: StreamTail = { next: { offset: 0, ordinal: 0 }, chainHead: genesis, entryCount: 0 };

interface Life {
  readonly fold: SpendFold;
  readonly snapshots: SpendSnapshots;
}

function lifeOf(states: StateStore, tails: Readonly<Record<'tentative' | 'final', StreamTail>>): Life {
  const snapshots = new SpendSnapshots(states, shard);
  const made: SpendFold = new SpendFold({
    shard,
    tails,
    maxAppendBytes: 100_000,
    keepMs: 60_000,
    archive: snapshots.archive(() => made),
  });
  return { fold: made, snapshots };
}

/** What a fold booked since the last time, by ledger. */
function booked({ fold: one }: Life): readonly EntriesBooked[] {
  return [...one.tentative.take(one.state.foldTime), ...one.final.take(one.state.foldTime)];
}

const hashes = (batches: readonly EntriesBooked[], truth: string) =>
  batches
    .filter((batch) => batch.truth === truth)
    .flatMap(({ entries }) => entries.map(({ chain_hash }) => Buffer.from(chain_hash).toString('hex')));

function tailOf(batches: readonly EntriesBooked[], truth: string): StreamTail {
  const own = batches.filter((batch) => batch.truth === truth);
  const last = own.at(-1);
  if (last === undefined) return beginning;
  return {
    next: last.next,
    chainHead: last.chain_head,
    entryCount: own.reduce((sum, { entries }) => sum + entries.length, 0),
  };
}

/** Folds the first records and saves what it came to, in steps. */
async function foldAndSave(records: readonly SpendRecord[], states: StateStore): Promise<readonly EntriesBooked[]> {
  const life = lifeOf(states, { tentative: beginning, final: beginning });
  await life.snapshots.position();
  for (const [index, record] of records.entries()) {
    life.fold.fold(record);
    if (index % 7 === 6) await life.snapshots.save(life.fold);
  }
  await life.snapshots.save(life.fold);
  return booked(life);
}

/** Goes on from a snapshot; null if there is none that can be used. */
async function goOn(
  rest: readonly SpendRecord[],
  states: StateStore,
  before: readonly EntriesBooked[],
): Promise<readonly EntriesBooked[] | null> {
  const life = lifeOf(states, { tentative: tailOf(before, 'tentative'), final: tailOf(before, 'final') });
  if ((await life.snapshots.position()) === null || !life.snapshots.restore(life.fold)) return null;
  for (const record of rest) life.fold.fold(record);
  return booked(life);
}

const longHistory = fc.array(history, { minLength: 1, maxLength: 4 }).map((parts) => parts.flat());

const snapshots = fuzzTarget({
  name: 'state-snapshots',
  about:
    'Snapshots of spend folds, taken anywhere in made-up histories: from each the ledgers go on to the same entries; with a value whose bytes were changed the snapshot is refused, or that value when it is asked for.',
  shortRuns: 150,
  open: () => ({
    inputs: fc.record({
      records: longHistory,
      part: fc.double({ min: 0, max: 1, noNaN: true }),
      which: fc.noBias(fc.nat(10_000)),
      spoil: mutatedBytes([{ bytes: Buffer.alloc(400) }]),
    }),
    holds: async ({ records, part, which, spoil }, seen) => {
      const cut = Math.floor(part * records.length);
      const whole = await foldAndSave(records, createSimulatedStates().open());
      const states = createSimulatedStates().open();
      const first = await foldAndSave(records.slice(0, cut), states);
      const second = await goOn(records.slice(cut), states, first);
      ok(second !== null, 'an untouched snapshot was refused');
      for (const truth of ['tentative', 'final'])
        deepStrictEqual(hashes([...first, ...second], truth), hashes(whole, truth));
      seen('goes on');

      const entries = [...states.entries(fold)];
      const [key, value] = entries[which % entries.length] ?? ['', Buffer.alloc(0)];
      // The zeros that were changed say which bits of the value to change, and its length.
      const length = Math.max(0, value.length + spoil.bytes.length - 400);
      const spoilt = Buffer.alloc(length).map((_, index) => (value[index] ?? 0) ^ (spoil.bytes[index % 400] ?? 0));
      if (Buffer.compare(spoilt, value) === 0) return seen('not changed');
      const position = await states.position(fold);
      await states.commit(fold, { position: position ?? '0', puts: [[key, spoilt]], deletes: [] });
      try {
        const third = await goOn(records.slice(cut), states, first);
        if (third !== null)
          for (const truth of ['tentative', 'final'])
            deepStrictEqual(hashes([...first, ...third], truth), hashes(whole, truth));
        seen(third === null ? 'refused' : 'not asked for');
      } catch (error) {
        if (!isAdtallyError(error, 'STATE_FORMAT')) throw error;
        seen('refused when asked for');
      }
    },
  }),
});

export const stateTargets = [snapshots];
