import type { AdSelected, ExclusionCount } from '../domain/records.ts';
import { housePriority } from './auction.ts';
import type { Offer } from './candidate.ts';
import { runnerUpOf } from './ranking.ts';

/** Something that the record says otherwise than the recomputation. */
export interface Difference {
  readonly field: string;
  readonly recorded: string;
  readonly recomputed: string;
}

export interface Settled {
  /** From the recorded winner on. */
  readonly ranking: readonly Offer[];
  /** Offers that the decision passed over, though nothing recorded says so of them by name. */
  readonly without: readonly Offer[];
  /** Why: no budget, or no time to look at them. */
  readonly reason: 'no_budget' | 'not_reached';
  /** Offers that were passed over and that no recorded count accounts for. */
  readonly unexplained: readonly Difference[];
}

const idOf = ({ item }: Offer): string => item.lineItem.line_item_id;

/**
 * A record holds the leases of at most twenty campaigns, and of line items that rested for want of budget only how many they were. So whoever outranks
 * the recorded winner, or the recorded runner-up, had no budget, as long as the recorded count leaves room for it; beyond that it is a difference. Of a
 * walk that was cut for want of time nobody knows whom it did not reach.
 */
export function settleBudgets(
  selected: AdSelected,
  offers: readonly Offer[],
  recomputed: readonly ExclusionCount[],
): Settled {
  const cut = wasCut(selected);
  const reason = cut ? 'not_reached' : 'no_budget';
  const room = cut ? Infinity : Math.max(0, withoutBudget(selected.exclusions) - withoutBudget(recomputed));
  const winnerAt = offers.findIndex((offer) => idOf(offer) === selected.billing.line_item_id);
  if (winnerAt === -1) return { ranking: offers, without: [], reason, unexplained: [] };
  const ahead = offers.slice(0, winnerAt);
  if (ahead.length > room) return { ranking: offers, without: [], reason, unexplained: ahead.map(passedOver) };
  const ranking = offers.slice(winnerAt);
  const between = rivalsPassedOver(ranking, selected, room - ahead.length);
  const left = ranking.filter((offer) => !between.includes(offer));
  return { ranking: left, without: [...ahead, ...between], reason, unexplained: [] };
}

/** Before predictions were recorded, the runner-up was the next one of whomever. */
export function isOfAnEarlierVersion({ prediction }: AdSelected): boolean {
  return prediction === null;
}

function withoutBudget(exclusions: readonly ExclusionCount[]): number {
  return exclusions.reduce((sum, { reason, count }) => (reason === 'no_budget' ? sum + count : sum), 0);
}

function wasCut({ degradations }: AdSelected): boolean {
  return degradations.some(({ reason }) => reason === 'walk_cut');
}

/** Rivals of the winner that outrank the recorded runner-up, if there is room for so many without budget. */
function rivalsPassedOver(ranking: readonly Offer[], selected: AdSelected, room: number): readonly Offer[] {
  const { auction } = selected;
  const { rule, runner_up_ecpm_micros: recorded } = auction;
  const passed: Offer[] = [];
  if (rule !== 'second_price' || auction.priority === housePriority) return passed;
  for (;;) {
    const left = ranking.filter((offer) => !passed.includes(offer));
    const rival = runnerUpOf(left, 0, isOfAnEarlierVersion(selected));
    if (rival === null || rival.rank.ecpmMicros <= (recorded ?? -1)) return passed;
    passed.push(rival);
    if (passed.length > room) return [];
  }
}

function passedOver(offer: Offer): Difference {
  return { field: `ranking.${idOf(offer)}`, recorded: 'behind the winner', recomputed: 'ahead of the winner' };
}
