import { type AddressInfo, connect } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { buildConsole } from '../../dashboards/console-app.ts';
import { type LedgerWorld, openLedgerWorld } from '../sample-ledger.ts';
import { openPublicWorld } from './public-world.ts';

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

/** The status of the answer to bytes. */
function statusOf(app: FastifyInstance, bytes: string): Promise<string> {
  const { port } = app.server.address() as AddressInfo;
  return new Promise((settle, fail) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    socket.on('error', fail);
    socket.once('data', (chunk) => {
      settle(String(chunk).slice(9, 12));
      socket.destroy();
    });
  });
}

it('Found by fuzzing, and mended: a method that only the parser of HTTP knows is not found, and no error of ours', async () => {
  const publicSide = await openPublicWorld();
  const errors: Error[] = publicSide.errors;
  const privateSide = await buildConsole({ keys: [], routes: [], onError: (error) => errors.push(error) });
  for (const app of [publicSide.app, privateSide]) {
    await app.listen({ host: '127.0.0.1', port: 0 });
    expect(await statusOf(app, 'PRI /x\r\n\r\n')).toBe('404');
    await app.close();
  }
  expect(errors).toEqual([]);
});
