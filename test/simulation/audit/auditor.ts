import type { World } from '../world.ts';
import { forgettingMovesSomething, keysRemain } from './forgotten.ts';
import { judgeSelections } from './outcomes.ts';
import { replayDiffers } from './replay.ts';
import { reconcileDiffers } from './reconciled.ts';
import { reportingOf, reportsDiffer } from './reported.ts';
import { viewsDiffer } from './views.ts';

/** In so long after everything is over, all books must stand; simulated ms. */
const boundMs = 40_000;

/** Waits until a healed world has nothing left to do, and holds every book against what was acknowledged and against each other. */
export class Auditor {
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  async conclude(): Promise<void> {
    const { story } = this.#world;
    if (!(await this.#world.until(() => this.#isServing(), boundMs))) {
      return story.complain('nobody serves after healing');
    }
    await this.#world.pass(this.#world.limits.windowClosesMs);
    await this.#closeDown();
    const missing = await this.#unfinished();
    if (missing !== null) return story.complain(`not converged in ${boundMs} ms: ${missing}`);
    await this.#suspenseFallsDue();
    for (const problem of await keysRemain(this.#world)) story.complain(problem);
    await this.#echoChangesNothing();
    for (const problem of await forgettingMovesSomething(this.#world)) story.complain(problem);
    await this.#ownersStop();
    judgeSelections(this.#world);
    this.#journalIsTheLedger();
    this.#budgetsAreBack();
    for (const problem of await viewsDiffer(this.#world)) story.complain(problem);
    for (const problem of await replayDiffers(this.#world)) story.complain(problem);
    const reporting = await reportingOf(this.#world);
    if (reporting === null) return story.complain(`the warehouse has not caught up in ${boundMs} ms`);
    for (const problem of await reportsDiffer(this.#world)) story.complain(problem);
    for (const problem of await reconcileDiffers(this.#world, reporting)) story.complain(problem);
  }

  #isServing(): boolean {
    const { nodes, owners } = this.#world;
    return nodes.every(({ process }) => process?.isOpen === true) && owners.every(({ process }) => process !== null);
  }

  /** Serving ends in order, so that every lease goes back, and everything that is due falls due. */
  async #closeDown(): Promise<void> {
    const { nodes, world } = { nodes: this.#world.nodes, world: this.#world };
    let left = nodes.length;
    for (const node of nodes) void node.stop(false).then(() => (left -= 1));
    if (!(await world.until(() => left === 0, boundMs))) world.story.complain(`${left} nodes do not end`);
    await world.pass(world.limits.windowClosesMs);
  }

  /** What still keeps the books from standing after the bound; null: nothing. */
  async #unfinished(): Promise<string | null> {
    const { books } = this.#world;
    const goals = books.shards.map(({ next }) => next);
    const now = this.#world.time.now();
    const open = (): string | null => {
      for (const [shard, goal] of goals.entries()) {
        for (const truth of ['tentative', 'final']) {
          const next = books.ledgers.streams.get(`${truth}-${shard}`)?.next.offset ?? 0;
          if (next < goal) return `${truth}-${shard} stands at ${next} of ${goal}`;
        }
        const { foldTime } = books.shards[shard] ?? { foldTime: 0 };
        if (foldTime < now - 1_000) return `time of spend/${shard} is ${now - foldTime} ms behind`;
      }
      for (const [id, one] of books.ledgers.accounts) {
        const pending = one.incurred - one.voided - one.passed - one.suspended;
        if (one.drawn - one.released - one.incurred !== 0) return `${id} is still reserved`;
        if (pending !== 0) return `${id} is still pending`;
        if (one.passed !== one.certified) return `${id} is certified for ${one.certified} of ${one.passed}`;
      }
      for (const [id] of books.budgets.campaigns) {
        const outstanding = books.budgets.outstanding(id);
        if (outstanding !== 0) return `${outstanding} of ${id} are still out on leases`;
      }
      return null;
    };
    await this.#world.until(() => open() === null, boundMs);
    return open();
  }

  /** What a contradiction put into suspense is voided at its horizon: not in the middle of what follows, in which nothing may move. */
  async #suspenseFallsDue(): Promise<void> {
    const { books, plan, time } = this.#world;
    const fallsDueSoon = () =>
      books.ledgers.accounts
        .values()
        .some(({ suspended, incurredAt }) => suspended > 0 && incurredAt + plan.horizonMs < time.now() + boundMs);
    await this.#world.until(() => !fallsDueSoon(), plan.horizonMs);
  }

  /** What comes again when all is over moves nothing, and beyond the horizon, when selections are forgotten, neither. */
  async #echoChangesNothing(): Promise<void> {
    const { engines, time, books, plan, dice, story } = this.#world;
    if (plan.outlivesHorizon) await this.#world.pass(plan.horizonMs);
    const log = engines.log.open({ clock: time, name: 'echo' });
    const before = books.ledgers.entries.size;
    for (const [shard, { next }] of books.shards.entries()) {
      const records = await log.read('spend', shard, 0, next);
      const again = records.filter(({ key }) => isSelection(key) && dice.chance(0.3));
      if (again.length > 0)
        await log.append(
          'spend',
          again.map(({ key, value }) => ({ shard, key, value })),
        );
    }
    await this.#world.pass(3_000);
    const more = books.ledgers.entries.size - before;
    if (more !== 0) story.complain(`${more} entries more after records came again`);
  }

  async #ownersStop(): Promise<void> {
    const { owners, story } = this.#world;
    let left = owners.length;
    for (const owner of owners) void owner.stop(false).then(() => (left -= 1));
    if (!(await this.#world.until(() => left === 0, boundMs))) story.complain(`${left} stream owners do not end`);
  }

  /** What reporting is told is what the ledgers hold. */
  #journalIsTheLedger(): void {
    const { ledgers, journal } = this.#world.books;
    for (const [place, hash] of ledgers.entries) {
      if (journal.get(place) !== hash)
        return this.#world.story.complain(`${place} is ${journal.has(place) ? 'another' : 'not'} in the journal`);
    }
    for (const place of journal.keys()) {
      if (!ledgers.entries.has(place)) return this.#world.story.complain(`${place} is in the journal alone`);
    }
  }

  /** Pacing and ledgers agree on what stands against every budget. */
  #budgetsAreBack(): void {
    const { budgets, ledgers } = this.#world.books;
    for (const [id, { total }] of budgets.campaigns) {
      const [paced, booked] = [budgets.committed(id), ledgers.committed.get(id) ?? 0];
      if (paced !== booked)
        this.#world.story.complain(`pacing says ${paced} of ${id} are spent, the ledgers say ${booked}`);
      if (total !== null && booked > total)
        this.#world.story.complain(`${booked} of ${id} are spent, its budget is ${total}`);
    }
  }
}

function isSelection(key: string): boolean {
  return key.length === 36;
}
