import { describe, expect, it } from 'vitest';
import type { LedgerStore } from '../../ports/ledger-store.ts';
import { describeLedgerStoreContract, type RemoteLedgerWriter } from '../../ports/ledger-store.contract.ts';
import { events, idOf } from '../../ports/ledger-store-model.contract.ts';
import { createSystemClock } from '../system/clock.ts';
import { createSimulatedLedger } from './ledger-store.ts';

const clock = createSystemClock();

describeLedgerStoreContract('memory', async () => {
  const ledger = createSimulatedLedger();
  const engine = ledger.open();
  return {
    engine,
    another: async () => ledger.open(),
    reopen: async () => {
      await engine.close();
      return ledger.open();
    },
    startWriter: async (stream) => startWriter(ledger.open(), stream),
    close: () => engine.close(),
  };
});

/** The play of a writing process: it stops at its next step after it was killed. */
function startWriter(store: LedgerStore, stream: string): RemoteLedgerWriter {
  let acknowledged = -1;
  let killed = false;
  const write = async () => {
    let last = (await store.tail(stream))?.revision ?? -1;
    while (!killed) {
      last = (await store.append(stream, last === -1 ? 'no_stream' : last, events(last + 1))).revision;
      acknowledged = last;
      await clock.sleep(1);
    }
  };
  const writing = write();
  return {
    acknowledged: () => acknowledged,
    kill: async () => {
      killed = true;
      await writing;
    },
  };
}

describe('The simulated ledger', () => {
  it.each([
    ['written', [idOf(1)]],
    ['not_written', []],
  ] as const)('can leave the outcome of an append unknown: %s', async (outcome, found) => {
    const ledger = createSimulatedLedger();
    const store = ledger.open();
    ledger.failNextAppend(outcome);
    await expect(store.append('s', 'no_stream', events(1))).rejects.toMatchObject({ code: 'LEDGER_UNAVAILABLE' });
    expect((await store.readForwards('s', 0, 10)).map(({ id }) => id)).toEqual(found);
    expect(await store.append('s', 'no_stream', events(1))).toEqual({ revision: 0 });
  });

  it('rejects everything during an outage', async () => {
    const ledger = createSimulatedLedger();
    const store = ledger.open();
    ledger.setAvailable(false);
    await expect(store.append('s', 'no_stream', events(1))).rejects.toMatchObject({ code: 'LEDGER_UNAVAILABLE' });
    await expect(store.tail('s')).rejects.toMatchObject({ code: 'LEDGER_UNAVAILABLE' });
    ledger.setAvailable(true);
    expect(await store.tail('s')).toBe(null);
  });
});
