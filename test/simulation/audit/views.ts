import { decodeFrequencyView, frequencyViewKey } from '../../../domain/frequency-view.ts';
import type { PacingView } from '../../../domain/pacing-view.ts';
import type { Beacon } from '../../../domain/records.ts';
import type { ViewStore } from '../../../ports/view-store.ts';
import { wireFaults } from '../plan.ts';
import type { World } from '../world.ts';

/** Verdicts so close to the end of what is remembered may or may not still count, ms. */
const edgeMs = 2_000;

/** What the views say is what the evidence and the ledgers say. */
export async function viewsDiffer(world: World): Promise<readonly string[]> {
  const views = world.engines.views.open();
  const problems = [
    ...(await statsDiffer(world, views)),
    ...(await exposuresDiffer(world, views)),
    ...(await pacingDiffers(world, views)),
  ];
  return problems.slice(0, 5);
}

async function jsonOf(views: ViewStore, key: string): Promise<unknown> {
  const [view = null] = await views.getMany([key]);
  return view === null ? null : JSON.parse(Buffer.from(view.value).toString());
}

/** Accepted, not a test, each selection once. */
function firstOf(world: World, kind: Beacon['kind']): ReadonlyMap<string, Beacon> {
  const first = new Map<string, Beacon>();
  for (const beacon of world.books.receipts.values()) {
    if (beacon.kind !== kind || beacon.judgement !== 'ACCEPTED' || beacon.billing.test) continue;
    if (!first.has(beacon.billing.selection_id)) first.set(beacon.billing.selection_id, beacon);
  }
  return first;
}

/** Impressions and clicks of a creative, less those of invalid selections. */
async function statsDiffer(world: World, views: ViewStore): Promise<readonly string[]> {
  const { plan, limits, books, trouble } = world;
  const problems: string[] = [];
  const wasAway = [...trouble.counts.keys()].some((fault) => !(wireFaults as readonly string[]).includes(fault));
  for (const [kind, figure] of [
    ['impression', 'impressions'],
    ['click', 'clicks'],
  ] as const) {
    const counts = new Map<string, { sure: number; perhaps: number }>();
    for (const [id, { billing }] of firstOf(world, kind)) {
      const count = counts.get(billing.creative_id) ?? { sure: 0, perhaps: 0 };
      counts.set(billing.creative_id, count);
      const verdict = books.factsOf(id).verdicts[0];
      // What comes again after longer than is remembered, as after an outage of the log, may count again.
      count.perhaps += wasAway ? (books.arrivals.get(`${id} ${kind}`) ?? 1) - 1 : 0;
      if (verdict === undefined) count.sure += 1;
      else if (verdict.foldTime > billing.selected_at + limits.windowClosesMs - edgeMs) count.perhaps += 1;
    }
    for (const [creativeId, { sure, perhaps }] of counts) {
      let shown = 0;
      for (let shard = 0; shard < plan.shards; shard += 1) {
        const view = (await jsonOf(views, `stats:${creativeId}/${shard}`)) as Record<string, number> | null;
        shown += view?.[figure] ?? 0;
      }
      if (shown < sure || shown > sure + perhaps) {
        problems.push(
          `the view of ${creativeId} shows ${shown} ${figure}, the evidence ${sure} and perhaps ${perhaps} more`,
        );
      }
    }
  }
  return problems;
}

/** Everyone with consent who saw an ad was exposed to it, once. */
async function exposuresDiffer(world: World, views: ViewStore): Promise<readonly string[]> {
  const { books } = world;
  const problems: string[] = [];
  const seen = new Map<string, number>();
  for (const [id, { billing }] of firstOf(world, 'impression')) {
    const userKey = books.userKeys.get(id);
    const exposed = books.exposures.get(id);
    if (userKey === undefined || userKey === null) {
      if (exposed !== undefined) problems.push(`${id} exposed somebody, it was selected for nobody`);
      continue;
    }
    if (exposed !== userKey) problems.push(`${id} was seen by ${userKey}, exposed was ${exposed}`);
    const key = `${userKey} ${billing.line_item_id}`;
    seen.set(key, (seen.get(key) ?? 0) + 1);
  }
  for (const [key, count] of seen) {
    const [userKey = '', item = ''] = key.split(' ');
    const [view = null] = await views.getMany([frequencyViewKey(userKey)]);
    const shown = view === null ? 0 : (decodeFrequencyView(view.value)?.items.get(item)?.length ?? 0);
    if (shown !== Math.min(count, 50)) problems.push(`${userKey} saw ${item} ${count} times, the view says ${shown}`);
  }
  return problems;
}

/** What an operator sees of a budget: nothing on leases any more, and spent is what the ledgers say. */
async function pacingDiffers({ books, trouble }: World, views: ViewStore): Promise<readonly string[]> {
  // A view has the time of its writer for a version: after a jump back an older one stays for a while.
  if ((trouble.counts.get('clock_jump') ?? 0) > 0) return [];
  const problems: string[] = [];
  for (const [id, { total }] of books.budgets.campaigns) {
    const view = (await jsonOf(views, `pacing:${id}`)) as PacingView | null;
    if (view === null || total === null) continue;
    const booked = books.ledgers.committed.get(id) ?? 0;
    const { committed_micros: committed, outstanding_micros: outstanding } = view.spend;
    if (Number(committed) !== booked)
      problems.push(`the view of ${id} says ${committed} are committed, the ledgers ${booked}`);
    if (outstanding !== '0') problems.push(`the view of ${id} says ${outstanding} are out on leases`);
    if (Number(view.budget.effective_micros) !== total)
      problems.push(`the view of ${id} says its budget is ${view.budget.effective_micros}, it is ${total}`);
  }
  return problems;
}
