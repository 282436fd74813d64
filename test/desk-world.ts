import { createSimulatedClock, type SimulatedClock } from '../adapters/simulated/clock.ts';
import type { LoadZone } from '../domain/deadline-policy.ts';
import type { AnyRecord } from '../domain/records.ts';
import type { Tracer } from '../ports/tracer.ts';
import { BotGate } from '../serving/bot-gate.ts';
import type { CatalogIndex } from '../serving/catalog-index.ts';
import { ConsentGate } from '../serving/consent.ts';
import { Decider } from '../serving/decide.ts';
import { DecisionDesk } from '../serving/decision-desk.ts';
import type { DemandDesk } from '../serving/demand/demand-desk.ts';
import { RecentSelections } from '../serving/frequency.ts';
import { PersonReader } from '../serving/person.ts';
import { FixedLeases, indexOf, inventory, issuerDeps, noon, supply } from './decision-world.ts';
import { MemoryBuffer, registry } from './serving-world.ts';

/** A decision desk over a catalogue, a buffer and persons in memory. */
export interface DeskWorld {
  readonly desk: DecisionDesk;
  readonly index: CatalogIndex;
  readonly buffer: MemoryBuffer;
  readonly clock: SimulatedClock;
  readonly leases: FixedLeases;
  zone: LoadZone;
  /** What the key store answers. */
  userKey: Promise<string | null>;
}

export function openDeskWorld(
  records: readonly AnyRecord[] = [...inventory(1), ...supply(1)],
  demandOf: ((parts: Pick<DeskWorld, 'clock' | 'index'>) => DemandDesk) | null = null,
  tracer: Tracer | null = null,
): DeskWorld {
  const clock = createSimulatedClock({ startMs: noon });
  const buffer = new MemoryBuffer();
  const leases = new FixedLeases();
  const index = indexOf(records);
  const state: Pick<DeskWorld, 'zone' | 'userKey'> = { zone: 'calm', userKey: Promise.resolve('user-1') };
  const persons = new PersonReader({
    keys: { getMany: async () => [await state.userKey] } as never,
    views: { getMany: async () => [null] } as never,
    clock,
    hashSecret: Buffer.alloc(32, 3),
  });
  const desk = new DecisionDesk({
    clock,
    nodeClock: clock,
    registry,
    buffer,
    decider: new Decider({ clock, index, leases, recent: new RecentSelections(), restMs: 0 }),
    issuer: issuerDeps(),
    persons,
    bots: new BotGate(['198.51.100.0/24']),
    consent: new ConsentGate(),
    demand: demandOf?.({ clock, index }) ?? null,
    defaultTmaxMs: 100,
    zone: () => state.zone,
    tracer,
    onError: (error) => {
      throw error;
    },
  });
  return Object.assign(state, { desk, index, buffer, clock, leases });
}
