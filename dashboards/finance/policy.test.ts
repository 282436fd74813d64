import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { ConsoleWorld, registry, sampleBodies } from '../../test/console-world.ts';
import type { PolicySet } from '../../domain/records.ts';
import type { EventLog } from '../../ports/event-log.ts';
import { ensureFirstPolicy, type FirstPolicyDeps } from './first-policy.ts';

let world: ConsoleWorld;
const rules = { holdMs: 10_000, horizonMs: 86_400_000 };

beforeEach(() => {
  world = new ConsoleWorld();
});

function starter(name: string, holdMs = rules.holdMs): { log: EventLog; start: () => Promise<void> } {
  const log = world.gathering.join(world.log.open({ clock: world.clock, name }));
  const { clock } = world;
  return { log, start: () => ensureFirstPolicy({ log, registry, clock, rules: { ...rules, holdMs }, setBy: name }) };
}

/** Policies of every shard, in order. */
async function policies(): Promise<PolicySet[][]> {
  const found: PolicySet[][] = [];
  for (let shard = 0; shard < world.handle.shards('spend'); shard += 1) {
    const { next } = await world.handle.bounds('spend', shard);
    const records = await world.handle.read('spend', shard, 0, Math.max(1, next));
    found.push(
      records.flatMap(({ value }) => {
        const record = registry.decode(value);
        return record.name === 'PolicySet' ? [record.value] : [];
      }),
    );
  }
  return found;
}

/** What a fold goes by: of each revision the first record, as long as revisions rise. */
function inForce(records: readonly PolicySet[]): PolicySet | undefined {
  return records.reduce<PolicySet | undefined>(
    (last, next) => (next.revision > (last?.revision ?? 0) ? next : last),
    undefined,
  );
}

describe('The first policy', () => {
  it('is the first record of every shard, with UTC as calendar 0 from this month on', async () => {
    await starter('a').start();
    for (const [first] of await policies()) {
      expect(first).toMatchObject({ revision: 1, hold_ms: 10_000, rules_version: 1, set_by: 'a' });
      expect(first?.calendars).toMatchObject([{ calendar: 0, zone: 'UTC' }]);
      expect(first?.calendars[0]?.months[0]).toEqual({ period: '2026-11', ends_at: Date.UTC(2026, 11, 1) });
    }
  });

  it('is written once, however often processes start', async () => {
    for (const name of ['a', 'b', 'a']) await starter(name).start();
    expect((await policies()).map((shard) => shard.length)).toEqual([1, 1, 1]);
  });

  it.each(['as they came', 'reversed'] as const)(
    'is the same on every shard if three start at once with different settings, %s',
    async (order) => {
      world.gathering.next('spend', 3);
      world.gathering.next('spend', 3, order);
      world.gathering.next('spend', 3, order);
      await Promise.all([starter('a', 1).start(), starter('b', 2).start(), starter('c', 3).start()]);
      const firsts = (await policies()).map(([first]) => first);
      expect(new Set(firsts.map((first) => JSON.stringify(first))).size).toBe(1);
    },
  );

  it.each([1, 2, 3])('is completed by the next start after a crash at append %i', async (appends) => {
    const { log, start } = starter('a');
    let left = appends;
    const failing: FirstPolicyDeps['log'] = {
      shards: (topic) => log.shards(topic),
      read: (...given) => log.read(...given),
      bounds: (...given) => log.bounds(...given),
      append: async (...given) => {
        left -= 1;
        if (left === 0) throw new Error('killed');
        return log.append(...given);
      },
    };
    const { clock } = world;
    await expect(ensureFirstPolicy({ log: failing, registry, clock, rules, setBy: 'a' })).rejects.toThrow('killed');
    await start();
    const all = await policies();
    expect(all.map(([first]) => first?.revision)).toEqual([1, 1, 1]);
    expect(new Set(all.map(([first]) => JSON.stringify(first))).size).toBe(1);
  });
});

describe('The calendar of a time zone', () => {
  it('is made with the first advertiser of the zone, on every shard before the advertiser is published', async () => {
    const console = await world.open();
    const first = await console.ask('POST', '/v1/advertisers', { body: sampleBodies.advertiser });
    const again = await console.ask('POST', '/v1/advertisers', { body: sampleBodies.advertiser });
    const tokyo = await console.ask('POST', '/v1/advertisers', {
      body: { ...sampleBodies.advertiser, time_zone: 'Asia/Tokyo' },
    });
    const utc = await console.ask('POST', '/v1/advertisers', {
      body: { ...sampleBodies.advertiser, time_zone: 'UTC' },
    });
    expect([first, again, tokyo, utc].map(({ json }) => json['calendar'])).toEqual([1, 1, 2, 0]);
    for (const shard of await policies()) {
      expect(shard.map(({ revision }) => revision)).toEqual([1, 2, 3]);
      expect(inForce(shard)?.calendars.map(({ zone }) => zone)).toEqual(['UTC', 'Europe/Berlin', 'Asia/Tokyo']);
    }
    const berlin = (await policies())[0]?.at(-1)?.calendars[1]?.months[0];
    expect(berlin).toEqual({ period: '2026-11', ends_at: Date.parse('2026-12-01T00:00:00+01:00') });
  });

  it('is not made for an advertiser that is refused', async () => {
    const console = await world.open();
    const body = { ...sampleBodies.advertiser, time_zone: 'Asia/Tokyo', currency: 'XXX' };
    expect((await console.ask('POST', '/v1/advertisers', { body })).status).toBe(400);
    expect((await policies()).map((shard) => shard.length)).toEqual([1, 1, 1]);
  });

  it('has one number, whatever consoles race for whatever zones', async () => {
    const zones = ['Europe/Berlin', 'Asia/Tokyo', 'America/New_York', 'UTC'];
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat({ max: 2 }), fc.constantFrom(...zones)), { minLength: 1, maxLength: 8 }),
        async (asked) => {
          world = new ConsoleWorld();
          const consoles = await Promise.all([world.openDesks(), world.openDesks(), world.openDesks()]);
          const numbers = await Promise.all(
            asked.map(async ([index, zone]) => consoles[index]?.desks.policies.calendarOf(zone)),
          );
          const shards = (await policies()).map(inForce);
          expect(new Set(shards.map((policy) => JSON.stringify(policy))).size).toBe(1);
          const calendars = shards[0]?.calendars ?? [];
          expect(calendars.map(({ calendar }) => calendar)).toEqual(calendars.map((_, index) => index));
          for (const [index, [, zone]] of asked.entries()) {
            expect(calendars.filter((known) => known.zone === zone).map(({ calendar }) => calendar)).toEqual([
              numbers[index],
            ]);
          }
        },
      ),
      { numRuns: 30 },
    );
  });

  it('is extended once few months lie ahead, keeping those that were listed', async () => {
    await world.openDesks();
    const before = (await policies())[0]?.at(-1)?.calendars[0]?.months ?? [];
    await world.clock.advance(Date.UTC(2028, 2, 10) - world.clock.now());
    await world.openDesks();
    for (const shard of await policies()) {
      const months = inForce(shard)?.calendars[0]?.months ?? [];
      expect(months.slice(0, before.length)).toEqual(before);
      expect(months.filter(({ ends_at }) => ends_at > world.clock.now()).length).toBeGreaterThanOrEqual(24);
      for (const [index, { ends_at }] of months.entries()) {
        const date = new Date(Date.UTC(2026, 11 + index, 1));
        expect(ends_at).toBe(date.getTime());
      }
    }
  });
});

describe('The policy and the settings', () => {
  it('are brought in line when the console starts, as a further revision on every shard', async () => {
    await world.openDesks(rules);
    await world.openDesks({ ...rules, holdMs: 5 });
    expect((await policies()).map((shard) => shard.map(({ revision, hold_ms }) => [revision, hold_ms]))).toEqual([
      [
        [1, 10_000],
        [2, 5],
      ],
      [
        [1, 10_000],
        [2, 5],
      ],
      [
        [1, 10_000],
        [2, 5],
      ],
    ]);
  });

  it('change nothing if they agree', async () => {
    await world.openDesks(rules);
    await world.openDesks(rules);
    expect((await policies()).map((shard) => shard.length)).toEqual([1, 1, 1]);
  });
});
