import { type Books, type EntryRow, latestCut, readBooks, readEntries, readReceipts, readVerdicts } from './books.ts';
import { type Comparison, compare, type Evidence } from './comparison.ts';
import type { ConsoleClient } from './console-client.ts';
import type { PublishedCatalog } from './publish-catalog.ts';
import type { SimulationResult } from './simulation.ts';

export interface SettleOptions {
  readonly client: ConsoleClient;
  readonly catalog: PublishedCatalog;
  readonly shards: number;
  /** From a selection until everything of it is certified, expired or voided, ms of ledger time. */
  readonly closesAfterMs: number;
  readonly onProgress: (sentence: string) => void;
}

const lookMs = 500;
/** Longest wait for ledgers beyond the time that windows take to close, and for reporting to follow. */
const patienceMs = 60_000;
const mostReadings = 3;

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, lookMs));
}

/** Waits until the windows of a run have closed, then holds every truth against the simulator's account. */
export async function settle(result: SimulationResult, options: SettleOptions): Promise<Comparison> {
  const { client, closesAfterMs, onProgress } = options;
  const closesAt = result.tallies.lastSelectedAt + closesAfterMs;
  onProgress(`waiting until windows close, ${(Math.max(0, closesAt - Date.now()) / 1000).toFixed(0)} s`);
  await waitFor(async () => (await latestCut(client)) > closesAt, closesAt + patienceMs);
  for (let reading = 1; ; reading += 1) {
    const books = await settledBooks(result, options);
    onProgress('reading entries, verdicts and receipts');
    const comparison = compare(result, { books, ...(await readRest(options)) });
    // Verdicts may still come (a farm shows when its window of minutes is over): what differs for that reason does not differ twice.
    const differs = comparison.unequal.length > 0 || comparison.effects.wrong.length > 0;
    if (!differs || reading === mostReadings) return comparison;
    await pause();
  }
}

async function readRest({ client, catalog, shards }: SettleOptions): Promise<Omit<Evidence, 'books'>> {
  const own = new Set(catalog.campaignIds);
  const read = async (truth: EntryRow['truth'], kind: string) =>
    (await readEntries(client, truth, kind)).filter(({ campaign_id }) => campaign_id !== null && own.has(campaign_id));
  return {
    charged: [...(await read('tentative', 'incur')), ...(await read('final', 'absorb'))],
    takenBack: [
      ...(await read('tentative', 'void')),
      ...(await read('final', 'reverse')),
      ...(await read('final', 'absorb_void')),
    ],
    verdicts: await readVerdicts(client),
    receipts: await readReceipts(client, shards),
  };
}

/** Balances once nothing of the run is open any more and reporting has followed; as they stand when patience ends. */
async function settledBooks(result: SimulationResult, { client, catalog }: SettleOptions): Promise<Books> {
  const until = Date.now() + patienceMs;
  for (;;) {
    const books = await readBooks(client, catalog.campaignIds, result.startedAt);
    if (isSettled(books) || Date.now() > until) return books;
    await pause();
  }
}

function isSettled({ tentative, final, report }: Books): boolean {
  return [...tentative].every(([currency, sums]) => {
    const reported = report.get(currency);
    const booked = final.get(currency);
    const open = sums.openReserved !== 0n || sums.pending !== 0n;
    return !open && reported?.incurred === sums.incurred && reported.certified === (booked?.certified ?? 0n);
  });
}

async function waitFor(holds: () => Promise<boolean>, until: number): Promise<void> {
  while (!(await holds())) {
    if (Date.now() > until) throw new Error('the ledgers did not reach the end of the run in time');
    await pause();
  }
}
