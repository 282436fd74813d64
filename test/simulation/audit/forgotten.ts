import { createHmac } from 'node:crypto';
import { personSecret } from '../engines.ts';
import { nameOf } from './books.ts';
import { persons } from '../people.ts';
import type { World } from '../world.ts';

/** In so long everybody who asks is forgotten, ms. */
const boundMs = 10_000;
/** What goes on being written while nothing happens, and the requests themselves. */
const allowed = new Set(['PersonForgotten', 'TimeAdvanced', 'NodeMark']);

/** Of whom a key is kept: keyed hash → random key. */
async function keptKeys({ engines }: World): Promise<ReadonlyMap<string, string>> {
  const kept = new Map<string, string>();
  for await (const page of engines.keys.open().pages()) for (const [hash, key] of page) kept.set(hash, key);
  return kept;
}

function hashOf(personId: string): string {
  return createHmac('sha256', personSecret).update(personId).digest('hex');
}

/** The key that somebody had when he asked to be forgotten is gone; who came back has another. */
export async function keysRemain(world: World): Promise<readonly string[]> {
  const { story, books } = world;
  const kept = await keptKeys(world);
  const problems: string[] = [];
  for (const [id, { personId, wallMs }] of story.issued) {
    const askedMs = personId === null ? undefined : story.forgotten.get(personId);
    const userKey = books.userKeys.get(id) ?? null;
    if (personId === null || askedMs === undefined || wallMs >= askedMs || userKey === null) continue;
    if (kept.get(hashOf(personId)) === userKey)
      problems.push(`${personId} asked to be forgotten at ${askedMs} and still has the key of ${id}`);
  }
  return problems.slice(0, 5);
}

/** Forgets everybody in a world where nothing else happens any more: no ledger, no digest and no total changes, and no key is left. */
export async function forgettingMovesSomething(world: World): Promise<readonly string[]> {
  const { books, console } = world;
  const entries = books.ledgers.entries.size;
  const heads = headsOf(world);
  const written = new Map(books.written);
  for (let number = 1; number <= persons; number += 1) {
    const { process } = console;
    if (process === null) return ['the console is not up'];
    await process.forget(`person-${number}`);
  }
  const isGone = async () => (await keptKeys(world)).size === 0;
  const problems = (await world.until(isGone, boundMs)) ? [] : ['keys of people who were forgotten are left'];
  const again = await sightingsComeAgain(world);
  if (!(await isGone())) problems.push('old sightings brought people back who were forgotten');
  if (books.ledgers.entries.size !== entries || headsOf(world) !== heads)
    problems.push('forgetting people booked something');
  for (const [name, count] of books.written)
    if (!allowed.has(name) && count !== (written.get(name) ?? 0) + (again.get(name) ?? 0))
      problems.push(`forgetting people wrote ${name}`);
  return problems;
}

/** What a node held back for long arrives at last. @returns how many records of each name */
async function sightingsComeAgain(world: World): Promise<ReadonlyMap<string, number>> {
  const { engines, time, plan } = world;
  const log = engines.log.open({ clock: time, name: 'late sightings' });
  const again = new Map<string, number>();
  for (let shard = 0; shard < plan.shards; shard += 1) {
    const { first, next } = await log.bounds('persons', shard);
    const records = await log.read('persons', shard, first, next - first);
    const seen = records.filter(({ value }) => nameOf(value) === 'PersonSeen');
    if (seen.length === 0) continue;
    again.set('PersonSeen', (again.get('PersonSeen') ?? 0) + seen.length);
    await log.append(
      'persons',
      seen.map(({ key, value }) => ({ shard, key, value })),
    );
  }
  await world.pass(1_000);
  return again;
}

function headsOf({ books }: World): string {
  return [...books.ledgers.streams].map(([name, { chainHead, count }]) => `${name} ${count} ${chainHead}`).join();
}
