import type { Settings } from '../../config/settings.ts';
import type { CatalogDesk, Outcome } from '../../dashboards/catalog/catalog-desk.ts';
import { entityOf } from '../../dashboards/catalog/entities.ts';
import { openConsoleDesks } from '../../dashboards/console-desks.ts';
import { FinanceDesk } from '../../dashboards/finance/finance-desk.ts';
import { isAdtallyError } from '../../domain/errors.ts';
import type { EntityKind } from '../../domain/identity.ts';
import type { Billing } from '../../domain/records.ts';
import type { SchemaRegistry } from '../../ports/schema-registry.ts';
import type { StateStore } from '../../ports/state-store.ts';
import { createWarehouseSink, type WarehouseSink } from '../../streams/processors/warehouse-sink.ts';
import { forgetPerson, type PersonRoutesDeps } from '../../dashboards/routes/persons.ts';
import { type Engines, logOf, personSecret, statesOf, warehouseOf } from './engines.ts';
import type { Life } from './life.ts';

export interface ConsoleParts {
  readonly life: Life;
  readonly engines: Engines;
  readonly states: StateStore;
  readonly settings: Settings;
  readonly registry: SchemaRegistry;
  readonly contentOf: (selectionId: string) => Billing | null;
}

/** As long records are gathered, ms. */
const sinkEveryMs = 2_000;

type Body = Readonly<Record<string, unknown>>;

/** The desks of the console, in a life of a simulated process. */
export class ConsoleProcess {
  readonly life: Life;
  readonly finance: FinanceDesk;
  readonly sink: WarehouseSink;
  readonly #catalog: CatalogDesk;
  readonly #persons: PersonRoutesDeps;

  private constructor(
    life: Life,
    desks: { catalog: CatalogDesk; finance: FinanceDesk; persons: PersonRoutesDeps; sink: WarehouseSink },
  ) {
    this.life = life;
    this.sink = desks.sink;
    this.#catalog = desks.catalog;
    this.finance = desks.finance;
    this.#persons = desks.persons;
  }

  static async start({ life, engines, states, settings, registry, contentOf }: ConsoleParts): Promise<ConsoleProcess> {
    const { log } = logOf(engines, life);
    const { clock } = life;
    const random = life.dice.for('random').random;
    const rules = { holdMs: settings.holdMs, horizonMs: settings.horizonMs };
    const desks = await openConsoleDesks({ log, registry, clock, random, states: statesOf(states, life), rules });
    const { facts } = desks;
    const finance = new FinanceDesk({ log, registry, clock, random, facts, contentOf: async (id) => contentOf(id) });
    const persons = { log, registry, clock, hashSecret: personSecret };
    const warehouse = warehouseOf(engines, life);
    const onFailure = (error: unknown): void => life.die(`the sink stopped: ${String(error)}`);
    const sink = createWarehouseSink({
      log,
      registry,
      warehouse,
      clock,
      onFailure,
      checkParts: false,
      gatherMs: sinkEveryMs,
    });
    const isSinking = startSink(sink, life);
    isSinking.catch(onFailure);
    return new ConsoleProcess(life, { catalog: desks.catalog, finance, persons, sink });
  }

  create(kind: EntityKind, body: Body, key: string): Promise<Outcome> {
    return this.#catalog.create(entityOf(kind), request(body, key));
  }

  /** Ends in order: what was gathered is inserted. */
  stop(): Promise<void> {
    return this.sink.stop();
  }

  forget(id: string): Promise<void> {
    return forgetPerson(this.#persons, { id, requestedBy: 'privacy' });
  }

  change(kind: EntityKind, id: string, body: Body, key: string): Promise<Outcome> {
    return this.#catalog.change(entityOf(kind), { id, revision: null }, request(body, key));
  }
}

/** A warehouse that is away is waited for, as in apps/reporting.ts. */
async function startSink(sink: WarehouseSink, { clock }: Life): Promise<void> {
  for (;;) {
    try {
      await sink.start();
      return;
    } catch (error) {
      if (!isAdtallyError(error) || !error.retriable) throw error;
    }
    await clock.sleep(sinkEveryMs);
  }
}

function request(body: Body, key: string) {
  return { principal: 'ops', scope: null, idempotencyKey: key, hash: JSON.stringify(body), body };
}
