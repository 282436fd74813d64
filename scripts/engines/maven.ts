import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { engineCache, lock } from './engine.ts';

export interface Jars {
  readonly name: string;
  /** Its dependencies are what is wanted. */
  readonly pom: URL;
}

const leastJava = 17;

/** Why there is no Java to run an engine with, or null. */
export function javaMissing(): string | null {
  const { status, stderr } = spawnSync('java', ['-version'], { encoding: 'utf8' });
  if (status !== 0) return 'there is no `java`';
  const version = Number(/version "(\d+)/.exec(stderr)?.[1]);
  return version >= leastJava ? null : `Java ${leastJava} is needed, this is ${version}`;
}

/** Where the jars are, or will be. Another pom, another folder. */
export function jarFolder({ name, pom }: Jars): string {
  const digest = createHash('sha256').update(readFileSync(pom)).digest('hex').slice(0, 12);
  return join(engineCache(), 'jars', `${name}-${digest}`);
}

/** Has Maven bring the jars, once. Resolves with the reason if it can't, else null. */
export async function fetchJars(jars: Jars, say: (line: string) => void): Promise<string | null> {
  const folder = jarFolder(jars);
  if (existsSync(folder)) return null;
  mkdirSync(join(folder, '..'), { recursive: true });
  const unlock = await lock(`${folder}.lock`);
  try {
    return existsSync(folder) ? null : await download(jars, folder, say);
  } finally {
    unlock();
  }
}

async function download({ name, pom }: Jars, folder: string, say: (line: string) => void): Promise<string | null> {
  if (spawnSync('mvn', ['-version']).status !== 0) return 'there is no `mvn` to download it with';
  const partial = `${folder}.partial`;
  rmSync(partial, { recursive: true, force: true });
  say(`${name}: downloading its jars (about 45 MB, once)`);
  const goal = ['dependency:copy-dependencies', `-DoutputDirectory=${partial}`, '-DincludeScope=runtime'];
  const maven = spawn('mvn', ['-B', '-f', pom.pathname, ...goal], { stdio: ['ignore', 'pipe', 'inherit'] });
  const errors: string[] = [];
  let downloaded = 0;
  createInterface(maven.stdout).on('line', (line) => {
    if (line.startsWith('[ERROR]')) errors.push(line);
    if (!/^(\[INFO\] )?Downloaded from .*\.jar /.test(line)) return;
    downloaded += 1;
    if (downloaded % 20 === 0) say(`${name}: ${downloaded} jars`);
  });
  const [status] = (await once(maven, 'close')) as [number | null];
  if (status !== 0)
    return `Maven could not bring it: ${errors[0]?.replaceAll(/https?:\/\/\S+/g, '…') ?? `exit ${status}`}`;
  renameSync(partial, folder);
  return null;
}
