import { isAdtallyError } from '../../domain/errors.ts';
import type { EntityKind } from '../../domain/identity.ts';
import { catalogueOf, withParent } from './catalogue.ts';
import type { ConsoleProcess } from './console-process.ts';
import type { Dice } from './dice.ts';
import { persons } from './people.ts';
import type { World } from './world.ts';

const attempts = 30;
const patienceMs = 2_000;

/** Advertisers and finance: they publish a catalogue, edit budgets, correct, judge by hand, and close months. */
export class Operators {
  readonly placements: string[] = [];
  readonly campaigns: { readonly id: string; readonly totalMicros: number }[] = [];
  readonly #world: World;
  readonly #dice: Dice;
  readonly #items: string[] = [];
  readonly #asked = new Set<string>();

  constructor(world: World) {
    this.#world = world;
    this.#dice = world.dice.for('operators');
  }

  /** Publishes everything before anyone comes. */
  async publish(): Promise<void> {
    const ids: string[] = [];
    const { story, plan, books } = this.#world;
    for (const [index, published] of catalogueOf(this.#dice.for('catalogue'), plan.startMs).entries()) {
      const body = withParent(published, published.parent === null ? null : (ids[published.parent] ?? ''));
      const made = await this.#insist(`publish ${index}`, (console, key) => console.create(published.kind, body, key));
      const value = (made?.record.value ?? {}) as unknown as Record<string, unknown>;
      const id = String(value[`${published.kind}_id`]);
      ids.push(id);
      story.tell(`published ${id}`);
      if (published.kind === 'placement') this.placements.push(id);
      if (published.kind === 'line_item') this.#items.push(id);
      if (published.kind === 'advertiser') books.ledgers.zones.set(id, String(value['time_zone']));
      if (published.kind === 'campaign') this.campaigns.push({ id, totalMicros: Number(value['budget_total_micros']) });
    }
  }

  schedule(): void {
    const { plan, time } = this.#world;
    for (let number = 0; number < plan.edits; number += 1) {
      const dice = this.#dice.for(`edit ${number}`);
      time.after(dice.between(500, plan.activeMs), () => void this.#act(dice, number));
    }
  }

  /** A correction, a verdict or an edit. */
  async #act(dice: Dice, number: number): Promise<void> {
    const name = `act ${number}`;
    const act = dice.pick([
      'budget',
      'budget',
      'pause',
      'bid',
      'reverse',
      'reverse',
      'verdict',
      'decide',
      'close',
      'forget',
      'forget',
    ] as const);
    const campaign = dice.pick(this.campaigns);
    if (act === 'budget') {
      const total = Math.max(1_000, Math.floor(campaign.totalMicros * dice.pick([0.1, 0.5, 0.9, 1.5, 3])));
      await this.#change('campaign', campaign.id, { budget_total_micros: String(total) }, name);
    } else if (act === 'pause') {
      await this.#change('campaign', campaign.id, { status: 'paused' }, name);
      await this.#world.time.sleep(dice.between(1_000, 5_000));
      await this.#change('campaign', campaign.id, { status: 'active' }, `${name}, taken back`);
    } else if (act === 'bid') {
      await this.#change(
        'line_item',
        dice.pick(this.#items),
        { bid_micros: String(dice.between(1_500_000, 9_000_000)) },
        name,
      );
    } else if (act === 'close') await this.#close(name);
    else if (act === 'decide') await this.#decide(dice, name);
    else if (act === 'forget') await this.forget(`person-${dice.between(1, persons)}`, name);
    else await this.#correct(act, dice, name);
  }

  async #change(kind: EntityKind, id: string, body: Readonly<Record<string, unknown>>, name: string): Promise<void> {
    const done = await this.#insist(name, (console, key) => console.change(kind, id, body, key));
    this.#world.story.tell(`${name}: ${id} ${JSON.stringify(body)} ${done === null ? 'did not pass' : 'passed'}`);
  }

  async #correct(act: 'reverse' | 'verdict', dice: Dice, name: string): Promise<void> {
    const { story, books } = this.#world;
    const known = [...story.issued.keys()];
    const certified = known.filter((id) => (books.ledgers.accounts.get(id)?.certified ?? 0) > 0);
    const corrected = certified.filter((id) => books.factsOf(id).adjusted > 0);
    const judged = dice.chance(0.5) && corrected.length > 0 ? corrected : dice.chance(0.5) ? certified : known;
    const from = act === 'reverse' ? certified : judged;
    if (from.length === 0) return;
    const selectionId = dice.pick(from);
    const decider = { principal: 'finance', scope: null };
    if (act === 'verdict') {
      const order = { selectionId, category: 'QUALITY' as const, reason: 'by hand' };
      const done = await this.#insist(name, ({ finance }, idempotencyKey) =>
        finance.invalidate(order, { ...decider, idempotencyKey }),
      );
      return story.tell(`${name}: verdict on ${selectionId} ${done === null ? 'did not pass' : 'passed'}`);
    }
    const { certified: reliedCertifiedMicros, reversed: reliedReversedMicros } = books.ledgers.account(selectionId);
    const left = reliedCertifiedMicros - reliedReversedMicros;
    if (left <= 0) return;
    const amountMicros = dice.chance(0.5) ? left : dice.between(1, left);
    const order = {
      selectionId,
      action: 'REVERSE' as const,
      amountMicros,
      reliedCertifiedMicros,
      reliedReversedMicros,
      reason: 'goodwill',
    };
    const done = await this.#insist(name, ({ finance }, idempotencyKey) =>
      finance.adjust(order, { ...decider, idempotencyKey }),
    );
    story.tell(`${name}: ${amountMicros} of ${selectionId} back ${done === null ? 'did not pass' : 'passed'}`);
  }

  /** Somebody asks to be forgotten; once each, since a clock that goes back could put the second request before the first. */
  async forget(personId: string, name: string): Promise<void> {
    const { story, time } = this.#world;
    if (this.#asked.has(personId)) return;
    this.#asked.add(personId);
    const askedMs = time.now();
    const done = await this.#insist(name, (console) => console.forget(personId).then(() => true));
    if (done === true) story.forgotten.set(personId, askedMs);
    story.tell(`${name}: ${personId} is ${done === null ? 'not ' : ''}to be forgotten`);
  }

  /** What is in suspense is released or voided. */
  async #decide(dice: Dice, name: string): Promise<void> {
    const { story, books } = this.#world;
    const suspended = [...books.ledgers.accounts].filter(([, account]) => account.suspended > 0);
    if (suspended.length === 0) return;
    const [selectionId, { suspended: amountMicros }] = dice.pick(suspended);
    const action = dice.pick(['RELEASE', 'VOID'] as const);
    const relied = { reliedCertifiedMicros: 0, reliedReversedMicros: 0 };
    const order = { selectionId, action, amountMicros, ...relied, reason: 'looked into' };
    const decider = { principal: 'finance', scope: null };
    const done = await this.#insist(name, ({ finance }, idempotencyKey) =>
      finance.adjust(order, { ...decider, idempotencyKey }),
    );
    story.tell(`${name}: ${action} of ${selectionId} ${done === null ? 'did not pass' : 'passed'}`);
  }

  async #close(name: string): Promise<void> {
    const { time, story } = this.#world;
    const month = new Date(time.now()).toISOString().slice(0, 7);
    const period = month === '2026-02' ? '2026-01' : month;
    const decider = { principal: 'finance', scope: null, idempotencyKey: null };
    const done = await this.#insist(name, ({ finance }) => finance.closePeriod(0, period, decider));
    story.tell(`${name}: close ${period} ${done === null ? 'did not pass' : 'passed'}`);
  }

  /** Tries until it is done or refused for a reason that stays; a console that does not answer may have done it. */
  async #insist<T>(name: string, run: (console: ConsoleProcess, key: string) => Promise<T>): Promise<T | null> {
    const { time, console } = this.#world;
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      const { process } = console;
      if (process !== null) {
        const outcome = await Promise.race([
          run(process, name).then(
            (value) => ({ value }),
            (error: unknown) => ({ error }),
          ),
          time.sleep(patienceMs).then(() => null),
        ]);
        if (outcome !== null && 'value' in outcome) return outcome.value;
        if (outcome !== null && !(isAdtallyError(outcome.error) && outcome.error.retriable)) {
          this.#world.story.tell(`${name} is refused: ${String(outcome.error)}`);
          return null;
        }
      }
      await time.sleep(400);
    }
    return null;
  }
}
