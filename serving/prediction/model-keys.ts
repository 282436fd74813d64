import type { KeyObject } from 'node:crypto';
import { AdtallyError } from '../../domain/errors.ts';
import { type ModelSigner, modelSigner, publicBytesOf, publicKeyOf } from '../../domain/model-seal.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Disk } from '../../ports/disk.ts';
import type { Random } from '../../ports/random.ts';

/** Folder of the keys, shared by whoever trains and whoever serves; a machine that only serves needs the `.pub.json` files alone. */
export interface ModelKeysOptions {
  readonly disk: Disk;
  readonly folder: string;
}

/** One file each, never changed: a secret half, which signs, and a public one. */
interface StoredKey {
  readonly id: string;
  /** 32 bytes: the secret of the one file, the public key of the other. */
  readonly bytes: Uint8Array;
  readonly createdAt: number;
}

const prefix = 'model-key-';
const publicSuffix = '.pub.json';
const keyBytes = 32;

/** The signer of models: the newest key of the folder, made if there is none. Error: `UNREADABLE_RECORD` for a damaged file. */
export async function openModelSigner({
  disk,
  folder,
  clock,
  random,
}: ModelKeysOptions & { readonly clock: Clock; readonly random: Random }): Promise<ModelSigner> {
  await disk.makeFolder(folder);
  const stored = await readKeys(disk, folder, (name) => name.endsWith('.json') && !name.endsWith(publicSuffix));
  const key = stored.at(-1) ?? {
    id: Buffer.from(random.bytes(4)).toString('hex'),
    bytes: random.bytes(keyBytes),
    createdAt: clock.now(),
  };
  // The public half first: nobody signs with what nobody can verify. It is written again if it was lost.
  const { id, bytes, createdAt } = key;
  await writeKey(disk, `${folder}/${prefix}${id}${publicSuffix}`, { id, bytes: publicBytesOf(bytes), createdAt });
  if (stored.length === 0) await writeKey(disk, `${folder}/${prefix}${id}.json`, key);
  return modelSigner(id, bytes);
}

/** The public keys by which models are believed. */
export class ModelKeys {
  readonly #options: ModelKeysOptions;
  #keys: ReadonlyMap<string, KeyObject> = new Map();

  constructor(options: ModelKeysOptions) {
    this.#options = options;
  }

  get(keyId: string): KeyObject | null {
    return this.#keys.get(keyId) ?? null;
  }

  /** Reads the folder again. */
  async reload(): Promise<void> {
    const { disk, folder } = this.#options;
    await disk.makeFolder(folder);
    const stored = await readKeys(disk, folder, (name) => name.endsWith(publicSuffix));
    this.#keys = new Map(stored.map(({ id, bytes }) => [id, publicKeyOf(bytes)]));
  }
}

/** Oldest first. */
async function readKeys(disk: Disk, folder: string, isWanted: (name: string) => boolean): Promise<StoredKey[]> {
  const names = (await disk.list(folder)).filter((name) => name.startsWith(prefix) && isWanted(name));
  const stored = await Promise.all(names.map((name) => readKey(disk, `${folder}/${name}`)));
  return stored.toSorted((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1));
}

async function readKey(disk: Disk, path: string): Promise<StoredKey> {
  const damaged = (cause?: unknown) =>
    new AdtallyError('UNREADABLE_RECORD', `the key file ${path} is damaged`, { cause });
  let stored: Partial<Record<string, unknown>> | null;
  try {
    stored = JSON.parse(Buffer.from(await disk.read(path)).toString()) as Partial<Record<string, unknown>> | null;
  } catch (cause) {
    throw cause instanceof SyntaxError ? damaged(cause) : cause;
  }
  const { id, key, created_at: createdAt } = stored ?? {};
  if (typeof id !== 'string' || typeof key !== 'string' || typeof createdAt !== 'number') throw damaged();
  const bytes = Buffer.from(key, 'base64');
  if (bytes.length !== keyBytes || !/^[0-9a-z]{1,8}$/.test(id)) throw damaged();
  return { id, bytes, createdAt };
}

async function writeKey(disk: Disk, path: string, { id, bytes, createdAt }: StoredKey): Promise<void> {
  const content = { id, key: Buffer.from(bytes).toString('base64'), created_at: createdAt };
  await disk.replace(path, Buffer.from(JSON.stringify(content)));
}
