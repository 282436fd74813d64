import type { FastifyInstance } from 'fastify';
import { openFileSchemaRegistry } from '../adapters/embedded/file-schema-registry.ts';
import { createSimulatedClock, type SimulatedClock } from '../adapters/simulated/clock.ts';
import { createSimulatedLog, type SimulatedLog, type SimulatedLogHandle } from '../adapters/simulated/event-log.ts';
import { createSeededRandom } from '../adapters/simulated/random.ts';
import { createSimulatedStates } from '../adapters/simulated/state-store.ts';
import { type KeptKey, parseKeys } from '../dashboards/auth.ts';
import { buildConsole } from '../dashboards/console-app.ts';
import { type ConsoleDesks, openConsoleDesks } from '../dashboards/console-desks.ts';
import type { PolicyRules } from '../dashboards/finance/first-policy.ts';
import { FinanceDesk } from '../dashboards/finance/finance-desk.ts';
import { contentOf } from '../dashboards/finance/selection-content.ts';
import { auditRoutes } from '../dashboards/routes/audit.ts';
import { catalogRoutes } from '../dashboards/routes/catalog.ts';
import { financeRoutes } from '../dashboards/routes/finance.ts';
import { personRoutes } from '../dashboards/routes/persons.ts';
import type { AnyRecord, Topic } from '../domain/records.ts';
import type { EventIndex, EventPlace } from '../ports/event-index.ts';
import type { EventLog } from '../ports/event-log.ts';
import { Gathering } from './gathering-log.ts';
import { topicShards } from './topic-shards.ts';

export const registry = openFileSchemaRegistry();
export const keyOf = {
  admin: 'admin-key-0123456789',
  trafficker: 'trafficker-key-0123456789',
  finance: 'finance-key-0123456789',
  analyst: 'analyst-key-0123456789',
  auditor: 'auditor-key-0123456789',
} as const;
/** The keys of `keyOf` as the setting gives them. */
export const roleKeys = Object.entries(keyOf)
  .map(([role, key]) => `${role}=${key}`)
  .join(',');
const usualRules: PolicyRules = { holdMs: 3_600_000, horizonMs: 45 * 86_400_000 };
const selectionTopics: readonly Topic[] = ['selected', 'impression', 'engagement', 'click', 'spend', 'quarantine'];

/** JSON of an answer: an entity, a list or a problem. */
export interface AnswerBody {
  readonly code?: string;
  readonly path?: string;
  readonly detail?: string;
  readonly items?: readonly Readonly<Record<string, unknown>>[];
  readonly next_cursor?: string | null;
  readonly [field: string]: unknown;
}

export interface ConsoleAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
  readonly json: AnswerBody;
}

export interface Asking {
  readonly key?: string | null;
  readonly body?: unknown;
  /** Sent instead of the body, as it is. */
  readonly raw?: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A console over a log in memory that further consoles and the test may share. */
export class ConsoleWorld {
  readonly clock: SimulatedClock = createSimulatedClock({ startMs: Date.UTC(2026, 10, 22, 8) });
  readonly log: SimulatedLog = createSimulatedLog({ shards: topicShards(3) });
  readonly handle: SimulatedLogHandle = this.log.open({ clock: this.clock, name: 'test' });
  readonly faults: Error[] = [];
  /** Makes writes of several consoles meet. */
  readonly gathering = new Gathering();
  #consoles = 0;

  /** Opens what a console works with, as a further process does, without its routes. */
  async openDesks(rules = usualRules): Promise<{ readonly desks: ConsoleDesks; readonly log: EventLog }> {
    this.#consoles += 1;
    const { clock } = this;
    const log = this.gathering.join(this.log.open({ clock, name: `console-${this.#consoles}` }));
    const random = createSeededRandom(this.#consoles);
    const states = createSimulatedStates().open();
    return { desks: await openConsoleDesks({ log, registry, clock, random, states, rules }), log };
  }

  /** Opens a console, as a further process does. */
  async open(options: { readonly keys?: string; readonly rules?: PolicyRules } = {}): Promise<TestConsole> {
    const { desks, log } = await this.openDesks(options.rules);
    const app = await this.#app(parseKeys(options.keys ?? roleKeys), log, desks);
    return { app, desks, log, ask: (method, url, asking) => ask(app, method, url, asking) };
  }

  #app(keys: readonly KeptKey[], log: EventLog, desks: ConsoleDesks): Promise<FastifyInstance> {
    const { clock } = this;
    const places = { log, registry, events: eventsOf(log), catchUp: async () => undefined };
    const finance = new FinanceDesk({
      log,
      registry,
      clock,
      random: createSeededRandom('finance'),
      facts: desks.facts,
      contentOf: (selectionId) => contentOf(places, selectionId),
    });
    const routes = [
      catalogRoutes(desks.catalog),
      financeRoutes(finance, desks.facts),
      auditRoutes(places),
      personRoutes({ log, registry, clock, hashSecret: Buffer.alloc(32, 1) }),
    ];
    return buildConsole({ keys, routes, onError: (error) => this.faults.push(error) });
  }

  /** Every record of a topic, in the order of its shards. */
  async records(topic: Topic): Promise<AnyRecord[]> {
    const found: AnyRecord[] = [];
    for (let shard = 0; shard < this.handle.shards(topic); shard += 1) {
      const { first, next } = await this.handle.bounds(topic, shard);
      const records = await this.handle.read(topic, shard, first, Math.max(1, next - first));
      found.push(...records.map(({ value }) => registry.decode(value)));
    }
    return found;
  }

  async append(topic: Topic, shard: number, key: string, record: AnyRecord): Promise<number> {
    const [offset = -1] = await this.handle.append(topic, [
      { shard, key, value: registry.encode(record.name, record.value) },
    ]);
    return offset;
  }
}

export interface TestConsole {
  readonly app: FastifyInstance;
  readonly desks: ConsoleDesks;
  readonly log: EventLog;
  readonly ask: (
    method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE',
    url: string,
    asking?: Asking,
  ) => Promise<ConsoleAnswer>;
}

async function ask(app: FastifyInstance, method: string, url: string, asking: Asking = {}): Promise<ConsoleAnswer> {
  const { key = keyOf.admin, body, raw, headers = {} } = asking;
  const payload = raw ?? (body === undefined ? undefined : JSON.stringify(body));
  const {
    statusCode: status,
    headers: given,
    body: text,
  } = await app.inject({
    method: method as 'GET',
    url,
    headers: {
      ...(key === null ? {} : { authorization: `Bearer ${key}` }),
      ...(payload === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(payload === undefined ? {} : { payload }),
  });
  const isJson = String(given['content-type']).includes('json');
  return { status, headers: given, text, json: (isJson ? JSON.parse(text) : {}) as AnswerBody };
}

/** Finds the records of a selection by looking at all. */
function eventsOf(log: EventLog): EventIndex {
  return {
    indexedEvents: async () => 0,
    addEvents: async () => false,
    dropEvents: async () => undefined,
    eventsOf: async (selectionId) => {
      const places: EventPlace[] = [];
      for (const topic of selectionTopics) {
        for (let shard = 0; shard < log.shards(topic); shard += 1) {
          const { first, next } = await log.bounds(topic, shard);
          const records = await log.read(topic, shard, first, Math.max(1, next - first));
          places.push(
            ...records.filter(({ key }) => key === selectionId).map(({ offset }) => ({ topic, shard, offset })),
          );
        }
      }
      return places;
    },
  };
}

/** Bodies that create one of each kind. */
export const sampleBodies = {
  advertiser: {
    name: 'Acme',
    currency: 'EUR',
    time_zone: 'Europe/Berlin',
    domains: ['acme.example'],
    categories: ['IAB3'],
  },
  campaign: (advertiserId: string) => ({
    advertiser_id: advertiserId,
    name: 'Autumn',
    budget_total_micros: '500000000',
    budget_daily_micros: '50000000',
    flight: { starts_at: '2026-11-22T00:00:00Z', ends_at: '2026-12-22T00:00:00+01:00' },
  }),
  lineItem: (campaignId: string) => ({
    campaign_id: campaignId,
    name: 'Phones',
    pricing_model: 'CPM',
    bid_micros: '2500000',
    targeting: { countries: { include: ['DE', 'AT'] }, device_types: { include: ['phone'] }, hours: [0, 1, 167] },
    frequency_cap: { impressions: 3, window_ms: 86_400_000 },
  }),
  creative: (lineItemId: string) => ({
    line_item_id: lineItemId,
    name: 'Banner',
    format: 'banner',
    width: 300,
    height: 250,
    markup: '<a href="{click_url}"><img src="{asset_url}/a.png?{cachebuster}" style="a{color:red}"></a>',
    landing_url: 'https://acme.example/landing?c={click_id}',
    trackers: [{ event: 'impression', url: 'https://track.example/i?s={selection_id}' }],
  }),
  publisher: {
    name: 'Daily',
    domains: ['daily.example'],
    shares: [{ effective_from: '2026-01-01T00:00:00Z', share_ppm: 700_000 }],
  },
  placement: (publisherId: string) => ({
    publisher_id: publisherId,
    name: 'Top',
    formats: ['banner'],
    sizes: ['300x250'],
    floor_micros: '500000',
    floor_currency: 'EUR',
  }),
} as const;

/** Ids of a catalogue with one of each kind. */
export interface SampleCatalog {
  readonly advertiser: string;
  readonly campaign: string;
  readonly lineItem: string;
  readonly creative: string;
  readonly publisher: string;
  readonly placement: string;
}

export async function createSampleCatalog({ ask: request }: TestConsole): Promise<SampleCatalog> {
  const create = async (path: string, body: unknown, idField: string): Promise<string> => {
    const { status, json, text } = await request('POST', path, { body });
    if (status !== 201) throw new Error(text);
    return String(json[idField]);
  };
  const advertiser = await create('/v1/advertisers', sampleBodies.advertiser, 'advertiser_id');
  const campaign = await create('/v1/campaigns', sampleBodies.campaign(advertiser), 'campaign_id');
  const lineItem = await create('/v1/line-items', sampleBodies.lineItem(campaign), 'line_item_id');
  const creative = await create('/v1/creatives', sampleBodies.creative(lineItem), 'creative_id');
  const publisher = await create('/v1/publishers', sampleBodies.publisher, 'publisher_id');
  const placement = await create('/v1/placements', sampleBodies.placement(publisher), 'placement_id');
  return { advertiser, campaign, lineItem, creative, publisher, placement };
}
