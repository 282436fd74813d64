const micro = 1_000_000n;

/** Micros as a decimal number with its currency, exact; at least two decimals. */
export function money(micros: string | bigint, currency: string): string {
  const value = BigInt(micros);
  const size = value < 0n ? -value : value;
  const fraction = (size % micro)
    .toString()
    .padStart(6, '0')
    .replace(/0{1,4}$/, '');
  return `${value < 0n ? '−' : ''}${(size / micro).toLocaleString('en')}.${fraction} ${currency}`;
}

export function count(value: number): string {
  return value.toLocaleString('en');
}

/** Time of day with milliseconds, in UTC as the records have it. */
export function clock(time: string): string {
  return time.slice(11, 23);
}

export function percent(part: number, whole: number): string {
  return whole === 0 ? '–' : `${((part / whole) * 100).toFixed(part === whole ? 0 : 1)} %`;
}

/** A length of time as people say it. */
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 120_000) return `${Math.round(ms / 1_000)} s`;
  if (ms < 7_200_000) return `${Math.round(ms / 60_000)} min`;
  return `${Math.round(ms / 3_600_000)} h`;
}

export function plural(number: number, one: string, more = `${one}s`): string {
  return `${count(number)} ${number === 1 ? one : more}`;
}

/** A field of a record as text; nothing for what is missing. */
export function textOf(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
