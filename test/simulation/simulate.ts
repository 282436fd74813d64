import { Auditor } from './audit/auditor.ts';
import { checkTraces } from './audit/traced.ts';
import { Mischief } from './mischief.ts';
import { Operators } from './operators.ts';
import { People } from './people.ts';
import type { Fault, Plan } from './plan.ts';
import { openRoutes } from './routes.ts';
import { World } from './world.ts';

/** What a run was and what was wrong with it. */
export interface RunResult {
  readonly plan: Plan;
  /** SHA-256 of everything that happened and everything that was written. */
  readonly digest: string;
  readonly problems: readonly string[];
  readonly lines: readonly string[];
  readonly simulatedMs: number;
  /** Records and ledger events written. */
  readonly events: number;
  /** Calls of ports. */
  readonly calls: number;
  readonly selections: number;
  readonly acknowledged: number;
  readonly certified: number;
  readonly absorbed: number;
  readonly faults: ReadonlyMap<Fault, number>;
  /** Ledger entries whose way back to their request was looked at. */
  readonly traced: number;
  /** What the ledgers booked of a selection, an entry a line. */
  readonly entriesOf: (selectionId: string) => readonly string[];
}

const startMs = 15_000;

/** One run: a world is built, people come while faults strike, it heals, and its books are audited. The plan and the code say all that happens. */
export async function simulate(plan: Plan): Promise<RunResult> {
  await openRoutes();
  const world = new World(plan);
  const { story, trouble, books } = world;
  books.ledgers.holdMs = world.settings.holdMs;
  // Where clocks jump farther than the platform allows for, time may run past a node.
  books.time.toleranceMs = 'clock_jump' in plan.rates ? Number.POSITIVE_INFINITY : world.settings.clockSkewMs;
  let traced = 0;
  try {
    await play(world);
    if (world.tracer !== null) traced = await checkTraces(world, world.tracer);
  } catch (error) {
    story.complain(`the run ended: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  }
  const accounts = [...books.ledgers.accounts.values()];
  return {
    plan,
    digest: story.finalDigest(),
    problems: story.wrong,
    lines: story.lines,
    simulatedMs: world.elapsedMs,
    events: books.records,
    calls: trouble.calls,
    selections: story.issued.size,
    acknowledged: story.attempts.filter(({ answer }) => answer === 'acknowledged').length,
    certified: accounts.filter(({ certified }) => certified > 0).length,
    absorbed: accounts.filter(({ absorbed }) => absorbed > 0).length,
    faults: trouble.counts,
    traced,
    entriesOf: (id) => books.ledgers.accounts.get(id)?.history ?? [],
  };
}

async function play(world: World): Promise<void> {
  const { plan, trouble, story } = world;
  const operators = new Operators(world);
  world.start();
  let isPublished = false;
  void operators.publish().then(() => {
    isPublished = true;
  });
  const isUp = () => isPublished && world.nodes.every(({ process }) => process !== null);
  if (!(await world.until(isUp, startMs))) return story.complain('the world does not come up');
  await world.pass(1_000);
  const mischief = new Mischief(world);
  const people = new People(world, operators.placements);
  trouble.isOn = true;
  people.schedule();
  operators.schedule();
  mischief.schedule();
  await world.pass(plan.activeMs);
  mischief.heal();
  story.tell('the world is healed');
  await new Auditor(world).conclude();
}
