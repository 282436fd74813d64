import type { FastifyInstance } from 'fastify';
import { createSimulatedClock, type SimulatedClock } from '../adapters/simulated/clock.ts';
import { createSimulatedDisk } from '../adapters/simulated/disk.ts';
import { createSeededRandom } from '../adapters/simulated/random.ts';
import type { CreativePublished } from '../domain/records.ts';
import { BeaconDesk } from '../serving/beacons.ts';
import { ClientReader } from '../serving/client.ts';
import { LeaseFold } from '../serving/lease-book.ts';
import { NodeClock } from '../serving/node-clock.ts';
import { Rejections } from '../serving/rejections.ts';
import { buildServe, type ServeDeps } from '../serving/serve-app.ts';
import { TokenKeys } from '../serving/token-keys.ts';
import { boot, MemoryBuffer, node, registry, selectedAt } from './serving-world.ts';

const creative = { creative_id: 'cr_1', landing_url: 'https://shop.example/?c={click_id}' } as CreativePublished;

/** The public side over a buffer in memory, one second after the sample selections. */
export interface ServeWorld {
  readonly app: FastifyInstance;
  readonly buffer: MemoryBuffer;
  readonly clock: SimulatedClock;
  readonly keys: TokenKeys;
  readonly health: { ready: boolean };
  readonly errors: Error[];
}

/** @param more what else the public side consists of */
export async function openServeWorld(
  trustedProxies: readonly string[] = [],
  more: Partial<ServeDeps> = {},
): Promise<ServeWorld> {
  const clock = createSimulatedClock({ startMs: selectedAt + 1_000 });
  const random = createSeededRandom(3);
  const disk = createSimulatedDisk({ random });
  const keys = await TokenKeys.open({ disk, clock, random, folder: '/secrets', verifiesMs: 90_000_000 });
  const buffer = new MemoryBuffer();
  const nodeClock = new NodeClock(clock, 0);
  const leases = new LeaseFold({ node, boot, shards: 4, idleMs: 30_000 });
  const rejections = new Rejections({ buffer, clock: nodeClock, registry });
  const options = { buffer, keys, clock: nodeClock, random, registry, leases, rejections, longestTokenMs: 86_400_000 };
  const health = { ready: true };
  const errors: Error[] = [];
  const app = await buildServe({
    desk: new BeaconDesk(options),
    clients: new ClientReader(trustedProxies),
    findCreative: (id) => (id === 'cr_1' ? creative : undefined),
    health: { dependencies: () => ({ log: { ok: health.ready, detail: 'x' } }), metrics: async () => 'adtally_x 1\n' },
    routes: [],
    endOfTurn: setImmediate,
    onError: (error) => errors.push(error),
    ...more,
  });
  return { app, buffer, clock, keys, health, errors };
}
