import { type Fields, fieldsOf, listOf, textOf } from './fields.ts';

/** How many ads an imp takes, of which lengths, and with which others it makes up a pod. */
export interface PodTerms {
  readonly count: number;
  /** Seconds as `from-to`; empty: any. */
  readonly durations: readonly string[];
  readonly podId: string | null;
  /** The longest that fits, seconds; null: any. */
  readonly longestSeconds: number | null;
}

/** Of a dynamic pod whose ads may have any length, seconds: as long as a spot is at the most on television. */
const usualSeconds = 30;
const mostSeconds = 86_400;
const mostAds = 10;

/**
 * A structured pod is several imps of one `podid`, a dynamic one a single imp with `poddur`. That is filled with so many ads that they fit even if each is as long as one
 * may be: none is chosen, and its money held, to be thrown away again.
 */
export function podTermsOf(imp: Fields): PodTerms {
  const players = [imp['video'], imp['audio']].map(fieldsOf).filter((player) => player['mimes'] !== undefined);
  const [first = {}] = players;
  const poddur = secondsOf(first['poddur']);
  const durations = [...new Set(players.flatMap((player) => durationsOf(player)))];
  const longest = durations.length === 0 ? null : Math.max(...durations.map((range) => Number(range.split('-')[1])));
  return {
    count: poddur === null ? 1 : countOf(first, poddur, longest ?? poddur),
    durations,
    podId: textOf(first['podid']),
    longestSeconds: longest,
  };
}

function durationsOf(player: Fields): string[] {
  const poddur = secondsOf(player['poddur']);
  const exact = listOf(player['rqddurs']).filter((seconds) => Number(seconds) > 0);
  if (exact.length > 0) return exact.map((seconds) => `${Number(seconds)}-${Number(seconds)}`);
  const least = secondsOf(player['minduration']) ?? 0;
  const most = secondsOf(player['maxduration']) ?? (poddur === null ? mostSeconds : Math.max(least, usualSeconds));
  if (least === 0 && most === mostSeconds) return [];
  return [`${least}-${poddur === null ? most : Math.min(most, poddur)}`];
}

function countOf({ maxseq }: Fields, poddur: number, longest: number): number {
  const fitting = Math.floor(poddur / Math.max(1, longest));
  return Math.max(1, Math.min(mostAds, secondsOf(maxseq) ?? mostAds, fitting));
}

/** A positive integer; null for anything else. */
function secondsOf(value: unknown): number | null {
  return Number.isSafeInteger(value) && Number(value) > 0 ? Number(value) : null;
}
