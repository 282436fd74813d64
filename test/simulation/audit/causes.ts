import type { CauseCode } from '../../../reconcile/breaks.ts';
import type { ReconciliationReport } from '../../../reconcile/report.ts';
import { wireFaults } from '../plan.ts';
import type { World } from '../world.ts';
import { billable } from './outcomes.ts';

/** What reconciliation has to name of a selection, and what it may. */
interface Allowed {
  readonly must: ReadonlySet<CauseCode>;
  readonly may: ReadonlySet<CauseCode>;
}

/**
 * Causes are what was really done to the world: of every selection reconciliation names those that the clients' story, the faults and the ledgers give, and no other. Of
 * a selection of which records were made to contradict each other, anything.
 */
export function causesDiffer(report: ReconciliationReport, world: World): readonly string[] {
  const named = Map.groupBy(report.differences, ({ selection_id: id }) => id);
  const problems: string[] = [];
  for (const [id] of world.story.issued) {
    if (world.story.contradicted.has(id)) continue;
    const causes = new Set((named.get(id) ?? []).map(({ cause }) => cause));
    const { must, may } = allowedCauses(id, world);
    for (const cause of causes)
      if (!must.has(cause) && !may.has(cause)) problems.push(`${id}: ${cause} is named, nothing did that`);
    for (const cause of must) if (!causes.has(cause)) problems.push(`${id}: ${cause} is not named`);
  }
  return problems.slice(0, 5);
}

const none: ReadonlySet<CauseCode> = new Set();

function allowedCauses(id: string, world: World): Allowed {
  const { story, books } = world;
  const billing = story.issued.get(id)?.billing;
  if (billing === undefined) return { must: none, may: none };
  if (billing.test) {
    const test = new Set<CauseCode>(['test_traffic']);
    return wasRecorded(id, world) ? { must: test, may: none } : { must: none, may: test };
  }
  const account = books.ledgers.account(id);
  const must = new Set<CauseCode>();
  const may = new Set<CauseCode>();
  if (account.voided > 0) must.add('voided');
  if (account.absorbedBack > 0) must.add('absorbed_voided');
  if (account.reversed > 0) (books.factsOf(id).adjusted > 0 ? may : must).add('reversed');
  if (account.reversed > 0 && books.factsOf(id).adjusted > 0) may.add('adjusted');
  // Two draws, or one of a click that is absorbed already.
  const isDoubleClick = billing.pricing_model === 'CPC' && account.released > 0;
  if (account.drawn > billing.price_micros || isDoubleClick) must.add('surplus_draw');
  if (account.absorbed > 0) for (const cause of absorptions) may.add(cause);
  delivered(id, world, { must, may });
  return { must, may };
}

const absorptions = ['absorbed_fenced', 'absorbed_no_lease', 'absorbed_after_release'] as const;

/** From selection to delivery: what the client did, and what the node forgot. */
function delivered(id: string, world: World, { must, may }: { must: Set<CauseCode>; may: Set<CauseCode> }): void {
  const { story, books, trouble, fallen } = world;
  const billing = story.issued.get(id)?.billing;
  const kind = billing === undefined ? null : billable[billing.pricing_model];
  if (billing === undefined || kind === null || billing.price_micros === 0) return;
  const receipts = [...(books.receiptsOf.get(id) ?? [])].filter((receipt) => receipt.kind === kind);
  const accepted = receipts.filter(({ judgement }) => judgement === 'ACCEPTED');
  const attempts = story.attemptsOf(id).filter((attempt) => attempt.kind === kind);
  // Whatever breaks off between an append and its checkpoint has the record written once more.
  const isDisturbed = [...trouble.counts.keys()].some((fault) => !(wireFaults as readonly string[]).includes(fault));
  if (attempts.length > 1 || isDisturbed) may.add('duplicate_beacon');
  if (!wasRecorded(id, world)) {
    if (fallen.has(billing.node)) may.add('selection_record_lost');
    return;
  }
  if (accepted.length > 0) return;
  if (receipts.length > 0) must.add('late_beacon');
  else
    must.add(
      ({ CPM: 'not_rendered', VCPM: 'not_viewable', CPC: 'not_clicked', NONE: 'not_rendered' } as const)[
        billing.pricing_model
      ],
    );
}

function wasRecorded(id: string, { books }: World): boolean {
  return books.userKeys.has(id);
}
