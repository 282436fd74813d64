import { expect, it } from 'vitest';
import { isAdtallyError } from '../../domain/errors.ts';
import { events, idOf } from '../../ports/ledger-store-model.contract.ts';
import { addressOf } from '../../test/eventstoredb-double/harness.ts';
import { startProcess } from '../../test/processes/remote-process.ts';
import { makeTemporaryFolder } from '../../test/temporary-folder.ts';
import { createSystemClock } from '../system/clock.ts';
import { openEventStoreDbLedgerStore } from './ledger-store.ts';

const clock = createSystemClock();

it('A writer on EventStoreDB goes on by itself after the server was killed, and again after it stood still', async () => {
  const folder = makeTemporaryFolder();
  const serve = (port: number) => startProcess<number>('eventstoredb-double.ts', { folder: folder.path, port });
  let server = serve(0);
  const port = await server.next();
  const store = await openEventStoreDbLedgerStore({
    address: addressOf([`127.0.0.1:${port}`], { deadlineMs: 500 }),
    clock,
  });
  let last = -1;
  let outages = 0;
  const stopping = new AbortController();
  const writing = (async () => {
    while (!stopping.signal.aborted) {
      try {
        last = (await store.append('s', last < 0 ? 'no_stream' : last, events(last + 1))).revision;
      } catch (error) {
        if (!isAdtallyError(error, 'LEDGER_UNAVAILABLE') && !isAdtallyError(error, 'WRONG_EXPECTED_REVISION'))
          throw error;
        outages += 1;
        last = await store.tail('s').then(
          (tail) => tail?.revision ?? -1,
          () => last,
        );
        await clock.sleep(20);
      }
    }
  })();
  const progress = (from: number) => expect.poll(() => last, { timeout: 60_000 }).toBeGreaterThan(from + 20);
  await progress(0);
  await server.kill();
  await expect.poll(() => outages, { timeout: 60_000 }).toBeGreaterThan(2);
  server = serve(port);
  await server.next();
  await progress(last);
  const before = outages;
  server.pause();
  await expect.poll(() => outages, { timeout: 60_000 }).toBeGreaterThan(before + 1);
  server.resume();
  await progress(last);
  stopping.abort();
  await writing;
  const read = await store.readForwards('s', 0, last + 10);
  expect(read.map(({ id }) => id)).toEqual(Array.from({ length: last + 1 }, (_, i) => idOf(i)));
  await store.close();
  await server.kill();
  folder.remove();
}, 300_000);
