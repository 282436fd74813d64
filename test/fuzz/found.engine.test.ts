import { afterEach, beforeEach, expect, it } from 'vitest';
import { type LedgerWorld, openLedgerWorld } from '../sample-ledger.ts';

let world: LedgerWorld;
beforeEach(async () => {
  world = await openLedgerWorld(1);
});
afterEach(() => world.close());

it('Found by fuzzing, and mended: a cursor of entries whose time was changed to one that no Date can name is no cursor, and no error of ours', async () => {
  const records = Array.from({ length: 4 }, (_, n) => ({ tick: n, postings: [{ amount_micros: n + 1 }] }));
  await world.book({ tentative: [records], final: [records] });
  const question = { truths: ['final'], filter: {}, at: { kind: 'latest' }, limit: 1 } as const;
  const { next_cursor } = await world.queries.entries(question);
  const [mark, , stream, number] = JSON.parse(Buffer.from(next_cursor ?? '', 'base64url').toString()) as unknown[];
  const cursorAt = (time: number) => Buffer.from(JSON.stringify([mark, time, stream, number])).toString('base64url');
  await expect(world.queries.entries({ ...question, cursor: cursorAt(9e15) })).rejects.toMatchObject({
    code: 'VALIDATION_FAILED',
  });
  await expect(world.queries.entries({ ...question, cursor: cursorAt(8.64e15) })).rejects.toMatchObject({
    code: 'CUT_NOT_REACHED',
  });
});
