import { hash } from 'node:crypto';

/** The same request, sent again: its answer is that of the first. */
interface Kept<T> {
  readonly atMs: number;
  readonly answer: Promise<T>;
}

interface Asked {
  readonly asked: Uint8Array | string;
  readonly client: string;
  /** Monotonic. */
  readonly nowMs: number;
}

/** One text for equal requests of one client. */
export function keyOfAsked({ asked, client }: Pick<Asked, 'asked' | 'client'>): string {
  return `${hash('sha1', asked, 'base64')} ${client}`;
}

/** Answers that several serving processes have in common. */
export interface SharedAnswers<T> {
  /** The answer to what was asked under a key: of the process that was asked first, if that is another, else of `make`. */
  answer(key: string, make: () => Promise<T>): Promise<T>;
}

/**
 * Answers equal requests of one page view once. A page that asks twice, or a client that asks again because it did not wait, gets the same selections, so that neither
 * money is held nor evidence written a second time.
 */
export class Coalescing<T> {
  readonly #windowMs: number;
  readonly #most: number;
  readonly #kept = new Map<string, Kept<T>>();
  /** Requests that were answered by another's answer. */
  repeated = 0;

  constructor(options: { readonly windowMs: number; readonly most: number }) {
    this.#windowMs = options.windowMs;
    this.#most = options.most;
  }

  /** The answer to an equal request if there is one, else a new one. */
  answer({ asked, client, nowMs }: Asked, make: () => Promise<T>): Promise<T> {
    this.#forget(nowMs);
    const key = keyOfAsked({ asked, client });
    const known = this.#kept.get(key);
    if (known !== undefined) return known.answer;
    const answer = make();
    this.#kept.set(key, { atMs: nowMs, answer });
    // What failed is tried anew.
    answer.catch(() => this.#kept.delete(key));
    return answer;
  }

  #forget(nowMs: number): void {
    for (const [key, { atMs }] of this.#kept) {
      if (nowMs - atMs < this.#windowMs && this.#kept.size < this.#most) return;
      this.#kept.delete(key);
    }
  }
}
