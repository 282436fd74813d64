import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type FolderLock, lockFolder } from '../../adapters/embedded/folder-lock.ts';
import type { Settings } from '../../config/settings.ts';
import { AdtallyError, isAdtallyError } from '../../domain/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import { type SchemaLog, shardsOf } from './copied-log.ts';

/** Takes data directories for this process as `adtally start` and serving nodes do. Error: `NOT_READY` if one of them runs. */
export function lockFolders(dataDirs: readonly string[]): FolderLock {
  const locks: FolderLock[] = [];
  try {
    for (const dataDir of new Set(dataDirs)) {
      mkdirSync(join(dataDir, 'run'), { recursive: true });
      for (const folder of [join(dataDir, 'run'), ...nodeFolders(dataDir)]) locks.push(takeFolder(folder, dataDir));
    }
  } catch (error) {
    for (const lock of locks) lock.release();
    throw error;
  }
  return { release: () => locks.forEach((lock) => lock.release()) };
}

function takeFolder(folder: string, dataDir: string): FolderLock {
  try {
    return lockFolder(folder);
  } catch (error) {
    if (!isAdtallyError(error, 'NODE_NAME_TAKEN')) throw error;
    throw new AdtallyError('NOT_READY', `Adtally runs on ${dataDir}: stop it first`, { cause: error });
  }
}

function nodeFolders(dataDir: string): readonly string[] {
  const folder = join(dataDir, 'buffer');
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).map((node) => join(folder, node));
  return names.filter((path) => statSync(path).isDirectory());
}

/** What is acknowledged must be in the log before the log is copied. Error: `NOT_READY` if a buffer of this machine still holds records. */
export function requireEmptyBuffers(dataDir: string): void {
  for (const folder of nodeFolders(dataDir)) {
    const files = readdirSync(folder).filter((file) => !file.startsWith('lock.db'));
    if (files.length === 0) continue;
    const what = 'start this node once more on the source and stop it in order, so that it drains them';
    throw new AdtallyError('NOT_READY', `${folder} holds acknowledged records that are not in the log yet: ${what}`);
  }
}

/**
 * The same for nodes of other machines, by what the log says of them: the last boot of every node must have said that its buffer is drained.
 * @param lost nodes whose disks are gone
 */
export async function requireDrainedNodes({ log, registry }: SchemaLog, lost: readonly string[]): Promise<void> {
  const boots = new Map<string, string>();
  const drained = new Set<string>();
  const { first, next } = await log.bounds('nodes', 0);
  for (let offset = first; offset < next; ) {
    const page = await log.read('nodes', 0, offset, 1_000);
    for (const { value } of page) {
      const record = registry.decode(value);
      if (record.name === 'NodeStarted') boots.set(record.value.node, record.value.boot);
      if (record.name === 'BufferDrained') drained.add(`${record.value.node}/${record.value.boot}`);
    }
    offset += page.length;
  }
  const open = [...boots].filter(([node, boot]) => !drained.has(`${node}/${boot}`) && !lost.includes(node));
  if (open.length === 0) return;
  const names = open.map(([node]) => node).join(', ');
  const what =
    'start them once more on the source and stop them in order, or name those whose disks are gone by --lost';
  throw new AdtallyError(
    'NOT_READY',
    `the log does not say that the buffers of these nodes are drained: ${names}; ${what}`,
  );
}

/** Where the log ends, in one text. */
export async function endsOf({ log }: SchemaLog): Promise<string> {
  const ends = await Promise.all(
    shardsOf(log).map(async ({ topic, shard }) => `${topic}/${shard} ${(await log.bounds(topic, shard)).next}`),
  );
  return ends.join('\n');
}

/** A platform that runs anywhere marks and ticks several times in that time. Error: `NOT_READY`. */
export async function requireStandstill(source: SchemaLog, settings: Settings, clock: Clock): Promise<void> {
  const before = await endsOf(source);
  await clock.sleep(Math.max(4 * settings.markMs, 3 * settings.tickMs));
  await requireUnchanged(source, before);
}

/** Error: `NOT_READY` if the log has grown. */
export async function requireUnchanged(source: SchemaLog, before: string): Promise<void> {
  const now = (await endsOf(source)).split('\n');
  const grown = before.split('\n').filter((end, i) => end !== now[i]);
  if (grown.length === 0) return;
  const [topic] = (grown[0] ?? '').split(' ');
  throw new AdtallyError(
    'NOT_READY',
    `the source grows (${topic}): stop every process of the platform, on every machine, first`,
  );
}
