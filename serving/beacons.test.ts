import { describe, expect, it } from 'vitest';
import { createSimulatedClock } from '../adapters/simulated/clock.ts';
import { createSimulatedDisk } from '../adapters/simulated/disk.ts';
import { createSeededRandom } from '../adapters/simulated/random.ts';
import { eventId } from '../domain/identity.ts';
import type { AnyRecord, BeaconKind, Billing, Lease } from '../domain/records.ts';
import { noticeKinds, signToken } from '../domain/token.ts';
import { boot, MemoryBuffer, node, registry, sampleBilling, sampleToken, selectedAt } from '../test/serving-world.ts';
import { type Arrival, BeaconDesk } from './beacons.ts';
import { LeaseFold } from './lease-book.ts';
import { NodeClock } from './node-clock.ts';
import { Rejections } from './rejections.ts';
import { TokenKeys } from './token-keys.ts';

const lease: Lease = { node, boot, day: '2026-01-01' };

async function openDesk() {
  const clock = createSimulatedClock({ startMs: selectedAt + 1_000 });
  const random = createSeededRandom(3);
  const disk = createSimulatedDisk({ random });
  const keys = await TokenKeys.open({ disk, clock, random, folder: '/secrets', verifiesMs: 90_000_000 });
  const buffer = new MemoryBuffer();
  const nodeClock = new NodeClock(clock, 0);
  const leases = new LeaseFold({ node, boot, shards: 4, idleMs: 30_000 });
  const rejections = new Rejections({ buffer, clock: nodeClock, registry });
  const options = { buffer, keys, clock: nodeClock, random, registry, leases, rejections, longestTokenMs: 86_400_000 };
  const desk = new BeaconDesk(options);
  const send = (event: string, billing: Billing, change: Partial<Arrival> = {}) => {
    const token = sampleToken(billing, keys.current(), event === 'click' ? 'click' : 'view');
    const result = desk.take(arrival({ event, token, ...change }));
    if (result instanceof Promise) throw new Error('the key of this token is known');
    return result;
  };
  return { desk, buffer, keys, clock, leases, send, disk, random };
}

function arrival(change: Partial<Arrival>): Arrival {
  const rest = {
    network: '203.0.113.0/24',
    userAgent: 'UA',
    occurredAt: null,
    ordinal: 0,
    transport: 'PIXEL' as const,
  };
  return { event: 'impression', token: '', ...rest, ...change };
}

function names(records: readonly { readonly record: AnyRecord }[]): string[] {
  return records.map(({ record }) => record.name);
}

function fund(leases: LeaseFold, amount_micros: number): void {
  const budget = {
    campaign_id: 'cmp_1',
    revision: 1,
    advertiser_id: 'adv_1',
    currency: 'EUR',
    time_zone: 'UTC',
    total_micros: 1_000_000,
    daily_micros: null,
    flight: { starts_at: 0, ends_at: selectedAt * 2 },
    pacing: 'even',
    active: true,
    set_at: 0,
  };
  leases.apply({ name: 'BudgetSet', value: budget }, 0, 0);
  const value = { campaign_id: 'cmp_1', number: 1, lease, amount_micros, granted_at: 0, allocator: 'a' };
  leases.apply({ name: 'LeaseGranted', value }, 0, 1);
}

describe('A genuine beacon', () => {
  it('of the billable kind becomes one entry: the charge first, then the evidence, with the token’s facts', async () => {
    const { buffer, keys, send } = await openDesk();
    const billing = sampleBilling();
    const result = send('impression', billing);
    expect(result.taken).toBe(true);
    expect(buffer.entries).toHaveLength(1);
    const [spend, impression] = buffer.decoded();
    const { selection_id } = billing;
    const place = { shard: billing.shard, key: selection_id };
    expect(spend).toMatchObject({ topic: 'spend', ...place });
    expect(impression).toMatchObject({ topic: 'impression', ...place });
    expect(spend?.record).toMatchObject({
      name: 'SpendIncurred',
      value: {
        event_id: eventId(selection_id, 'incurred', 0),
        kind: 'impression',
        billing,
        draw_lease: billing.draw_lease,
      },
    });
    expect(impression?.record).toMatchObject({
      name: 'ImpressionRendered',
      value: {
        beacon: {
          event_id: eventId(selection_id, 'impression', 0),
          kind: 'impression',
          ordinal: 0,
          origin: { node, boot, sequence: 1 },
          billing,
          key_id: keys.current().id,
          judgement: 'ACCEPTED',
          received_at: selectedAt + 1_000,
          transport: 'PIXEL',
          network: '203.0.113.0/24',
          user_agent: 'UA',
        },
      },
    });
  });

  const rows: readonly (readonly [BeaconKind, string, string])[] = [
    ['viewable', 'engagement', 'AdViewable'],
    ['start', 'engagement', 'VideoProgressed'],
    ['complete', 'engagement', 'VideoProgressed'],
    ['mute', 'engagement', 'AdInteracted'],
    ['error', 'engagement', 'AdInteracted'],
    ['click', 'click', 'AdClicked'],
  ];
  it.each(rows)('%s that is not billed is evidence in %s as %s', async (kind, topic, name) => {
    const { buffer, send } = await openDesk();
    send(kind, sampleBilling());
    expect(buffer.decoded()).toMatchObject([{ topic, record: { name, value: { beacon: { kind } } } }]);
  });

  it('that comes again is kept as evidence with a receipt of its own, and charged once', async () => {
    const { buffer, send } = await openDesk();
    for (let times = 0; times < 5; times += 1) send('impression', sampleBilling());
    const records = buffer.decoded();
    expect(names(records)).toEqual(['SpendIncurred', ...Array(5).fill('ImpressionRendered')]);
    const beacons = records.flatMap(({ record }) =>
      record.name === 'ImpressionRendered' ? [record.value.beacon] : [],
    );
    expect(new Set(beacons.map(({ receipt_id }) => receipt_id)).size).toBe(5);
    expect(new Set(beacons.map(({ event_id }) => event_id)).size).toBe(1);
  });

  it('after the expiry of its kind is recorded as late and charges nothing', async () => {
    const { buffer, clock, keys, desk } = await openDesk();
    const [last, late] = [1, 2].map((number) => sampleToken(sampleBilling(number), keys.current())) as [string, string];
    await clock.advance(30 * 60_000 - 1_000);
    void desk.take(arrival({ token: last }));
    await clock.advance(1);
    void desk.take(arrival({ token: late }));
    const judgements = buffer
      .decoded()
      .map(({ record }) => ('beacon' in record.value ? record.value.beacon.judgement : record.name));
    expect(judgements).toEqual(['SpendIncurred', 'ACCEPTED', 'LATE']);
  });

  it('of a house ad or of price 0 charges nothing', async () => {
    const { buffer, send } = await openDesk();
    send('impression', sampleBilling(1, { pricing_model: 'NONE', price_micros: 0, draw_lease: null }));
    send('impression', sampleBilling(2, { price_micros: 0, draw_lease: null }));
    expect(names(buffer.decoded())).toEqual(['ImpressionRendered', 'ImpressionRendered']);
  });

  it('of a test selection writes its charge with no lease', async () => {
    const { buffer, leases, send } = await openDesk();
    fund(leases, 10_000);
    send('click', sampleBilling(1, { pricing_model: 'CPC', draw_lease: null, test: true }));
    expect(buffer.decoded()[0]?.record).toMatchObject({ name: 'SpendIncurred', value: { draw_lease: null } });
    expect(leases.left('cmp_1', lease.day)).toBe(10_000);
  });

  it('can’t mint a second billable event by its ordinal, but may number its mutes', async () => {
    const { buffer, send } = await openDesk();
    send('impression', sampleBilling(1), { ordinal: 7 });
    send('mute', sampleBilling(1), { ordinal: 7 });
    const ordinals = buffer
      .decoded()
      .flatMap(({ record }) => ('beacon' in record.value ? [record.value.beacon.ordinal] : []));
    expect(ordinals).toEqual([0, 7]);
  });

  it('carries at most 256 characters of the user agent', async () => {
    const { buffer, send } = await openDesk();
    send('viewable', sampleBilling(), { userAgent: 'x'.repeat(5_000) });
    expect(buffer.decoded()[0]?.record.value).toMatchObject({ beacon: { user_agent: 'x'.repeat(256) } });
  });

  it("of an exchange's server says nothing of the person: its user agent is left out", async () => {
    const { buffer, desk, keys } = await openDesk();
    const billing = sampleBilling();
    const token = signToken(billing, [{ kinds: noticeKinds, expiresAt: selectedAt + 60_000 }], keys.current());
    const sender = { transport: 'PIXEL' as const, network: '203.0.113.0/24', userAgent: 'Go-http-client/1.1' };
    expect(await desk.take({ event: 'viewable', token, ...sender, occurredAt: null, ordinal: 0 })).toMatchObject({
      taken: false,
    });
    await desk.take({ event: 'impression', token, ...sender, occurredAt: null, ordinal: 0 });
    const evidence = buffer.decoded().find(({ record }) => record.name === 'ImpressionRendered');
    expect(evidence?.record.value).toMatchObject({ beacon: { user_agent: '', network: '203.0.113.0/24' } });
  });

  it('is not taken, and draws nothing, when the buffer is full', async () => {
    const { buffer, leases, send } = await openDesk();
    fund(leases, 10_000);
    buffer.full = true;
    const result = send('click', sampleBilling(1, { pricing_model: 'CPC', draw_lease: null }));
    await expect(result.taken && result.stored).rejects.toMatchObject({ code: 'BUFFER_FULL' });
    expect(leases.left('cmp_1', lease.day)).toBe(10_000);
    buffer.full = false;
    send('click', sampleBilling(1, { pricing_model: 'CPC', draw_lease: null }));
    expect(buffer.decoded()[0]?.record).toMatchObject({ name: 'SpendIncurred', value: { draw_lease: lease } });
  });
});

describe('A click that is billed', () => {
  const cpc = { pricing_model: 'CPC', draw_lease: null, price_micros: 4_000 } as const;

  it('draws on the lease of the node that takes it, once, and names it in charge and evidence', async () => {
    const { buffer, leases, send } = await openDesk();
    fund(leases, 10_000);
    for (let times = 0; times < 3; times += 1) send('click', sampleBilling(1, cpc));
    expect(leases.left('cmp_1', lease.day)).toBe(6_000);
    const drawn = buffer
      .decoded()
      .map(({ record }) => ('draw_lease' in record.value ? record.value.draw_lease : undefined));
    expect(drawn).toEqual([lease, lease, null, null]);
    expect(names(buffer.decoded())).toEqual(['SpendIncurred', 'AdClicked', 'AdClicked', 'AdClicked']);
  });

  it('names no lease when none holds the price', async () => {
    const { desk, buffer, leases, send } = await openDesk();
    fund(leases, 7_000);
    send('click', sampleBilling(1, cpc));
    send('click', sampleBilling(2, cpc));
    send('click', sampleBilling(3, { ...cpc, campaign_id: 'cmp_2' }));
    const charges = buffer
      .decoded()
      .flatMap(({ record }) => (record.name === 'SpendIncurred' ? [record.value.draw_lease] : []));
    expect(charges).toEqual([lease, null, null]);
    expect(desk.counts.clicksWithoutLease).toBe(2);
  });
});

describe('A beacon that is not believed', () => {
  it('for a kind that its token does not allow goes to quarantine and nowhere else', async () => {
    const { desk, buffer, keys } = await openDesk();
    const token = sampleToken(sampleBilling(), keys.current(), 'view');
    expect(desk.take(arrival({ event: 'click', token }))).toEqual({ taken: false, code: 'TOKEN_KIND_NOT_ALLOWED' });
    expect(buffer.decoded()).toMatchObject([
      {
        topic: 'quarantine',
        record: { value: { code: 'TOKEN_KIND_NOT_ALLOWED', source_topic: 'serve/PIXEL', source_offset: -1 } },
      },
    ]);
  });

  it('with a changed price is forged', async () => {
    const { desk, buffer, keys } = await openDesk();
    const bytes = Buffer.from(sampleToken(sampleBilling(), keys.current()), 'base64url');
    bytes[70] = (bytes[70] as number) ^ 1;
    expect(desk.take(arrival({ token: bytes.toString('base64url') }))).toEqual({ taken: false, code: 'TOKEN_FORGED' });
    expect(names(buffer.decoded())).toEqual(['Quarantined']);
  });

  it('of an event that there is not is refused', async () => {
    const { desk, keys } = await openDesk();
    const token = sampleToken(sampleBilling(), keys.current());
    for (const event of ['', 'toString', '__proto__', 'Impression']) {
      expect(desk.take(arrival({ event, token }))).toEqual({ taken: false, code: 'VALIDATION_FAILED' });
    }
  });

  it('writes no more than 20 records and one count for a flood of 10,000 in a period', async () => {
    const { desk, buffer, clock } = await openDesk();
    for (let index = 0; index < 10_000; index += 1) void desk.take(arrival({ token: `forged-${index}` }));
    expect(buffer.entries).toHaveLength(20);
    await clock.advance(10_000);
    void desk.take(arrival({ token: 'forged-again' }));
    const reasons = buffer.decoded().map(({ record }) => (record.name === 'Quarantined' ? record.value.reason : ''));
    expect(reasons).toHaveLength(22);
    expect(reasons[20]).toMatch(/^9980 more of/);
  });

  it('by a key that another node has just made is believed after a look at the folder', async () => {
    const { desk, clock, disk, random } = await openDesk();
    const other = await TokenKeys.open({ disk, clock, random, folder: '/secrets', verifiesMs: 90_000_000 });
    await clock.advance(2_000);
    const token = sampleToken(sampleBilling(), await other.rotate());
    expect(await desk.take(arrival({ token }))).toMatchObject({ taken: true });
  });

  it('makes inspection say why, and inspection records nothing', async () => {
    const { desk, buffer, keys } = await openDesk();
    const token = sampleToken(sampleBilling(), keys.current(), 'click');
    expect(await desk.inspect('click', token)).toMatchObject({ billing: sampleBilling() });
    expect(await desk.inspect('impression', token)).toBe('TOKEN_KIND_NOT_ALLOWED');
    expect(await desk.inspect('click', 'nonsense')).toBe('TOKEN_MALFORMED');
    expect(buffer.entries).toEqual([]);
  });
});
