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
  readonly windows: readonly {
    readonly from: string;
    readonly to: string;
    readonly target_micros: string;
    readonly actual_micros: string;
    readonly error_ppm: number | null;
  }[];
}

export interface Forecast {
  /** Committed at the end of the flight if spending goes on as in the last windows; never more than the budget. */
  readonly micros: bigint;
  /** Micros a second, over the last whole windows. */
  readonly perSecond: number;
  readonly endsBefore: string | null;
}

const windowsLooked = 10;

/** Goes on as the last whole windows went. Null before the first whole one, and after the flight. */
export function forecastOf({ windows, at, flight, spend, budget }: Pacing): Forecast | null {
  const whole = windows.filter(({ to }) => to <= at).slice(-windowsLooked);
  const [first] = whole;
  const last = whole.at(-1);
  const leftMs = Date.parse(flight.ends_at) - Math.max(Date.parse(at), Date.parse(flight.starts_at));
  if (first === undefined || last === undefined || leftMs <= 0) return null;
  const spent = whole.reduce((sum, { actual_micros }) => sum + Number(actual_micros), 0);
  const perSecond = (spent / (Date.parse(last.to) - Date.parse(first.from))) * 1_000;
  const committed = BigInt(spend['committed_micros'] ?? '0');
  const most = BigInt(budget.effective_micros ?? budget.wanted_micros);
  const more = BigInt(Math.round(perSecond * (leftMs / 1_000)));
  if (committed + more < most || perSecond === 0) return { micros: committed + more, perSecond, endsBefore: null };
  const secondsLeft = Number(most - committed) / perSecond;
  return { micros: most, perSecond, endsBefore: new Date(Date.parse(at) + secondsLeft * 1_000).toISOString() };
}
