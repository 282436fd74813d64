import { instantOf, knownZone, wallTime } from '../../zoned-time.ts';

/** Answer of `GET /v1/pacing/campaigns/{id}` as far as it is shown. Amounts are decimal strings of micros, times RFC 3339. */
export interface Pacing {
  readonly campaign_id: string;
  readonly advertiser_id: string;
  readonly currency: string;
  readonly time_zone: string;
  readonly pacing: string;
  readonly active: boolean;
  readonly flight: { readonly starts_at: string; readonly ends_at: string };
  readonly at: string;
  readonly budget: {
    readonly wanted_micros: string;
    readonly effective_micros: string | null;
    readonly daily_micros: string | null;
  };
  readonly spend: Readonly<Record<string, string>>;
  readonly today: Readonly<Record<string, string>>;
  readonly available_micros: string;
  readonly target_micros: string | null;
  readonly actual_micros: string;
  readonly rate_micros: string | null;
  readonly render_ppm: number;
  readonly throttle: string;
  readonly leases: readonly {
    readonly node: string;
    readonly boot: string;
    readonly day: string;
    readonly granted_micros: string;
    readonly returned_micros: string;
    readonly drawn_micros: string;
    readonly outstanding_micros: string;
  }[];
  readonly windows: readonly PacingWindow[];
}

export interface PacingWindow {
  readonly from: string;
  readonly to: string;
  readonly target_micros: string;
  readonly actual_micros: string;
  readonly error_ppm: number | null;
}

/** Where a campaign is in its life. `waiting`: its budget is not in effect yet. */
export type Phase = 'waiting' | 'before' | 'running' | 'paused' | 'spent' | 'over';

export function phaseOf({ at, flight, active, budget, spend }: Pacing): Phase {
  if (at >= flight.ends_at) return 'over';
  if (!active) return 'paused';
  if (budget.effective_micros === null) return 'waiting';
  if (at < flight.starts_at) return 'before';
  return BigInt(spend['committed_micros'] ?? '0') >= BigInt(budget.effective_micros) ? 'spent' : 'running';
}

export interface Forecast {
  /** Spent at the end of the flight if it goes on as in the last windows; never more than the budget, nor on any day more than that of a day. */
  readonly micros: bigint;
  /** Micros a second, over the last whole windows. */
  readonly perSecond: number;
  /** How long those windows were together, ms. */
  readonly overMs: number;
  /** When the budget is gone, if that is before the end of the flight. */
  readonly endsBefore: string | null;
}

const windowsLooked = 10;
/** No flight is looked at for longer. */
const mostDays = 3_660;

/** Windows that are over, the newest ones. */
export function wholeWindows({ windows, at }: Pick<Pacing, 'windows' | 'at'>): readonly PacingWindow[] {
  return windows.filter(({ to }) => to <= at);
}

/** Goes on as the last whole windows went. Null before the first whole one, while it is paused, and after the flight. */
export function forecastOf(pacing: Pacing): Forecast | null {
  const { at, flight, budget, active } = pacing;
  const whole = wholeWindows(pacing).slice(-windowsLooked);
  const [first] = whole;
  const last = whole.at(-1);
  const [from, to] = [Math.max(Date.parse(at), Date.parse(flight.starts_at)), Date.parse(flight.ends_at)];
  if (first === undefined || last === undefined || !active || to <= from) return null;
  const overMs = Date.parse(last.to) - Date.parse(first.from);
  const perMs =
    Math.max(
      0,
      whole.reduce((sum, { actual_micros }) => sum + Number(actual_micros), 0),
    ) / overMs;
  const total = Number(budget.effective_micros ?? budget.wanted_micros);
  const spent = Number(pacing.actual_micros);
  const { micros, goneAt } = spendOn({ pacing, perMs, from, to, left: Math.max(0, total - spent) });
  return {
    micros: BigInt(Math.round(spent + micros)),
    perSecond: perMs * 1_000,
    overMs,
    endsBefore: goneAt === null ? null : new Date(goneAt).toISOString(),
  };
}

interface Run {
  readonly pacing: Pacing;
  readonly perMs: number;
  readonly from: number;
  readonly to: number;
  /** Of the whole budget. */
  readonly left: number;
}

/** Day by day of the advertiser's zone, each with the budget of a day if there is one. */
function spendOn({ pacing, perMs, from, to, left }: Run): { readonly micros: number; readonly goneAt: number | null } {
  const { daily_micros } = pacing.budget;
  const zone = knownZone(pacing.time_zone);
  let roomToday = daily_micros === null ? left : Number(daily_micros) - Number(pacing.today['committed_micros'] ?? 0);
  let micros = 0;
  for (let [day, begins] = [0, from]; begins < to && day < mostDays; day += 1) {
    const ends = daily_micros === null ? to : Math.min(to, nextDay(begins, zone));
    const more = Math.min((ends - begins) * perMs, Math.max(0, roomToday));
    if (perMs > 0 && micros + more >= left) return { micros: left, goneAt: begins + (left - micros) / perMs };
    micros += more;
    begins = ends;
    roomToday = Number(daily_micros);
  }
  return { micros, goneAt: null };
}

/** First moment of the next day in a zone. */
function nextDay(timeMs: number, zone: string): number {
  const today = Date.parse(`${wallTime(timeMs, zone).slice(0, 10)}T00:00:00Z`);
  const tomorrow = new Date(today + 86_400_000).toISOString().slice(0, 10);
  return Date.parse(instantOf(`${tomorrow}T00:00:00`, zone) ?? '') || timeMs + 86_400_000;
}

/** How far windows were from their targets, without sign, ppm; null without a whole window that had one. */
export interface WindowErrors {
  readonly count: number;
  readonly medianPpm: number;
  readonly p95Ppm: number;
}

export function windowErrors(pacing: Pick<Pacing, 'windows' | 'at'>): WindowErrors | null {
  const errors = wholeWindows(pacing)
    .flatMap(({ error_ppm }) => (error_ppm === null ? [] : [Math.abs(error_ppm)]))
    .sort((a, b) => a - b);
  const at = (share: number) => errors[Math.min(errors.length - 1, Math.ceil(share * errors.length) - 1)] ?? 0;
  return errors.length === 0 ? null : { count: errors.length, medianPpm: at(0.5), p95Ppm: at(0.95) };
}
