const micro = 1_000_000n;
const minus = '−';

/** Micros as a decimal number, exact: at least `least` decimals, no zeros beyond. */
export function exactAmount(micros: string | bigint, least = 2): string {
  const value = BigInt(micros);
  const size = value < 0n ? -value : value;
  const fraction = (size % micro).toString().padStart(6, '0').replace(/0+$/, '').padEnd(least, '0');
  const whole = (size / micro).toLocaleString('en');
  return `${value < 0n ? minus : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`;
}

/** Exact, without separators: what a spreadsheet reads. */
export function plainAmount(micros: string | bigint): string {
  return exactAmount(micros).replaceAll(',', '').replace(minus, '-');
}

const formats = new Map<string, Intl.NumberFormat>();

function formatOf(currency: string, isSmall: boolean): Intl.NumberFormat {
  const key = `${currency}${isSmall}`;
  const known = formats.get(key);
  if (known !== undefined) return known;
  const style = { style: 'currency', currency } as const;
  const digits = new Intl.NumberFormat('en', style).resolvedOptions().minimumFractionDigits ?? 2;
  const made = new Intl.NumberFormat('en', {
    ...style,
    minimumFractionDigits: digits,
    maximumFractionDigits: isSmall ? 6 : digits,
  });
  formats.set(key, made);
  return made;
}

/**
 * Micros as people read them, with the sign of the currency and its usual decimals; below one unit every decimal there is, since ads cost fractions of
 * a cent. A currency that is no code of three letters stands behind the number.
 */
export function shownMoney(micros: string | bigint, currency: string): string {
  const value = BigInt(micros);
  if (!/^[A-Z]{3}$/.test(currency)) return `${exactAmount(value)} ${currency}`.trim();
  const isSmall = value < micro && value > -micro && value !== 0n;
  // A decimal text is formatted exactly; a number would not be.
  const text = formatOf(currency, isSmall).format(plainAmount(value) as `${number}`);
  return text.replace('-', minus);
}

/** As it is shown on hover and copied: nothing rounded. */
export function exactMoney(micros: string | bigint, currency: string): string {
  return `${exactAmount(micros, 6)} ${currency} (${BigInt(micros)} micros)`;
}

export function count(value: number): string {
  return value.toLocaleString('en').replace('-', minus);
}

/** A share of a whole; a dash for one of nothing. */
export function percent(part: number, whole: number): string {
  if (whole === 0) return '–';
  const share = (part / whole) * 100;
  return `${share === 0 || share === 100 ? share : share.toFixed(share < 10 ? 2 : 1)} %`;
}

export function plural(number: number, one: string, more = `${one}s`): string {
  return `${count(number)} ${number === 1 ? one : more}`;
}

/** A length of time as people say it. */
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 10_000) return `${(ms / 1_000).toFixed(1)} s`;
  if (ms < 120_000) return `${Math.round(ms / 1_000)} s`;
  if (ms < 7_200_000) return `${Math.round(ms / 60_000)} min`;
  if (ms < 172_800_000) return `${Math.round(ms / 3_600_000)} h`;
  return `${Math.round(ms / 86_400_000)} days`;
}

/** Microseconds, with the unit that fits. */
export function micros(us: number): string {
  return us < 1_000 ? `${count(us)} µs` : `${(us / 1_000).toFixed(us < 10_000 ? 2 : 1)} ms`;
}

/** `2026-11-22 15:57:49` of a time in RFC 3339, in UTC as the records have it. */
export function moment(time: string): string {
  return time.slice(0, 19).replace('T', ' ');
}

/** Time of day with milliseconds. */
export function timeOfDay(time: string): string {
  return time.slice(11, 23);
}

/** `Nov 22, 15:00`. */
export function hourOf(time: string): string {
  const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
  return `${months[Number(time.slice(5, 7)) - 1] ?? ''} ${Number(time.slice(8, 10))}, ${time.slice(11, 13)}:00`;
}

/** A code as words: `not_rendered` → `not rendered`. */
export function words(code: string): string {
  return code.replaceAll('_', ' ');
}

/** A field of a record as text; nothing for what is missing. */
export function textOf(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
