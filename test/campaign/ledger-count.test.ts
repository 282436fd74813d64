import { expect, test } from 'vitest';
import { openFileSchemaRegistry } from '../../adapters/embedded/file-schema-registry.ts';
import { createSimulatedLedger } from '../../adapters/simulated/ledger-store.ts';
import { Account } from '../../simulate/account.ts';
import { appendBatches, type BookedRecord, batchesOf } from '../sample-ledger.ts';
import { LedgerCount } from './ledger-count.ts';

const registry = openFileSchemaRegistry();
const selection = (nth: number) => `01900000-0000-7000-8000-00000000000${nth}`;
const price = 2_001;
const item = {
  lineItemId: 'li_1',
  campaignId: 'cmp_1',
  advertiserId: 'adv_1',
  pricingModel: 'CPM',
  bidMicros: price * 1_000,
  currency: 'EUR',
  deals: [],
} as const;

/** An account of selections whose impression was acknowledged, or whose answer was lost. */
function accountOf(acknowledged: readonly number[], unanswered: readonly number[] = []): Account {
  const account = new Account([item]);
  for (const nth of [...acknowledged, ...unanswered]) {
    account.selected(selection(nth), item.lineItemId, false);
    const times = { expiresAt: 20_000, sentAt: 1_000, doneAt: 1_010 };
    const isAcknowledged = acknowledged.includes(nth);
    account.attempted({ selectionId: selection(nth), kind: 'impression', ...times, acknowledged: isAcknowledged });
  }
  return account;
}

/** A record that booked an amount, in these parts. */
function booking(nth: number, kind: string, ...parts: readonly number[]): BookedRecord {
  return { postings: parts.map((amount_micros) => ({ kind, selection_id: selection(nth), amount_micros })) };
}

async function count(account: Account, tentative: readonly BookedRecord[], final: readonly BookedRecord[]) {
  const ledger = createSimulatedLedger().open();
  const counting = new LedgerCount({ ledger, registry, shards: 1 });
  await appendBatches(ledger, registry, batchesOf({ truth: 'tentative', shard: 0 }, tentative));
  await counting.readOn();
  await appendBatches(ledger, registry, batchesOf({ truth: 'final', shard: 0 }, final));
  await counting.readOn();
  return counting.charges(account);
}

const incur = (nth: number, amount = price) => booking(nth, 'incur', amount);
/** What is certified is split among publisher, platform and rounding. */
const certify = (nth: number) => booking(nth, 'certify', 1_300, 700, 1);
const absorb = (nth: number) => booking(nth, 'absorb', 1_300, 701);

test('What was acknowledged and is in both ledgers once, or absorbed, is well', async () => {
  const charges = await count(accountOf([1, 2], [3]), [incur(1), incur(3)], [certify(1), absorb(2), certify(3)]);
  expect(charges).toEqual({
    acknowledged: 2,
    tentative: 2,
    final: 2,
    absorbed: 1,
    voided: 0,
    lost: [],
    double: [],
    unfounded: [],
    unanswered: 1,
  });
});

test('What was acknowledged and is in no ledger is lost; what is not certified is not settled', async () => {
  const charges = await count(accountOf([1, 2]), [incur(1)], []);
  expect(charges).toMatchObject({ acknowledged: 2, tentative: 1, final: 0, lost: [selection(2)] });
});

test('A second charge, a second settlement and another amount than the price are found', async () => {
  const { double } = await count(
    accountOf([1, 2, 3, 4]),
    [incur(1), incur(1), incur(2), incur(3), incur(4, price + 1)],
    [certify(1), absorb(2), certify(3), certify(3), certify(4)],
  );
  expect(double).toEqual([
    `${selection(1)} is charged twice`,
    `${selection(1)} is charged ${2 * price} instead of ${price}`,
    `${selection(2)} is charged twice`,
    `${selection(3)} is settled twice`,
    `${selection(3)} is charged ${2 * price} instead of ${price}`,
    `${selection(4)} is charged ${price + 1} instead of ${price}`,
  ]);
});

test('A charge for which nothing was ever sent is unfounded', async () => {
  const account = accountOf([1]);
  account.selected(selection(2), item.lineItemId, false);
  const { unfounded } = await count(account, [incur(1), incur(2)], [certify(1)]);
  expect(unfounded).toEqual([selection(2)]);
});
