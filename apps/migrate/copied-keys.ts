import { hash } from 'node:crypto';
import { AdtallyError } from '../../domain/errors.ts';
import type { KeyStore } from '../../ports/key-store.ts';
import type { Progress } from './copied-log.ts';

export interface KeysProof {
  readonly count: number;
  readonly digest: string;
  readonly target_count: number;
  readonly target_digest: string;
  readonly equal: boolean;
}

const atOnce = 40;
const digestBits = 256n;

/** Copies the keys of persons, which nothing can rebuild. Error: `COPY_DIFFERS` if the target knows a person by another key. */
export async function copyKeys(from: KeyStore, to: KeyStore, say: Progress): Promise<void> {
  let copied = 0;
  for await (const page of from.pages()) {
    for (let start = 0; start < page.length; start += atOnce)
      await Promise.all(page.slice(start, start + atOnce).map((pair) => copyKey(to, pair)));
    copied += page.length;
    say(`keys: ${copied}`);
  }
}

async function copyKey(to: KeyStore, [personHash, userKey]: readonly [string, string]): Promise<void> {
  if ((await to.putIfAbsent(personHash, userKey)) === userKey) return;
  throw new AdtallyError('COPY_DIFFERS', 'the target knows a person by another key: give it an empty key store');
}

/** All keys of both, compared as sets. */
export async function proveKeys(from: KeyStore, to: KeyStore, say: Progress): Promise<KeysProof> {
  say('proof: keys');
  const [own, copy] = [await digestOf(from), await digestOf(to)];
  return {
    count: own.count,
    digest: own.digest,
    target_count: copy.count,
    target_digest: copy.digest,
    equal: own.count === copy.count && own.digest === copy.digest,
  };
}

/** Sum of the hashes of all pairs: in whatever order a store lists them. */
async function digestOf(store: KeyStore): Promise<{ count: number; digest: string }> {
  const seen = new Set<string>();
  let sum = 0n;
  for await (const page of store.pages()) {
    for (const [personHash, userKey] of page) {
      if (seen.has(personHash)) continue;
      seen.add(personHash);
      sum += BigInt(`0x${hash('sha256', JSON.stringify([personHash, userKey]), 'hex')}`);
    }
  }
  return { count: seen.size, digest: BigInt.asUintN(Number(digestBits), sum).toString(16).padStart(64, '0') };
}
