import { AdtallyError, type ErrorCode } from '../../domain/errors.ts';
import type { Billing } from '../../domain/records.ts';
import { signToken, type TokenClaims, verifyToken } from '../../domain/token.ts';
import { RecentSet } from '../recent-set.ts';
import type { TokenKeys } from '../token-keys.ts';

export interface LossNoticesOptions {
  readonly keys: Pick<TokenKeys, 'all' | 'current' | 'mayHaveMore' | 'reload'>;
  /** ms since the epoch. */
  readonly nowMs: () => number;
  /** By which exchanges reach the public side, without a slash at the end. */
  readonly publicUrl: string;
  /** For how long a notice is known again, ms. */
  readonly rememberedMs: number;
}

export const lossPath = '/v1/loss/';
/** AdCOM's codes of lost bids end below; those of exchanges' own begin at 1000. */
const mostReason = 299;
const remembered = 200_000;

/**
 * What exchanges say of bids that they did not take (`lurl`). Their token allows no event at all, so that whoever gets hold of one can't bill with it; a notice
 * moves no money, what was held for the bid is free when the bid expires.
 */
export class LossNotices {
  /** Notices by reason, each bid once. */
  readonly counts = new Map<string, number>();
  /** Of bids that were counted already. */
  repeated = 0;
  readonly refused = new Map<ErrorCode, number>();
  readonly #options: LossNoticesOptions;
  readonly #seen: RecentSet;

  constructor(options: LossNoticesOptions) {
    this.#options = options;
    this.#seen = new RecentSet({ spanMs: options.rememberedMs, capacity: remembered });
  }

  /** The `lurl` of a bid; the exchange puts the reason in. */
  urlOf(billing: Billing): string {
    const { publicUrl, keys } = this.#options;
    return `${publicUrl}${lossPath}${signToken(billing, [], keys.current())}?reason=\${AUCTION_LOSS}`;
  }

  /** Counts a notice. @returns null, or why it is not believed */
  async take(token: string, reason: string | undefined): Promise<ErrorCode | null> {
    const { keys } = this.#options;
    let read = this.#read(token);
    if (read === 'TOKEN_UNKNOWN_KEY' && keys.mayHaveMore()) {
      await keys.reload();
      read = this.#read(token);
    }
    if (typeof read === 'string') {
      this.refused.set(read, (this.refused.get(read) ?? 0) + 1);
      return read;
    }
    const { selection_id } = read.billing;
    if (this.#seen.has(selection_id)) {
      this.repeated += 1;
      return null;
    }
    this.#seen.add(selection_id, this.#options.nowMs());
    const name = nameOf(reason);
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
    return null;
  }

  #read(token: string): TokenClaims | ErrorCode {
    try {
      const claims = verifyToken(token, this.#options.keys.all(), this.#options.nowMs());
      return claims.grants.length === 0 ? claims : 'TOKEN_KIND_NOT_ALLOWED';
    } catch (error) {
      if (error instanceof AdtallyError) return error.code;
      throw error;
    }
  }
}

/** `102`; `other` for a code that no standard has, `unsaid` where none was put in. */
function nameOf(reason: string | undefined): string {
  if (reason === undefined || !/^[0-9]{1,9}$/.test(reason)) return 'unsaid';
  return Number(reason) <= mostReason ? String(Number(reason)) : 'other';
}
