import type { Row } from '../../live.ts';

/** Money of one hour or day by state. */
export interface Column {
  /** Its start, RFC 3339. */
  readonly at: string;
  /** Micros by state. */
  readonly amounts: readonly bigint[];
  /** The same as hundredths of the highest column. */
  readonly shares: readonly number[];
}

/** More hours than these are drawn day by day. */
const mostHours = 96;
const hourMs = 3_600_000;

/**
 * Columns in the order of time, one an hour, also for hours without any money, or one a day if there are too many. A state below zero takes no room.
 * @param hours rows with `hour` and `…_micros` for each of the states
 */
export function columnsOf(
  hours: readonly Row[],
  states: readonly string[],
): { readonly columns: readonly Column[]; readonly most: bigint; readonly isByDay: boolean } {
  const times = hours.map((row) => Date.parse(String(row['hour'])));
  const [first, last] = [Math.min(...times), Math.max(...times)];
  const isByDay = (last - first) / hourMs >= mostHours;
  const stepMs = isByDay ? 24 * hourMs : hourMs;
  const sums = new Map<number, bigint[]>();
  for (let at = Math.floor(first / stepMs) * stepMs; at <= last; at += stepMs)
    sums.set(
      at,
      states.map(() => 0n),
    );
  for (const [index, row] of hours.entries()) {
    const sum = sums.get(Math.floor((times[index] ?? 0) / stepMs) * stepMs);
    for (const [place, state] of states.entries()) {
      if (sum !== undefined) sum[place] = (sum[place] ?? 0n) + BigInt(String(row[`${state}_micros`] ?? 0));
    }
  }
  const above = (amount: bigint) => (amount > 0n ? amount : 0n);
  const heights = [...sums.values()].map((sum) => sum.reduce((height, amount) => height + above(amount), 0n));
  const most = heights.reduce((a, b) => (b > a ? b : a), 0n);
  const shareOf = (amount: bigint) => (most === 0n ? 0 : Number((above(amount) * 10_000n) / most) / 100);
  const columns = [...sums].map(([at, amounts]) => ({
    at: new Date(at).toISOString(),
    amounts,
    shares: amounts.map(shareOf),
  }));
  return { columns, most, isByDay };
}
