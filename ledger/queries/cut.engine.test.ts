import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LedgerTruth } from '../../ports/ledger-index.ts';
import type { AskedCut } from '../../ports/ledger-queries.ts';
import { type BookedRecord, batchesOf, type LedgerWorld, openLedgerWorld } from '../../test/sample-ledger.ts';

const latest: AskedCut = { kind: 'latest' };
const at = (timeMs: number): AskedCut => ({ kind: 'time', timeMs });
const below = (...offsets: number[]): AskedCut => ({ kind: 'position', offsets: new Map(offsets.entries()) });

let world: LedgerWorld;
beforeEach(async () => {
  world = await openLedgerWorld(2);
});
afterEach(() => world.close());

describe('a cut', () => {
  const records = (ticks: readonly number[]): BookedRecord[] =>
    ticks.map((tick, n) => ({ tick, postings: [{ amount_micros: 10 ** n }] }));
  const micros = async (asked: AskedCut, truth: LedgerTruth = 'final') => {
    const { balances } = await world.queries.balances({ truth, at: asked });
    return balances.find(({ account }) => account === 'campaign:reserved')?.debit_micros ?? '0';
  };

  it('at a time is, in every shard, everything before the first tick that reaches it', async () => {
    await world.book({
      tentative: [records([5, 9, 20]), records([5, 12, 20])],
      final: [records([5, 9, 20]), records([5, 12, 20])],
    });
    expect(await micros(at(5))).toBe('0');
    expect(await micros(at(6))).toBe('2');
    expect(await micros(at(9))).toBe('2');
    expect(await micros(at(10))).toBe('12');
    expect(await micros(at(20))).toBe('22');
  });

  it('that is not given is the latest that every shard of both ledgers has reached', async () => {
    await world.book({
      tentative: [records([5, 9, 20]), records([5, 9])],
      final: [records([5, 9, 20]), records([5, 9, 30])],
    });
    const answer = await world.queries.balances({ truth: 'final', at: latest });
    expect(answer.cut).toBe(new Date(9).toISOString());
    expect(answer.as_of_position).toBe('0:1,1:1');
    expect(answer.positions.map(({ stream, offset, entries }) => [stream, offset, entries])).toEqual([
      ['final-0', 1, 1],
      ['final-1', 1, 1],
    ]);
  });

  it('at exact positions is what it says, and gives the digest of the same cut by time', async () => {
    await world.book({
      tentative: [records([5, 9, 20]), records([5, 12, 20])],
      final: [records([5, 9, 20]), records([5, 12, 20])],
    });
    expect(await micros(below(2, 1))).toBe('12');
    const byTime = await world.queries.balances({ truth: 'final', at: at(10) });
    const byPosition = await world.queries.balances({ truth: 'final', at: below(2, 1) });
    expect(byPosition.digest).toBe(byTime.digest);
    expect(byPosition).toEqual({ ...byTime, cut: null });
  });

  it('that a shard has not reached is refused, naming the shard and how far it has come', async () => {
    await world.book({ tentative: [records([5, 9]), records([5, 9])], final: [records([5, 9]), records([5])] });
    const refused = {
      code: 'CUT_NOT_REACHED',
      message: 'final-1 has reached 1970-01-01T00:00:00.005Z, not 1970-01-01T00:00:00.009Z',
    };
    await expect(world.queries.balances({ truth: 'final', at: at(9) })).rejects.toMatchObject(refused);
    expect(await micros(at(9), 'tentative')).toBe('2');
    const short = { code: 'CUT_NOT_REACHED', message: 'final-1 has reached offset 1, not 2' };
    await expect(world.queries.balances({ truth: 'final', at: below(1, 2) })).rejects.toMatchObject(short);
    const missing = { code: 'VALIDATION_FAILED', path: 'as_of_position' };
    await expect(world.queries.balances({ truth: 'final', at: below(1) })).rejects.toMatchObject(missing);
  });

  it('is not there before every ledger has ticked once', async () => {
    await world.book({ tentative: [records([5]), records([5])], final: [records([5]), []] });
    const refused = { code: 'CUT_NOT_REACHED', message: 'final-1 has no tick yet' };
    await expect(world.queries.balances({ truth: 'tentative', at: latest })).rejects.toMatchObject(refused);
  });

  it('beyond damage says that the ledger is damaged; cuts before it are still answered', async () => {
    const good = records([5, 9, 20, 30]);
    const damaged = batchesOf({ truth: 'final', shard: 1 }, good, 1).map((batch, n) =>
      n === 2 ? { ...batch, entries: batch.entries.map((e) => ({ ...e, amount_micros: 7 })) } : batch,
    );
    await world.book({ tentative: [good, good], final: [good, []] });
    await world.append(damaged);
    await world.catchUp();
    await expect(world.queries.balances({ truth: 'final', at: latest })).rejects.toMatchObject({
      code: 'CHAIN_BROKEN',
    });
    await expect(world.queries.balances({ truth: 'final', at: at(30) })).rejects.toThrow(
      /final-1 revision 2, entry 2 at 2\/0/,
    );
    expect(await micros(at(9))).toBe('2');
  });

  it('has the digest that its parts have by hand', async () => {
    await world.book({ tentative: [records([5]), records([5])], final: [records([5, 9]), records([5, 9])] });
    const { digest, positions } = await world.queries.balances({ truth: 'final', at: below(1, 2) });
    const hash = createHash('sha256');
    const part = (bytes: Uint8Array) => hash.update(Uint8Array.from([0, 0, 0, bytes.length])).update(bytes);
    for (const { stream, offset, chain_head } of positions) {
      part(Buffer.from(stream));
      part(Buffer.from(offset.toString(16).padStart(16, '0') + '0'.repeat(16), 'hex'));
      part(Buffer.from(chain_head, 'hex'));
    }
    expect(digest).toBe(hash.digest('hex'));
  });
});
