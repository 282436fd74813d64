const formats = new Map<string, Intl.DateTimeFormat>();

/** Error: `RangeError` for a zone that the browser does not know. */
function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known !== undefined) return known;
  const two = '2-digit';
  const made = new Intl.DateTimeFormat('en', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: two,
    day: two,
    hour: two,
    minute: two,
    second: two,
  });
  formats.set(zone, made);
  return made;
}

/** The zone if the browser knows it, else UTC. */
export function knownZone(zone: string | null | undefined): string {
  try {
    return formatOf(zone ?? 'UTC').resolvedOptions().timeZone;
  } catch (error) {
    if (error instanceof RangeError) return 'UTC';
    throw error;
  }
}

/** An instant as clocks in a zone show it: `2026-12-01T00:00:00`. Empty for what is no instant. */
export function wallTime(instant: string | number, zone: string): string {
  const ms = typeof instant === 'number' ? instant : Date.parse(instant);
  if (Number.isNaN(ms)) return '';
  const parts = Object.fromEntries(
    formatOf(zone)
      .formatToParts(ms)
      .map(({ type, value }) => [type, value]),
  ) as Record<Intl.DateTimeFormatPartTypes, string>;
  return `${parts.year}-${parts.month}-${parts.day}T${parts.hour}:${parts.minute}:${parts.second}`;
}

/** The instant at which clocks in a zone show a time; of an hour that comes twice the first, of one that is skipped the moment an hour later. */
export function instantOf(wall: string, zone: string): string | null {
  const shown = Date.parse(`${wall.length === 16 ? `${wall}:00` : wall}Z`);
  if (Number.isNaN(shown)) return null;
  const offsetAt = (ms: number) => Date.parse(`${wallTime(ms, zone)}Z`) - Math.floor(ms / 1_000) * 1_000;
  // No zone is more than 15 hours away from UTC: a day before and after bracket a change of its offset.
  const [before, after] = [offsetAt(shown - 86_400_000), offsetAt(shown + 86_400_000)];
  const first = shown - before;
  return new Date(
    offsetAt(first) === before ? first : offsetAt(shown - after) === after ? shown - after : first,
  ).toISOString();
}
