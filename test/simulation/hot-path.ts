import { AsyncLocalStorage } from 'node:async_hooks';

/** A request that a node answers, and the calls of ports that its answer waited for or started. */
export interface HotPath {
  readonly of: 'decision' | 'beacon';
  readonly calls: string[];
  isAnswered: boolean;
}

const current = new AsyncLocalStorage<HotPath>();

/** Notes every call that is made on the way to an answer. */
export async function onHotPath<T>(of: HotPath['of'], work: () => T | Promise<T>): Promise<readonly [T, HotPath]> {
  const path: HotPath = { of, calls: [], isAnswered: false };
  try {
    return [await current.run(path, work), path];
  } finally {
    path.isAnswered = true;
  }
}

/** A process calls a port. What follows after the answer is no part of its path. */
export function noteCall(call: string): void {
  const path = current.getStore();
  if (path?.isAnswered === false) path.calls.push(call);
}

/** The person's read: his key and his view. The disk is no network. */
const allowed: Readonly<Record<HotPath['of'], RegExp>> = {
  decision: /^(keys\.getMany|views\.getMany|disk\.)/,
  beacon: /^disk\./,
};

/** A call that a hot path must not make (invariant 12), or null. */
export function forbiddenCall({ of, calls }: HotPath): string | null {
  return calls.find((call) => !allowed[of].test(call)) ?? null;
}
