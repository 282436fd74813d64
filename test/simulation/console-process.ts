import type { Settings } from '../../config/settings.ts';
import type { CatalogDesk, Outcome } from '../../dashboards/catalog/catalog-desk.ts';
import { entityOf } from '../../dashboards/catalog/entities.ts';
import { openConsoleDesks } from '../../dashboards/console-desks.ts';
import { FinanceDesk } from '../../dashboards/finance/finance-desk.ts';
import type { EntityKind } from '../../domain/identity.ts';
import type { Billing } from '../../domain/records.ts';
import type { SchemaRegistry } from '../../ports/schema-registry.ts';
import type { StateStore } from '../../ports/state-store.ts';
import { forgetPerson, type PersonRoutesDeps } from '../../dashboards/routes/persons.ts';
import { type Engines, logOf, personSecret, statesOf } from './engines.ts';
import type { Life } from './life.ts';

export interface ConsoleParts {
  readonly life: Life;
  readonly engines: Engines;
  readonly states: StateStore;
  readonly settings: Settings;
  readonly registry: SchemaRegistry;
  readonly contentOf: (selectionId: string) => Billing | null;
}

type Body = Readonly<Record<string, unknown>>;

/** The desks of the console, in a life of a simulated process. */
export class ConsoleProcess {
  readonly life: Life;
  readonly finance: FinanceDesk;
  readonly #catalog: CatalogDesk;
  readonly #persons: PersonRoutesDeps;

  private constructor(life: Life, desks: { catalog: CatalogDesk; finance: FinanceDesk; persons: PersonRoutesDeps }) {
    this.life = life;
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
    return new ConsoleProcess(life, { catalog: desks.catalog, finance, persons });
  }

  create(kind: EntityKind, body: Body, key: string): Promise<Outcome> {
    return this.#catalog.create(entityOf(kind), request(body, key));
  }

  forget(id: string): Promise<void> {
    return forgetPerson(this.#persons, { id, requestedBy: 'privacy' });
  }

  change(kind: EntityKind, id: string, body: Body, key: string): Promise<Outcome> {
    return this.#catalog.change(entityOf(kind), { id, revision: null }, request(body, key));
  }
}

function request(body: Body, key: string) {
  return { principal: 'ops', scope: null, idempotencyKey: key, hash: JSON.stringify(body), body };
}
