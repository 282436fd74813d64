import type { Row } from '../../ports/warehouse.ts';

/** Counts of what serving and the beacons say, as the warehouse names them. */
export const delivered = ['selections', 'returned', 'impressions', 'viewables', 'clicks', 'charges'] as const;
/** Prices of these. */
export const worth = [
  'selected_micros',
  'returned_micros',
  'impression_micros',
  'viewable_micros',
  'click_micros',
  'charged_micros',
] as const;
/** Counts and sums of what the ledgers say. */
export const booked = [
  'absorbed_selections',
  'voided_selections',
  'certified_selections',
  'reversed_selections',
  'drawn_micros',
  'released_micros',
  'incurred_micros',
  'suspended_micros',
  'voided_micros',
  'passed_micros',
  'certified_micros',
  'reversed_micros',
  'absorbed_micros',
] as const;

/** A time as the warehouse writes it. */
export function asWritten(ms: number): string {
  return new Date(ms).toISOString().replace('T', ' ').replace('Z', '');
}

/** The steps of the report `truth_funnel`, in their order: count and money of each. */
const steps = [
  ['selected', 'selections', 'selected_micros'],
  ['returned', 'returned', 'returned_micros'],
  ['impression', 'impressions', 'impression_micros'],
  ['viewable', 'viewables', 'viewable_micros'],
  ['click', 'clicks', 'click_micros'],
  ['billable', 'charges', 'charged_micros'],
  ['absorbed', 'absorbed_selections', 'absorbed_micros'],
  ['voided', 'voided_selections', 'voided_micros'],
  ['final', 'certified_selections', 'certified_micros'],
  ['reversed', 'reversed_selections', 'reversed_micros'],
] as const;

/** Rows of the report `truth_funnel`, of counts that are added up. */
export function funnelOf(counts: readonly Row[]): Row[] {
  const sums = new Map<string, Map<string, bigint>>();
  for (const row of counts) {
    const currency = String(row['currency']);
    const sum = sums.get(currency) ?? new Map<string, bigint>();
    sums.set(currency, sum);
    for (const name of steps.flatMap(([, count, micros]) => [count, micros])) {
      if (row[name] !== undefined) sum.set(name, (sum.get(name) ?? 0n) + wholeOf(row[name]));
    }
  }
  return [...sums]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([currency, sum]) =>
      steps.map(([stage, count, micros], index) => ({
        currency,
        step: index + 1,
        stage,
        selections: Number(sum.get(count) ?? 0n),
        amount_micros: String(sum.get(micros) ?? 0n),
      })),
    )
    .filter(({ selections }) => selections > 0);
}

/** Rows of the report `spend_by_state`, of counts that are added up by hour and currency. */
export function spendHoursOf(counts: readonly Row[]): Row[] {
  const hours = new Map<string, { hour: string; currency: string; sums: Map<string, bigint> }>();
  for (const row of counts) {
    if (row['drawn_micros'] === undefined) continue;
    const [hour, currency] = [String(row['hour']), String(row['currency'])];
    const known = hours.get(`${hour} ${currency}`) ?? { hour, currency, sums: new Map<string, bigint>() };
    hours.set(`${hour} ${currency}`, known);
    for (const name of booked) known.sums.set(name, (known.sums.get(name) ?? 0n) + wholeOf(row[name]));
  }
  return [...hours]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, { hour, currency, sums }]) => spendHour(hour, currency, (name) => sums.get(name) ?? 0n));
}

function spendHour(hour: string, currency: string, of: (name: (typeof booked)[number]) => bigint): Row[] {
  const [drawn, released, incurred] = [of('drawn_micros'), of('released_micros'), of('incurred_micros')];
  const [suspended, voided, certified] = [of('suspended_micros'), of('voided_micros'), of('certified_micros')];
  const absorbed = of('absorbed_micros');
  if (drawn === 0n && incurred === 0n && certified === 0n && absorbed === 0n) return [];
  return [
    {
      hour,
      currency,
      drawn_micros: String(drawn),
      released_micros: String(released),
      open_micros: String(drawn - released - incurred),
      incurred_micros: String(incurred),
      suspended_micros: String(suspended),
      voided_micros: String(voided),
      pending_micros: String(incurred - suspended - voided - of('passed_micros')),
      certified_micros: String(certified),
      reversed_micros: String(of('reversed_micros')),
      billable_micros: String(certified - of('reversed_micros')),
      absorbed_micros: String(absorbed),
    },
  ];
}

/** Selections and those seen, by minute, all currencies together. */
export function minutesOf(counts: readonly Row[]): Row[] {
  const sums = new Map<string, { selections: number; impressions: number }>();
  for (const { minute, selections, impressions } of counts) {
    const sum = sums.get(String(minute)) ?? { selections: 0, impressions: 0 };
    sums.set(String(minute), sum);
    sum.selections += Number(selections);
    sum.impressions += Number(impressions);
  }
  return [...sums].map(([minute, sum]) => ({ minute, ...sum })).toSorted((a, b) => (a.minute < b.minute ? -1 : 1));
}

/** Integers of 64 bits and more come as decimal strings. */
function wholeOf(value: unknown): bigint {
  return BigInt(value as string | number);
}
