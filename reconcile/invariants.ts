import type { BookedEntry, LedgerStream } from './ledger-reading.ts';
import type { LedgerSums } from './ledger-sums.ts';

export interface InvariantCheck {
  /** As docs/ARCHITECTURE.md numbers them. */
  readonly number: number;
  readonly holds: boolean;
  readonly detail: string;
}

const shownProblems = 5;

/** What was found against one invariant: the first few in words. */
class Problems {
  private readonly shown: string[] = [];

  add(problem: string): void {
    if (this.shown.length < shownProblems) this.shown.push(problem);
  }

  check(number: number, fine: string): InvariantCheck {
    const holds = this.shown.length === 0;
    return { number, holds, detail: holds ? fine : this.shown.join('; ') };
  }
}

/** The invariants that can be read off a cut, checked on what the ledgers and pacing really hold, shard by shard. */
export class Invariants {
  private readonly standing = new Problems();
  private readonly unbalanced = new Problems();
  private readonly chargedTwice = new Problems();
  private readonly reversed = new Problems();
  /** Balances of the tentative ledger, by campaign, currency and account. */
  private readonly balances = new Map<string, bigint>();
  /** What stands against its budget, by campaign. */
  private readonly used = new Map<string, bigint>();
  /** Places where selections were charged that are in several shards. */
  private readonly strayCharges = new Map<string, Set<string>>();
  private readonly strays: ReadonlySet<string>;
  private selections = 0;
  private entries = 0;
  private charged = 0;

  /** `strays` are the selections of which several shards have something. */
  constructor(strays: ReadonlySet<string>) {
    this.strays = strays;
  }

  /** Both ledgers of a shard, cut at the same source offset, and the sums of each selection there. */
  addShard(ledgers: readonly LedgerStream[], sums: ReadonlyMap<string, LedgerSums>): void {
    const charges = new Map<string, Set<string>>();
    for (const { truth, shard, entries } of ledgers) {
      this.entries += entries.length;
      for (const entry of entries) {
        this.addEntry(entry, truth, shard);
        if (entry.kind !== 'incur' && entry.kind !== 'absorb') continue;
        const known = this.strays.has(entry.selection_id) ? this.strayCharges : charges;
        const places = known.get(entry.selection_id) ?? new Set<string>();
        known.set(entry.selection_id, places.add(`spend/${shard}@${entry.source_offset}`));
      }
    }
    this.chargedOnce(charges);
    this.selections += sums.size;
    for (const [id, sum] of sums) this.addSums(id, sum);
  }

  /** `budgets`: the highest that took effect, by campaign. */
  checks(budgets: ReadonlyMap<string, number>): InvariantCheck[] {
    this.chargedOnce(this.strayCharges);
    for (const [key, balance] of this.balances)
      if (/ (campaign:reserved|campaign:incurred|suspense)$/.test(key) && balance < 0n)
        this.standing.add(`${key} stands at ${balance}`);
    const exceeded = new Problems();
    for (const [id, budget] of budgets)
      if ((this.used.get(id) ?? 0n) > BigInt(budget)) exceeded.add(`${id} uses ${this.used.get(id)} of ${budget}`);
    return [
      this.standing.check(3, `${this.selections} selections`),
      this.unbalanced.check(4, `${this.entries} entries`),
      this.chargedTwice.check(5, `${this.charged} charged selections`),
      this.reversed.check(6, `${this.selections} selections`),
      exceeded.check(7, `${budgets.size} campaigns`),
    ];
  }

  /**
   * 3: drawn = open + released + incurred; incurred = pending + suspended + voided + certified. What kinds of entries say; the balances of the accounts are
   * held against it in the end. 6: reversed never exceeds certified, for each selection; nor what is taken back of absorbed what was absorbed.
   */
  private addSums(id: string, s: LedgerSums): void {
    const [open, pending] = [s.drawn - s.released - s.incurred, s.incurred - s.suspended - s.voided - s.passed];
    if (open < 0 || pending < 0 || s.suspended < 0) this.standing.add(`${id} stands below zero`);
    if (s.certified !== s.passed) this.standing.add(`${id} is certified for ${s.certified}, not for ${s.passed}`);
    if (s.reversed > s.certified || s.absorbedVoided > s.absorbed) this.reversed.add(id);
  }

  private addEntry(entry: BookedEntry, truth: LedgerStream['truth'], shard: number): void {
    if (!isBalanced(entry)) this.unbalanced.add(`${truth}-${shard}@${entry.source_offset}.${entry.ordinal}`);
    const { campaign_id } = entry;
    // 7, as far as ledgers show it: what stands against a budget never exceeds the highest one that took effect
    this.used.set(campaign_id, (this.used.get(campaign_id) ?? 0n) + BigInt(usedBy(entry)));
    if (truth !== 'tentative') return;
    this.addBalance(entry.debit_account, entry, 1n);
    this.addBalance(entry.credit_account, entry, -1n);
  }

  private addBalance(account: string, { campaign_id, currency, amount_micros }: BookedEntry, sign: bigint): void {
    const key = `${campaign_id} ${currency} ${account}`;
    this.balances.set(key, (this.balances.get(key) ?? 0n) + sign * BigInt(amount_micros));
  }

  /** 5: each selection incurs or is absorbed at most once, over all shards. */
  private chargedOnce(charges: ReadonlyMap<string, ReadonlySet<string>>): void {
    this.charged += charges.size;
    for (const [id, places] of charges) if (places.size > 1) this.chargedTwice.add(`${id}: ${[...places].join(', ')}`);
  }
}

/** 4: each entry has one debit and one credit of the same positive amount, and no account stands on both sides of it. */
function isBalanced({ amount_micros, debit_account, credit_account }: BookedEntry): boolean {
  return amount_micros > 0 && debit_account !== '' && credit_account !== '' && debit_account !== credit_account;
}

/** Open, pending, suspended and certified, less what was taken back. */
function usedBy({ kind, amount_micros, credit_account }: BookedEntry): number {
  if (kind === 'draw') return amount_micros;
  if (kind === 'release' || kind === 'void') return -amount_micros;
  return (kind === 'reverse' || kind === 'adjust') && credit_account === 'advertiser:unbilled' ? -amount_micros : 0;
}
