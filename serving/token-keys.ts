import { AdtallyError, isAdtallyError } from '../domain/errors.ts';
import type { TokenKey } from '../domain/token.ts';
import type { Clock } from '../ports/clock.ts';
import type { Disk } from '../ports/disk.ts';
import type { Random } from '../ports/random.ts';

export interface TokenKeysOptions {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly random: Random;
  /** Folder of the secrets, shared by all nodes on one data directory. */
  readonly folder: string;
  /** How long a key verifies after it was replaced: the longest token plus what may lie in a buffer, ms. */
  readonly verifiesMs: number;
}

/** A key as it lies on disk, one file each, never changed: two nodes that start at once make two keys, and both verify everywhere. */
interface StoredKey {
  readonly id: string;
  readonly secret: Uint8Array;
  readonly createdAt: number;
}

const prefix = 'token-key-';
const secretBytes = 32;
/** A node that has not yet seen a new key goes on signing with the one before for so long at the most. */
const longestReloadMs = 30_000;
/** However many tokens with unknown keys arrive, the folder is read no more often. */
const askAgainMs = 1_000;
/**
 * A new key signs only after so long. By then a node that meets its tokens knows it or may read the folder again; a token of the first second would be
 * refused by one that read it a moment before. Half of it is for clocks that differ.
 */
const signsAfterMs = 2 * askAgainMs;

/** The keys that sign and verify tokens. The newest signs; each verifies until every token that it signed has expired. */
export class TokenKeys {
  readonly #options: TokenKeysOptions;
  #keys: ReadonlyMap<string, TokenKey> = new Map();
  #current: TokenKey | null = null;
  /** The newest key, while it is too new to sign. */
  #coming: { readonly key: TokenKey; readonly signsFrom: number } | null = null;
  #loadedAt = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | null = null;

  private constructor(options: TokenKeysOptions) {
    this.#options = options;
  }

  /** Reads the keys; makes the first one if there is none. Error: `UNREADABLE_RECORD` for a damaged key file. */
  static async open(options: TokenKeysOptions): Promise<TokenKeys> {
    const keys = new TokenKeys(options);
    await options.disk.makeFolder(options.folder);
    await keys.reload();
    if (keys.#current === null) await keys.rotate();
    return keys;
  }

  /** The key that signs now. */
  current(): TokenKey {
    if (this.#coming !== null && this.#options.clock.now() >= this.#coming.signsFrom) {
      this.#current = this.#coming.key;
      this.#coming = null;
    }
    if (this.#current === null) throw new AdtallyError('NOT_READY', 'there is no token key');
    return this.#current;
  }

  /** Every key by its id, those included that no longer verify. */
  all(): ReadonlyMap<string, TokenKey> {
    return this.#keys;
  }

  /** Makes another key, which signs as soon as all nodes can know it; the ones before go on verifying what they signed. */
  async rotate(): Promise<TokenKey> {
    const { disk, clock, random, folder } = this.#options;
    const id = Buffer.from(random.bytes(4)).toString('hex');
    const secret = Buffer.from(random.bytes(secretBytes)).toString('base64');
    const content = JSON.stringify({ id, secret, created_at: clock.now() });
    await disk.replace(`${folder}/${prefix}${id}.json`, Buffer.from(content));
    await this.#reading; // it may have listed the folder before
    await this.reload();
    return this.#keys.get(id) ?? this.current();
  }

  /** Reads the folder again, so that keys of other nodes are known; whoever asks while it is being read waits for that. */
  reload(): Promise<void> {
    this.#reading ??= this.#read().finally(() => {
      this.#reading = null;
    });
    return this.#reading;
  }

  async #read(): Promise<void> {
    const { clock, folder, disk } = this.#options;
    this.#loadedAt = clock.now();
    const names = (await disk.list(folder)).filter((name) => name.startsWith(prefix) && name.endsWith('.json'));
    const stored = await Promise.all(names.map((name) => readKey(disk, `${folder}/${name}`)));
    const present = stored.filter((key) => key !== null);
    const ordered = present.toSorted((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1));
    const keys = ordered.map((key, index) => this.#toTokenKey(key, ordered[index + 1]));
    this.#keys = new Map(keys.map((key) => [key.id, key]));
    this.#choose(ordered, keys);
    await this.#forget(keys);
  }

  /** Whether to wait for the folder because a token names an unknown key: it is read not more often than once a second. */
  mayHaveMore(): boolean {
    return this.#reading !== null || this.#options.clock.now() - this.#loadedAt >= askAgainMs;
  }

  /** Reads the folder again if that was long ago. */
  async refresh(): Promise<void> {
    if (this.#options.clock.now() - this.#loadedAt >= longestReloadMs / 3) await this.reload();
  }

  /** The newest that all nodes can know signs; where none is so old, the oldest, which is the same for all. */
  #choose(ordered: readonly StoredKey[], keys: readonly TokenKey[]): void {
    const now = this.#options.clock.now();
    const known = ordered.findLastIndex(({ createdAt }) => createdAt + signsAfterMs <= now);
    const [newest, last] = [keys.at(-1), ordered.at(-1)];
    this.#current = keys[Math.max(0, known)] ?? null;
    const isComing = newest !== undefined && last !== undefined && newest !== this.#current;
    this.#coming = isComing ? { key: newest, signsFrom: last.createdAt + signsAfterMs } : null;
  }

  #toTokenKey({ id, secret }: StoredKey, next: StoredKey | undefined): TokenKey {
    const { verifiesMs } = this.#options;
    const verifiesUntil = next === undefined ? Number.MAX_SAFE_INTEGER : next.createdAt + verifiesMs + longestReloadMs;
    return { id, secret, verifiesUntil };
  }

  /** A key that verifies nothing any more is a secret that need not be kept. */
  async #forget(keys: readonly TokenKey[]): Promise<void> {
    const { disk, clock, folder, verifiesMs } = this.#options;
    for (const { id, verifiesUntil } of keys) {
      if (verifiesUntil + verifiesMs < clock.now()) await disk.remove(`${folder}/${prefix}${id}.json`);
    }
  }
}

/** Null for a file that another node has just removed. */
async function readKey(disk: Disk, path: string): Promise<StoredKey | null> {
  try {
    return parseKey(path, Buffer.from(await disk.read(path)).toString());
  } catch (error) {
    if (isAdtallyError(error, 'NOT_FOUND')) return null;
    throw error;
  }
}

function parseKey(path: string, content: string): StoredKey {
  const damaged = (cause?: unknown) =>
    new AdtallyError('UNREADABLE_RECORD', `the key file ${path} is damaged`, { cause });
  let stored: Partial<Record<string, unknown>> | null;
  try {
    stored = JSON.parse(content) as Partial<Record<string, unknown>> | null;
  } catch (cause) {
    throw damaged(cause);
  }
  const { id, secret, created_at: createdAt } = stored ?? {};
  if (typeof id !== 'string' || typeof secret !== 'string' || typeof createdAt !== 'number') throw damaged();
  const bytes = Buffer.from(secret, 'base64');
  if (bytes.length !== secretBytes || !/^[0-9a-z]{1,8}$/.test(id)) throw damaged();
  return { id, secret: bytes, createdAt };
}
