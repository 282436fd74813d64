import { createSimulatedStates } from '../../adapters/simulated/state-store.ts';
import type { Billing, Topic } from '../../domain/records.ts';
import type { Dice } from './dice.ts';
import type { Engine } from './life.ts';
import type { Machine } from './machine.ts';
import { type EventFault, eventFaults } from './plan.ts';
import { registry } from './releases.ts';
import type { World } from './world.ts';

const outages = {
  log_outage: 'log',
  ledger_outage: 'ledger',
  views_outage: 'views',
  keys_outage: 'keys',
  warehouse_outage: 'warehouse',
} as const;
const poisoned: readonly Topic[] = [
  'spend',
  'impression',
  'selected',
  'pacing',
  'nodes',
  'catalog',
  'click',
  'persons',
  'exposure',
];

/** What goes wrong by itself, at times and places that the seed names. */
export class Mischief {
  readonly #world: World;
  readonly #dice: Dice;

  constructor(world: World) {
    this.#world = world;
    this.#dice = world.dice.for('mischief');
  }

  schedule(): void {
    const { plan, time } = this.#world;
    for (const fault of eventFaults) {
      const rate = plan.rates[fault] ?? 0;
      if (rate === 0) continue;
      const times = Math.max(1, Math.round(rate));
      for (let number = 0; number < times; number += 1) {
        const dice = this.#dice.for(`${fault} ${number}`);
        const latestMs = fault === 'upgrade' ? plan.activeMs / 3 : plan.activeMs;
        time.after(dice.between(0, latestMs), () => this.#strike(fault, dice));
      }
    }
  }

  /** Everything works again; what stands goes on. */
  heal(): void {
    const { engines, machines, trouble } = this.#world;
    trouble.isOn = false;
    trouble.slow.clear();
    for (const engine of [engines.log, engines.ledger, engines.views, engines.keys, engines.warehouse])
      engine.setAvailable(true);
    this.#world.upgrade?.finish();
    for (const machine of machines) {
      machine.life?.cut.clear();
      machine.life?.wake();
      machine.start();
    }
  }

  #strike(fault: EventFault, dice: Dice): void {
    const { story, trouble, engines, nodes, owners, console, time } = this.#world;
    if (!trouble.isOn) return;
    trouble.count(fault);
    const machine = dice.pick([...nodes, ...owners, ...(dice.chance(0.3) ? [console] : [])]);
    switch (fault) {
      case 'log_outage':
      case 'ledger_outage':
      case 'views_outage':
      case 'keys_outage':
      case 'warehouse_outage': {
        const engine = engines[outages[fault]];
        engine.setAvailable(false);
        const forMs = dice.between(200, 6_000);
        story.tell(`${fault} for ${forMs} ms`);
        time.after(forMs, () => engine.setAvailable(true));
        return;
      }
      case 'slow_engine': {
        const engine = dice.pick<Engine>(['log', 'ledger', 'views', 'keys', 'warehouse']);
        const byMs = dice.between(50, 900);
        const forMs = dice.between(500, 6_000);
        story.tell(`${engine} answers ${byMs} ms later for ${forMs} ms`);
        trouble.slow.set(engine, byMs);
        time.after(forMs, () => trouble.slow.delete(engine));
        return;
      }
      case 'partition': {
        const from = dice.pick<Engine>(['log', 'log', 'ledger', 'views', 'keys', 'warehouse']);
        const forMs = dice.between(300, 8_000);
        const { life } = machine;
        story.tell(`${machine.name} is cut off from ${from} for ${forMs} ms`);
        life?.cut.add(from);
        time.after(forMs, () => life?.cut.delete(from));
        return;
      }
      case 'zombie': {
        const owner = dice.pick([...owners, ...nodes]);
        const forMs = dice.between(2_500, 9_000);
        story.tell(`${owner.name} stands still for ${forMs} ms`);
        owner.life?.stand(forMs);
        return;
      }
      case 'kill':
        return machine.kill('killed');
      case 'power_loss':
        return this.#losePower(dice.pick([...nodes, ...nodes, machine]), dice);
      case 'rolling_restart': {
        const all = dice.chance(0.5) ? nodes : owners;
        all.forEach((one, index) => time.after(index * 1_500, () => void one.stop(true)));
        return;
      }
      case 'clock_jump': {
        const { life } = machine;
        const byMs = dice.between(-2_000, 2_000);
        story.tell(`the clock of ${machine.name} jumps by ${byMs} ms`);
        if (life !== null) life.skewMs += byMs;
        return;
      }
      case 'key_rotation': {
        const { process } = dice.pick(nodes);
        if (process === null || process.life.isStanding) return;
        const { life } = process;
        process.keys.rotate().then(
          (key) => story.tell(`${life.name} signs with ${key.id}`),
          (error: unknown) => life.die(String(error)),
        );
        return;
      }
      case 'poison_record':
        return this.#poison(dice);
      case 'contradiction':
        return this.#contradict(dice);
      case 'state_lost': {
        const owner = dice.pick(owners);
        owner.kill('its machine is gone, with all local states');
        owner.states = createSimulatedStates();
        return;
      }
      case 'warehouse_lost':
        story.tell('the warehouse is lost, with all that was in it');
        engines.warehouse.lose();
        return console.kill('restarted on an empty warehouse');
      case 'upgrade':
        return void this.#world.upgrade?.run();
      default:
        fault satisfies never;
    }
  }

  /** A record of a selection that is known already, with another price. */
  #contradict(dice: Dice): void {
    const { books, engines, story, time } = this.#world;
    const known = [...books.spend].filter(
      ([id, { reserved, incurred }]) => story.issued.has(id) && reserved.length + incurred.length > 0,
    );
    if (known.length === 0) return;
    const [id, { reserved, incurred }] = dice.pick(known.slice(-10));
    const [event, reservation] = [incurred[0]?.value, reserved[0]?.value];
    const other = <T extends { readonly billing: Billing }>(of: T): T => ({
      ...of,
      billing: { ...of.billing, price_micros: of.billing.price_micros + 7 },
    });
    const value =
      event !== undefined
        ? registry.encode('SpendIncurred', other(event))
        : reservation && registry.encode('SpendReserved', other(reservation));
    if (value === undefined) return;
    story.contradicted.add(id);
    story.tell(`a record contradicts ${id}`);
    const shard = story.issued.get(id)?.billing.shard ?? 0;
    const log = engines.log.open({ clock: time, name: 'mischief' });
    log.append('spend', [{ shard, key: id, value }]).catch(() => undefined);
  }

  /** Often the network goes first, so that what was acknowledged lies on the disk alone. */
  #losePower(machine: Machine<unknown>, dice: Dice): void {
    if (dice.chance(0.3)) return machine.losePower();
    machine.life?.cut.add('log');
    this.#world.time.after(dice.between(100, 1_500), () => machine.losePower());
  }

  /** Bytes that nobody can read, or a record in a topic where it does not belong. */
  #poison(dice: Dice): void {
    const { engines, plan, story, time } = this.#world;
    const topic = dice.pick(poisoned);
    const log = engines.log.open({ clock: time, name: 'mischief' });
    const shard = dice.between(0, log.shards(topic) - 1);
    const junk = dice.chance(0.5)
      ? Buffer.from([0, 0, 0, 0, 1, 255, 255, 255])
      : Buffer.from(dice.random.bytes(dice.between(0, 12)).fill(9));
    story.tell(`poison in ${topic}/${shard} of seed ${plan.seed}`);
    log.append(topic, [{ shard, key: 'poison', value: junk }]).catch(() => undefined);
  }
}
