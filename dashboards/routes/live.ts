import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { isAdtallyError } from '../../domain/errors.ts';
import { formatTime } from '../../domain/time-text.ts';
import type { Clock } from '../../ports/clock.ts';
import type { EventLog } from '../../ports/event-log.ts';
import type { LedgerQueries } from '../../ports/ledger-queries.ts';
import type { SchemaRegistry } from '../../ports/schema-registry.ts';
import type { Warehouse } from '../../ports/warehouse.ts';
import { acceptedType } from '../accepted-type.ts';
import type { ConsoleRoutes } from '../console-app.ts';
import type { FleetWatch } from '../operations/fleet-watch.ts';
import { fleetAlerts } from '../operations/fleet-alerts.ts';
import { requestsOf } from '../operations/requests.ts';
import { type Alert, alertsOf, type Watched } from '../overview/alerts.ts';
import { shardCounts } from '../operations/shard-work.ts';
import { CountedByWindow, type Window, windows } from '../overview/counted-figures.ts';
import { readableRecord } from '../readable.ts';
import type { Reports } from '../reports/report-file.ts';

export interface LiveRoutesDeps {
  readonly queries: Pick<LedgerQueries, 'balances'>;
  readonly reports: Reports;
  readonly warehouse: Warehouse;
  readonly clock: Clock;
  readonly log: Pick<EventLog, 'shards' | 'bounds' | 'read'>;
  readonly registry: SchemaRegistry;
  /** What lags, what is damaged, and how the last audits went. */
  readonly watch: () => Promise<Watched>;
  /** Up to where reporting has each shard of the log. */
  readonly sunk: () => readonly { readonly offset: number }[];
  /** What serving was asked. */
  readonly fleet: Pick<FleetWatch, 'history' | 'processes'>;
}

const json = 'application/json';
const events = 'text/event-stream';

const rows = { type: 'array', items: { type: 'object', additionalProperties: true } } as const;
const answer = {
  title: 'live figures',
  type: 'object',
  properties: {
    at: { type: 'string', format: 'date-time' },
    window: { type: 'string', enum: windows },
    counted_at: {
      type: 'string',
      format: 'date-time',
      description: 'When the figures of the warehouse were counted: the more there is to count, the less often.',
    },
    requests: {
      type: 'object',
      additionalProperties: true,
      description: 'What serving was asked in the last minutes, as its processes count it.',
    },
    funnel: {
      ...rows,
      description: 'The report truth_funnel of the window: counts and money by stage, from reporting.',
    },
    spend: { ...rows, description: 'The report spend_by_state of the window, summed over its hours.' },
    spend_hours: { ...rows, description: 'The same, hour by hour of selection.' },
    minutes: { ...rows, description: 'Selections and those seen, by minute of selection, at most the last day.' },
    stages: { ...rows, description: 'The report stage_latency of the last 15 minutes of the window.' },
    participation: {
      ...rows,
      description: 'Bidders behind the selections of the last 15 minutes of the window, by tier.',
    },
    truths: { ...rows, description: 'How far each truth lies behind the evidence, and how far it may.' },
    time: {
      type: 'object',
      description: 'Time of the folds.',
      properties: {
        at: { type: ['string', 'null'] },
        age_ms: { type: ['integer', 'null'] },
        tolerance_ms: { type: 'integer' },
      },
    },
    quarantined: { type: 'integer', description: 'Records that could not be read, judged or believed.' },
    alerts: { ...rows, description: 'What somebody should look at: `level` is wrong or late.' },
    accounts: { ...rows, description: 'Both ledgers since ever at their latest cut: credits − debits by account.' },
    recent: { type: 'array', items: { type: 'string' }, description: 'Ids of the newest selections.' },
    ledger_cut: { type: ['string', 'null'] },
    ledger_digest: { type: 'string' },
    reporting: {
      type: 'object',
      properties: {
        records: { type: 'integer' },
        lag_ms: { type: ['integer', 'null'], description: 'Age of the oldest record that reporting lacks.' },
      },
    },
  },
} as const;

/** However many pages look, the engines are asked once in so long. */
const freshMs = 1_000;

/** `GET /v1/live`: what the console shows. As JSON once, or as server-sent events (`Accept: text/event-stream`) every few seconds until the client goes. */
export function liveRoutes(deps: LiveRoutesDeps): ConsoleRoutes {
  const counted = new CountedByWindow(deps);
  const kept = new Map<
    Window,
    { readonly atMs: number; readonly isAsked: boolean; readonly figures: Promise<object> }
  >();
  const figuresOf = (window: Window): Promise<object> => {
    const now = deps.clock.now();
    const known = kept.get(window);
    if (known !== undefined && (known.isAsked || now - known.atMs < freshMs)) return known.figures;
    const asked = { atMs: now, isAsked: true, figures: liveFigures(deps, { window, counted }) };
    const { figures } = asked;
    kept.set(window, asked);
    // However long it takes, nobody asks the same once more meanwhile.
    const answered = () => Object.assign(asked, { atMs: deps.clock.now(), isAsked: false });
    figures.then(answered, answered);
    // A failure is each asker's to hear, but nobody's to hear again.
    figures.catch(() => kept.delete(window));
    return figures;
  };
  return (app) => {
    const stream = eventStreams(app, deps.clock);
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
      async ({ query, headers }, reply) => {
        const { window = '24h' } = query as { window?: Window };
        if (acceptedType(headers.accept, [json, events]) === json) return figuresOf(window);
        return sendEvents(
          reply,
          stream(() => figuresOf(window)),
        );
      },
    );
  };
}

const sendEveryMs = 2_000;

/** Figures as server-sent events, until the console ends or the client goes. A question that failed is an event as well: the next may succeed. */
function eventStreams(app: FastifyInstance, clock: Clock): (figures: () => Promise<object>) => AsyncGenerator<string> {
  const ending = new AbortController();
  app.addHook('preClose', async () => ending.abort());
  return async function* (figures) {
    while (!ending.signal.aborted) {
      yield await eventOf(figures);
      await clock.sleep(sendEveryMs, ending.signal);
    }
  };
}

async function eventOf(figures: () => Promise<object>): Promise<string> {
  try {
    return `event: figures\ndata: ${JSON.stringify(await figures())}\n\n`;
  } catch (error) {
    const detail = isAdtallyError(error) ? `${error.code}: ${error.message}` : 'the figures could not be read';
    return `event: problem\ndata: ${JSON.stringify({ detail })}\n\n`;
  }
}

function sendEvents(reply: FastifyReply, lines: AsyncGenerator<string>): FastifyReply {
  return reply.type(`${events}; charset=utf-8`).header('x-accel-buffering', 'no').send(Readable.from(lines));
}

async function liveFigures(
  deps: LiveRoutesDeps,
  { window, counted }: { readonly window: Window; readonly counted: CountedByWindow },
): Promise<object> {
  const [watched, figures, recent, tentative, final] = await Promise.all([
    deps.watch(),
    counted.of(window),
    recentSelections(deps),
    deps.queries.balances({ truth: 'tentative', at: { kind: 'latest' } }),
    deps.queries.balances({ truth: 'final', at: { kind: 'latest' } }),
  ]);
  const now = deps.clock.now();
  const { funnel, spendHours, minutes, stages, participation } = figures;
  return {
    at: formatTime(now),
    window,
    counted_at: formatTime(figures.atMs),
    requests: requestsOf(deps.fleet.history, now),
    funnel,
    spend: sumByCurrency(spendHours),
    spend_hours: spendHours,
    minutes,
    stages,
    participation: sumByTier(participation),
    ...watchedFigures(watched, fleetAlerts(deps.fleet.processes(), shardCounts(deps.log))),
    accounts: [...sumAccounts('tentative', tentative.balances), ...sumAccounts('final', final.balances)],
    recent,
    ledger_cut: final.cut,
    ledger_digest: final.digest,
    reporting: {
      records: deps.sunk().reduce((sum, { offset }) => sum + offset, 0),
      lag_ms: watched.truths.find(({ truth }) => truth === 'reporting')?.lag_ms ?? null,
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

function watchedFigures(
  watched: Watched,
  ofFleet: readonly Alert[],
): {
  readonly truths: Watched['truths'];
  readonly time: object;
  readonly quarantined: number;
  readonly alerts: readonly Alert[];
} {
  const { at, ...age } = watched.time;
  return {
    truths: watched.truths,
    time: { at: at === null || at === 0 ? null : formatTime(at), ...age },
    quarantined: watched.quarantined,
    alerts: [...ofFleet, ...alertsOf(watched)],
  };
}

const counted = ['selections', 'fallbacks', 'degraded', 'eligible', 'solicited', 'responded', 'participating'] as const;

function sumByTier(hours: readonly Readonly<Record<string, unknown>>[]): Record<string, string | number>[] {
  const sums = new Map<string, Record<string, number>>();
  for (const hour of hours) {
    const tier = String(hour['tier']);
    const row = sums.get(tier) ?? Object.fromEntries(counted.map((name) => [name, 0]));
    sums.set(tier, row);
    for (const name of counted) row[name] = (row[name] ?? 0) + Number(hour[name]);
  }
  return [...sums].map(([tier, row]) => ({ tier, ...row })).toSorted((a, b) => (a.tier < b.tier ? -1 : 1));
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
