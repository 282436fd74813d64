import { formatTime } from '../../domain/time-text.ts';
import type { Clock } from '../../ports/clock.ts';
import type { EventLog } from '../../ports/event-log.ts';
import type { LedgerQueries } from '../../ports/ledger-queries.ts';
import type { SchemaRegistry } from '../../ports/schema-registry.ts';
import type { Warehouse } from '../../ports/warehouse.ts';
import type { ConsoleRoutes } from '../console-app.ts';
import { readableRecord } from '../readable.ts';
import type { Reports } from '../reports/report-file.ts';
import { runReport } from '../reports/run-report.ts';

export interface LiveRoutesDeps {
  readonly queries: Pick<LedgerQueries, 'balances'>;
  readonly reports: Reports;
  readonly warehouse: Warehouse;
  readonly clock: Clock;
  readonly log: Pick<EventLog, 'shards' | 'bounds' | 'read'>;
  readonly registry: SchemaRegistry;
}

const windows = ['15m', '1h', '24h', '7d', '30d'] as const;
type Window = (typeof windows)[number];

const rows = { type: 'array', items: { type: 'object', additionalProperties: true } } as const;
const answer = {
  title: 'live figures',
  type: 'object',
  properties: {
    at: { type: 'string', format: 'date-time' },
    window: { type: 'string', enum: windows },
    funnel: {
      ...rows,
      description: 'The report truth_funnel of the window: counts and money by stage, from reporting.',
    },
    spend: { ...rows, description: 'The report spend_by_state of the window, summed over its hours.' },
    accounts: { ...rows, description: 'Both ledgers since ever at their latest cut: credits − debits by account.' },
    recent: { type: 'array', items: { type: 'string' }, description: 'Ids of the newest selections.' },
    ledger_cut: { type: ['string', 'null'] },
    ledger_digest: { type: 'string' },
    reporting: {
      type: 'object',
      properties: {
        records: { type: 'integer' },
        age_ms: { type: ['integer', 'null'], description: 'Since the newest record that reporting has was written.' },
      },
    },
  },
} as const;

/** However many pages look, the engines are asked once in so long. */
const freshMs = 1_000;

/** `GET /v1/live`: what the console shows and asks for every few seconds. */
export function liveRoutes(deps: LiveRoutesDeps): ConsoleRoutes {
  const kept = new Map<Window, { readonly atMs: number; readonly figures: Promise<object> }>();
  const figuresOf = (window: Window): Promise<object> => {
    const now = deps.clock.now();
    const known = kept.get(window);
    if (known !== undefined && now - known.atMs < freshMs) return known.figures;
    const figures = liveFigures(deps, window);
    kept.set(window, { atMs: now, figures });
    // A failure is each asker's to hear, but nobody's to hear again.
    figures.catch(() => kept.delete(window));
    return figures;
  };
  return (app) => {
    app.get(
      '/v1/live',
      {
        config: { roles: ['finance', 'analyst', 'auditor'] },
        schema: {
          summary: 'Truth funnel and spend by state, as they stand',
          tags: ['reports'],
          querystring: {
            type: 'object',
            properties: { window: { type: 'string', enum: windows, description: '24h if left out.' } },
            additionalProperties: false,
          },
          response: { 200: answer },
        },
      },
      ({ query }) => figuresOf((query as { window?: Window }).window ?? '24h'),
    );
  };
}

async function liveFigures(deps: LiveRoutesDeps, window: Window): Promise<object> {
  const from = `-${window}`;
  const [funnel, spend, freshness, recent, tentative, final] = await Promise.all([
    runReport(deps, 'truth_funnel', { from }),
    runReport(deps, 'spend_by_state', { from }),
    runReport(deps, 'freshness'),
    recentSelections(deps),
    deps.queries.balances({ truth: 'tentative', at: { kind: 'latest' } }),
    deps.queries.balances({ truth: 'final', at: { kind: 'latest' } }),
  ]);
  const ages = freshness.rows.map(({ age_ms }) => Number(age_ms));
  return {
    at: formatTime(deps.clock.now()),
    window,
    funnel: funnel.rows,
    spend: sumByCurrency(spend.rows),
    accounts: [...sumAccounts('tentative', tentative.balances), ...sumAccounts('final', final.balances)],
    recent,
    ledger_cut: final.cut,
    ledger_digest: final.digest,
    reporting: {
      records: freshness.rows.reduce((sum, { records }) => sum + Number(records), 0),
      age_ms: ages.length === 0 ? null : Math.min(...ages),
    },
  };
}

/** Sums of the amounts of all hours, exact, one row a currency. */
function sumByCurrency(hours: readonly Readonly<Record<string, unknown>>[]): Record<string, string>[] {
  const sums = new Map<string, Map<string, bigint>>();
  for (const hour of hours) {
    const currency = String(hour['currency']);
    const row = sums.get(currency) ?? new Map<string, bigint>();
    sums.set(currency, row);
    for (const [name, value] of Object.entries(hour)) {
      if (name.endsWith('_micros')) row.set(name, (row.get(name) ?? 0n) + BigInt(String(value)));
    }
  }
  return [...sums].map(([currency, row]) => ({
    currency,
    ...Object.fromEntries([...row].map(([name, sum]) => [name, String(sum)])),
  }));
}

function sumAccounts(
  truth: string,
  balances: Awaited<ReturnType<LedgerQueries['balances']>>['balances'],
): Record<string, string>[] {
  const sums = new Map<string, { account: string; currency: string; normal_side: string; sum: bigint }>();
  for (const { account, currency, normal_side, balance_micros } of balances) {
    const key = `${currency} ${account}`;
    const row = sums.get(key) ?? { account, currency, normal_side, sum: 0n };
    row.sum += BigInt(balance_micros);
    sums.set(key, row);
  }
  return [...sums.values()].map(({ sum, ...row }) => ({ truth, ...row, balance_micros: String(sum) }));
}

const recentShown = 5;
/** AdSelected and MarkupReturned take turns, more or less. */
const recentRead = recentShown * 3;

/** The newest of all shards, newest first: a UUIDv7 begins with its time. */
async function recentSelections({ log, registry }: LiveRoutesDeps): Promise<string[]> {
  const ids: string[] = [];
  for (let shard = 0; shard < log.shards('selected'); shard += 1) {
    const { first, next } = await log.bounds('selected', shard);
    const records = await log.read('selected', shard, Math.max(first, next - recentRead), recentRead);
    for (const { value } of records) {
      const record = readableRecord(registry, value);
      if (record?.name === 'AdSelected') ids.push(record.value.billing.selection_id);
    }
  }
  return ids.toSorted().toReversed().slice(0, recentShown);
}
