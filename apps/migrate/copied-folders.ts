import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { AdtallyError } from '../../domain/errors.ts';
import type { StateStore } from '../../ports/state-store.ts';

/** States are folds of the log by offsets that the copy keeps: with them nothing has to be folded again. Reports are evidence of audits. */
const replaced = ['state', 'reconciliations', 'replays'];
/** Folds that write views, once; without a state they begin at the start of the log and write all of them. */
const viewWriters = ['frequency', 'creative-stats', 'pacing-allocator'];

/**
 * Copies what of a data directory nothing else holds. What runs on it must have been stopped. Error: `COPY_DIFFERS` if the target has secrets of its own, by
 * which tokens and keys of the source would not be known.
 * @returns names of the folders that were copied
 */
export function copyFolders(from: string, to: string): readonly string[] {
  const secrets = join(to, 'secrets');
  if (existsSync(secrets) && textOf(secrets) !== textOf(join(from, 'secrets')))
    throw new AdtallyError(
      'COPY_DIFFERS',
      `${secrets} holds other secrets than the source: give the target a new DATA_DIR`,
    );
  const found = ['secrets', ...replaced].filter((name) => existsSync(join(from, name)));
  for (const name of found) copyFolder(join(from, name), join(to, name));
  return found;
}

/** All of it or nothing, as far as its name shows. */
function copyFolder(from: string, to: string): void {
  const partial = `${to}.copying`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(join(to, '..'), { recursive: true });
  cpSync(from, partial, { recursive: true, preserveTimestamps: true });
  rmSync(to, { recursive: true, force: true });
  renameSync(partial, to);
}

/** Names and contents of a folder of small files. */
function textOf(folder: string): string {
  if (!existsSync(folder)) return '';
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).toSorted();
  const contents = files
    .filter((file) => statSync(join(folder, file)).isFile())
    .map((file) => [file, readFileSync(join(folder, file), 'base64')]);
  return JSON.stringify(contents);
}

/** Has the next streams process write all views again. */
export async function forgetViewWriters(states: StateStore, shards: number): Promise<void> {
  for (const name of viewWriters) for (let shard = 0; shard < shards; shard += 1) await states.drop(`${name}/${shard}`);
}
