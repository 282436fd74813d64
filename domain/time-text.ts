import { AdtallyError } from './errors.ts';

const form = /^(\d{4})-(\d{2})-(\d{2})T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/;

/** Reads an RFC 3339 time, with any offset, to ms since 1970; fractions below a millisecond are cut off. Error: `VALIDATION_FAILED`. */
export function parseTime(text: string, path?: string): number {
  const [, year, month, day] = form.exec(text) ?? [];
  const timeMs = year === undefined ? Number.NaN : Date.parse(text);
  // Date.parse takes 31 February for 3 March.
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  if (
    Number.isNaN(timeMs) ||
    timeMs < 0 ||
    date.getUTCDate() !== Number(day) ||
    date.getUTCMonth() !== Number(month) - 1
  ) {
    const shown = JSON.stringify(text.slice(0, 40));
    throw new AdtallyError(
      'VALIDATION_FAILED',
      `a time is RFC 3339, as 2026-11-22T08:00:00Z, not ${shown}`,
      path === undefined ? {} : { path },
    );
  }
  return Math.floor(timeMs);
}

/** RFC 3339 in UTC with milliseconds. */
export function formatTime(timeMs: number): string {
  return new Date(timeMs).toISOString();
}
