import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import { duration } from '../format.ts';
import { live } from '../live.ts';

/** How far an answer has come, as the answer itself says. */
export interface Freshness {
  /** All that the log held then is in it; null while that is not known. */
  readonly as_of: string | null;
  readonly behind_ms: number | null;
}

/** Of the answer that is being shown; null: it said nothing of it. */
export const FreshnessOf = createContext<Freshness | null>(null);

/** What an answer says of its own freshness, if anything. */
export function freshnessIn(data: unknown): Freshness | null {
  return (data as { readonly freshness?: Freshness } | null)?.freshness ?? null;
}

/** Of what was written at a time and shows all until then, as a view of pacing; how long ago that was is by the browser's clock. */
export function freshnessSince(at: string): Freshness {
  return { as_of: at, behind_ms: Math.max(0, Date.now() - Date.parse(at)) };
}

/** Of the live figures: those of the warehouse are as old as it lags when they are counted. */
function freshnessOfLive(): Freshness | null {
  const figures = live.value;
  const lag = figures?.truths.find(({ truth }) => truth === 'reporting')?.lag_ms ?? null;
  if (figures === null) return null;
  if (lag === null) return { as_of: null, behind_ms: null };
  const asOf = Date.parse(figures.counted_at) - lag;
  return { as_of: new Date(asOf).toISOString(), behind_ms: Math.max(0, Date.parse(figures.at) - asOf) };
}

export function freshnessSentence({ as_of, behind_ms }: Freshness): string {
  if (as_of === null || behind_ms === null) return 'How fresh this is is not known yet';
  return `As of ${as_of.slice(11, 19)} UTC, ${behind_ms === 0 ? 'nothing' : duration(behind_ms)} behind`;
}

/** Under every chart: up to when it holds everything, and how far that lay behind when it was asked. */
export function FreshnessLine() {
  const said = useContext(FreshnessOf) ?? freshnessOfLive();
  if (said === null) return null;
  return (
    <p
      class="fresh"
      title={said.as_of === null ? undefined : `Everything that the log held at ${said.as_of} is in it.`}
    >
      {freshnessSentence(said)}
    </p>
  );
}
