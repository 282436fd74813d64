import { createHash, type Hash } from 'node:crypto';
import type { BeaconKind, Billing } from '../../domain/records.ts';

/** How an attempt to tell of an event ended, as its client saw it. */
export interface Attempt {
  readonly selectionId: string;
  readonly kind: BeaconKind;
  /** Wall time by a clock that is right, ms. */
  readonly wallMs: number;
  readonly isBot: boolean;
  /** Acknowledged: the client was told that it is taken. Refused: told that it is not. Null: nobody knows. */
  answer: 'acknowledged' | 'refused' | null;
  /** Only of an acknowledged one. */
  receiptId: string;
  judgement: 'ACCEPTED' | 'LATE' | null;
}

/** What a node signed for, whether or not the answer reached anyone. */
export interface Issued {
  readonly billing: Billing;
  readonly impressionExpiresAt: number;
  readonly clickExpiresAt: number;
  readonly format: string;
  /** Whom it was for, if that one said who he is, and when by a clock that is right. */
  readonly personId: string | null;
  readonly wallMs: number;
}

const keptLines = 20_000;

/** What happened in a run, in order, and a digest of all of it. */
export class Story {
  readonly issued = new Map<string, Issued>();
  readonly attempts: Attempt[] = [];
  /** Selections of which a record with other content was put into the log. */
  readonly contradicted = new Set<string>();
  /** By person, when he asked to be forgotten, by a clock that is right; only what was acknowledged. */
  readonly forgotten = new Map<string, number>();
  readonly lines: string[] = [];
  /** What was found wrong while the world went on. */
  readonly wrong: string[] = [];
  #hash: Hash = createHash('sha256');
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  tell(line: string): void {
    const text = `${String(this.#now()).padStart(7)} ${line}`;
    if (this.lines.length < keptLines) this.lines.push(text);
    this.#hash.update(`${text}\n`);
  }

  /** Goes into the digest alone. */
  digest(bytes: Uint8Array | string): void {
    this.#hash.update(bytes);
  }

  complain(problem: string): void {
    this.wrong.push(problem);
    this.tell(`WRONG ${problem}`);
  }

  /** Ends the digest. */
  finalDigest(): string {
    return this.#hash.copy().digest('hex');
  }

  attemptsOf(selectionId: string): readonly Attempt[] {
    return this.attempts.filter((attempt) => attempt.selectionId === selectionId);
  }
}
