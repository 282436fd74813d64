import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeEventIndexContract } from '../../ports/event-index.contract.ts';
import { describeLedgerIndexContract } from '../../ports/ledger-index.contract.ts';
import { createSystemClock } from '../system/clock.ts';
import { type EmbeddedLedgerIndex, openEmbeddedLedgerIndex } from './ledger-index-store.ts';

async function openInFolder() {
  const folder = await mkdtemp(join(tmpdir(), 'adtally-index-'));
  const opened: EmbeddedLedgerIndex[] = [];
  const open = async () => {
    const index = await openEmbeddedLedgerIndex({ folder, clock: createSystemClock() });
    opened.push(index);
    return index;
  };
  const close = async () => {
    for (const { ledgers } of opened) await ledgers.close();
    await rm(folder, { recursive: true });
  };
  return { open, close };
}

describeLedgerIndexContract('SQLite', async () => {
  const { open, close } = await openInFolder();
  const { ledgers } = await open();
  return { engine: ledgers, another: async () => (await open()).ledgers, close };
});

describeEventIndexContract('SQLite', async () => {
  const { open, close } = await openInFolder();
  const { events } = await open();
  return { engine: events, close };
});
