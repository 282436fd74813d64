import type { ConsoleClient, Json } from './console-client.ts';

/** What the platform's truths say of the simulator's campaigns, in micros by currency. Read over the console's API. */
export interface Books {
  readonly cut: string;
  readonly tentative: ReadonlyMap<string, TentativeSums>;
  readonly final: ReadonlyMap<string, FinalSums>;
  readonly report: ReadonlyMap<string, ReportSums>;
}

export interface TentativeSums {
  readonly incurred: bigint;
  readonly voided: bigint;
  readonly openReserved: bigint;
  readonly pending: bigint;
}

export interface FinalSums {
  readonly certified: bigint;
  readonly reversed: bigint;
  readonly absorbed: bigint;
  readonly absorbedVoided: bigint;
}

export interface ReportSums {
  readonly incurred: bigint;
  readonly absorbed: bigint;
  readonly voided: bigint;
  readonly certified: bigint;
  readonly reversed: bigint;
}

interface BalanceRow {
  readonly account: string;
  readonly campaign_id: string | null;
  readonly currency: string;
  readonly debit_micros: string;
  readonly credit_micros: string;
}

interface BalancesAnswer {
  readonly cut: string | null;
  readonly as_of_position: string;
  readonly balances: readonly BalanceRow[];
}

/** An entry as far as it matters here. */
export interface EntryRow {
  readonly truth: 'tentative' | 'final';
  readonly kind: string;
  readonly selection_id: string | null;
  readonly campaign_id: string | null;
  readonly debit_account: string;
  readonly credit_account: string;
  readonly amount_micros: string;
  /** Rule of the verdict that it carries out; else empty. */
  readonly reference: string;
  /** Place of the record that it came from. */
  readonly source: string;
}

export interface Verdict {
  readonly selection_id: string;
  readonly category: string;
  readonly rule: string;
}

type Side = 'debit_micros' | 'credit_micros';

/** Latest cut that both ledgers have reached, ms. */
export async function latestCut(client: ConsoleClient): Promise<number> {
  const { cut } = await client.get<BalancesAnswer>('/v1/ledger/balances?truth=final');
  return cut === null ? 0 : Date.parse(cut);
}

/** Reads balances of both ledgers and the report of spend by state for some campaigns. */
export async function readBooks(client: ConsoleClient, campaignIds: readonly string[], from: number): Promise<Books> {
  const own = new Set(campaignIds);
  const final = await client.get<BalancesAnswer>('/v1/ledger/balances?truth=final');
  // At the very same cut: a verdict may come between two questions.
  const at = `as_of_position=${final.as_of_position}`;
  const tentative = await client.get<BalancesAnswer>(`/v1/ledger/balances?truth=tentative&${at}`);
  return {
    cut: final.cut ?? '',
    tentative: byCurrency(tentative, own, (sum) => ({
      incurred: sum(/^campaign:incurred$/, 'debit_micros'),
      voided: sum(/^contra:/, 'debit_micros'),
      openReserved: sum(/^campaign:reserved$/, 'debit_micros') - sum(/^campaign:reserved$/, 'credit_micros'),
      pending: sum(/^campaign:incurred$/, 'debit_micros') - sum(/^campaign:incurred$/, 'credit_micros'),
    })),
    final: byCurrency(final, own, (sum) => ({
      certified: sum(/^advertiser:unbilled$/, 'debit_micros'),
      reversed: sum(/^contra:/, 'debit_micros'),
      absorbed: sum(/^absorbed$/, 'debit_micros'),
      absorbedVoided: sum(/^absorbed$/, 'credit_micros'),
    })),
    report: await readReport(client, campaignIds, from),
  };
}

function byCurrency<T>(
  { balances }: BalancesAnswer,
  own: ReadonlySet<string>,
  make: (sum: (account: RegExp, side: Side) => bigint) => T,
): Map<string, T> {
  const rows = balances.filter(({ campaign_id }) => campaign_id !== null && own.has(campaign_id));
  const sums = new Map<string, T>();
  for (const currency of new Set(rows.map((row) => row.currency))) {
    const mine = rows.filter((row) => row.currency === currency);
    const sum = (account: RegExp, side: Side) =>
      mine.filter((row) => account.test(row.account)).reduce((total, row) => total + BigInt(row[side]), 0n);
    sums.set(currency, make(sum));
  }
  return sums;
}

async function readReport(
  client: ConsoleClient,
  campaignIds: readonly string[],
  from: number,
): Promise<Map<string, ReportSums>> {
  const sums = new Map<string, ReportSums>();
  const since = encodeURIComponent(new Date(from - 60_000).toISOString());
  for (const campaignId of campaignIds) {
    const path = `/v1/reports/spend_by_state?from=${since}&campaign_id=${campaignId}`;
    const { rows } = await client.get<{ rows: readonly Record<string, string>[] }>(path);
    for (const row of rows) {
      const currency = row['currency'] ?? '';
      const known = sums.get(currency) ?? { incurred: 0n, absorbed: 0n, voided: 0n, certified: 0n, reversed: 0n };
      sums.set(currency, {
        incurred: known.incurred + BigInt(row['incurred_micros'] ?? 0),
        absorbed: known.absorbed + BigInt(row['absorbed_micros'] ?? 0),
        voided: known.voided + BigInt(row['voided_micros'] ?? 0),
        certified: known.certified + BigInt(row['certified_micros'] ?? 0),
        reversed: known.reversed + BigInt(row['reversed_micros'] ?? 0),
      });
    }
  }
  return sums;
}

/** Entries of some kinds in one ledger, whole. */
export async function readEntries(client: ConsoleClient, truth: EntryRow['truth'], kind: string): Promise<EntryRow[]> {
  const text = await client.getText(`/v1/ledger/entries?truth=${truth}&kind=${kind}`, 'application/x-ndjson');
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.map((line) => {
    const row = JSON.parse(line) as EntryRow & { readonly shard: number; readonly source_offset: number };
    return { ...row, source: `${row.shard}/${row.source_offset}` };
  });
}

/** Every verdict that the audit API publishes. */
export async function readVerdicts(client: ConsoleClient): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const path: string = `/v1/audit/verdicts?limit=500${cursor === '' ? '' : `&cursor=${cursor}`}`;
    const page: { items: readonly Verdict[]; next_cursor: string | null } = await client.get(path);
    verdicts.push(...page.items);
    cursor = page.next_cursor;
  }
  return verdicts;
}

interface ShownRecord {
  readonly name: string | null;
  readonly value: Json | null;
}

const beaconTopics = ['impression', 'engagement', 'click'] as const;

/** How many receipts of each beacon (selection and kind) the log holds. */
export async function readReceipts(client: ConsoleClient, shards: number): Promise<Map<string, number>> {
  const receipts = new Map<string, number>();
  for (const topic of beaconTopics) {
    for (let shard = 0; shard < shards; shard += 1) {
      for (let from: number | null = 0; from !== null; ) {
        const path: string = `/v1/audit/events?topic=${topic}&shard=${shard}&from_offset=${from}&limit=500`;
        const page: { items: readonly ShownRecord[]; next_offset: number | null } = await client.get(path);
        for (const { value } of page.items) count(receipts, value);
        from = page.next_offset;
      }
    }
  }
  return receipts;
}

function count(receipts: Map<string, number>, value: Json | null): void {
  const beacon = value?.['beacon'] as { kind: string; billing: { selection_id: string } } | undefined;
  if (beacon === undefined) return;
  const key = `${beacon.billing.selection_id}/${beacon.kind}`;
  receipts.set(key, (receipts.get(key) ?? 0) + 1);
}
