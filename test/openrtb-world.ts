import { type FastifyInstance, fastify, type LightMyRequestResponse } from 'fastify';
import type { AnyRecord } from '../domain/records.ts';
import { ClientReader } from '../serving/client.ts';
import { CurrencyRates } from '../serving/openrtb/currency-rates.ts';
import type { SharedAnswers } from '../serving/openrtb/coalescing.ts';
import { Exchange, type ExchangeAnswer, type ExchangeDeps } from '../serving/openrtb/exchange.ts';
import { LossNotices } from '../serving/openrtb/loss-notices.ts';
import { PlacementFinder } from '../serving/openrtb/placement-finder.ts';
import { asAdtallyError, sendProblem } from '../serving/problem.ts';
import { registerLoss } from '../serving/routes/loss.ts';
import { registerOpenRtb } from '../serving/routes/openrtb.ts';
import { inventory, issuerDeps, supply } from './decision-world.ts';
import { type DeskWorld, openDeskWorld } from './desk-world.ts';

export interface OpenRtbWorld extends DeskWorld {
  readonly app: FastifyInstance;
  readonly exchange: Exchange;
  readonly rates: CurrencyRates;
  readonly losses: LossNotices;
  /** Errors that were ours. */
  readonly errors: Error[];
}

export interface OpenRtbWorldOptions {
  readonly records?: readonly AnyRecord[];
  readonly defaultPublisher?: string;
  readonly admission?: ExchangeDeps['admission'];
  readonly mostImps?: number;
  readonly shared?: SharedAnswers<ExchangeAnswer>;
}

/** The exchange over a catalogue, a buffer and persons in memory. Whoever opens it closes `app`. */
export function openOpenRtbWorld(options: OpenRtbWorldOptions = {}): OpenRtbWorld {
  const world = openDeskWorld(options.records ?? [...inventory(1), ...supply(1)]);
  const { desk, clock, index } = world;
  const rates = new CurrencyRates(86_400_000, () => clock.now());
  const monotonicUs = () => clock.monotonicUs();
  const key = issuerDeps().signingKey();
  const losses = new LossNotices({
    keys: { all: () => new Map([[key.id, key]]), current: () => key, mayHaveMore: () => false, reload: async () => {} },
    nowMs: () => clock.now(),
    publicUrl: 'https://ads.example',
    rememberedMs: 3_600_000,
  });
  const exchange = new Exchange({
    losses,
    desk,
    catalog: index.catalog,
    placements: new PlacementFinder({ catalog: index.catalog, defaultPublisher: options.defaultPublisher ?? 'only' }),
    rates,
    networkMs: 20,
    bidLifeMs: 600_000,
    mostImps: options.mostImps ?? 50,
    admission: options.admission ?? null,
    monotonicUs,
  });
  const errors: Error[] = [];
  const app = fastify({ routerOptions: { maxParamLength: 512 } });
  app.setErrorHandler((error: Error, _request, reply) => sendProblem(reply, asAdtallyError(error)));
  const clients = new ClientReader(['10.0.0.0/8']);
  registerLoss(app, losses);
  registerOpenRtb(app, {
    exchange,
    desk,
    clients,
    shared: options.shared ?? null,
    monotonicUs,
    onError: (error) => errors.push(error),
  });
  return Object.assign(world, { app, exchange, rates, losses, errors });
}

/** Sends a bid request: an object as JSON, anything else as it is. */
export function bid(
  { app }: Pick<OpenRtbWorld, 'app'>,
  body: unknown,
  { headers = {}, query = '' }: { headers?: Record<string, string>; query?: string } = {},
): Promise<LightMyRequestResponse> {
  const payload = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
  const all = { 'content-type': 'application/json', ...headers };
  return app.inject({ method: 'POST', url: `/openrtb2/auction${query}`, headers: all, payload });
}

let made = 0;

/** A bid request for one banner of 300×250 on a page, under an id of its own. */
export function bidRequest(changes: Record<string, unknown> = {}): Record<string, unknown> {
  made += 1;
  return {
    id: `request-${made}`,
    imp: [imp('1')],
    site: { page: 'https://news.example/a' },
    device: { ua: chrome, ip: '203.0.113.9' },
    ...changes,
  };
}

export function imp(id: string, changes: Record<string, unknown> = {}): Record<string, unknown> {
  return { id, banner: { w: 300, h: 250 }, ...changes };
}

export const chrome = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/130.0.0.0 Safari/537.36';
