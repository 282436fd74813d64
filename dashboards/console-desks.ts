import type { Clock } from '../ports/clock.ts';
import type { EventLog } from '../ports/event-log.ts';
import type { Random } from '../ports/random.ts';
import type { SchemaRegistry } from '../ports/schema-registry.ts';
import type { StateStore } from '../ports/state-store.ts';
import { BudgetPublisher } from './catalog/budget-publisher.ts';
import { CatalogDesk } from './catalog/catalog-desk.ts';
import { CatalogLog } from './catalog/catalog-log.ts';
import { ensureFirstPolicy, type PolicyRules } from './finance/first-policy.ts';
import { PolicyDesk } from './finance/policy-desk.ts';
import { SpendFacts } from './finance/spend-facts.ts';

export interface ConsoleDesksDeps {
  readonly log: EventLog;
  readonly registry: SchemaRegistry;
  readonly clock: Clock;
  readonly random: Random;
  readonly states: StateStore;
  /** What the settings say of hold and horizon. */
  readonly rules: PolicyRules;
}

/** What the console's routes work with. */
export interface ConsoleDesks {
  readonly catalog: CatalogDesk;
  readonly policies: PolicyDesk;
  readonly facts: SpendFacts;
}

const setBy = 'console';

/** Opens the desks: sees to the policy of every shard, folds the catalogue, writes budgets that a crash left out. */
export async function openConsoleDesks(deps: ConsoleDesksDeps): Promise<ConsoleDesks> {
  const { log, registry, clock, random, states, rules } = deps;
  await ensureFirstPolicy({ log, registry, clock, rules, setBy });
  const facts = await SpendFacts.open({ log, registry, states });
  const policies = new PolicyDesk({ log, registry, clock, rules, setBy, facts });
  await policies.align();
  const budgets = await BudgetPublisher.open({ log, registry });
  const catalogLog = new CatalogLog({ log, registry }, (record, offset) => budgets.note(record, offset));
  const calendarOf = (zone: string) => policies.calendarOf(zone);
  const catalog = await CatalogDesk.open({ catalogLog, budgets, calendarOf, clock, random });
  return { catalog, policies, facts };
}
