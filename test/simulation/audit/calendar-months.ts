const formats = new Map<string, Intl.DateTimeFormat>();

/** YYYY-MM-DD of an instant in a zone. */
export function dayIn(zone: string, ms: number): string {
  let format = formats.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-CA', { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit' });
    formats.set(zone, format);
  }
  return format.format(ms);
}

/** YYYY-MM of an instant in a zone. */
export function monthIn(zone: string, ms: number): string {
  return dayIn(zone, ms).slice(0, 7);
}

export function monthAfter(month: string): string {
  const [year = 0, number = 0] = month.split('-').map(Number);
  return number === 12 ? `${year + 1}-01` : `${year}-${String(number + 1).padStart(2, '0')}`;
}
