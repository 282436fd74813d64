import { ok, strictEqual } from 'node:assert/strict';
import type { FastifyInstance } from 'fastify';
import { createSimulatedClock, type SimulatedClock } from '../../adapters/simulated/clock.ts';
import { createSimulatedDisk } from '../../adapters/simulated/disk.ts';
import { createSeededRandom } from '../../adapters/simulated/random.ts';
import { openDecisionDesk } from '../../apps/decisions.ts';
import { deriveLimits } from '../../config/limits.ts';
import { readSettings } from '../../config/settings.ts';
import { errorCodes } from '../../domain/errors.ts';
import type { SpendIncurred } from '../../domain/records.ts';
import type { TokenClaims } from '../../domain/token.ts';
import { BeaconDesk } from '../../serving/beacons.ts';
import type { Boot } from '../../serving/boot.ts';
import { SmoothedClickRates } from '../../serving/click-rates.ts';
import { ClientReader } from '../../serving/client.ts';
import { LeaseFold } from '../../serving/lease-book.ts';
import { NodeClock } from '../../serving/node-clock.ts';
import { Rejections } from '../../serving/rejections.ts';
import { registerDecisions } from '../../serving/routes/decisions.ts';
import { buildServe } from '../../serving/serve-app.ts';
import { TokenKeys } from '../../serving/token-keys.ts';
import { FixedLeases, indexOf, inventory, noon, placement, supply } from '../decision-world.ts';
import { boot, MemoryBuffer, node, registry, sampleBilling, sampleToken } from '../serving-world.ts';

/** The whole public side over a catalogue, a buffer and keys in memory. */
export interface PublicWorld {
  readonly app: FastifyInstance;
  readonly buffer: MemoryBuffer;
  readonly clock: SimulatedClock;
  /** Errors that were the platform's own: there may be none. */
  readonly errors: Error[];
  /** Tokens as serving issues them, for viewing and for clicking. */
  readonly tokens: { readonly view: readonly string[]; readonly click: readonly string[] };
  /** Selections that these tokens belong to. */
  readonly issued: ReadonlySet<TokenClaims['billing']['selection_id']>;
}

const catalogue = [
  ...inventory(1),
  ...supply(1, { campaign: { budget_total_micros: 9e15 } }),
  ...supply(2, { lineItem: { pricing_model: 'CPC', bid_micros: 900_000 } }),
  {
    name: 'PlacementPublished' as const,
    value: placement(2, { publisher_id: 'pub_1', formats: ['banner', 'video'], sizes: [] }),
  },
];

export async function openPublicWorld(): Promise<PublicWorld> {
  const settings = readSettings({});
  const limits = deriveLimits(settings);
  const clock = createSimulatedClock({ startMs: noon });
  const random = createSeededRandom('fuzz');
  const keys = await TokenKeys.open({
    disk: createSimulatedDisk({ random }),
    clock,
    random,
    folder: '/s',
    verifiesMs: 90_000_000,
  });
  const buffer = new MemoryBuffer();
  const nodeClock = new NodeClock(clock, 0);
  const errors: Error[] = [];
  const onError = (error: Error) => void errors.push(error);
  const index = indexOf(catalogue);
  const decisions = openDecisionDesk({
    settings,
    limits,
    clock,
    random,
    registry,
    keys,
    index,
    onError,
    rates: new SmoothedClickRates(),
    boot: { node, boot, buffer, clock: nodeClock, leases: new FixedLeases(), everyMark: [] } as unknown as Boot,
    views: { getMany: async (asked: readonly string[]) => asked.map(() => null) } as never,
    persons: { getMany: async (asked: readonly string[]) => asked.map(() => 'user-1') } as never,
    url: 'https://ads.example',
    hashSecret: Buffer.alloc(32, 3),
  });
  const clients = new ClientReader(['10.0.0.0/8', '127.0.0.0/8']);
  const app = await buildServe({
    desk: new BeaconDesk({
      buffer,
      keys,
      random,
      registry,
      clock: nodeClock,
      leases: new LeaseFold({ node, boot, shards: 4, idleMs: 30_000 }),
      rejections: new Rejections({ buffer, clock: nodeClock, registry }),
      longestTokenMs: limits.longestTokenMs,
    }),
    clients,
    findCreative: (id) => index.catalog.creatives.get(id),
    health: { dependencies: () => ({ log: { ok: true, detail: 'x' } }), metrics: async () => 'adtally_x 1\n' },
    endOfTurn: setImmediate,
    routes: [
      (scope) =>
        registerDecisions(scope, {
          desk: decisions,
          clients,
          monotonicUs: () => clock.monotonicUs(),
          debugAllowed: (key) => key === 'debug-key-0123456789',
        }),
    ],
    onError,
  });
  const billings = [1, 2, 3].map((number) =>
    sampleBilling(number, { selected_at: noon - 1_000, campaign_id: `cmp_${number}` }),
  );
  const tokensFor = (use: 'view' | 'click') => billings.map((billing) => sampleToken(billing, keys.current(), use));
  return {
    app,
    buffer,
    clock,
    errors,
    tokens: { view: tokensFor('view'), click: tokensFor('click') },
    issued: new Set(billings.map(({ selection_id }) => selection_id)),
  };
}

/** Statuses that any route may give; a 503 only with one of our codes. */
const definedStatuses = new Set([
  200, 201, 202, 204, 302, 304, 400, 401, 403, 404, 405, 409, 412, 413, 415, 428, 429, 503,
]);
/** What a text of a failing program looks like. */
const inside = /\n\s+at |node_modules|\.ts:\d|ECONNREFUSED|SQLITE|at async /;

export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

/** Holds for every answer of every route: a defined status, for an error a known code of that status, and nothing of the inside. Returns status and code. */
export function checkAnswer({ status, type, text }: Answer): string {
  ok(definedStatuses.has(status), `status ${status}: ${text.slice(0, 300)}`);
  if (status < 400) return String(status);
  ok(!inside.test(text), `shows the inside: ${text.slice(0, 300)}`);
  ok(type.startsWith('application/problem+json'), `${status} as ${type}`);
  const problem = JSON.parse(text) as { code: string; status: number; title: string; detail: string };
  ok(Object.hasOwn(errorCodes, problem.code), `unknown code ${problem.code}`);
  strictEqual(problem.status, status);
  strictEqual(errorCodes[problem.code as keyof typeof errorCodes].status, status);
  return `${status} ${problem.code}`;
}

/** Nothing went wrong inside, every record in the buffer is a record, and only selections that were issued were charged. */
export function checkWorld({ errors, buffer, issued }: PublicWorld): void {
  // Taken out, so that the next input is not blamed for it.
  strictEqual(errors.splice(0)[0]?.stack, undefined);
  const charged = buffer
    .decoded()
    .filter(({ record }) => record.name === 'SpendIncurred')
    .map(({ record }) => (record.value as SpendIncurred).billing.selection_id);
  for (const id of charged) ok(issued.has(id), `charged ${id}, which nobody selected`);
  buffer.entries.length = 0;
}
