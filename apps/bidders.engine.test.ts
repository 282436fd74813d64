import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openEmbeddedEventLog } from '../adapters/embedded/event-log.ts';
import { createSeededRandom } from '../adapters/simulated/random.ts';
import { createSystemClock } from '../adapters/system/clock.ts';
import { entityFacts } from '../domain/catalog.ts';
import { shardOf } from '../domain/identity.ts';
import type { AdSelected, AnyRecord, RecordOf, Topic } from '../domain/records.ts';
import type { EventLog } from '../ports/event-log.ts';
import { profiles } from '../simulate/bidders/profiles.ts';
import { SimulatedBidder } from '../simulate/bidders/simulated-bidder.ts';
import { bidder, creative, inventory, placement, supply } from '../test/decision-world.ts';
import { readVast } from '../test/vast-reader.ts';
import { bidRequest, imp } from '../test/openrtb-world.ts';
import { freePort, type ServeProcess, startServe } from '../test/serve-process.ts';
import { registry } from '../test/serving-world.ts';
import { makeTemporaryFolder } from '../test/temporary-folder.ts';
import { topicShards } from '../test/topic-shards.ts';

const clock = createSystemClock();
const day = 86_400_000;
const shards = 4;
let folder: ReturnType<typeof makeTemporaryFolder>;
let log: EventLog;
let serve: ServeProcess | null = null;
let outside: SimulatedBidder;

beforeEach(async () => {
  folder = makeTemporaryFolder();
  outside = new SimulatedBidder({ name: 'fast', of: 'fast', random: createSeededRandom(1), host: '127.0.0.1' });
  await outside.start();
  await outside.change({ ...profiles.fast, bidShare: 1, price: 4 });
  log = await openEmbeddedEventLog({ folder: join(folder.path, 'log'), shards: topicShards(shards), clock });
  const flight = { starts_at: clock.now() - day, ends_at: clock.now() + day };
  const records = [
    ...inventory(1),
    ...supply(1, { campaign: { flight }, lineItem: { bid_micros: 1_000_000 } }),
    ...supply(2, { campaign: { flight }, lineItem: { bid_micros: 10_000_000 } }),
    // A place for films and one for native ads, and what stands for those that the bidder brings.
    ...['video', 'native'].flatMap((format, number): AnyRecord[] => [
      { name: 'PlacementPublished', value: placement(number + 2, { publisher_id: 'pub_1', formats: [format] }) },
      {
        name: 'CreativePublished',
        value: creative(2, { creative_id: `cr_2${number}`, format, width: 0, height: 0 }),
      },
    ]),
    { name: 'BidderPublished', value: bidder(2, { endpoint: `${outside.url}/bid` }) },
  ] as RecordOf<'catalog'>[];
  const catalog = records.map((one) => ({ shard: 0, key: entityFacts(one).id, value: encode(one) }));
  await log.append('catalog', catalog);
  // No test here is about load: a machine that is busy with other things must not make the platform shed.
  const env = { BIDDER_ADDRESSES_ALLOWED: '127.0.0.1/32', OVERLOAD_TURN_MS: '10000' };
  serve = await startServe({ dataDir: folder.path, port: await freePort(), env });
  for (const campaignId of ['cmp_1', 'cmp_2']) await grantLease(campaignId);
});

afterEach(async () => {
  await serve?.kill('SIGKILL');
  serve = null;
  await outside.stop();
  await log.close();
  folder.remove();
});

function encode({ name, value }: AnyRecord): Uint8Array {
  return registry.encode(name, value as never);
}

async function everything<N extends AnyRecord['name']>(
  topic: Topic,
  wanted: N,
): Promise<Extract<AnyRecord, { name: N }>['value'][]> {
  const found: AnyRecord[] = [];
  for (let shard = 0; shard < log.shards(topic); shard += 1) {
    const { next } = await log.bounds(topic, shard);
    found.push(...(await log.read(topic, shard, 0, Math.max(1, next))).map(({ value }) => registry.decode(value)));
  }
  return found.flatMap(({ name, value }) => (name === wanted ? [value as never] : []));
}

async function grantLease(campaign_id: string): Promise<void> {
  const [started] = await everything('nodes', 'NodeStarted');
  if (started === undefined) throw new Error('no node has started');
  const { node, boot } = started;
  // Today's and, in case midnight is near, tomorrow's.
  for (const [index, atMs] of [clock.now(), clock.now() + day].entries()) {
    const lease = { node, boot, day: new Date(atMs).toISOString().slice(0, 10) };
    const terms = { amount_micros: 1_000_000_000, granted_at: clock.now(), allocator: 'test' };
    const value = registry.encode('LeaseGranted', { campaign_id, number: index + 1, lease, ...terms });
    await log.append('pacing', [{ shard: shardOf(campaign_id, shards), key: campaign_id, value }]);
  }
}

const url = () => serve?.url ?? '';

interface Decision {
  readonly line_item_id: string;
  readonly creative_id: string;
  readonly format: string;
  readonly markup: string;
  readonly selection_id: string;
  readonly beacons: { readonly impression: string };
}

async function decide(placementId = 'pl_1'): Promise<Decision | undefined> {
  const body = JSON.stringify({ slots: [{ id: 's', placement_id: placementId }], tmax: 3_000 });
  const headers = { 'content-type': 'application/json', 'user-agent': 'Mozilla/5.0 Chrome/130.0' };
  const answer = await fetch(`${url()}/v1/decisions`, { method: 'POST', headers, body });
  expect(answer.status).toBe(200);
  return ((await answer.json()) as { decisions: Decision[] }).decisions[0];
}

/** Asks until the bidder wins: leases take a moment to arrive. */
async function won(placementId?: string): Promise<Decision> {
  for (let tries = 0; tries < 2_000; tries += 1) {
    const decision = await decide(placementId);
    if (decision?.line_item_id === 'li_2') return decision;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error('the bidder never won');
}

/** Asks as an exchange until there is a bid: on a busy machine a bidder may be late. */
async function bidFor(asked: Record<string, unknown>): Promise<{ seatbid: { bid: Record<string, unknown>[] }[] }> {
  const body = JSON.stringify(bidRequest({ cur: ['EUR'], tmax: 3_000, imp: [asked] }));
  for (let tries = 0; tries < 2_000; tries += 1) {
    const answer = await fetch(`${url()}/openrtb2/auction`, { method: 'POST', body });
    expect([200, 204]).toContain(answer.status);
    if (answer.status === 200) return (await answer.json()) as { seatbid: { bid: Record<string, unknown>[] }[] };
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error('there never was a bid');
}

async function recorded(wanted: (selected: AdSelected) => boolean): Promise<AdSelected> {
  for (let tries = 0; tries < 2_000; tries += 1) {
    const found = (await everything('selected', 'AdSelected')).find(wanted);
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error('the selection never came');
}

describe('a bidder of the catalogue', () => {
  test('is asked over the network, wins, is told so once, and is billed for the impression like everybody', async () => {
    const { markup, selection_id, beacons } = await won();
    expect(markup).toContain('>fast</div>');
    const beacon = await fetch(beacons.impression, { headers: { 'user-agent': 'Mozilla/5.0 Chrome/130.0' } });
    expect(beacon.status).toBe(200);
    const selected = await recorded(({ billing }) => billing.selection_id === selection_id);
    expect(selected.external).toMatchObject({ bidder_id: 'bd_2', domains: ['fast.example'] });
    expect(selected.external?.billing_url).toContain('/billing?bid=');
    expect(selected.billing.price_micros).toBe(Math.floor((selected.external?.bid_micros ?? 0) / 1000));
    const told = () => outside.tally.notices.win.bids.get(selected.external?.bid_id ?? '');
    await expect.poll(told).toBeDefined();
    await serve?.kill('SIGTERM');
    const incurred = await everything('spend', 'SpendIncurred');
    expect(incurred.map(({ billing }) => billing.selection_id)).toEqual([selection_id]);
    expect(told()).toBe(selected.billing.price_micros * 1000);
  });

  test('wins with a film and a native ad as well, each shown once and charged once', async () => {
    const shown: Decision[] = [];
    for (const [placementId, format, creativeId] of [
      ['pl_2', 'video', 'cr_20'],
      ['pl_3', 'native', 'cr_21'],
    ] as const) {
      const decision = await won(placementId);
      expect(decision).toMatchObject({ format, creative_id: creativeId });
      expect(decision.markup).toContain('https://fast.example/shown?bid=');
      expect(decision.markup).toContain(decision.beacons.impression);
      shown.push(decision);
    }
    const [film] = (await readVast(shown[0]?.markup ?? '')).ads;
    expect(film?.impressionURLTemplates).toHaveLength(2);
    // Twice: the second of each is known for what it is.
    for (const { beacons } of [...shown, ...shown]) {
      const answer = await fetch(beacons.impression, { headers: { 'user-agent': 'Mozilla/5.0 Chrome/130.0' } });
      expect(answer.status).toBe(200);
    }
    const selected = await Promise.all(
      shown.map(({ selection_id }) => recorded(({ billing }) => billing.selection_id === selection_id)),
    );
    expect(selected.map(({ external }) => external?.bidder_id)).toEqual(['bd_2', 'bd_2']);
    await serve?.kill('SIGTERM');
    const incurred = await everything('spend', 'SpendIncurred');
    const charged = incurred.map(({ billing }) => [billing.selection_id, billing.price_micros] as const);
    const due = selected.map(
      ({ billing, external }) => [billing.selection_id, Math.floor((external?.bid_micros ?? 0) / 1000)] as const,
    );
    expect(new Map(charged)).toEqual(new Map(due));
    expect(charged).toHaveLength(2);
  });

  test('stands in the bids that we make to exchanges, under its own name', async () => {
    await won();
    const body = bidRequest({ cur: ['EUR'], tmax: 3_000, imp: [imp('1', { bidfloor: 0.5, bidfloorcur: 'EUR' })] });
    const answer = await fetch(`${url()}/openrtb2/auction`, { method: 'POST', body: JSON.stringify(body) });
    expect([answer.status, answer.headers.get('x-adtally-no-bid')]).toEqual([200, null]);
    const { seatbid } = (await answer.json()) as { seatbid: { bid: Record<string, unknown>[] }[] };
    expect(seatbid[0]?.bid[0]).toMatchObject({ adomain: ['fast.example'], cat: ['IAB3'], w: 300, h: 250, mtype: 1 });
  });

  test('brings exchanges films and native ads as their imps allow', async () => {
    const native = JSON.stringify({ ver: '1.2', assets: [{ id: 9, required: 1, title: { len: 25 } }] });
    const formats = [
      { video: { mimes: ['video/webm'], protocols: [7, 8], minduration: 5, maxduration: 10 } },
      { native: { request: native, ver: '1.2' } },
    ];
    for (const [number, format] of formats.entries()) {
      const ext = { adtally: { placement: `pl_${number + 2}` } };
      const { seatbid } = await bidFor({ id: '1', bidfloor: 0.5, bidfloorcur: 'EUR', ext, ...format });
      const bid = seatbid[0]?.bid[0];
      expect(bid).toMatchObject({ adomain: ['fast.example'], mtype: number === 0 ? 2 : 4, crid: `cr_2${number}` });
      expect(bid?.['adm']).toContain('https://fast.example/shown?bid=');
      if (number === 0) expect(bid).toMatchObject({ dur: 10, adm: expect.stringContaining('type="video/webm"') });
      else expect(JSON.parse(String(bid?.['adm']))).toMatchObject({ assets: [{ id: 9, title: { text: 'fast' } }] });
    }
  });

  test('that dies harms nobody, and its metrics say what became of every call', async () => {
    await won();
    await outside.change({ ...profiles.fast, behaviour: 'refuses' });
    for (let round = 0; round < 20; round += 1) expect((await decide())?.line_item_id).toBe('li_1');
    const metrics = await (await fetch(`${url()}/metrics`)).text();
    expect(metrics).toMatch(/adtally_bidder_outcomes_total\{bidder_id="bd_2",outcome="connect_failed"[^}]*\} \d+/);
    expect(metrics).toMatch(/adtally_bidder_mishandled(\{[^}]*\})? 0/);
    expect(metrics).toMatch(/adtally_bidder_not_asked_total\{bidder_id="bd_2",reason="breaker_open"[^}]*\} \d+/);
  });
});
